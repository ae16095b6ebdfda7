//! Pairwise comparison: by how much the voters prefer each option to each other one.

use super::options::{OPTIONS_MAX, Options};
use super::profile::Profile;

/// The width of the widest path from each option to each other one; that of a path is the margin of
/// its narrowest link, and of one over defeats only below 0.
pub(super) type Widths = [[i64; OPTIONS_MAX]; OPTIONS_MAX];

/// How many prefer each option to each other one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pairwise {
    options: usize,
    preferring: [[i64; OPTIONS_MAX]; OPTIONS_MAX],
}

impl Pairwise {
    /// Compares the options of a profile of rankings: a listed option is preferred to those listed
    /// after it and to all that are not listed.
    pub fn of(profile: &Profile) -> Self {
        let mut preferring = [[0; OPTIONS_MAX]; OPTIONS_MAX];
        for (ranking, weight) in profile.rankings() {
            let mut below = profile.all();
            for option in ranking.iter() {
                below = below.without(Options::only(option));
                for other in below.iter() {
                    preferring[option][other] += weight as i64;
                }
            }
        }
        Self { options: profile.options(), preferring }
    }

    /// The weight of those who prefer `one` to `other`.
    pub const fn preferring(&self, one: usize, other: usize) -> i64 {
        self.preferring[one][other]
    }

    /// The weight of those who prefer `one` to `other`, less that of those who prefer `other`.
    pub const fn margin(&self, one: usize, other: usize) -> i64 {
        self.preferring[one][other] - self.preferring[other][one]
    }

    /// The options other than this one.
    pub fn rivals(&self, option: usize) -> impl Iterator<Item = usize> {
        Options::all(self.options).without(Options::only(option)).iter()
    }

    /// The smallest of an option's margins over the others; 0 if there are none.
    pub fn worst(&self, option: usize) -> i64 {
        self.rivals(option).map(|rival| self.margin(option, rival)).min().unwrap_or(0)
    }

    /// An option's margins over the others of these, together.
    pub(super) fn sum(&self, option: usize, among: Options) -> i64 {
        let rivals = among.without(Options::only(option));
        rivals.iter().map(|rival| self.margin(option, rival)).sum()
    }

    /// The same for all options.
    pub(super) fn sums(&self, all: Options) -> Vec<i64> {
        (0..self.options).map(|option| self.sum(option, all)).collect()
    }

    /// The widest paths, by Floyd's and Warshall's triple loop.
    pub(super) fn widest_paths(&self) -> Widths {
        let options = self.options;
        let mut widths = [[0; OPTIONS_MAX]; OPTIONS_MAX];
        for (from, row) in widths.iter_mut().enumerate().take(options) {
            for (to, width) in row.iter_mut().enumerate().take(options) {
                *width = self.margin(from, to);
            }
        }
        for over in 0..options {
            let onwards = widths[over];
            for (from, row) in widths.iter_mut().enumerate().take(options) {
                if from == over {
                    continue;
                }
                for to in (0..options).filter(|to| *to != over && *to != from) {
                    row[to] = row[to].max(row[over].min(onwards[to]));
                }
            }
        }
        widths
    }

    /// The option that beats every other one by more than this.
    pub fn beats_all_by_more_than(&self, margin: i64) -> Option<usize> {
        (0..self.options)
            .find(|option| self.rivals(*option).all(|rival| self.margin(*option, rival) > margin))
    }

    /// Whether rules that elect a Condorcet winner cannot change their minds any more, since
    /// there will be one whatever ballots of this weight say; or nothing is out.
    pub(super) fn is_winner_safe(&self, profile: &Profile, weight: u64) -> bool {
        let safe = self.beats_all_by_more_than(weight as i64).is_some();
        weight == 0 || profile.voting() > 0 && safe
    }
}

/// The options in places: first those above which nobody stands, then those above which only
/// options already placed stand, and so on. `below` names, for each option, those that it stands
/// above; there must be no cycle.
pub(super) fn tiers(below: &[Options]) -> Vec<Options> {
    let (mut left, mut order) = (Options::all(below.len()), Vec::new());
    while !left.is_empty() {
        let under = left.iter().map(|option| below[option]).fold(Options::EMPTY, Options::with);
        let top = left.without(under);
        assert!(!top.is_empty(), "nobody stands above themselves");
        order.push(top);
        left = left.without(top);
    }
    order
}
