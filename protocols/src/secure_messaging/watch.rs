//! Suspicion: points for what somebody did, that fade; an alarm when they reach a threshold.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::id::NodeId;
use sim_core::rng::{Draw, Random as _};
use sim_core::time::{Duration, Time};

use crate::credential::PublicKey;

/// How long it takes until a point of suspicion has faded.
const FADES: Duration = Duration::from_secs(1);
/// How often a quarantine is doubled, at most.
const DOUBLED: u32 = 4;
/// The span over which letters are counted.
const SECOND: Duration = Duration::from_secs(1);

/// What is held against one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
struct File {
    score: u32,
    /// When the next point fades.
    since: Time,
    /// Until when it is not heard.
    quarantined: Option<Time>,
    /// How often it was in quarantine.
    times: u32,
    /// The second in which its letters are counted, and how many came.
    counting: Time,
    letters: u32,
}

impl File {
    fn fade(&mut self, now: Time) {
        let faded = now.since(self.since).as_nanos() / FADES.as_nanos();
        self.score = self.score.saturating_sub(u32::try_from(faded).unwrap_or(u32::MAX));
        self.since = self.since + Duration::from_nanos(faded * FADES.as_nanos());
    }
}

/// What an agent holds against the others.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Watch {
    files: BTreeMap<NodeId, File>,
    /// Who warned of whom, and when last.
    warnings: BTreeMap<NodeId, BTreeMap<PublicKey, Time>>,
    /// Everybody of whom it heard, each under one key or under all of them.
    identities: BTreeSet<PublicKey>,
    /// Who is heard about whom, and since when.
    juries: BTreeMap<NodeId, (Time, BTreeSet<PublicKey>)>,
}

impl Watch {
    /// Counts a letter of this sender; says whether there were more than `rate` in this second.
    pub(super) fn is_too_much(&mut self, from: NodeId, rate: u32, now: Time) -> bool {
        let file = self.files.entry(from).or_default();
        if now.since(file.counting) >= SECOND {
            (file.counting, file.letters) = (now, 0);
        }
        file.letters += 1;
        file.letters > rate
    }

    /// Adds points of suspicion and says how many there are.
    pub(super) fn suspect(&mut self, whom: NodeId, points: u32, now: Time) -> u32 {
        let file = self.files.entry(whom).or_default();
        if file.score == 0 {
            file.since = now;
        }
        file.fade(now);
        file.score = file.score.saturating_add(points);
        file.score
    }

    /// Does not hear this one for a while, which is twice as long each time.
    pub(super) fn confine(&mut self, whom: NodeId, quarantine: Duration, now: Time) {
        let file = self.files.entry(whom).or_default();
        file.quarantined = Some(now + quarantine * (1 << file.times.min(DOUBLED)));
        file.times += 1;
    }

    /// Whether this one is not heard; and whether it just was and is heard again from now on.
    pub(super) fn standing(&mut self, whom: NodeId, now: Time) -> Standing {
        let Some(file) = self.files.get_mut(&whom) else { return Standing::Free };
        match file.quarantined {
            None => Standing::Free,
            Some(until) if now < until => Standing::Confined,
            Some(_) => {
                file.quarantined = None;
                file.score = 0;
                Standing::Released
            }
        }
    }

    /// Notes that there is such an identity.
    pub(super) fn meet(&mut self, identity: PublicKey) {
        self.identities.insert(identity);
    }

    /// Notes that a witness warned of somebody; gives those who did not long ago.
    pub(super) fn warned(
        &mut self,
        whom: NodeId,
        witness: PublicKey,
        now: Time,
        remembered: Duration,
    ) -> &BTreeMap<PublicKey, Time> {
        let witnesses = self.warnings.entry(whom).or_default();
        witnesses.insert(witness, now);
        witnesses.retain(|_, at| now.since(*at) <= remembered);
        witnesses
    }

    /// How many of the jury about somebody warned of it not long ago.
    pub(super) fn jurors_who_warned(&self, whom: NodeId) -> usize {
        let (Some((_, jury)), Some(witnesses)) = (self.juries.get(&whom), self.warnings.get(&whom))
        else {
            return 0;
        };
        jury.iter().filter(|juror| witnesses.contains_key(juror)).count()
    }

    /// Draws another jury about somebody, among all identities but its own and those of `but`, if
    /// the last one was drawn longer than `lasts` ago. Gives what it was drawn from, and the jury.
    pub(super) fn draw_jury(
        &mut self,
        (whom, but): (NodeId, NodeId),
        size: usize,
        (now, lasts): (Time, Duration),
        rng: &mut Draw,
    ) -> Option<(Vec<PublicKey>, Vec<PublicKey>)> {
        if self.juries.get(&whom).is_some_and(|(drawn, _)| now.since(*drawn) <= lasts) {
            return None;
        }
        let is_eligible = |identity: &&PublicKey| ![whom, but].contains(&identity.owner);
        let pool: Vec<PublicKey> = self.identities.iter().filter(is_eligible).copied().collect();
        let mut left = pool.clone();
        let draws = 0..size.min(pool.len());
        let jury: Vec<PublicKey> =
            draws.map(|_| left.swap_remove(rng.below(left.len() as u64) as usize)).collect();
        self.juries.insert(whom, (now, jury.iter().copied().collect()));
        Some((pool, jury))
    }

    /// Hears an appeal: who is in quarantine is let out early once half of what raised the alarm has
    /// faded. Says whether it was.
    pub(super) fn appeal(&mut self, whom: NodeId, threshold: u32, now: Time) -> bool {
        let Some(file) = self.files.get_mut(&whom) else { return false };
        file.fade(now);
        let is_granted = file.quarantined.is_some() && file.score <= threshold / 2;
        if is_granted {
            file.quarantined = None;
        }
        is_granted
    }
}

/// How somebody stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// It is heard.
    Free,
    /// It is not heard.
    Confined,
    /// Its time is over, and it is heard again.
    Released,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVE: NodeId = NodeId(3);

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn suspicion_adds_up_and_fades_a_point_a_second() {
        let mut watch = Watch::default();
        assert_eq!(watch.suspect(EVE, 3, at(5_000)), 3);
        assert_eq!(watch.suspect(EVE, 3, at(5_900)), 6);
        assert_eq!(watch.suspect(EVE, 1, at(7_100)), 5, "two have faded");
        assert_eq!(watch.suspect(EVE, 1, at(60_000)), 1);
    }

    #[test]
    fn whoever_is_confined_is_heard_again_after_its_time_and_says_so_once() {
        let mut watch = Watch::default();
        watch.suspect(EVE, 9, at(0));
        watch.confine(EVE, Duration::from_secs(2), at(0));
        let mut standing = |millis| watch.standing(EVE, at(millis));
        assert_eq!(standing(1_999), Standing::Confined);
        assert_eq!(standing(2_000), Standing::Released);
        assert_eq!(standing(2_000), Standing::Free);
    }

    #[test]
    fn each_quarantine_is_twice_as_long_as_the_one_before_up_to_sixteen_times_the_first() {
        let mut watch = Watch::default();
        let mut now = 0;
        let lasted = [1, 2, 4, 8, 16, 16].map(|seconds| {
            watch.confine(EVE, Duration::from_secs(1), at(now));
            now += seconds * 1_000;
            [watch.standing(EVE, at(now - 1)), watch.standing(EVE, at(now))]
        });
        assert_eq!(lasted, [[Standing::Confined, Standing::Released]; 6]);
    }

    #[test]
    fn an_appeal_is_granted_once_half_of_the_suspicion_has_faded() {
        let mut watch = Watch::default();
        watch.suspect(EVE, 10, at(0));
        watch.confine(EVE, Duration::from_secs(20), at(0));
        assert!(!watch.appeal(EVE, 10, at(4_000)));
        assert!(watch.appeal(EVE, 10, at(5_000)));
        assert_eq!(watch.standing(EVE, at(5_000)), Standing::Free);
        assert!(!watch.appeal(EVE, 10, at(6_000)), "nothing to appeal against");
    }

    #[test]
    fn a_witness_counts_once_and_not_for_ever() {
        let mut watch = Watch::default();
        let mut warned = |owner: u32, generation: u32, millis: u64| {
            let witness = PublicKey { owner: NodeId(owner), generation };
            watch.warned(EVE, witness, at(millis), Duration::from_secs(1)).len()
        };
        assert_eq!([warned(0, 0, 0), warned(0, 0, 10), warned(1, 0, 20)], [1, 1, 2]);
        assert_eq!(warned(0, 1, 30), 3, "another key is another witness");
        assert_eq!(warned(2, 0, 1_025), 2, "the first two are forgotten");
    }

    #[test]
    fn more_letters_than_the_rate_within_a_second_are_too_much() {
        let mut watch = Watch::default();
        let mut is_too_much = |millis| watch.is_too_much(EVE, 2, at(millis));
        assert_eq!([2_000, 2_001, 2_002].map(&mut is_too_much), [false, false, true]);
        assert!(!is_too_much(3_000));
    }
}
