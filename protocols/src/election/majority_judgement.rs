//! Majority judgement: each ballot grades each option, and the highest median grade wins.
//!
//! Balinski and Laraki, "A theory of measuring, electing, and ranking" (PNAS 104(21), 2007). The median
//! of an even number of grades is the lower one of the two in the middle. Options with the same
//! median are told apart as there: one grade that is the median is taken away from each of them, and
//! the new medians are compared, until these differ or no grade is left. A ballot whose grades are
//! all 0 is an abstention. The score of an option is its median grade.

use std::cmp::Ordering;

use super::ballot::Form;
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule, with grades from 0 to `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct MajorityJudgement {
    /// The best grade.
    pub most: u8,
}

/// How much weight gives an option each grade, from 0 up.
#[derive(Clone)]
struct Grades(Vec<u64>);

impl Grades {
    fn of(profile: &Profile, option: usize, most: u8) -> Self {
        let mut weights = vec![0; usize::from(most) + 1];
        for (scores, weight) in profile.scores() {
            weights[usize::from(scores.of(option))] += weight;
        }
        Self(weights)
    }

    /// The lower of the grades in the middle, and the weight of the grades below it.
    fn median(&self) -> (usize, u64) {
        let middle = self.0.iter().sum::<u64>().div_ceil(2);
        let mut below = 0;
        for (grade, weight) in self.0.iter().enumerate() {
            if below + weight >= middle {
                return (grade, below);
            }
            below += weight;
        }
        (0, 0)
    }

    /// How many grades that are the median can be taken away, one by one, before the median is
    /// another, or nothing is left; the last one that is taken makes it so.
    fn lasting(&self) -> u64 {
        let (all, (median, below)) = (self.0.iter().sum::<u64>(), self.median());
        let up_to = below + self.0[median];
        // With `k` fewer it is still in the middle if below < ⌈(all − k) / 2⌉ ≤ up_to − k.
        (all - 2 * below - 1).min(2 * up_to - all) + 1
    }

    /// Which of two options that were graded by the same voters is better.
    fn compare(&self, other: &Self) -> Ordering {
        let (mut one, mut other) = (self.clone(), other.clone());
        while one.0.iter().any(|weight| *weight > 0) {
            let (median, others) = (one.median().0, other.median().0);
            if median != others {
                return median.cmp(&others);
            }
            let taken = one.lasting().min(other.lasting());
            one.0[median] -= taken;
            other.0[median] -= taken;
        }
        Ordering::Equal
    }
}

impl MajorityJudgement {
    fn grades(self, profile: &Profile) -> Vec<Grades> {
        profile.all().iter().map(|option| Grades::of(profile, option, self.most)).collect()
    }
}

impl Rule for MajorityJudgement {
    fn form(&self) -> Form {
        Form::Scores { most: self.most }
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let grades = self.grades(profile);
        let scores = grades.iter().map(|grades| grades.median().0 as i64).collect();
        let (mut left, mut order) = (profile.all(), Vec::new());
        while let Some(best) =
            left.iter().max_by(|one, other| grades[*one].compare(&grades[*other]))
        {
            let alike = |option: &usize| grades[*option].compare(&grades[best]).is_eq();
            let place: Options = left.iter().filter(alike).collect();
            order.push(place);
            left = left.without(place);
        }
        Outcome::ordered(profile, order, scores)
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        // The median of each option at worst and at best.
        let at = |grade: u8| {
            let mut grades = self.grades(profile);
            grades.iter_mut().for_each(|grades| grades.0[usize::from(grade)] += out.weight);
            grades.into_iter().map(|grades| grades.median().0).collect::<Vec<_>>()
        };
        let (worst, best, all) = (at(0), at(self.most), profile.all());
        let is_safe = |leader: usize| {
            all.without(Options::only(leader)).iter().all(|rival| worst[leader] > best[rival])
        };
        out.weight == 0 || profile.voting() > 0 && all.iter().any(is_safe)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
