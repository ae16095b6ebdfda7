//! Editing sessions that people recorded, character by character, end at every replica in the text
//! that their editor had, whatever the network does.
//!
//! The sessions (github.com/josephg/editing-traces, CC BY 4.0) are read where they lie beside the
//! project; where they do not, the tests say so and end.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde::Deserialize;
use sim_core::id::{ClientId, NodeId, OpId};
use sim_core::rng::{ChaCha, Random as _, Stream, Streams};

use super::data_type::Origin;
use super::exchange::Broadcast;
use super::message::Parcel;
use super::planted::Planted;
use super::replica::Replica;
use super::{Data, Type};
use crate::problem::replicated_data::{Patch, Update, Updated, Value};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    end_content: String,
    txns: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    /// On which others it was made; only in sessions of several agents.
    #[serde(default)]
    parents: Vec<usize>,
    #[serde(default)]
    agent: usize,
    /// Position, deleted characters, inserted text.
    patches: Vec<(u32, u32, String)>,
}

/// The session of this name, unless it is not there.
fn session(name: &str) -> Option<Session> {
    let mut folders =
        std::iter::successors(Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))), |path| {
            path.parent().map(PathBuf::from)
        });
    let file = format!("shared/data/crdt/{name}.json.gz");
    let Some(path) = folders.find_map(|path| Some(path.join(&file)).filter(|path| path.is_file()))
    else {
        eprintln!("skipped: {file} is not beside the project");
        return None;
    };
    let unpacked = GzDecoder::new(File::open(path).expect("a readable file"));
    Some(serde_json::from_reader(BufReader::new(unpacked)).expect("a recorded session"))
}

struct Site {
    node: NodeId,
    replica: Replica,
    broadcast: Broadcast,
}

impl Site {
    fn new(node: u32) -> Self {
        let replica = Replica::new(Type::Rga.bottom());
        Self { node: NodeId(node), replica, broadcast: Broadcast::default() }
    }

    fn edit(&mut self, transaction: &Transaction) -> Parcel {
        let patch = |(at, delete, insert): &(u32, u32, String)| Patch {
            at: *at,
            delete: *delete,
            insert: insert.clone(),
        };
        let update = Update::Edit(transaction.patches.iter().map(patch).collect());
        let rests_on = self.replica.seen.clone();
        let origin = Origin { dot: rests_on.next(self.node), time: 0 };
        let (operation, action) = self.replica.data.prepare(&update, origin).expect("an edit");
        let op = OpId { client: ClientId(self.node.0), sequence: origin.dot.sequence };
        let updated = Updated { dot: origin.dot, seen: rests_on.clone(), action };
        self.replica.make(op, &updated, &operation, Planted::Nothing);
        Parcel { dot: origin.dot, rests_on, operation }
    }

    /// Takes an operation, perhaps once more, perhaps before its turn.
    fn hear(&mut self, parcel: &Parcel) {
        if !self.replica.seen.has(parcel.dot) {
            self.broadcast.hold(parcel.clone());
        }
        while let Some(parcel) = self.broadcast.next_for(&self.replica) {
            self.replica.apply(&parcel, Planted::Nothing);
            // Nobody asks these replicas again.
            self.replica.log.clear();
        }
    }

    fn text(&self) -> String {
        match self.replica.data.value() {
            Value::Text(text) => text.into_iter().map(|(_, character)| character).collect(),
            other => panic!("{other:?} is no text"),
        }
    }

    #[track_caller]
    fn ends_in(&self, expected: &str) {
        let text = self.text();
        let first = text.chars().zip(expected.chars()).position(|(one, other)| one != other);
        assert!(text == expected, "{} differs from character {first:?} on", self.node);
    }
}

fn rng() -> ChaCha {
    Streams::new(7).chacha(Stream::Application, 0)
}

/// Lets `site` hear these, in any order: first each with a chance of two thirds and some twice, and
/// then, as after a digest, all of them.
fn storm(site: &mut Site, parcels: &[Parcel], rng: &mut ChaCha) {
    let mut flying: Vec<&Parcel> = Vec::new();
    for parcel in parcels {
        (0..rng.below(3)).for_each(|_| flying.push(parcel));
    }
    rng.shuffle(&mut flying);
    let mut again: Vec<&Parcel> = parcels.iter().collect();
    rng.shuffle(&mut again);
    flying.into_iter().chain(again).for_each(|parcel| site.hear(parcel));
}

/// One user types; two other replicas hear of it through a bad network.
#[track_caller]
fn one_user(name: &str) {
    let Some(session) = session(name) else { return };
    let (mut writer, mut readers, mut rng) = (Site::new(0), [Site::new(1), Site::new(2)], rng());
    for some in session.txns.chunks(64) {
        let parcels: Vec<_> = some.iter().map(|transaction| writer.edit(transaction)).collect();
        readers.iter_mut().for_each(|reader| storm(reader, &parcels, &mut rng));
    }
    writer.ends_in(&session.end_content);
    for reader in readers {
        reader.ends_in(&session.end_content);
        assert_eq!(reader.replica.data, writer.replica.data);
    }
}

#[test]
fn a_component_written_by_one_user_ends_as_it_did() {
    one_user("sveltecomponent");
}

#[test]
fn a_paper_of_260_thousand_edits_ends_as_it_did() {
    one_user("automerge-paper");
}

#[test]
fn two_friends_who_type_at_once_end_as_they_did() {
    let Some(session) = session("friendsforever") else { return };
    let (mut friends, mut observer) = ([Site::new(0), Site::new(1)], Site::new(2));
    let mut rng = rng();
    let mut parcels: Vec<Parcel> = Vec::new();
    // Of each friend's operations, in their order: where they are, and how many the other heard.
    let mut made: [Vec<usize>; 2] = Default::default();
    let mut heard = [0; 2];
    for transaction in &session.txns {
        let (writer, other) = (transaction.agent, 1 - transaction.agent);
        let needed = transaction.parents.iter().filter(|at| session.txns[**at].agent == other);
        if let Some(last) = needed.max() {
            let through = made[other].partition_point(|at| at <= last);
            let news = made[other].get(heard[other]..through).unwrap_or_default();
            let news: Vec<_> = news.iter().map(|at| parcels[*at].clone()).collect();
            storm(&mut friends[writer], &news, &mut rng);
            heard[other] = through.max(heard[other]);
        }
        made[writer].push(parcels.len());
        parcels.push(friends[writer].edit(transaction));
    }
    for some in parcels.chunks(500) {
        storm(&mut observer, some, &mut rng);
    }
    friends.iter_mut().for_each(|friend| storm(friend, &parcels, &mut rng));
    observer.ends_in(&session.end_content);
    for friend in friends {
        friend.ends_in(&session.end_content);
        assert_eq!(friend.replica.data, observer.replica.data);
    }
}

#[test]
fn a_session_of_edits_keeps_its_text_below_a_few_bytes_a_character() {
    let Some(session) = session("sveltecomponent") else { return };
    let mut writer = Site::new(0);
    session.txns.iter().for_each(|transaction| _ = writer.edit(transaction));
    let Data::Rga(text) = &writer.replica.data else { panic!("a text") };
    let characters = f64::from(text.len() + text.tombstones());
    assert!(f64::from(writer.replica.data.bytes()) < 16.0 * characters);
}
