//! Labelled histories of session guarantees: what each breaks, if versions are told and if not.

use sim_core::session::Guarantee::{
    self, MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads,
};

use super::{Op, lost, op, read, versioned, write};

/// A history with what it breaks, with versions and without.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) history: Vec<Op>,
    pub(super) with_versions: &'static [Guarantee],
    pub(super) without: &'static [Guarantee],
}

pub(super) fn corpus() -> Vec<Case> {
    let both = |name, broken: &'static [Guarantee], history: Vec<Op>| Case {
        name,
        history,
        with_versions: broken,
        without: broken,
    };
    let versions = |name, broken: &'static [Guarantee], history: Vec<Op>| Case {
        name,
        history,
        with_versions: broken,
        without: &[],
    };
    vec![
        both("nothing", &[], vec![]),
        both(
            "one client that stays",
            &[],
            vec![write(0, 'p', 0, 'x', 1), read(0, 'p', 2, 'x', 1), write(0, 'p', 4, 'x', 2)],
        ),
        both(
            "what others wrote since may be read",
            &[],
            vec![write(0, 'p', 0, 'x', 1), write(1, 'p', 2, 'x', 2), read(0, 'q', 4, 'x', 2)],
        ),
        both(
            "own write is gone",
            &[ReadYourWrites],
            vec![write(0, 'p', 0, 'x', 1), read(0, 'q', 2, 'x', 0)],
        ),
        both(
            "own write of another key",
            &[],
            vec![write(0, 'p', 0, 'x', 1), read(0, 'q', 2, 'y', 0)],
        ),
        both(
            "another client's write may be missed",
            &[],
            vec![write(0, 'p', 0, 'x', 1), read(1, 'q', 2, 'x', 0)],
        ),
        both(
            "an unanswered write may be missed",
            &[],
            vec![lost(0, 0, 'x', 1), read(0, 'q', 2, 'x', 0), read(0, 'q', 4, 'x', 1)],
        ),
        versions(
            "own write gives way to an older one",
            &[ReadYourWrites],
            vec![write(1, 'p', 0, 'x', 1), write(0, 'p', 2, 'x', 2), read(0, 'q', 4, 'x', 1)],
        ),
        both(
            "a read that overlaps the write",
            &[],
            vec![
                Op { write: Some(1), ..op(0, 'p', 0, 9, 'x') },
                read(0, 'q', 3, 'x', 0),
                read(0, 'q', 9, 'x', 0),
            ],
        ),
        both(
            "what was read is gone",
            &[MonotonicReads],
            vec![write(1, 'p', 0, 'x', 1), read(0, 'p', 2, 'x', 1), read(0, 'q', 4, 'x', 0)],
        ),
        versions(
            "a read goes back",
            &[MonotonicReads],
            vec![
                write(1, 'p', 0, 'x', 1),
                write(1, 'p', 2, 'x', 2),
                read(0, 'p', 4, 'x', 2),
                read(0, 'q', 6, 'x', 1),
            ],
        ),
        both(
            "a read goes back and forth, which no order allows",
            &[MonotonicReads],
            vec![
                write(1, 'p', 0, 'x', 1),
                write(1, 'p', 2, 'x', 2),
                read(0, 'p', 4, 'x', 1),
                read(0, 'q', 6, 'x', 2),
                read(0, 'p', 8, 'x', 1),
            ],
        ),
        both(
            "two readers see two orders",
            &[MonotonicReads],
            vec![
                write(1, 'p', 0, 'x', 1),
                write(2, 'p', 2, 'x', 2),
                read(3, 'p', 4, 'x', 1),
                read(3, 'p', 6, 'x', 2),
                read(4, 'q', 4, 'x', 2),
                read(4, 'q', 6, 'x', 1),
            ],
        ),
        versions(
            "the second write of a session is the older one",
            &[MonotonicWrites],
            vec![write(0, 'p', 0, 'x', 2), write(0, 'q', 2, 'x', 1)],
        ),
        versions(
            "an unanswered write that was read and is older than the one before",
            &[MonotonicWrites],
            vec![write(0, 'p', 0, 'x', 2), lost(0, 2, 'x', 1), read(1, 'q', 4, 'x', 1)],
        ),
        versions(
            "two sessions' writes may be in any order",
            &[],
            vec![write(0, 'p', 0, 'x', 2), write(1, 'q', 2, 'x', 1)],
        ),
        both(
            "a place that has the second write without the first",
            &[MonotonicWrites],
            vec![
                write(0, 'p', 0, 'x', 1),
                write(0, 'p', 2, 'y', 2),
                read(1, 'q', 4, 'y', 2),
                read(2, 'q', 6, 'x', 0),
            ],
        ),
        both(
            "another place may lack both, and this one had neither before",
            &[],
            vec![
                write(0, 'p', 0, 'x', 1),
                write(0, 'p', 2, 'y', 2),
                read(2, 'q', 2, 'x', 0),
                read(1, 'q', 4, 'y', 2),
                read(1, 'q', 6, 'x', 1),
                read(2, 'r', 8, 'x', 0),
            ],
        ),
        both(
            "a place that took the second write itself and lacks the first",
            &[MonotonicWrites],
            vec![write(0, 'p', 0, 'x', 1), write(0, 'q', 2, 'y', 2), read(2, 'q', 4, 'x', 0)],
        ),
        versions(
            "a write is older than what its session had read",
            &[WritesFollowReads],
            vec![write(1, 'p', 0, 'x', 2), read(0, 'p', 2, 'x', 2), write(0, 'q', 4, 'x', 1)],
        ),
        both(
            "a place that has the answer without the question",
            &[WritesFollowReads],
            vec![
                write(1, 'p', 0, 'x', 1),
                read(0, 'p', 2, 'x', 1),
                write(0, 'p', 4, 'y', 2),
                read(2, 'q', 6, 'y', 2),
                read(3, 'q', 8, 'x', 0),
            ],
        ),
        versions(
            "a place that has the answer with an older question",
            &[WritesFollowReads],
            vec![
                write(4, 'p', 0, 'x', 1),
                write(1, 'p', 0, 'x', 2),
                read(0, 'p', 2, 'x', 2),
                write(0, 'p', 4, 'y', 3),
                read(2, 'q', 6, 'y', 3),
                read(3, 'q', 8, 'x', 1),
            ],
        ),
        both(
            "the question was read after the answer was written",
            &[],
            vec![
                write(1, 'p', 0, 'x', 1),
                write(0, 'p', 2, 'y', 2),
                read(0, 'p', 4, 'x', 1),
                read(2, 'q', 6, 'y', 2),
                read(3, 'q', 8, 'x', 0),
            ],
        ),
    ]
}

/// The corpus, with and without versions.
pub(super) fn histories() -> Vec<(String, Vec<Op>)> {
    let both = |case: Case| {
        let with = versioned(&case.history);
        [(case.name.to_owned(), case.history), (format!("{}, versions", case.name), with)]
    };
    corpus().into_iter().flat_map(both).collect()
}
