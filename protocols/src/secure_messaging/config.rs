//! The keys of `[protocol]`, and what is wrong with some values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use super::defence::Defences;
use crate::problem::secure_messaging::policy;

/// What a node does that the adversary took over with the strategy `program`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// The broker writes letters in the name of agents.
    Impersonation,
    /// The broker changes letters on their way: receiver, kind, term, resource or all of them.
    Tampering,
    /// The broker delivers old letters again.
    Replay,
    /// The broker reads what it carries.
    Eavesdropping,
    /// Whoever holds a stolen key signs letters with it.
    StolenKey,
    /// Whoever holds a stolen key signs two things for one with it, to have its owner convicted.
    Framing,
    /// An agent asks for what it may not have: plainly, with a capability made wider, through others.
    Overreach,
    /// An agent says far too much.
    Flood,
    /// An agent spreads evidence that it made up.
    Slander,
    /// An agent gets many keys, and warns of an honest one under each.
    Sybil,
    /// An agent leaves the letters of others unanswered.
    Silence,
    /// An agent signs one thing for one agent and another for another.
    Equivocation,
    /// An insider edits the rules by which the authority grants: everybody may do everything.
    PolicyEdit,
    /// The keeper shows a log without its end.
    Truncation,
    /// The keeper shows a log of which it changed an entry.
    Edit,
    /// The keeper shows some of the agents another log than the others.
    SplitView,
}

/// The theft of a key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Theft {
    /// Whose key, by the number of the agent: one of the nodes but the last three.
    pub victim: u32,
    /// Which node gets it, another one; it uses it once it is corrupt.
    pub thief: u32,
    /// When, from the beginning of the run.
    pub at: Duration,
    /// How much later the victim notices, and reports it to the authority.
    pub noticed: Duration,
}

/// How the agents protect themselves, and against what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which defences stand.
    pub defences: Defences,
    /// What corrupt nodes do.
    pub attack: Attack,
    /// How often each of them may try; 0 for never.
    pub attempts: u32,
    /// The time between two attempts that nothing else triggers; above zero.
    pub attack_every: Duration,
    /// The theft of a key, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theft: Option<Theft>,
    /// How old a letter may be when it is taken.
    pub freshness: Duration,
    /// How far apart clocks may be: so much is allowed for wherever times of two nodes are compared.
    pub skew: Duration,
    /// How long a certificate is good, above zero; an agent gets the next one at half of it.
    pub validity: Duration,
    /// How old the list of revoked keys may be; above it nobody's key is taken for good.
    pub status_age: Duration,
    /// How often the authority issues a list; above zero, and at most `status_age`, or it is too old
    /// before the next one comes.
    pub refresh: Duration,
    /// How often an agent passes on the list and the head of the log to another; above zero.
    pub gossip: Duration,
    /// How many letters of a sender are remembered; at least 1.
    pub window: u32,
    /// After which time a letter that was not answered is sent again; above zero.
    pub retransmit: Duration,
    /// How long a letter may go unanswered, sent again and again, until its receiver is suspected;
    /// twice that if it is to have something done by another. At least twice `retransmit`.
    pub silence: Duration,
    /// How many letters a second are taken from one sender.
    pub rate: u32,
    /// How much suspicion raises an alarm, at least 1; a point fades each second.
    pub threshold: u32,
    /// How many witnesses who warn of somebody are an alarm of one's own; at least 1.
    pub witnesses: u32,
    /// How many of the identities that an agent knows it draws to be heard about a suspect: if more
    /// than half of them warn, that is an alarm of its own. 0 hears all, and counts `witnesses`.
    #[serde(skip_serializing_if = "is_zero")]
    pub jury: u32,
    /// How many keys an agent gets that is more than one, under the attack `sybil`.
    pub identities: u32,
    /// How long a sender is not heard after an alarm; twice as long each time, up to 16 times.
    pub quarantine: Duration,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Default for Config {
    fn default() -> Self {
        Self {
            defences: Defences::ALL,
            attack: Attack::Impersonation,
            attempts: 200,
            attack_every: Duration::from_millis(50),
            theft: None,
            freshness: Duration::from_secs(3),
            skew: Duration::from_millis(200),
            validity: Duration::from_secs(10),
            status_age: Duration::from_secs(2),
            refresh: Duration::from_millis(300),
            gossip: Duration::from_millis(100),
            window: 1_024,
            retransmit: Duration::from_millis(300),
            silence: Duration::from_secs(1),
            rate: 10,
            threshold: 10,
            witnesses: 3,
            jury: 0,
            identities: 6,
            quarantine: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// How long what the authority takes back may be taken for good: a list that was just in time,
    /// by two clocks that differ.
    pub fn grace(&self) -> Duration {
        self.status_age + self.skew * 2
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let wrong =
            |key, reason: &str, runnable| Objection { key, reason: reason.to_owned(), runnable };
        let mut objections = Vec::new();
        for (key, span) in [
            ("attack_every", self.attack_every),
            ("refresh", self.refresh),
            ("gossip", self.gossip),
            ("retransmit", self.retransmit),
            ("validity", self.validity),
        ] {
            if span.is_zero() {
                objections.push(wrong(key, "write a time above zero, such as \"300ms\"", false));
            }
        }
        for (key, count, reason) in [
            ("window", self.window, "what is forgotten at once is taken again: write at least 1"),
            ("threshold", self.threshold, "no suspicion raises no alarm: write at least 1"),
            (
                "witnesses",
                self.witnesses,
                "without a witness everybody would be suspect: write at least 1",
            ),
        ] {
            if count == 0 {
                objections.push(wrong(key, reason, false));
            }
        }
        if self.refresh > self.status_age {
            let reason = "a list is too old before the next one comes: write a time of at most \
                          `status_age`";
            objections.push(wrong("refresh", reason, true));
        }
        if self.silence < self.retransmit * 2 {
            let reason =
                "whoever misses one letter is suspected: write at least twice `retransmit`";
            objections.push(wrong("silence", reason, true));
        }
        let agents = policy::agents(cluster).count() as u32;
        if agents < 3 {
            let reason = "the last three nodes hold offices, and three agents are the fewest that \
                          make a company: write nodes = 6 or more";
            objections.push(wrong("nodes", reason, false));
        }
        if let Some(theft) = &self.theft
            && (theft.victim >= agents || theft.thief >= cluster.n || theft.thief == theft.victim)
        {
            let reason = "the victim is one of the agents, the thief another of the nodes";
            objections.push(wrong("theft", reason, false));
        }
        objections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_and_what_is_risky_is_said() {
        let wrong = |config: Config, n: u32| -> Vec<(&'static str, bool)> {
            let objections = config.objections(Cluster { n });
            objections.iter().map(|found| (found.key, found.runnable)).collect()
        };
        let with = Config::default;
        let theft = |victim, thief| {
            let (at, noticed) = (Duration::ZERO, Duration::ZERO);
            Some(Theft { victim, thief, at, noticed })
        };
        assert_eq!(wrong(with(), 6), []);
        assert_eq!(wrong(with(), 5), [("nodes", false)]);
        for (config, expected) in [
            (Config { gossip: Duration::ZERO, ..with() }, ("gossip", false)),
            (Config { window: 0, ..with() }, ("window", false)),
            (Config { threshold: 0, ..with() }, ("threshold", false)),
            (Config { witnesses: 0, ..with() }, ("witnesses", false)),
            (Config { refresh: Duration::from_secs(3), ..with() }, ("refresh", true)),
            (Config { silence: Duration::from_millis(599), ..with() }, ("silence", true)),
            (Config { theft: theft(3, 0), ..with() }, ("theft", false)),
            (Config { theft: theft(1, 1), ..with() }, ("theft", false)),
            (Config { theft: theft(1, 6), ..with() }, ("theft", false)),
        ] {
            assert_eq!(wrong(config, 6), [expected]);
        }
        assert_eq!(wrong(Config { theft: theft(2, 5), ..with() }, 6), []);
    }
}
