//! Thousands of histories: small ones at random, judged by the definitions word for word; and those
//! of an object that is atomic by construction, with one thing changed.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::digest::Digest;
use sim_core::session::Guarantee::{
    self, MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads,
};
use sim_core::session::{Answer, check};

use super::{Op, broken, op, read, versioned, write};

/// The `index`th random number below `bound` of a case.
fn draw(case: u64, index: u64, bound: u64) -> u64 {
    Digest::of(&(case, index)) % bound
}

/// Up to eight operations of three clients on two keys at two places; the version of value `v` of
/// a key, where it is told, is `order[v]`.
fn random(case: u64) -> Vec<Op> {
    let count = 2 + draw(case, 0, 7);
    // How often versions are told: never, sometimes, always.
    let told = draw(case, 1, 3);
    let shuffle = |value: u64| (value * 5 + draw(case, 2, 7)) % 11;
    let mut history: Vec<Op> = Vec::new();
    for number in 1..=count {
        let draw = |index, bound| draw(case, 10 * number + index, bound);
        let key = if draw(0, 2) == 0 { 'x' } else { 'y' };
        let place = if draw(1, 2) == 0 { 'p' } else { 'q' };
        let from = draw(2, 14);
        let mut it = op(draw(3, 3) as u32, place, from, from + draw(4, 3), key);
        let written: Vec<u32> =
            history.iter().filter(|it| it.key == key).filter_map(|it| it.write).collect();
        let value = match draw(5, 2) {
            0 => {
                it.write = Some(number as u32);
                Some(number as u32)
            }
            _ => {
                let value = written.get(draw(6, written.len() as u64 + 1) as usize).copied();
                it.answer.iter_mut().for_each(|answer| answer.value = value);
                value
            }
        };
        if let (Some(value), Some(answer)) = (value, &mut it.answer)
            && draw(7, 2) < told
        {
            answer.version = Some(shuffle(value.into()));
        }
        if draw(8, 7) == 0 {
            it.answer = None;
        }
        history.push(it);
    }
    history
}

/// The values that an operation shows, by the definitions: what it wrote, or read if that had been
/// written. `None` for what nobody heard of or could have read.
fn shown(history: &[Op], it: &Op) -> Option<u32> {
    match (it.write, &it.answer) {
        (Some(value), _) => Some(value),
        (None, Some(Answer { at, value: Some(value), .. })) => history
            .iter()
            .any(|other| other.key == it.key && other.write == Some(*value) && other.invoked <= *at)
            .then_some(*value),
        (None, Some(_)) => Some(0),
        (None, None) => None,
    }
}

/// Whether a guarantee is broken if the values of each key are ordered as in `rank`: word for word
/// the definitions, pair by pair.
fn breaks(history: &[Op], guarantee: Guarantee, rank: &BTreeMap<u32, usize>) -> bool {
    let older = |one: u32, other: u32| rank[&one] < rank[&other];
    let before =
        |one: &Op, other: &Op| one.answer.as_ref().is_some_and(|answer| answer.at < other.invoked);
    history.iter().any(|a| {
        history.iter().any(|b| {
            let (Some(first), Some(second)) = (shown(history, a), shown(history, b)) else {
                return false;
            };
            let of = match (a.write.is_some(), b.write.is_some()) {
                (true, false) => ReadYourWrites,
                (false, false) => MonotonicReads,
                (true, true) => MonotonicWrites,
                (false, true) => WritesFollowReads,
            };
            if a.session != b.session || !before(a, b) || of != guarantee {
                return false;
            }
            if a.key == b.key {
                return older(second, first);
            }
            b.write.is_some()
                && history.iter().any(|x| {
                    let shows = x.key == b.key && shown(history, x) == Some(second);
                    shows
                        && history.iter().any(|y| {
                            let place = |it: &Op| it.answer.as_ref().map(|answer| answer.place);
                            y.key == a.key
                                && y.write.is_none()
                                && before(x, y)
                                && place(x) == place(y)
                                && shown(history, y).is_some_and(|seen| older(seen, first))
                        })
                })
        })
    })
}

/// All orders of some values.
fn orders(values: &[u32]) -> Vec<Vec<u32>> {
    if values.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let rest = [&values[..place], &values[place + 1..]].concat();
        all.extend(orders(&rest).into_iter().map(|rest| [&[*value], &rest[..]].concat()));
    }
    all
}

/// The guarantees that every order of the writes breaks which goes with the versions told.
fn by_force(history: &[Op]) -> BTreeSet<Guarantee> {
    let of_key = |key: char| {
        let values: Vec<u32> =
            history.iter().filter(|it| it.key == key).filter_map(|it| it.write).collect();
        let told: BTreeMap<u32, u64> = history
            .iter()
            .filter(|it| it.key == key)
            .filter_map(|it| Some((shown(history, it)?, it.answer.as_ref()?.version?)))
            .collect();
        let mut orders = orders(&values);
        orders.retain(|order| order.iter().filter_map(|value| told.get(value)).is_sorted());
        orders
    };
    let (xs, ys) = (of_key('x'), of_key('y'));
    let kept = |guarantee: &Guarantee| {
        xs.iter().any(|x| {
            ys.iter().any(|y| {
                let places = (0..).zip(std::iter::once(&0).chain(x).chain(y));
                let rank = places.map(|(place, value)| (*value, place)).collect();
                !breaks(history, *guarantee, &rank)
            })
        })
    };
    Guarantee::ALL.into_iter().filter(|guarantee| !kept(guarantee)).collect()
}

#[test]
fn small_histories_are_judged_as_the_definitions_say() {
    let mut found = BTreeMap::from(Guarantee::ALL.map(|guarantee| (guarantee, 0)));
    let mut clean = 0;
    for case in 0..20_000 {
        let history = random(case);
        let verdict = broken(&history);
        assert_eq!(verdict, by_force(&history), "case {case}: {history:#?}");
        clean += u64::from(verdict.is_empty());
        verdict.iter().for_each(|guarantee| *found.entry(*guarantee).or_default() += 1);
    }
    assert!(clean > 2_000 && found.values().all(|count| *count > 100), "{clean} {found:?}");
}

/// What three clients see of two registers that take each operation at once, one after the other.
fn recorded(case: u64) -> Vec<Op> {
    let mut values = BTreeMap::from([('x', 0), ('y', 0)]);
    let operation = |number: u64| {
        let draw = |index, bound| draw(case, 10 * number + index, bound);
        let key = if draw(0, 2) == 0 { 'x' } else { 'y' };
        let (session, from) = (draw(1, 3) as u32, 2 * number);
        let place = if draw(2, 2) == 0 { 'p' } else { 'q' };
        let value = values.entry(key).or_insert(0);
        if draw(3, 2) == 0 {
            *value = number as u32 + 1;
            return write(session, place, from, key, *value);
        }
        read(session, place, from, key, *value)
    };
    (0..24).map(operation).collect()
}

#[test]
fn a_read_of_what_its_session_knows_to_be_old_is_noticed_in_every_history() {
    let mut noticed = BTreeMap::new();
    for case in 0..200 {
        let history = versioned(&recorded(case));
        assert_eq!(check(&history), Default::default(), "case {case}");
        for (place, it) in history.iter().enumerate().filter(|(_, it)| it.write.is_none()) {
            for (earlier, known) in history[..place].iter().enumerate() {
                let Some(newest) = shown(&history, known).filter(|newest| *newest > 0) else {
                    continue;
                };
                if (known.session, known.key) != (it.session, it.key) {
                    continue;
                }
                let mut stale = history.clone();
                let value = history[..earlier]
                    .iter()
                    .filter(|old| old.key == it.key)
                    .filter_map(|old| old.write)
                    .filter(|old| *old < newest)
                    .max();
                stale[place].answer = it.answer.clone().map(|answer| Answer {
                    value,
                    version: value.map(u64::from),
                    ..answer
                });
                let wanted = if known.write.is_some() { ReadYourWrites } else { MonotonicReads };
                assert!(broken(&stale).contains(&wanted), "case {case}: {earlier}, {place}");
                *noticed.entry(wanted).or_insert(0) += 1;
            }
        }
    }
    assert!(noticed.len() == 2 && noticed.values().all(|count| *count > 500), "{noticed:?}");
}

#[test]
fn a_version_that_is_older_than_what_its_session_did_is_noticed_in_every_history() {
    let mut noticed = BTreeMap::new();
    for case in 0..200 {
        let history = versioned(&recorded(case));
        for (place, it) in history.iter().enumerate().filter(|(_, it)| it.write.is_some()) {
            let mine = |known: &&Op| {
                (known.session, known.key) == (it.session, it.key)
                    && shown(&history, known) != Some(0)
            };
            for known in history[..place].iter().filter(mine) {
                // All versions make room for one that is below the earlier operation's.
                let mut late = history.clone();
                let mut below = None;
                for (it, known_here) in late.iter_mut().zip(&history) {
                    if let Some(answer) = &mut it.answer {
                        answer.version = answer.version.map(|version| 2 * version);
                        if known_here == known {
                            below = answer.version.map(|version| version - 1);
                        }
                    }
                }
                let value = it.write;
                for it in late.iter_mut().filter(|it| it.key == history[place].key) {
                    let shows = it.write.or(it.answer.as_ref().and_then(|answer| answer.value));
                    if shows == value
                        && let Some(answer) = &mut it.answer
                    {
                        answer.version = below;
                    }
                }
                let wanted =
                    if known.write.is_some() { MonotonicWrites } else { WritesFollowReads };
                assert!(broken(&late).contains(&wanted), "case {case}: {place}");
                *noticed.entry(wanted).or_insert(0) += 1;
            }
        }
    }
    assert!(noticed.len() == 2 && noticed.values().all(|count| *count > 500), "{noticed:?}");
}
