//! What a sweep costs on one thread and on two: runs share nothing, so it should halve.

use std::sync::atomic::AtomicBool;

use divan::counter::ItemsCount;
use scenarios::parts::Kept;
use scenarios::plan::Plan;
use scenarios::scenario::{Overrides, load};
use scenarios::seeds::Seeds;
use scenarios::shard::Shard;
use scenarios::sweep::{Made, Work, sweep};

fn main() {
    divan::main();
}

const RUNS: u64 = 200;

#[divan::bench(sample_count = 5, args = [1, 2])]
fn raft5_crash_partition(bencher: divan::Bencher<'_, '_>, threads: usize) {
    let names = ["raft5-crash-partition".to_owned()];
    let (scenarios, _) = load(&names, &Overrides::default(), false).expect("a built-in scenario");
    let plan = Plan::new(scenarios, Some(Seeds::Range(0, RUNS))).expect("a plan");
    bencher.counter(ItemsCount::new(RUNS)).bench_local(|| {
        let mut events = 0;
        let mut take = |block: Vec<Made>, _: &Kept| {
            events += block.iter().map(|made| made.outcome.events).sum::<u64>();
            Ok(())
        };
        let (stopped, made) = (&AtomicBool::new(false), &|| {});
        let work = Work { plan: &plan, shard: Shard::WHOLE, jobs: threads, stopped, made };
        let done = sweep(&work, 0..RUNS, &mut Kept::default(), &mut take).expect("no error");
        assert_eq!(done, RUNS);
        events
    });
}
