//! Each planted bug against a script in which a judge sees it.

use sim_core::time::Duration;

use super::tests::{ALL, BROKER, KEEPER, Table, ask, gossip, table_with};
use super::*;
use crate::capability::{Action, Resource};
use crate::mutants;
use crate::problem::secure_messaging::{Kind, Label};

const NOTE: Request =
    Request::Send { to: NodeId(1), kind: Kind::Note, label: Label::Public, term: 0 };

/// The story breaks this with the bug, and nothing without it.
#[track_caller]
fn breaks(id: &'static str, property: &str, config: &Config, story: impl Fn(&mut Table)) {
    mutants::breaks(id, property, |mutant| {
        let mut table = table_with(config.clone(), mutant);
        story(&mut table);
        table
    });
}

#[test]
fn s01_a_letter_is_taken_again_after_a_restart() {
    breaks("S01", AUTHENTICITY, &Config::default(), |table| {
        ask(table, 0, NOTE);
        table.deliver(0, BROKER);
        let letter = table.take(BROKER, 1);
        table.arrive(letter.clone());
        table.settle(&ALL);
        table.restart(1);
        table.settle(&ALL);
        table.arrive(letter);
    });
}

#[test]
fn s02_a_letter_is_taken_under_a_key_that_was_revoked_long_ago() {
    breaks("S02", REVOCATION_FRESHNESS, &Config::default(), |table| {
        let key = crate::credential::PublicKey { owner: NodeId(0), generation: 0 };
        table.inject(0, 3, Message::Theft(key));
        table.settle(&ALL);
        table.pass(Config::default().grace() + Duration::from_millis(1));
        ask(table, 0, NOTE);
        table.settle(&ALL);
    });
}

#[test]
fn s03_a_letter_is_taken_by_somebody_to_whom_it_was_not_sent() {
    let config = Config { defences: "all but encryption".parse().unwrap(), ..Config::default() };
    breaks("S03", AUTHENTICITY, &config, |table| {
        ask(table, 0, NOTE);
        let Message::Letter(mut letter) = table.take(0, BROKER).message else {
            panic!("an agent writes letters");
        };
        letter.to = NodeId(2);
        table.inject(BROKER, 2, Message::Letter(letter));
    });
}

#[test]
fn s04_a_log_is_accepted_without_its_end() {
    let config = Config { attack: Attack::Truncation, ..Config::default() };
    breaks("S04", LOG_CONSISTENCY, &config, |table| {
        for _ in 0..4 {
            ask(table, 0, NOTE);
            table.settle(&ALL);
        }
        table.corrupt(KEEPER);
        table.pass(config.grace());
        gossip(table);
        ask(table, 1, Request::Audit);
        table.settle(&ALL);
    });
}

#[test]
fn s06_a_deputy_does_for_a_guest_what_only_the_deputy_may() {
    breaks("S06", AUTHORITY, &Config::default(), |table| {
        let (resource, action) = (Resource(4), Action::Write);
        let deputy = Some(NodeId(0));
        ask(table, 2, Request::Act { resource, action, deputy });
        table.settle(&ALL);
    });
}
