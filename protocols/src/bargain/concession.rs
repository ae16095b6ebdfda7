//! The monotonic concession protocol with Zeuthen's strategy, for two parties.
//!
//! Rosenschein and Zlotkin, "Rules of Encounter" (1994), chapter 3, after Zeuthen, "Problems of
//! Monopoly and Economic Warfare" (1930). Both parties propose at once, each at first its best
//! outcome of the negotiation set. They agree when one proposes what is worth to the other at least
//! what the other proposes itself. Otherwise whoever has more to lose from a conflict concedes, just
//! enough that the other has more to lose afterwards.
//!
//! A party's risk is the share of what it asks for that it would lose by giving in; that of party A
//! is no larger than that of B exactly when the product of gains of A's proposal is no larger than
//! that of B's (Harsanyi 1956). So risks are compared by products, in whole numbers, and a
//! concession is enough if its product exceeds that of the other's proposal. On a finite set there
//! may be none: then the other's proposal has the largest product there is, and to accept it is all
//! that is left. So it ends at the largest product on any finite set, convex or not, since neither
//! party ever concedes past it. Where risks are equal both concede, if they can. If neither can, both
//! proposals have the largest product, and the larger sum of gains decides, and then the list; where
//! several outcomes have the largest product, it can be another one than that which
//! [`Solution::Nash`](super::Solution::Nash) picks.

use std::cmp::Ordering;

use super::domain::Domain;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Party {
    /// The first party of the domain.
    One,
    /// The second.
    Other,
}

impl Party {
    /// Its place in the domain.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whom it bargains with.
    #[must_use]
    pub const fn opponent(self) -> Self {
        match self {
            Self::One => Self::Other,
            Self::Other => Self::One,
        }
    }
}

/// What a party does, given what both propose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Move {
    /// It takes what the other proposes.
    Accept,
    /// It proposes the same again: it is for the other to concede.
    Stand,
    /// It concedes to this outcome.
    Concede(usize),
}

/// What both propose at present.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Proposals {
    /// The outcome that each party proposes.
    pub by: [usize; 2],
}

/// How a round ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Round {
    /// They agree on this outcome.
    Agreed(usize),
    /// They go on with these proposals.
    Open(Proposals),
}

/// What two parties bargain over: the negotiation set of a domain.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Table {
    domain: Domain,
    negotiable: Vec<usize>,
}

impl Table {
    /// Sets the table; `None` if the domain is not of two parties or leaves nothing to agree on.
    pub fn new(domain: Domain) -> Option<Self> {
        let negotiable = domain.negotiation_set();
        let is_set = domain.parties() == 2 && !negotiable.is_empty();
        is_set.then_some(Self { domain, negotiable })
    }

    fn gain(&self, outcome: usize, party: Party) -> u32 {
        self.domain.gain(outcome, party.index())
    }

    /// Each party's best outcome, to begin with.
    pub fn opening(&self) -> Proposals {
        let best = |party| {
            let outcomes = self.negotiable.iter().copied();
            outcomes.max_by_key(|outcome| self.gain(*outcome, party)).unwrap_or_default()
        };
        Proposals { by: [best(Party::One), best(Party::Other)] }
    }

    /// Whether the other's proposal is worth as much to a party as its own.
    fn is_content(&self, party: Party, proposals: Proposals) -> bool {
        let [own, others] = [party, party.opponent()].map(|whose| proposals.by[whose.index()]);
        self.gain(others, party) >= self.gain(own, party)
    }

    /// The least concession of a party that leaves the other with the smaller risk: of the outcomes
    /// worth more to the other than what the party proposes, and with a larger product than what the
    /// other proposes, the one that is worth most to the party.
    fn sufficient(&self, party: Party, proposals: Proposals) -> Option<usize> {
        let [own, others] = [party, party.opponent()].map(|whose| proposals.by[whose.index()]);
        let opponent = party.opponent();
        let needed = self.domain.product(others);
        let outcomes = self.negotiable.iter().copied();
        outcomes
            .filter(|outcome| self.gain(*outcome, opponent) > self.gain(own, opponent))
            .filter(|outcome| self.domain.product(*outcome) > needed)
            .max_by_key(|outcome| self.gain(*outcome, party))
    }

    /// How a party's risk compares with the other's.
    pub fn risk(&self, party: Party, proposals: Proposals) -> Ordering {
        let [own, others] = [party, party.opponent()].map(|whose| proposals.by[whose.index()]);
        self.domain.product(own).cmp(&self.domain.product(others))
    }

    /// What Zeuthen's strategy has a party do. It is a function of what both know.
    pub fn zeuthen(&self, party: Party, proposals: Proposals) -> Move {
        if self.is_content(party, proposals) {
            return Move::Accept;
        }
        match self.risk(party, proposals) {
            Ordering::Greater => Move::Stand,
            Ordering::Less => self.sufficient(party, proposals).map_or(Move::Accept, Move::Concede),
            Ordering::Equal => self.sufficient(party, proposals).map_or(Move::Stand, Move::Concede),
        }
    }

    /// What follows when both play Zeuthen's strategy.
    pub fn step(&self, proposals: Proposals) -> Round {
        let [one, other] = proposals.by;
        let moves = [Party::One, Party::Other].map(|party| self.zeuthen(party, proposals));
        match moves {
            [Move::Accept, Move::Accept] => Round::Agreed(self.better(one, other)),
            [Move::Accept, _] => Round::Agreed(other),
            [_, Move::Accept] => Round::Agreed(one),
            [Move::Stand, Move::Stand] => Round::Agreed(self.better(one, other)),
            [mine, theirs] => {
                let next = |play, own| if let Move::Concede(to) = play { to } else { own };
                Round::Open(Proposals { by: [next(mine, one), next(theirs, other)] })
            }
        }
    }

    /// Of two outcomes with equal claims, that with the larger sum of gains, or the earlier one.
    fn better(&self, one: usize, other: usize) -> usize {
        let by_sum = self.domain.sum(other).cmp(&self.domain.sum(one));
        if by_sum.then(one.cmp(&other)).is_gt() { other } else { one }
    }
}
