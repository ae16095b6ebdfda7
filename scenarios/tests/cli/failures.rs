//! What a sweep keeps of the runs that failed: traces, diagrams and smaller scenarios.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::driver::{Desk, Said};

const LIARS: &str = "voting/two-liars-split";

/// All files below a folder, by their paths in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        let name = name.into_string().expect("UTF-8");
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}

/// What was kept of the failures of the last sweep in `out`.
fn kept(desk: &Desk, out: &str) -> BTreeMap<String, Vec<u8>> {
    files(&desk.path(out).join("latest/failures"))
}

fn sweep(desk: &Desk, seeds: &str, more: &[&str]) -> Said {
    desk.synod(&[&["sweep", LIARS, "--seeds", seeds, "--no-figures"], more].concat()).exits(0)
}

/// What a line of the program, beginning like this, tells to type.
fn told(said: &Said, word: &str) -> Vec<String> {
    let line = said.out.lines().find_map(|line| line.trim_start().strip_prefix(word));
    let line = line.unwrap_or_else(|| panic!("no {word} in\n{}", said.out));
    line.split_whitespace().map(str::to_owned).collect()
}

fn types(desk: &Desk, command: &[String]) -> Said {
    desk.synod(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_first_run_of_a_broken_promise_is_told_with_its_witness_and_replays() {
    let desk = Desk::new("failures-kept");
    let said = sweep(&desk, "0..5", &[]);
    let names: Vec<String> = kept(&desk, "results").into_keys().collect();
    assert_eq!(names, ["0/diagram.mmd", "0/trace.trace"], "one property, one run");
    assert!(said.out.contains("agreement @ ") && said.out.contains("decided"), "{}", said.out);
    assert!(said.out.contains("… and 4 more runs in failures.csv"), "{}", said.out);
    let replayed = types(&desk, &told(&said, "repro   synod")[..]);
    assert!(replayed.out.contains("✓ identical"), "{replayed:?}");
    let diagram = desk.text("results/latest/failures/0/diagram.mmd");
    let head = diagram.lines().take(2).collect::<Vec<_>>();
    assert!(head[0].contains("\"seed\":0") && head[1] == "sequenceDiagram", "{diagram}");
    assert!(diagram.contains("agreement"), "it ends with the violation:\n{diagram}");
    let two =
        ["sweep", LIARS, "raft/lost-majority", "--seeds", "0..2", "--no-figures", "-o", "two"];
    let said = desk.synod(&two);
    let names: Vec<String> = kept(&desk, "two").into_keys().collect();
    let both = ["0/diagram.mmd", "0/trace.trace", "1/diagram.mmd", "1/trace.trace"];
    assert_eq!(names, both, "agreement of the one, termination of the other:\n{}", said.out);
    // A folder of an earlier sweep goes.
    fs::create_dir_all(desk.path("results/latest/failures/77")).expect("a folder");
    sweep(&desk, "0..6", &[]);
    assert!(!desk.path("results/latest/failures/77").exists());
    let said = sweep(&desk, "0..6", &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        (&document["failures"][0]["run"], &document["failures"][1]),
        (&0.into(), &().into())
    );
}

#[test]
fn a_sweep_can_shrink_what_it_found_and_a_run_of_it_can_be_shrunk_later() {
    let desk = Desk::new("failures-shrunk");
    let plain = sweep(&desk, "0..3", &[]);
    let later = types(&desk, &told(&plain, "small   synod")[..]).exits(0);
    let same = desk.synod(&["shrink", LIARS, "--seed", "0"]).exits(0);
    assert_eq!(later.out, same.out, "of a sweep's folder and of the scenario");
    let said = sweep(&desk, "0..3", &["--shrink"]);
    let names: Vec<String> = kept(&desk, "results").into_keys().collect();
    let all = ["diagram.mmd", "shrunk.mmd", "shrunk.toml", "shrunk.trace", "trace.trace"];
    assert_eq!(names, all.map(|file| format!("0/{file}")));
    assert_eq!(desk.text("results/latest/failures/0/shrunk.toml"), same.out);
    for part in ["shrunk  4 nodes; corrupt", "horizon 20s→", " tries\n", "small   synod"] {
        assert_eq!(said.out.contains(part), part != "small   synod", "{part} in\n{}", said.out);
    }
    desk.synod(&["replay", "results/latest/failures/0/shrunk.trace"]).exits(0);
    let copied = told(&said, "test    cp");
    assert!(copied[0].ends_with("/0/shrunk.toml") && copied[1] == "tests/", "{copied:?}");
    desk.synod(&["sweep", "results/latest/failures/0/shrunk.toml", "--no-figures"]).exits(0);
}

#[test]
fn what_is_kept_is_the_same_bytes_resumed_merged_and_on_any_number_of_threads() {
    let desk = Desk::new("failures-bytes");
    let run = |seeds, more: &[&str]| {
        sweep(&desk, seeds, &[&["--over", "network.loss=0%,1%", "--no-fail"], more].concat())
    };
    run("0..8", &["-o", "one", "-j", "1", "--shrink"]);
    let one = kept(&desk, "one");
    let runs: Vec<&str> = one.keys().filter_map(|name| name.strip_suffix("/shrunk.toml")).collect();
    assert_eq!(runs, ["0"], "one promise, one run");
    run("0..8", &["-o", "four", "-j", "4", "--shrink"]);
    assert!(kept(&desk, "four") == one, "on four threads");
    run("0..3", &["-o", "resumed", "-j", "2"]);
    run("0..8", &["-o", "resumed", "-j", "2", "--shrink"]);
    assert!(kept(&desk, "resumed") == one, "resumed");
    for shard in ["0/2", "1/2"] {
        run("0..8", &["-o", &shard[..1], "--shard", shard]);
        assert!(kept(&desk, &shard[..1]).is_empty(), "a shard judges nothing");
    }
    let merge = ["merge", "0", "1", "-o", "merged", "--no-figures", "--no-fail", "--shrink"];
    desk.synod(&merge).exits(0);
    assert!(kept(&desk, "merged") == one, "merged");
}

#[test]
fn where_failures_cannot_be_kept_nothing_else_is_lost() {
    let desk = Desk::new("failures-refused");
    sweep(&desk, "0..3", &[]);
    let [folder, blocked] = ["results/latest", "results/latest/failures"].map(|to| desk.path(to));
    fs::remove_dir_all(&blocked).expect("what was kept");
    fs::write(&blocked, "somebody's own").expect("a file in its place");
    let said = sweep(&desk, "0..4", &["--shrink"]);
    assert!(said.err.contains("no failure is kept: cannot remove"), "{}", said.err);
    assert!(said.out.contains(&format!("trace   synod trace {LIARS} --seed 0")), "{}", said.out);
    assert_eq!(fs::read_to_string(folder.join("runs.csv")).expect("the table").lines().count(), 5);
    assert_eq!(fs::read_to_string(&blocked).expect("a file"), "somebody's own");
}

#[test]
fn a_folder_is_shrunk_by_the_number_of_a_run() {
    let desk = Desk::with_vote("failures-numbers");
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..3", "--no-figures"]).exits(0);
    let said = desk.synod(&["shrink", "latest"]).exits(2);
    assert!(said.err.contains("next: synod shrink results/latest --run 0"), "{}", said.err);
    let said = desk.synod(&["shrink", "latest", "--run", "9"]).exits(2);
    assert!(said.err.contains("there is no run 9"), "{}", said.err);
    let said = desk.synod(&["shrink", "latest", "--run", "1"]).exits(2);
    assert!(said.err.contains("seed 1 breaks nothing"), "{}", said.err);
    desk.synod(&["shrink", "latest", "--run", "1", "--seed", "1"]).exits(2);
}
