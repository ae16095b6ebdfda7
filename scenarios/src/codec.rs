//! An outcome as a word of text, and back.
//!
//! A sweep keeps each run as one line, from which every table can be made again without running
//! it. The word holds all that tables and folds tell apart and no more: latencies are kept to the
//! three digits of a [`Histogram`], by the slice of the timeline in which their operation began,
//! and strikes without their labels. So an outcome that was read back folds exactly as the one
//! that was written.

use std::collections::BTreeSet;
use std::sync::Mutex;

use reports::stats::Histogram;
use sim_core::checker::Class;
use sim_core::gauge::CurvePoint;
use sim_core::id::NodeId;
use sim_core::outcome::{Breach, Bucket, Measure, Metric, Metrics, Outcome, StrikeRecord, Verdict};
use sim_core::setup::Setup;
use sim_core::time::{Duration, Time};

use crate::fold::{slice_at, slice_ns};

/// Which way of writing this is. Words of another one are not read, so it must be counted up
/// whenever a word changes; a test knows one by heart.
pub const VERSION: u32 = 3;

/// Writes an outcome of a run of `setup`.
pub fn encode(outcome: &Outcome, setup: &Setup) -> String {
    let mut out = Writer::default();
    out.number(outcome.seed);
    out.number(outcome.verdict as u64);
    out.text(&outcome.reason);
    out.number(u64::from(outcome.assumptions_held));
    out.number(outcome.breaches.len() as u64);
    for breach in &outcome.breaches {
        out.text(breach.property);
        out.number(u64::from(breach.class == Class::Safety));
        out.number(u64::from(breach.assumptions_held));
        out.number(breach.at.as_nanos());
        out.text(&breach.witness);
    }
    outcome.metrics.values().for_each(|measure| out.measure(measure));
    out.timeline(&outcome.timeline, slice_ns(setup));
    out.latencies(&outcome.latencies, slice_ns(setup));
    out.number(outcome.strikes.len() as u64);
    for strike in &outcome.strikes {
        out.number(strike.fault as u64);
        out.number(strike.at.as_nanos());
        out.number(u64::from(strike.ended.is_some()));
        out.number(strike.ended.unwrap_or(Time::ZERO).as_nanos());
        out.number(strike.changed);
    }
    out.number(outcome.marks.len() as u64);
    for (mark, count) in &outcome.marks {
        out.text(mark);
        out.number(*count);
    }
    out.number(outcome.gauges.len() as u64);
    for (_, measure) in &outcome.gauges {
        out.measure(*measure);
    }
    out.curves(&outcome.curves);
    out.number(u64::from(outcome.has_leader));
    out.number(outcome.ended.as_nanos());
    out.number(outcome.events);
    out.bytes.extend(outcome.fingerprint.to_le_bytes());
    base64(&out.bytes)
}

/// Reads an outcome of a run of `setup` whose problem measures `gauges`; `None` if it is none.
pub fn decode(word: &str, setup: &Setup, gauges: &'static [Metric]) -> Option<Outcome> {
    let bytes = unbase64(word)?;
    let mut from = Reader { bytes: &bytes };
    let seed = from.number()?;
    let verdict = *Verdict::ALL.get(usize::try_from(from.number()?).ok()?)?;
    let reason = from.text()?;
    let assumptions_held = from.flag()?;
    let breaches = from.list(|from| {
        let property = interned(&from.text()?);
        let class = if from.flag()? { Class::Safety } else { Class::Liveness };
        let assumptions_held = from.flag()?;
        let at = from.time()?;
        Some(Breach { property, class, at, witness: from.text()?, assumptions_held })
    })?;
    let metrics = from.metrics()?;
    let timeline = from.timeline(slice_ns(setup))?;
    let latencies = from.latencies(slice_ns(setup))?;
    let strikes = from.list(|from| {
        let fault = usize::try_from(from.number()?).ok()?;
        let at = from.time()?;
        let has_ended = from.flag()?;
        let ended = Some(from.time()?).filter(|_| has_ended);
        Some(StrikeRecord { fault, at, ended, label: String::new(), changed: from.number()? })
    })?;
    let marks = from.list(|from| Some((interned(&from.text()?), from.number()?)))?;
    let measured = from.list(Reader::measure)?;
    if measured.len() > gauges.len() {
        return None;
    }
    let gauges = gauges.iter().zip(measured).collect();
    let curves = from.curves()?;
    let has_leader = from.flag()?;
    let ended = from.time()?;
    let events = from.number()?;
    let fingerprint = u64::from_le_bytes(from.bytes.try_into().ok()?);
    Some(Outcome {
        seed,
        verdict,
        reason,
        assumptions_held,
        breaches,
        metrics,
        gauges,
        curves,
        timeline,
        latencies,
        strikes,
        marks,
        has_leader,
        ended,
        events,
        fingerprint,
    })
}

/// The name as those are that are written in the sources; there are few, and they are kept.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

/// How a measurement begins: not there, a value, a bound, and those that are whole numbers.
const NONE: u64 = 0;
const VALUE: u64 = 1;
const CENSORED: u64 = 2;
const WHOLE: u64 = 3;

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, number: u64) {
        put(&mut self.bytes, number);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn measure(&mut self, measure: Measure) {
        match measure {
            Measure::None => self.number(NONE),
            // The sign of zero would be lost.
            Measure::Value(value) if value.to_bits() == (value as u32 as f64).to_bits() => {
                self.number(WHOLE);
                self.number(value as u64);
            }
            Measure::Value(value) => self.float(VALUE, value),
            Measure::Censored(value) => self.float(CENSORED, value),
        }
    }

    /// Points of one curve and one node in a row name them once.
    fn curves(&mut self, points: &[CurvePoint]) {
        let rows = points.chunk_by(|one, next| (one.curve, one.node) == (next.curve, next.node));
        self.number(rows.clone().count() as u64);
        for row in rows {
            self.text(row[0].curve);
            self.number(row[0].node.map_or(0, |node| u64::from(node.0) + 1));
            self.number(row.len() as u64);
            for point in row {
                self.measure(Measure::Value(point.x));
                self.measure(Measure::Value(point.y));
                self.number(point.weight);
            }
        }
    }

    fn float(&mut self, mark: u64, value: f64) {
        self.number(mark);
        self.bytes.extend(value.to_bits().to_le_bytes());
    }

    /// Equal slices in a row are written once.
    fn timeline(&mut self, timeline: &[Bucket], slice_ns: u64) {
        let rows = timeline.chunk_by(|one, next| one == next);
        self.number(rows.clone().count() as u64);
        for row in rows {
            self.number(row.len() as u64);
            self.number(row[0].due.into());
            self.number(row[0].ok.into());
            // Mostly there is a leader throughout a slice.
            let led = row[0].led.as_nanos();
            self.number(if led == slice_ns { 0 } else { led + 1 });
        }
    }

    /// Slice by slice, the buckets ascending, each by its distance from the one before it.
    fn latencies(&mut self, latencies: &[(Time, Duration)], slice_ns: u64) {
        let mut places: Vec<(usize, u64)> = latencies
            .iter()
            .map(|(start, latency)| {
                (slice_at(*start, slice_ns), Histogram::index(latency.as_nanos()))
            })
            .collect();
        places.sort_unstable();
        let slices = places.chunk_by(|(one, _), (next, _)| one == next);
        self.number(slices.clone().count() as u64);
        let mut last_slice = 0;
        for slice in slices {
            self.number((slice[0].0 - last_slice) as u64);
            last_slice = slice[0].0;
            self.number(slice.len() as u64);
            let mut last = 0;
            for (_, bucket) in slice {
                self.number(bucket - last);
                last = *bucket;
            }
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = take(self.bytes)?;
        self.bytes = rest;
        Some(number)
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.number()? != 0)
    }

    fn time(&mut self) -> Option<Time> {
        self.number().map(Time::from_nanos)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn float(&mut self) -> Option<f64> {
        let (bits, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(f64::from_bits(u64::from_le_bytes(*bits)))
    }

    /// A list with its length before it. Nothing is made room for that is not there.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn measure(&mut self) -> Option<Measure> {
        match self.number()? {
            NONE => Some(Measure::None),
            VALUE => self.float().map(Measure::Value),
            CENSORED => self.float().map(Measure::Censored),
            WHOLE => self.number().map(|number| Measure::Value(number as f64)),
            _ => None,
        }
    }

    fn curves(&mut self) -> Option<Vec<CurvePoint>> {
        let rows = self.list(|from| {
            let curve = interned(&from.text()?);
            let node = match from.number()? {
                0 => None,
                node => Some(NodeId(u32::try_from(node - 1).ok()?)),
            };
            from.list(|from| {
                let (Measure::Value(x), Measure::Value(y)) = (from.measure()?, from.measure()?)
                else {
                    return None;
                };
                Some(CurvePoint { curve, node, x, y, weight: from.number()? })
            })
        })?;
        Some(rows.into_iter().flatten().collect())
    }

    fn metrics(&mut self) -> Option<Metrics> {
        let measures = Metrics::COLUMNS.iter().map(|_| self.measure());
        Some(Metrics::from_values(measures.collect::<Option<Vec<_>>>()?))
    }

    fn timeline(&mut self, slice_ns: u64) -> Option<Vec<Bucket>> {
        let rows = self.list(|from| {
            let length = usize::try_from(from.number()?).ok().filter(|l| *l <= Outcome::BUCKETS)?;
            let due = u32::try_from(from.number()?).ok()?;
            let ok = u32::try_from(from.number()?).ok()?;
            let led = Duration::from_nanos(from.number()?.checked_sub(1).unwrap_or(slice_ns));
            Some(std::iter::repeat_n(Bucket { due, ok, led }, length))
        })?;
        Some(rows.into_iter().flatten().collect())
    }

    fn latencies(&mut self, slice_ns: u64) -> Option<Vec<(Time, Duration)>> {
        let (mut latencies, mut slice) = (Vec::new(), 0_u64);
        for _ in 0..self.number()? {
            slice = slice.checked_add(self.number()?)?;
            let start = Time::from_nanos(slice.checked_mul(slice_ns)?);
            let mut bucket = 0_u64;
            for _ in 0..self.number()? {
                bucket = bucket.checked_add(self.number()?)?;
                latencies.push((start, Duration::from_nanos(Histogram::least(bucket)?)));
            }
        }
        Some(latencies)
    }
}

/// Appends an integer, seven bits a byte, the lowest first.
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes an integer that was [`put`] there off the front; `None` if it has no end or is too large.
pub fn take(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate() {
        let (bits, shift) = (u64::from(byte & 0x7f), 7 * place as u32);
        let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        number |= shifted;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

/// The digits of RFC 4648, section 5, which mean nothing to CSV, shells and URLs.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Three bytes as four digits, without padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(word >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    text
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0;
        for (at, digit) in chunk.iter().enumerate() {
            word |= value(*digit)? << (18 - 6 * at);
        }
        bytes.extend(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}

const fn value(digit: u8) -> Option<u32> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    } as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Fold;
    use crate::scenario::{Overrides, load};

    fn points(name: &str) -> Vec<crate::point::Point> {
        let (scenarios, _) =
            load(&[name.to_owned()], &Overrides::default(), false).expect("a scenario");
        scenarios.into_iter().flat_map(|scenario| scenario.points).collect()
    }

    #[test]
    fn an_outcome_that_was_read_back_folds_as_the_one_that_was_written() {
        let mut measured = 0;
        for name in ["raft/storm", "raft/lost-majority", "voting/two-liars-flip"] {
            for point in points(name).iter().take(2) {
                let (simulation, setup) = (&point.simulation, point.simulation.setup());
                let own = point.entry.metrics;
                let wanted = || Metrics::COLUMNS.iter().chain(own).map(|metric| metric.name);
                let fold = || Fold::new(setup, own, wanted());
                let (mut kept, mut made) = (fold(), fold());
                for seed in 0..4 {
                    let outcome = simulation.run(seed);
                    let word = encode(&outcome, setup);
                    let back = decode(&word, setup, own).expect("an outcome");
                    assert_eq!(encode(&back, setup), word);
                    assert_eq!(back.metrics, outcome.metrics);
                    assert_eq!(back.gauges, outcome.gauges);
                    assert_eq!(back.curves, outcome.curves);
                    assert_eq!(back.marks, outcome.marks);
                    assert_eq!(back.breaches, outcome.breaches);
                    assert_eq!(back.timeline, outcome.timeline);
                    assert_eq!(back.fingerprint, outcome.fingerprint);
                    measured += back.latencies.len() + back.strikes.len() + back.breaches.len();
                    kept.add(&back, setup);
                    made.add(&outcome, setup);
                }
                assert_eq!(format!("{kept:?}"), format!("{made:?}"), "{name}");
            }
        }
        assert!(measured > 100, "{measured}");
    }

    #[test]
    fn every_odd_value_comes_back_bit_for_bit() {
        let point = points("voting/seed-case").remove(0);
        let setup = point.simulation.setup();
        let mut outcome = Outcome::panicked(u64::MAX, "a \"panic\",\n\u{1f525}".into());
        let odd = [-0.0, 0.0, 0.1, f64::MAX, -1.0, 4_294_967_295.0, 4_294_967_296.0, 1e-310];
        let values = odd.map(Measure::Value).into_iter().chain(odd.map(Measure::Censored));
        outcome.metrics = Metrics::from_values(values);
        outcome.latencies = vec![(Time::ZERO, Duration::from_nanos(u64::MAX))];
        let back = decode(&encode(&outcome, setup), setup, &[]).expect("an outcome");
        let bits = |outcome: &Outcome| -> Vec<String> {
            outcome.metrics.values().map(|measure| format!("{measure:?}")).collect()
        };
        assert_eq!(bits(&back), bits(&outcome));
        assert_eq!((back.seed, back.reason), (outcome.seed, outcome.reason));
    }

    #[test]
    fn a_word_changes_only_with_the_version() {
        let point = points("voting/seed-case").remove(0);
        let setup = point.simulation.setup();
        let mut outcome = Outcome::panicked(300, "why".into());
        outcome.latencies = vec![(Time::ZERO, Duration::from_millis(7))];
        expect_test::expect!["3 rAIEA3doeQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGsAgAAAQEAAaxtAAAAAAAAAAAAAAAAAAAA"].assert_eq(&format!("{VERSION} {}", encode(&outcome, setup)));
    }

    #[test]
    fn no_text_brings_the_reader_down() {
        let point = points("voting/seed-case").remove(0);
        let setup = point.simulation.setup();
        let word = encode(&point.simulation.run(1), setup);
        let decoded = |word: &str| decode(word, setup, point.entry.metrics);
        assert!(decoded(&word).is_some(), "whole, it is read");
        for end in 0..word.len() {
            assert_eq!(decoded(&word[..end]), None, "cut at {end}");
        }
        for at in 0..word.len() {
            // It may be another outcome, since telling is the business of the checksum.
            let _ = decoded(&format!("{}_{}", &word[..at], &word[at + 1..]));
        }
        assert_eq!(decoded("é"), None);
    }
}
