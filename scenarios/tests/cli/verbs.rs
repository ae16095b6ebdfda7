//! What `run`, `trace`, `list`, `explain` and `report` show.

use expect_test::expect;

use crate::driver::{Desk, LOG, VOTE};

#[test]
fn a_run_shows_verdict_faults_with_their_witness_and_metrics() {
    let desk = Desk::new("run_shows");
    let fault = "[[fault]]\nat = \"1ms\"\nkind = \"partition\"\ntarget = \"n0\"\n";
    desk.put("vote.toml", VOTE.replace("[network]", &format!("{fault}[network]")));
    let said = desk.synod(&["run", "vote.toml", "--seed", "7"]);
    for part in ["vote  voting  seed 7", "verdict   ", "messages lost at the cut", "msgs_count"] {
        assert!(said.out.contains(part), "{part} is missing:\n{}", said.out);
    }
    assert!(said.err.contains("synod trace vote.toml --seed 7"), "{}", said.err);
}

#[test]
fn a_run_that_passes_exits_with_0_and_one_that_stalls_with_11() {
    let desk = Desk::with_log("run_exit");
    desk.synod(&["run", "log.toml"]).exits(0);
    desk.synod(&["run", "log.toml", "--set", "network.loss=100%"]).exits(11);
}

#[test]
fn a_run_is_json_if_asked() {
    let desk = Desk::with_vote("run_json");
    let said = desk.synod(&["run", "vote.toml", "--seed", "3", "--format", "json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["schema"], "synod.run/1");
    assert_eq!(document["seed"], 3);
    assert_eq!(document["verdict"], "pass");
    assert_eq!(document["metrics"]["ops_count"]["value"], 5.0);
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_not() {
    let desk = Desk::with_vote("same_seed");
    let run = |seed: &str| desk.synod(&["run", "vote.toml", "--seed", seed]).exits(0).out;
    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}

#[test]
fn a_trace_can_be_narrowed_by_time_node_and_kind() {
    let desk = Desk::with_vote("trace");
    let trace = |more: &[&str]| {
        let said = desk.synod(&[&["trace", "vote.toml", "--seed", "1"], more].concat()).exits(0);
        let is_step = |line: &&str| {
            line.starts_with(|c: char| c.is_ascii_digit()) && !line.contains(" steps")
        };
        let steps: Vec<String> = said.out.lines().filter(is_step).map(str::to_owned).collect();
        assert!(said.out.starts_with("vote  voting  seed 1  ✓ pass"), "{}", said.out);
        steps
    };
    let all = trace(&[]);
    assert!(all.len() > 40, "{}", all.len());
    let at = |line: &String| {
        line.split_whitespace().next().expect("a time").parse::<f64>().expect("seconds")
    };
    let early = trace(&["--to", "10ms"]);
    assert!(
        !early.is_empty() && early.len() < all.len() && early.iter().all(|line| at(line) <= 0.01)
    );
    let late = trace(&["--from", "10ms"]);
    assert!(late.iter().all(|line| at(line) >= 0.01));
    assert_eq!(early.len() + late.len(), all.len());
    let sends = trace(&["--kind", "send", "--node", "n2"]);
    assert_eq!(sends.len(), 4, "{sends:#?}");
    desk.synod(&["trace", "vote.toml", "--from", "2s", "--to", "1s"]).exits(2);
    desk.synod(&["trace", "vote.toml", "--node", "n9"]).exits(2);
    // Behind four replicas stands a client that is a node.
    let client = desk.synod(&["trace", "pbft/steady", "--node", "n4", "--to", "1s"]).exits(0);
    assert!(client.out.contains(" n4 ^ boots"), "{}", client.out);
}

#[test]
fn setting_a_swept_key_leaves_its_axis() {
    let desk = Desk::new("narrow");
    desk.put("log.toml", format!("{LOG}\n[sweep]\nover.\"network.loss\" = [\"0%\", \"100%\"]\n"));
    let said = desk.synod(&["run", "log.toml"]).exits(0);
    assert!(said.err.contains("the first of 2 points: raft network.loss=0%"), "{}", said.err);
    desk.synod(&["run", "log.toml", "--set", "network.loss=100%"]).exits(11);
}

#[test]
fn explain_shows_every_key_with_where_it_was_written() {
    let desk = Desk::new("explain");
    desk.put("base.toml", VOTE);
    desk.put("vote.toml", "extends = \"base.toml\"\nname = \"mine\"\n[profile.ci]\nseeds = \"0..7\"\nnetwork.loss = \"2%\"\n");
    let arguments = ["explain", "vote.toml", "--profile", "ci", "--set", "protocol.nodes=7"];
    let said = desk.synod(&arguments).exits(0);
    for (key, from) in [
        ("protocol.nodes = 7", "# --set"),
        ("network.loss = \"2%\"", "# profile ci (vote.toml:5)"),
        ("network.latency = \"5ms..20ms\"", "# base.toml:10"),
        ("network.duplicate = \"0%\"", "# default"),
    ] {
        let line = said.out.lines().find(|line| line.starts_with(key));
        assert!(line.is_some_and(|line| line.ends_with(from)), "{key} from {from}:\n{}", said.out);
    }
    assert!(said.out.contains("seeds     0..7"), "{}", said.out);
    let said = desk.synod(&["explain", "vote.toml", "--section", "network"]).exits(0);
    let (title, settings) = said.out.split_once('\n').expect("a title");
    assert!(title.starts_with("# mine  vote.toml  id "), "{title}");
    expect![[r#"
        network.checksums = true       # default
        network.copies = 1             # default
        network.corrupt = "0%"         # default
        network.detour = "0ms"         # default
        network.duplicate = "0%"       # default
        network.fifo = false           # default
        network.in_flight = "lost"     # default
        network.latency = "5ms..20ms"  # base.toml:10
        network.link = []              # default
        network.loss = "0%"            # default
        network.regions = {}           # default
        network.round_trip = []        # default
    "#]]
    .assert_eq(settings);
    desk.synod(&["explain", "vote.toml", "--section", "netwrk"]).exits(2);
}

#[test]
fn explain_tells_what_a_quorum_system_is_worth() {
    let desk = Desk::new("quorums");
    let explain = |rule: &str| {
        let set = format!("protocol.quorum={rule}");
        desk.synod(&["explain", "quorum/m-of-n-approval", "--section", "quorum", "--set", &set])
    };
    let said = explain("tree").exits(0).out;
    expect![[r#"
        quorum: tree
          minimal quorums: 15, of 3 to 4 nodes
          intersection: any two share 1 or more
          resilience: a quorum is left with any 2 down
          liars survived: 0 if values prove themselves, 0 if liars must be outvoted
          no quorum, by how often a node is down: 6.047e-6 at 0.01, 0.006227 at 0.1, 0.148262 at 0.3
          load, and capacity in nodes: 0.5000, 2.0000
    "#]]
    .assert_eq(&said);
    let wrong = explain("choose(2, n0,").exits(3).err;
    assert!(wrong.contains("at character 14, after `choose(2, n0,`"), "{wrong}");
    let split = explain("n0 & n1 | n2").exits(3).err;
    assert!(split.contains("{n2} and {n0, n1} are quorums without a common agent"), "{split}");
    desk.synod(&["explain", "raft/steady", "--section", "quorum"]).exits(2);
}

#[test]
fn a_sweep_with_chance_failures_has_the_exact_curve_of_its_systems() {
    let desk = Desk::new("curve");
    let sweep = ["sweep", "validation/quorum-availability", "--seeds", "0..2", "--no-figures"];
    desk.synod(&sweep).exits(0);
    let table = desk.text("results/latest/quorums.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("point_id,role,system,down_ratio,no_quorum_ratio"));
    // Sixteen points, each a ladder of 31 chances and its own.
    assert_eq!(lines.clone().count(), 16 * 32);
    let own: Vec<&str> = lines.filter(|line| line.contains("\"grid(3, 3)\",0.1,")).collect();
    assert_eq!(own.len(), 1, "{table}");
    assert!(own[0].ends_with(",0.03330882100000002"), "{}", own[0]);
    desk.synod(&["sweep", "voting/tie", "--seeds", "0..2", "--no-figures"]).exits(0);
    assert!(!desk.path("results/latest/quorums.csv").exists(), "nothing there goes down by chance");
}

#[test]
fn the_digest_covers_values_and_not_how_they_are_written() {
    let desk = Desk::new("digest");
    let id = |text: &str| {
        desk.put("vote.toml", text);
        let said = desk.synod(&["explain", "vote.toml"]).exits(0);
        said.out.lines().next().and_then(|line| line.rsplit(' ').next()).expect("an id").to_owned()
    };
    let plain = id(VOTE);
    assert_eq!(id(&format!("# a comment\n{VOTE}\n[sweep]\nseeds = \"0..7\"\n")), plain);
    assert_eq!(id(&VOTE.replace("\"5s\"", "\"5000ms\"")), plain);
    assert_ne!(id(&VOTE.replace("\"5s\"", "\"6s\"")), plain);
}

#[test]
fn an_export_says_of_which_run_it_is_and_can_be_written_to_a_file() {
    let desk = Desk::new("export");
    let trace = ["trace", "raft/steady", "--seed", "3", "--to", "200ms"];
    let export = |format: &str| {
        let args = [&trace[..], &["--export", format]].concat();
        desk.synod(&args).exits(0).out
    };
    let ndjson = export("ndjson");
    let mut lines = ndjson.lines().map(|line| -> serde_json::Value {
        serde_json::from_str(line).expect("each line is JSON")
    });
    assert_eq!(lines.next().expect("a line on the run")["run"]["seed"], 3);
    assert!(lines.count() > 20);
    assert!(export("mermaid").starts_with("%% {"));
    let document: serde_json::Value = serde_json::from_str(&export("perfetto")).expect("JSON");
    assert_eq!(document["otherData"]["scenario"], "steady");
    let to_file = [&trace[..], &["--export", "shiviz", "--out", "log.txt"]].concat();
    assert_eq!(desk.synod(&to_file).exits(0).out, "");
    assert!(desk.text("log.txt").contains("n0 {"), "{}", desk.text("log.txt"));
}

#[test]
fn a_schedule_is_written_as_it_struck_and_strikes_again_in_a_scenario() {
    let desk = Desk::with_log("schedule");
    let crash = "[[fault]]\nkind = \"crash\"\ntarget = \"random\"\nat = \"1s..2s\"\n\
                 restart_after = \"100ms..300ms\"\nevery = \"500ms..900ms\"\nuntil = \"4s\"\n";
    desk.put("drawn.toml", format!("{LOG}\n{crash}"));
    let export = ["trace", "drawn.toml", "--seed", "4", "--export", "schedule"];
    let written = desk.synod(&export).exits(0).out;
    assert!(written.starts_with("# {") && !written.contains("random"), "{written}");
    assert!(written.matches("[[fault]]").count() >= 3, "{written}");
    desk.put("written.toml", format!("{LOG}\n{written}"));
    let again = [&["trace", "written.toml"], &export[2..]].concat();
    let faults = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(faults(&desk.synod(&again).exits(0).out), faults(&written));
    let none = desk.synod(&["trace", "log.toml", "--export", "schedule"]).exits(0).out;
    assert_eq!(none.lines().count(), 1, "{none}");
}

#[test]
fn lists_show_protocols_faults_metrics_and_adversaries() {
    let desk = Desk::new("lists");
    let list = |topic: &str| desk.synod(&["list", topic]).exits(0).out;
    assert!(list("protocols").contains("voting"));
    assert!(list("faults").contains("one-way"));
    assert!(list("metrics").contains("unavailable_ms"));
    assert!(list("adversaries").contains("equivocate"));
    assert!(list("marks").contains("split_vote"));
    assert!(list("bugs").contains("R01") && list("keys").contains("election_timeout"));
    assert!(list("charts").contains("failover_ms"));
    let all = desk.synod(&["list"]).exits(0).out;
    assert!(all.contains("protocols\n") && all.contains("\nscenarios\n"), "{all}");
    let said = desk.synod(&["list", "metrics", "--format", "json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(document["metrics"].as_array().is_some_and(|metrics| metrics.len() > 10));
}

#[test]
fn every_built_in_scenario_can_be_explained() {
    let desk = Desk::new("built_in");
    let said = desk.synod(&["list", "scenarios"]).exits(0);
    for line in said.out.lines() {
        let name = line.split_whitespace().next().expect("a name");
        desk.synod(&["explain", name]).exits(0);
    }
}

#[test]
fn a_report_can_be_drawn_again_and_names_a_broken_table() {
    let desk = Desk::with_vote("report");
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..20", "--no-figures"]).exits(0);
    assert!(!desk.path("results/latest/points.csv").exists());
    let said = desk.synod(&["report", "results/latest"]).exits(0);
    assert!(said.out.contains("drawn    results/latest/figures/fig-verdicts.svg"), "{}", said.out);
    assert!(desk.path("results/latest/points.csv").exists());
    // A sweep says in one line what its report says in many: most charts are about other data.
    let skipped = said.out.lines().filter(|line| line.starts_with("  skipped  ")).count();
    assert!(said.out.contains("skipped  opinions: series.csv has no"), "{}", said.out);
    let swept = desk.synod(&["sweep", "vote.toml", "--seeds", "0..20"]).exits(0);
    let line = format!("  skipped  {skipped} charts for want of data; why: synod report results/");
    assert!(swept.out.contains(&line), "{line}\n{}", swept.out);
    let runs = desk.text("results/latest/runs.csv").replacen(",pass,", ",fine,", 1);
    desk.put("results/latest/runs.csv", runs);
    let said = desk.synod(&["report", "results/latest"]).exits(74);
    assert!(said.err.contains("runs.csv:2") && said.err.contains("fine"), "{}", said.err);
    desk.synod(&["report", "nowhere"]).exits(74);
}

#[test]
fn every_example_of_the_help_names_a_scenario_that_there_is() {
    let desk = Desk::new("help-examples");
    let mut seen = 0;
    for verb in ["", "run", "sweep", "trace", "explain"] {
        let arguments: Vec<&str> = [verb, "--help"].into_iter().filter(|w| !w.is_empty()).collect();
        let help = desk.synod(&arguments).exits(0).out;
        for example in help.lines().filter_map(|line| line.trim().strip_prefix("synod ")) {
            let words: Vec<&str> = example.split_whitespace().collect();
            if let ["run" | "sweep" | "trace" | "explain", scenario, ..] = words[..]
                && !scenario.ends_with(".toml")
                && !scenario.starts_with('-')
            {
                desk.synod(&["explain", scenario]).exits(0);
                seen += 1;
            }
        }
    }
    assert!(seen >= 6, "only {seen} examples found");
}
