//! Votes: what one agent sends, as the rule asks for it.
//!
//! Where a quorum decides, that is one option. A voting rule reads a ballot, which follows from the
//! agent's opinion: the options as it ranks them, those that are worth at least half as much to it
//! as its favourite, or points in proportion to what they are worth.

use std::cmp::Reverse;
use std::fmt;

use sim_core::rng::Draw;

use crate::election::{Ballot, Form, OPTIONS_MAX, Options, Ranking, Scores};
use crate::problem::decision::{Choice, Opinion, WORTH_MAX};

/// Of how many options all ballots are listed.
const ALL_MAX: usize = 5;

/// What one agent votes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vote {
    /// One option.
    Choice(Choice),
    /// A ballot.
    Ballot {
        /// What it says.
        ballot: Ballot,
        /// How many options it is about.
        of: u8,
        /// How sure its voter says it is, in percent.
        confidence: u8,
    },
}

impl Vote {
    /// The ballot of this form by which an agent says its opinion; none if there are more options
    /// than a ballot has room for.
    pub fn filled(form: Form, opinion: &Opinion) -> Option<Self> {
        let of = opinion.favourite().of();
        let all = || (0..of).map(|index| Choice::new(index, of));
        let ballot = match form {
            _ if usize::from(of) > OPTIONS_MAX => return None,
            Form::Ranking => {
                let best_first: Vec<usize> = opinion.ranking().map(Choice::index).collect();
                Ballot::Ranking(Ranking::new(&best_first).expect("each option once"))
            }
            Form::Approval => {
                let best = opinion.worth(opinion.favourite());
                let is_good = |choice: &Choice| 2 * opinion.worth(*choice) >= best;
                Ballot::Approval(all().filter(is_good).map(Choice::index).collect())
            }
            Form::Scores { most } => {
                let points = |choice| {
                    let whole = u32::from(opinion.worth(choice)) * u32::from(most);
                    ((whole + u32::from(WORTH_MAX) / 2) / u32::from(WORTH_MAX)) as u8
                };
                let points: Vec<u8> = all().map(points).collect();
                Ballot::Scores(Scores::new(&points).expect("at most so many options"))
            }
        };
        Some(Self::Ballot { ballot, of, confidence: opinion.confidence() })
    }

    /// The option that it puts above all others, the first of the list if they are several; `None`
    /// if the vote is blank.
    pub fn top(self) -> Option<Choice> {
        let (ballot, of) = match self {
            Self::Choice(choice) => return Some(choice),
            Self::Ballot { ballot, of, .. } => (ballot, of),
        };
        let first = match ballot {
            Ballot::Ranking(ranking) => ranking.iter().next(),
            Ballot::Approval(approved) => approved.iter().next(),
            Ballot::Scores(scores) => {
                let supported = ballot.supports().iter();
                supported.min_by_key(|option| Reverse(scores.of(*option)))
            }
        }?;
        // A spoilt ballot may name what is no option.
        (first < usize::from(of)).then(|| Choice::new(first as u8, of))
    }

    /// How many options it is about.
    pub const fn of(self) -> u8 {
        match self {
            Self::Choice(choice) => choice.of(),
            Self::Ballot { of, .. } => of,
        }
    }

    /// What it says, with the options by these names: a ranking as `B > A`, what it approves as
    /// `A, B`, points as `B 5, A 2`.
    pub fn told(self, name: impl Fn(usize) -> String) -> String {
        let options = 0..usize::from(self.of());
        let (parts, between): (Vec<String>, _) = match self {
            Self::Choice(choice) => (vec![name(choice.index())], ""),
            Self::Ballot { ballot: Ballot::Ranking(ranking), .. } => {
                let ranked = ranking.iter().filter(|option| options.contains(option));
                (ranked.map(name).collect(), " > ")
            }
            Self::Ballot { ballot: Ballot::Approval(approved), .. } => {
                (options.filter(|option| approved.contains(*option)).map(name).collect(), ", ")
            }
            Self::Ballot { ballot: Ballot::Scores(scores), .. } => {
                let mut given: Vec<usize> =
                    options.filter(|option| scores.of(*option) > 0).collect();
                given.sort_by_key(|option| Reverse(scores.of(*option)));
                let points = |option| format!("{} {}", name(option), scores.of(option));
                (given.into_iter().map(points).collect(), ", ")
            }
        };
        if parts.is_empty() { "blank".to_owned() } else { parts.join(between) }
    }

    /// The same, held as surely as another.
    pub(crate) const fn as_sure_as(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ballot { ballot, of, .. }, Self::Ballot { confidence, .. }) => {
                Self::Ballot { ballot, of, confidence }
            }
            _ => self,
        }
    }

    /// All ballots of a form on so many options, of full rankings, and of points all or nothing:
    /// where points are added up, nothing in between does more. `None` of more than five options.
    pub fn all(form: Form, of: usize) -> Option<Vec<Self>> {
        if !(1..=ALL_MAX).contains(&of) {
            return None;
        }
        let subsets = (0..1_u16 << of).map(Options::from_bits);
        let ballots: Vec<Ballot> = match form {
            Form::Approval => subsets.map(Ballot::Approval).collect(),
            Form::Scores { most } => {
                let points = |chosen: Options| -> Vec<u8> {
                    (0..of).map(|option| if chosen.contains(option) { most } else { 0 }).collect()
                };
                let scores = subsets.map(|chosen| Scores::new(&points(chosen)));
                scores.map(|scores| Ballot::Scores(scores.expect("few options"))).collect()
            }
            Form::Ranking => {
                let orders = orders(of).into_iter();
                let rankings = orders.map(|order| Ranking::new(&order).expect("each option once"));
                rankings.map(Ballot::Ranking).collect()
            }
        };
        let ballot = |ballot| Self::Ballot { ballot, of: of as u8, confidence: 100 };
        Some(ballots.into_iter().map(ballot).collect())
    }

    /// What a liar says instead: another option above all others and the true one below them, and
    /// sure of it. `None` if there is no other option, or the vote names none.
    pub(crate) fn forged(self, draw: &mut Draw) -> Option<Self> {
        let truth = self.top()?;
        let lie = truth.other(draw)?;
        let Self::Ballot { ballot, of, .. } = self else { return Some(Self::Choice(lie)) };
        let ballot = match ballot {
            Ballot::Ranking(ranking) => {
                let between =
                    ranking.iter().filter(|option| ![lie.index(), truth.index()].contains(option));
                let ends = [lie.index()].into_iter().chain(between).chain([truth.index()]);
                let order: Vec<usize> = ends.collect();
                Ballot::Ranking(Ranking::new(&order).expect("each option once"))
            }
            Ballot::Approval(_) => Ballot::bullet(lie.index(), Form::Approval),
            Ballot::Scores(scores) => {
                let most = scores.of(truth.index());
                Ballot::bullet(lie.index(), Form::Scores { most })
            }
        };
        Some(Self::Ballot { ballot, of, confidence: 100 })
    }
}

/// All orders of so many options.
fn orders(of: usize) -> Vec<Vec<usize>> {
    (0..of).fold(vec![Vec::new()], |shorter, _| {
        let longer = shorter.iter().flat_map(|order| {
            let left = (0..of).filter(|option| !order.contains(option));
            left.map(|option| [&order[..], &[option]].concat())
        });
        longer.collect()
    })
}

impl From<Choice> for Vote {
    fn from(choice: Choice) -> Self {
        Self::Choice(choice)
    }
}

impl fmt::Debug for Vote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(choice) => fmt::Debug::fmt(choice, f),
            Self::Ballot { ballot, confidence, .. } => {
                fmt::Debug::fmt(ballot, f)?;
                if *confidence == 100 { Ok(()) } else { write!(f, ", {confidence} % sure") }
            }
        }
    }
}
