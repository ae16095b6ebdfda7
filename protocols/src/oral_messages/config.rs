//! The keys of `[protocol]` for oral messages, what they cost, and how much treason they survive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::Cluster;
use sim_core::protocol::Objection;
use sim_core::time::Duration;

use crate::generals::objection_to_round;

/// The most messages of a run: every one is a branch of some general's tree.
pub const MESSAGES_MAX: u64 = 1_000_000;

/// Who gives orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The first node alone, and the others obey (Lamport, Shostak and Pease 1982).
    #[default]
    General,
    /// Everybody: each general learns of each what it wants, and the majority of all that is
    /// decided (interactive consistency: Pease, Shostak and Lamport, J. ACM 27(2), 1980).
    Interactive,
}

/// How the generals exchange orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who gives orders.
    pub form: Form,
    /// The depth of the recursion OM(m), below n: there are m + 1 rounds, and up to a million messages
    /// that grow like n to the m + 1. ⌊(n−1)/3⌋ by default; more need `allow_unsafe = true`.
    pub m: Option<u32>,
    /// The length of a round, above zero; longer than the longest delay of a message.
    pub round: Duration,
    /// The order of who has none: an option by its position, from 0; the last if there are fewer.
    pub default: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self { form: Form::General, m: None, round: Duration::from_millis(100), default: 1 }
    }
}

/// The messages of OM(m) among n generals who all speak when they should, the commander's included:
/// M(n, m) = (n−1)(1 + M(n−1, m−1)) with M(n, 0) = n−1, or round by round (n−1) + (n−1)(n−2) + …
/// Beyond `u64` it is `u64::MAX`.
pub fn messages(n: u32, m: u32) -> u64 {
    let (mut sum, mut in_round) = (0_u64, 1_u64);
    for named in 1..=u64::from(m) + 1 {
        in_round = in_round.saturating_mul(u64::from(n).saturating_sub(named));
        sum = sum.saturating_add(in_round);
        if in_round == 0 || sum == u64::MAX {
            break;
        }
    }
    sum
}

impl Config {
    /// The depth of the recursion.
    pub fn depth(&self, cluster: Cluster) -> u32 {
        self.m.unwrap_or((cluster.n - 1) / 3)
    }

    /// The number of rounds, m + 1.
    pub fn rounds(&self, cluster: Cluster) -> u32 {
        self.depth(cluster).saturating_add(1)
    }

    /// How many messages are sent if nobody is faulty.
    pub fn messages(&self, cluster: Cluster) -> u64 {
        let commanders = match self.form {
            Form::General => 1,
            Form::Interactive => u64::from(cluster.n),
        };
        messages(cluster.n, self.depth(cluster)).saturating_mul(commanders)
    }

    /// How many traitors are survived: m if n > 3m, and fewer otherwise.
    ///
    /// Lemma 1 of the paper: a loyal commander is obeyed by OM(m) among t traitors if n > 2t + m.
    /// If the commander is a traitor and t ≤ m, there is one traitor fewer among the commanders of
    /// the next level, which are n − 1 and use OM(m−1); so they need no more than the same.
    pub fn traitors_survived(&self, cluster: Cluster) -> u32 {
        let depth = self.depth(cluster);
        depth.min((cluster.n - 1).saturating_sub(depth) / 2)
    }

    pub(super) fn objections(&self, cluster: Cluster) -> Vec<Objection> {
        let (n, m) = (cluster.n, self.depth(cluster));
        let mut objections: Vec<_> = objection_to_round(self.round).into_iter().collect();
        let mut object = |reason, runnable| {
            objections.push(Objection { key: "m", reason, runnable });
        };
        let messages = self.messages(cluster);
        if m >= n {
            object(format!("no path leads through {m} lieutenants of {n} generals"), false);
        } else if messages > MESSAGES_MAX {
            let reason =
                format!("{messages} messages, which grow like n to the m + 1: {MESSAGES_MAX} can");
            object(format!("{reason} be kept, so take a smaller m than {m}"), false);
        } else if u64::from(n) <= 3 * u64::from(m) {
            let (safe, least) = ((n - 1) / 3, 3 * m + 1);
            let reason = format!("{m} traitors among {n} generals can break it: {m} need {least}");
            object(format!("{reason} generals, and {n} survive {safe}"), true);
        }
        objections
    }
}
