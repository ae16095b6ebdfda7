//! Readers of files under fire: whatever is done to a good file, reading it ends in a value or in
//! an error, never in a panic, and never takes long.
//!
//! Random bytes do not get past the first parser. So a target takes a good file and lets the
//! generator edit it: cut, repeat, move and replace pieces, and put in words that have hurt readers
//! before. `cargo test` makes a few hundred inputs of each kind; for a long look, set
//! `BOLERO_RANDOM_TEST_TIME_MS=1200000` and run one target by name.

mod edits;

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::capsule::Capsule;
use scenarios::parts::{Kept, Series};
use scenarios::stopwatch::Stopwatch;

use edits::Edit;

/// What a generator draws: which good file, and what is done to it.
type Draw = (u8, Vec<Edit>);

/// No reader may need longer for a file of some kilobytes.
const LONGEST_SECONDS: f64 = 20.0;

/// A folder for one target's files.
fn folder(target: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    fs::create_dir_all(&folder).expect("a folder to work in");
    folder
}

/// Lets the generator edit the good files and hands each result to `read`.
fn attack(good: &[Vec<u8>], words: &[&str], read: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    assert!(!good.is_empty(), "there is something to damage");
    bolero::check!().with_type::<Draw>().for_each(|(which, edits)| {
        let mut text = good[usize::from(*which) % good.len()].clone();
        edits.iter().take(6).for_each(|edit| edit.apply(&mut text, words));
        let watch = Stopwatch::start();
        read(&text);
        let seconds = watch.seconds();
        assert!(seconds < LONGEST_SECONDS, "reading took {seconds} s");
    });
}

#[test]
fn no_scenario_file_brings_its_reader_down() {
    let folder = folder("scenario");
    let good: Vec<_> =
        scenarios::catalog::built_in().iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    let words = [
        "nan",
        "inf",
        "-0.0",
        "1e400",
        "1e-400",
        "-1",
        "0",
        "18446744073709551616",
        "0x10",
        "1_000",
        "\"1%\"",
        "\"101%\"",
        "\"0s\"",
        "\"99999999999h\"",
        "\"5s..1s\"",
        "[]",
        "{}",
        "[[fault]]\n",
        "\"leader\"",
        "\"all\"",
        "\"n99\"",
        "\u{feff}",
        "\u{202e}",
        "\0",
        "\"\"\"",
        "'",
        "#",
        "extends = \"raft\"\n",
        "kind = \"corrupt\"\n",
        "at = \"1s\"\n",
        "every = \"1ns\"\n",
        "over.\"network.loss\" = \"0%..100%:1%\"\n",
        "nodes = 10000000\n",
    ];
    let file = folder.join("fuzzed.toml");
    let reference = [file.to_string_lossy().into_owned()];
    attack(&good, &words, |text| {
        fs::write(&file, text).expect("a file");
        let overrides = scenarios::scenario::Overrides::default();
        let _ = scenarios::scenario::load(&reference, &overrides, false);
    });
}

/// Tables as a sweep writes them.
fn tables() -> Vec<(&'static str, Vec<u8>)> {
    let folder = folder("tables-good");
    let out = folder.join("results");
    let _ = fs::remove_dir_all(&out);
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(["sweep", "raft5-crash-partition", "--seeds", "0..4", "--no-figures", "--no-fail"])
        .args(["-q", "-o"])
        .arg(&out)
        .output()
        .expect("the program");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ["runs.csv", "hist.csv", "timeline.csv", "faults.csv"]
        .map(|file| (file, fs::read(out.join("latest").join(file)).expect("a table")))
        .into()
}

#[test]
fn no_table_brings_its_reader_down() {
    let folder = folder("tables");
    let good = tables();
    let words = [
        "NaN",
        "inf",
        "-0",
        "1e400",
        "\"",
        "\"\"",
        "\n",
        "\r",
        ",",
        ";",
        ",,,,,,,,",
        "pass",
        "unsafe",
        "-1",
        "18446744073709551616",
        "\0",
        "\u{feff}",
        "=1+1",
    ];
    for (file, bytes) in &good {
        fs::write(folder.join(file), bytes).expect("a table");
    }
    let texts: Vec<_> = good.iter().map(|(_, bytes)| bytes.clone()).collect();
    let header = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte != b'\n').count();
    let heads: Vec<_> = texts.iter().map(|text| text[..header(text)].to_vec()).collect();
    attack(&texts, &words, |text| {
        // The damaged table takes the place of the one that it most looks like.
        let place = heads.iter().position(|head| text.starts_with(&head[..8.min(head.len())]));
        let (file, bytes) = &good[place.unwrap_or(0)];
        fs::write(folder.join(file), text).expect("a table");
        if let Ok(tables) = reports::row::Tables::read(&folder) {
            let _ = reports::table::points_table(&tables.runs);
        }
        fs::write(folder.join(file), bytes).expect("a table");
    });
}

/// Runs the program in a folder of its own.
fn synod(folder: &Path, arguments: &[&str]) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_synod"));
    let made = command.args(arguments).arg("-q").current_dir(folder).output();
    let made = made.expect("the program");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn no_trace_brings_its_reader_down() {
    let folder = folder("trace");
    let short = ["--set", "horizon=1200ms", "--save", "raft.trace"];
    synod(&folder, &[&["trace", "raft/steady"][..], &short].concat());
    synod(&folder, &["trace", "voting/tie", "--save", "vote.trace"]);
    let good: Vec<_> = ["raft.trace", "vote.trace"]
        .map(|file| fs::read(folder.join(file)).expect("a trace"))
        .into();
    let words =
        ["synod-trace 2\n", "{", "}", "\"seed\":-1", "[[[[", "\u{0}", "\n", "9e999", "null"];
    let file = folder.join("fuzzed.trace");
    attack(&good, &words, |bytes| {
        fs::write(&file, bytes).expect("a trace");
        if let Ok(capsule) = Capsule::load(&file) {
            // What is read is what was written: no edit gets past the checksum.
            assert!(good.contains(&bytes.to_vec()), "a damaged trace was taken for a good one");
            assert!(capsule.scenario(&file).is_ok());
        }
        // Whoever forges a trace can seal it, too: the reader behind the checksum stands alone.
        let mut forged = bytes[..bytes.len().saturating_sub(8)].to_vec();
        forged.extend(sim_core::digest::Digest::of(&forged[..]).to_le_bytes());
        if let Ok(capsule) = Capsule::from_bytes(&forged) {
            let _ = capsule.scenario(&file);
        }
    });
}

#[test]
fn no_part_brings_its_reader_down() {
    let folder = folder("parts");
    let out = folder.join("results");
    let _ = fs::remove_dir_all(&out);
    let sweep = ["sweep", "voting/tie", "--seeds", "0..6", "--no-figures", "--no-fail"];
    synod(&folder, &sweep);
    let parts = fs::canonicalize(out.join("latest")).expect("the folder").join("parts");
    let part = fs::read_dir(&parts)
        .expect("the parts")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seeds-"))
        })
        .expect("a part");
    let good = fs::read(&part).expect("a part");
    let name = part.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let seeds = name.split('.').next().expect("the name of its seeds").to_owned();
    let id = out.join("latest");
    let id = fs::canonicalize(id).expect("it").file_name().expect("it").to_owned();
    let series = Series::new(&id.to_string_lossy(), seeds);
    let read = |path: PathBuf| {
        let mut kept = Kept::open(&series, vec![path], Vec::new())?;
        let mut lines = Vec::new();
        while let Some(line) = kept.next_before(u64::MAX)? {
            lines.push((line.run, line.outcome));
        }
        Ok::<_, scenarios::error::Error>(lines)
    };
    let all = read(part.clone()).expect("good lines");
    assert!(all.len() >= 6, "the lines are found under their series: {}", all.len());
    let file = folder.join("fuzzed.csv");
    attack(&[good], &["run_id", ",", "\n", "\"", "0", "18446744073709551616"], |bytes| {
        fs::write(&file, bytes).expect("a part");
        if let Ok(lines) = read(file.clone()) {
            assert!(lines.iter().all(|line| all.contains(line)), "a run that nobody made");
        }
    });
}
