//! Randomness: named streams for the few, counter-based draws for the many.
//!
//! Nothing is dealt out in turn. A stream is keyed by its name, so that a new node, link, fault or
//! draw leaves every other draw alone. Few things (nemesis, application, adversary) have a ChaCha8
//! stream: the seed is the key, the name is the stream id. A ChaCha state takes 300 bytes and 80 ns
//! to seed, too much for a million nodes; there a draw is a pure function of a key from ChaCha,
//! the stream and a counter: [`Draw`].

use std::fmt;
use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::digest::{ODD, fold};
use crate::notation::decimal;
use crate::schema;
use crate::time::{Duration, DurationRange};

/// What a stream of randomness is for. The number is its name for ever: never reuse one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// The choices of the fault schedule.
    Nemesis = 1,
    /// The contents of the clients' requests.
    Application = 2,
    /// The choices of the adversary.
    Adversary = 3,
    /// Delay and fate of messages.
    Weather = 4,
    /// The protocols' own draws.
    Nodes = 5,
    /// Latency of the disks, and what a crash leaves on them.
    Disks = 6,
    /// Drift and offset of the clocks.
    Clocks = 7,
    /// When the requests of an open loop come.
    Arrivals = 8,
    /// What a load leaves to chance for all clients together.
    Load = 9,
}

/// The source of all randomness of one run.
#[derive(Clone, Debug)]
pub struct Streams {
    key: [u8; 32],
}

impl Streams {
    /// All streams of the run with this seed.
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self { key }
    }

    /// The ChaCha8 stream of member `member` (below 2⁵⁶) of a family, from its beginning.
    pub fn chacha(&self, name: Stream, member: u64) -> ChaCha {
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream(member << 8 | name as u64);
        ChaCha(rng)
    }

    /// The key of a family of counter-based draws.
    pub fn key(&self, name: Stream) -> Key {
        let mut rng = self.chacha(name, 0);
        Key([rng.next_u64(), rng.next_u64()])
    }
}

/// The key of a family of draws.
#[derive(Clone, Copy, Debug)]
pub struct Key([u64; 2]);

impl Key {
    /// The draws of member `member` of the family, from the first.
    pub const fn member(self, member: u64) -> Draw {
        Draw { key: fold(self.0[0] ^ member, self.0[1] ^ ODD[3]) ^ self.0[1], counter: 0 }
    }

    /// The key of a family within the family: its draws are independent of the whole's and of those
    /// of other branches.
    pub const fn branch(self, name: u64) -> Self {
        let one = fold(self.0[0] ^ name, self.0[1] ^ ODD[2]);
        Self([finish(one ^ self.0[1]), finish(one ^ ODD[3])])
    }

    /// One draw as a pure function of where it stands: two words of place, one of lane.
    #[inline]
    pub const fn at(self, place: u64, time: u64, lane: u64) -> u64 {
        let mixed = fold(self.0[0] ^ place, self.0[1] ^ time.wrapping_mul(ODD[0]));
        finish(fold(mixed ^ ODD[1], lane.wrapping_mul(ODD[2]) ^ ODD[3]) ^ mixed)
    }
}

const fn finish(word: u64) -> u64 {
    fold(word ^ ODD[0], word ^ ODD[1])
}

/// A source of uniform words, and what protocols and models ask of one.
pub trait Random {
    /// 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// A uniform number below `end`; 0 if `end` is 0. The bias is below `end`/2⁶⁴.
    #[inline]
    fn below(&mut self, end: u64) -> u64 {
        scale(self.next_u64(), end)
    }

    /// A uniform span of the range, both ends included.
    fn between(&mut self, range: DurationRange) -> Duration {
        let width = (range.max - range.min).as_nanos();
        range.min + Duration::from_nanos(self.below(width.saturating_add(1)))
    }

    /// True with the given probability, exactly.
    fn chance(&mut self, probability: Ratio) -> bool {
        probability.holds(self.next_u64())
    }

    /// A uniform float of the open interval (0, 1).
    fn unit(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// Puts the items into a uniformly random order (Fisher and Yates).
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}

/// Scales 64 uniform bits to a number below `end` (Lemire's multiplication).
#[inline]
pub(crate) const fn scale(bits: u64, end: u64) -> u64 {
    ((bits as u128 * end as u128) >> 64) as u64
}

/// Maps 64 uniform bits to a float of the open interval (0, 1).
#[inline]
pub(crate) fn unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
}

/// A ChaCha8 stream of `rand_chacha`.
#[derive(Clone, Debug)]
pub struct ChaCha(ChaCha8Rng);

impl Random for ChaCha {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// A counter-based stream: 16 bytes, and the `k`-th draw depends on key and `k` alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Draw {
    key: u64,
    counter: u64,
}

impl Draw {
    /// How many words were drawn.
    pub(crate) const fn count(self) -> u64 {
        self.counter
    }

    /// The same draws, so many words from the first.
    pub(crate) const fn from(self, counter: u64) -> Self {
        Self { counter, ..self }
    }
}

impl Random for Draw {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        finish(fold(self.key ^ ODD[2], self.counter.wrapping_mul(ODD[0])) ^ self.key)
    }
}

/// A probability as an exact ratio: `1%`, `0.01`, `1/3`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Ratio {
    part: u64,
    whole: u64,
}

impl Ratio {
    /// It never happens.
    pub const NEVER: Self = Self { part: 0, whole: 1 };
    /// It always happens.
    pub const ALWAYS: Self = Self { part: 1, whole: 1 };

    /// The ratio `part : whole`.
    ///
    /// # Panics
    /// If `whole` is 0 or less than `part`.
    pub const fn new(part: u64, whole: u64) -> Self {
        assert!(part <= whole && whole > 0, "a probability lies between 0 and 1");
        Self { part, whole }
    }

    /// Whether it never happens.
    pub const fn is_never(self) -> bool {
        self.part == 0
    }

    /// Whether it always happens.
    pub const fn is_always(self) -> bool {
        self.part == self.whole
    }

    /// Whether it happens for these 64 uniform bits.
    #[inline]
    pub const fn holds(self, bits: u64) -> bool {
        scale(bits, self.whole) < self.part
    }

    /// Whether a number is among this share of all numbers, which are spread evenly from 0 on: of
    /// any `whole` numbers in a row, exactly `part` are.
    pub const fn takes(self, number: u64) -> bool {
        (number as u128 * self.part as u128) % (self.whole as u128) < self.part as u128
    }

    /// How many of the 2⁶⁴ equally likely words it holds for; 2⁶⁴ itself is given as `u64::MAX`.
    pub(crate) const fn threshold(self) -> u64 {
        let words = ((self.part as u128) << 64) / self.whole as u128;
        if words > u64::MAX as u128 { u64::MAX } else { words as u64 }
    }

    /// This share of a number, rounded down.
    pub const fn of(self, number: u64) -> u64 {
        (number as u128 * self.part as u128 / self.whole as u128) as u64
    }

    /// The number of which the given one is the whole with this share of it added; rounded down.
    pub const fn shrink(self, number: u64) -> u64 {
        (number as u128 * self.whole as u128 / (self.whole as u128 + self.part as u128)) as u64
    }

    /// Part and whole in lowest terms, for exact arithmetic.
    pub const fn lowest_terms(self) -> (u64, u64) {
        let (mut divisor, mut rest) = (self.whole, self.part);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        (self.part / divisor, self.whole / divisor)
    }

    /// The nearest float, for people and tables.
    pub const fn as_f64(self) -> f64 {
        self.part as f64 / self.whole as f64
    }
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "`{text}` {why}: a probability is a percentage (\"1%\"), a fraction (\"1/3\") or a decimal (\"0.01\")"
            )
        };
        let of = |number: &str, whole: u64| {
            decimal(number.trim(), 1_000_000_000_000).map(|part| (part, whole * 1_000_000_000_000))
        };
        let (part, whole) = if let Some(number) = text.strip_suffix('%') {
            of(number, 100)
        } else if let Some((part, whole)) = text.split_once('/') {
            part.trim().parse().ok().zip(whole.trim().parse().ok())
        } else {
            of(text, 1)
        }
        .ok_or_else(|| wrong("is not a number"))?;
        if whole == 0 || part > whole {
            return Err(wrong("lies outside 0 to 100 %"));
        }
        if text == "1" {
            return Err(wrong("is ambiguous; did you mean \"1%\"? Write \"100%\" for always"));
        }
        Ok(Self { part, whole })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Twelve digits are what the reader accepts; most ratios need two.
        let scaled = u128::from(self.part) * 100 * 1_000_000_000_000;
        if scaled % u128::from(self.whole) != 0 {
            return write!(f, "{}/{}", self.part, self.whole);
        }
        let percent = scaled / u128::from(self.whole);
        let (whole, fraction) = (percent / 1_000_000_000_000, percent % 1_000_000_000_000);
        let fraction = format!("{fraction:012}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            digits => write!(f, "{whole}.{digits}%"),
        }
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl de::Visitor<'_> for Number {
            type Value = Ratio;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a probability, such as \"1%\" or 0.01")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ratio, E> {
                text.parse().map_err(E::custom)
            }

            // The shortest decimal that reads back as this float is what the author wrote.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Ratio, E> {
                format!("{number}").parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Ratio, E> {
                format!("{number}").parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

crate::notation!(Ratio, |_| {
    let share = "a share of a whole";
    schema::either(
        "A probability or a share: a percentage, a fraction, or a number from 0 to 1.",
        &[
            schema::text(
                share,
                r"^ *[0-9.]+ *%$|^[0-9]+ */ *[0-9]+$|^0(\.[0-9]+)?$",
                &["1%", "2/3"],
            ),
            schema::json_schema!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 }),
        ],
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_exact_and_read_back() {
        for (text, part, written) in [
            ("1%", 10, "1%"),
            ("0.01", 10, "1%"),
            ("2.5%", 25, "2.5%"),
            ("0", 0, "0%"),
            ("1/8", 125, "12.5%"),
        ] {
            let ratio: Ratio = text.parse().unwrap();
            assert_eq!(ratio.to_string(), written);
            assert_eq!((ratio.as_f64() * 1000.0).round() as u64, part, "{text}");
        }
        assert_eq!("1/3".parse::<Ratio>().unwrap().to_string(), "1/3");
        assert_eq!("60%".parse::<Ratio>().unwrap().lowest_terms(), (3, 5));
        assert_eq!(Ratio::NEVER.lowest_terms(), (0, 1));
    }

    #[test]
    fn a_share_takes_numbers_evenly_and_exactly_as_many_as_it_says() {
        for (part, whole) in [(0, 1), (1, 1), (1, 3), (2, 7), (30, 100)] {
            let mut taken = 0;
            for number in 0..3 * whole {
                taken += u64::from(Ratio::new(part, whole).takes(number));
                let due = number * part / whole + u64::from(part > 0);
                assert_eq!(taken, due, "{part}/{whole} of the numbers up to {number}");
            }
        }
    }

    #[test]
    fn to_shrink_undoes_adding_a_share() {
        let tenth = Ratio::new(1, 10);
        assert_eq!([110, 109, 0].map(|number| tenth.shrink(number)), [100, 99, 0]);
        assert_eq!((Ratio::NEVER.shrink(7), Ratio::ALWAYS.shrink(7)), (7, 3));
        assert_eq!(Ratio::new(3, 4).shrink(u64::MAX), (u128::from(u64::MAX) * 4 / 7) as u64);
    }

    #[test]
    fn what_is_not_a_probability_is_refused() {
        for text in
            ["", "1", "2", "-0.1", "101%", "NaN", "inf", "1e400", "3/2", "1/0", "0x1", "1_0%"]
        {
            assert!(text.parse::<Ratio>().is_err(), "{text} was accepted");
        }
        assert!("1".parse::<Ratio>().unwrap_err().contains("did you mean \"1%\""));
    }

    #[test]
    fn a_stream_does_not_depend_on_other_streams() {
        let streams = Streams::new(7);
        let mut alone = streams.chacha(Stream::Nemesis, 0);
        let first = alone.next_u64();
        let mut other = streams.chacha(Stream::Application, 0);
        other.next_u64();
        assert_eq!(streams.chacha(Stream::Nemesis, 0).next_u64(), first);
        assert_ne!(streams.chacha(Stream::Application, 0).next_u64(), first);
    }

    /// The share of ones among `count` words at each bit lies within 5 standard deviations.
    fn bits_are_balanced(words: impl Iterator<Item = u64>, count: u32) {
        let mut ones = [0_u32; 64];
        for word in words.take(count as usize) {
            for (bit, ones) in ones.iter_mut().enumerate() {
                *ones += (word >> bit & 1) as u32;
            }
        }
        let slack = 5.0 * (f64::from(count) / 4.0).sqrt();
        for (bit, ones) in ones.into_iter().enumerate() {
            let off = (f64::from(ones) - f64::from(count) / 2.0).abs();
            assert!(off < slack, "bit {bit} is one in {ones} of {count}");
        }
    }

    /// Chi-square over 256 cells of eight bits of each word: mean 255, standard deviation 22.6.
    fn cells_are_even(words: impl Iterator<Item = u64>, count: u32, shift: u32) {
        let mut cells = [0_u32; 256];
        for word in words.take(count as usize) {
            cells[(word >> shift & 255) as usize] += 1;
        }
        let expected = f64::from(count) / 256.0;
        let chi: f64 = cells.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        assert!((142.0..368.0).contains(&chi), "chi-square of bits {shift}.. is {chi}");
    }

    fn is_uniform(words: impl Iterator<Item = u64> + Clone) {
        const COUNT: u32 = 200_000;
        bits_are_balanced(words.clone(), COUNT);
        cells_are_even(words.clone(), COUNT, 0);
        cells_are_even(words.clone(), COUNT, 56);
        // Neighbours: the difference of successive words is as uniform as the words.
        let next = words.clone().skip(1);
        bits_are_balanced(words.zip(next).map(|(a, b)| a ^ b), COUNT);
    }

    fn key() -> Key {
        Streams::new(42).key(Stream::Weather)
    }

    #[test]
    fn draws_of_one_member_are_uniform() {
        let mut draw = key().member(3);
        is_uniform((0..300_000).map(|_| draw.next_u64()).collect::<Vec<_>>().into_iter());
    }

    #[test]
    fn first_draws_of_neighbouring_members_are_uniform() {
        is_uniform((0..300_000).map(|member| key().member(member).next_u64()));
    }

    #[test]
    fn first_draws_of_neighbouring_seeds_are_uniform() {
        is_uniform(
            (0..300_000).map(|seed| Streams::new(seed).key(Stream::Nodes).member(0).next_u64()),
        );
    }

    #[test]
    fn the_field_is_uniform_along_each_of_its_axes() {
        is_uniform((0..300_000).map(|place| key().at(place, 1_000_000, 0)));
        is_uniform((0..300_000).map(|from| key().at(from << 32, 1_000_000, 0)));
        is_uniform((0..300_000).map(|time| key().at(1, time, 0)));
        is_uniform((0..300_000).map(|time| key().at(1, time * 1_000_000, 0)));
        is_uniform((0..300_000).map(|lane| key().at(1, 1_000_000, lane)));
        is_uniform((0..300_000).map(|name| key().branch(name).at(1, 1_000_000, 0)));
        let branch = key().branch(1);
        is_uniform((0..300_000).map(|time| branch.at(1, time, 0)));
        is_uniform((0..300_000).map(|time| branch.at(1, time, 0) ^ key().at(1, time, 0)));
    }

    #[test]
    fn exact_ratios_come_out_as_often_as_they_say() {
        let mut draw = key().member(9);
        let third = Ratio::new(1, 3);
        let hits = (0..300_000).filter(|_| draw.chance(third)).count();
        assert!((98_700..101_300).contains(&hits), "{hits} of 300000");
        assert!(!Ratio::NEVER.holds(0) && Ratio::new(1, 1).holds(u64::MAX));
    }

    #[test]
    fn spans_between_two_ends_include_both() {
        let mut draw = key().member(1);
        let range = DurationRange { min: Duration::from_nanos(5), max: Duration::from_nanos(7) };
        let mut seen = [0; 8];
        (0..1_000).for_each(|_| seen[draw.between(range).as_nanos() as usize] += 1);
        assert!(seen[..5] == [0; 5] && seen[5..].iter().all(|count| *count > 250), "{seen:?}");
    }
}
