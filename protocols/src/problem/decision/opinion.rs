//! Opinions: what an agent would rather have than what, how much more, and how sure it is.

use std::fmt;

use super::Choice;

/// Of how many options an opinion has a ranking; of more, only the favourite is known.
pub const RANKED_MAX: usize = 8;

/// The most that an option can be worth to an agent.
pub const WORTH_MAX: u8 = 100;

/// What an agent thinks of the options.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opinion {
    favourite: Choice,
    /// The options from the best to the worst; so many as are ranked.
    ranking: [u8; RANKED_MAX],
    /// What each option is worth, by its place in the list; 0 to [`WORTH_MAX`].
    worth: [u8; RANKED_MAX],
    confidence: u8,
    abstains: bool,
}

impl Opinion {
    /// That of an agent which wants one option, and the others in the order of the list.
    pub const fn plain(favourite: Choice) -> Self {
        let mut ranking = [0; RANKED_MAX];
        let mut worth = [0; RANKED_MAX];
        if favourite.of as usize <= RANKED_MAX {
            ranking[0] = favourite.index;
            worth[favourite.index()] = WORTH_MAX;
            let (mut place, mut option) = (1, 0);
            while option < favourite.of {
                if option != favourite.index {
                    ranking[place] = option;
                    place += 1;
                }
                option += 1;
            }
        }
        Self { favourite, ranking, worth, confidence: 100, abstains: false }
    }

    /// That of an agent to which the options, at most [`RANKED_MAX`], are worth so much; what is
    /// worth the same is ranked in the order of the list.
    ///
    /// # Panics
    /// If there is no option, or there are more.
    pub fn valuing(worth: &[u8]) -> Self {
        let of = u8::try_from(worth.len()).expect("at most RANKED_MAX options");
        let mut order: Vec<u8> = (0..of).collect();
        order.sort_by_key(|option| std::cmp::Reverse(worth[usize::from(*option)]));
        let mut opinion = Self::plain(Choice::new(order[0], of));
        opinion.ranking[..order.len()].copy_from_slice(&order);
        opinion.worth[..worth.len()].copy_from_slice(worth);
        opinion
    }

    /// That of an agent with this ranking of all options, to which each is worth as much less than
    /// the one before as all others are (Borda's assumption).
    ///
    /// # Panics
    /// If it ranks no option, or more than [`RANKED_MAX`].
    pub fn ranking_evenly(order: &[Choice]) -> Self {
        let steps = (order.len() - 1).max(1);
        let mut worth = [0; RANKED_MAX];
        for (rank, choice) in order.iter().enumerate() {
            let left = order.len() - 1 - rank;
            worth[choice.index()] = (usize::from(WORTH_MAX) * left / steps) as u8;
        }
        if order.len() == 1 {
            worth[0] = WORTH_MAX;
        }
        let mut opinion = Self::plain(order[0]);
        opinion.worth = worth;
        for (place, choice) in opinion.ranking.iter_mut().zip(order) {
            *place = choice.index;
        }
        opinion
    }

    /// The option that it puts above all others.
    pub const fn favourite(&self) -> Choice {
        self.favourite
    }

    /// The options from the best to the worst; only the favourite if there are too many to rank.
    pub fn ranking(&self) -> impl ExactSizeIterator<Item = Choice> + '_ {
        let of = self.favourite.of;
        let ranked = if usize::from(of) <= RANKED_MAX { usize::from(of) } else { 0 };
        let alone = usize::from(ranked == 0);
        let at = move |place: usize| match ranked {
            0 => self.favourite,
            _ => Choice::new(self.ranking[place], of),
        };
        (0..ranked + alone).map(at)
    }

    /// What an option is worth to the agent, 0 to [`WORTH_MAX`]; of too many options only the
    /// favourite is worth anything.
    pub fn worth(&self, option: Choice) -> u8 {
        match self.worth.get(option.index()) {
            Some(worth) if usize::from(option.of) <= RANKED_MAX => *worth,
            _ if option == self.favourite => WORTH_MAX,
            _ => 0,
        }
    }

    /// How sure of it the agent says it is, in percent.
    pub const fn confidence(&self) -> u8 {
        self.confidence
    }

    /// The same, held with another confidence.
    pub const fn sure(mut self, percent: u8) -> Self {
        self.confidence = percent;
        self
    }

    /// Whether the agent keeps it to itself.
    pub const fn abstains(&self) -> bool {
        self.abstains
    }

    /// The same, kept to oneself.
    pub const fn withheld(mut self) -> Self {
        self.abstains = true;
        self
    }

    /// The same with one option put first and, if one is named, another put last.
    pub fn with_ends(&self, first: Choice, last: Option<Choice>) -> Self {
        let last = last.filter(|last| *last != first);
        let between = self.ranking().filter(|choice| *choice != first && Some(*choice) != last);
        let order: Vec<Choice> = std::iter::once(first).chain(between).chain(last).collect();
        let changed = match order.len() == usize::from(first.of) {
            true => Self::ranking_evenly(&order),
            false => Self::plain(first),
        };
        Self { abstains: self.abstains, ..changed.sure(self.confidence) }
    }
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, choice) in self.ranking().enumerate() {
            let before = if place == 0 { "" } else { " > " };
            write!(f, "{before}{choice}")?;
        }
        if self.confidence != 100 {
            write!(f, ", {} % sure", self.confidence)?;
        }
        if self.abstains {
            f.write_str(", withheld")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(index: u8) -> Choice {
        Choice::new(index, 4)
    }

    #[test]
    fn a_plain_opinion_ranks_the_others_as_they_are_listed() {
        assert_eq!(Opinion::plain(choice(2)).to_string(), "C > A > B > D");
        let alone = Opinion::plain(Choice::new(9, 20));
        assert_eq!(alone.to_string(), "J");
        assert_eq!((alone.worth(Choice::new(9, 20)), alone.worth(Choice::new(3, 20))), (100, 0));
    }

    #[test]
    fn what_is_worth_more_is_ranked_higher() {
        let opinion = Opinion::valuing(&[10, 80, 10, 70]);
        assert_eq!(opinion.to_string(), "B > D > A > C");
        assert_eq!(opinion.worth(choice(3)), 70);
        assert_eq!(opinion.favourite(), choice(1));
    }

    #[test]
    fn an_even_ranking_loses_as_much_with_each_step() {
        let order = [3, 1, 0, 2].map(choice);
        let opinion = Opinion::ranking_evenly(&order);
        assert_eq!(order.map(|choice| opinion.worth(choice)), [100, 66, 33, 0]);
        assert_eq!(opinion.ranking().collect::<Vec<_>>(), order);
    }

    #[test]
    fn ends_are_moved_and_the_rest_stays_in_order() {
        let opinion = Opinion::plain(choice(0)).sure(40);
        let moved = opinion.with_ends(choice(2), Some(choice(1)));
        assert_eq!(moved.to_string(), "C > A > D > B, 40 % sure");
        assert_eq!(opinion.with_ends(choice(0), Some(choice(0))), {
            Opinion::ranking_evenly(&[0, 1, 2, 3].map(choice)).sure(40)
        });
    }
}
