//! Elimination: options are struck off all ballots, again and again, until somebody has won.
//!
//! Where it is open whom to strike, each way is followed, and who wins in one of them is a winner
//! ("parallel universes": Conitzer, Rognlie and Xia, "Preference functions that score rankings and
//! maximum likelihood estimation", IJCAI 2009): no option is preferred for its place in the list. No
//! set of options is looked at twice, so even where everything ties, 2¹⁶ counts are the most.

use std::collections::BTreeSet;

use super::options::Options;
use super::profile::Profile;
use super::rule::Outcome;

/// What becomes of the options that are left.
pub(super) enum Step {
    /// These have won.
    Elect(Options),
    /// These are struck together.
    Strike(Options),
    /// One of these is struck, and which is open.
    StrikeOneOf(Options),
}

/// The ways in which options may be struck.
struct Rounds<'a> {
    step: &'a dyn Fn(Options) -> Step,
    /// What has been left over somewhere, and was looked at.
    seen: BTreeSet<Options>,
    winners: Options,
    /// Those struck, first to last, as long as there is one way only.
    struck: Option<Vec<Options>>,
}

impl Rounds<'_> {
    fn go_on(&mut self, left: Options) {
        if !self.seen.insert(left) {
            return;
        }
        match (self.step)(left) {
            Step::Elect(winners) => {
                self.winners = self.winners.with(winners);
                self.note(left.without(winners));
                self.note(winners);
            }
            Step::Strike(weakest) => {
                self.note(weakest);
                self.go_on(left.without(weakest));
            }
            Step::StrikeOneOf(weakest) if weakest.len() > 1 => {
                self.struck = None;
                for option in weakest.iter() {
                    self.go_on(left.without(Options::only(option)));
                }
            }
            Step::StrikeOneOf(weakest) => {
                self.note(weakest);
                self.go_on(left.without(weakest));
            }
        }
    }

    fn note(&mut self, options: Options) {
        if let Some(struck) = self.struck.as_mut().filter(|_| !options.is_empty()) {
            struck.push(options);
        }
    }
}

/// Goes on from all options, step by step. Who was struck last stands highest.
pub(super) fn eliminate(
    profile: &Profile,
    scores: Vec<i64>,
    step: &dyn Fn(Options) -> Step,
) -> Outcome {
    if profile.voting() == 0 {
        return Outcome { winners: Options::EMPTY, order: Vec::new(), scores };
    }
    let (seen, winners, struck) = (BTreeSet::new(), Options::EMPTY, Some(Vec::new()));
    let mut rounds = Rounds { step, seen, winners, struck };
    rounds.go_on(profile.all());
    let mut order = rounds.struck.unwrap_or_default();
    order.reverse();
    Outcome { winners: rounds.winners, order, scores }
}

/// The options that have least of something.
pub(super) fn weakest(left: Options, strength: impl Fn(usize) -> i64) -> Options {
    let least = left.iter().map(&strength).min();
    left.iter().filter(|option| Some(strength(*option)) == least).collect()
}
