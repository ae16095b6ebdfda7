//! Which of two values of a key is the newer one, as far as it was told or is forced.

use std::collections::BTreeMap;

use super::{Evidence, Guarantee, Moment, Operation, Violation};

/// What is known of a value's place in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rank {
    /// It is what a key has before any write.
    Initial,
    /// It is this version.
    Version(u64),
}

/// All values of all keys, by number.
pub(super) struct Values {
    /// The value that each operation wrote or read; `None` for reads that nobody heard of, and for
    /// strays.
    pub(super) of_operation: Vec<Option<usize>>,
    /// The operation that writes each value; `None` for initial ones.
    pub(super) writer: Vec<Option<usize>>,
    pub(super) strays: Vec<usize>,
    /// Known ranks of each key's values.
    ranks: Vec<Option<Rank>>,
    /// The known part of the order: of each key, by its number, the values by rank.
    known: BTreeMap<(usize, Rank), usize>,
}

impl Values {
    /// The values of a history, whose answers are given in their order.
    pub(super) fn of<'a, P, K: Ord, V: Ord>(
        history: &[Operation<P, K, V>],
        answers: impl Iterator<Item = &'a (Moment, bool, usize)>,
    ) -> Self {
        let mut values = Self {
            of_operation: vec![None; history.len()],
            writer: Vec::new(),
            strays: Vec::new(),
            ranks: Vec::new(),
            known: BTreeMap::new(),
        };
        let (mut keys, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        for Operation { key, .. } in history {
            let key_number = keys.len();
            keys.entry(key).or_insert_with(|| {
                numbers.insert((key, None), values.add(None));
                values.learn(numbers[&(key, None)], key_number, Rank::Initial);
                key_number
            });
        }
        for (place, Operation { key, write, .. }) in history.iter().enumerate() {
            if let Some(value) = write {
                let number = values.add(Some(place));
                let is_new = numbers.insert((key, Some(value)), number).is_none();
                assert!(is_new, "operation {place} writes what another wrote to its key");
                values.of_operation[place] = Some(number);
            }
        }
        for &(at, _, place) in answers {
            let Operation { key, write, answer: Some(answer), .. } = &history[place] else {
                continue;
            };
            let told = write.as_ref().or(answer.value.as_ref());
            let number = numbers.get(&(key, told)).copied().filter(|number| {
                let writer = values.writer[*number].map(|writer| &history[writer]);
                let is_begun = writer.is_none_or(|writer| writer.invoked <= at);
                is_begun
                    && answer.version.is_none_or(|version| {
                        values.learn(*number, keys[key], Rank::Version(version))
                    })
            });
            values.of_operation[place] = number;
            if number.is_none() {
                values.strays.push(place);
            }
        }
        values
    }

    fn add(&mut self, writer: Option<usize>) -> usize {
        self.writer.push(writer);
        self.ranks.push(None);
        self.writer.len() - 1
    }

    /// Learns the rank of a value; says whether it goes with what is known.
    fn learn(&mut self, number: usize, key: usize, rank: Rank) -> bool {
        // Before the first write there may be a version too, but it changes nothing.
        if self.ranks[number] == Some(Rank::Initial) {
            return true;
        }
        let is_right = self.ranks[number].is_none_or(|known| known == rank)
            && *self.known.entry((key, rank)).or_insert(number) == number;
        if is_right {
            self.ranks[number] = Some(rank);
        }
        is_right
    }

    /// Whether the first of two values of a key is not newer than the second, if that is known.
    pub(super) fn fits(&self, low: usize, high: usize) -> Option<bool> {
        match (self.ranks[low], self.ranks[high]) {
            _ if low == high => Some(true),
            (Some(Rank::Initial), _) => Some(true),
            (_, Some(Rank::Initial)) => Some(false),
            (Some(low), Some(high)) => Some(low <= high),
            _ => None,
        }
    }
}

/// The newest of some values of one key, each with what brought it: one, if their order is known.
#[derive(Clone)]
pub(super) struct Floor<T>(Vec<(usize, T)>);

impl<T> Default for Floor<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Floor<T> {
    /// Takes in a value, unless there is one that is as new.
    pub(super) fn add(&mut self, value: usize, what: T, values: &Values) {
        if self.0.iter().any(|(known, _)| values.fits(value, *known) == Some(true)) {
            return;
        }
        self.0.retain(|(known, _)| values.fits(*known, value) != Some(true));
        self.0.push((value, what));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, T)> {
        self.0.iter().copied()
    }
}

/// What a guarantee forces: the value `low` is not newer than `high`.
#[derive(Clone, Copy)]
pub(super) struct Force {
    pub(super) guarantee: Guarantee,
    /// The two operations of the session.
    pub(super) earlier: usize,
    pub(super) later: usize,
    pub(super) low: usize,
    pub(super) high: usize,
    /// At one place, the operation that showed the later one, and the read of `high` after it.
    pub(super) shown: Option<(usize, usize)>,
}

/// Whether what a guarantee forces, with what is known, goes round in a circle.
pub(super) fn contradiction(
    guarantee: Guarantee,
    values: &Values,
    forces: &[Force],
) -> Option<Violation> {
    let forces: Vec<&Force> = forces.iter().filter(|force| force.guarantee == guarantee).collect();
    let mut newer: Vec<Vec<(usize, Option<&Force>)>> = vec![Vec::new(); values.writer.len()];
    for force in forces {
        newer[force.low].push((force.high, Some(force)));
    }
    let known: Vec<_> = values.known.iter().collect();
    for pair in known.windows(2) {
        if let [((key, _), low), ((same, _), high)] = pair
            && key == same
        {
            newer[**low].push((**high, None));
        }
    }
    let circle: Vec<&Force> = circle(&newer)?.into_iter().flatten().collect();
    let last = circle.iter().max_by_key(|force| force.later)?;
    let pair = |force: &&Force| (force.earlier, force.shown.map_or(force.later, |(_, read)| read));
    Some(Violation {
        guarantee,
        earlier: last.earlier,
        later: last.later,
        evidence: Evidence::Cycle(circle.iter().map(pair).collect()),
    })
}

/// The labels of the edges of a circle in a graph, if it has one.
fn circle<L: Copy>(edges: &[Vec<(usize, L)>]) -> Option<Vec<L>> {
    let mut done = vec![false; edges.len()];
    // The way from the root: for each node on it, how many of its edges were followed.
    let mut way: Vec<(usize, usize)> = Vec::new();
    let mut on_way = vec![false; edges.len()];
    for root in 0..edges.len() {
        if !done[root] {
            way.push((root, 0));
            on_way[root] = true;
        }
        while let Some((node, followed)) = way.last_mut() {
            let node = *node;
            let Some((next, _)) = edges[node].get(*followed) else {
                (done[node], on_way[node]) = (true, false);
                way.pop();
                continue;
            };
            *followed += 1;
            if on_way[*next] {
                let from = way.iter().position(|(node, _)| node == next).unwrap_or(0);
                let label = |(node, followed): &(usize, usize)| edges[*node][*followed - 1].1;
                return Some(way[from..].iter().map(label).collect());
            }
            if !done[*next] {
                way.push((*next, 0));
                on_way[*next] = true;
            }
        }
    }
    None
}
