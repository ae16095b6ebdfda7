//! The judges on histories that are known to be good or bad.

use sim_core::checker::{End, Witness};
use sim_core::history::Event;
use sim_core::id::{Cluster, NodeId, NodeSet};
use sim_core::problem::{Problem as _, Promise};
use sim_core::time::{Duration, Time};

use super::judges::Entry;
use super::{
    Action, CAUSALITY, CONVERGENCE, Dot, Indication, Item, LIST_ORDER, MEANING, ReplicatedData,
    STRONG_CONVERGENCE, Updated, Value, VersionVector,
};

const CLUSTER: Cluster = Cluster { n: 2 };
const X: Item = Item { key: 0, element: 7 };

/// The first so many updates of n0 and n1.
pub(super) fn seen(counts: [u32; 2]) -> VersionVector {
    let mut seen = VersionVector::EMPTY;
    for (sequence, node) in counts.into_iter().zip([NodeId(0), NodeId(1)]) {
        if sequence > 0 {
            seen.advance(Dot { node, sequence });
        }
    }
    seen
}

fn says(node: u32, indication: Indication) -> Entry {
    let event = Event::Indicated { answers: None, indication };
    Entry { at: Time::from_nanos(1), node: NodeId(node), incarnation: 0, event }
}

/// `node` makes its next update, having seen so much.
fn makes(node: u32, counts: [u32; 2], action: Action) -> Entry {
    let seen = seen(counts);
    says(node, Indication::Updated(Updated { dot: seen.next(NodeId(node)), seen, action }))
}

fn shows(node: u32, counts: [u32; 2], value: Value) -> Entry {
    says(node, Indication::View { seen: seen(counts), value })
}

/// What the judge of one property says at last of this history, a minute later.
fn judge(property: &'static str, history: &[Entry]) -> Option<Witness> {
    let mut properties = ReplicatedData::properties(CLUSTER, &Promise(vec![property]));
    let judge = &mut properties[0].checker;
    let early = history.iter().find_map(|entry| judge.observe(entry));
    let end = End {
        at: Time::ZERO + Duration::from_secs(60),
        gst: Some(Time::ZERO),
        patience: Duration::from_secs(1),
        cluster: CLUSTER,
        core: NodeSet::from_iter(CLUSTER.nodes()),
    };
    early.or_else(|| judge.conclude(&end))
}

#[track_caller]
fn accepts(property: &'static str, history: &[Entry]) {
    assert_eq!(judge(property, history), None);
}

#[track_caller]
fn rejects(property: &'static str, history: &[Entry], because: &str) {
    let witness = judge(property, history).expect("a violation");
    assert!(witness.contains(because), "{witness}");
}

#[test]
fn the_same_updates_show_the_same_value_even_if_it_is_wrong() {
    let count = Value::Count;
    accepts(STRONG_CONVERGENCE, &[shows(0, [1, 1], count(1)), shows(1, [1, 1], count(1))]);
    accepts(STRONG_CONVERGENCE, &[shows(0, [1, 1], count(1)), shows(1, [1, 2], count(2))]);
    let apart = [shows(0, [1, 1], count(1)), shows(1, [1, 1], count(2))];
    rejects(STRONG_CONVERGENCE, &apart, "n0 showed Count(1)");
}

#[test]
fn a_counter_shows_the_sum_of_what_was_seen() {
    let made = [makes(0, [0, 0], Action::Count(3)), makes(1, [0, 0], Action::Count(-5))];
    let and = |entry: Entry| [made.as_slice(), &[entry]].concat();
    accepts(MEANING, &and(shows(0, [1, 0], Value::Count(3))));
    accepts(MEANING, &and(shows(0, [1, 1], Value::Count(-2))));
    rejects(MEANING, &and(shows(0, [1, 1], Value::Count(3))), "instead of Count(-2)");
    rejects(MEANING, &and(shows(0, [2, 1], Value::Count(-2))), "which nobody made");
}

#[test]
fn an_item_is_there_if_some_addition_is_that_no_removal_had_seen() {
    let made = [
        makes(0, [0, 0], Action::Add(X)),
        makes(1, [1, 0], Action::Remove(X)),
        makes(0, [1, 0], Action::Add(X)),
    ];
    let and = |entry: Entry| [made.as_slice(), &[entry]].concat();
    let (there, gone) = (Value::Set([7].into()), Value::Set([].into()));
    accepts(MEANING, &and(shows(0, [1, 1], gone.clone())));
    accepts(MEANING, &and(shows(0, [2, 1], there.clone())));
    rejects(MEANING, &and(shows(0, [2, 1], gone)), "instead of");
    rejects(MEANING, &and(shows(0, [1, 1], there)), "instead of");
}

#[test]
fn a_removed_key_takes_what_was_seen_under_it() {
    let other = Item { key: 1, ..X };
    let made = [
        makes(0, [0, 0], Action::Add(X)),
        makes(0, [1, 0], Action::Add(other)),
        makes(1, [2, 0], Action::RemoveKey(0)),
    ];
    let and = |entry: Entry| [made.as_slice(), &[entry]].concat();
    accepts(MEANING, &and(shows(0, [2, 1], Value::Map([(1, [7].into())].into()))));
    rejects(MEANING, &and(shows(0, [2, 1], Value::Map([].into()))), "instead of");
}

#[test]
fn registers_show_the_latest_write_or_all_that_none_had_seen() {
    let write = |value, time| Action::Write { value, time };
    let made = [makes(0, [0, 0], write(10, 5)), makes(1, [0, 0], write(11, 5))];
    let and = |entry: Entry| [made.as_slice(), &[entry]].concat();
    accepts(MEANING, &and(shows(0, [1, 1], Value::Latest(Some(11)))));
    rejects(MEANING, &and(shows(0, [1, 1], Value::Latest(Some(10)))), "instead of");
    accepts(MEANING, &and(shows(0, [1, 1], Value::Siblings(vec![10, 11]))));
    let later = |value| {
        [made.as_slice(), &[makes(1, [1, 1], write(12, 6)), shows(0, [1, 2], value)]].concat()
    };
    accepts(MEANING, &later(Value::Siblings(vec![12])));
    rejects(MEANING, &later(Value::Siblings(vec![10, 12])), "instead of");
}

#[test]
fn an_update_is_told_again_only_as_it_was() {
    let once = makes(0, [0, 0], Action::Count(3));
    accepts(MEANING, &[once.clone(), once.clone()]);
    rejects(MEANING, &[once, makes(0, [0, 0], Action::Count(4))], "as the same update");
    rejects(MEANING, &[makes(0, [1, 0], Action::Count(4))], "after only 0 others");
}

#[test]
fn what_was_seen_rests_on_what_was_seen() {
    let value = || Value::Count(0);
    let made = [makes(0, [0, 0], Action::Count(1)), makes(1, [1, 0], Action::Count(1))];
    let and = |entries: &[Entry]| [made.as_slice(), entries].concat();
    accepts(CAUSALITY, &and(&[shows(0, [1, 0], value()), shows(0, [1, 1], value())]));
    rejects(CAUSALITY, &and(&[shows(0, [0, 1], value())]), "on which it rests");
    rejects(
        CAUSALITY,
        &and(&[shows(0, [1, 1], value()), shows(0, [1, 0], value())]),
        "and now only",
    );
}

#[test]
fn every_update_is_due_at_every_replica() {
    let value = || Value::Count(1);
    let made = makes(0, [0, 0], Action::Count(1));
    let all = [made.clone(), shows(0, [1, 0], value()), shows(1, [1, 0], value())];
    accepts(CONVERGENCE, &all);
    rejects(CONVERGENCE, &all[..2], "n1 has not seen it");
}

#[test]
fn a_text_shows_each_character_once_and_in_one_order() {
    use super::{CharacterId, Edit};

    let id = |counter| CharacterId { counter, node: NodeId(0) };
    let (a, b, c) = ((id(1), 'a'), (id(2), 'b'), (id(3), 'c'));
    let edit = |left, inserted: Vec<_>, deleted| {
        Action::Edit(vec![Edit { left, right: None, inserted, deleted }])
    };
    let made = [
        makes(0, [0, 0], edit(None, vec![a, b, c], vec![])),
        makes(1, [1, 0], edit(None, vec![], vec![b.0])),
    ];
    let and = |row: Vec<_>| [made.as_slice(), &[shows(0, [1, 1], Value::Text(row))]].concat();
    accepts(MEANING, &and(vec![a, c]));
    rejects(MEANING, &and(vec![a, b, c]), "without reason");
    rejects(MEANING, &and(vec![a, c, c]), "twice");
    rejects(MEANING, &and(vec![c]), "does not show 'a'");
    rejects(MEANING, &and(vec![a, (c.0, 'x')]), "instead of 'c'");
    // Which order is not a matter of meaning.
    accepts(MEANING, &and(vec![c, a]));
    accepts(LIST_ORDER, &and(vec![a, c]));
    rejects(LIST_ORDER, &and(vec![c, a]), "no one order");
}
