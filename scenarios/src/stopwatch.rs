//! The one place that looks at the machine's clock.
//!
//! Progress on the terminal and `timing.csv` are about the machine, not about the runs; nothing
//! else may know how late it is.

#![expect(
    clippy::disallowed_types,
    reason = "wall time goes to the terminal and to timing.csv, never into a result"
)]

use std::time::Instant;

/// Wall time since it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// Milliseconds since the start.
    pub fn millis(self) -> f64 {
        self.seconds() * 1e3
    }
}
