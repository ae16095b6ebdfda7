//! Ties: what becomes of several winners, whoever asks and in whatever order ballots came.

use std::fmt;
use std::str::FromStr;

use sim_core::rng::{Random as _, Stream, Streams};

use super::options::Options;

/// How one of several winners is picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Tie {
    /// `"none"`: no decision.
    #[default]
    Undecided,
    /// `"listed"`: the first of them in the list of options.
    Listed,
    /// `"drawn(7)"`: one of them, all alike likely, by a draw that everybody repeats from this seed.
    Drawn(u64),
}

impl Tie {
    /// The winner among these; `None` if there are none, or several and no decision. The question
    /// (an instance, a round) tells draws of one seed apart.
    pub fn decide(self, winners: Options, question: u64) -> Option<usize> {
        if winners.len() < 2 {
            return winners.single();
        }
        match self {
            Self::Undecided => None,
            Self::Listed => winners.iter().next(),
            Self::Drawn(seed) => {
                let mut draw = Streams::new(seed).key(Stream::Application).member(question);
                let lot = draw.below(winners.len() as u64) as usize;
                winners.iter().nth(lot)
            }
        }
    }
}

impl fmt::Display for Tie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecided => f.write_str("none"),
            Self::Listed => f.write_str("listed"),
            Self::Drawn(seed) => write!(f, "drawn({seed})"),
        }
    }
}

impl FromStr for Tie {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seed = || text.strip_prefix("drawn(")?.strip_suffix(')')?.trim().parse().ok();
        match text {
            "none" => Ok(Self::Undecided),
            "listed" => Ok(Self::Listed),
            _ => seed().map(Self::Drawn).ok_or_else(|| {
                format!(
                    "`{text}` settles no tie: write \"none\", \"listed\", or \"drawn(7)\" with a seed"
                )
            }),
        }
    }
}

sim_core::text_notation!(
    Tie,
    "what settles a tie, such as \"listed\"",
    "What settles a tie.",
    "^(none|listed|drawn\\( *[0-9]+ *\\))$",
    &["listed", "drawn(7)"]
);
