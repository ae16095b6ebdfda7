//! Raft by hand: recovery, repair, retries, and what an entry costs.

use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::message::{Forger, Lie, Message as _};
use sim_core::protocol::Protocol as _;
use sim_core::rng::{Stream, Streams};
use sim_core::tabletop::Tabletop;
use sim_core::time::{Duration, DurationRange};

use super::message::{Append, Entries, Entry, Message, Outcome, Payload, Place, Record};
use super::{Config, Raft, Role, Timer};
use crate::machine::Machine;
use crate::problem::log::Command;

pub(super) type Table = Tabletop<Raft>;

/// Short appends, and timeouts that look alike in transcripts.
pub(super) fn table(n: u32, max_entries_per_append: u32, mutant: Option<&'static str>) -> Table {
    let election_timeout = DurationRange::from_millis(150, 150);
    let config = Config { election_timeout, max_entries_per_append, ..Config::default() };
    Table::with_mutant(n, config, mutant)
}

/// Client c0 asks a node for its operation `sequence`.
pub(super) fn ask(table: &mut Table, node: u32, sequence: u32) {
    let op = OpId { client: ClientId(0), sequence };
    table.request(node, op, Command(u64::from(sequence)));
}

/// A node stands for election and nobody hears of it.
pub(super) fn stand_unheard<M: Machine>(table: &mut Tabletop<Raft<M>>, node: u32) {
    table.fire(node, Timer::Election);
    table.lose_all();
}

/// A node stands for election, and these nodes hear of it and answer. What it says afterwards
/// is on its way.
pub(super) fn elect<M: Machine>(table: &mut Tabletop<Raft<M>>, candidate: u32, voters: &[u32]) {
    table.lose_all();
    table.fire(candidate, Timer::Election);
    let asked: Vec<u32> = table.flying().iter().map(|letter| letter.to.0).collect();
    for node in asked {
        if voters.contains(&node) {
            table.deliver(candidate, node);
            table.deliver(node, candidate);
        } else {
            table.take(candidate, node);
        }
    }
}

#[test]
fn a_pre_vote_of_an_earlier_term_does_not_count() {
    let config = Config { pre_vote: true, ..Config::default() };
    let mut table = Table::with_mutant(3, config, None);
    let granted = |term| Message::PreVoteReply { term, granted: true };
    table.fire(0, Timer::Election);
    table.inject(1, 0, granted(0));
    assert_eq!(table.state(0).term(), 1, "a majority would vote for n0");
    table.fire(0, Timer::Election);
    table.inject(1, 0, granted(0));
    assert_eq!(table.state(0).term(), 1, "the reply was to an earlier poll");
    table.inject(1, 0, granted(1));
    assert_eq!(table.state(0).term(), 2);
}

#[test]
fn a_restarted_server_has_its_term_its_vote_and_its_log() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1]);
    table.settle(&[0, 1]);
    ask(&mut table, 0, 0);
    table.settle(&[0, 1]);
    elect(&mut table, 2, &[]);
    elect(&mut table, 2, &[1]);
    for node in 0..3 {
        let before = table.state(node).clone();
        table.restart(node);
        let after = table.state(node);
        assert_eq!((after.term(), after.vote()), (before.term(), before.vote()));
        assert_eq!(after.log().range(1, 9), before.log().range(1, 9));
        assert_eq!((after.commit(), after.log().cuts()), (0, 0));
        assert!(matches!(after.role(), Role::Follower { leader: None }));
    }
    let voted = [0, 1, 2].map(|node| (table.state(node).term(), table.state(node).vote()));
    assert_eq!(voted, [(1, Some(NodeId(0))), (2, None), (2, Some(NodeId(2)))]);
    assert_eq!(table.violations(), []);
}

#[test]
fn a_record_replaces_what_it_conflicts_with_and_is_left_out_beyond_a_gap() {
    let mut server = table(3, 64, None).state(0).clone();
    let entry = |term| Entry { term, payload: Payload::Nothing };
    let mut write = |first, terms: &[u64]| {
        let entries: Vec<_> = terms.iter().map(|term| entry(*term)).collect();
        server.replay(&Record::Append { first, entries: Entries::of(&entries) });
        server.log().range(1, 9).iter().map(|entry| entry.term).collect::<Vec<_>>()
    };
    assert_eq!(write(1, &[1, 1, 1]), [1, 1, 1]);
    assert_eq!(write(5, &[1]), [1, 1, 1]);
    assert_eq!(write(2, &[2]), [1, 2]);
    assert_eq!(write(3, &[2]), [1, 2, 2]);
    assert_eq!(write(2, &[]), [1]);
}

#[test]
fn an_entry_costs_one_append_and_one_reply_per_follower() {
    for n in [3, 5, 7] {
        let mut table = table(n, 64, None);
        let (all, majority): (Vec<u32>, Vec<u32>) = ((0..n).collect(), (1..=n / 2).collect());
        elect(&mut table, 0, &majority);
        table.settle(&all);
        let delivered = |table: &Table| table.transcript().matches(" → n").count();
        for sequence in 0..10 {
            let before = delivered(&table);
            ask(&mut table, 0, sequence);
            table.settle(&all);
            assert_eq!(delivered(&table) - before, 2 * (n as usize - 1));
        }
        assert_eq!(table.state(0).commit(), 11);
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn a_leader_sends_new_entries_before_the_last_ones_are_acknowledged() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2]);
    (0..4).for_each(|sequence| ask(&mut table, 0, sequence));
    assert_eq!(table.flying().len(), 8);
    table.settle(&[0, 1, 2]);
    assert_eq!((table.state(0).commit(), table.state(2).log().last().index), (5, 5));
}

#[test]
fn what_was_lost_is_found_missing_by_the_second_heartbeat() {
    let mut table = table(3, 2, None);
    elect(&mut table, 0, &[1, 2]);
    table.settle(&[0, 1, 2]);
    (0..9).for_each(|sequence| ask(&mut table, 0, sequence));
    table.lose_all();
    table.fire(0, Timer::Heartbeat);
    table.settle(&[0, 1, 2]);
    assert_eq!(table.state(0).commit(), 1, "an interval has not passed yet");
    table.fire(0, Timer::Heartbeat);
    table.settle(&[0, 1, 2]);
    assert_eq!((table.state(0).commit(), table.state(1).log().last().index), (10, 10));
    table.fire(0, Timer::Heartbeat);
    table.settle(&[0, 1, 2]);
    assert_eq!((table.state(1).commit(), table.state(2).commit()), (10, 10));
    assert_eq!(table.violations(), []);
}

#[test]
fn a_lost_probe_is_sent_again_at_the_next_heartbeat() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1]);
    table.lose_all();
    table.fire(0, Timer::Heartbeat);
    table.settle(&[0, 1, 2]);
    assert_eq!((table.state(0).commit(), table.state(2).log().last().index), (1, 1));
}

#[test]
fn a_single_server_commits_when_its_own_disk_has_the_entry() {
    let mut table = table(1, 64, None);
    table.fire(0, Timer::Election);
    ask(&mut table, 0, 0);
    assert_eq!(table.state(0).commit(), 2);
    assert_eq!(table.violations(), []);
}

#[test]
fn only_leaders_take_requests_and_followers_name_them() {
    let mut table = table(3, 64, None);
    ask(&mut table, 1, 0);
    elect(&mut table, 0, &[1]);
    table.settle(&[0, 1]);
    ask(&mut table, 1, 0);
    let redirects: Vec<_> =
        table.transcript().lines().filter(|line| line.contains("Redirect")).collect();
    assert!(redirects[0].contains("leader: None"), "{redirects:?}");
    assert!(redirects[1].contains("leader: Some(n0)"), "{redirects:?}");
}

fn answers(table: &Table) -> Vec<&str> {
    table.transcript().lines().filter(|line| line.contains("Acknowledged")).collect()
}

#[test]
fn an_operation_that_is_asked_for_twice_enters_the_log_once() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1]);
    table.settle(&[0, 1]);
    ask(&mut table, 0, 3);
    ask(&mut table, 0, 3);
    table.settle(&[0, 1]);
    assert_eq!((table.state(0).log().last().index, answers(&table).len()), (2, 1));
    ask(&mut table, 0, 3);
    assert_eq!((table.state(0).log().last().index, answers(&table).len()), (2, 2));
}

#[test]
fn a_retry_at_the_next_leader_is_done_once_and_answered_with_its_position() {
    // The first leader commits the operation, or only has it copied; either way it crashes
    // before its client hears of it.
    for committed in [true, false] {
        let mut table = table(3, 64, None);
        elect(&mut table, 0, &[1]);
        table.settle(&[0, 1]);
        ask(&mut table, 0, 8);
        ask(&mut table, 0, 4);
        if committed {
            table.settle(&[0, 1]);
        } else {
            table.deliver(0, 1);
            table.deliver(0, 1);
        }
        let heard = answers(&table).len();
        table.crash(0);
        elect(&mut table, 1, &[2]);
        ask(&mut table, 1, 4);
        table.settle(&[1, 2]);
        let log = table.state(1).log().range(1, 9);
        assert_eq!(format!("{log:?}"), "[nothing@1, c0.8@1, c0.4@1, nothing@2]");
        let answers = answers(&table);
        assert_eq!(answers.len() - heard, 1);
        assert!(answers[heard].contains("Acknowledged { position: 2 }"), "{answers:?}");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn an_operation_whose_entry_was_given_up_can_be_asked_for_again() {
    let mut table = table(3, 64, None);
    elect(&mut table, 0, &[1]);
    ask(&mut table, 0, 0);
    stand_unheard(&mut table, 2);
    elect(&mut table, 2, &[1]);
    table.settle(&[0, 1, 2]);
    elect(&mut table, 0, &[1]);
    ask(&mut table, 0, 0);
    table.settle(&[0, 1, 2]);
    let log = table.state(0).log().range(1, 9);
    assert_eq!(format!("{log:?}"), "[nothing@2, nothing@3, c0.0@3]");
    assert_eq!((answers(&table).len(), table.violations()), (1, &[][..]));
}

#[test]
fn a_configuration_that_cannot_work_is_objected_to() {
    let objections = |config: &Config| {
        let objections = <Raft>::objections(config, Cluster { n: 3 });
        objections.iter().map(|it| (it.key, it.runnable)).collect::<Vec<_>>()
    };
    let (good, zero) = (Config::default(), Duration::ZERO);
    assert_eq!(objections(&good), []);
    let heartbeat = Duration::from_millis(150);
    assert_eq!(objections(&Config { heartbeat, ..good.clone() }), [("heartbeat", true)]);
    assert_eq!(objections(&Config { heartbeat: zero, ..good.clone() }), [("heartbeat", false)]);
    let mute = Config { max_entries_per_append: 0, ..good.clone() };
    assert_eq!(objections(&mute), [("max_entries_per_append", false)]);
    let hasty = Config { election_timeout: DurationRange::from_millis(0, 300), ..good };
    assert_eq!(objections(&hasty), [("election_timeout", false), ("heartbeat", true)]);
}

#[test]
fn messages_are_small_and_their_lies_well_formed() {
    assert!(size_of::<Message>() <= 64, "{} bytes", size_of::<Message>());
    let previous = Place { index: 3, term: 1 };
    let entry = Entry { term: 2, payload: Payload::Nothing };
    let append = |entries| Message::Append(Append { term: 2, previous, commit: 1, entries });
    let reply = |heartbeat, outcome| Message::AppendReply { term: 2, heartbeat, outcome };
    let messages = [
        Message::RequestVote { term: 2, last: previous },
        Message::Vote { term: 2, granted: false },
        append(Entries::of(&[entry, entry])),
        reply(None, Outcome::Rejected { previous: 3, hint: previous }),
        append(Entries::None { round: 4 }),
        reply(Some(4), Outcome::Accepted { through: 3 }),
        Message::PreVote { term: 2, last: previous },
        Message::PreVoteReply { term: 2, granted: false },
    ];
    for (kind, message) in messages.iter().enumerate() {
        assert_eq!(message.kind(), kind);
        for member in 0..20 {
            let draw = Streams::new(1).key(Stream::Adversary).member(member);
            for about in [Lie::Content, Lie::Round] {
                let forge = || message.forge(about, &mut Forger::without_keys(draw));
                let lie = forge().expect("every kind can lie");
                assert!(lie != *message && lie.kind() == kind, "{message:?} became {lie:?}");
                assert_eq!(Some(lie), forge());
            }
            let accused = message.forge(Lie::Accusation, &mut Forger::without_keys(draw));
            let stands = |term| matches!(term, Some(Message::RequestVote { term: 3, .. }));
            assert!(stands(accused.clone()), "{message:?} became {accused:?}");
        }
    }
}
