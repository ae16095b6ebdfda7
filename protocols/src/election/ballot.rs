//! Ballots: what one voter thinks of the options, in one of three forms.
//!
//! A ballot is small, plain and ordered, so that it can be sent, stored and counted as it is. It can
//! be put together wrongly by a liar, so a profile looks at each before it counts it.

use std::fmt;

use super::options::{OPTIONS_MAX, Options};

/// What a ballot consists of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Form {
    /// Options from best to worst; those that are not listed stand below all others, side by side.
    Ranking,
    /// The options that will do.
    Approval,
    /// A number of points for each option, from 0 to so many.
    Scores {
        /// The most points for one option.
        most: u8,
    },
}

/// Options from best to worst, each once, not necessarily all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ranking {
    /// Four bits for each place, the first place lowest; 0 beyond the last.
    places: u64,
    listed: u8,
}

impl Ranking {
    /// Nothing is listed: an abstention.
    pub const BLANK: Self = Self { places: 0, listed: 0 };

    /// The ranking that lists these options, best first.
    ///
    /// # Errors
    /// An option that is listed twice, or beyond [`OPTIONS_MAX`].
    pub fn new(best_first: &[usize]) -> Result<Self, Spoilt> {
        let mut ranking = Self::BLANK;
        for &option in best_first {
            if option >= OPTIONS_MAX {
                return Err(Spoilt::NoSuchOption { option, options: OPTIONS_MAX });
            }
            if ranking.listed().contains(option) {
                return Err(Spoilt::ListedTwice { option });
            }
            ranking.places |= (option as u64) << (4 * ranking.listed);
            ranking.listed += 1;
        }
        Ok(ranking)
    }

    /// The listed options, best first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.listed).map(move |place| (self.places >> (4 * place) & 15) as usize)
    }

    /// Which options are listed.
    pub fn listed(self) -> Options {
        self.iter().collect()
    }

    /// The best of these options that is listed.
    pub fn best_of(self, among: Options) -> Option<usize> {
        self.iter().find(|option| among.contains(*option))
    }

    /// Whether `one` is listed before `other`, or `other` is not listed and `one` is.
    pub fn prefers(self, one: usize, other: usize) -> bool {
        one != other && self.best_of(Options::only(one).with(Options::only(other))) == Some(one)
    }
}

/// Points for each option; those beyond the end of the list have none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Scores([u8; OPTIONS_MAX]);

impl Scores {
    /// The points of the options in the order of the list.
    ///
    /// # Errors
    /// More points than there can be options.
    pub fn new(points: &[u8]) -> Result<Self, Spoilt> {
        let mut scores = [0; OPTIONS_MAX];
        let room = scores.get_mut(..points.len());
        let room =
            room.ok_or(Spoilt::NoSuchOption { option: OPTIONS_MAX, options: OPTIONS_MAX })?;
        room.copy_from_slice(points);
        Ok(Self(scores))
    }

    /// The points of one option.
    pub fn of(self, option: usize) -> u8 {
        self.0.get(option).copied().unwrap_or(0)
    }
}

/// What one voter thinks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Ballot {
    /// An order.
    Ranking(Ranking),
    /// What will do.
    Approval(Options),
    /// Points.
    Scores(Scores),
}

impl Ballot {
    /// The ballot that names this option and nothing else, in the given form.
    ///
    /// # Panics
    /// If the option is beyond [`OPTIONS_MAX`].
    pub fn bullet(option: usize, form: Form) -> Self {
        let only = Options::only(option);
        match form {
            Form::Ranking => Self::Ranking(Ranking { places: option as u64, listed: 1 }),
            Form::Approval => Self::Approval(only),
            Form::Scores { most } => {
                let mut points = [0; OPTIONS_MAX];
                points[option] = most;
                Self::Scores(Scores(points))
            }
        }
    }

    /// The options that the ballot says something for: listed, approved, or given points.
    pub fn supports(self) -> Options {
        match self {
            Self::Ranking(ranking) => ranking.listed(),
            Self::Approval(approved) => approved,
            Self::Scores(scores) => {
                (0..OPTIONS_MAX).filter(|option| scores.of(*option) > 0).collect()
            }
        }
    }

    /// What is wrong with the ballot where such are asked for.
    ///
    /// # Errors
    /// Another form, an option that does not exist, too many points.
    pub fn check(self, form: Form, options: usize) -> Result<(), Spoilt> {
        match (self, form) {
            (Self::Ranking(_), Form::Ranking) | (Self::Approval(_), Form::Approval) => {}
            (Self::Scores(scores), Form::Scores { most }) => {
                let above = |option: &usize| scores.of(*option) > most;
                if let Some(option) = (0..options).find(above) {
                    return Err(Spoilt::TooManyPoints { option, points: scores.of(option), most });
                }
            }
            _ => return Err(Spoilt::WrongForm { wanted: form }),
        }
        match self.supports().without(Options::all(options)).iter().next() {
            None => Ok(()),
            Some(option) => Err(Spoilt::NoSuchOption { option, options }),
        }
    }
}

impl fmt::Debug for Ranking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|option| write!(f, "{}", char::from(b'A' + option as u8)))
    }
}

/// Why a ballot does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoilt {
    /// It names an option that is not there.
    NoSuchOption {
        /// Which, from 0.
        option: usize,
        /// How many there are.
        options: usize,
    },
    /// It lists an option twice.
    ListedTwice {
        /// Which, from 0.
        option: usize,
    },
    /// It gives an option more points than allowed.
    TooManyPoints {
        /// Which, from 0.
        option: usize,
        /// How many it gives.
        points: u8,
        /// How many are allowed.
        most: u8,
    },
    /// It is of another form than the rule reads.
    WrongForm {
        /// The form that the rule reads.
        wanted: Form,
    },
}

impl fmt::Display for Spoilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoSuchOption { option, options } => {
                write!(f, "option {option}: there are {options}, counted from 0")
            }
            Self::ListedTwice { option } => write!(f, "option {option} is listed twice"),
            Self::TooManyPoints { option, points, most } => {
                write!(f, "{points} points for option {option}: give 0 to {most}")
            }
            Self::WrongForm { wanted } => match wanted {
                Form::Ranking => f.write_str("the rule reads rankings"),
                Form::Approval => f.write_str("the rule reads approvals"),
                Form::Scores { most } => write!(f, "the rule reads points from 0 to {most}"),
            },
        }
    }
}

impl std::error::Error for Spoilt {}
