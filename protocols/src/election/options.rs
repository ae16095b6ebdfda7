//! Sets of options, as bits.

use std::fmt;

/// The most options that there can be on a ballot.
pub const OPTIONS_MAX: usize = 16;

/// A set of options, each of which is a place in the list of what can be chosen, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Options(u16);

impl Options {
    /// No option.
    pub const EMPTY: Self = Self(0);

    /// The first `count` options.
    ///
    /// # Panics
    /// If there are more than [`OPTIONS_MAX`].
    pub const fn all(count: usize) -> Self {
        assert!(count <= OPTIONS_MAX, "there are at most 16 options");
        Self(((1_u32 << count) - 1) as u16)
    }

    /// This option alone.
    ///
    /// # Panics
    /// If it is beyond [`OPTIONS_MAX`].
    pub const fn only(option: usize) -> Self {
        assert!(option < OPTIONS_MAX, "there are at most 16 options");
        Self(1 << option)
    }

    /// The options whose bits are set, the first option's lowest.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// One bit for each option, the first option's lowest.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether the option is one of them.
    pub const fn contains(self, option: usize) -> bool {
        option < OPTIONS_MAX && self.0 >> option & 1 == 1
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These that are not among those.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// How many they are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The only one; `None` if there are none or several.
    pub const fn single(self) -> Option<usize> {
        if self.len() == 1 { Some(self.0.trailing_zeros() as usize) } else { None }
    }

    /// The options in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..OPTIONS_MAX).filter(move |option| self.contains(*option))
    }
}

impl FromIterator<usize> for Options {
    fn from_iter<I: IntoIterator<Item = usize>>(options: I) -> Self {
        options.into_iter().map(Self::only).fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|option| char::from(b'A' + option as u8))).finish()
    }
}
