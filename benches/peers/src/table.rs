//! The results as text: a table for the eye, and a CSV file.

use std::fmt::Write as _;

use crate::measure::{Row, ratios};
use crate::peer::{self, Workload};

/// The table in Markdown: millions of events per second, and in brackets the ratio to Synod.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "| simulator |".to_owned();
    for workload in Workload::ALL {
        let _ = write!(text, " {} |", workload.name());
    }
    text += "\n|---|";
    text += &"---:|".repeat(Workload::ALL.len());
    text.push('\n');
    let ratios = ratios(rows);
    for simulator in peer::ALL {
        let own = || rows.iter().zip(&ratios).filter(|(row, _)| name(row) == simulator.name());
        let version = own().next().map_or("", |(row, _)| row.version);
        let _ = write!(text, "| {} {version} |", simulator.name());
        for (row, ratio) in own() {
            let _ = match (&row.outcome, ratio) {
                (Ok(timing), Some(ratio)) => {
                    write!(text, " {} ({}) |", short(timing.rate() / 1e6), short(*ratio))
                }
                _ => write!(text, " – |"),
            };
        }
        text.push('\n');
    }
    text
}

/// The notes in Markdown, each with the workloads that it is about.
pub fn notes(rows: &[Row]) -> String {
    let mut notes: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| !row.note().is_empty()) {
        let (who, what) = (name(row), row.workload.name());
        match notes.iter_mut().find(|(other, note, _)| (*other, *note) == (who, row.note())) {
            Some((_, _, workloads)) => workloads.push(what),
            None => notes.push((who, row.note(), vec![what])),
        }
    }
    let place = |who: &str| peer::ALL.iter().position(|simulator| simulator.name() == who);
    notes.sort_by_key(|(who, ..)| place(who));
    let mut text = "| simulator | workload | note |\n|---|---|---|\n".to_owned();
    for (who, note, workloads) in notes {
        let _ = writeln!(text, "| {who} | {} | {note} |", workloads.join(", "));
    }
    text
}

/// The CSV file, one line per simulator and workload.
pub fn csv(rows: &[Row]) -> String {
    let mut text = "workload,simulator,version,events,messages,cpu_ms_min,cpu_ms_median,\
                    events_per_second,ratio_to_synod,note\n"
        .to_owned();
    for (row, ratio) in rows.iter().zip(ratios(rows)) {
        let _ = write!(text, "{},{},{},", row.workload.name(), name(row), row.version);
        let _ = match &row.outcome {
            Ok(timing) => write!(
                text,
                "{},{},{:.3},{:.3},{:.0},{}",
                timing.counted.events,
                timing.counted.messages,
                timing.min_ms(),
                timing.median_ms(),
                timing.rate(),
                ratio.map(|ratio| format!("{ratio:.4}")).unwrap_or_default(),
            ),
            Err(_) => write!(text, ",,,,,"),
        };
        let _ = writeln!(text, ",\"{}\"", row.note().replace('"', "\"\""));
    }
    text
}

fn name(row: &Row) -> &'static str {
    row.simulator.name()
}

/// A number with two or three significant digits.
pub(crate) fn short(value: f64) -> String {
    let digits = match value {
        10.0.. => 1,
        0.1.. => 2,
        0.01.. => 3,
        _ => 4,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;

    #[test]
    fn every_workload_of_every_simulator_has_a_line() {
        let rows = measure::run(4_000, 2, |simulator, workload, events| {
            measure::once(simulator, workload, events).map_err(str::to_owned)
        });
        assert_eq!(rows.len(), Workload::ALL.len() * peer::ALL.len());
        let csv = csv(&rows);
        assert_eq!(csv.lines().count(), 1 + rows.len());
        for line in csv.lines().skip(1) {
            assert_eq!(line.split_once('"').expect("a note").0.matches(',').count(), 9, "{line}");
        }
        let table = markdown(&rows);
        assert_eq!(table.lines().count(), 2 + peer::ALL.len());
        assert!(table.lines().all(|line| line.matches('|').count() == 2 + Workload::ALL.len()));
        assert!(table.contains("(1.00)") && table.contains('–'), "{table}");
        assert!(notes(&rows).contains("| turmoil | phold_1000 |"));
        let chart = crate::chart::svg(&rows, 2);
        assert_eq!(chart.matches("<rect class=\"bar").count(), csv.lines().count() - 3);
    }

    #[test]
    fn numbers_keep_their_significant_digits() {
        let texts = [29.59, 5.678, 0.3714, 0.0456, 0.0071].map(short);
        assert_eq!(texts, ["29.6", "5.68", "0.37", "0.046", "0.0071"]);
    }
}
