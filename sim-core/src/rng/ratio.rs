//! Probabilities and shares as exact ratios.
//!
//! A float would make `1%` of a million runs a matter of rounding, and could not be written back as it
//! was read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::scale;
use crate::notation::decimal;
use crate::schema;

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
}
