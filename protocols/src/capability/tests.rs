//! Capabilities: what they permit, and that passing them on never adds to it.

use proptest::prelude::*;

use super::*;
use crate::credential::tests::{at, keys};

const PAPER: Resource = Resource(3);

fn terms(depth: u8) -> Terms {
    Terms { resource: PAPER, action: Action::Read, expires: at(10), depth, policy: audit::empty() }
}

fn asks(presenter: PublicKey) -> Asked {
    Asked {
        presenter: presenter.owner,
        resource: PAPER,
        action: Action::Read,
        now: at(1),
        skew: Duration::ZERO,
    }
}

fn anybody(_: PublicKey) -> bool {
    true
}

#[test]
fn a_grant_permits_what_it_says_to_its_holder_and_nothing_else() {
    let [ann, bob, authority] = keys();
    let root = authority.public();
    let grant = Capability::grant(&authority, ann.public(), terms(1));
    let check = |asked: Asked| grant.check(&asked, root, anybody);
    let asked = asks(ann.public());
    assert_eq!(check(asked), Ok(()));
    assert_eq!(check(asks(bob.public())), Err(Denial::NotHolder));
    assert_eq!(check(Asked { action: Action::Write, ..asked }), Err(Denial::Outside));
    assert_eq!(check(Asked { resource: Resource(4), ..asked }), Err(Denial::Outside));
    assert_eq!(check(Asked { now: at(11), ..asked }), Err(Denial::Expired));
    assert_eq!(grant.check(&asked, root, |key| key != ann.public()), Err(Denial::Revoked));
    let own = Capability::grant(&bob, bob.public(), terms(1));
    assert_eq!(own.check(&asks(bob.public()), root, anybody), Err(Denial::Forged));
}

#[test]
fn what_is_passed_on_works_for_the_next_and_no_further_than_its_depth() {
    let [ann, bob, eve, authority] = keys();
    let root = authority.public();
    let grant = Capability::grant(&authority, ann.public(), terms(1));
    let lent = grant.attenuated(&ann, bob.public());
    assert_eq!(lent.check(&asks(bob.public()), root, anybody), Ok(()));
    assert_eq!(lent.check(&asks(ann.public()), root, anybody), Err(Denial::NotHolder));
    let further = lent.attenuated(&bob, eve.public());
    assert_eq!(further.check(&asks(eve.public()), root, anybody), Err(Denial::TooDeep));
    // A key that is revoked takes with it what came through it.
    assert_eq!(
        lent.check(&asks(bob.public()), root, |key| key != ann.public()),
        Err(Denial::Revoked)
    );
    // Who was never given it cannot pass it on.
    let stolen = grant.attenuated(&eve, eve.public());
    assert_eq!(stolen.check(&asks(eve.public()), root, anybody), Err(Denial::Forged));
}

#[test]
fn terms_that_were_changed_are_forged() {
    let [ann, authority] = keys();
    let grant = Capability::grant(&authority, ann.public(), terms(1));
    let wider = Terms { action: Action::Write, ..terms(9) };
    let asked = Asked { action: Action::Write, ..asks(ann.public()) };
    assert_eq!(
        grant.altered(wider).check(&asked, authority.public(), anybody),
        Err(Denial::Forged)
    );
}

fn any_terms() -> impl Strategy<Value = Terms> {
    (0_u32..2, any::<bool>(), 0_u64..4, 0_u8..4).prop_map(|(resource, writes, end, depth)| Terms {
        resource: Resource(resource),
        action: if writes { Action::Write } else { Action::Read },
        expires: at(end),
        depth,
        policy: audit::empty(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1988),
        ..ProptestConfig::default()
    })]

    #[test]
    fn authority_never_grows_however_it_is_passed_on(
        chain in prop::collection::vec(any_terms(), 1..5),
        (resource, writes, now) in (0_u32..2, any::<bool>(), 0_u64..4),
    ) {
        let keys = keys::<6>();
        let authority = keys[5];
        let mut capability = Capability::grant(&authority, keys[0].public(), chain[0]);
        let action = if writes { Action::Write } else { Action::Read };
        let permits = |capability: &Capability| {
            let presenter = capability.holder().owner;
            let asked = Asked {
                presenter, resource: Resource(resource), action, now: at(now), skew: Duration::ZERO,
            };
            capability.check(&asked, authority.public(), anybody).is_ok()
        };
        let mut was_permitted = permits(&capability);
        for (place, terms) in chain.iter().enumerate().skip(1) {
            capability = capability.passed_on(&keys[place - 1], keys[place].public(), *terms);
            let is_permitted = permits(&capability);
            prop_assert!(was_permitted || !is_permitted, "{capability:?}");
            was_permitted = is_permitted;
        }
    }
}
