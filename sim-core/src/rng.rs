//! Randomness: named streams for the few, counter-based draws for the many.
//!
//! Nothing is dealt out in turn. A stream is keyed by its name, so that a new node, link, fault or
//! draw leaves every other draw alone. Few things (nemesis, application, adversary) have a ChaCha8
//! stream: the seed is the key, the name is the stream id. A ChaCha state takes 300 bytes and 80 ns
//! to seed, too much for a million nodes; there a draw is a pure function of a key from ChaCha,
//! the stream and a counter: [`Draw`].

mod ratio;

pub use ratio::Ratio;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::digest::{ODD, fold};
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

#[cfg(test)]
mod tests {
    use super::*;

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
