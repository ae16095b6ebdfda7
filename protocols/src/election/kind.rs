//! Kinds: voting rules as scenarios write them.
//!
//! `"majority"`, `"supermajority(2/3)"`, `"borda"`; a share is taken of those who vote, or with
//! `all` of the electorate: `"majority(all)"`. Conditions stand around a rule:
//! `"quorum(1/2, veto(majority))"`. Weights and vetoes are the electorate's.

use std::fmt;
use std::str::FromStr;

use sim_core::rng::Ratio;

use super::approval::Approval;
use super::baldwin::Baldwin;
use super::ballot::Form;
use super::borda::Borda;
use super::condorcet::Condorcet;
use super::coombs::Coombs;
use super::copeland::Copeland;
use super::instant_runoff::InstantRunoff;
use super::kemeny::Kemeny;
use super::majority_judgement::MajorityJudgement;
use super::minimax::Minimax;
use super::nanson::Nanson;
use super::plurality::Plurality;
use super::profile::Profile;
use super::ranked_pairs::RankedPairs;
use super::rule::{Outcome, Outstanding, Rule};
use super::schulze::Schulze;
use super::score::Score;
use super::split_cycle::SplitCycle;
use super::star::Star;
use super::threshold::{Base, Threshold};
use super::turnout::Turnout;
use super::veto::Veto;

/// How many conditions may stand around each other.
const DEPTH: u32 = 8;

/// The most points for one option where a scenario does not say.
const POINTS: u8 = 5;

/// A voting rule by its name.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// `majority`: more than half of the first choices.
    Majority(Base),
    /// `supermajority(2/3)`: at least so much of the first choices; more than one half.
    Supermajority(Ratio, Base),
    /// `unanimity`: all first choices.
    Unanimity(Base),
    /// `plurality`: the most first choices.
    Plurality,
    /// `approval`: the most approvals.
    Approval,
    /// `score(5)`: the most points, of which each ballot gives each option up to so many.
    Score(u8),
    /// `star(5)`: of the two with the most points, the one that more voters give more.
    Star(u8),
    /// `majority-judgement(5)`: the highest median grade, from 0 to so much.
    MajorityJudgement(u8),
    /// `borda`: the most points by places.
    Borda,
    /// `condorcet`: who beats all others, or nobody.
    Condorcet,
    /// `copeland`: the most victories.
    Copeland,
    /// `minimax`: the mildest worst defeat.
    Minimax,
    /// `kemeny`: the order that agrees most.
    Kemeny,
    /// `schulze`: the widest paths of victories.
    Schulze,
    /// `ranked-pairs`: victories locked in by width.
    RankedPairs,
    /// `split-cycle`: victories that are not the narrowest of a cycle.
    SplitCycle,
    /// `nanson`: who is no better than average is struck, in rounds.
    Nanson,
    /// `baldwin`: who has the fewest points by places is struck, one by one.
    Baldwin,
    /// `coombs`: who is last on most ballots is struck, one by one.
    Coombs,
    /// `instant-runoff`: the weakest are struck one by one.
    InstantRunoff,
    /// `quorum(1/2, majority)`: a rule, if this share of the electorate takes part.
    Quorum(Ratio, Box<Self>),
    /// `veto(majority)`: a rule, and nobody with a veto is against it.
    Veto(Box<Self>),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Majority(Base::Voting)
    }
}

impl Kind {
    /// An example of each rule as it is written, and who wins under it.
    pub const ALL: [(&'static str, &'static str); 22] = [
        ("majority", "who is first for more than half; `majority(all)`: of the electorate"),
        (
            "supermajority(2/3)",
            "who is first for so much; `supermajority(2/3, all)`: of the electorate",
        ),
        ("unanimity", "who is first for all who vote; `unanimity(all)`: for the electorate"),
        ("plurality", "who is first most often"),
        ("approval", "who is approved most often"),
        ("score(5)", "who has the most points; each ballot gives each option up to so many"),
        ("star(5)", "of the two with the most points, the one to which more give more"),
        ("majority-judgement(5)", "who has the highest median grade"),
        ("borda", "who has the most points by places"),
        ("condorcet", "who beats all others one to one; nobody if nobody does"),
        ("copeland", "who wins the most comparisons one to one"),
        ("minimax", "whose worst defeat is the mildest"),
        ("kemeny", "who is first in the order that agrees most with the voters"),
        ("schulze", "whose paths of victories to all others are wider than theirs back"),
        ("ranked-pairs", "whom nobody stands above once victories are locked in, widest first"),
        ("split-cycle", "who loses only victories that are the narrowest of a cycle"),
        ("nanson", "who is left when all no better than average by places are struck, in rounds"),
        ("baldwin", "who is left when the last by places is struck, one by one"),
        ("coombs", "who gets a majority while the one last on most ballots is struck, one by one"),
        (
            "instant-runoff",
            "who is left when the one first on fewest ballots is struck, one by one",
        ),
        ("quorum(1/2, majority)", "who wins under a rule, if this share of the electorate votes"),
        (
            "veto(majority)",
            "who wins under a rule, unless somebody with a veto does not support it",
        ),
    ];

    /// The rules that need no more than their name.
    const PLAIN: [(&'static str, Self); 18] = [
        ("majority", Self::Majority(Base::Voting)),
        ("majority(all)", Self::Majority(Base::Electorate)),
        ("unanimity", Self::Unanimity(Base::Voting)),
        ("unanimity(all)", Self::Unanimity(Base::Electorate)),
        ("plurality", Self::Plurality),
        ("approval", Self::Approval),
        ("borda", Self::Borda),
        ("condorcet", Self::Condorcet),
        ("copeland", Self::Copeland),
        ("minimax", Self::Minimax),
        ("kemeny", Self::Kemeny),
        ("schulze", Self::Schulze),
        ("ranked-pairs", Self::RankedPairs),
        ("split-cycle", Self::SplitCycle),
        ("nanson", Self::Nanson),
        ("baldwin", Self::Baldwin),
        ("coombs", Self::Coombs),
        ("instant-runoff", Self::InstantRunoff),
    ];

    /// Does something with the rule of this name.
    fn with<T>(&self, act: impl FnOnce(&dyn Rule) -> T) -> T {
        match self {
            Self::Majority(base) => act(&Threshold::majority(*base)),
            Self::Supermajority(share, base) => act(&Threshold::supermajority(*share, *base)),
            Self::Unanimity(base) => act(&Threshold::unanimity(*base)),
            Self::Plurality => act(&Plurality),
            Self::Approval => act(&Approval),
            Self::Score(most) => act(&Score { most: *most }),
            Self::Star(most) => act(&Star { most: *most }),
            Self::MajorityJudgement(most) => act(&MajorityJudgement { most: *most }),
            Self::Borda => act(&Borda),
            Self::Condorcet => act(&Condorcet),
            Self::Copeland => act(&Copeland),
            Self::Minimax => act(&Minimax),
            Self::Kemeny => act(&Kemeny),
            Self::Schulze => act(&Schulze),
            Self::RankedPairs => act(&RankedPairs),
            Self::SplitCycle => act(&SplitCycle),
            Self::Nanson => act(&Nanson),
            Self::Baldwin => act(&Baldwin),
            Self::Coombs => act(&Coombs),
            Self::InstantRunoff => act(&InstantRunoff),
            Self::Quorum(share, of) => act(&Turnout { share: *share, of: &**of }),
            Self::Veto(of) => act(&Veto { of: &**of }),
        }
    }

    fn read(text: &str, depth: u32) -> Result<Self, String> {
        let text = text.trim();
        if let Some((_, kind)) = Self::PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(kind.clone());
        }
        let (word, rest) = text.split_once('(').unwrap_or((text, ")"));
        let inner = rest.strip_suffix(')').ok_or_else(|| format!("`{text}` lacks its last `)`"))?;
        let beneath = |text: &str| match depth.checked_sub(1) {
            Some(left) => Self::read(text, left).map(Box::new),
            None => Err(format!("no more than {DEPTH} conditions around each other")),
        };
        let share = |text: &str| {
            let share: Ratio = text.trim().parse()?;
            let (part, whole) = share.lowest_terms();
            Ok::<_, String>((share, u128::from(part) * 2 > u128::from(whole)))
        };
        match (word.trim(), inner.split_once(',')) {
            ("supermajority", arguments) => {
                let (of, base) = match arguments {
                    None => (inner, Base::Voting),
                    Some((of, base)) if base.trim() == "all" => (of, Base::Electorate),
                    Some((_, base)) => {
                        return Err(format!("`{}`: after the share `all` may follow", base.trim()));
                    }
                };
                match share(of)? {
                    (share, true) => Ok(Self::Supermajority(share, base)),
                    (share, false) => Err(format!(
                        "supermajority({share}): two options can have it; give more than 50%"
                    )),
                }
            }
            ("score", None) => Ok(Self::Score(points("score", inner)?)),
            ("star", None) => Ok(Self::Star(points("star", inner)?)),
            ("majority-judgement", None) => {
                Ok(Self::MajorityJudgement(points("majority-judgement", inner)?))
            }
            ("quorum", Some((part, of))) => Ok(Self::Quorum(share(part)?.0, beneath(of)?)),
            ("veto", _) if !inner.is_empty() => Ok(Self::Veto(beneath(inner)?)),
            _ => Err(format!("`{text}` is no voting rule: {}", Self::expected())),
        }
    }

    fn expected() -> String {
        let plain: Vec<&str> = Self::PLAIN.iter().map(|(name, _)| *name).collect();
        format!(
            "write one of {}, supermajority(2/3), supermajority(2/3, all), score(5), star(5), \
             majority-judgement(5), or around another rule quorum(1/2, …), veto(…)",
            plain.join(", ")
        )
    }
}

/// The most points for one option, as they stand between brackets.
fn points(rule: &str, inner: &str) -> Result<u8, String> {
    if inner.is_empty() {
        return Ok(POINTS);
    }
    match inner.trim().parse() {
        Ok(most @ 1..) => Ok(most),
        _ => Err(format!("{rule}({inner}): give the most points for one option, 1 to 255")),
    }
}

impl Rule for Kind {
    fn form(&self) -> Form {
        self.with(|rule| rule.form())
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        self.with(|rule| rule.outcome(profile))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        self.with(|rule| rule.is_settled(profile, out))
    }

    fn settles_exactly(&self) -> bool {
        self.with(|rule| rule.settles_exactly())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supermajority(share, Base::Voting) => write!(f, "supermajority({share})"),
            Self::Supermajority(share, Base::Electorate) => {
                write!(f, "supermajority({share}, all)")
            }
            Self::Score(most) => write!(f, "score({most})"),
            Self::Star(most) => write!(f, "star({most})"),
            Self::MajorityJudgement(most) => write!(f, "majority-judgement({most})"),
            Self::Quorum(share, of) => write!(f, "quorum({share}, {of})"),
            Self::Veto(of) => write!(f, "veto({of})"),
            plain => {
                let found = Self::PLAIN.iter().find(|(_, kind)| kind == plain);
                f.write_str(found.expect("every other kind is in the table").0)
            }
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text, DEPTH)
    }
}

sim_core::text_notation!(
    Kind,
    "a voting rule, such as \"majority\"",
    "A voting rule.",
    "^[a-z-]+ *(\\(.*\\))?$",
    &["majority", "borda", "supermajority(2/3)", "quorum(1/2, plurality)"]
);
