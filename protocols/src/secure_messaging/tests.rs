//! Agents at the table, step by step.

use sim_core::id::{ClientId, NodeSet};
use sim_core::message::{Lie, Message as _};
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::*;
use crate::capability::{Action, Resource};
use crate::problem::secure_messaging::{Kind, Label};

pub(super) type Table = Tabletop<SecureMessaging>;

/// Three agents (an admin, an operator, a guest) and the offices.
pub(super) const ALL: [u32; 6] = [0, 1, 2, 3, 4, 5];
pub(super) const KEEPER: u32 = 4;
pub(super) const BROKER: u32 = 5;

/// All have their papers.
pub(super) fn table_with(config: Config, mutant: Option<&'static str>) -> Table {
    let mut table = Table::with_mutant(6, config, mutant);
    table.settle(&ALL);
    gossip(&mut table);
    table
}

/// Every agent tells every other what it knows.
pub(super) fn gossip(table: &mut Table) {
    for _ in 0..2 {
        (0..3).for_each(|agent| table.fire(agent, Timer::Gossip));
        table.settle(&ALL);
    }
}

fn table() -> Table {
    table_with(Config::default(), None)
}

/// The user of an agent asks for something, under the next number.
pub(super) fn ask(table: &mut Table, agent: u32, request: Request) -> OpId {
    let asked = table.transcript().matches(&format!("n{agent} is asked ")).count();
    let op = OpId { client: ClientId(agent), sequence: asked as u32 };
    table.request(agent, op, request);
    op
}

fn answers(table: &Table, answer: &str) -> usize {
    table
        .transcript()
        .lines()
        .filter(|line| line.contains("answers: Some") && line.contains(answer))
        .count()
}

const fn tell(to: u32, label: Label) -> Request {
    Request::Send { to: NodeId(to), kind: Kind::Report, label, term: 3 }
}

const fn act(resource: u32, action: Action, deputy: Option<u32>) -> Request {
    let deputy = match deputy {
        Some(deputy) => Some(NodeId(deputy)),
        None => None,
    };
    Request::Act { resource: Resource(resource), action, deputy }
}

#[test]
fn a_message_takes_a_letter_a_receipt_and_an_entry_of_the_log() {
    let mut table = table();
    ask(&mut table, 0, tell(1, Label::Secret));
    let (mut messages, mut logged) = (0, 0);
    while let Some(next) = table.flying().first() {
        let (from, to) = (next.from.0, next.to.0);
        if let Message::Append { .. } | Message::Appended { .. } = next.message {
            logged += next.message.bytes();
        }
        table.deliver(from, to);
        messages += 1;
    }
    assert_eq!(messages, 6, "each by way of the broker, and the keeper asked and answering");
    let recorded = format!("bytes: {logged} }}");
    assert_eq!(table.transcript().matches(&recorded).count(), 1, "{recorded}: what both took");
    assert_eq!((answers(&table, "Done"), table.violations()), (1, &[][..]));
}

#[test]
fn news_are_as_long_as_what_they_bear() {
    let mut table = table();
    ask(&mut table, 0, tell(1, Label::Public));
    table.settle(&ALL);
    table.fire(1, Timer::Gossip);
    let is_full = |news: &News| news.head.is_some() && !news.statements.is_empty();
    let told = table.flying().iter().find_map(|letter| match &letter.message {
        Message::News(news) if is_full(news) => Some(news.as_ref().clone()),
        _ => None,
    });
    let full = told.expect("news of a head and of what was stated");
    let bytes = |news: News| Message::News(Box::new(news)).bytes();
    let empty = News {
        certificate: None,
        list: None,
        head: None,
        policy: None,
        statements: Vec::new(),
        ..full.clone()
    };
    let parts = [
        News { certificate: full.certificate, ..empty.clone() },
        News { list: full.list.clone(), ..empty.clone() },
        News { head: full.head, ..empty.clone() },
        News { policy: full.policy, ..empty.clone() },
        News { statements: full.statements.clone(), ..empty.clone() },
    ];
    let nothing = bytes(empty);
    let each = parts.map(|part| bytes(part) - nothing);
    assert!(each.iter().all(|part| *part > 0), "{each:?}");
    assert_eq!(bytes(full), nothing + each.iter().sum::<u32>());
}

#[test]
fn who_may_not_is_denied_whichever_way_it_asks() {
    let cases = [
        (2, act(0, Action::Read, None), "Done"),
        (2, act(0, Action::Write, None), "Declined(Unauthorised)"),
        (2, act(4, Action::Read, None), "Declined(Unauthorised)"),
        (2, act(4, Action::Read, Some(0)), "Declined(Unauthorised)"),
        (2, act(1, Action::Read, Some(0)), "Done"),
        (1, act(5, Action::Read, Some(0)), "Done"),
        (1, act(5, Action::Write, Some(0)), "Declined(Unauthorised)"),
        (0, act(5, Action::Write, None), "Done"),
        (0, tell(2, Label::Secret), "Declined(Clearance)"),
    ];
    for (agent, request, answer) in cases {
        let mut table = table();
        ask(&mut table, agent, request);
        table.settle(&ALL);
        assert_eq!(answers(&table, answer), 1, "{request:?}:\n{}", table.transcript());
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn without_access_control_everybody_gets_everything() {
    let config =
        Config { defences: "all but access-control".parse().unwrap(), ..Config::default() };
    let mut table = table_with(config, None);
    ask(&mut table, 2, act(4, Action::Write, Some(0)));
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 1);
    assert_eq!(table.violations(), [], "and it is not promised that they do not");
}

#[test]
fn a_letter_that_was_lost_is_sent_again_and_taken_once() {
    let mut table = table();
    ask(&mut table, 0, tell(1, Label::Public));
    table.deliver(0, BROKER);
    table.deliver(BROKER, 1);
    // The receipt is lost.
    table.lose_all();
    table.pass(Duration::from_millis(300));
    table.fire(0, Timer::Retransmit);
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 1);
    assert_eq!(table.transcript().matches("Accepted").count(), 1);
    assert!(!table.transcript().contains("Suspected"), "nobody is to blame");
}

#[test]
fn a_letter_that_comes_twice_is_held_against_whoever_carries_it() {
    let mut table = table();
    ask(&mut table, 0, tell(1, Label::Public));
    table.deliver(0, BROKER);
    table.duplicate(BROKER, 1);
    table.deliver(BROKER, 1);
    assert!(table.transcript().contains("Suspected { whom: n5, score: 1 }"));
}

#[test]
fn whoever_knows_too_little_of_what_was_revoked_trusts_nobody() {
    let mut table = table();
    table.pass(Config::default().status_age + Duration::from_millis(1));
    ask(&mut table, 0, tell(1, Label::Public));
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 0);
    assert!(table.transcript().contains("cause: Credential"));
    // The next list sets that right.
    table.fire(3, Timer::Refresh);
    table.settle(&ALL);
    gossip(&mut table);
    table.pass(Duration::from_millis(300));
    table.fire(0, Timer::Retransmit);
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 1);
}

#[test]
fn a_letter_under_the_old_key_is_taken_while_the_new_one_is_in_use() {
    let mut table = table();
    ask(&mut table, 0, tell(1, Label::Public));
    let late = table.take(0, BROKER);
    table.fire(0, Timer::Rotate);
    table.settle(&ALL);
    ask(&mut table, 0, tell(1, Label::Public));
    table.settle(&ALL);
    table.arrive(late);
    table.settle(&ALL);
    assert!(table.transcript().contains("key: Some(n0.0)"), "{}", table.transcript());
    assert!(table.transcript().contains("key: Some(n0.1)"));
    assert_eq!((answers(&table, "Done"), table.violations()), (2, &[][..]));
}

#[test]
fn a_liar_without_the_key_changes_a_letter_in_vain() {
    let mut table = table_with(
        Config { defences: "all but encryption".parse().unwrap(), ..Config::default() },
        None,
    );
    ask(&mut table, 0, tell(1, Label::Public));
    let letter = table.take(0, BROKER).message;
    let mouths: NodeSet = [NodeId(BROKER)].into_iter().collect();
    for lie in [Lie::Content, Lie::Round, Lie::Time] {
        let forged = letter.forge(lie, &mut table.forger(&mouths)).unwrap();
        assert_ne!(forged, letter);
        table.inject(BROKER, 1, forged);
    }
    assert_eq!(table.transcript().matches("cause: Unsigned").count(), 3);
    assert!(!table.transcript().contains("Accepted"));
}

#[test]
fn a_keeper_that_shows_two_logs_is_convicted_by_whoever_compares() {
    for attack in [Attack::Truncation, Attack::Edit, Attack::SplitView] {
        let mut table = table_with(Config { attack, ..Config::default() }, None);
        for (from, to) in [(0, 1), (0, 2), (1, 0), (2, 0)] {
            ask(&mut table, from, tell(to, Label::Public));
            table.settle(&ALL);
        }
        gossip(&mut table);
        table.corrupt(KEEPER);
        ask(&mut table, 1, Request::Audit);
        table.settle(&ALL);
        let transcript = table.transcript();
        assert!(transcript.contains("Audited { accepted: false"), "{attack:?}:\n{transcript}");
        let told = transcript.matches("Convicted { whom: n4 }").count();
        assert_eq!(told, 3, "{attack:?}: all agents can check it:\n{transcript}");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn an_honest_keeper_keeps_its_log_through_a_restart_and_is_believed() {
    let mut table = table();
    for _ in 0..3 {
        ask(&mut table, 0, tell(1, Label::Public));
        table.settle(&ALL);
    }
    table.restart(KEEPER);
    table.restart(1);
    table.settle(&ALL);
    gossip(&mut table);
    ask(&mut table, 1, Request::Audit);
    table.settle(&ALL);
    assert_eq!(answers(&table, "accepted: true"), 1, "{}", table.transcript());
    assert!(!table.transcript().contains("Convicted"));
}

#[test]
fn a_hostile_program_confesses_its_attempts_and_nothing_else_of_it_is_evidence() {
    let config = Config { attack: Attack::Eavesdropping, ..Config::default() };
    for (defences, learned) in [("all", 0), ("all but encryption", 1)] {
        let config = Config { defences: defences.parse().unwrap(), ..config.clone() };
        let mut table = table_with(config, None);
        table.corrupt(BROKER);
        ask(&mut table, 0, tell(1, Label::Secret));
        table.settle(&ALL);
        assert_eq!(table.transcript().matches("Attempted").count(), 1);
        assert_eq!(table.transcript().matches("indication: Learned").count(), learned);
        assert_eq!(answers(&table, "Done"), 1, "the letter arrives all the same");
    }
}

#[test]
fn who_floods_is_not_heard_for_a_while_and_may_appeal() {
    let config = Config { rate: 2, threshold: 3, ..Config::default() };
    let mut table = table_with(config, None);
    for _ in 0..6 {
        ask(&mut table, 0, tell(1, Label::Public));
        table.settle(&ALL);
    }
    let transcript = table.transcript();
    assert!(transcript.contains("Alarmed { whom: n0 }"), "{transcript}");
    assert_eq!(answers(&table, "Declined(Quarantined)"), 1, "{transcript}");
    // What was held against it fades; then an appeal is heard.
    table.pass(Duration::from_secs(2));
    table.inject(0, 1, Message::Appeal);
    assert!(table.transcript().contains("Cleared { whom: n0 }"));
}

#[test]
fn an_agent_that_tells_two_agents_different_things_is_convicted_when_they_hear_of_each_other() {
    for (defences, convicted) in [("all", 2), ("all but equivocation", 0)] {
        let defences = defences.parse().unwrap();
        let config = Config { attack: Attack::Equivocation, defences, ..Config::default() };
        let mut table = table_with(config, None);
        table.corrupt(2);
        table.fire(2, Timer::Attack);
        table.settle(&ALL);
        gossip(&mut table);
        let transcript = table.transcript();
        assert_eq!(transcript.matches("indication: Accepted").count(), 2, "{transcript}");
        let told = transcript.matches("Convicted { whom: n2 }").count();
        assert_eq!(told, convicted, "everybody else can check it:\n{transcript}");
        assert_eq!(table.violations(), []);
        // Whoever is convicted is not heard any more.
        table.fire(2, Timer::Attack);
        table.settle(&ALL);
        let taken = table.transcript().matches("indication: Accepted").count();
        assert_eq!(taken, if convicted > 0 { 2 } else { 4 }, "{}", table.transcript());
    }
}

#[test]
fn who_leaves_letters_unanswered_is_given_up_and_who_was_merely_slow_is_cleared() {
    for (attack, cleared) in [(Attack::Silence, 0), (Attack::Slander, 1)] {
        let mut table = table_with(Config { attack, ..Config::default() }, None);
        if attack == Attack::Silence {
            table.corrupt(1);
        }
        ask(&mut table, 0, tell(1, Label::Public));
        // An honest agent answers too, but nothing of it arrives.
        table.deliver(0, BROKER);
        table.deliver(BROKER, 1);
        table.lose_all();
        table.pass(Config::default().silence + Duration::from_millis(1));
        table.fire(0, Timer::Retransmit);
        assert_eq!(answers(&table, "Declined(Silent)"), 1, "{}", table.transcript());
        assert!(table.transcript().contains("Alarmed { whom: n1 }"));
        // It is summoned.
        table.settle(&ALL);
        let transcript = table.transcript();
        assert_eq!(transcript.matches("Cleared { whom: n1 }").count(), cleared, "{transcript}");
        ask(&mut table, 0, tell(1, Label::Public));
        table.settle(&ALL);
        assert_eq!(answers(&table, "Done"), cleared, "asked again only if it was cleared");
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn an_edited_policy_is_found_by_those_who_hold_its_earlier_head_and_gives_nobody_a_right() {
    const AUTHORITY: u32 = 3;
    for (defences, convicted, done) in [("all", true, 0), ("all but policy-log", false, 1)] {
        let defences = defences.parse().unwrap();
        let config = Config { attack: Attack::PolicyEdit, defences, ..Config::default() };
        let mut table = table_with(config, None);
        table.corrupt(AUTHORITY);
        table.fire(AUTHORITY, Timer::Attack);
        // A guest gets its next papers, with rights by the edited rules.
        table.fire(2, Timer::Rotate);
        table.settle(&ALL);
        ask(&mut table, 2, act(4, Action::Write, None));
        table.settle(&ALL);
        let transcript = table.transcript();
        assert_eq!(answers(&table, "Done"), done, "{transcript}");
        assert_eq!(transcript.contains("Convicted { whom: n3 }"), convicted, "{transcript}");
        assert_eq!(table.violations(), [], "what is promised is judged by the true policy");
    }
}

#[test]
fn who_restarts_after_the_policy_was_edited_still_knows_what_it_was() {
    let config = Config { attack: Attack::PolicyEdit, ..Config::default() };
    let mut table = table_with(config, None);
    table.corrupt(3);
    table.fire(3, Timer::Attack);
    table.fire(2, Timer::Rotate);
    table.settle(&ALL);
    table.restart(1);
    table.settle(&ALL);
    gossip(&mut table);
    ask(&mut table, 2, act(4, Action::Write, None));
    table.settle(&ALL);
    assert_eq!(answers(&table, "Declined(Unauthorised)"), 1, "{}", table.transcript());
    assert_eq!(table.violations(), []);
}

#[test]
fn a_policy_that_nobody_edits_convicts_nobody_whoever_restarts() {
    let mut table = table();
    for node in [3, 1, 2] {
        table.restart(node);
        table.settle(&ALL);
        gossip(&mut table);
    }
    ask(&mut table, 0, act(4, Action::Write, None));
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 1, "{}", table.transcript());
    assert!(!table.transcript().contains("Convicted"), "{}", table.transcript());
}

#[test]
fn a_mute_authority_keeps_nobody_waiting_for_papers() {
    let mut table = Table::with_mutant(6, Config::default(), None);
    // Nobody gets a certificate.
    table.lose_all();
    ask(&mut table, 0, tell(1, Label::Public));
    table.pass(Config::default().grace());
    table.fire(0, Timer::Retransmit);
    assert_eq!(answers(&table, "Declined(Credential)"), 0, "it may yet come");
    table.pass(Duration::from_millis(1));
    table.fire(0, Timer::Retransmit);
    assert_eq!(answers(&table, "Declined(Credential)"), 1, "{}", table.transcript());
    assert!(!table.transcript().contains("Alarmed"), "nobody who was asked is to blame");
}

#[test]
fn a_deputy_whose_papers_nobody_saw_is_asked_for_nothing_and_keeps_nobody_waiting() {
    let mut table = Table::with_mutant(6, Config::default(), None);
    // All have papers, and nobody told of his.
    table.settle(&ALL);
    ask(&mut table, 2, act(1, Action::Read, Some(0)));
    table.pass(Config::default().grace() + Duration::from_millis(1));
    table.fire(2, Timer::Retransmit);
    assert_eq!(answers(&table, "Declined(Credential)"), 1, "{}", table.transcript());
}

#[test]
fn a_mute_keeper_is_taken_to_have_no_log_and_cleared_when_it_speaks() {
    let mut table = table();
    ask(&mut table, 1, Request::Audit);
    table.lose_all();
    let Config { silence, .. } = Config::default();
    table.pass(Config::default().grace() + silence);
    let pass_on = |table: &mut Table| {
        table.fire(1, Timer::Retransmit);
        table.lose_all();
    };
    pass_on(&mut table);
    assert_eq!(answers(&table, "accepted: false"), 0, "it may yet answer");
    table.pass(Duration::from_millis(1));
    pass_on(&mut table);
    assert_eq!(answers(&table, "accepted: false"), 1, "{}", table.transcript());
    assert!(table.transcript().contains("Alarmed { whom: n4 }"));
    table.fire(1, Timer::Retransmit);
    table.settle(&ALL);
    assert!(table.transcript().contains("Cleared { whom: n4 }"), "{}", table.transcript());
}

/// The first agent's key is stolen, and the thief sits at the broker.
fn robbed(attack: Attack) -> Table {
    let (at, noticed) = (Duration::from_secs(1), Duration::from_secs(60));
    let theft = Some(Theft { victim: 0, thief: BROKER, at, noticed });
    let mut table = table_with(Config { attack, theft, ..Config::default() }, None);
    table.corrupt(BROKER);
    table.fire(0, Timer::Theft);
    table.settle(&ALL);
    table
}

#[test]
fn the_victim_of_a_thief_who_contradicts_himself_has_its_key_revoked_and_is_acquitted() {
    let mut table = robbed(Attack::Framing);
    // One time by letters that are compared, one time by evidence alone.
    for _ in 0..2 {
        table.fire(BROKER, Timer::Attack);
    }
    // The victim hears of it last.
    table.settle(&ALL[1..]);
    gossip(&mut table);
    table.settle(&ALL);
    let transcript = table.transcript();
    let told = transcript.matches("Convicted { whom: n0 }").count();
    assert!(told >= 1, "{transcript}");
    assert!(transcript.contains("Revoked { key: n0.0 }"), "nobody else noticed:\n{transcript}");
    table.pass(Duration::from_millis(300));
    table.fire(3, Timer::Refresh);
    table.settle(&ALL);
    gossip(&mut table);
    let transcript = table.transcript();
    assert_eq!(transcript.matches("Acquitted { whom: n0 }").count(), told, "{transcript}");
    // It is heard under its next key, and what is shown again convicts nobody.
    for _ in 0..2 {
        table.fire(BROKER, Timer::Attack);
    }
    table.settle(&ALL);
    gossip(&mut table);
    ask(&mut table, 0, tell(1, Label::Public));
    table.settle(&ALL);
    assert_eq!(answers(&table, "Done"), 1, "{}", table.transcript());
    assert_eq!(table.transcript().matches("Convicted { whom: n0 }").count(), told);
    assert_eq!(table.violations(), []);
}
