//! A message's way through weather that is not calm.

use super::{Lane, Network, place};
use crate::id::NodeId;
use crate::latency::Latency;
use crate::rng::{Draw, scale};
use crate::time::{Duration, Time};
use crate::weather::Weather;

/// What the weather knows of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) kind: usize,
    pub(crate) bytes: u32,
    /// When it is sent.
    pub(crate) now: Time,
}

impl Parcel {
    #[inline]
    pub(super) const fn place(&self) -> u64 {
        place(self.from, self.to)
    }
}

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

/// What a message's delay becomes.
struct Lateness {
    factor: f64,
    add: Duration,
}

impl Lateness {
    fn of(&self, delay: Duration) -> Duration {
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
        let standing = link.rules.iter().filter(|rule| rule.kinds.contains(parcel.kind));
        let fronts = self.fronts.iter().filter(|other| other.concerns(parcel, self.fifo));
        let mut passage = Passage::default();
        let (mut late, mut held) =
            (Lateness { factor: 1.0, add: self.detour_of(parcel) }, Duration::ZERO);
        let mut copies: Vec<u64> = Vec::new();
        for rule in standing.chain(fronts.map(|other| &other.rule)) {
            let draw = |lane: Lane| rule.draw(parcel, ordinal, lane);
            let mut dropped = None;
            let changed = match &rule.weather {
                Weather::Bandwidth { bytes_per_second, queue } => {
                    let name = (rule.name, parcel.place());
                    let sent =
                        self.queues.take(name, parcel.now, parcel.bytes, *bytes_per_second, *queue);
                    match sent {
                        Some(sent) => {
                            late.add = late.add + sent;
                            passage.delayed |= !sent.is_zero();
                            !sent.is_zero()
                        }
                        None => {
                            dropped = Some(Dropped::Overflowed);
                            true
                        }
                    }
                }
                Weather::Loss { probability } => {
                    let lost = probability.holds(draw(Lane::Chance));
                    dropped = lost.then_some(Dropped::Lost);
                    lost
                }
                Weather::BurstLoss { .. } => {
                    let lost = rule.is_bad(parcel);
                    dropped = lost.then_some(Dropped::Lost);
                    lost
                }
                Weather::Corrupt { probability } => {
                    let damaged = probability.holds(draw(Lane::Chance));
                    if damaged && self.checksums {
                        dropped = Some(Dropped::Damaged);
                    } else if damaged {
                        passage.damage = Some(self.key.member(draw(Lane::Amount)));
                    }
                    damaged
                }
                Weather::SlowDown { factor } => {
                    late.factor *= factor;
                    let changed = *factor != 1.0 && !link.latency_of(parcel.kind).is_zero();
                    passage.delayed |= changed;
                    changed
                }
                Weather::Delay { add } => {
                    let add = add.sample(draw(Lane::Amount));
                    late.add = late.add + add;
                    passage.delayed |= !add.is_zero();
                    !add.is_zero()
                }
                Weather::Reorder { probability, by } => {
                    let back = probability.holds(draw(Lane::Chance));
                    if back {
                        let by = 1 + scale(draw(Lane::Amount), by.as_nanos());
                        held = held + Duration::from_nanos(by);
                        passage.reordered = true;
                    }
                    back
                }
                Weather::Duplicate { probability, copies: count } => {
                    let doubled = probability.holds(draw(Lane::Duplicate));
                    if doubled {
                        let drawn = (0..*count).map(|copy| rule.draw_copy(parcel, ordinal, copy));
                        copies.extend(drawn);
                    }
                    doubled
                }
                Weather::Clog => {
                    let first = passage.clog.is_none();
                    passage.clog = passage.clog.or(rule.strike);
                    first
                }
            };
            if dropped.is_some() {
                let strikes = rule.strike.into_iter().collect();
                return Passage { dropped, strikes, ..Passage::default() };
            }
            if changed
                && let Some(strike) = rule.strike
                && !passage.strikes.contains(&strike)
            {
                passage.strikes.push(strike);
            }
        }
        let latency = link.latency_of(parcel.kind);
        let sample = |bits: u64| late.of(latency.sample(bits));
        let own =
            self.key.at(parcel.place(), parcel.now.as_nanos(), ordinal << 2 | Lane::Amount as u64);
        let (delay, copies) =
            (sample(own) + held, copies.into_iter().map(sample).collect::<Vec<_>>());
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
