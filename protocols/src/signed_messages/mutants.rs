//! The planted bugs, each against a script in which a judge sees it.

use sim_core::id::{ClientId, NodeId, NodeSet, OpId};
use sim_core::signature::Signer;
use sim_core::tabletop::Tabletop;

use super::{Config, Message, SignedMessages};
use crate::generals::Timer;
use crate::mutants::{Planted, breaks_all};
use crate::problem::decision::{Choice, Propose};

const ATTACK: Choice = Choice::new(0, 2);
const RETREAT: Choice = Choice::new(1, 2);

type Table = Tabletop<SignedMessages>;

/// Delivers what flies among the loyal, and ends the round for them.
fn round(table: &mut Table, loyal: &[u32]) {
    table.settle(loyal);
    loyal.iter().for_each(|general| table.fire(*general, Timer::RoundEnds));
}

/// The keys of traitors, who share them.
fn keys(table: &Table, traitors: &[u32]) -> Vec<Signer> {
    let mouths: NodeSet = traitors.iter().copied().map(NodeId).collect();
    let forger = table.forger(&mouths);
    mouths.iter().filter_map(|traitor| forger.signer(traitor)).collect()
}

/// The commander n0 and n3 are traitors among four. They order an attack, and in the last of three
/// rounds they show n1 alone another order, with these of their signatures.
fn a_late_release(signatures: &[usize], mutant: Planted) -> Table {
    let mut table = Table::with_mutant(4, Config::default(), mutant);
    let keys = keys(&table, &[0, 3]);
    for to in [1, 2] {
        table.inject(0, to, Message::order(ATTACK, keys[0]));
    }
    round(&mut table, &[1, 2]);
    round(&mut table, &[1, 2]);
    let chain = Message::order(RETREAT, keys[0]);
    let chain = signatures.iter().fold(chain, |chain, key| chain.signed_by(keys[*key]));
    table.inject(3, 1, chain);
    round(&mut table, &[1, 2]);
    table
}

/// n2 among three puts the loyal commander's signature under another order.
fn a_transplant(mutant: Planted) -> Table {
    let mut table = Table::with_mutant(3, Config::default(), mutant);
    table.request(0, OpId { client: ClientId(0), sequence: 0 }, Propose::from(ATTACK));
    let genuine = table.take(0, 2).message;
    round(&mut table, &[0, 1]);
    let forged = Message { choice: RETREAT, chain: genuine.chain };
    let traitor = keys(&table, &[2])[0];
    table.inject(2, 1, forged.signed_by(traitor));
    round(&mut table, &[0, 1]);
    table
}

#[test]
fn sm1_to_accept_a_short_chain_in_a_late_round_is_caught() {
    // Signed by both traitors, which is one signature short of what the third round asks for.
    breaks_all("SM1", |mutant| a_late_release(&[1], mutant));
}

#[test]
fn sm2_to_count_signatures_without_verifying_them_is_caught() {
    breaks_all("SM2", a_transplant);
}

#[test]
fn sm3_to_count_a_signer_twice_is_caught() {
    breaks_all("SM3", |mutant| a_late_release(&[1, 1], mutant));
}
