//! Raft under schedules that nobody thought of: random orders, losses, copies and restarts.

use sim_core::id::{ClientId, OpId};
use sim_core::rng::{Draw, Random as _, Stream, Streams};
use sim_core::tabletop::{Flying, Tabletop};

use super::message::Message;
use super::{Config, Raft, Timer};
use crate::problem::log::Command;

/// Plays `steps` random steps, or until something breaks.
fn play(n: u32, seed: u64, steps: u32, mutant: Option<&'static str>) -> Tabletop<Raft> {
    let config = Config { max_entries_per_append: 2, ..Config::default() };
    let mut table = Tabletop::<Raft>::with_mutant(n, config, mutant);
    let mut draw = Streams::new(seed).key(Stream::Nemesis).member(0);
    let mut delayed: Vec<Flying<Message>> = Vec::new();
    let mut asked = 0;
    for _ in 0..steps {
        if !table.violations().is_empty() {
            break;
        }
        match draw.below(100) {
            0..70 => {
                let Some((from, to)) = any_link(&table, &mut draw) else {
                    continue;
                };
                let letter = table.take(from, to);
                match draw.below(20) {
                    0 => {}
                    1 => delayed.push(letter),
                    2 => {
                        delayed.push(letter.clone());
                        table.arrive(letter);
                    }
                    _ => table.arrive(letter),
                }
            }
            70..80 if !delayed.is_empty() => {
                let at = draw.below(delayed.len() as u64) as usize;
                table.arrive(delayed.swap_remove(at));
            }
            80..88 => {
                // A retry of an earlier operation, or a new one.
                let sequence = draw.below(asked + 2).min(asked) as u32;
                asked = asked.max(u64::from(sequence) + 1);
                let op = OpId { client: ClientId(0), sequence };
                let node = draw.below(u64::from(n)) as u32;
                table.request(node, op, Command(u64::from(sequence)));
            }
            88..95 => {
                let node = draw.below(u64::from(n)) as u32;
                let timer = table.timers(node)[0];
                if timer == Timer::Heartbeat || draw.below(4) == 0 {
                    table.fire(node, timer);
                }
            }
            95 => table.restart(draw.below(u64::from(n)) as u32),
            _ => {}
        }
    }
    table
}

fn any_link(table: &Tabletop<Raft>, draw: &mut Draw) -> Option<(u32, u32)> {
    let flying = table.flying();
    let letter = flying.get(draw.below(flying.len() as u64) as usize)?;
    Some((letter.from.0, letter.to.0))
}

#[test]
fn nothing_breaks_under_random_schedules() {
    for n in [1, 2, 3, 4, 5] {
        let mut committed = 0;
        for seed in 0..60 {
            let table = play(n, seed, 1_500, None);
            let transcript = table.transcript();
            assert!(table.violations().is_empty(), "seed {seed}: {transcript}");
            committed += (0..n).map(|node| table.state(node).commit()).max().unwrap_or(0);
        }
        assert!(committed > 600, "only {committed} entries committed with n = {n}");
    }
}

#[cfg(feature = "mutants")]
#[test]
fn what_random_schedules_find_of_a_mutant_is_named_by_it() {
    let mut found = 0;
    for mutant in super::invariants::MUTANTS {
        for seed in 0..100 {
            if let Some(violation) = play(3, seed, 1_500, Some(mutant.id)).violations().first() {
                let names = mutant.breaks;
                assert!(names.contains(&violation.property), "{} {violation:?}", mutant.id);
                found += 1;
                break;
            }
        }
    }
    assert!(found >= 5, "only {found} mutants were found");
}
