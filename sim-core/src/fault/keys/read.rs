//! From keys to a fault: what each kind needs, and what means nothing to it.

use super::super::{ClockTrouble, DiskTrouble, Fault, FaultKind, FaultSpec, Loss, When};
use super::{Keys, WHEN};
use crate::adversary::Conduct;
use crate::clock::DRIFT_PPM;
use crate::rng::Ratio;
use crate::target::Targets;
use crate::time::Duration;
use crate::weather::Weather;

impl Keys {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// A key that was given and means nothing as things stand.
    fn stray(&self) -> Option<&'static str> {
        let knobs = self.kind.info().knobs;
        let momentary = !self.kind.lasts() && !knobs.contains(&"restart_after");
        let stray = |key: &&str| match *key {
            "nth" | "after" => self.on.is_none(),
            "every" => self.on.is_some() || self.rate.is_some(),
            "rate" => self.on.is_some(),
            "permanent" => momentary,
            key => !knobs.contains(&key) && !WHEN.contains(&key),
        };
        self.given().find(stray)
    }

    fn need<T>(&self, key: &str, value: Option<T>, such: &str) -> Result<T, String> {
        value.ok_or_else(|| format!("a {} needs `{key}`, such as {key} = {such}", self.name()))
    }

    fn targets(&self, key: &str, targets: &Option<Targets>) -> Result<Targets, String> {
        let named = targets.clone().filter(|targets| !targets.0.is_empty());
        self.need(key, named, "\"leader\"")
    }

    fn target(&self) -> Result<Targets, String> {
        self.targets("target", &self.target)
    }

    /// A count that changes something.
    fn at_least(&self, key: &str, value: Option<u32>, least: u32) -> Result<u32, String> {
        let value = self.need(key, value, &least.to_string())?;
        match value >= least {
            true => Ok(value),
            false => Err(format!("`{key}` = {value}, and a {} needs {least} or more", self.name())),
        }
    }

    fn span(&self, key: &str, value: Option<Duration>) -> Result<Duration, String> {
        let value = self.need(key, value, "\"5ms\"")?;
        match value.is_zero() {
            true => Err(format!("`{key}` must be above 0")),
            false => Ok(value),
        }
    }

    /// A shift that goes one way only.
    fn ahead(&self) -> Result<Duration, String> {
        let by = self.need("by", self.by, "\"200ms\"")?;
        match by.back || by.by.is_zero() {
            true => Err(format!("a {} takes a span above 0 as `by`, not {by}", self.name())),
            false => Ok(by.by),
        }
    }

    fn partition(&self) -> Result<Fault, String> {
        match (&self.groups, &self.target, self.shape) {
            (None, first, Some(shape)) => Ok(Fault::Reshape { shape, first: first.clone() }),
            (Some(groups), None, None) if !groups.is_empty() => {
                Ok(Fault::Partition { groups: groups.clone() })
            }
            (None, Some(target), None) => Ok(Fault::Partition { groups: vec![target.clone()] }),
            _ => Err("a partition needs one of `groups`, `target` and `shape`".into()),
        }
    }

    fn weather(&self) -> Result<Fault, String> {
        let probability = || self.need("probability", self.probability, "\"10%\"");
        let weather = match self.kind {
            FaultKind::Loss => Weather::Loss { probability: probability()? },
            FaultKind::BurstLoss => Weather::BurstLoss {
                share: self.need("share", self.share, "\"10%\"")?,
                mean: self.span("mean", self.mean)?,
            },
            FaultKind::Delay => {
                Weather::Delay { add: self.need("add", self.add.clone(), "\"20ms..80ms\"")? }
            }
            FaultKind::SlowLink => {
                Weather::SlowDown { factor: self.at_least("factor", self.factor, 2)?.into() }
            }
            FaultKind::Duplicate => {
                let copies = self.at_least("copies", self.copies.or(Some(1)), 1)?;
                Weather::Duplicate { probability: probability()?, copies }
            }
            FaultKind::Reorder => {
                Weather::Reorder { probability: probability()?, by: self.ahead()? }
            }
            FaultKind::Garble => Weather::Corrupt { probability: probability()? },
            FaultKind::Bandwidth => Weather::Bandwidth {
                bytes_per_second: self.need("bytes_per_second", self.bytes_per_second, "1000")?,
                queue: self.need("queue", self.queue, "2000")?,
            },
            _ => Weather::Clog,
        };
        match weather.objection() {
            Some((key, reason)) => Err(format!("`{key}`: {reason}")),
            None => Ok(Fault::Weather {
                weather,
                from: self.from.clone(),
                to: self.to.clone(),
                messages: self.messages.clone().unwrap_or_default(),
            }),
        }
    }

    fn crash(&self, loss: Loss) -> Result<Fault, String> {
        let after_sends = match self.after_sends {
            Some(_) => Some(self.at_least("after_sends", self.after_sends, 1)?),
            None => None,
        };
        Ok(Fault::Crash { target: self.target()?, loss, keeps: self.keeps, after_sends })
    }

    fn clock(&self) -> Result<Fault, String> {
        let trouble = match self.kind {
            FaultKind::ClockStep => ClockTrouble::Step(self.need("by", self.by, "\"-3s\"")?),
            FaultKind::ClockJump => ClockTrouble::Jump(self.ahead()?),
            FaultKind::ClockDrift => {
                let ppm = self.need("ppm", self.ppm, "200000")?;
                if !DRIFT_PPM.contains(&ppm) {
                    let (least, most) = DRIFT_PPM.into_inner();
                    return Err(format!("`ppm` = {ppm}: between {least} and {most} can be run"));
                }
                ClockTrouble::Drift(ppm)
            }
            kind => {
                let (by, period) = (self.ahead()?, self.span("period", self.period)?);
                match kind {
                    FaultKind::ClockStrobe => ClockTrouble::Strobe { by, period },
                    _ => ClockTrouble::Wave { by, period },
                }
            }
        };
        Ok(Fault::Clock { target: self.target()?, trouble })
    }

    fn disk(&self) -> Result<Fault, String> {
        let trouble = match self.kind {
            FaultKind::DiskStall => DiskTrouble::Stall,
            FaultKind::DiskSlow => DiskTrouble::Slow(self.at_least("factor", self.factor, 2)?),
            FaultKind::DiskFull => DiskTrouble::Full,
            FaultKind::DiskFail => DiskTrouble::Fail,
            FaultKind::DiskLie => DiskTrouble::Lie,
            _ => DiskTrouble::Corrupt(self.at_least("records", self.records.or(Some(1)), 1)?),
        };
        Ok(Fault::Disk { target: self.target()?, trouble })
    }

    fn corrupt(&self) -> Result<Fault, String> {
        let conduct = match self.strategy {
            Some(strategy) => Some(Conduct {
                messages: self.messages.clone().unwrap_or_default(),
                probability: self.probability.unwrap_or(Ratio::ALWAYS),
                against: self.against.clone(),
                by: self.by.map(|_| self.ahead()).transpose()?,
                copies: self.copies,
                ..Conduct::of(strategy)
            }),
            None => match self
                .given()
                .find(|key| ["messages", "probability", "against", "by", "copies"].contains(key))
            {
                Some(key) => {
                    return Err(format!(
                        "`{key}` needs a `strategy` here, or stands in [adversary]"
                    ));
                }
                None => None,
            },
        };
        Ok(Fault::Corrupt { target: self.target()?, conduct })
    }

    fn fault(&self) -> Result<Fault, String> {
        Ok(match self.kind {
            FaultKind::Partition => self.partition()?,
            FaultKind::OneWay => Fault::OneWay {
                from: self.targets("from", &self.from)?,
                to: self.targets("to", &self.to)?,
            },
            FaultKind::Heal => Fault::Heal,
            FaultKind::Loss
            | FaultKind::BurstLoss
            | FaultKind::Delay
            | FaultKind::SlowLink
            | FaultKind::Duplicate
            | FaultKind::Reorder
            | FaultKind::Garble
            | FaultKind::Bandwidth
            | FaultKind::Clog => self.weather()?,
            FaultKind::SwizzleClog => Fault::SwizzleClog { target: self.target()? },
            FaultKind::Crash => self.crash(Loss::Nothing)?,
            FaultKind::Wipe => self.crash(Loss::Everything)?,
            FaultKind::Rollback => {
                self.crash(Loss::Records(self.at_least("records", self.records, 1)?))?
            }
            FaultKind::Restart => Fault::Restart { target: self.target()? },
            FaultKind::Pause => Fault::Pause { target: self.target()? },
            FaultKind::SlowNode => {
                Fault::SlowNode { target: self.target()?, work: self.span("work", self.work)? }
            }
            FaultKind::Churn => Fault::Churn {
                target: self.target()?,
                up: self.need("up", self.up, "\"2s..9s\"")?,
                down: self.need("down", self.down, "\"100ms..1s\"")?,
            },
            FaultKind::ClockStep
            | FaultKind::ClockJump
            | FaultKind::ClockDrift
            | FaultKind::ClockStrobe
            | FaultKind::ClockWave => self.clock()?,
            FaultKind::DiskStall
            | FaultKind::DiskSlow
            | FaultKind::DiskFull
            | FaultKind::DiskFail
            | FaultKind::DiskLie
            | FaultKind::DiskCorrupt => self.disk()?,
            FaultKind::Corrupt => self.corrupt()?,
            FaultKind::Surge => Fault::Surge { factor: self.at_least("factor", self.factor, 2)? },
            FaultKind::RequestTwice => {
                let probability = self.need("probability", self.probability, "\"20%\"")?;
                Fault::RequestTwice { probability }
            }
            FaultKind::ClientCrash => {
                let clients = self.at_least("clients", self.clients.or(Some(1)), 1)?;
                Fault::ClientCrash { clients }
            }
        })
    }

    fn when(&self) -> Result<When, String> {
        match (self.at, self.on) {
            (Some(at), None) => Ok(When::At(at)),
            (None, Some(landmark)) => Ok(When::On {
                landmark,
                nth: self.nth.unwrap_or(1).max(1),
                after: self.after.unwrap_or(Duration::ZERO),
            }),
            _ => Err("a fault needs either `at` (a time) or `on` (a landmark)".into()),
        }
    }
}

impl TryFrom<Keys> for FaultSpec {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        if let Some(key) = keys.stray() {
            return Err(format!("`{key}` means nothing for a {} as it stands here", keys.name()));
        }
        let (fault, when) = (keys.fault()?, keys.when()?);
        if keys.every.is_some_and(|every| every.min.is_zero()) {
            return Err("`every` must be above 0".into());
        }
        if let Fault::Churn { up, down, .. } = &fault
            && (up.min.is_zero() || down.min.is_zero())
        {
            return Err("`up` and `down` must be above 0".into());
        }
        if keys.kind == FaultKind::SwizzleClog && keys.lasts.is_none() {
            return Err("a swizzle-clog needs `for`, such as for = \"2s\"".into());
        }
        Ok(Self {
            every: keys.every,
            rate: keys.rate,
            until: keys.until,
            lasts: keys.lasts.or(keys.restart_after),
            permanent: keys.permanent.unwrap_or(false),
            chance: keys.chance.unwrap_or(Ratio::ALWAYS),
            each: keys.each.unwrap_or(Ratio::ALWAYS),
            ..Self::when(when, fault)
        })
    }
}
