//! What `trace --save`, `replay` and `sweep --verify` show, and how they exit.

use std::fs;

use scenarios::capsule::Capsule;
use scenarios::results::ENGINE;
use serde_json::Value;

use crate::driver::{Desk, VOTE};

/// A run that breaks agreement, as its scenario expects.
const BROKEN: [&str; 4] = ["trace", "voting/two-liars-split", "--seed", "0"];

/// The folder with the scenario and a trace of it, `it.trace`.
fn with_trace(test: &str) -> Desk {
    let desk = Desk::with_vote(test);
    desk.synod(&["trace", "vote.toml", "--seed", "7", "--save", "it.trace"]).exits(0);
    desk
}

/// Keeps a changed copy of `it.trace`, with a checksum that fits.
fn change(desk: &Desk, name: &str, change: impl FnOnce(&mut Capsule)) {
    let mut capsule = Capsule::load(&desk.path("it.trace")).expect("a trace");
    change(&mut capsule);
    capsule.save(&desk.path(name)).expect("a file");
}

#[test]
fn a_saved_run_replays_without_its_scenario() {
    let desk = Desk::with_vote("replay_identical");
    let save = ["trace", "vote.toml", "--seed", "7", "--set", "network.loss=3%"];
    let said = desk.synod(&[&save[..], &["--save", "it.trace"]].concat()).exits(0);
    assert!(said.out.contains("per event"), "{}", said.out);
    fs::remove_file(desk.path("vote.toml")).expect("it was there");
    let said = desk.synod(&["replay", "it.trace"]).exits(0);
    for part in ["vote  voting  seed 7", "✓ identical: ", "verdict   ✓ pass", "assumed   held"]
    {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    let said = desk.synod(&["replay", "it.trace", "--format", "json"]).exits(0);
    let document: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["schema"], "synod.replay/1");
    assert_eq!(document["replay"], "identical");
    assert_eq!(document["seed"], 7);
}

/// By way of a link, so that a build without this cannot take the machine's own device away.
#[cfg(unix)]
#[test]
fn a_device_is_written_into_and_not_replaced_by_a_file() {
    let desk = Desk::with_vote("replay_device");
    std::os::unix::fs::symlink("/dev/null", desk.path("nowhere")).expect("a link");
    desk.synod(&["trace", "vote.toml", "--seed", "7", "--save", "nowhere"]).exits(0);
    let link = fs::symlink_metadata(desk.path("nowhere")).expect("it is still there");
    assert!(link.file_type().is_symlink());
}

#[test]
fn a_replay_shows_what_a_trace_shows() {
    let desk = with_trace("replay_shows");
    let windows: [&[&str]; 4] = [
        &["--to", "10ms", "--kind", "send"],
        &["--node", "n2"],
        &["--cause", "28"],
        &["--export", "mermaid", "--to", "10ms"],
    ];
    for window in windows {
        let traced =
            desk.synod(&[&["trace", "vote.toml", "--seed", "7"], window].concat()).exits(0).out;
        let replayed = desk.synod(&[&["replay", "it.trace"], window].concat()).exits(0).out;
        assert!(!traced.is_empty() && replayed.ends_with(&traced), "{traced}\n{replayed}");
    }
    desk.synod(&["replay", "it.trace", "--node", "n9"]).exits(2);
    desk.synod(&["replay", "it.trace", "--from", "2s", "--to", "1s"]).exits(2);
    desk.synod(&["replay", "it.trace", "--export", "shiviz", "--out", "log"]).exits(0);
    assert!(desk.text("log").starts_with("# ^"), "{}", desk.text("log"));
}

#[test]
fn a_broken_promise_is_told_with_its_witness_and_exits_by_what_was_expected() {
    let desk = Desk::new("replay_witness");
    desk.synod(&[&BROKEN[..], &["--save", "it.trace"]].concat()).exits(0);
    let said = desk.synod(&["replay", "it.trace"]).exits(0);
    let parts = ["✓ identical", "✗ unsafe: agreement", "assumed   exceeded", "✗ agreement (safety"];
    for part in parts {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    let capsule = Capsule::load(&desk.path("it.trace")).expect("a trace");
    assert!(said.out.contains(&capsule.head.violations[0].witness), "{}", said.out);
    desk.synod(&["replay", "it.trace", "--bisect"]).exits(10);
    change(&desk, "other.trace", |capsule| capsule.head.reason = "validity".into());
    desk.synod(&["replay", "other.trace", "--bisect"]).exits(125);
}

#[test]
fn a_run_that_goes_another_way_is_told_by_its_first_event_and_exits_with_30() {
    let desk = with_trace("replay_diverged");
    change(&desk, "forged.trace", |capsule| capsule.chain[9].stub ^= 1);
    let said = desk.synod(&["replay", "forged.trace"]).exits(30);
    assert!(said.out.contains("✗ diverged at event 9\n"), "{}", said.out);
    assert!(said.out.contains("the same at the same time, with other contents"), "{}", said.out);
    change(&desk, "other.trace", |capsule| {
        let text = capsule.head.text.replace("5ms..20ms", "5ms..21ms");
        assert_ne!(text, capsule.head.text);
        capsule.head.text = text;
    });
    let said = desk.synod(&["replay", "other.trace"]).exits(30);
    for part in ["✗ diverged at event ", "  expected  ", "  got       ", " at n"] {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    let said = desk.synod(&["replay", "other.trace", "--format", "json"]).exits(30);
    let document: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["replay"], "diverged");
    assert!(document["difference"]["event"].as_u64().is_some_and(|event| event > 0));
}

#[test]
fn a_verdict_that_changed_exits_with_30_and_is_good_news_to_a_bisection() {
    let desk = with_trace("replay_judged");
    change(&desk, "judged.trace", |capsule| {
        capsule.head.verdict = "unsafe".into();
        capsule.head.reason = "agreement".into();
    });
    let said = desk.synod(&["replay", "judged.trace"]).exits(30);
    for part in ["verdict changed, though all ", "expected  unsafe: agreement", "got       pass"] {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    desk.synod(&["replay", "judged.trace", "--bisect"]).exits(0);
}

#[test]
fn what_is_no_trace_of_this_build_is_refused_and_passed_over_by_a_bisection() {
    let desk = with_trace("replay_hostile");
    let whole = fs::read(desk.path("it.trace")).expect("a trace");
    let mut engine = whole.clone();
    let at = engine.windows(10).position(|part| part == b"\"engine\":\"").expect("an engine");
    engine[at + 10] = b'9';
    desk.put("changed", &engine);
    desk.put("cut", &whole[..whole.len() / 2]);
    desk.put("empty", "");
    desk.put("zip", b"\x1f\x8b\x08\0\0\0\0\0");
    desk.put("newer", [b"synod-trace 2\n", &whole[14..]].concat());
    fs::File::create(desk.path("large")).and_then(|file| file.set_len(65 << 20)).expect("a file");
    change(&desk, "engine", |capsule| capsule.head.engine = "9.9.9".into());
    change(&desk, "scenario", |capsule| capsule.head.text = "horizon = \"1s\"".into());
    let cases = [
        ("changed", 74, "its checksum does not fit"),
        ("cut", 74, "its checksum does not fit"),
        ("empty", 74, "does not begin with `synod-trace`"),
        ("zip", 74, "does not begin with `synod-trace`"),
        ("large", 74, "larger than 64 MiB"),
        ("missing", 74, "cannot open"),
        ("vote.toml", 74, "this is no trace"),
        (".", 2, "say which run"),
        ("newer", 125, "format `2`"),
        ("engine", 125, "engine 9.9.9 wrote it"),
        ("scenario", 125, "does not apply to this build"),
    ];
    for (file, code, part) in cases {
        let said = desk.synod(&["replay", file]).exits(code);
        assert!(said.err.contains(part) && said.err.contains("next: "), "{file}: {}", said.err);
        desk.synod(&["replay", file, "--bisect"]).exits(125);
    }
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(desk.path("fifo")).status();
        assert!(made.expect("mkfifo").success());
        desk.synod(&["replay", "fifo"]).exits(74);
        desk.synod(&["replay", "/dev/zero"]).exits(74);
    }
}

#[test]
fn a_diff_shows_where_two_runs_part_with_what_came_before() {
    let desk = with_trace("replay_diff");
    desk.put("slow.toml", VOTE.replace("5ms..20ms", "5ms..21ms"));
    desk.synod(&["trace", "slow.toml", "--seed", "7", "--save", "slow.trace"]).exits(0);
    let said = desk.synod(&["replay", "it.trace", "--diff", "slow.trace"]).exits(0);
    let count = |start: &str| said.out.lines().filter(|line| line.starts_with(start)).count();
    let parted = said.out.starts_with("equal for ") && said.out.contains(" events, then at 0.0");
    assert!(parted, "{}", said.out);
    assert!(count("  a: ") > 0 && count("  b: ") > 0 && count("     ") == 3, "{}", said.out);
    desk.synod(&["replay", "it.trace", "--diff", "slow.trace", "--to", "10ms"]).exits(2);
    let said = desk.synod(&["replay", "it.trace", "--diff", "it.trace"]).exits(0);
    assert!(said.out.starts_with("equal: all "), "{}", said.out);
    change(&desk, "forged.trace", |capsule| capsule.chain[3].stub ^= 1);
    let said = desk.synod(&["replay", "it.trace", "--diff", "forged.trace"]).exits(30);
    assert!(said.err.contains("b does not replay"), "{}", said.err);
}

#[test]
fn a_run_of_a_sweep_replays_by_its_number_whatever_order_the_axes_had() {
    let desk = Desk::with_vote("replay_row");
    let axes = ["--over", "workload.timeout=2s,3s", "--over", "network.loss=0%,5%"];
    let sweep = ["sweep", "vote.toml", "--seeds", "10..13", "--no-figures", "--no-fail"];
    desk.synod(&[&sweep[..], &axes].concat()).exits(0);
    let runs = desk.text("results/latest/runs.csv");
    let mut reader = csv::Reader::from_reader(runs.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|other| other == name).expect("a column");
    let (verdict, hash) = (column("verdict"), column("trace_hash"));
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 12);
    for run in [0, 5, 11] {
        let number = run.to_string();
        let replay = ["replay", "results/latest", "--run", &number, "--format", "json"];
        let said = desk.synod(&replay);
        let document: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(document["replay"], "identical", "{}", said.out);
        assert_eq!(document["trace_hash"], rows[run][hash]);
        assert_eq!(document["verdict"], rows[run][verdict]);
        assert_eq!(document["seed"], 10 + run as u64 / 4);
    }
    desk.synod(&["replay", "latest", "--run", "3", "--to", "10ms"]).exits(0);
    desk.synod(&["replay", "latest", "--run", "12"]).exits(2);
    desk.synod(&["replay", "latest"]).exits(2);
    let hash_of_5 = &rows[5][hash];
    desk.put("results/latest/runs.csv", runs.replace(hash_of_5, "00000000deadbeef"));
    let said = desk.synod(&["replay", "results/latest", "--run", "5"]).exits(30);
    assert!(said.out.contains("00000000deadbeef") && said.out.contains(hash_of_5), "{}", said.out);
    // A row that no sweep wrote names a run that no plan has.
    let forged = rows[5].iter().enumerate().map(|(at, cell)| if at == 0 { "99" } else { cell });
    let forged = forged.collect::<Vec<_>>().join(",");
    desk.put("results/latest/runs.csv", format!("{runs}{forged}\n"));
    let said = desk.synod(&["replay", "results/latest", "--run", "99"]).exits(2);
    assert!(said.err.contains("has no run 99") && said.err.contains("0 to 11"), "{}", said.err);
    let manifest = desk.text("results/latest/manifest.json");
    let engine = format!("\"engine\": \"{ENGINE}\"");
    assert!(manifest.contains(&engine), "{manifest}");
    desk.put("results/latest/manifest.json", manifest.replace(&engine, "\"engine\": \"9.9.9\""));
    desk.synod(&["replay", "results/latest", "--run", "5"]).exits(125);
}

#[test]
fn a_sweep_says_how_many_runs_it_made_twice() {
    let desk = Desk::with_vote("verify");
    let sweep = |verify: &[&str]| {
        let sweep = ["sweep", "vote.toml", "--seeds", "0..200", "--no-figures"];
        desk.synod(&[&sweep[..], verify].concat()).exits(0)
    };
    assert!(sweep(&[]).out.contains("verified 2 of 200 runs: alike"));
    // Runs that are kept are not made again, and so not twice either.
    let fresh = |out: &str, share: &str| sweep(&["--verify", share, "-o", out]).out;
    assert!(fresh("some", "5%").contains("verified 10 of 200 runs: alike"));
    assert!(!fresh("none", "0%").contains("verified"));
    let resume = ["sweep", "--resume", "none", "--seeds", "0..400", "--verify", "5%"];
    let said = desk.synod(&[&resume[..], &["--no-figures"]].concat()).exits(0);
    assert!(said.out.contains("verified 10 of 200 runs: alike"), "{}", said.out);
    desk.synod(&["sweep", "vote.toml", "--verify", "5"]).exits(2);
}
