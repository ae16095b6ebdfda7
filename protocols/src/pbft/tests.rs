//! PBFT by hand: the normal case, batches, checkpoints, reboots, transfers, and what is believed.

use std::sync::Arc;

use sim_core::id::{ClientId, Cluster, NodeId, NodeSet, OpId};
use sim_core::message::{Lie, Message as _};
use sim_core::protocol::Protocol as _;
use sim_core::tabletop::{Flying, Tabletop};
use sim_core::time::Duration;

use super::certificates::{liars, quorum};
use super::log::Ballots;
use super::message::{
    Batch, Checkpoint, Message, Phase, PrePrepare, Prepared, Proposal, Request, Seal, Sequence,
    View, ViewChange,
};
use super::replica::Replica;
use super::{Authentication, Config, Pbft, Timer};
use crate::machine::Journal;
use crate::problem::log::Command;

pub(super) type Table = Tabletop<Pbft>;

/// `n` replicas and two clients behind them.
pub(super) fn table(n: u32, config: Config, mutant: Option<&'static str>) -> Table {
    Table::with_clients(n, 2, config, mutant)
}

pub(super) fn replica(table: &Table, node: u32) -> &Replica<Journal> {
    match table.state(node) {
        Pbft::Replica(replica) => replica,
        Pbft::Client(_) => panic!("n{node} is a client"),
    }
}

/// A client of a table of `n` replicas asks for its operation `sequence`.
pub(super) fn ask(table: &mut Table, n: u32, client: u32, sequence: u32) {
    let op = OpId { client: ClientId(client), sequence };
    table.request(n + client, op, Command(u64::from(client) << 32 | u64::from(sequence)));
}

/// Delivers what flies and what follows from it, but for what is held back.
pub(super) fn settle_but(
    table: &mut Table,
    hold: impl Fn(&Flying<Message>) -> bool,
) -> Vec<Flying<Message>> {
    let mut held = Vec::new();
    while let Some(next) = table.flying().first() {
        let (from, to) = (next.from.0, next.to.0);
        let letter = table.take(from, to);
        if hold(&letter) {
            held.push(letter);
        } else {
            table.arrive(letter);
        }
    }
    held
}

/// These replicas lose patience with their primary.
pub(super) fn lose_patience(table: &mut Table, nodes: &[u32]) {
    table.pass(Config::default().view_change_timeout);
    nodes.iter().for_each(|node| table.fire(*node, Timer::Patience));
}

/// The request that a client of a table of `n` replicas makes.
pub(super) fn request(table: &Table, n: u32, client: u32, sequence: u32) -> Request {
    let clients = NodeSet::from_iter([NodeId(n + client)]);
    let signer = table.forger(&clients).signer(NodeId(n + client)).expect("the client's key");
    let op = OpId { client: ClientId(client), sequence };
    Request::new(op, Command(u64::from(client) << 32 | u64::from(sequence)), signer)
}

/// What a primary proposes, with its true seal.
pub(super) fn offer(
    table: &Table,
    primary: u32,
    (view, sequence): (View, Sequence),
    batch: Batch,
) -> Arc<PrePrepare> {
    let mouths = NodeSet::from_iter([NodeId(primary)]);
    let signer = table.forger(&mouths).signer(NodeId(primary)).expect("its key");
    let proposal = Proposal { view, sequence, digest: batch.digest() };
    let seal = Seal::Signed(signer.sign(Phase::PrePrepare.domain(), &proposal));
    Arc::new(PrePrepare { proposal, batch, seal })
}

/// A vote of a replica, with its true seal.
pub(super) fn vote(table: &Table, voter: u32, phase: Phase, proposal: Proposal) -> Message {
    let mouths = NodeSet::from_iter([NodeId(voter)]);
    let signer = table.forger(&mouths).signer(NodeId(voter)).expect("its key");
    Message::vote(phase, proposal, Seal::Signed(signer.sign(phase.domain(), &proposal)))
}

/// A replica's word, with its true signature, that it has some state after `sequence`.
fn checkpoint(table: &Table, node: u32, sequence: Sequence) -> Message {
    let mouths = NodeSet::from_iter([NodeId(node)]);
    let signer = table.forger(&mouths).signer(NodeId(node)).expect("its key");
    let (position, digest) = (sequence, Batch::Null.digest());
    let signature = signer.sign("checkpoint", &(sequence, position, digest));
    Message::Checkpoint(Checkpoint { sequence, position, digest, signature })
}

fn quick() -> Config {
    Config { checkpoint_interval: 2, window: 4, ..Config::default() }
}

#[test]
fn two_quorums_share_an_honest_replica_and_the_honest_make_one_whatever_n_is() {
    for n in 1..200 {
        let cluster = Cluster { n };
        let (q, f) = (quorum(cluster), liars(cluster));
        assert!(2 * q > n + f, "n = {n}: two quorums may share nobody but liars");
        assert!(q <= n - f, "n = {n}: liars who keep silent block every quorum");
        if n == 3 * f + 1 {
            assert_eq!(q, 2 * f + 1);
        }
    }
    assert_eq!([4, 5, 6, 7].map(|n| quorum(Cluster { n })), [3, 4, 4, 5]);
}

#[test]
fn a_request_is_executed_everywhere_and_acknowledged_once_by_f_plus_one() {
    let mut table = table(4, Config::default(), None);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |_| false);
    assert!((0..4).all(|node| replica(&table, node).position() == 1));
    assert_eq!(table.transcript().matches("Acknowledged { position: 1 }").count(), 1);
    assert_eq!(table.violations(), []);
}

#[test]
fn one_reply_does_not_convince_a_client() {
    let mut table = table(4, Config::default(), None);
    ask(&mut table, 4, 0, 0);
    let replies = settle_but(&mut table, |letter| matches!(letter.message, Message::Reply { .. }));
    assert_eq!(replies.len(), 4);
    let [first, second, ..] = &replies[..] else { panic!("{replies:?}") };
    table.arrive(first.clone());
    table.arrive(first.clone());
    assert!(!table.transcript().contains("Acknowledged"), "one replica said it twice");
    table.arrive(second.clone());
    assert!(table.transcript().contains("Acknowledged"));
}

#[test]
fn a_request_that_is_made_again_is_answered_again_and_executed_once() {
    let mut table = table(4, Config::default(), None);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| matches!(letter.message, Message::Reply { .. }));
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |_| false);
    assert!(table.transcript().contains("Acknowledged { position: 1 }"));
    assert!((0..4).all(|node| replica(&table, node).position() == 1));
}

#[test]
fn a_batch_fills_while_another_is_under_way() {
    let mut table = table(4, Config { batch: 2, ..Config::default() }, None);
    for sequence in 0..3 {
        ask(&mut table, 4, 0, sequence);
        table.deliver(4, 0);
    }
    settle_but(&mut table, |_| false);
    assert_eq!((replica(&table, 1).executed(), replica(&table, 1).position()), (2, 3));
}

#[test]
fn a_primary_proposes_no_further_than_the_high_watermark() {
    let mut table = table(4, quick(), None);
    (0..6).for_each(|sequence| ask(&mut table, 4, 0, sequence));
    let is_checkpoint = |letter: &Flying<Message>| matches!(letter.message, Message::Checkpoint(_));
    let held = settle_but(&mut table, is_checkpoint);
    assert_eq!((replica(&table, 0).executed(), replica(&table, 0).log().low()), (4, 0));
    held.into_iter().for_each(|letter| table.arrive(letter));
    settle_but(&mut table, |_| false);
    assert_eq!((replica(&table, 0).executed(), replica(&table, 0).log().low()), (6, 6));
}

#[test]
fn a_reboot_brings_back_view_promises_and_what_was_delivered() {
    let mut table = table(4, quick(), None);
    (0..3).for_each(|sequence| ask(&mut table, 4, 0, sequence));
    settle_but(&mut table, |_| false);
    table.restart(1);
    assert_eq!(replica(&table, 1).position(), 2, "what the checkpoint holds");
    settle_but(&mut table, |_| false);
    assert_eq!(replica(&table, 1).position(), 3, "the others repeat their votes");
    assert_eq!(table.violations(), []);

    ask(&mut table, 4, 1, 0);
    settle_but(&mut table, |letter| {
        !matches!(letter.message, Message::Request(_) | Message::PrePrepare(_))
    });
    table.restart(2);
    let other = offer(&table, 0, (0, 4), Batch::Null);
    table.lose_all();
    table.inject(0, 2, Message::PrePrepare(other));
    let votes = table.flying().iter().filter(|l| matches!(l.message, Message::Prepare { .. }));
    assert_eq!(votes.count(), 0, "it had accepted something else before the crash");
}

#[test]
fn a_replica_behind_a_stable_checkpoint_fetches_the_state_and_refuses_a_wrong_one() {
    let mut table = table(4, quick(), None);
    (0..5).for_each(|sequence| ask(&mut table, 4, 0, sequence));
    settle_but(&mut table, |letter| letter.to == NodeId(3));
    assert_eq!((replica(&table, 0).log().low(), replica(&table, 3).position()), (4, 0));
    table.restart(3);
    let status = Message::Status { view: 0, active: true, executed: 0 };
    table.inject(3, 0, status);
    table.deliver(0, 3);
    table.deliver(3, 0);
    let is_state = |letter: &Flying<Message>| matches!(letter.message, Message::State(_));
    let held = settle_but(&mut table, is_state);
    let letter = held.into_iter().next().expect("a state");
    let mouths = NodeSet::EMPTY;
    let wrong = letter.message.forge(Lie::Content, &mut table.forger(&mouths)).expect("a lie");
    table.inject(0, 3, wrong);
    assert_eq!(replica(&table, 3).position(), 0);
    table.arrive(letter);
    settle_but(&mut table, |_| false);
    assert_eq!(replica(&table, 3).position(), 5);
    assert_eq!(table.violations(), []);
}

#[test]
fn the_latest_four_checkpoints_of_a_replica_count_and_no_more() {
    for (last, expected) in [(8, Some(2)), (10, None)] {
        let mut table = table(4, quick(), None);
        let announced = (2..=last).step_by(2).map(|sequence| (1, sequence));
        for (node, sequence) in announced.chain([(2, 2), (3, 2)]) {
            let word = checkpoint(&table, node, sequence);
            table.inject(node, 0, word);
        }
        let ahead = replica(&table, 0).ahead.as_ref().map(|stable| stable.sequence);
        assert_eq!(ahead, expected, "n1 announced everything up to {last}");
    }
}

#[test]
fn every_further_view_change_in_vain_doubles_the_patience() {
    let mut table = table(4, Config::default(), None);
    let is_withheld = |letter: &Flying<Message>| {
        matches!(letter.message, Message::PrePrepare(_) | Message::NewView(_))
    };
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| letter.to == NodeId(0));
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, is_withheld);
    lose_patience(&mut table, &[1, 2, 3]);
    settle_but(&mut table, is_withheld);
    lose_patience(&mut table, &[2, 3]);
    settle_but(&mut table, is_withheld);
    assert_eq!(replica(&table, 3).view(), 2);
    lose_patience(&mut table, &[3]);
    assert_eq!(replica(&table, 3).view(), 2, "it waits for twice as long");
    lose_patience(&mut table, &[3]);
    assert_eq!(replica(&table, 3).view(), 3);
}

/// Four replicas have prepared a request, and the three backups give up on the primary, which is down.
fn prepared_and_left(authentication: Authentication) -> Table {
    let mut table = table(4, Config { authentication, ..Config::default() }, None);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| matches!(letter.message, Message::Commit { .. }));
    table.crash(0);
    lose_patience(&mut table, &[1, 2, 3]);
    table
}

#[test]
fn a_new_view_keeps_what_was_prepared_in_both_modes() {
    for authentication in [Authentication::Signatures, Authentication::Macs] {
        let mut table = prepared_and_left(authentication);
        settle_but(&mut table, |_| false);
        for node in 1..4 {
            assert_eq!((replica(&table, node).view(), replica(&table, node).position()), (1, 1));
        }
        assert_eq!(table.violations(), []);
    }
}

#[test]
fn a_message_bears_its_own_signature_and_all_those_that_it_quotes() {
    // A view change quotes a pre-prepare, two prepares and the client's request, which alone is
    // signed where the others have MACs; a new view quotes three of them, and its proposal.
    for (authentication, of_change, of_new_view) in [
        (Authentication::Signatures, 1 + 4, 1 + 3 * 5 + 1),
        (Authentication::Macs, 1 + 1, 1 + 3 * 2),
    ] {
        let mut table = prepared_and_left(authentication);
        let signatures = |letters: &[Flying<Message>]| {
            letters.iter().map(|letter| letter.message.signatures()).collect::<Vec<_>>()
        };
        let changes =
            settle_but(&mut table, |letter| matches!(letter.message, Message::ViewChange(_)));
        assert!(signatures(&changes).iter().all(|count| *count == of_change), "{changes:?}");
        changes.into_iter().for_each(|letter| table.arrive(letter));
        let new_views =
            settle_but(&mut table, |letter| matches!(letter.message, Message::NewView(_)));
        assert_eq!(signatures(&new_views), [of_new_view; 3], "{new_views:?}");
    }
}

#[test]
fn f_plus_one_view_changes_take_a_replica_along_and_one_does_not() {
    let mut table = table(4, Config::default(), None);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, |letter| {
        !matches!(letter.message, Message::Request(_) | Message::PrePrepare(_))
    });
    lose_patience(&mut table, &[1, 2]);
    table.deliver(1, 3);
    assert!(replica(&table, 3).active);
    table.deliver(2, 3);
    assert_eq!((replica(&table, 3).view(), replica(&table, 3).active), (1, false));
}

#[test]
fn a_primary_whom_f_replicas_left_and_liars_do_not_answer_gives_up_on_itself() {
    let mut table = table(4, Config::default(), None);
    // The liar n3 answers nobody and commits to n1 alone; n2 hears but the client, and leaves.
    let withheld = |letter: &Flying<Message>| match letter.message {
        Message::Request(_) => false,
        Message::Reply { .. } => letter.from == NodeId(3),
        Message::Commit { .. } if letter.from == NodeId(3) => letter.to != NodeId(1),
        _ => letter.to == NodeId(2),
    };
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, withheld);
    ask(&mut table, 4, 0, 0);
    settle_but(&mut table, withheld);
    assert_eq!([0, 1, 2].map(|node| replica(&table, node).position()), [0, 1, 0]);
    let silent = |letter: &Flying<Message>| letter.from == NodeId(3);
    lose_patience(&mut table, &[2]);
    settle_but(&mut table, silent);
    assert_eq!([0, 1, 2].map(|node| replica(&table, node).view()), [0, 0, 1]);
    assert!(!table.transcript().contains("Acknowledged"), "one honest answer is not enough");

    lose_patience(&mut table, &[0]);
    settle_but(&mut table, silent);
    assert_eq!([0, 1, 2].map(|node| replica(&table, node).view()), [1, 1, 1]);
    assert_eq!([0, 1, 2].map(|node| replica(&table, node).position()), [1, 1, 1]);
    assert_eq!(table.transcript().matches("Acknowledged { position: 1 }").count(), 1);
    assert_eq!(table.violations(), []);
}

/// What replica `node` says when it moves to view 3: what it prepared and pre-prepared at
/// sequence number 1, and in which views.
fn claims(
    node: u32,
    prepared: Option<(View, Batch)>,
    offered: &[(View, Batch)],
) -> Arc<ViewChange> {
    let table = table(4, Config::default(), None);
    let mouths = NodeSet::from_iter([NodeId(node)]);
    let signer = table.forger(&mouths).signer(NodeId(node)).expect("its key");
    let proposal =
        |view: &View, batch: &Batch| Proposal { view: *view, sequence: 1, digest: batch.digest() };
    let prepared = prepared.map(|(view, batch)| Prepared {
        pre_prepare: Arc::new(PrePrepare {
            proposal: proposal(&view, &batch),
            batch,
            seal: Seal::Macs(4),
        }),
        prepares: Arc::new([]),
    });
    Arc::new(ViewChange {
        view: 3,
        replica: NodeId(node),
        stable: None,
        prepared: prepared.into_iter().collect(),
        offered: offered.iter().map(|(view, batch)| proposal(view, batch)).collect(),
        signature: signer.sign("view-change", &()),
    })
}

#[test]
fn votes_for_different_proposals_make_no_quorum_together() {
    let mut ballots = Ballots::default();
    for (voter, digest) in [(0, 7), (1, 8), (2, 7), (2, 8)] {
        ballots.add(NodeId(voter), digest, Seal::Macs(4));
    }
    assert!(ballots.reach(2, 7) && !ballots.reach(3, 7), "{ballots:?}");
    assert!(ballots.reach(1, 8) && !ballots.reach(2, 8), "n2 voted twice: {ballots:?}");
}

#[test]
fn a_view_change_proves_what_it_says_was_prepared() {
    let table = table(4, Config::default(), None);
    let rules = replica(&table, 0).rules;
    let signer = |node| {
        let mouths = NodeSet::from_iter([NodeId(node)]);
        table.forger(&mouths).signer(NodeId(node)).expect("its key")
    };
    let is_credible = |preparers: &[u32]| {
        let pre_prepare = offer(&table, 1, (1, 1), Batch::One(request(&table, 4, 0, 0)));
        let domain = Phase::Prepare.domain();
        let sign = |node: &u32| signer(*node).sign(domain, &pre_prepare.proposal);
        let prepares = preparers.iter().map(sign).collect();
        let mut change = ViewChange {
            view: 3,
            replica: NodeId(2),
            stable: None,
            prepared: [Prepared { pre_prepare, prepares }].into_iter().collect(),
            offered: [].into_iter().collect(),
            signature: signer(2).sign("view-change", &()),
        };
        change.signature = signer(2).sign("view-change", &change.claim());
        rules.is_credible(&change)
    };
    assert!(is_credible(&[0, 2]), "the primary n1 and two others are a quorum");
    assert!(!is_credible(&[]) && !is_credible(&[2]));
    assert!(!is_credible(&[2, 2]) && !is_credible(&[1, 2]), "each counts once");
}

#[test]
fn a_claim_is_believed_if_a_quorum_bears_it_and_somebody_honest_offered_it() {
    let mac = Config { authentication: Authentication::Macs, ..Config::default() };
    let table = table(4, mac, None);
    let rules = replica(&table, 0).rules;
    let (a, b) = (Batch::One(request(&table, 4, 0, 0)), Batch::One(request(&table, 4, 1, 0)));
    let decide = |changes: &[Arc<ViewChange>]| {
        let decision = super::decision::decide(&rules, changes)?;
        Some(decision.batches.into_iter().map(|(_, batch)| batch).collect::<Vec<_>>())
    };
    let honest = |node| claims(node, Some((1, a.clone())), &[(1, a.clone())]);
    let silent = |node| claims(node, None, &[]);
    let liar = claims(3, Some((2, b.clone())), &[(2, b.clone())]);

    assert_eq!(decide(&[silent(0), silent(1)]), None, "no quorum");
    assert_eq!(decide(&[silent(0), silent(1), silent(2)]), Some(vec![]));
    assert_eq!(decide(&[honest(0), honest(1), silent(2)]), Some(vec![a.clone()]));
    // The liar's later claim is offered by nobody else; and without the fourth nobody can tell.
    assert_eq!(decide(&[honest(0), honest(1), liar.clone()]), None);
    assert_eq!(decide(&[honest(0), honest(1), silent(2), liar.clone()]), Some(vec![a]));
    assert_eq!(decide(&[silent(0), silent(1), silent(2), liar]), Some(vec![Batch::Null]));
}

#[test]
fn a_lie_is_well_signed_with_the_liars_key_and_a_client_is_never_quoted_falsely() {
    let table = table(4, Config::default(), None);
    let rules = replica(&table, 1).rules;
    let mut told = 0;
    for sequence in 0..20 {
        let batch = Batch::One(request(&table, 4, 0, sequence));
        let message = Message::PrePrepare(offer(&table, 0, (0, 1), batch));
        for (mouths, genuine) in [(NodeSet::from_iter([NodeId(0)]), true), (NodeSet::EMPTY, false)]
        {
            if let Some(Message::PrePrepare(lie)) =
                message.forge(Lie::Content, &mut table.forger(&mouths))
            {
                assert_eq!(rules.is_genuine(NodeId(0), &lie), genuine);
                assert!(lie.batch.is_genuine(Cluster { n: 4 }));
                told += 1;
            }
        }
        let asked = Message::Request(request(&table, 4, 0, sequence));
        assert_eq!(asked.forge(Lie::Content, &mut table.forger(&NodeSet::EMPTY)), None);
    }
    assert!(told > 10, "{told} lies in 40");
}

#[test]
fn nonsense_is_refused() {
    let keys = |config: Config, n: u32| {
        let objections = <Pbft>::objections(&config, Cluster { n });
        objections.into_iter().map(|objection| objection.key).collect::<Vec<_>>()
    };
    let default = Config::default;
    assert_eq!(keys(default(), 4), [""; 0]);
    assert_eq!(keys(default(), 3), ["nodes"]);
    assert_eq!(keys(Config { batch: 0, ..default() }, 4), ["batch"]);
    assert_eq!(keys(Config { window: 63, ..default() }, 4), ["window"]);
    assert_eq!(keys(Config { checkpoint_interval: 0, ..default() }, 4), ["checkpoint_interval"]);
    let hasty = Config { view_change_timeout: Duration::ZERO, ..default() };
    assert_eq!(keys(hasty, 4), ["view_change_timeout"]);
}

#[test]
fn a_message_is_small() {
    assert!(size_of::<Message>() <= 64, "{} bytes", size_of::<Message>());
}
