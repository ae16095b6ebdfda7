//! What a sweep writes, how it judges, and that neither depends on the machine.

use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;

use crate::driver::{Desk, LOG, VOTE};

/// The tables that are functions of the plan.
pub(crate) const TABLES: [&str; 9] = [
    "runs.csv",
    "points.csv",
    "hist.csv",
    "timeline.csv",
    "faults.csv",
    "failures.csv",
    "plan.csv",
    "scenario.toml",
    "scenario.resolved.toml",
];

#[test]
fn the_tables_are_the_same_bytes_on_one_thread_and_on_eight() {
    let desk = Desk::with_vote("threads");
    let over = "network.loss=0%,10%,30%";
    for jobs in ["1", "8"] {
        let out = format!("out{jobs}");
        let arguments = [
            "sweep",
            "vote.toml",
            "--seeds",
            "0..60",
            "--over",
            over,
            "-o",
            &out,
            "-j",
            jobs,
            "--no-fail",
        ];
        desk.synod(&arguments).exits(0);
    }
    for table in TABLES {
        let [one, eight] = ["out1", "out8"].map(|out| desk.text(&format!("{out}/latest/{table}")));
        assert!(one == eight, "{table} differs");
    }
    assert_eq!(desk.text("out1/latest/runs.csv").lines().count(), 1 + 3 * 60);
}

#[test]
fn a_longer_sweep_begins_with_the_shorter_one_in_the_same_folder() {
    let desk = Desk::with_vote("longer");
    let sweep = |seeds: &str| {
        desk.synod(&["sweep", "vote.toml", "--seeds", seeds, "--no-figures"]).exits(0);
        let folder = std::fs::read_link(desk.path("results/latest")).expect("a link");
        (folder, desk.text("results/latest/runs.csv"))
    };
    let (short_folder, short) = sweep("0..10");
    let (long_folder, long) = sweep("0..20");
    assert_eq!(short_folder, long_folder);
    assert!(long.starts_with(&short));
}

#[test]
fn the_columns_are_in_the_order_of_the_contract() {
    let desk = Desk::with_vote("columns");
    let arguments = [
        "sweep",
        "vote.toml",
        "--seeds",
        "7,3",
        "--over",
        "network.loss=0.5%,0.02",
        "--over",
        "protocol.timeout=500ms,1s",
        "--no-figures",
        "--no-fail",
    ];
    desk.synod(&arguments).exits(0);
    let runs = desk.text("results/latest/runs.csv");
    let header: Vec<&str> = runs.lines().next().expect("a header").split(',').collect();
    expect!["run_id,point_id,seed,protocol,fault_script,network_loss_pct,protocol_timeout_ms,n,f,verdict,reason,assumptions,first_violation,first_violation_ms,violations"].assert_eq(&header[..15].join(","));
    assert_eq!(header[header.len() - 2..], ["events_count", "trace_hash"]);
    assert!(header.windows(2).any(|pair| pair == ["first_decide_ms", "first_decide_ms_censored"]));
    let ids: Vec<String> = runs
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(7).collect::<Vec<_>>().join(","))
        .collect();
    expect![[r#"
        0,p0,7,voting,vote,0.5,500
        1,p1,7,voting,vote,0.5,1000
        2,p2,7,voting,vote,2,500
        3,p3,7,voting,vote,2,1000
        4,p0,3,voting,vote,0.5,500
        5,p1,3,voting,vote,0.5,1000
        6,p2,3,voting,vote,2,500
        7,p3,3,voting,vote,2,1000"#]]
    .assert_eq(&ids.join("\n"));
    assert!(!runs.contains("NaN"));
    expect![[r#"
        run_id,point_id,seed,network_loss_pct,protocol_timeout_ms
        0,p0,7,0.5,500
        1,p1,7,0.5,1000
        2,p2,7,2,500
        3,p3,7,2,1000
        4,p0,3,0.5,500
        5,p1,3,0.5,1000
        6,p2,3,2,500
        7,p3,3,2,1000
    "#]]
    .assert_eq(&desk.text("results/latest/plan.csv"));
}

#[test]
fn several_protocols_are_an_axis() {
    let desk = Desk::new("protocols");
    let raft =
        "[[protocol]]\nkind = \"raft\"\nnodes = 3\n[[protocol]]\nkind = \"voting\"\nnodes = 3\n";
    desk.put("both.toml", format!("horizon = \"2s\"\n{raft}"));
    let arguments = ["sweep", "both.toml", "--seeds", "0..2", "--no-figures", "--no-fail"];
    desk.synod(&arguments).exits(0);
    let runs = desk.text("results/latest/runs.csv");
    let protocols: Vec<&str> =
        runs.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
    assert_eq!(protocols, ["raft", "voting", "raft", "voting"]);
    let said = desk.synod(&["run", "both.toml", "--set", "protocol.kind=voting"]);
    assert!(said.out.starts_with("both  voting  seed 0"), "{}", said.out);
}

#[test]
fn several_scenarios_are_points_of_one_sweep() {
    let desk = Desk::with_vote("scenarios");
    desk.put("lossy.toml", "extends = \"vote.toml\"\nname = \"lossy\"\nnetwork.loss = \"50%\"\n");
    let arguments =
        ["sweep", "vote.toml", "lossy.toml", "--seeds", "0..3", "--no-figures", "--no-fail"];
    desk.synod(&arguments).exits(0);
    let runs = desk.text("results/latest/runs.csv");
    let scripts: Vec<&str> =
        runs.lines().skip(1).filter_map(|line| line.split(',').nth(4)).collect();
    assert_eq!(scripts, ["vote", "lossy", "vote", "lossy", "vote", "lossy"]);
    assert!(desk.path("results/vote_lossy").is_dir());
    desk.synod(&["sweep", "vote.toml", "vote.toml"]).exits(2);
    // However long a name is, the copy of its file is found again.
    let name = format!("\"{}\"", "long-".repeat(12));
    desk.put("long.toml", VOTE.replace("\"vote\"", &name));
    let both = ["sweep", "vote.toml", "long.toml", "--seeds", "0..2", "--no-figures", "-o", "long"];
    desk.synod(&both).exits(0);
    desk.synod(&["sweep", "--resume", "long", "--no-figures"]).exits(0);
}

#[test]
fn expectations_decide_the_exit_code() {
    let desk = Desk::new("expectations");
    let sweep = |expectations: &str, more: &[&str]| {
        desk.put("log.toml", format!("{LOG}\n{expectations}"));
        let all = [&["sweep", "log.toml", "--seeds", "0..40", "--no-figures"], more].concat();
        desk.synod(&all)
    };
    let dead = ["--set", "network.loss=100%"];
    sweep("", &[]).exits(0);
    sweep("", &dead).exits(11);
    sweep("", &[&dead[..], &["--no-fail"]].concat()).exits(0);
    sweep("[[expect]]\nverdict = \"stalled\"\n", &dead).exits(0);
    sweep("[[expect]]\nverdict = \"stalled\"\n", &[]).exits(11);
    sweep("[[expect]]\nverdict = \"pass\"\nholds = false\n", &dead).exits(0);
    sweep("[[expect]]\nverdict = \"pass\"\nholds = false\n", &[]).exits(10);
    sweep("[[expect]]\nverdict = \"pass\"\nmin = \"99%\"\n", &[]).exits(20);
    sweep("[[expect]]\nverdict = \"pass\"\nmin = \"90%\"\n", &[]).exits(0);
    let metric = |limit: &str| {
        format!("[[expect]]\nmetric = \"last_decide_ms\"\nstat = \"p50\"\nmax = \"{limit}\"\n")
    };
    sweep(&metric("10s"), &[]).exits(0);
    sweep(&metric("1ms"), &[]).exits(12);
    let said = sweep(&metric("10s").replace("stat = \"p50\"", "stat = \"p99\""), &[]).exits(20);
    assert!(said.out.contains("too few samples (40 < 299)"), "{}", said.out);
    let said = sweep("[[expect]]\nmark = \"split_vote\"\n", &[]).exits(12);
    assert!(said.out.contains("split_vote is reached  in 0 of 40"), "{}", said.out);
    assert!(said.out.contains("never reached in 40 runs: "), "{}", said.out);
    let said = sweep("[[expect]]\nmark = \"split_votes\"\n", &[]).exits(3);
    assert!(said.err.contains("split_vote"), "{}", said.err);
    let said = sweep("[[expect]]\nproperty = \"agreement\"\n", &[]).exits(0);
    assert!(said.out.contains("agreement holds  broken in 0 of 40 (≤ 8.8 %)"), "{}", said.out);
}

#[test]
fn which_rule_is_right_most_often_is_told_with_its_interval() {
    let desk = Desk::new("right");
    let text = "title = \"Which rule is right\"\nhorizon = \"20s\"\n\
                [protocol]\nkind = \"voting\"\nnodes = 5\ntie = \"first\"\n\
                [workload]\noptions = [\"merge\", \"rework\"]\n\
                truth = { competence = [\"75%\"] }\n\
                [sweep]\nseeds = \"0..60\"\nover.\"protocol.rule\" = [\"unanimity\", \"plurality\"]\n";
    desk.put("rules.toml", text);
    let said = desk.synod(&["sweep", "rules.toml", "--no-figures"]).exits(0);
    assert!(said.out.contains("right_ratio (mean)"), "{}", said.out);
    assert!(said.out.contains("msgs_per_op_ratio (median)"), "more than 1: {}", said.out);
    let cells = |point: &str| -> String {
        let line = said.out.lines().find(|line| line.contains(point)).expect("a point");
        line.split("  ").find(|cell| cell.contains(" % (")).expect("a share").trim().to_owned()
    };
    for point in ["rule=unanimity", "rule=plurality"] {
        let cell = cells(point);
        assert!(cell.contains('–') && cell.ends_with(" %)"), "{point}: {cell}");
    }
    assert_ne!(cells("rule=unanimity"), cells("rule=plurality"));
}

#[test]
fn a_failure_is_told_with_the_command_that_shows_it() {
    let desk = Desk::with_log("reproduce");
    let arguments =
        ["sweep", "log.toml", "--seeds", "0..9", "--over", "network.loss=0%,100%", "--no-figures"];
    let said = desk.synod(&arguments).exits(11);
    assert!(said.out.contains("… and 8 more runs in failures.csv"), "{}", said.out);
    let repro = said.out.lines().find_map(|line| line.trim().strip_prefix("repro   synod "));
    let repro = repro.unwrap_or_else(|| panic!("{}", said.out));
    assert!(repro.ends_with("/failures/1/trace.trace"), "{repro}");
    let words: Vec<&str> = repro.split(' ').collect();
    assert!(desk.synod(&words).exits(11).out.contains("✗ stalled"));
    let failures = desk.text("results/latest/failures.csv");
    assert_eq!(failures.lines().next(), Some("run_id,property,class,at_ms,assumptions,witness"));
    assert!(failures.lines().skip(1).all(|line| line.contains(",liveness,")), "{failures}");
}

#[test]
fn a_sweep_is_json_if_asked_and_its_manifest_says_that_it_is_complete() {
    let desk = Desk::with_vote("sweep_json");
    let arguments = ["sweep", "vote.toml", "--seeds", "0..5", "--format", "json", "-q"];
    let said = desk.synod(&arguments).exits(0);
    assert_eq!(said.err, "", "quiet means quiet");
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["points"][0]["verdicts"]["pass"], 5);
    assert!(document["figures"].as_array().is_some_and(|figures| !figures.is_empty()));
    let manifest: serde_json::Value =
        serde_json::from_str(&desk.text("results/latest/manifest.json")).expect("JSON");
    assert_eq!(manifest["schema"], "synod.sweep/1");
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["exit_code"], 0);
}

#[test]
fn the_resolved_scenario_runs_as_the_one_it_was_resolved_from() {
    let desk = Desk::new("resolved");
    desk.put(
        "vote.toml",
        format!("{VOTE}\n[sweep]\nseeds = \"0..5\"\nover.\"network.loss\" = [\"0%\", \"1%\"]\n"),
    );
    desk.synod(&["sweep", "vote.toml", "-o", "a", "--no-figures", "--no-fail"]).exits(0);
    let resolved = "a/latest/scenario.resolved.toml";
    desk.synod(&["sweep", resolved, "-o", "b", "--no-figures", "--no-fail"]).exits(0);
    assert_eq!(desk.text("a/latest/runs.csv"), desk.text("b/latest/runs.csv"));
}

#[test]
fn a_dry_run_runs_nothing_and_writes_nothing() {
    let desk = Desk::with_vote("dry");
    let said = desk.synod(&["sweep", "vote.toml", "--seeds", "0..1000000", "--dry-run"]).exits(0);
    assert!(said.out.contains("1000000 runs · pilot 16 runs"), "{}", said.out);
    assert!(!desk.path("results").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_made_and_says_how_to_go_on() {
    let desk = Desk::with_vote("ctrl_c");
    let arguments =
        ["sweep", "vote.toml", "--seeds", "0..5000000", "--no-figures", "-j", "1", "-q"];
    let mut command = desk.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let growing = desk.path("results");
    let has_rows = || {
        let is_part = |path: &std::path::PathBuf| path.ends_with("seeds-0.shard-0-of-1.0.csv");
        let part = walk(&growing).into_iter().find(is_part);
        part.and_then(|path| std::fs::metadata(path).ok()).is_some_and(|file| file.len() > 100_000)
    };
    for _ in 0..600 {
        if has_rows() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let output = child.wait_with_output().expect("the program");
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(err.contains("interrupted after") && err.contains("next:"), "{err}");
    let manifest: serde_json::Value =
        serde_json::from_str(&desk.text("results/latest/manifest.json")).expect("JSON");
    assert_eq!(manifest["complete"], false);
    let runs = desk.text("results/latest/runs.csv");
    let made = manifest["runs"]["made"].as_u64().expect("a number") as usize;
    assert!(runs.ends_with('\n') && runs.lines().count() == made + 1, "every row is whole");
    assert!(made > 10);
    let next = err.split("next: synod ").nth(1).expect("a command").trim_end();
    assert!(next.starts_with("sweep --resume results/vote/"), "{next}");
    let mut next: Vec<&str> = next.split(' ').collect();
    let seeds = format!("0..{}", made + 5);
    next.extend(["--seeds", &seeds, "--no-figures"]);
    let said = desk.synod(&next).exits(0);
    assert!(said.err.contains(&format!("{made} of {} runs had been made", made + 5)), "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_does_not_wait_for_the_runs_on_their_way() {
    let desk = Desk::with_log("ctrl_c_twice");
    let long = ["sweep", "log.toml", "--set", "horizon=5000s", "--set", "workload.until=4000s"];
    let more = ["--set", "workload.rate=1000/s", "--seeds", "0..50", "-j", "1", "-q"];
    let mut child = desk.command(&[&long[..], &more].concat()).spawn().expect("the program");
    std::thread::sleep(Duration::from_millis(300));
    let pid = child.id().to_string();
    for _ in 0..200 {
        // It may be gone already.
        let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status();
        std::thread::sleep(Duration::from_millis(30));
        if let Some(status) = child.try_wait().expect("the program") {
            return assert_eq!(status.code(), Some(130));
        }
    }
    panic!("it does not end");
}

#[cfg(unix)]
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn an_expectation_may_speak_of_the_profile_of_faults_that_is_swept() {
    let desk = Desk::new("some_profiles");
    desk.put(
        "log.toml",
        format!(
            "{LOG}\n[sweep]\nover.\"fault[0].profile\" = [\"calm\", \"chaos\"]\n\
             [[fault]]\nprofile = \"calm\"\n\
             [[expect]]\nmetric = \"msgs_count\"\nstat = \"max\"\nmax = 0\n\
             where.\"fault[0].profile\" = \"chaos\"\n"
        ),
    );
    let said = desk.synod(&["sweep", "log.toml", "--seeds", "0..2", "--no-figures"]).exits(12);
    let line = "✗ msgs_count max ≤ 0 where fault[0].profile = chaos";
    assert!(said.out.contains(line) && said.out.contains("fault[0].profile=calm"), "{}", said.out);
}

#[test]
fn an_expectation_may_speak_of_some_points_only() {
    let desk = Desk::new("some_points");
    let text = |lossless: &str| {
        format!(
            "{VOTE}\n[sweep]\nseeds = \"0..5\"\nover.\"network.loss\" = [\"0%\", \"100%\"]\n\
             [[expect]]\nverdict = \"stalled\"\nshare = \"0%\"\nwhere.\"network.loss\" = \"0%\"\n\
             [[expect]]\nmetric = \"msgs_per_op_ratio\"\nstat = \"max\"\nmax = {lossless}\n\
             where.\"network.loss\" = \"0%\"\n\
             [[expect]]\nmetric = \"decided_nodes_count\"\nstat = \"max\"\nmax = 0.0\n\
             where.\"network.loss\" = \"100%\"\n"
        )
    };
    desk.put("vote.toml", text("100.0"));
    let said = desk.synod(&["sweep", "vote.toml", "--no-figures"]).exits(0);
    let line = "✓ msgs_per_op_ratio max ≤ 100 where network.loss = 0%";
    assert!(said.out.contains(line), "{}", said.out);
    desk.synod(&["sweep", "vote.toml", "--no-figures", "--set", "network.loss=100%"]).exits(0);
    desk.synod(&["run", "vote.toml"]).exits(0);
    desk.put("vote.toml", text("0.5"));
    desk.synod(&["sweep", "vote.toml", "--no-figures"]).exits(12);
}
