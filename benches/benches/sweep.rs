//! What a sweep costs on one thread and on two: runs share nothing, so it should halve.

use std::sync::atomic::AtomicBool;

use divan::counter::ItemsCount;
use scenarios::scenario::{Overrides, load};
use scenarios::seeds::Seeds;
use scenarios::sweep::{Plan, sweep};

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
        let mut take = |made: scenarios::sweep::Made| {
            events += made.outcome.events;
            Ok(())
        };
        let never = AtomicBool::new(false);
        let done = sweep(&plan, threads, &never, &|| {}, &mut take).expect("no error");
        assert_eq!(done, RUNS);
        events
    });
}
