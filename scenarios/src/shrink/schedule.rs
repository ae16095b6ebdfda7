//! The schedule of faults: written down strike by strike, thinned out, drawn together.

use serde_json::{Value as Json, json};
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

use super::cluster::smaller_clusters;
use super::ddmin::minimise;
use super::document::{Step, with};
use super::{Allow, Shrinker};
use crate::guard::shielded;

/// The entries of a document's schedule.
pub(super) fn entries(document: &Json) -> Vec<Json> {
    document.get("fault").and_then(Json::as_array).cloned().unwrap_or_default()
}

/// The document with this schedule.
fn scheduled(document: &Json, faults: Vec<Json>) -> Json {
    with(document, &[Step::Key("fault".into())], Json::Array(faults))
}

/// An entry as the kernel reads it.
pub(super) fn spec(entry: &Json) -> Option<FaultSpec> {
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

    /// Leaves out nodes and strikes, even if it takes another seed out of many.
    pub(super) fn insist(&mut self) {
        loop {
            let base = self.best.document.clone();
            let faults = entries(&base);
            let less = (0..faults.len()).map(|out| {
                let mut fewer = faults.clone();
                fewer.remove(out);
                scheduled(&base, fewer)
            });
            let smaller = smaller_clusters(&base, self.best.nodes, self.tries_left()).into_iter();
            let candidates: Vec<Json> = smaller.chain(less).collect();
            if self.try_on(&candidates, Allow::Any, u64::MAX).is_none() {
                return;
            }
        }
    }

    /// Writes down when each strike struck and for how long; roles stay roles.
    pub(super) fn fix_times(&mut self) {
        self.make_concrete(|spec, strike| match (&spec.fault, &strike.fault) {
            // Its turns are strikes of another kind.
            (Fault::Churn { .. } | Fault::SwizzleClog { .. }, _) => strike.clone(),
            (symbolic, _) => FaultSpec { fault: symbolic.clone(), ..strike.clone() },
        });
    }

    /// Writes down whom each strike struck.
    pub(super) fn name_targets(&mut self) {
        self.make_concrete(|_, strike| strike.clone());
    }

    /// Writes the schedule down as it struck: all of it if that fails alike, or what can be. Of
    /// each entry and each of its strikes, `told` says what is to be written.
    fn make_concrete(&mut self, told: impl Fn(&FaultSpec, &FaultSpec) -> FaultSpec) {
        let open = |entry: &Json| spec(entry).is_some_and(|spec| !is_concrete(&spec));
        if !entries(&self.best.document).iter().any(open) {
            return;
        }
        let Some(struck) = self.struck(told) else { return };
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
    fn struck(&self, told: impl Fn(&FaultSpec, &FaultSpec) -> FaultSpec) -> Option<Vec<Vec<Json>>> {
        let point = self.build(&self.best.document)?;
        let (outcome, trace) = shielded(|| point.simulation.trace(self.best.seed)).ok()?;
        let faults = &point.simulation.setup().faults;
        let mut struck = vec![Vec::new(); faults.len()];
        for strike in trace.schedule {
            let fault = outcome.strikes.get(strike.strike)?.fault;
            let written = serde_json::to_value(told(faults.get(fault)?, &strike.spec)).ok()?;
            struck.get_mut(fault)?.push(written);
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
