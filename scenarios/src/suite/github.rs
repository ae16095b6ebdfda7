//! Suites as GitHub's workflows show them: annotations at the lines of the expectations, and a
//! summary of the job.
//!
//! The syntax, what must be escaped in it, and the limits are those of GitHub's documentation
//! ("Workflow commands for GitHub Actions"): it shows ten errors of a step, and drops a summary of
//! more than 1 MiB whole.

use std::fmt::Write as _;

use crate::judge::Answer;

use super::{Case, Suite};

/// Failures that get an annotation of their own; one more says how many are left.
pub const MOST_ANNOTATIONS: usize = 9;

/// The size of a summary that GitHub still shows, in bytes.
pub const LARGEST_SUMMARY: usize = 1 << 20;

/// The annotations: one for each failing case, up to [`MOST_ANNOTATIONS`].
pub fn annotations(suites: &[Suite]) -> Vec<String> {
    let failing: Vec<(&Suite, &Case)> =
        suites.iter().flat_map(|suite| suite.failing().map(move |case| (suite, case))).collect();
    let mut lines: Vec<String> = failing
        .iter()
        .take(MOST_ANNOTATIONS)
        .map(|(suite, case)| annotation(suite, case))
        .collect();
    if failing.len() > MOST_ANNOTATIONS {
        let more = failing.len() - MOST_ANNOTATIONS;
        lines.push(format!("::error title=synod::{more} more expectations did not come true"));
    }
    lines
}

fn annotation(suite: &Suite, case: &Case) -> String {
    let mut message = format!("{}: {} ({})", case.claim, case.found, case.point.1);
    if let Some(repro) = &case.repro {
        let _ = write!(message, "\n{repro}");
    }
    let (file, line) = match &case.place {
        Some(place) => (place.file.as_str(), place.line),
        None => (suite.shown.as_str(), 1),
    };
    // What is built into the program, or came from a pipe, is no file of the repository.
    let place = match file {
        "stdin" => String::new(),
        file if file.starts_with("catalog:") || file.starts_with("--") => String::new(),
        file => format!("file={},line={line},", property(file)),
    };
    format!("::error {place}title={}::{}", property(&suite.name), data(&message))
}

/// Text after the second `::` of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary of the job in Markdown, of at most `room` bytes: a row for each scenario, then what
/// failed, then a diagram of the first failure. What does not fit is left out, and that is said.
pub fn summary(suites: &[Suite], diagram: Option<&str>, room: usize) -> String {
    const CUT: &str = "\n… cut: a summary has at most 1 MiB\n";
    let mut pieces = vec![
        "### synod\n\n| | scenario | points | runs | what failed |\n|---|---|---|---|---|\n"
            .to_owned(),
    ];
    pieces.extend(suites.iter().map(row));
    let failing = suites.iter().flat_map(|suite| suite.failing().map(move |case| (suite, case)));
    pieces.extend(failing.filter_map(|(suite, case)| {
        let repro = case.repro.as_ref()?;
        let (name, claim) = (cell(&suite.name), cell(&case.claim));
        let found = cell(&case.found);
        Some(format!("\n**{name}**: {claim}: {found}\n\n```console\n$ {repro}\n```\n"))
    }));
    pieces.extend(
        diagram.map(|diagram| {
            format!("\nWhat led to the first failure:\n\n```mermaid\n{diagram}```\n")
        }),
    );
    let mut text = String::new();
    for piece in pieces {
        if text.len() + piece.len() + CUT.len() > room {
            if text.len() + CUT.len() <= room {
                text += CUT;
            }
            break;
        }
        text += &piece;
    }
    text
}

fn row(suite: &Suite) -> String {
    let failing: Vec<String> = suite
        .failing()
        .take(MOST_ANNOTATIONS)
        .map(|case| format!("{}: {}", cell(&case.claim), cell(&case.found)))
        .collect();
    let mark = match suite.answer() {
        Answer::Holds => "✅",
        Answer::Broken(_) => "❌",
        Answer::Open => "❔",
    };
    let name = cell(&suite.name);
    format!("| {mark} | {name} | {} | {} | {} |\n", suite.points, suite.runs, failing.join("<br>"))
}

/// Text that stays in its cell, and is no markup.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in crate::diagnostic::clean(text).chars() {
        match c {
            '<' => cell += "&lt;",
            '>' => cell += "&gt;",
            '&' => cell += "&amp;",
            '|' | '`' | '*' | '[' | ']' | '\\' | '_' => cell.extend(['\\', c]),
            c => cell.push(c),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn suite(name: &str, failures: usize) -> Suite {
        let case = |number: usize| Case {
            claim: format!("claim {number}"),
            point: (0, "p0 voting a=1%".to_owned()),
            answer: Answer::Broken(10),
            found: "2 of 5".to_owned(),
            place: Some(Place { file: "a,b:c.toml".to_owned(), line: 7 }),
            seeds: vec![3],
            repro: Some("synod trace a --seed 3".to_owned()),
        };
        Suite {
            name: name.to_owned(),
            shown: "a,b:c.toml".to_owned(),
            text: String::new(),
            points: 1,
            seeds: "0..5".to_owned(),
            runs: 5,
            seconds: 0.0,
            code: if failures > 0 { 10 } else { 0 },
            cases: (0..failures).map(case).collect(),
        }
    }

    #[test]
    fn an_annotation_is_escaped_as_github_reads_it() {
        assert_eq!(
            annotations(&[suite("x,y: 5%", 1)]),
            ["::error file=a%2Cb%3Ac.toml,line=7,title=x%2Cy%3A 5%25::claim 0: 2 of 5 \
              (p0 voting a=1%25)%0Asynod trace a --seed 3"]
        );
    }

    #[test]
    fn ten_failures_are_ten_annotations_and_eleven_too() {
        assert_eq!(annotations(&[suite("a", 0)]).len(), 0);
        assert_eq!(annotations(&[suite("a", 4), suite("b", 5)]).len(), 9);
        for failures in [10, 11, 300] {
            let lines = annotations(&[suite("a", failures)]);
            assert_eq!(lines.len(), 10);
            assert!(
                lines[9]
                    .ends_with(&format!("{} more expectations did not come true", failures - 9))
            );
        }
    }

    #[test]
    fn a_summary_never_grows_past_its_room() {
        let suites: Vec<Suite> = (0..200).map(|at| suite(&format!("s|{at}"), 3)).collect();
        let whole = summary(&suites, Some("sequenceDiagram\n"), LARGEST_SUMMARY);
        assert!(whole.contains("```mermaid\nsequenceDiagram\n```"));
        assert!(whole.contains("| ❌ | s\\|7 | 1 | 5 | claim 0: 2 of 5<br>claim 1"));
        for room in [0, 10, 100, 1_000, 10_000, whole.len() - 1] {
            let cut = summary(&suites, Some("sequenceDiagram\n"), room);
            assert!(cut.len() <= room, "{} > {room}", cut.len());
            assert!(cut.is_empty() || cut.contains("cut"), "{cut}");
        }
    }
}
