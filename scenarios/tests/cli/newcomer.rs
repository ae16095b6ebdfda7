//! The mistakes of a newcomer: each exits as documented, is told by what is wrong with it, and is
//! told what to type next.

use std::fs;

use crate::driver::{Desk, VOTE};

/// What was typed, the exit code, and what must be said.
type Mistake<'a> = (&'a [&'a str], i32, &'a [&'a str]);

#[track_caller]
fn check(desk: &Desk, mistakes: &[Mistake<'_>]) {
    for (typed, code, says) in mistakes {
        let said = desk.synod(typed).exits(*code);
        for part in *says {
            assert!(said.err.contains(part), "{typed:?} does not say `{part}`:\n{}", said.err);
        }
        let is_told_what_next = |next: &&str| said.err.contains(*next);
        let next = ["  next: ", " = help: ", "try '--help'"];
        assert!(next.iter().any(is_told_what_next), "{typed:?}: and now?\n{}", said.err);
        assert!(!said.err.contains("panicked"), "{typed:?}: {}", said.err);
        assert_eq!(said.out, "", "{typed:?}: an error is no result");
    }
}

/// A folder with ten runs of a vote in `good`, and one of them in `good.trace`.
fn desk(test: &str) -> Desk {
    let desk = Desk::with_vote(test);
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..10", "--no-figures", "-q", "-o", "good"])
        .exits(0);
    desk.synod(&["trace", "vote.toml", "--save", "good.trace"]).exits(0);
    desk
}

#[test]
fn a_wrong_name_is_told_with_the_nearest_that_there_is() {
    let desk = Desk::with_vote("wrong_name");
    check(
        &desk,
        &[
            (&["explain", "voting/two-liar-split"], 2, &["with voting/two-liars-split"]),
            (&["run", "zzzzzzzzzz"], 2, &["neither a file nor", "next: synod list scenarios"]),
            (&["run", "vote.toml", "--set", "protocol.kind=votting"], 3, &["mean `voting`?"]),
            (&["run", "vote.toml", "--set", "protocol=raft"], 3, &["write protocol.kind=raft"]),
            (&["run", "vote.toml", "--set", "protocol.mutant=V99"], 3, &["no mutant `V99`"]),
            (&["run", "vote.toml", "--set", "network.los=1%"], 3, &["did you mean `loss`?"]),
            (&["run", "vote.toml", "--profile", "ci"], 3, &["no profiles", "[profile.ci]"]),
            (
                &["run", "vote.toml", "--set", "fault=[{kind='crsh',target='n0',at='1s'}]"],
                3,
                &["did you mean `crash`?"],
            ),
            (
                &["run", "vote.toml", "--set", "expect=[{property='agreemnt'}]"],
                3,
                &["did you mean `agreement`?", "synod list protocols -v"],
            ),
            (&["sweep", "vote.toml", "--over", "network.los=0%,1%"], 3, &["mean `loss`?"]),
            (&["sweep", "vote.toml", "--until-ci", "decide_ms:p50:5%"], 2, &["did you mean"]),
            (&["explain", "vote.toml", "--section", "netwrk"], 2, &["did you mean `network`?"]),
            (&["list", "chart"], 2, &["'charts'"]),
            (&["man", "swep"], 2, &["did you mean `sweep`?"]),
        ],
    );
}

#[test]
fn a_wrong_unit_is_told_with_a_right_one() {
    let desk = Desk::with_vote("wrong_unit");
    for (set, says) in [
        ("horizon=5 sec", "(ns, us, ms, s, m, h)"),
        ("horizon=200", "a duration with a unit"),
        ("horizon=-1ms", "such as \"150ms\""),
        ("network.latency=20ms..5ms", "write \"5ms..20ms\""),
        ("network.loss=50", "a percentage (\"1%\")"),
        ("network.loss=1", "did you mean \"1%\"?"),
        ("network.bandwidth=10Mbps", "{ bytes_per_second = …, queue = … }"),
        ("network.fifo=1", "expected true or false"),
        ("limits.events=many", "a whole number of at least 0"),
        ("workload.rate=100", "such as \"200/s\""),
        ("expect=[{metric='decide_p50_ms',stat='p50',max=1}]", "such as \"800ms\""),
    ] {
        check(&desk, &[(&["run", "vote.toml", "--set", set], 3, &["error[E", says])]);
    }
    check(
        &desk,
        &[
            (&["trace", "vote.toml", "--from", "5 sec"], 2, &["(ns, us, ms, s, m, h)"]),
            (&["sweep", "vote.toml", "--seeds", "5..1"], 2, &["did you mean 1..5?"]),
            (&["sweep", "vote.toml", "--seeds", "0.."], 2, &["`0..` is no seed; write 0..1000"]),
            (&["sweep", "vote.toml", "--over", "protocol.nodes=3..9"], 3, &["write 3..9:1"]),
            (&["sweep", "vote.toml", "-j", "many"], 2, &["`many` is no whole number"]),
            (&["run", "vote.toml", "--seed", "0..9"], 2, &["no whole number", "--seeds 0..100"]),
        ],
    );
}

#[test]
fn what_is_taken_for_something_else_is_told_what_it_is() {
    let desk = desk("something_else");
    desk.put("cut.trace", &fs::read(desk.path("good.trace")).expect("a trace")[..900]);
    desk.put("empty.trace", "");
    fs::create_dir(desk.path("nothing")).expect("a folder");
    check(
        &desk,
        &[
            (&["run", "nothing"], 3, &["this is a folder", "synod test nothing"]),
            (&["run", "good.trace"], 3, &["the trace of a run", "synod replay good.trace"]),
            (&["replay", "vote.toml"], 74, &["this is no trace", "synod trace vote.toml"]),
            (&["replay", "nowhere.trace"], 74, &["cannot open", "synod trace SCENARIO --seed"]),
            (&["replay", "cut.trace"], 74, &["checksum does not fit", "make it again"]),
            (&["replay", "empty.trace"], 74, &["this is no trace", "make it again"]),
            (&["replay", "good"], 2, &["say which run", "synod replay good/latest --run 0"]),
            (&["replay", "good", "--run", "99"], 2, &["which has 10", "N from 0 to 9"]),
            (&["shrink", "good"], 2, &["say which run", "synod shrink good/latest --run 0"]),
            (
                &["report", "nowhere"],
                74,
                &["runs.csv: there is no such file", "synod sweep SCENARIO"],
            ),
            (&["merge", "nowhere"], 74, &["cannot read nowhere", "next: synod sweep SCENARIO"]),
            (&["merge", "vote.toml"], 74, &["cannot read vote.toml"]),
            (&["merge", "nothing"], 2, &["holds no sweep", "--shard 0/4 -o nothing"]),
            (&["run", "vote.toml/x"], 2, &["neither a file nor", "next: synod list scenarios"]),
            (&["sweep", "--resume", "nowhere"], 2, &["no sweep", "SCENARIO -o nowhere"]),
            (&["compare", "vote.toml"], 2, &["at least two sides, and vote is one"]),
        ],
    );
}

#[test]
fn a_folder_of_results_stands_for_the_latest_sweep_in_it() {
    let desk = desk("latest");
    let report = desk.synod(&["report", "good"]).exits(0);
    assert!(report.out.contains("drawn    good/latest/figures/"), "{}", report.out);
    desk.synod(&["replay", "good", "--run", "0"]).exits(0);
    let compared = desk.synod(&["compare", "good", "vote.toml", "--seeds", "0..5"]).exits(0);
    assert!(compared.out.contains("paired by seed against good/latest"), "{}", compared.out);
    let resumed = desk.synod(&["sweep", "--resume", "good", "--no-figures"]).exits(0);
    assert!(resumed.err.contains("10 of 10 runs had been made before"), "{}", resumed.err);
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..2", "--no-figures"]).exits(0);
    desk.synod(&["report", "latest"]).exits(0);
}

#[test]
fn what_another_version_wrote_is_told_with_what_to_do() {
    let desk = desk("version");
    let trace = fs::read(desk.path("good.trace")).expect("a trace");
    let newer = [&b"synod-trace 2"[..], &trace[b"synod-trace 1".len()..]].concat();
    desk.put("newer.trace", newer);
    desk.put("newer.toml", format!("version = 2\n{VOTE}"));
    let version = env!("CARGO_PKG_VERSION");
    check(
        &desk,
        &[
            (&["replay", "newer.trace"], 125, &["format `2`", "use the build that wrote it"]),
            (&["run", "newer.toml"], 3, &["newer.toml:1:1", "synod schema", version]),
        ],
    );
    let manifest = desk.text("good/latest/manifest.json");
    let engine: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let ours = engine["engine"].as_str().expect("an engine").to_owned();
    desk.put("good/latest/manifest.json", manifest.replace(&ours, "0.0.9"));
    let says = &["its engine is 0.0.9", "next: use the build that made them, or synod sweep"][..];
    check(
        &desk,
        &[
            (&["sweep", "--resume", "good"], 125, says),
            (&["replay", "good", "--run", "0"], 125, says),
            (&["shrink", "good", "--run", "0"], 125, says),
            (&["merge", "good", "-o", "merged"], 125, says),
        ],
    );
}

#[test]
fn a_file_of_a_sweep_that_was_changed_is_named_and_the_folder_mends_its_tables() {
    let desk = desk("changed");
    let whole = desk.text("good/latest/runs.csv");
    for (cut, says) in [
        (&whole[..whole.len() / 2], "the header has"),
        ("run_id,point_id\n", "column `seed` is missing"),
        ("", "column `point_id` is missing"),
    ] {
        desk.put("good/latest/runs.csv", cut);
        let mends = "next: synod sweep --resume good/latest";
        check(&desk, &[(&["report", "good"], 74, &["good/latest/runs.csv:", says, mends])]);
        check(&desk, &[(&["compare", "good", "good"], 74, &["good/latest/runs.csv:", mends])]);
        desk.synod(&["sweep", "--resume", "good", "--no-figures"]).exits(0);
        assert_eq!(desk.text("good/latest/runs.csv"), whole);
    }
    desk.put("good/latest/runs.csv", "run_id,verdict\n1\n");
    check(&desk, &[(&["replay", "good", "--run", "0"], 74, &["runs.csv:2: the row has 1 cells"])]);
    desk.put("good/latest/runs.csv", "run_id,verdict\n");
    let says = &["there are no runs in", "synod sweep --resume good/latest"];
    check(&desk, &[(&["replay", "good", "--run", "0"], 2, says)]);
    desk.put("good/latest/scenario.toml", "horizon = \"1s\"\n");
    check(&desk, &[(&["sweep", "--resume", "good"], 125, &["they were changed"])]);
    fs::remove_file(desk.path("good/latest/scenario.toml")).expect("a file");
    let says = &["good/latest/scenario.toml: ", "next: synod sweep SCENARIO"];
    check(&desk, &[(&["sweep", "--resume", "good"], 74, says)]);
}

#[test]
fn what_cannot_be_written_is_told_with_where_it_could_be() {
    let desk = desk("unwritable");
    for out in ["/proc/nowhere", "good.trace"] {
        let sweep = ["sweep", "vote.toml", "--seeds", "0..2", "-q", "-o", out];
        check(&desk, &[(&sweep, 74, &[out, "next: give another folder with `-o DIR`"])]);
        check(&desk, &[(&["man", "-o", out], 74, &["cannot make", out])]);
    }
    check(
        &desk,
        &[
            (
                &["trace", "vote.toml", "--save", "new/a.trace"],
                74,
                &["cannot write new/a.trace", "next: mkdir -p new"],
            ),
            (&["trace", "vote.toml", "--save", "good"], 74, &["next: name a file in it"]),
            (
                &["trace", "vote.toml", "--export", "mermaid", "--out", "new/a.mmd"],
                74,
                &["next: mkdir -p new"],
            ),
        ],
    );
}

/// Root may read everything, so this says so and tells nothing where it is root who asks.
#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told_with_the_command_that_allows_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = desk("unreadable");
    fs::set_permissions(desk.path("vote.toml"), fs::Permissions::from_mode(0o000)).expect("a file");
    if fs::read(desk.path("vote.toml")).is_ok() {
        return eprintln!("skipped: who runs this test may read everything");
    }
    let says = &["cannot read vote.toml: Permission denied", "next: chmod u+r vote.toml"];
    check(&desk, &[(&["run", "vote.toml"], 74, says)]);
}

#[test]
fn what_was_found_is_told_even_where_no_file_takes_it() {
    let desk = Desk::with_vote("told");
    let shrink = ["shrink", "voting/two-liars-split", "--tries", "5", "-q", "-o", "new/small.toml"];
    let said = desk.synod(&shrink).exits(74);
    assert!(said.err.contains("next: mkdir -p new"), "{}", said.err);
    desk.put("small.toml", &said.out);
    desk.synod(&["explain", "small.toml"]).exits(0);
    let suite = ["test", "vote.toml", "--seeds", "0..3", "--junit", "new/junit.xml"];
    let said = desk.synod(&suite).exits(74);
    assert!(said.out.contains("1 passed, 0 failed"), "{}", said.out);
    desk.put("file", "");
    let compare = ["compare", "vote.toml", "vote.toml", "--seeds", "0..3", "-o", "file"];
    let said = desk.synod(&compare).exits(74);
    assert!(said.out.contains("paired by seed against vote"), "{}", said.out);
    let sweep = ["sweep", "vote.toml", "--seeds", "0..3", "-o", "out"];
    desk.synod(&[&sweep[..], &["--no-figures"]].concat()).exits(0);
    desk.put("out/latest/figures", "");
    let said = desk.synod(&sweep).exits(74);
    assert!(said.out.contains("✓ all runs pass  3 of 3"), "{}", said.out);
    assert!(said.err.contains("cannot write") && said.err.contains("next: "), "{}", said.err);
}

#[test]
fn an_output_folder_that_exists_is_used_and_what_others_keep_in_it_stays() {
    let desk = Desk::with_vote("exists");
    fs::create_dir_all(desk.path("out/vote")).expect("a folder");
    desk.put("out/vote/mine.txt", "mine");
    desk.put("out/latest", "mine, too");
    let sweep = ["sweep", "vote.toml", "--seeds", "0..2", "--no-figures", "-o", "out"];
    desk.synod(&sweep).exits(0);
    assert_eq!(desk.synod(&sweep).exits(0).code, 0, "a second time");
    assert_eq!(desk.text("out/vote/mine.txt"), "mine");
    assert_eq!(desk.text("out/latest"), "mine, too");
}

#[test]
fn nothing_is_run_for_a_comparison_that_cannot_be_made() {
    let desk = Desk::with_vote("compare_first");
    for (typed, says) in [
        (&["raft", "pbtf", "--faults", "raft/leader-crash"][..], "did you mean `pbft`?"),
        (&["vote.toml", "nowhere.toml"], "neither a file nor"),
        (&["vote.toml", "vote.toml", "--metric", "decide_p51_ms"], "did you mean"),
        (&["vote.toml", "vote.toml", "--metric", "decide_p50_ms:p95"], "p50, p90 or p99"),
        (&["vote.toml", "raft/leader-crash", "--seeds", "0..9"], "are not the same ones"),
    ] {
        let typed = [&["compare"], typed].concat();
        check(&desk, &[(&typed, 2, &[says])]);
        let said = desk.synod(&typed);
        assert!(!said.err.contains(" runs\n"), "it ran something first: {}", said.err);
    }
}
