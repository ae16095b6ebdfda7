//! From a fault to the keys that say it.

use super::super::{ClockTrouble, DiskTrouble, Fault, FaultSpec, Loss, When};
use super::Keys;
use crate::time::Shift;
use crate::weather::Weather;

impl From<FaultSpec> for Keys {
    fn from(spec: FaultSpec) -> Self {
        let mut keys = Self::of(spec.fault.kind());
        match spec.when {
            When::At(at) => keys.at = Some(at),
            When::On { landmark, nth, after } => {
                (keys.on, keys.nth, keys.after) = (Some(landmark), Some(nth), Some(after));
            }
        }
        (keys.every, keys.rate, keys.until) = (spec.every, spec.rate, spec.until);
        keys.permanent = spec.permanent.then_some(true);
        keys.chance = (!spec.chance.is_always()).then_some(spec.chance);
        keys.each = (!spec.each.is_always()).then_some(spec.each);
        match keys.kind.lasts() {
            true => keys.lasts = spec.lasts,
            false => keys.restart_after = spec.lasts,
        }
        match spec.fault {
            Fault::Partition { groups } => keys.groups = Some(groups),
            Fault::Reshape { shape, first } => (keys.shape, keys.target) = (Some(shape), first),
            Fault::OneWay { from, to } => (keys.from, keys.to) = (Some(from), Some(to)),
            Fault::Heal => {}
            Fault::Weather { weather, from, to, messages } => {
                (keys.from, keys.to) = (from, to);
                keys.messages = (!messages.is_empty()).then_some(messages);
                keys.tell(weather);
            }
            Fault::SwizzleClog { target } => keys.target = Some(target),
            Fault::Crash { target, loss, keeps, after_sends } => {
                (keys.target, keys.keeps, keys.after_sends) = (Some(target), keeps, after_sends);
                if let Loss::Records(records) = loss {
                    keys.records = Some(records);
                }
            }
            Fault::Restart { target } | Fault::Pause { target } => keys.target = Some(target),
            Fault::SlowNode { target, work } => {
                (keys.target, keys.work) = (Some(target), Some(work));
            }
            Fault::Churn { target, up, down } => {
                (keys.target, keys.up, keys.down) = (Some(target), Some(up), Some(down));
            }
            Fault::Clock { target, trouble } => {
                keys.target = Some(target);
                let ahead = |by| Some(Shift { back: false, by });
                match trouble {
                    ClockTrouble::Step(by) => keys.by = Some(by),
                    ClockTrouble::Jump(by) => keys.by = ahead(by),
                    ClockTrouble::Drift(ppm) => keys.ppm = Some(ppm),
                    ClockTrouble::Strobe { by, period } | ClockTrouble::Wave { by, period } => {
                        (keys.by, keys.period) = (ahead(by), Some(period));
                    }
                }
            }
            Fault::Disk { target, trouble } => {
                keys.target = Some(target);
                match trouble {
                    DiskTrouble::Slow(factor) => keys.factor = Some(factor),
                    DiskTrouble::Corrupt(records) => keys.records = Some(records),
                    DiskTrouble::Stall
                    | DiskTrouble::Full
                    | DiskTrouble::Fail
                    | DiskTrouble::Lie => {}
                }
            }
            Fault::Corrupt { target, conduct } => {
                keys.target = Some(target);
                if let Some(conduct) = conduct {
                    keys.strategy = Some(conduct.strategy);
                    keys.messages = (!conduct.messages.is_empty()).then_some(conduct.messages);
                    let sometimes = !conduct.probability.is_always();
                    keys.probability = sometimes.then_some(conduct.probability);
                    keys.against = conduct.against;
                    keys.by = conduct.by.map(|by| Shift { back: false, by });
                    keys.copies = conduct.copies;
                }
            }
            Fault::Surge { factor } => keys.factor = Some(factor),
            Fault::RequestTwice { probability } => keys.probability = Some(probability),
            Fault::ClientCrash { clients } => keys.clients = Some(clients),
        }
        keys
    }
}

impl Keys {
    /// Writes down what a weather is.
    fn tell(&mut self, weather: Weather) {
        match weather {
            Weather::Loss { probability } | Weather::Corrupt { probability } => {
                self.probability = Some(probability);
            }
            Weather::BurstLoss { share, mean } => {
                (self.share, self.mean) = (Some(share), Some(mean));
            }
            Weather::Delay { add } => self.add = Some(add),
            Weather::SlowDown { factor } => self.factor = Some(factor as u32),
            Weather::Duplicate { probability, copies } => {
                (self.probability, self.copies) = (Some(probability), Some(copies));
            }
            Weather::Reorder { probability, by } => {
                (self.probability, self.by) = (Some(probability), Some(Shift { back: false, by }));
            }
            Weather::Bandwidth { bytes_per_second, queue } => {
                (self.bytes_per_second, self.queue) = (Some(bytes_per_second), Some(queue));
            }
            Weather::Clog => {}
        }
    }
}
