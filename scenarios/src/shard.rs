//! A shard: which of the runs of a plan are one machine's share.
//!
//! Runs are dealt out in turn, so that slow points are spread over all shards. Which runs a shard
//! has follows from its two numbers and nothing else.

use std::fmt;
use std::str::FromStr;

/// Shard `index` of `count`: the runs whose number leaves that rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    index: u64,
    count: u64,
}

/// The most shards of a sweep: more of them spend their time starting.
const MOST_SHARDS: u64 = 10_000;

impl Shard {
    /// All runs.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// How many of `total` runs are in it.
    pub const fn runs(self, total: u64) -> u64 {
        (total + self.count - 1 - self.index) / self.count
    }

    /// Its run at `place`, counted from 0.
    pub const fn run(self, place: u64) -> u64 {
        place * self.count + self.index
    }

    /// Where a run is in it, if it is in it.
    pub const fn place(self, run: u64) -> Option<u64> {
        if run % self.count == self.index { Some(run / self.count) } else { None }
    }

    /// The name that its files bear.
    pub fn stem(self) -> String {
        format!("shard-{}-of-{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some(Self { index: index.parse().ok()?, count: count.parse().ok()? })
        });
        match numbers {
            Some(Self { count, .. }) if count > MOST_SHARDS => {
                Err(format!("a sweep has at most {MOST_SHARDS} shards"))
            }
            Some(shard) if shard.index < shard.count => Ok(shard),
            Some(Self { count: 0, .. }) => Err("there is nothing in 0 shards; write 0/1".into()),
            Some(Self { count, .. }) => {
                Err(format!("{count} shards are 0/{count} to {}/{count}", count - 1))
            }
            None => Err("write 0/4 for the first of four shards".into()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_in_one_shard() {
        for count in 1..9 {
            for total in [0, 1, 7, 8, 9, 100] {
                let mut runs: Vec<u64> = (0..count)
                    .map(|index| Shard { index, count })
                    .flat_map(|shard| (0..shard.runs(total)).map(move |place| shard.run(place)))
                    .collect();
                runs.sort_unstable();
                assert_eq!(runs, (0..total).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_no_shard_is_refused_with_what_would_be() {
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, count: 4 }));
        for (text, says) in [
            ("4/4", "0/4 to 3/4"),
            ("0/0", "0/1"),
            ("1", "0/4"),
            ("-1/4", "0/4"),
            ("0/10001", "at most"),
        ] {
            let error = text.parse::<Shard>().expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
