//! What replicas say to each other, and what they write down.

use sim_core::id::OpId;
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};

use super::data::{Data, Operation};
use super::data_type::WORD;
use super::replica::Replica;
use crate::problem::replicated_data::{Dot, Updated, VersionVector};

/// A frame with sender, receiver and kind.
const HEADER: u32 = 24;

/// A state or a delta.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Package {
    /// The lattice element.
    pub data: Data,
    /// The updates that whoever joins it has seen then. The judges need it, the replicas do not;
    /// so it counts nothing on the wire.
    pub seen: VersionVector,
}

/// An operation on its way.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Parcel {
    /// Its name.
    pub dot: Dot,
    /// What its maker had had by then.
    pub rests_on: VersionVector,
    /// What is to be done.
    pub operation: Operation,
}

impl Parcel {
    /// The size on the wire, in bytes, without the frame.
    pub(super) fn bytes(&self) -> u32 {
        WORD + self.rests_on.bytes() + self.operation.bytes()
    }
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Message {
    /// All that I have.
    State(Package),
    /// All that is new since your last acknowledgement.
    Delta {
        /// What is new.
        package: Package,
        /// My count of changes, this far.
        through: u64,
    },
    /// I have all your changes this far.
    Acknowledge {
        /// The receiver's own count.
        through: u64,
    },
    /// Operations.
    Operations(Vec<Parcel>),
    /// I have had these operations.
    Digest(VersionVector),
}

impl Speech for Message {
    const KINDS: &'static [&'static str] =
        &["state", "delta", "acknowledge", "operations", "digest"];

    fn kind(&self) -> usize {
        match self {
            Self::State(_) => 0,
            Self::Delta { .. } => 1,
            Self::Acknowledge { .. } => 2,
            Self::Operations(_) => 3,
            Self::Digest(_) => 4,
        }
    }

    fn bytes(&self) -> u32 {
        HEADER
            + match self {
                Self::State(package) => package.data.bytes(),
                Self::Delta { package, .. } => WORD + package.data.bytes(),
                Self::Acknowledge { .. } => WORD,
                Self::Operations(parcels) => parcels.iter().map(Parcel::bytes).sum(),
                Self::Digest(seen) => seen.bytes(),
            }
    }

    fn forge(&self, lie: Lie, _: &mut Forger<'_>) -> Option<Self> {
        match (lie, self) {
            // Acknowledges what never was, so that nothing more is sent.
            (Lie::Round, Self::Acknowledge { through }) => {
                Some(Self::Acknowledge { through: through + 1_000_000 })
            }
            (Lie::Content, Self::Operations(parcels)) => {
                let lies: Option<Vec<_>> = parcels.iter().map(lie_about).collect();
                lies.map(Self::Operations)
            }
            _ => None,
        }
    }
}

/// The same name for another count or write; none for what rests on names.
fn lie_about(parcel: &Parcel) -> Option<Parcel> {
    let mut lie = parcel.clone();
    match &mut lie.operation {
        Operation::GCounter(count) | Operation::PnCounter(count) => count.by += 1_000_000,
        Operation::LwwRegister(write) => write.value = !write.value,
        Operation::MvRegister(write) => write.value = !write.value,
        Operation::GSet(element) => *element = !*element,
        Operation::OrSet(_) | Operation::OrMap(_) | Operation::Rga(_) => return None,
    }
    Some(lie)
}

/// What a replica writes down before anybody hears of it.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// It made an update.
    Made {
        /// For which request.
        op: OpId,
        /// What its application is told.
        updated: Updated,
        /// What was done.
        operation: Operation,
    },
    /// It joined a state or a delta.
    Joined {
        /// What it had seen by then: a delta may rest on that.
        onto: VersionVector,
        /// What it joined.
        package: Package,
    },
    /// It took the effect of an operation.
    Applied(Parcel),
    /// All that it knows.
    Snapshot(Box<Replica>),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["made", "joined", "applied", "snapshot"];

    fn kind(&self) -> usize {
        match self {
            Self::Made { .. } => 0,
            Self::Joined { .. } => 1,
            Self::Applied(_) => 2,
            Self::Snapshot(_) => 3,
        }
    }
}
