//! A digest of 64 bits that is the same on every machine and in every release.
//!
//! The standard library's hasher may change between releases and is keyed at random in maps; a
//! fingerprint that is compared across machines needs a fixed function. It is not a defence
//! against somebody who looks for collisions.

use std::hash::{Hash, Hasher};

/// The product of two words, folded: the high half carries what the low half lost.
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    (product >> 64) as u64 ^ product as u64
}

// Odd, with balanced bits: digits of the fractional parts of √2, √3, √5 and √7.
pub(crate) const ODD: [u64; 4] =
    [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

/// A running digest: feed it words, or any `Hash` value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(ODD[0])
    }
}

impl Digest {
    /// The digest of one value.
    pub fn of<T: Hash + ?Sized>(value: &T) -> u64 {
        let mut digest = Self::default();
        value.hash(&mut digest);
        digest.finish()
    }

    /// Mixes one word in.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.0 = fold(self.0 ^ ODD[1], word ^ ODD[2]) ^ self.0.rotate_left(29);
    }

    /// Mixes two words in for the price of one.
    #[inline]
    pub fn pair(&mut self, one: u64, other: u64) {
        let mixed = fold(self.0 ^ one ^ ODD[1], other ^ self.0.rotate_left(32) ^ ODD[2]);
        self.0 = mixed ^ self.0.rotate_left(29);
    }

    /// The digest so far.
    pub const fn value(self) -> u64 {
        fold(self.0 ^ ODD[2], ODD[3])
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        self.word(bytes.len() as u64);
    }

    // Integers by value, so that neither byte order nor the width of `usize` shows.
    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.word(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    fn write_i64(&mut self, value: i64) {
        self.word(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.word(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_never_changes() {
        assert_eq!(Digest::of(&(1_u32, "react", [2_u64, 3])), 14_266_641_761_829_056_528);
    }

    #[test]
    fn order_and_length_matter() {
        assert_ne!(Digest::of(&[1_u64, 2]), Digest::of(&[2_u64, 1]));
        assert_ne!(Digest::of("a"), Digest::of("a\0"));
        assert_ne!(Digest::of(&(0_u64,)), Digest::of(&(0_u64, 0_u64)));
    }
}
