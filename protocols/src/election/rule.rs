//! Rules: from a profile to an outcome, and when the outcome can no longer change.

use super::ballot::Form;
use super::options::Options;
use super::profile::Profile;

/// What a rule makes of a profile.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Outcome {
    /// Who wins: nobody if the rule finds no winner, several if they tie.
    pub winners: Options,
    /// All options from best to worst, where the rule orders them; options that share a place tie.
    /// Empty where it does not.
    pub order: Vec<Options>,
    /// For the record, what the rule counted for each option; the rule says of what. Empty where it
    /// counts nothing.
    pub scores: Vec<i64>,
}

impl Outcome {
    /// The most points win, and points order all; nobody wins where nobody voted.
    pub(super) fn by_scores(profile: &Profile, scores: Vec<i64>) -> Self {
        let order = places(profile.all(), |option| scores[option]);
        Self::ordered(profile, order, scores)
    }

    /// The first place of an order wins; nobody wins where nobody voted.
    pub(super) fn ordered(profile: &Profile, order: Vec<Options>, scores: Vec<i64>) -> Self {
        if profile.voting() == 0 {
            return Self { winners: Options::EMPTY, order: Vec::new(), scores };
        }
        Self { winners: order[0], order, scores }
    }

    /// The outcome without winners.
    pub(super) fn undecided(self) -> Self {
        Self { winners: Options::EMPTY, ..self }
    }
}

/// The options in places, those with the highest score first.
fn places(options: Options, score: impl Fn(usize) -> i64) -> Vec<Options> {
    let (mut left, mut places) = (options, Vec::new());
    while let Some(most) = left.iter().map(&score).max() {
        let place = left.iter().filter(|option| score(*option) == most).collect();
        places.push(place);
        left = left.without(place);
    }
    places
}

/// The ballots that are not in and may still come, or may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Outstanding {
    /// What their voters weigh together.
    pub weight: u64,
    /// How many of their voters may veto.
    pub vetoes: u32,
}

impl Outstanding {
    /// Whether nothing that matters is out.
    pub const fn is_nothing(self) -> bool {
        self.weight == 0 && self.vetoes == 0
    }
}

/// A voting rule. What it finds depends on the profile alone.
pub trait Rule {
    /// The ballots that it reads.
    fn form(&self) -> Form;

    /// Who wins.
    fn outcome(&self, profile: &Profile) -> Outcome;

    /// Whether the winners are the same whatever becomes of the ballots that are out: cast in any
    /// way, blank, or never cast. `true` is always right; rules that are not
    /// [exact](Rule::settles_exactly) may say `false` of winners that can no longer change.
    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool;

    /// Whether [`is_settled`](Rule::is_settled) is `false` only where the ballots that are out,
    /// if cast alike, do change the winners.
    fn settles_exactly(&self) -> bool;
}

/// Whether one option is first on more than half of all ballots there can be; or nothing is out.
pub(super) fn has_first_places_of_most(profile: &Profile, out: Outstanding) -> bool {
    let votes = profile.first_choices(profile.all());
    let most = votes.iter().max().copied().unwrap_or(0);
    let all = profile.voting() + out.weight;
    out.weight == 0 || profile.voting() > 0 && 2 * most > all as i64
}

/// Whether one option leads by so much that ballots of this weight cannot catch up, if a ballot of
/// weight 1 can close a gap of `gap` to one rival. A tie can always be broken.
pub(super) fn is_lead_safe(profile: &Profile, scores: &[i64], gap: i64, weight: u64) -> bool {
    let outcome = Outcome::by_scores(profile, scores.to_vec());
    if weight == 0 {
        return true;
    }
    outcome.winners.single().is_some_and(|leader| {
        let reach = gap * weight as i64;
        profile
            .all()
            .without(outcome.winners)
            .iter()
            .all(|rival| scores[leader] - scores[rival] > reach)
    })
}
