//! Values that no scenario should have: each is refused with its place, is defined to do nothing
//! and said so, or ends the run at a stated bound; and what names hold goes nowhere as code.

use std::fs;

use crate::driver::{Desk, VOTE};

/// The scenario with these lines after it.
fn with(desk: &Desk, lines: &str) {
    desk.put("vote.toml", format!("{VOTE}\n{lines}\n"));
}

#[test]
fn numbers_are_read_as_they_are_written_or_refused() {
    let desk = Desk::with_vote("as_written");
    for (set, part) in [
        ("protocol.nodes=1e3", "a whole number"),
        ("protocol.nodes=18446744073709551616", "whole number"),
        ("protocol.nodes=10000001", "can be run"),
        ("network.loss=-0.0", "not a number"),
        ("network.loss=inf", "finite"),
        ("network.loss=\"1_0%\"", "not a"),
        ("network.latency=-1ms", "-1ms"),
        ("network.latency=5", "unit"),
        ("workload.timeout=0s", "for ever"),
        ("protocol.timeout=0s", "at least 1ns"),
        ("protocol.Nodes=3", "Nodes"),
        ("Horizon=3s", "did you mean `horizon`?"),
        ("clock.nodes.n0={drift_ppm=-1000000}", "-900000"),
        ("workload.options=[]", "give 1"),
    ] {
        let said = desk.synod(&["run", "vote.toml", "--set", set]).exits(3);
        assert!(said.err.contains(part), "{set}: {}", said.err);
    }
    // A number in another base is that number: sixteen agents have sixteen opinions.
    let mixed = ["workload.opinions=[\"yes\", \"no\"]", "protocol.nodes=0x10"];
    let [opinions, nodes] = mixed;
    desk.synod(&["run", "vote.toml", "--set", opinions, "--set", nodes]).exits(0);
}

#[test]
fn shares_that_add_up_to_nothing_are_refused() {
    let desk = Desk::with_vote("shares");
    for (latency, part) in [
        ("{ dist = \"mixture\", parts = [] }", "at least one part"),
        ("{ dist = \"mixture\", parts = [{ weight = 0, latency = \"1ms\" }] }", "above 0"),
        ("{ dist = \"empirical\", points = [] }", "lead from"),
    ] {
        let set = format!("network.latency={latency}");
        let said = desk.synod(&["run", "vote.toml", "--set", &set]).exits(3);
        assert!(said.err.contains(part), "{set}: {}", said.err);
    }
}

#[test]
fn a_cut_has_two_sides_and_a_node_one_place() {
    let desk = Desk::new("sides");
    for (lines, part) in [
        (
            "[[fault]]\nat = \"1ms\"\nkind = \"partition\"\ngroups = [[\"n0\", \"n1\"], [\"n1\"]]",
            "n1 is on both sides of this cut",
        ),
        (
            "[[fault]]\nat = \"1ms\"\nkind = \"one-way\"\nfrom = \"n0\"\nto = \"n0\"",
            "n0 is on both sides of this cut",
        ),
        ("[network.regions]\na = [\"n0\"]\nb = [\"n0\"]", "a node stands in one place"),
        ("[network.regions]\n\"a\\u202eb\" = [\"n0\"]", "1 to 64 letters"),
        ("[network.regions]\n\"<script>\" = [\"n0\"]", "1 to 64 letters"),
        ("[network.regions]\n\"\" = [\"n0\"]", "1 to 64 letters"),
    ] {
        with(&desk, lines);
        let said = desk.synod(&["run", "vote.toml"]).exits(3);
        assert!(said.err.contains(part), "{lines}: {}", said.err);
        assert!(!said.err.contains('\u{202e}'), "{}", said.err);
    }
}

#[test]
fn what_strikes_nothing_is_said_to_have_changed_nothing() {
    let desk = Desk::new("nothing_struck");
    for lines in [
        "[[fault]]\nat = \"1ms\"\nkind = \"heal\"",
        "[[fault]]\nat = \"1ms\"\nkind = \"restart\"\ntarget = \"n0\"",
    ] {
        with(&desk, lines);
        let said = desk.synod(&["run", "vote.toml"]).exits(20);
        assert!(said.out.contains("changed nothing"), "{lines}: {}", said.out);
        assert!(said.out.contains("inconclusive: vacuous"), "{lines}: {}", said.out);
    }
    let twice = "[[fault]]\nat = \"1ms\"\nkind = \"crash\"\ntarget = \"n0\"\n";
    with(&desk, &format!("{twice}{}", twice.replace("1ms", "2ms")));
    let said = desk.synod(&["run", "vote.toml"]);
    assert!(said.out.contains("crash {}    changed nothing"), "{}", said.out);
}

#[test]
fn what_of_a_profile_strikes_nothing_is_said_once_where_the_profile_is_written() {
    let desk = Desk::new("idle_profile");
    with(&desk, "[[fault]]\nat = \"1ms\"\nkind = \"heal\"\n\n[[fault]]\nprofile = \"chaos\"");
    let out = desk.synod(&["sweep", "vote.toml", "--seeds", "0..3", "--no-figures"]).out;
    let said: Vec<_> = out.lines().filter(|line| line.contains("changed nothing in any")).collect();
    assert_eq!(said.len(), 2, "{out}");
    assert!(said[0].contains("fault[0] (heal) changed nothing"), "{out}");
    assert!(said[1].contains("fault[1] (a profile) "), "{out}");
    assert!(said[1].contains(" of its 21 entries changed nothing"), "{out}");
}

#[test]
fn one_of_several_protocols_can_be_chosen_though_expectations_speak_of_the_others() {
    let desk = Desk::new("one_of_several");
    for kind in ["concession", "alternating-offers"] {
        let chosen = format!("protocol.kind={kind}");
        let said = desk.synod(&["run", "agents/negotiation-frontier", "--set", &chosen]).exits(0);
        assert!(said.out.contains(kind), "{}", said.out);
    }
}

#[test]
fn a_schedule_without_end_ends_at_its_bound() {
    let desk = Desk::new("endless");
    let endless = "[[fault]]\nat = \"1ms\"\nevery = \"1ns\"\nkind = \"crash\"\ntarget = \"n0\"\n\
                   restart_after = \"1ns\"";
    with(&desk, endless);
    let said = desk.synod(&["run", "vote.toml"]).exits(20);
    assert!(said.out.contains("inconclusive: strikes"), "{}", said.out);
}

#[test]
fn a_mesh_that_does_not_fit_is_ended_before_memory_is() {
    let desk = Desk::with_vote("mesh");
    let set = ["--set", "protocol.nodes=100000", "--set", "workload.opinions=[\"yes\"]"];
    let said = desk.synod(&[&["run", "vote.toml"], &set[..]].concat()).exits(20);
    assert!(said.out.contains("inconclusive: memory"), "{}", said.out);
}

#[test]
fn a_name_is_text_in_every_picture_and_table() {
    let desk = Desk::new("script");
    let name = r#"name = "<script>alert(1)</script>\"><img src=x onerror=1>-->]]>""#;
    desk.put("vote.toml", VOTE.replace("name = \"vote\"", name));
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..3"]).exits(0);
    let figures = fs::canonicalize(desk.path("results/latest")).expect("it").join("figures");
    let mut seen = 0;
    for entry in fs::read_dir(figures).expect("the figures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let svg = fs::read_to_string(&path).expect("a picture");
            for code in ["<script", "<img", "]]>"] {
                assert!(!svg.contains(code), "{}: {code}", path.display());
            }
            seen += usize::from(svg.contains("&lt;script&gt;"));
        }
    }
    assert!(seen > 0, "the name is in the pictures");
}

#[test]
fn tables_that_are_not_what_a_sweep_wrote_are_refused_with_their_line() {
    let desk = Desk::with_vote("tables");
    desk.synod(&["sweep", "vote.toml", "--seeds", "0..3", "--no-figures"]).exits(0);
    let good = desk.text("results/latest/runs.csv");
    let header = good.lines().next().expect("a header");
    let wide: Vec<String> = (0..1_000_000).map(|column| format!("c{column}")).collect();
    fs::create_dir(desk.path("bad")).expect("a folder");
    for (text, part) in [
        (String::new(), "runs.csv:1"),
        (wide.join(","), "runs.csv:1"),
        (good.replace(',', ";"), "runs.csv:1"),
        (good.replacen("pass", "\"pass", 1), "runs.csv:"),
        (good.replacen("pass", "great", 1), "great"),
        (format!("{header}\nonly,two\n"), "runs.csv:2"),
        (good.replacen("0,p0,0", "0,p0,NaN", 1), "runs.csv:2"),
        (good.replacen("0,p0,0", "0,p0,1\n2", 1), "runs.csv:2"),
    ] {
        desk.put("bad/runs.csv", text);
        let said = desk.synod(&["report", "bad"]).exits(74);
        assert!(said.err.contains(part), "{part}: {}", said.err);
        assert!(said.err.len() < 2_000, "an error is not as long as its file");
    }
    desk.put("bad/runs.csv", b"run_id,\xff\xfe\n");
    desk.synod(&["report", "bad"]).exits(74);
}
