//! Runs the comparison, prints its table, and writes `peers.csv` and `peers.svg`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fs};

use peers::measure::Sample;
use peers::peer::{self, Counted, Simulator, Workload};
use peers::{ALLOCATOR, chart, measure, table};

const USAGE: &str = "usage: peers [--events N] [--repeat N] [--out DIR]";

/// With this word first the program runs one repetition: `--once SIMULATOR WORKLOAD EVENTS`.
const ONCE: &str = "--once";
/// What a repetition answers if the workload cannot be expressed; the reason follows.
const CANNOT: &str = "cannot: ";

struct Options {
    events: u64,
    repeat: u32,
    out: PathBuf,
}

impl Options {
    /// The fewest events that still leave something to the slowest simulator.
    const EVENTS_MIN: u64 = 2_000;

    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let out = env::var_os("CARGO_MANIFEST_DIR").map_or_else(
            || PathBuf::from("peers"),
            |crate_dir| PathBuf::from(crate_dir).join("target/peers"),
        );
        let mut options = Self { events: 1_000_000, repeat: 5, out };
        while let Some(key) = words.next() {
            let value = words.next().ok_or_else(|| format!("{key} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|error| format!("{key} {value}: {error}"));
            match key.as_str() {
                "--events" => options.events = number()?,
                "--repeat" => {
                    options.repeat = number()?.try_into().map_err(|_| "so many repetitions?")?;
                }
                "--out" => options.out = PathBuf::from(value),
                _ => return Err(format!("unknown option {key}")),
            }
        }
        if options.events < Self::EVENTS_MIN || options.repeat == 0 {
            return Err(format!("at least {} events and 1 repetition", Self::EVENTS_MIN));
        }
        Ok(options)
    }
}

/// One repetition in a process of its own, so that nobody pays for the heap that another left.
fn apart(simulator: &dyn Simulator, workload: Workload, events: u64) -> Result<Sample, String> {
    let who = format!("{} {}", simulator.name(), workload.name());
    let words = [ONCE, simulator.name(), workload.name(), &events.to_string()];
    let answer = ask(&words).unwrap_or_else(|reason| panic!("{who}: {reason}"));
    match answer.strip_prefix(CANNOT) {
        Some(reason) => Err(reason.to_owned()),
        None => Ok(parse(&answer).unwrap_or_else(|| panic!("{who}: {answer}"))),
    }
}

/// What this program prints with these arguments.
fn ask(words: &[&str]) -> Result<String, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args(words).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    output.status.success().then(|| text(&output.stdout)).ok_or_else(|| text(&output.stderr))
}

fn parse(answer: &str) -> Option<Sample> {
    let mut words = answer.split_whitespace();
    let events = words.next()?.parse().ok()?;
    let messages = words.next()?.parse().ok()?;
    Some(Sample { counted: Counted { events, messages }, cpu_ms: words.next()?.parse().ok()? })
}

/// The other side of [`apart`].
fn once(words: &[String]) -> Result<(), String> {
    let [simulator, workload, events] = words else {
        return Err(format!("{ONCE} SIMULATOR WORKLOAD EVENTS"));
    };
    let known = peer::ALL.iter().find(|known| known.name() == simulator);
    let simulator = *known.ok_or_else(|| format!("unknown simulator {simulator}"))?;
    let workload = Workload::named(workload).ok_or_else(|| format!("unknown {workload}"))?;
    let events = events.parse().map_err(|error| format!("{events}: {error}"))?;
    match measure::once(simulator, workload, events) {
        Ok(Sample { counted: Counted { events, messages }, cpu_ms }) => {
            println!("{events} {messages} {cpu_ms}");
        }
        Err(reason) => println!("{CANNOT}{reason}"),
    }
    Ok(())
}

fn compare(options: &Options) -> Result<(), String> {
    let Options { events, repeat, out } = options;
    let rows = measure::run(*events, *repeat, apart);
    println!("Million events per second (ratio to Synod), shortest of {repeat} repetitions,");
    println!("CPU time, allocator: {ALLOCATOR}\n");
    println!("{}\n{}", table::markdown(&rows), table::notes(&rows));
    let failed = |error| format!("{}: {error}", out.display());
    fs::create_dir_all(out).map_err(failed)?;
    fs::write(out.join("peers.csv"), table::csv(&rows)).map_err(failed)?;
    fs::write(out.join("peers.svg"), chart::svg(&rows, *repeat)).map_err(failed)?;
    eprintln!("peers.csv and peers.svg are in {}", out.display());
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((first, rest)) if first == ONCE => once(rest),
        _ => match Options::read(words.into_iter()) {
            Ok(options) => compare(&options),
            Err(reason) => Err(format!("{reason}\n{USAGE}")),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
