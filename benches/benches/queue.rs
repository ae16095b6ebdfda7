//! What the bare queue costs: the hold model (pop one, push one) at five sizes, and re-arming.

use divan::counter::ItemsCount;
use sim_core::queue::{EventQueue, Popped};
use sim_core::rng::{Random as _, Stream, Streams};
use sim_core::time::{Duration, Time};

fn main() {
    divan::main();
}

type Queue = EventQueue<[u64; 2], u32, u32>;
const HOLDS: u32 = 200_000;
const END: Time = Time::from_nanos(u64::MAX);

/// Increments drawn beforehand, so that drawing is not measured.
fn increments() -> Vec<Duration> {
    let mut draw = Streams::new(1).key(Stream::Weather).member(0);
    (0..4_096).map(|_| Duration::from_nanos(1 + draw.below(20_000_000))).collect()
}

#[divan::bench(args = [16, 256, 4_096, 65_536, 1_048_576])]
fn hold(bencher: divan::Bencher<'_, '_>, size: u32) {
    let increments = increments();
    let mut queue = Queue::default();
    for index in 0..size {
        queue.deliver(Time::ZERO + increments[index as usize % 4_096], [u64::from(index); 2]);
    }
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| {
        for increment in increments.iter().cycle().take(HOLDS as usize) {
            let Some((at, Popped::Delivery(body))) = queue.pop(END) else { unreachable!() };
            queue.deliver(at + *increment, body);
        }
    });
}

/// Ten re-armings for each timer that fires, as heartbeats do to election timers.
#[divan::bench(args = [16, 256, 4_096])]
fn rearm(bencher: divan::Bencher<'_, '_>, timers: u32) {
    let increments = increments();
    let mut queue = Queue::default();
    (0..timers).for_each(|timer| queue.set_timer(Time::ZERO + increments[timer as usize], timer));
    let (mut now, mut next) = (Time::ZERO, 0);
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| {
        for (index, increment) in increments.iter().cycle().take(HOLDS as usize).enumerate() {
            if index % 11 == 10 {
                let Some((at, Popped::Timer(timer))) = queue.pop(END) else { unreachable!() };
                now = at;
                next = timer;
            } else {
                next = (next + 7) % timers;
            }
            queue.set_timer(now + Duration::from_millis(30) + *increment, next);
        }
    });
}
