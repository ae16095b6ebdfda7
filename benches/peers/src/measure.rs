//! Measures all simulators on all workloads, by turns.

use cpu_time::ProcessTime;

use crate::peer::{self, Counted, Simulator, Workload};
use crate::version;

/// What one simulator did with one workload.
pub struct Row {
    /// What it was asked to do.
    pub workload: Workload,
    /// The simulator.
    pub simulator: &'static dyn Simulator,
    /// Its version.
    pub version: &'static str,
    /// How long it took, or why it cannot.
    pub outcome: Result<Timing, String>,
}

impl Row {
    /// What a reader must know: how the workload was expressed, or why it was not.
    pub fn note(&self) -> &str {
        match &self.outcome {
            Ok(_) => self.simulator.note(self.workload),
            Err(reason) => reason,
        }
    }
}

/// The CPU times of some repetitions that did the same work.
#[derive(Clone, PartialEq, Debug)]
pub struct Timing {
    /// The work of each repetition.
    pub counted: Counted,
    /// The CPU times in milliseconds, in ascending order, at least one.
    pub cpu_ms: Vec<f64>,
}

impl Timing {
    fn of(samples: &[Sample]) -> Self {
        let counted = samples[0].counted;
        assert!(samples.iter().all(|sample| sample.counted == counted), "not repeatable");
        let mut cpu_ms: Vec<f64> = samples.iter().map(|sample| sample.cpu_ms).collect();
        cpu_ms.sort_by(f64::total_cmp);
        Self { counted, cpu_ms }
    }

    /// The shortest.
    pub fn min_ms(&self) -> f64 {
        self.cpu_ms[0]
    }

    /// The middle one; of two, the shorter.
    pub fn median_ms(&self) -> f64 {
        self.cpu_ms[(self.cpu_ms.len() - 1) / 2]
    }

    /// Events per second of the shortest.
    pub fn rate(&self) -> f64 {
        self.counted.events as f64 * 1e3 / self.min_ms()
    }
}

/// One repetition.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// The work.
    pub counted: Counted,
    /// The CPU time of the process in milliseconds.
    pub cpu_ms: f64,
}

/// A warm-up, then one repetition, in this process; the error says why it cannot be.
///
/// The simulation is built outside the measured time, which ends when the run has freed what it
/// used.
///
/// # Panics
/// If the simulator does not do the work that is asked, or not twice the same.
pub fn once(
    simulator: &dyn Simulator,
    workload: Workload,
    events: u64,
) -> Result<Sample, &'static str> {
    let run = || -> Result<Sample, &'static str> {
        let job = simulator.prepare(workload, events)?;
        let start = ProcessTime::now();
        let counted = job();
        let cpu_ms = start.elapsed().as_secs_f64() * 1e3;
        if let Err(wrong) = workload.check(events, counted) {
            panic!("{}: {wrong}", simulator.name());
        }
        Ok(Sample { counted, cpu_ms })
    };
    let (first, second) = (run()?, run()?);
    assert_eq!(first.counted, second.counted, "{} is not repeatable", simulator.name());
    Ok(second)
}

/// Runs everything through `once`: for each workload `repeat` rounds in which every simulator runs
/// once, so that noise of the machine falls on all alike.
///
/// # Panics
/// If a simulator does not do the same work in every round.
pub fn run(
    events: u64,
    repeat: u32,
    mut once: impl FnMut(&dyn Simulator, Workload, u64) -> Result<Sample, String>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for workload in Workload::ALL {
        let mut samples = vec![Ok(Vec::new()); peer::ALL.len()];
        for _ in 0..repeat {
            for (simulator, samples) in peer::ALL.iter().zip(&mut samples) {
                let events = events / simulator.divisor(workload);
                if let Ok(list) = samples {
                    match once(*simulator, workload, events) {
                        Ok(sample) => list.push(sample),
                        Err(reason) => *samples = Err(reason),
                    }
                }
            }
        }
        rows.extend(peer::ALL.iter().zip(samples).map(|(simulator, samples)| Row {
            workload,
            simulator: *simulator,
            version: version(simulator.package()),
            outcome: samples.map(|samples| Timing::of(&samples)),
        }));
    }
    rows
}

/// How fast each row is in units of Synod's rate on the same workload; `None` where a rate lacks.
pub fn ratios(rows: &[Row]) -> Vec<Option<f64>> {
    let rate = |row: &Row| row.outcome.as_ref().ok().map(Timing::rate);
    let of_synod = |workload| {
        let same = |row: &&Row| row.workload == workload && row.simulator.name() == "Synod";
        rows.iter().find(same).and_then(rate)
    };
    rows.iter().map(|row| Some(rate(row)? / of_synod(row.workload)?)).collect()
}
