//! Which seeds a sweep runs.
//!
//! Ranges are half-open, as in Rust, and are never written out: a sweep of a thousand million seeds
//! is planned in no memory.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::str::FromStr;

use sim_core::digest::Digest;

/// The seeds of a sweep, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seeds {
    /// From the first up to, not including, the second.
    Range(u64, u64),
    /// These, which are all different.
    List(Vec<u64>),
}

/// The most runs of a sweep.
pub const MOST_RUNS: u64 = 1_000_000_000;

/// The largest file of seeds that is read, in bytes.
const LARGEST: u64 = 64 << 20;

impl Seeds {
    /// How many there are.
    pub const fn len(&self) -> u64 {
        match self {
            Self::Range(from, to) => to.saturating_sub(*from),
            Self::List(seeds) => seeds.len() as u64,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The seed at `index`, which is below [`Seeds::len`].
    pub fn get(&self, index: u64) -> u64 {
        match self {
            Self::Range(from, _) => from + index,
            Self::List(seeds) => seeds[index as usize],
        }
    }

    /// The first of them, as many as `count`.
    pub fn first(&self, count: u64) -> Self {
        match self {
            Self::Range(from, to) => Self::Range(*from, (*to).min(from.saturating_add(count))),
            Self::List(seeds) => Self::List(seeds.iter().copied().take(count as usize).collect()),
        }
    }

    /// The name of the row that these seeds begin, by which kept runs are found again: a longer
    /// range begins with the shorter one, a list stands for itself.
    pub fn series(&self) -> String {
        match self {
            Self::Range(from, _) => format!("seeds-{from}"),
            Self::List(seeds) => format!("list-{:016x}", Digest::of(seeds)),
        }
    }

    fn listed(seeds: Vec<u64>) -> Result<Self, String> {
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(format!("seed {} is listed twice", twice[0])),
            None => Ok(Self::List(seeds)),
        }
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = |part: &str| {
            let part = part.trim();
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let value = plain.then(|| part.parse::<u64>().ok()).flatten();
            value.ok_or_else(|| {
                let shown = crate::diagnostic::clean(if part.is_empty() { text } else { part });
                format!("`{shown}` is no seed; write 0..1000, 0..=999, 17,42 or @file")
            })
        };
        if let Some(path) = text.strip_prefix('@') {
            let mut text = String::new();
            let read = fs::File::open(path)
                .and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
            read.map_err(|error| format!("cannot read seeds from {path}: {error}"))?;
            if text.len() as u64 > LARGEST {
                return Err(format!("{path} is larger than 64 MiB; write a range such as 0..1000"));
            }
            let parts = text.split([',', ' ', '\t', '\r', '\n']).filter(|part| !part.is_empty());
            return Self::listed(parts.map(number).collect::<Result<_, _>>()?);
        }
        let Some((from, to)) = text.split_once("..") else {
            return Self::listed(text.split(',').map(number).collect::<Result<_, _>>()?);
        };
        let from = number(from)?;
        let to = match to.strip_prefix('=') {
            Some(last) => number(last)?.checked_add(1).ok_or("the last seed is 2^64 - 2")?,
            None => number(to)?,
        };
        match to.checked_sub(from) {
            None => Err(format!("`{text}` runs backwards; did you mean {to}..{from}?")),
            Some(count) if count > MOST_RUNS => {
                Err(format!("`{text}` are {count} seeds; a sweep runs at most {MOST_RUNS}"))
            }
            Some(_) => Ok(Self::Range(from, to)),
        }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(from, to) => write!(f, "{from}..{to}"),
            Self::List(seeds) => {
                let words: Vec<_> = seeds.iter().map(u64::to_string).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_unless_they_say_otherwise() {
        assert_eq!("0..1000".parse(), Ok(Seeds::Range(0, 1000)));
        assert_eq!("0..=999".parse(), Ok(Seeds::Range(0, 1000)));
        assert_eq!("17,42".parse(), Ok(Seeds::List(vec![17, 42])));
        assert_eq!("7".parse(), Ok(Seeds::List(vec![7])));
        assert!("5..5".parse::<Seeds>().unwrap().is_empty());
        assert_eq!(Seeds::Range(5, 9).get(3), 8);
        assert_eq!(Seeds::Range(5, 9).first(2), Seeds::Range(5, 7));
        assert_eq!(Seeds::List(vec![4, 2]).first(9), Seeds::List(vec![4, 2]));
    }

    #[test]
    fn what_is_no_set_of_seeds_is_refused() {
        for (text, says) in [
            ("10..5", "5..10"),
            ("0..18446744073709551615", "at most"),
            ("0..=18446744073709551615", "2^64"),
            ("0..99999999999999999999", "no seed"),
            ("", "no seed"),
            ("-1..5", "no seed"),
            ("+1", "no seed"),
            ("1..2..3", "no seed"),
            ("3,3", "twice"),
            ("@/nonexistent/seeds", "cannot read"),
            #[cfg(unix)]
            ("@/dev/zero", "larger than 64 MiB"),
        ] {
            let error = text.parse::<Seeds>().expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
