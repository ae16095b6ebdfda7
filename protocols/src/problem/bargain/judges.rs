//! The judges of bargains: on one thing, to nobody's harm, and ever.

use std::collections::BTreeMap;

use sim_core::checker::{Checker, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::NodeId;
use sim_core::time::Time;

use super::{Ending, Negotiate};
use crate::bargain::Domain;

type Seen = Entry<Negotiate, Ending>;

/// The outcome that an entry shows a party to agree on.
const fn agreed(entry: &Seen) -> Option<usize> {
    match entry.event {
        Event::Indicated { indication: Ending::Agreed { outcome, .. }, .. } => Some(outcome),
        _ => None,
    }
}

/// Keeps what parties agreed on that are still thought correct; it is the same for all.
#[derive(Default)]
pub(super) struct Agreement {
    agreed: BTreeMap<NodeId, (usize, Time)>,
}

impl Checker<Negotiate, Ending> for Agreement {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            self.agreed.remove(&entry.node);
        }
        let (outcome, node, at) = (agreed(entry)?, entry.node, entry.at);
        if let Some((other, (settled, when))) = self.agreed.first_key_value()
            && *settled != outcome
        {
            return Some(format!(
                "{other} agreed on outcome {settled} at {when} s, but {node} on {outcome} at {at} s"
            ));
        }
        self.agreed.insert(node, (outcome, at));
        None
    }
}

/// Knows what is bargained over.
#[derive(Default)]
pub(super) struct Rationality {
    domain: Option<Domain>,
}

impl Checker<Negotiate, Ending> for Rationality {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Requested { request: Negotiate(domain), .. } = &entry.event {
            self.domain.get_or_insert_with(|| domain.clone());
        }
        let (outcome, node, at) = (agreed(entry)?, entry.node, entry.at);
        let domain = self.domain.as_ref()?;
        let without = *domain.disagreement.get(node.index())?;
        let Some(worth) = domain.outcomes.get(outcome).map(|worth| worth[node.index()]) else {
            let all = domain.outcomes.len();
            return Some(format!(
                "{node} agreed on outcome {outcome} at {at} s; there are {all}, from 0"
            ));
        };
        (worth < without).then(|| {
            format!(
                "{node} agreed on outcome {outcome} at {at} s, which is worth {worth} to it; no \
                 agreement is worth {without}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};

    use super::super::super::bench::{Bench, Found, Happening, end};
    use super::super::{AGREEMENT, Bargaining, INDIVIDUAL_RATIONALITY, TERMINATION};
    use super::*;

    fn asked(node: u32) -> Happening<Bargaining> {
        let op = OpId { client: ClientId(node), sequence: 0 };
        let outcomes = vec![vec![900, 100], vec![400, 600], vec![500, 500]];
        let request = Negotiate(Domain { outcomes, disagreement: vec![200, 200] });
        (node, 0, Event::Requested { op, request, reached: true })
    }

    const fn ends(node: u32, indication: Ending) -> Happening<Bargaining> {
        (node, 0, Event::Indicated { answers: None, indication })
    }

    const fn agrees(node: u32, outcome: usize) -> Happening<Bargaining> {
        ends(node, Ending::Agreed { outcome, rounds: 1 })
    }

    /// What is found in a history in which both are asked first, seen a minute later.
    fn found(then: &[Happening<Bargaining>]) -> Found {
        let history = [asked(0), asked(1)].into_iter().chain(then.iter().cloned());
        Bench::<Bargaining>::after(history).conclude(&end(60, Some(0), &[0, 1]))
    }

    #[test]
    fn two_parties_may_not_agree_on_two_outcomes_unless_one_of_them_lies() {
        assert_eq!(found(&[agrees(0, 1), agrees(1, 1)]), []);
        let witness = "n0 agreed on outcome 1 at 2 s, but n1 on 2 at 3 s".to_owned();
        assert_eq!(found(&[agrees(0, 1), agrees(1, 2)]), [(AGREEMENT, witness)]);
        let liar = (0, 0, Event::Corrupted);
        assert_eq!(found(&[agrees(0, 1), liar, agrees(1, 2)]), []);
    }

    #[test]
    fn nobody_agrees_on_what_is_worth_less_to_it_than_no_agreement() {
        let witness = "n1 agreed on outcome 0 at 3 s, which is worth 100 to it; no agreement is \
                       worth 200";
        let expected = [(INDIVIDUAL_RATIONALITY, witness.to_owned())];
        assert_eq!(found(&[agrees(0, 0), agrees(1, 0)]), expected);
    }

    #[test]
    fn nobody_agrees_on_what_is_no_outcome_whatever_no_agreement_is_worth() {
        let request = Negotiate(Domain { outcomes: vec![vec![0, 0]], disagreement: vec![0, 0] });
        let op = OpId { client: ClientId(0), sequence: 0 };
        let asked = (0, 0, Event::Requested { op, request, reached: true });
        let history = [asked, agrees(0, 1), agrees(1, 1)];
        let judged = Bench::<Bargaining>::after(history).conclude(&end(60, Some(0), &[0, 1]));
        let witness = |node, at| {
            let said = format!("n{node} agreed on outcome 1 at {at} s; there are 1, from 0");
            (INDIVIDUAL_RATIONALITY, said)
        };
        assert_eq!(judged, [witness(0, 1), witness(1, 2)]);
    }

    #[test]
    fn a_party_that_breaks_down_has_ended_and_one_that_is_silent_has_not() {
        assert_eq!(found(&[agrees(0, 1), ends(1, Ending::BrokenDown)]), []);
        let silent = found(&[agrees(0, 1)]);
        assert_eq!(silent[0].0, TERMINATION, "{silent:?}");
    }
}
