//! The judges of the key–value store.

use std::fmt::Debug;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{Incarnation, NodeId, OpId};
use sim_core::linearizability::{
    CasOp, CasResult, Counterexample, KeyValue, Operation, Outcome, Verdict, check,
};
use sim_core::problem::Problem;
use sim_core::session::{self, Moment};
use sim_core::time::Time;

use super::super::operation::PerOp;
use super::{Indication, Kv, Request, Response, Value};

/// How many states the search of one key may visit. A run of thousands of operations takes some
/// thousands; only many writes that nobody answered take more.
const BUDGET: usize = 100_000;

/// How many operations before the one that fits nowhere a witness names.
const SHOWN: usize = 4;

/// What is called, and under which key.
pub(in crate::problem) type Call = (u32, CasOp<Option<Value>>);

/// A problem whose operations read and write keys, as far as linearizability is concerned.
pub(in crate::problem) trait Accesses: Problem {
    /// An answer to an operation.
    type Heard: Clone + Debug + Send;
    /// The answer that an indication gives to the operation that it answers, if it is one.
    fn heard(indication: &Self::Indication) -> Option<Self::Heard>;
    /// What an operation calls.
    fn call(op: OpId, request: &Self::Request) -> Call;
    /// What it found.
    fn result(heard: &Self::Heard) -> CasResult<Option<Value>>;
}

impl Accesses for Kv {
    type Heard = Response;

    fn heard(indication: &Indication) -> Option<Response> {
        match indication {
            Indication::Answered(response) => Some(*response),
            Indication::Redirect { .. } => None,
        }
    }

    fn call(op: OpId, request: &Request) -> Call {
        let own = Some(Value(op));
        let call = match *request {
            Request::Get { .. } => CasOp::Read,
            Request::Put { .. } => CasOp::Write(own),
            Request::CompareAndSet { expected, .. } => CasOp::CompareAndSwap { expected, new: own },
        };
        (request.key(), call)
    }

    fn result(heard: &Response) -> CasResult<Option<Value>> {
        match *heard {
            Response::Value(value) => CasResult::Value(value),
            Response::Written => CasResult::Written,
            Response::Swapped(swapped) => CasResult::Swapped(swapped),
        }
    }
}

/// What became of an operation that asked for `Q` and was answered `H`.
#[derive(Clone, Debug)]
struct Asked<Q, H> {
    request: Q,
    at: Time,
    /// Whether any node heard of it: else it cannot take effect.
    reached: bool,
    /// Nobody waits for the answer any more.
    abandoned: bool,
    answer: Option<Answered<H>>,
}

/// How an operation was answered.
#[derive(Clone, Debug)]
struct Answered<H> {
    at: Time,
    /// By which node, in which life.
    by: (NodeId, Incarnation),
    response: H,
}

/// What became of an operation of `Pr`.
type AskedOf<Pr> = Asked<<Pr as Problem>::Request, <Pr as Accesses>::Heard>;

/// Judges linearizability, when the run is over.
///
/// What was not answered may take effect at any time after its request, or never. Of several
/// answers to one operation, the client believes the first.
pub(in crate::problem) struct Linearizability<Pr: Accesses> {
    asked: PerOp<AskedOf<Pr>>,
    undecided: bool,
}

impl<Pr: Accesses> Default for Linearizability<Pr> {
    fn default() -> Self {
        Self { asked: PerOp::default(), undecided: false }
    }
}

impl<Pr: Accesses> Checker<Pr::Request, Pr::Indication> for Linearizability<Pr> {
    fn observe(&mut self, entry: &Entry<Pr::Request, Pr::Indication>) -> Option<Witness> {
        match &entry.event {
            Event::Requested { op, request, reached } => {
                let new = || {
                    let (request, abandoned, answer) = (request.clone(), false, None);
                    Asked { request, at: entry.at, reached: false, abandoned, answer }
                };
                self.asked.slot(*op).get_or_insert_with(new).reached |= reached;
            }
            Event::Abandoned { op } => {
                self.asked.slot(*op).iter_mut().for_each(|asked| asked.abandoned = true);
            }
            Event::Indicated { answers: Some(op), indication } => {
                if let Some(heard) = Pr::heard(indication)
                    && let Some(asked) = self.asked.slot(*op)
                    && !asked.abandoned
                {
                    let by = (entry.node, entry.incarnation);
                    asked.answer.get_or_insert(Answered { at: entry.at, by, response: heard });
                }
            }
            Event::Indicated { .. } | Event::Booted | Event::Crashed | Event::Corrupted => {}
        }
        None
    }

    fn conclude(&mut self, _: &End) -> Option<Witness> {
        let all: Vec<(OpId, &AskedOf<Pr>)> = self.asked.iter().collect();
        let history: Vec<_> = all.iter().map(|(op, asked)| operation::<Pr>(*op, asked)).collect();
        match check(&KeyValue::<u32, Value>::default(), &history, BUDGET) {
            Verdict::Linearizable => None,
            Verdict::Inconclusive => {
                self.undecided = true;
                None
            }
            Verdict::Violation(Counterexample { key: (key, ()), prefix, misfit }) => {
                let told = |place: &usize| told(all[*place].0, all[*place].1);
                let last: Vec<_> = prefix.iter().rev().take(SHOWN).rev().map(told).collect();
                let broken = broken_session::<Pr>(&all).map(|broken| format!("; {broken}"));
                Some(format!(
                    "k{key}: {} fits nowhere; {} operations before it can be put in order, which \
                     ends: {}{}",
                    told(&misfit),
                    prefix.len(),
                    last.join(", "),
                    broken.unwrap_or_default()
                ))
            }
        }
    }

    fn is_undecided(&self) -> bool {
        self.undecided
    }
}

/// An operation with its times, short.
fn told<Q: Debug, H: Debug>(op: OpId, asked: &Asked<Q, H>) -> String {
    let Asked { request, at, answer, .. } = asked;
    let outcome = match answer {
        Some(Answered { at, response, .. }) => format!("{response:?} at {at} s"),
        None => "not answered".to_owned(),
    };
    format!("{op} {request:?} (asked at {at} s, {outcome})")
}

/// The session guarantee that the history breaks, if it breaks one: what is not linearizable may
/// be plain to a single client, or show only to two of them together.
fn broken_session<Pr: Accesses>(all: &[(OpId, &AskedOf<Pr>)]) -> Option<Witness> {
    let moment = |at| Moment { at, turn: 0 };
    let operation = |(op, asked): &(OpId, &AskedOf<Pr>)| {
        let heard = asked.answer.as_ref().map(|answer| (answer, Pr::result(&answer.response)));
        let (key, call) = Pr::call(*op, &asked.request);
        let write = match (call, &heard) {
            (CasOp::Read, _) => None,
            // It changed nothing, and tells only that something else was there.
            (_, Some((_, CasResult::Swapped(false)))) => return None,
            _ => Some(Value(*op)),
        };
        let answer = heard.map(|(Answered { at, by, .. }, result)| session::Answer {
            at: moment(*at),
            place: *by,
            value: match result {
                CasResult::Value(value) => value,
                CasResult::Written | CasResult::Swapped(_) => None,
            },
            version: None,
        });
        let invoked = moment(asked.at);
        Some(session::Operation { session: op.client, key, write, invoked, answer })
    };
    let history: Vec<_> = all.iter().filter_map(operation).collect();
    let findings = session::check(&history);
    let first = findings.violations.first()?;
    Some(format!("{}: {}", first.guarantee, first.witness(&history)))
}

/// An operation as the judge of linearizability knows it.
fn operation<Pr: Accesses>(
    op: OpId,
    asked: &AskedOf<Pr>,
) -> Operation<Call, CasResult<Option<Value>>> {
    let outcome = match &asked.answer {
        Some(Answered { at, response, .. }) => {
            Outcome::Ok { at: *at, result: Pr::result(response) }
        }
        None if asked.reached => Outcome::Unknown,
        None => Outcome::Failed,
    };
    Operation { invoked: asked.at, call: Pr::call(op, &asked.request), outcome }
}

/// Judges [`super::VALIDITY`].
#[derive(Default)]
pub(super) struct Validity {
    requested: PerOp<Request>,
}

impl Checker<Request, Indication> for Validity {
    fn observe(&mut self, entry: &Entry<Request, Indication>) -> Option<Witness> {
        let (op, response) = match entry.event {
            Event::Requested { op, request, .. } => {
                self.requested.slot(op).get_or_insert(request);
                return None;
            }
            Event::Indicated { answers: Some(op), indication: Indication::Answered(response) } => {
                (op, response)
            }
            _ => return None,
        };
        let answer = |what: &str| format!("{} answered {op} at {} s: {what}", entry.node, entry.at);
        let Some(request) = self.requested.get(op).copied() else {
            return Some(answer("nobody had asked for it"));
        };
        match (request, response) {
            (Request::Get { .. }, Response::Value(None))
            | (Request::Put { .. }, Response::Written)
            | (Request::CompareAndSet { .. }, Response::Swapped(_)) => None,
            (Request::Get { key }, Response::Value(Some(value))) => {
                match self.requested.get(value.0) {
                    Some(
                        Request::Put { key: there } | Request::CompareAndSet { key: there, .. },
                    ) if *there == key => None,
                    Some(other) => {
                        Some(answer(&format!("k{key} read {value:?}, which asked to {other:?}")))
                    }
                    None => Some(answer(&format!("k{key} read {value:?}, which nobody wrote"))),
                }
            }
            _ => Some(answer(&format!("it asked to {request:?} and was told: {response:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::ClientId;

    use super::super::super::bench::{Bench, Found, end};
    use super::super::{LINEARIZABILITY, VALIDITY};
    use super::*;

    const fn op(client: u32, sequence: u32) -> OpId {
        OpId { client: ClientId(client), sequence }
    }

    const A: OpId = op(0, 0);
    const B: OpId = op(1, 0);
    const C: OpId = op(2, 0);
    const GET: Request = Request::Get { key: 7 };
    const PUT: Request = Request::Put { key: 7 };

    fn asks(op: OpId, request: Request) -> Event<Request, Indication> {
        Event::Requested { op, request, reached: true }
    }

    fn hears(op: OpId, response: Response) -> Event<Request, Indication> {
        Event::Indicated { answers: Some(op), indication: Indication::Answered(response) }
    }

    fn reads(op: OpId, value: Option<OpId>) -> Event<Request, Indication> {
        hears(op, Response::Value(value.map(Value)))
    }

    /// What the judges of safety say of a history, an event each second, and whether one of them
    /// is undecided.
    fn judge(history: &[Event<Request, Indication>]) -> (Found, bool) {
        let mut bench = Bench::<Kv>::after(history.iter().cloned().map(|event| (0, 0, event)));
        let found = bench.conclude(&end(history.len() as u64, None, &[]));
        (found, bench.is_undecided())
    }

    #[test]
    fn a_history_with_overlaps_retries_and_an_unanswered_write_is_accepted() {
        let unheard = op(3, 0);
        let history = [
            asks(A, PUT),
            asks(unheard, PUT),
            asks(B, GET),
            asks(A, PUT),
            reads(B, Some(A)),
            hears(A, Response::Written),
            hears(A, Response::Written),
            asks(C, GET),
            reads(C, Some(unheard)),
        ];
        assert_eq!(judge(&history), (vec![], false));
    }

    #[test]
    fn a_read_of_what_was_overwritten_is_not_linearizable_and_the_witness_says_why() {
        let history = [
            asks(A, PUT),
            hears(A, Response::Written),
            asks(B, PUT),
            hears(B, Response::Written),
            asks(C, GET),
            reads(C, Some(A)),
        ];
        let witness = "k7: c2.0 get k7 (asked at 4 s, read c0.0 at 5 s) fits nowhere; 2 operations \
                       before it can be put in order, which ends: c0.0 put k7 (asked at 0 s, \
                       written at 1 s), c1.0 put k7 (asked at 2 s, written at 3 s)";
        assert_eq!(judge(&history).0, [(LINEARIZABILITY, witness.to_owned())]);
    }

    #[test]
    fn the_witness_names_the_session_guarantee_that_a_client_saw_broken() {
        let (first, second) = (op(0, 0), op(0, 1));
        let history = [
            asks(first, PUT),
            hears(first, Response::Written),
            asks(second, GET),
            reads(second, None),
        ];
        let found = judge(&history).0;
        let [(LINEARIZABILITY, witness)] = &found[..] else { panic!("{found:?}") };
        let expected = "; read_your_writes: c0 wrote c0.0 to 7 at (n0, 0) from 0 s to \
                        1 s; then c0 found nothing at 7 at (n0, 0) from 2 s \
                        to 3 s, which is older";
        assert!(witness.ends_with(expected), "{witness}");
    }

    #[test]
    fn a_set_that_finds_what_was_not_there_and_one_done_twice_are_not_linearizable() {
        let set =
            |expected: OpId| Request::CompareAndSet { key: 7, expected: Some(Value(expected)) };
        let found = |history: &[_]| {
            let found = judge(history).0;
            found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let first = [asks(A, PUT), hears(A, Response::Written), asks(B, set(A))];
        let then = |rest: &[Event<Request, Indication>]| [&first[..], rest].concat();
        assert_eq!(found(&then(&[hears(B, Response::Swapped(true))])), [] as [&str; 0]);
        assert_eq!(found(&then(&[hears(B, Response::Swapped(false))])), [LINEARIZABILITY]);
        let twice = [hears(B, Response::Swapped(true)), asks(C, set(A))];
        assert_eq!(
            found(&then(&[&twice[..], &[hears(C, Response::Swapped(true))]].concat())),
            [LINEARIZABILITY]
        );
    }

    #[test]
    fn what_reached_nobody_took_no_effect() {
        let lost = Event::Requested { op: A, request: PUT, reached: false };
        let history = [lost, asks(B, GET), reads(B, Some(A))];
        let found = judge(&history).0;
        assert_eq!(found.first().map(|(name, _)| *name), Some(LINEARIZABILITY), "{found:?}");
    }

    #[test]
    fn an_answer_after_the_client_went_away_is_nobodys() {
        let history = [asks(A, GET), Event::Abandoned { op: A }, asks(B, PUT), reads(A, Some(B))];
        assert_eq!(judge(&history), (vec![], false));
        let stale = [
            asks(B, PUT),
            hears(B, Response::Written),
            asks(A, GET),
            Event::Abandoned { op: A },
            reads(A, None),
        ];
        assert_eq!(judge(&stale), (vec![], false));
    }

    #[test]
    fn a_read_of_what_was_never_written_there_is_not_valid() {
        let elsewhere = [asks(A, Request::Put { key: 1 }), asks(C, GET), reads(C, Some(A))];
        let nowhere = [asks(C, GET), reads(C, Some(A))];
        let of_a_read = [asks(A, GET), asks(C, GET), reads(C, Some(A))];
        let unasked = [reads(C, None)];
        let mistold = [asks(A, PUT), hears(A, Response::Swapped(true))];
        for history in [&elsewhere[..], &nowhere, &of_a_read, &unasked, &mistold] {
            let found = judge(history).0;
            assert!(found.iter().any(|(name, _)| *name == VALIDITY), "{found:?}");
        }
    }

    #[test]
    fn a_history_that_is_too_hard_is_left_undecided() {
        // Forty writes that overlap and that nobody answered: which of them took effect?
        let set = Request::CompareAndSet { key: 7, expected: None };
        let mut history: Vec<_> = (0..40).map(|client| asks(op(client, 0), PUT)).collect();
        history.push(asks(op(40, 0), set));
        history.push(asks(op(41, 0), GET));
        history.push(reads(op(41, 0), None));
        history.push(hears(op(40, 0), Response::Swapped(false)));
        history.push(asks(op(42, 0), GET));
        history.push(reads(op(42, 0), None));
        let (found, undecided) = judge(&history);
        assert!(found.is_empty() && undecided, "{found:?}");
    }
}
