//! How far a sweep has come: a bar on a terminal, sparse lines in a log.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sim_core::outcome::Verdict;

use crate::stopwatch::Stopwatch;
use crate::terminal::Terminal;

/// Failures that are told at once; the others are counted.
const TOLD: u64 = 5;

/// Runs between two counts beside the bar: nobody reads faster.
const RUNS_PER_MESSAGE: u64 = 32;

/// How far a sweep has come.
pub struct Progress<'a> {
    terminal: &'a Terminal,
    bar: ProgressBar,
    on_terminal: bool,
    watch: Stopwatch,
    total: u64,
    taken: u64,
    kept: u64,
    passed: u64,
    failed: u64,
    told_at: (f64, u64),
}

impl<'a> Progress<'a> {
    /// The progress of a sweep of `total` runs.
    pub fn new(total: u64, terminal: &'a Terminal) -> Self {
        let bar = if terminal.is_quiet() {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        };
        let template = "  {human_pos}/{human_len} ▕{bar:20}▏ {percent} %  {msg}  {rate}  ETA {eta}";
        let style = ProgressStyle::with_template(&terminal.fit(template))
            .expect("a good template")
            .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
                // A bar that cannot be drawn is no reason to stop.
                let _ = write!(text, "{:.0} run/s", state.per_sec());
            });
        let blocks = if terminal.is_plain() { "#> " } else { "█▉▊▋▌▍▎▏ " };
        bar.set_style(style.progress_chars(blocks));
        let on_terminal = !bar.is_hidden();
        let watch = Stopwatch::start();
        let (taken, kept, passed, failed, told_at) = (0, 0, 0, 0, (0.0, 0));
        Self { terminal, bar, on_terminal, watch, total, taken, kept, passed, failed, told_at }
    }

    /// What any thread calls that has made a run.
    pub fn ticker(&self) -> impl Fn() + Sync + use<> {
        let bar = self.bar.clone();
        move || bar.inc(1)
    }

    /// The run that is taken next was made by an earlier sweep.
    pub fn kept(&mut self) {
        self.kept += 1;
        self.bar.inc(1);
    }

    /// A run was taken, in order. `failure` says what a failed run showed.
    pub fn taken(&mut self, verdict: Verdict, failure: impl FnOnce() -> String) {
        self.taken += 1;
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Inconclusive => {}
            _ => {
                self.failed += 1;
                if self.failed <= TOLD {
                    self.tell(&failure());
                }
            }
        }
        if self.on_terminal {
            if self.taken.is_multiple_of(RUNS_PER_MESSAGE) {
                let counts = format!("✓ {}  ✗ {}", self.passed, self.failed);
                self.bar.set_message(self.terminal.fit(&counts));
            }
        } else {
            self.log();
        }
    }

    /// Ends the display.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        if self.failed > TOLD {
            self.terminal.note(&format!("  … and {} more", self.failed - TOLD));
        }
    }

    fn tell(&self, failure: &str) {
        let line = self.terminal.fit(failure);
        if self.on_terminal {
            self.bar.println(line);
        } else {
            self.terminal.note(&line);
        }
    }

    /// A line every ten seconds or ten per cent, whichever is later.
    fn log(&mut self) {
        let (last_time, last_count) = self.told_at;
        if self.taken - last_count < self.total.div_ceil(10) {
            return;
        }
        let now = self.watch.seconds();
        if now - last_time < 10.0 {
            return;
        }
        self.told_at = (now, self.taken);
        let pace = match self.taken - self.kept {
            0 => "made before".to_owned(),
            made => {
                let rate = made as f64 / now;
                let left = (self.total - self.taken) as f64 / rate;
                format!("{rate:.0} run/s  ETA {left:.0} s")
            }
        };
        self.terminal.note(&format!(
            "  {}/{} ({} %)  ✓ {}  ✗ {}  {pace}",
            self.taken,
            self.total,
            self.taken * 100 / self.total,
            self.passed,
            self.failed
        ));
    }
}
