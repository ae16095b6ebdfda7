//! Borda's count: an option gets a point for each option that a ballot ranks below it.
//!
//! Borda, "Mémoire sur les élections au scrutin" (Histoire de l'Académie Royale des Sciences, 1781).
//! The options that a ballot does not list share the points of the last places equally, so the sum
//! of points on a ballot does not depend on how much it lists. So that halves stay whole, scores
//! are counted in half points: twice what people count from 0 for the last place.

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, is_lead_safe};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Borda;

impl Borda {
    fn half_points(profile: &Profile) -> Vec<i64> {
        let mut points = vec![0; profile.options()];
        let most = 2 * (profile.options() as i64 - 1);
        for (ranking, weight) in profile.rankings() {
            let weight = weight as i64;
            let mut next = most;
            for option in ranking.iter() {
                points[option] += weight * next;
                next -= 2;
            }
            // The rest would get next, next − 2, …, 0: on average half of the first of these.
            for option in profile.all().without(ranking.listed()).iter() {
                points[option] += weight * next / 2;
            }
        }
        points
    }
}

impl Rule for Borda {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        Outcome::by_scores(profile, Self::half_points(profile))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        // A rival that is put first, with the leader last, gains a whole ballot's height.
        let height = 2 * (profile.options() as i64 - 1);
        is_lead_safe(profile, &Self::half_points(profile), height, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
