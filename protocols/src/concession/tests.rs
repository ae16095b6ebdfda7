//! Monotonic concession on the table.

use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::message::{Lie, Message as _};
use sim_core::protocol::Protocol as _;
use sim_core::tabletop::Tabletop;
use sim_core::time::Duration;

use super::{Concession, Config, Message};
use crate::bargain::{Domain, Solution};
use crate::mutants::{Planted, breaks_all, broken};
use crate::negotiation::Timer;
use crate::problem::bargain::{AGREEMENT, Ending, Negotiate};

type Tabled = Tabletop<Concession>;

const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

/// From all for one to all for the other, on a bent line.
fn domain() -> Domain {
    let outcomes = [[1_000, 0], [900, 350], [750, 550], [500, 800], [250, 950], [0, 1_000]];
    Domain { outcomes: outcomes.map(Vec::from).to_vec(), disagreement: vec![0, 0] }
}

fn seat(domain: &Domain, mutant: Planted) -> Tabled {
    let mut table = Tabled::with_mutant(2, Config::default(), mutant);
    for node in [0, 1] {
        table.request(node, op(node), Negotiate(domain.clone()));
    }
    table
}

fn ended(table: &Tabled) -> [Option<Ending>; 2] {
    [0, 1].map(|node| table.state(node).ending.outcome())
}

fn agreed(ending: Option<Ending>) -> Option<usize> {
    match ending {
        Some(Ending::Agreed { outcome, .. }) => Some(outcome),
        _ => None,
    }
}

#[test]
fn both_concede_to_the_largest_product_and_never_back() {
    let mut table = seat(&domain(), None);
    table.settle(&[0, 1]);
    let nash = Solution::Nash.pick(&domain());
    assert_eq!(nash, Some(2), "750 × 550");
    assert_eq!(ended(&table).map(agreed), [nash; 2]);
    for node in [0, 1] {
        let worth = |outcome: &usize| domain().outcomes[*outcome][1 - node as usize];
        let said = &table.state(node).said;
        assert!(said.is_sorted_by_key(worth), "n{node} took a concession back: {said:?}");
    }
    assert!(table.violations().is_empty(), "{}", table.transcript());
}

#[test]
fn what_is_lost_is_said_again_and_who_agreed_helps() {
    let mut table = seat(&domain(), None);
    for _ in 0..20 {
        // Only what n0 says gets through the first time.
        while table.flying().iter().any(|letter| letter.from == NodeId(0)) {
            table.deliver(0, 1);
        }
        table.lose_all();
        if let Some(node) =
            [0, 1].into_iter().find(|node| table.timers(*node).contains(&Timer::Repeat))
        {
            table.fire(node, Timer::Repeat);
            table.settle(&[0, 1]);
        }
    }
    assert_eq!(ended(&table).map(agreed), [Some(2); 2], "{}", table.transcript());
}

#[test]
fn a_later_life_proposes_the_same() {
    let mut table = seat(&domain(), None);
    table.deliver(0, 1);
    table.deliver(1, 0);
    table.restart(0);
    table.lose_all();
    table.request(0, op(0), Negotiate(domain()));
    for _ in 0..10 {
        for node in [0, 1] {
            if table.timers(node).contains(&Timer::Repeat) {
                table.fire(node, Timer::Repeat);
                table.settle(&[0, 1]);
            }
        }
    }
    assert_eq!(ended(&table).map(agreed), [Some(2); 2], "{}", table.transcript());
    assert!(table.violations().is_empty());
}

#[test]
fn at_the_deadline_it_breaks_down() {
    let mut table = seat(&domain(), None);
    table.pass(Duration::from_secs(10));
    table.fire(0, Timer::Deadline);
    table.settle(&[0, 1]);
    assert_eq!(ended(&table)[0], Some(Ending::BrokenDown));
    assert_eq!(table.timers(0), []);
    table.fire(1, Timer::Deadline);
    assert_eq!(ended(&table), [Some(Ending::BrokenDown); 2]);
}

#[test]
fn where_nothing_can_be_agreed_on_it_breaks_down_at_once() {
    let nothing = Domain { outcomes: vec![vec![1_000, 0]], disagreement: vec![0, 1] };
    let table = seat(&nothing, None);
    assert_eq!(ended(&table), [Some(Ending::BrokenDown); 2]);
}

#[test]
fn what_harms_a_party_is_no_proposal_to_it() {
    let harmful = Domain { disagreement: vec![400, 400], ..domain() };
    let mut table = seat(&harmful, None);
    for outcome in [0, 5, 6, usize::MAX] {
        let mut table = seat(&harmful, None);
        table.inject(1, 0, Message { round: 0, outcome, again: false });
        assert_eq!((ended(&table)[0], table.state(0).said.len()), (None, 1), "{outcome}");
    }
    table.settle(&[0, 1]);
    let nash = Solution::Nash.pick(&harmful);
    assert_eq!(ended(&table).map(agreed), [nash; 2]);
}

#[test]
fn a_liar_may_agree_on_one_thing_with_one_life_and_on_another_with_the_next() {
    let mut table = seat(&domain(), None);
    table.corrupt(1);
    let proposes = |table: &mut Tabled, proposals: &[usize]| {
        for (round, outcome) in (0..).zip(proposals) {
            table.inject(1, 0, Message { round, outcome: *outcome, again: false });
        }
        agreed(ended(table)[0])
    };
    assert_eq!(proposes(&mut table, &[0]), Some(0), "all that n0 asks for");
    table.restart(0);
    table.request(0, op(0), Negotiate(domain()));
    assert_eq!(proposes(&mut table, &[5, 2]), Some(2));
    assert_eq!(broken(&table), [AGREEMENT]);
    let contract = Concession::contract(&Config::default(), Cluster { n: 2 });
    assert_eq!(contract.safety.byzantine, 0, "so it promises nothing against liars");
}

#[test]
fn co1_to_accept_what_oneself_proposed_is_caught() {
    breaks_all("CO1", |mutant| {
        let mut table = seat(&domain(), mutant);
        table.settle(&[0, 1]);
        table
    });
}

#[test]
fn lies_are_other_outcomes_and_later_rounds() {
    let table = seat(&domain(), None);
    let mouths = NodeSet::from_iter([NodeId(0)]);
    let message = Message { round: 3, outcome: 2, again: false };
    let forge = |lie| message.forge(lie, &mut table.forger(&mouths));
    assert!(forge(Lie::Content).is_some_and(|lie| lie.outcome != 2 && lie.round == 3));
    assert!(forge(Lie::Round).is_some_and(|lie| lie.outcome == 2 && lie.round > 3));
    assert_eq!(forge(Lie::Time), None);
}

#[test]
fn three_parties_and_no_time_are_objected_to() {
    let object = |config: Config, n| {
        let found = Concession::objections(&config, Cluster { n });
        found.first().map(|objection| objection.key)
    };
    assert_eq!(
        [1, 2, 3].map(|n| object(Config::default(), n)),
        [Some("nodes"), None, Some("nodes")]
    );
    assert_eq!(
        object(Config { deadline: Duration::ZERO, ..Config::default() }, 2),
        Some("deadline")
    );
}
