//! Sides compared seed by seed.

use serde_json::Value as Json;

use crate::driver::{Desk, Said, VOTE};

fn desk(test: &str) -> Desk {
    let desk = Desk::with_vote(test);
    let slow = VOTE.replace("\"vote\"", "\"slow\"").replace("5ms..20ms", "6ms..24ms");
    desk.put("slow.toml", slow);
    desk.put("same.toml", VOTE.replace("\"vote\"", "\"same\""));
    desk
}

fn row(said: &Said, metric: &str, stat: &str) -> Json {
    let document: Json = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["schema"], "synod.compare/1");
    let mut rows = document["rows"].as_array().expect("rows").iter();
    let row = rows.find(|row| row["metric"] == metric && row["stat"] == stat);
    row.cloned().unwrap_or_else(|| panic!("no {metric} {stat} in {document}"))
}

#[test]
fn a_network_a_fifth_slower_makes_a_fifth_slower_decisions() {
    let desk = desk("slower");
    let arguments =
        ["compare", "vote.toml", "slow.toml", "--seeds", "0..100", "--format", "json", "-o", "out"];
    let said = desk.synod(&arguments).exits(0);
    let median = row(&said, "decide_p50_ms", "mean");
    assert_eq!((&median["meaning"], &median["pairs"]), (&Json::from("worse"), &Json::from(100)));
    // Every delay of a seed is the same share of the range in both, so nothing but that is left.
    let relative = median["relative"]["value"].as_f64().expect("a share");
    assert!((relative - 0.2).abs() < 0.01, "{median}");
    assert!(median["p_holm"].as_f64() < Some(0.01), "{median}");
    let messages = row(&said, "msgs_per_op_ratio", "mean");
    assert_eq!(messages["meaning"], "not distinguishable");
    let csv = desk.text("out/compare.csv");
    assert!(csv.starts_with("point,base,other,metric,stat,pairs,censored_base,"), "{csv}");
    assert!(csv.lines().any(|line| line.starts_with(",vote,slow,decide_p50_ms,mean,100,0,0,0,")));
    assert_eq!(desk.synod(&arguments).out, said.out, "a comparison is the same twice");
}

#[test]
fn folders_say_what_scenarios_say() {
    let desk = desk("folders");
    for side in ["vote", "slow"] {
        let file = format!("{side}.toml");
        let sweep = ["sweep", &file, "--seeds", "0..60", "--no-figures", "-o", side, "-q"];
        desk.synod(&sweep).exits(0);
    }
    let seeds = ["--seeds", "0..60", "--format", "json"];
    let ran = desk.synod(&[&["compare", "vote.toml", "slow.toml"], &seeds[..]].concat()).exits(0);
    let arguments = ["compare", "vote/latest", "slow/latest", "--format", "json"];
    let read = desk.synod(&arguments).exits(0);
    for metric in ["decide_p50_ms", "unavailable_ms"] {
        let (ran, read) = (row(&ran, metric, "mean"), row(&read, metric, "mean"));
        assert_eq!((&ran["delta"], &ran["p_holm"]), (&read["delta"], &read["p_holm"]));
    }
}

#[test]
fn a_threshold_decides_the_exit_code_by_the_whole_interval() {
    let desk = desk("threshold");
    let code = |other: &str, limit: &str, seeds: &str| {
        let arguments = ["compare", "vote.toml", other, "--seeds", seeds, "--fail-on", limit];
        desk.synod(&arguments).code
    };
    assert_eq!(code("slow.toml", "decide_p50_ms:mean:+5%", "0..100"), 12);
    assert_eq!(code("slow.toml", "decide_p50_ms:mean:+30%", "0..100"), 0);
    assert_eq!(code("same.toml", "decide_p50_ms:mean:+0%", "0..100"), 0);
    assert_eq!(code("slow.toml", "decide_p50_ms:p99:+5%", "0..100"), 20, "too few for a p99");
    assert_eq!(code("slow.toml", "decide_p50_ms:p99:+5%", "0..300"), 12);
    assert_eq!(code("slow.toml", "decide_p50_ms:+5%", "0..10"), 2);
    assert_eq!(code("slow.toml", "decide_p51_ms:mean:+5%", "0..10"), 2);
}

#[test]
fn times_that_did_not_end_are_counted_and_are_no_times() {
    let desk = desk("censored");
    desk.put("log.toml", crate::driver::LOG);
    let lost =
        "[[fault]]\nkind = \"crash\"\ntarget = [\"n1\", \"n2\"]\nat = \"2s\"\npermanent = true\n";
    let text = "extends = \"log.toml\"\nname = \"lost\"\nbudget = 2\ngst = \"never\"\n";
    desk.put("lost.toml", format!("{text}{lost}"));
    let metric = ["--metric", "failover_ms", "--metric", "last_decide_ms:mean"];
    let arguments =
        [&["compare", "log.toml", "lost.toml", "--seeds", "0..20"], &metric[..]].concat();
    let said = desk.synod(&arguments).exits(0);
    assert!(said.out.contains("left out as unfinished: 0 by log, 20 by lost"), "{}", said.out);
    assert!(said.out.contains("too few samples (0 < 2)"), "{}", said.out);
}

#[test]
fn protocols_meet_the_same_faults_with_their_own_defaults() {
    let desk = desk("faults");
    let arguments = ["compare", "raft", "pbft", "--faults", "raft/leader-crash", "--seeds", "0..8"];
    let said = desk.synod(&arguments).exits(0);
    assert!(said.out.contains("paired by seed against raft"), "{}", said.out);
    assert!(said.out.contains("msgs_per_op_ratio  mean  pbft"), "{}", said.out);
    assert!(said.err.contains("nothing is swept"), "{}", said.err);
    let wrong = ["compare", "raft", "pbtf", "--faults", "raft/leader-crash"];
    let said = desk.synod(&wrong).exits(2);
    assert!(said.err.contains("did you mean `pbft`?"), "{}", said.err);
}

#[test]
fn the_protocols_of_a_scenario_are_sides_each_with_its_own_nodes() {
    let desk = desk("protocols_as_sides");
    let table =
        |kind: &str, nodes: u32| format!("[[protocol]]\nkind = \"{kind}\"\nnodes = {nodes}\n");
    let own = crate::driver::LOG.replace("[protocol]\nkind = \"raft\"\nnodes = 3\n", "");
    desk.put("both.toml", own + &table("raft", 3) + &table("pbft", 7));
    let seeds = ["--seeds", "0..8", "--format", "json"];
    let alone = desk.synod(&[&["compare", "both.toml"], &seeds[..]].concat()).exits(0);
    let document: Json = serde_json::from_str(&alone.out).expect("JSON");
    assert_eq!(document["sides"], serde_json::json!(["raft", "pbft"]));
    let faults = ["compare", "raft", "pbft", "--faults", "both.toml"];
    let asked = desk.synod(&[&faults, &seeds[..]].concat()).exits(0);
    let messages = |said: &Said| row(said, "msgs_per_op_ratio", "mean")["other_value"].clone();
    assert_eq!(messages(&alone), messages(&asked), "seven nodes in both");
    let few = ["--set", "protocol.nodes=4"];
    let four = desk.synod(&[&["compare", "both.toml"], &seeds[..], &few].concat()).exits(0);
    assert!(messages(&four).as_f64() < messages(&alone).as_f64());
}

#[test]
fn sides_without_pairs_are_refused() {
    let desk = desk("pairs");
    let one = desk.synod(&["compare", "vote.toml"]).exits(2);
    assert!(one.err.contains("at least two sides, and vote is one"), "{}", one.err);
    desk.put("other.toml", VOTE.replace("\"vote\"", "\"other\"") + "[sweep]\nseeds = \"5..9\"\n");
    let said = desk.synod(&["compare", "vote.toml", "other.toml"]).exits(2);
    assert!(said.err.contains("pairs need the same seeds"), "{}", said.err);
    for (side, seeds) in [("a", "0..5"), ("b", "5..9")] {
        let sweep = ["sweep", "vote.toml", "--seeds", seeds, "--no-figures", "-o", side, "-q"];
        desk.synod(&sweep).exits(0);
    }
    let said = desk.synod(&["compare", "a/latest", "b/latest"]).exits(4);
    assert!(said.err.contains("no seed in common"), "{}", said.err);
}
