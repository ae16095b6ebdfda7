//! Shrinking: what is left is small, breaks the same, and does not depend on the machine.

use crate::driver::Desk;

const LIARS: &str = "voting/two-liars-split";

#[test]
fn what_is_left_breaks_the_same_property_and_a_sweep_of_it_is_content() {
    let desk = Desk::new("shrink");
    let said = desk.synod(&["shrink", LIARS, "--seed", "0", "-o", "small.toml"]).exits(0);
    assert!(said.out.contains("corrupt") && said.out.contains("horizon 20s→"), "{}", said.out);
    let text = desk.text("small.toml");
    for part in [
        "# Shrunk from two-liars-split, seed 0",
        "assumptions exceeded",
        "property = \"agreement\"",
        "holds = false",
        "kind = \"corrupt\"",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    // What has its default value is not written down.
    assert!(!text.contains("delta") && !text.contains("[limits]"), "{text}");
    let sweep = desk.synod(&["sweep", "small.toml", "--no-figures"]).exits(0);
    assert!(sweep.out.contains("✓ agreement breaks in some run"), "{}", sweep.out);
    assert!(sweep.out.contains("assumptions exceeded"), "{}", sweep.out);
}

#[test]
fn the_result_is_the_same_bytes_on_one_thread_and_on_four() {
    let desk = Desk::new("shrink-threads");
    let left = |jobs: &str| {
        desk.synod(&["shrink", LIARS, "--seed", "3", "--seeds", "0..5", "-j", jobs]).exits(0).out
    };
    let one = left("1");
    assert!(one.contains("[[expect]]"), "{one}");
    assert_eq!(one, left("4"));
}

#[test]
fn a_run_that_stalls_is_shrunk_to_one_that_stalls() {
    let desk = Desk::new("shrink-stalled");
    let words = ["shrink", "raft/lost-majority", "--seed", "1", "--seeds", "0..0", "-o", "s.toml"];
    desk.synod(&words).exits(0);
    let text = desk.text("s.toml");
    assert!(text.contains("# stalled: ") && text.contains("seeds = \"1..2\""), "{text}");
    let sweep = desk.synod(&["sweep", "s.toml", "--no-figures"]).exits(0);
    assert!(sweep.out.contains("1 of 1"), "{}", sweep.out);
}

#[test]
fn tries_are_bounded_and_what_was_found_by_then_is_kept() {
    let desk = Desk::new("shrink-bounded");
    let words = ["shrink", LIARS, "--seed", "0", "--tries", "3", "-o", "small.toml"];
    let said = desk.synod(&words).exits(0);
    assert!(said.err.contains("stopped after 3 tries; --tries 12"), "{}", said.err);
    desk.synod(&["sweep", "small.toml", "--no-figures"]).exits(0);
}

#[test]
fn where_there_is_nothing_to_shrink_the_next_command_is_named() {
    let desk = Desk::with_vote("shrink-sound");
    let said = desk.synod(&["shrink", "vote.toml", "--seed", "7"]).exits(2);
    assert!(said.err.contains("seed 7 breaks nothing"), "{}", said.err);
    assert!(said.err.contains("next: synod sweep vote.toml"), "{}", said.err);
    let said = desk.synod(&["shrink", "vote.toml", "-o", "vote.toml"]).exits(2);
    assert!(said.err.contains("the scenario itself"), "{}", said.err);
    assert_eq!(desk.text("vote.toml"), crate::driver::VOTE);
}

#[test]
fn programs_are_told_what_people_are() {
    let desk = Desk::new("shrink-json");
    let said = desk.synod(&["shrink", LIARS, "--seeds", "0..3", "--format", "json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(document["schema"], "synod.shrink/1");
    assert_eq!(
        (&document["verdict"], &document["reason"]),
        (&"unsafe".into(), &"agreement".into())
    );
    let events = |case: &str| document[case]["events"].as_u64().expect("a count");
    assert!(events("after") <= events("before"), "{document}");
    assert!(document["document"].as_str().is_some_and(|text| text.contains("[protocol]")));
}
