//! A message's way through weather that is not calm.

use super::fronts::Rule;
use super::queues::Queues;
use super::{Lane, Network, Parcel};
use crate::latency::Latency;
use crate::rng::{Draw, scale};
use crate::time::Duration;
use crate::weather::Weather;

/// Why a message does not arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dropped {
    /// Lost on the way.
    Lost,
    /// There was no room in the queue of its link.
    Overflowed,
    /// It was damaged, and a checksum found out.
    Damaged,
}

/// What became of a message.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    /// Why it does not arrive, if it does not.
    pub(crate) dropped: Option<Dropped>,
    /// How long it takes.
    pub(crate) delay: Duration,
    /// How long each copy takes.
    pub(crate) copies: Vec<Duration>,
    /// The draws of what it arrives as, if it was damaged.
    pub(crate) damage: Option<Draw>,
    /// Whether something made it slower.
    pub(crate) delayed: bool,
    /// Whether it was held back for others to overtake it.
    pub(crate) reordered: bool,
    /// The strike that holds it until it ends.
    pub(crate) clog: Option<usize>,
    /// The strikes that changed what becomes of it.
    pub(crate) strikes: Vec<usize>,
}

/// What a weather does to a message that it meets.
enum Act {
    /// Nothing.
    Spares,
    /// Something.
    Changes,
    /// It ends here.
    Drops(Dropped),
}

impl Act {
    const fn changes_if(changed: bool) -> Self {
        if changed { Self::Changes } else { Self::Spares }
    }

    const fn drops_if(dropped: bool, why: Dropped) -> Self {
        if dropped { Self::Drops(why) } else { Self::Spares }
    }
}

/// A message under way, and what has come together so far.
struct Journey<'a> {
    parcel: &'a Parcel,
    ordinal: u64,
    /// What its link takes in calm weather.
    latency: &'a Latency,
    checksums: bool,
    factor: f64,
    add: Duration,
    /// How long the original alone is held back.
    back: Duration,
    /// The draws of the copies' delays.
    copies: Vec<u64>,
    passage: Passage,
}

impl Journey<'_> {
    fn meet(&mut self, rule: &Rule, queues: &mut Queues) -> Act {
        let (parcel, ordinal) = (self.parcel, self.ordinal);
        let draw = |lane: Lane| rule.draw(parcel, ordinal, lane);
        match &rule.weather {
            Weather::Bandwidth { bytes_per_second, queue } => {
                let name = (rule.name, parcel.place());
                match queues.take(name, parcel.now, parcel.bytes, *bytes_per_second, *queue) {
                    Some(sent) => self.delay(sent),
                    None => Act::Drops(Dropped::Overflowed),
                }
            }
            Weather::Loss { probability } => {
                Act::drops_if(probability.holds(draw(Lane::Chance)), Dropped::Lost)
            }
            Weather::BurstLoss { .. } => Act::drops_if(rule.is_bad(parcel), Dropped::Lost),
            Weather::Corrupt { probability } => {
                if !probability.holds(draw(Lane::Chance)) {
                    return Act::Spares;
                }
                if self.checksums {
                    return Act::Drops(Dropped::Damaged);
                }
                self.passage.damage = Some(rule.draws(draw(Lane::Amount)));
                Act::Changes
            }
            Weather::SlowDown { factor } => {
                self.factor *= factor;
                let changed = *factor != 1.0 && !self.latency.is_zero();
                self.passage.delayed |= changed;
                Act::changes_if(changed)
            }
            Weather::Delay { add } => self.delay(add.sample(draw(Lane::Amount))),
            Weather::Reorder { probability, by } => {
                let held = probability.holds(draw(Lane::Chance));
                if held {
                    let by = 1 + scale(draw(Lane::Amount), by.as_nanos());
                    self.back = self.back + Duration::from_nanos(by);
                    self.passage.reordered = true;
                }
                Act::changes_if(held)
            }
            Weather::Duplicate { probability, copies } => {
                let doubled = probability.holds(draw(Lane::Duplicate));
                if doubled {
                    let drawn = (0..*copies).map(|copy| rule.draw_copy(parcel, ordinal, copy));
                    self.copies.extend(drawn);
                }
                Act::changes_if(doubled)
            }
            Weather::Clog => {
                let first = self.passage.clog.is_none();
                self.passage.clog = self.passage.clog.or(rule.strike);
                Act::changes_if(first)
            }
        }
    }

    fn delay(&mut self, by: Duration) -> Act {
        self.add = self.add + by;
        self.passage.delayed |= !by.is_zero();
        Act::changes_if(!by.is_zero())
    }

    /// How long a transmission takes with these draws.
    fn transmission(&self, bits: u64) -> Duration {
        let delay = self.latency.sample(bits);
        let delay = match self.factor {
            1.0 => delay,
            factor => Duration::from_nanos_f64(delay.as_nanos() as f64 * factor),
        };
        delay + self.add
    }
}

impl Network {
    /// What becomes of the next message, whatever the weather. The scenario's own acts first, then
    /// what strikes brought, in the order in which it came; a message is dropped once.
    pub(crate) fn pass(&mut self, parcel: &Parcel) -> Passage {
        let ordinal = self.ordinals.next(parcel.place(), parcel.now);
        let link = self.links.between(parcel.from, parcel.to);
        let mut journey = Journey {
            parcel,
            ordinal,
            latency: link.latency_of(parcel.kind),
            checksums: self.checksums,
            factor: 1.0,
            add: self.detour_of(parcel),
            back: Duration::ZERO,
            copies: Vec::new(),
            passage: Passage::default(),
        };
        let standing = link.rules.iter().filter(|rule| rule.kinds.contains(parcel.kind));
        let fronts = self.fronts.iter().filter(|other| other.concerns(parcel, self.fifo));
        for rule in standing.chain(fronts.map(|other| &other.rule)) {
            match journey.meet(rule, &mut self.queues) {
                Act::Spares => {}
                Act::Changes => {
                    let strikes = &mut journey.passage.strikes;
                    strikes.extend(rule.strike.filter(|strike| !strikes.contains(strike)));
                }
                Act::Drops(why) => {
                    let strikes = rule.strike.into_iter().collect();
                    return Passage { dropped: Some(why), strikes, ..Passage::default() };
                }
            }
        }
        let lane = ordinal << 2 | Lane::Amount as u64;
        let own = self.key.at(parcel.place(), parcel.now.as_nanos(), lane);
        let delay = journey.transmission(own) + journey.back;
        let copies: Vec<Duration> =
            journey.copies.iter().map(|bits| journey.transmission(*bits)).collect();
        let mut passage = journey.passage;
        passage.delay = self.arrival(parcel, delay);
        passage.copies = copies.into_iter().map(|copy| self.arrival(parcel, copy)).collect();
        passage
    }

    /// What the link of a message adds for the whole run.
    fn detour_of(&self, parcel: &Parcel) -> Duration {
        /// The branch of the field in which detours are drawn, beyond the sorts of weather.
        const DETOURS: u64 = 1 << 32;
        match self.detour {
            Latency::Constant(detour) => detour,
            ref detour => detour.sample(self.key.branch(DETOURS).at(parcel.place(), 0, 0)),
        }
    }

    /// The delay of a message within the bounds of the network: not beyond Δ, and where it is first
    /// in, first out, not before those sent earlier. The latter wins: what waits behind a message
    /// from before GST is as late as that.
    fn arrival(&mut self, parcel: &Parcel, delay: Duration) -> Duration {
        let delay = self.delay_max.map_or(delay, |max| delay.min(max));
        if !self.fifo {
            return delay;
        }
        let Some(at) = parcel.now.checked_add(delay) else { return delay };
        let last = self.last_arrivals.entry(parcel.place()).or_insert(at);
        *last = at.max(*last);
        last.since(parcel.now)
    }
}

#[cfg(test)]
mod tests;
