//! The schedule of faults: written down strike by strike, thinned out, drawn together.

use serde_json::{Value as Json, json};
use sim_core::fault::{FaultSpec, When};
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use super::ddmin::minimise;
use super::document::{Step, with};
use super::{Allow, Shrinker};
use crate::point;
use crate::sweep::shielded;

/// The entries of a document's schedule.
pub fn entries(document: &Json) -> Vec<Json> {
    document.get("fault").and_then(Json::as_array).cloned().unwrap_or_default()
}

/// The document with this schedule.
fn scheduled(document: &Json, faults: Vec<Json>) -> Json {
    with(document, &[Step::Key("fault".into())], Json::Array(faults))
}

/// An entry as the kernel reads it.
pub fn spec(entry: &Json) -> Option<FaultSpec> {
    serde_json::from_value(entry.clone()).ok()
}

/// The time at which an entry strikes, if that is fixed.
fn fixed_time(spec: &FaultSpec) -> Option<Duration> {
    match spec.when {
        When::At(DurationRange { min, max }) => (min == max).then_some(min),
        When::On { .. } => None,
    }
}

/// Whether nothing of an entry is drawn: it strikes once, these nodes, for so long.
fn is_concrete(spec: &FaultSpec) -> bool {
    let once = spec.every.is_none() && spec.rate.is_none() && spec.chance.is_always();
    let timed = fixed_time(spec).is_some() || matches!(spec.when, When::On { .. });
    let named = spec.fault.targets().iter().all(|target| matches!(target, Target::Node(_)));
    once && timed && named && spec.lasts.is_none_or(|lasts| lasts.min == lasts.max)
}

impl Shrinker<'_> {
    /// Leaves out strikes that the failure does not need.
    pub(super) fn leave_out_strikes(&mut self) {
        let base = self.best.document.clone();
        minimise(entries(&base), &mut |schedules| {
            let candidates: Vec<Json> =
                schedules.iter().map(|faults| scheduled(&base, faults.clone())).collect();
            self.try_all(&candidates, Allow::Any)
        });
    }

    /// Writes the schedule down as it struck: all of it if that fails alike, or what can be.
    pub(super) fn make_concrete(&mut self) {
        let open = |entry: &Json| spec(entry).is_some_and(|spec| !is_concrete(&spec));
        if !entries(&self.best.document).iter().any(open) {
            return;
        }
        let Some(struck) = self.struck() else { return };
        let base = self.best.document.clone();
        let all: Vec<Json> = struck.iter().flatten().cloned().collect();
        if self.try_all(&[scheduled(&base, all)], Allow::Any).is_some() {
            return;
        }
        // From the back, so that the entries still to come stay where they are.
        for (at, strikes) in struck.into_iter().enumerate().rev() {
            let mut faults = entries(&self.best.document);
            if faults.get(at).is_some_and(open) {
                faults.splice(at..=at, strikes);
                let candidate = scheduled(&self.best.document, faults);
                self.try_all(&[candidate], Allow::Any);
            }
        }
    }

    /// What struck in the best run, by the entry that it came from.
    fn struck(&self) -> Option<Vec<Vec<Json>>> {
        let settings = point::settings(&self.best.document);
        let point = point::build(&self.task.point.scenario, settings, Vec::new()).ok()?;
        let (outcome, trace) =
            shielded(|| point.simulation.trace(self.best.seed)).ok()?;
        let mut struck = vec![Vec::new(); entries(&self.best.document).len()];
        for strike in trace.schedule {
            let fault = outcome.strikes.get(strike.strike)?.fault;
            struck.get_mut(fault)?.push(serde_json::to_value(strike.spec).ok()?);
        }
        Some(struck)
    }

    /// Draws strikes together: the time before each is cut by all, a half or a quarter.
    pub(super) fn strike_early(&mut self) {
        let mut place = 0;
        loop {
            let faults = entries(&self.best.document);
            let time = |entry: &Json| spec(entry).as_ref().and_then(fixed_time);
            let mut times: Vec<Duration> = faults.iter().filter_map(time).collect();
            times.sort_unstable();
            times.dedup();
            let Some(at) = times.get(place).copied() else { return };
            let before = place.checked_sub(1).map_or(Duration::ZERO, |last| times[last]);
            let gap = at.saturating_sub(before).as_nanos();
            let earlier = |cut: u64| {
                let moved = faults.iter().map(|entry| match time(entry) {
                    Some(time) if time >= at => {
                        let mut entry = entry.clone();
                        let cut = Duration::from_nanos(cut);
                        entry["at"] = json!(time.saturating_sub(cut).to_string());
                        entry
                    }
                    _ => entry.clone(),
                });
                scheduled(&self.best.document, moved.collect())
            };
            let candidates: Vec<Json> =
                [gap, gap / 2, gap / 4].into_iter().filter(|cut| *cut > 0).map(earlier).collect();
            if self.try_all(&candidates, Allow::Fewer).is_none() {
                place += 1;
            }
            if self.is_spent() {
                return;
            }
        }
    }
}
