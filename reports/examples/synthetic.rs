//! Draws two made-up sweeps, to look at the charts while changing them.
//!
//! `cargo run -p reports --example synthetic -- DIR` writes `DIR/loss` and `DIR/scripts`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use synthetic::Sweep;

const SCRIPTS: [&str; 11] = [
    "none",
    "crash-leader",
    "partition-minority",
    "partition-majority-with-the-leader-and-a-very-long-name-indeed",
    "loss-burst",
    "clock-jump",
    "wiped-disk",
    "lying-disk",
    "equivocation",
    "twins",
    "asymmetric_link",
];

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args().nth(1).ok_or("say where to: synthetic DIR")?;
    let sweeps = [
        (
            "loss",
            Sweep {
                protocols: &["raft", "multi-paxos", "pbft"],
                scripts: &["crash-leader"],
                losses: &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0],
                seeds: 200,
            },
        ),
        (
            "pair",
            Sweep {
                protocols: &["raft", "multi-paxos"],
                scripts: &["crash-leader"],
                losses: &[5.0],
                seeds: 400,
            },
        ),
        (
            "scripts",
            Sweep {
                protocols: &["raft", "multi-paxos", "pbft", "flexible-paxos-with-grid-quorums"],
                scripts: &SCRIPTS,
                losses: &[0.0],
                seeds: 60,
            },
        ),
    ];
    for (name, sweep) in sweeps {
        let dir = PathBuf::from(&target).join(name);
        fs::create_dir_all(&dir)?;
        synthetic::write(&dir, &sweep);
        let rendered = reports::render(&dir)?;
        for figure in rendered.figures {
            println!(
                "{} {}\n  {}\n  {}",
                name,
                figure.svg.display(),
                figure.title,
                figure.description
            );
        }
        for skipped in rendered.skipped {
            println!("{} skipped {}: {}", name, skipped.chart, skipped.reason);
        }
        println!("{} {} warnings", name, rendered.warnings.len());
    }
    Ok(())
}
