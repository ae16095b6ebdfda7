//! Versions: which of two values takes the place of the other, if either does.

use sim_core::id::ClientId;

use crate::problem::register::Value;

/// What a writer knew, as a vector clock: the number of the last write of each client, in the order
/// of the clients (Dynamo section 4.4; Mattern 1989).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Vector(Vec<(ClientId, u64)>);

impl Vector {
    /// The number of the last write of this client that is known of.
    fn of(&self, client: ClientId) -> u64 {
        self.0.iter().find(|(of, _)| *of == client).map_or(0, |(_, number)| *number)
    }

    /// Whether everything that the other knew is known.
    fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(client, number)| self.of(*client) >= *number)
    }

    /// Learns what the other knew.
    pub(super) fn join(&mut self, other: &Self) {
        for (client, number) in &other.0 {
            self.raise(*client, *number);
        }
    }

    fn raise(&mut self, client: ClientId, number: u64) {
        match self.0.binary_search_by_key(&client, |(of, _)| *of) {
            Ok(place) => self.0[place].1 = self.0[place].1.max(number),
            Err(place) => self.0.insert(place, (client, number)),
        }
    }

    /// Counts one more write of this client.
    pub(super) fn count(&mut self, client: ClientId) {
        self.raise(client, self.of(client) + 1);
    }
}

/// How new a value is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Version {
    /// One number: the greater the newer, see [`crate::problem::register::version`].
    Stamp(u64),
    /// What its writer knew.
    Vector(Vector),
}

/// A value and how new it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Versioned {
    /// The value.
    pub value: Value,
    /// How new it is.
    pub version: Version,
}

impl Versioned {
    /// Whether this takes the place of the other. Of two stamps of one instant somebody's has to.
    fn replaces(&self, other: &Self) -> bool {
        match (&self.version, &other.version) {
            (Version::Stamp(own), Version::Stamp(others)) => {
                (own, self.value) > (others, other.value)
            }
            (Version::Vector(own), Version::Vector(others)) => own != others && own.covers(others),
            // A store has versions of one sort; a liar's other sort changes nothing.
            _ => false,
        }
    }

    /// Its stamp; 0 if it has none.
    pub(super) const fn stamp(&self) -> u64 {
        match self.version {
            Version::Stamp(stamp) => stamp,
            Version::Vector(_) => 0,
        }
    }

    /// Its size on the wire, in bytes.
    fn bytes(&self) -> usize {
        match &self.version {
            Version::Stamp(_) => 16,
            Version::Vector(vector) => 8 + 12 * vector.0.len(),
        }
    }
}

/// The newest values, none of which takes the place of another, in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Siblings(Vec<Versioned>);

impl Siblings {
    /// One alone.
    pub(super) fn one(versioned: Versioned) -> Self {
        Self(vec![versioned])
    }

    /// Takes in what is newer, and drops what that takes the place of; says whether anything was.
    pub(super) fn merge(&mut self, others: &Self) -> bool {
        let mut changed = false;
        for new in &others.0 {
            changed |= self.admit(new);
        }
        changed
    }

    fn admit(&mut self, new: &Versioned) -> bool {
        if self.0.iter().any(|old| old == new || old.replaces(new)) {
            return false;
        }
        self.0.retain(|old| !new.replaces(old));
        let place = self.0.partition_point(|old| old < new);
        self.0.insert(place, new.clone());
        true
    }

    /// The values, in order.
    pub(super) fn values(&self) -> Vec<Value> {
        self.0.iter().map(|versioned| versioned.value).collect()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Versioned> {
        self.0.iter()
    }

    /// The highest stamp; 0 if there is none.
    pub(super) fn stamp(&self) -> u64 {
        self.0.iter().map(Versioned::stamp).max().unwrap_or(0)
    }

    /// The size on the wire, in bytes.
    pub(super) fn bytes(&self) -> u32 {
        self.0.iter().map(Versioned::bytes).sum::<usize>() as u32
    }

    /// The same with other values, the same whoever tells the lie.
    pub(super) fn forged(&self) -> Self {
        let mut forged = self.clone();
        for versioned in &mut forged.0 {
            versioned.value.0.sequence = !versioned.value.0.sequence;
        }
        forged
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::OpId;

    use super::*;

    const fn value(client: u32, sequence: u32) -> Value {
        Value(OpId { client: ClientId(client), sequence })
    }

    fn written(client: u32, sequence: u32, known: &Vector) -> (Versioned, Vector) {
        let mut vector = known.clone();
        vector.count(ClientId(client));
        let version = Version::Vector(vector.clone());
        (Versioned { value: value(client, sequence), version }, vector)
    }

    #[test]
    fn writers_that_did_not_know_of_each_other_leave_siblings_and_one_who_knew_both_replaces_them()
    {
        let (one, known) = written(0, 0, &Vector::default());
        let (other, others) = written(1, 0, &Vector::default());
        let mut all = Siblings::default();
        assert!(all.admit(&one) && all.admit(&other) && !all.admit(&one));
        assert_eq!(all.values(), [one.value, other.value]);
        let mut both = known;
        both.join(&others);
        let (last, _) = written(1, 1, &both);
        assert!(all.admit(&last));
        assert_eq!(all.values(), [last.value]);
        assert!(!all.admit(&one) && !all.admit(&other));
    }

    #[test]
    fn of_stamps_the_greater_wins_and_of_equal_ones_always_the_same() {
        let stamped = |sequence, stamp| Versioned {
            value: value(0, sequence),
            version: Version::Stamp(stamp),
        };
        for (first, second) in [((0, 5), (1, 4)), ((0, 4), (1, 5)), ((0, 5), (1, 5))] {
            let [first, second] = [first, second].map(|(sequence, stamp)| stamped(sequence, stamp));
            let merged = |order: [&Versioned; 2]| {
                let mut all = Siblings::default();
                for one in order {
                    all.admit(one);
                }
                all
            };
            let (one, other) = (merged([&first, &second]), merged([&second, &first]));
            assert_eq!(one, other);
            assert_eq!((one.values().len(), one.stamp()), (1, 5));
        }
    }
}
