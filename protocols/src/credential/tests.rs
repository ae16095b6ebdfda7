//! Credentials: good as long as they are, and not a moment longer.

use sim_core::id::NodeSet;
use sim_core::tabletop::Tabletop;

use super::*;
use crate::server::Server;

/// The first keys of some identities; the last is the authority's.
pub(crate) fn keys<const N: usize>() -> [SecretKey; N] {
    let everybody: NodeSet = (0..N as u32).map(NodeId).collect();
    let table = Tabletop::<Server>::new(N as u32, <_>::default());
    let forger = table.forger(&everybody);
    std::array::from_fn(|node| {
        let signer = forger.signer(NodeId(node as u32)).expect("a key of everybody");
        SecretKey::of(signer, 0)
    })
}

pub(crate) const fn at(second: u64) -> Time {
    Time::from_nanos(second * 1_000_000_000)
}

const SKEW: Duration = Duration::from_millis(500);

#[test]
fn a_signature_is_of_one_key_for_one_purpose() {
    let [ann, bob] = keys();
    let later = SecretKey::of(ann.signer, 1);
    let signature = ann.sign("letter", &7);
    assert!(ann.public().verifies(&signature, "letter", &7));
    assert!(!ann.public().verifies(&signature, "letter", &8));
    assert!(!ann.public().verifies(&signature, "head", &7));
    assert!(!bob.public().verifies(&signature, "letter", &7));
    assert!(!later.public().verifies(&signature, "letter", &7), "another generation");
}

#[test]
fn a_certificate_is_good_from_its_beginning_to_its_end_give_or_take_the_skew() {
    let [ann, authority] = keys();
    let certificate = Certificate::issue(&authority, ann.public(), at(10), Duration::from_secs(5));
    let check = |now| certificate.check(authority.public(), now, SKEW);
    assert_eq!(check(at(9)), Err(Flaw::Early));
    assert_eq!(check(at(10)), Ok(()));
    assert_eq!(check(at(15) + SKEW), Ok(()));
    assert_eq!(check(at(16)), Err(Flaw::Expired));
}

#[test]
fn a_certificate_of_nobody_or_for_another_key_is_none() {
    let [ann, bob, authority] = keys();
    let own = Certificate::issue(&bob, bob.public(), at(0), Duration::from_secs(5));
    assert_eq!(own.check(authority.public(), at(1), SKEW), Err(Flaw::Unsigned));
    let good = Certificate::issue(&authority, ann.public(), at(0), Duration::from_secs(5));
    let moved = good.transplanted(bob.public());
    assert_eq!(moved.check(authority.public(), at(1), SKEW), Err(Flaw::Unsigned));
}

#[test]
fn two_keys_of_one_identity_overlap_as_long_as_both_certificates_are_good() {
    let [ann, authority] = keys();
    let next = SecretKey::of(ann.signer, 1);
    let lasts = Duration::from_secs(10);
    let old = Certificate::issue(&authority, ann.public(), at(0), lasts);
    let new = Certificate::issue(&authority, next.public(), at(5), lasts);
    let good = |second| {
        [old, new].map(|one| one.check(authority.public(), at(second), Duration::ZERO).is_ok())
    };
    assert_eq!(good(4), [true, false]);
    assert_eq!(good(7), [true, true]);
    assert_eq!(good(12), [false, true]);
}

#[test]
fn who_is_on_the_list_is_revoked_and_an_old_list_says_nothing_of_the_others() {
    let [ann, bob, authority] = keys();
    let list = Revocations::issue(&authority, BTreeSet::from([ann.public()]), at(10));
    let age = Duration::from_secs(2);
    assert!(list.is_genuine(authority.public()) && !list.is_genuine(bob.public()));
    assert_eq!(list.check(bob.public(), at(12), age), Ok(()));
    assert_eq!(list.check(bob.public(), at(13), age), Err(Flaw::Unknown));
    assert_eq!(list.check(ann.public(), at(11), age), Err(Flaw::Revoked));
    assert_eq!(list.check(ann.public(), at(13), age), Err(Flaw::Revoked));
}

#[test]
fn a_list_is_as_long_as_its_time_its_signature_and_eight_bytes_a_key() {
    let [ann, bob, authority] = keys();
    let bytes = |revoked| Revocations::issue(&authority, revoked, at(10)).bytes();
    assert_eq!(bytes(BTreeSet::new()), 8 + SIGNATURE_BYTES);
    let two = BTreeSet::from([ann.public(), bob.public()]);
    assert_eq!(bytes(two), 8 + SIGNATURE_BYTES + 16);
}

#[test]
fn the_first_key_that_an_owner_lost_is_the_oldest_of_its_own_on_the_list() {
    let [ann, bob, authority] = keys();
    let next = |key: &SecretKey| PublicKey { generation: 1, ..key.public() };
    let revoked = BTreeSet::from([next(&ann), bob.public(), next(&bob)]);
    let list = Revocations::issue(&authority, revoked, at(10));
    let first =
        [ann.public(), bob.public(), authority.public()].map(|key| list.first_of(key.owner));
    assert_eq!(first, [Some(next(&ann)), Some(bob.public()), None]);
}
