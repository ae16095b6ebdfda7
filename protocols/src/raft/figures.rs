//! Raft told by hand: an election, a replication, a conflict, and Figure 8 of the paper.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use sim_core::tabletop::Tabletop;

use super::tests::{Table, ask, elect, stand_unheard, table};
use super::{Raft, Role, Timer};
use crate::machine::Machine;

/// The logs, as the paper draws them.
fn picture(table: &Table, n: u32) -> String {
    let mut lines = String::new();
    for node in 0..n {
        let line = if table.timers(node).is_empty() {
            "down".to_owned()
        } else {
            let raft = table.state(node);
            let role = match raft.role() {
                Role::Follower { .. } => "follows",
                Role::PreCandidate { .. } => "would stand after",
                Role::Candidate { .. } => "stands in",
                Role::Leader(_) => "leads",
            };
            let (term, entries) = (raft.term(), raft.log().range(1, usize::MAX));
            format!("{role} {term}: {entries:?}, committed {}", raft.commit())
        };
        writeln!(lines, "n{node} {line}").expect("a string takes every line");
    }
    lines
}

/// Nothing was broken, and the transcript from the first line with `since` on is as expected.
#[track_caller]
pub(super) fn tells<M: Machine>(table: &Tabletop<Raft<M>>, since: &str, expected: &Expect) {
    assert_eq!(table.violations(), []);
    let from = table.transcript().find(since).expect("the transcript has the line");
    expected.assert_eq(&table.transcript()[from..]);
}

#[test]
fn a_candidate_with_a_majority_leads() {
    let mut table = table(3, 64, None);
    table.fire(1, Timer::Election);
    table.deliver(1, 0);
    table.deliver(0, 1);
    tells(
        &table,
        "n1 timer",
        &expect![[r#"
            n1 timer Election
              n1 Announce(Candidate { term: 1 })
              n1 Persist { record: State { term: 1, vote: Some(n1) } }
              n1 SetTimer { timer: Election, after: 150ms }
              n1 Send { to: n0, message: RequestVote { term: 1, last: 0@0 } }
              n1 Send { to: n2, message: RequestVote { term: 1, last: 0@0 } }
            n1 → n0 RequestVote { term: 1, last: 0@0 }
              n0 Persist { record: State { term: 1, vote: Some(n1) } }
              n0 SetTimer { timer: Election, after: 150ms }
              n0 Announce(VoteGranted { term: 1, candidate: n1 })
              n0 Send { to: n1, message: Vote { term: 1, granted: true } }
            n0 → n1 Vote { term: 1, granted: true }
              n1 Announce(QuorumFormed { term: 1 })
              n1 Announce(Leader { term: 1 })
              n1 CancelTimer { timer: Election }
              n1 RepeatTimer { timer: Heartbeat, every: 50ms }
              n1 Send { to: n0, message: Append(Append { term: 1, previous: 0@0, commit: 0, entries: [nothing@1] }) }
              n1 Send { to: n2, message: Append(Append { term: 1, previous: 0@0, commit: 0, entries: [nothing@1] }) }
              n1 Persist { record: Append { first: 1, entries: [nothing@1] } }
        "#]],
    );
}

#[test]
fn an_entry_is_committed_by_a_majority_and_the_next_append_says_so() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1]);
    table.settle(&[0, 1]);
    table.lose_all();
    ask(&mut table, 0, 7);
    table.deliver(0, 1);
    table.deliver(1, 0);
    table.fire(0, Timer::Heartbeat);
    table.deliver(0, 1);
    tells(
        &table,
        "n0 is asked",
        &expect![[r#"
            n0 is asked c0.7 Command(7)
              n0 Send { to: n1, message: Append(Append { term: 1, previous: 1@1, commit: 1, entries: [c0.7@1] }) }
              n0 Persist { record: Append { first: 2, entries: [c0.7@1] } }
            n0 → n1 Append(Append { term: 1, previous: 1@1, commit: 1, entries: [c0.7@1] })
              n1 SetTimer { timer: Election, after: 150ms }
              n1 Persist { record: Append { first: 2, entries: [c0.7@1] } }
              n1 Send { to: n0, message: AppendReply { term: 1, heartbeat: None, outcome: Accepted { through: 2 } } }
              n1 Announce(Committed { index: 1 })
            n1 → n0 AppendReply { term: 1, heartbeat: None, outcome: Accepted { through: 2 } }
              n0 Announce(Committed { index: 2 })
              n0 Indicate { answers: None, indication: Delivered { position: 1, op: c0.7, command: Command(7) } }
              n0 Indicate { answers: Some(c0.7), indication: Acknowledged { position: 1 } }
            n0 timer Heartbeat
              n0 Send { to: n1, message: Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] }) }
              n0 Send { to: n2, message: Append(Append { term: 1, previous: 0@0, commit: 2, entries: [] }) }
            n0 → n1 Append(Append { term: 1, previous: 2@1, commit: 2, entries: [] })
              n1 SetTimer { timer: Election, after: 150ms }
              n1 Send { to: n0, message: AppendReply { term: 1, heartbeat: Some(1), outcome: Accepted { through: 2 } } }
              n1 Announce(Committed { index: 2 })
              n1 Indicate { answers: None, indication: Delivered { position: 1, op: c0.7, command: Command(7) } }
        "#]],
    );
}

#[test]
fn a_follower_gives_up_entries_that_conflict() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2]);
    ask(&mut table, 0, 0);
    ask(&mut table, 0, 1);
    elect(&mut table, 2, &[1]);
    ask(&mut table, 2, 5);
    table.settle(&[1, 2]);
    elect(&mut table, 1, &[2]);
    table.deliver(1, 0);
    table.deliver(0, 1);
    table.deliver(1, 0);
    table.deliver(0, 1);
    tells(
        &table,
        "n1 → n0 Append(",
        &expect![[r#"
            n1 → n0 Append(Append { term: 3, previous: 3@2, commit: 2, entries: [nothing@3] })
              n0 CancelTimer { timer: Heartbeat }
              n0 SetTimer { timer: Election, after: 150ms }
              n0 Announce(Follower { term: 3 })
              n0 Persist { record: State { term: 3, vote: None } }
              n0 SetTimer { timer: Election, after: 150ms }
              n0 Send { to: n1, message: AppendReply { term: 3, heartbeat: None, outcome: Rejected { previous: 3, hint: 3@1 } } }
            n0 → n1 AppendReply { term: 3, heartbeat: None, outcome: Rejected { previous: 3, hint: 3@1 } }
              n1 Send { to: n0, message: Append(Append { term: 3, previous: 1@1, commit: 2, entries: [nothing@2, c0.5@2, nothing@3] }) }
            n1 → n0 Append(Append { term: 3, previous: 1@1, commit: 2, entries: [nothing@2, c0.5@2, nothing@3] })
              n0 SetTimer { timer: Election, after: 150ms }
              n0 Announce(Truncated { index: 2 })
              n0 Persist { record: Append { first: 2, entries: [nothing@2, c0.5@2, nothing@3] } }
              n0 Send { to: n1, message: AppendReply { term: 3, heartbeat: None, outcome: Accepted { through: 4 } } }
              n0 Announce(Committed { index: 2 })
            n0 → n1 AppendReply { term: 3, heartbeat: None, outcome: Accepted { through: 4 } }
              n1 Announce(Marked { name: "old_term_committed" })
              n1 Announce(Committed { index: 4 })
              n1 Indicate { answers: None, indication: Delivered { position: 1, op: c0.5, command: Command(5) } }
        "#]],
    );
}

/// Figure 8, with the paper's S1 to S5 as n0 to n4, and its terms 2 to 5 as 1 to 4. What the
/// paper's S5 accepts in (b) is here the first entry of its own term. Pictures are of (a) to (d).
pub(super) fn figure_8(mutant: Option<&'static str>, pictures: &mut Vec<String>) -> Table {
    let mut table = table(5, 1, mutant);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2, 3, 4]);
    ask(&mut table, 0, 0);
    table.deliver(0, 1);
    pictures.push(picture(&table, 5));
    table.crash(0);
    elect(&mut table, 4, &[2, 3]);
    pictures.push(picture(&table, 5));
    table.crash(4);
    table.restart(0);
    stand_unheard(&mut table, 0);
    elect(&mut table, 0, &[1, 2]);
    // n2 lacks the old entry and gets it; n1 confirms that it has it; the new one gets nowhere.
    for _ in 0..2 {
        table.deliver(0, 2);
        table.deliver(2, 0);
    }
    table.lose_all();
    table.fire(0, Timer::Heartbeat);
    table.deliver(0, 1);
    table.deliver(1, 0);
    pictures.push(picture(&table, 5));
    table.crash(0);
    table.restart(4);
    stand_unheard(&mut table, 4);
    elect(&mut table, 4, &[1, 2, 3]);
    table.settle(&[1, 2, 3, 4]);
    pictures.push(picture(&table, 5));
    table
}

#[test]
fn figure_8_an_entry_of_an_older_term_on_a_majority_can_be_overwritten() {
    let mut pictures = Vec::new();
    let table = figure_8(None, &mut pictures);
    assert_eq!(table.violations(), []);
    expect![[r#"
        n0 leads 1: [nothing@1, c0.0@1], committed 1
        n1 follows 1: [nothing@1, c0.0@1], committed 1
        n2 follows 1: [nothing@1], committed 0
        n3 follows 1: [nothing@1], committed 0
        n4 follows 1: [nothing@1], committed 0

        n0 down
        n1 follows 1: [nothing@1, c0.0@1], committed 1
        n2 follows 2: [nothing@1], committed 0
        n3 follows 2: [nothing@1], committed 0
        n4 leads 2: [nothing@1, nothing@2], committed 0

        n0 leads 3: [nothing@1, c0.0@1, nothing@3], committed 0
        n1 follows 3: [nothing@1, c0.0@1], committed 1
        n2 follows 3: [nothing@1, c0.0@1], committed 0
        n3 follows 2: [nothing@1], committed 0
        n4 down

        n0 down
        n1 follows 4: [nothing@1, nothing@2, nothing@4], committed 1
        n2 follows 4: [nothing@1, nothing@2, nothing@4], committed 0
        n3 follows 4: [nothing@1, nothing@2, nothing@4], committed 0
        n4 leads 4: [nothing@1, nothing@2, nothing@4], committed 3
    "#]]
    .assert_eq(&pictures.join("\n"));
}

#[test]
fn figure_8_an_entry_of_the_current_term_on_a_majority_keeps_rivals_out() {
    let mut table = table(5, 64, None);
    elect(&mut table, 4, &[2, 3]);
    table.crash(4);
    stand_unheard(&mut table, 0);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2]);
    assert_eq!(table.state(0).commit(), 1);
    table.crash(0);
    table.restart(4);
    stand_unheard(&mut table, 4);
    elect(&mut table, 4, &[1, 2, 3]);
    assert!(matches!(table.state(4).role(), Role::Candidate { .. }));
    assert_eq!(table.violations(), []);
}
