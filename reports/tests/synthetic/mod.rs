//! A made-up sweep on disk, for tests and for looking at charts while they are changed.
//!
//! The shapes are those of real protocols (an outage around a crash, tails that grow with loss, a
//! few runs that never recover); the numbers mean nothing.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reports::row::{FaultRow, HistRow, TimelineRow};
use reports::stats::Histogram;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What the sweep varies.
pub(crate) struct Sweep<'a> {
    pub(crate) protocols: &'a [&'a str],
    pub(crate) scripts: &'a [&'a str],
    pub(crate) losses: &'a [f64],
    pub(crate) seeds: u64,
}

const HEADER: &str = "run_id,point_id,seed,protocol,fault_script,network_loss_pct,n,f,verdict,\
    reason,assumptions,first_violation,first_violation_ms,violations,decide_p50_ms,decide_p99_ms,\
    failover_ms,failover_ms_censored,msgs_count,ops_count,ops_ok_count,events_count,trace_hash";

/// Faults of the timeline: kind, label, from, to (seconds).
const FAULTS: [(&str, &str, f64, Option<f64>); 6] = [
    ("partition", "minority | majority", 5.0, Some(9.0)),
    ("crash", "crash leader", 12.0, Some(14.0)),
    ("delay", "delay n1→n2 by 90 ms", 12.5, Some(16.0)),
    ("clock", "clock of n3 jumps", 13.0, Some(13.0)),
    ("disk", "slow disk at n0", 21.0, Some(24.0)),
    ("loss", "loss burst", 27.5, None),
];

struct Draw(ChaCha8Rng);

impl Draw {
    /// 0 to 1.
    fn share(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Log-normal with this median, by a sum of uniforms.
    fn latency(&mut self, median: f64, sigma: f64) -> f64 {
        let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        median * libm::exp(sigma * normal)
    }
}

/// Writes `runs.csv`, `hist.csv`, `timeline.csv` and `faults.csv`.
pub(crate) fn write(dir: &Path, sweep: &Sweep<'_>) {
    let mut points = Vec::new();
    for (p, protocol) in sweep.protocols.iter().enumerate() {
        for (s, script) in sweep.scripts.iter().enumerate() {
            for &loss in sweep.losses {
                points.push((p, *protocol, s, *script, loss));
            }
        }
    }
    let mut draw = Draw(ChaCha8Rng::from_seed([7; 32]));
    let mut runs = format!("{HEADER}\n");
    for seed in 0..sweep.seeds {
        for (index, &(p, protocol, s, script, loss)) in points.iter().enumerate() {
            let run_id = seed * points.len() as u64 + index as u64;
            let badness = (p * 3 + s * 5) % 11;
            let luck = draw.share();
            let (verdict, assumptions) = match badness {
                3 if luck < 0.04 => ("unsafe", "held"),
                6 if luck < 0.5 => ("unsafe", "exceeded"),
                8 if luck < 0.2 => ("stalled", "held"),
                10 => ("inconclusive", "held"),
                _ => ("pass", "held"),
            };
            let base = 8.0 * (1.0 + p as f64 * 0.9);
            let p50 = draw.latency(base * (1.0 + loss / 12.0), 0.5);
            let p99 = p50 * (3.0 + loss * 2.2) * draw.latency(1.0, 0.15);
            let dead = loss > 15.0 && p == 1 && luck < 0.7;
            let (p50, p99) = if dead {
                (String::new(), String::new())
            } else {
                (p50.to_string(), p99.to_string())
            };
            let failover = draw.latency(180.0 * (1.0 + p as f64), 0.45);
            let lost = draw.share() < 0.01 + loss / 300.0;
            let failover = if p == 2 {
                ",".to_owned()
            } else if lost {
                "2800,1".to_owned()
            } else {
                format!("{failover},0")
            };
            let (asked, answered) = (200, if dead { 0 } else { 190 });
            writeln!(
                runs,
                "{run_id},p{index},{seed},{},{},{loss},{},1,{verdict},,{assumptions},,,0,{p50},{p99},\
                 {failover},{},{asked},{answered},{},abcd",
                quote(protocol), quote(script), 3 + p, 4000 + seed % 7, 90_000 + seed
            )
            .expect("memory takes it");
        }
    }
    fs::write(dir.join("runs.csv"), runs).expect("a writable folder");
    let mut hist = HistRow::HEADER.join(",") + "\n";
    let mut timeline = TimelineRow::HEADER.join(",") + "\n";
    let mut faults = FaultRow::HEADER.join(",") + "\n";
    for (index, &(p, _, _, _, loss)) in points.iter().enumerate() {
        let mut pooled = Histogram::default();
        for bucket in 0..300_u32 {
            let t = f64::from(bucket) / 10.0;
            let (down, slow) = (
                (5.0..5.0 + 0.4 * (1.0 + p as f64)).contains(&t) || (12.0..12.5).contains(&t),
                (12.5..16.0).contains(&t) || (21.0..24.0).contains(&t),
            );
            let started = 400;
            let share = if down { 0.1 } else { 1.0 - loss / 200.0 } * (1.0 - draw.share() * 0.02);
            let ok = (f64::from(started) * share) as u32;
            let median = 8.0 * (1.0 + p as f64 * 0.9) * if slow { 4.0 } else { 1.0 };
            let spread = 0.35 + loss / 30.0;
            for _ in 0..ok {
                pooled.record((draw.latency(median, spread) * 1e6) as u64);
            }
            let p50 = if down { String::new() } else { draw.latency(median, 0.03).to_string() };
            let p99 = if down {
                String::new()
            } else {
                draw.latency(median * (2.5 + loss), 0.12).to_string()
            };
            let leader = if p == 2 {
                ""
            } else if down {
                "0.2"
            } else {
                "1"
            };
            writeln!(timeline, "p{index},{},100,{started},{ok},{p50},{p99},{leader}", bucket * 100)
                .expect("memory takes it");
        }
        for bucket in pooled.buckets() {
            let (from, to, count) = (bucket.from, bucket.to, bucket.count);
            writeln!(hist, "p{index},decide_ms,{from},{to},{count}").expect("memory takes it");
        }
        for (kind, label, from, to) in FAULTS {
            let to = to.map_or(String::new(), |to| (to * 1000.0).to_string());
            writeln!(faults, "p{index},{kind},{label},{},{to}", from * 1000.0)
                .expect("memory takes it");
        }
    }
    fs::write(dir.join("hist.csv"), hist).expect("a writable folder");
    fs::write(dir.join("timeline.csv"), timeline).expect("a writable folder");
    fs::write(dir.join("faults.csv"), faults).expect("a writable folder");
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
