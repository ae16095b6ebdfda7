//! Suites as JUnit XML, as continuous integration reads it: a suite is a scenario, a case is an
//! expectation at a point.

use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::error::Error;
use crate::judge::Answer;

use super::{Case, Suite};

/// Cases of a suite that came true and are written all the same; nobody reads more of them.
const MOST_PASSING: usize = 1_000;

/// The document.
///
/// # Errors
/// When it cannot be put together, which would be a mistake of this program.
pub fn document(suites: &[Suite]) -> Result<String, Error> {
    let mut report = Report::new("synod");
    for suite in suites {
        report.add_test_suite(test_suite(suite));
    }
    report.to_string().map_err(|error| Error::Internal(format!("JUnit: {error}")))
}

fn test_suite(suite: &Suite) -> TestSuite {
    let mut junit = TestSuite::new(suite.name.as_str());
    junit.set_time(Duration::from_secs_f64(suite.seconds));
    junit.add_property(("file", suite.shown.as_str()));
    junit.add_property(("seeds", suite.seeds.as_str()));
    let runs = suite.runs.to_string();
    junit.add_property(("runs", runs.as_str()));
    let mut passing = 0;
    for case in &suite.cases {
        if case.answer == Answer::Holds {
            passing += 1;
            if passing > MOST_PASSING {
                continue;
            }
        }
        junit.add_test_case(test_case(suite, case));
    }
    junit
}

fn test_case(suite: &Suite, case: &Case) -> TestCase {
    let status = match case.answer {
        Answer::Holds => TestCaseStatus::success(),
        // Not known is not good: a skipped case would pass.
        Answer::Open => failed(NonSuccessKind::Error, "inconclusive", case),
        Answer::Broken(code) => failed(NonSuccessKind::Failure, kind(code), case),
    };
    let mut junit = TestCase::new(format!("{} · {}", case.claim, case.point.1), status);
    junit.set_classname(suite.name.as_str());
    if case.answer != Answer::Holds {
        junit.set_system_out(suite.text.as_str());
    }
    junit
}

fn failed(kind: NonSuccessKind, word: &str, case: &Case) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(format!("{}: {}", case.claim, case.found)).set_type(word);
    let mut description = String::new();
    if let Some(place) = &case.place {
        let _ = writeln!(description, "expected at {}:{}", place.file, place.line);
    }
    if !case.seeds.is_empty() {
        let _ = writeln!(description, "seeds {}", seeds(case));
    }
    if let Some(repro) = &case.repro {
        let _ = writeln!(description, "{repro}");
    }
    status.set_description(description);
    status
}

/// The seeds of a case, for people.
pub fn seeds(case: &Case) -> String {
    case.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// What sort of failure an exit code stands for.
const fn kind(code: u8) -> &'static str {
    match code {
        10 => "unsafe",
        11 => "stalled",
        12 => "threshold",
        30 => "nondeterministic",
        _ => "panicked",
    }
}
