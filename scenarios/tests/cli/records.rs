//! `synod trace --record`: the record of a decision as a page.

use expect_test::{expect, expect_file};

use crate::driver::Desk;

/// Five agents, of whom one lies; the facilitator goes down once it has opened the minutes.
const REVIEW: &str = r#"
name = "review"
title = "Is it | merged?"
horizon = "20s"

[protocol]
kind = "consensus-builder"
nodes = 5
threshold = "80%"
criteria = [{ name = "correctness", weight = 3 }, { name = "cost", weight = 1 }]

[network]
latency = "5ms..20ms"

[cost.tokens]
each = 10
bytes_per_token = 4

[[fault]]
on = "leader"
after = "1ms"
kind = "crash"
target = "n0"
restart_after = "2s"

[workload]
options = ["merge", "rework", "reject"]
worth = [[90, 60, 0], [20, 80, 40], [70, 75, 10], [60, 70, 20], [30, 50, 90]]
conduct = ["honest", "honest", "honest", "honest", "lying"]
"#;

#[test]
fn the_record_of_a_consensus_tells_who_wanted_what_how_it_ended_and_what_would_have_changed_it() {
    let desk = Desk::new("record");
    desk.put("review.toml", REVIEW);
    let page = desk.synod(&["trace", "review.toml", "--seed", "1", "--record"]).exits(0).out;
    expect_file!["golden/review.md"].assert_eq(&page);
    desk.synod(&["trace", "review.toml", "--seed", "1", "--record", "page.md"]).exits(0);
    assert_eq!(desk.text("page.md"), page);
}

#[test]
fn a_vote_is_recorded_too_with_the_one_ballot_that_would_have_changed_it() {
    let desk = Desk::with_vote("record_vote");
    let page = desk.synod(&["trace", "vote.toml", "--seed", "1", "--record"]).exits(0).out;
    let of = |title: &str| {
        let section = page.split("\n## ").find(|section| section.starts_with(title));
        section.unwrap_or_else(|| panic!("no {title}:\n{page}")).trim().to_owned()
    };
    expect![[r#"
        What would have changed the result

        Had these ballots been all: A.

        1 of 5 ballots, and no fewer: with n0 with B, it would have been B."#]]
    .assert_eq(&of("What would have changed"));
    expect![[r#"
        Ballots

        As n1 has heard them; 5 of 5.

        | voter | ballot | weight |
        | --- | --- | --- |
        | n0 | A | 1 |
        | n1 | A | 1 |
        | n2 | A | 1 |
        | n3 | B | 1 |
        | n4 | B | 1 |"#]]
    .assert_eq(&of("Ballots"));
    expect![[r#"
        Dissent

        | agent | said to prefer | worth of the decision |
        | --- | --- | --- |
        | n3 | B (no) at 100 | 0 |
        | n4 | B (no) at 100 | 0 |"#]]
    .assert_eq(&of("Dissent"));
}

#[test]
fn what_keeps_no_record_says_so() {
    let desk = Desk::with_log("record_none");
    let said = desk.synod(&["trace", "log.toml", "--record"]).exits(2);
    assert!(said.err.contains("raft keeps no record: its problem is log"), "{}", said.err);
    desk.synod(&["trace", "log.toml", "--record", "--from", "1s"]).exits(2);
    let said = desk.synod(&["trace", "log.toml", "--record", "--format", "json"]).exits(2);
    assert!(said.err.contains("--record writes a page in Markdown"), "{}", said.err);
}
