//! A folder from end to end: what is written, that it is the same twice, and what is refused.

mod synthetic;

use reports::{Error, render};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use synthetic::Sweep;

const SMALL: Sweep<'_> = Sweep {
    protocols: &["raft", "=cmd|calc"],
    scripts: &["crash-leader"],
    losses: &[0.0, 5.0],
    seeds: 40,
};

/// An empty folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("a writable folder");
    }
    fs::create_dir_all(&dir).expect("a writable folder");
    dir
}

/// Every file below a folder, by its path.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).expect("a readable file"));
        }
    }
    files
}

#[test]
fn a_folder_is_rendered_whole_and_the_same_twice() {
    let dir = folder("whole");
    synthetic::write(&dir, &SMALL);
    let rendered = render(&dir).expect("a rendering");
    let charts: Vec<&str> = rendered.figures.iter().map(|figure| figure.chart).collect();
    for chart in ["verdicts", "availability", "latency-cdf", "latency-vs-loss", "election-downtime"]
    {
        assert!(charts.contains(&chart), "{chart}: {:?}", rendered.skipped);
    }
    for figure in &rendered.figures {
        let svg = fs::read_to_string(&figure.svg).expect("an SVG");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{}", figure.name);
        let png = fs::read(&figure.png).expect("a PNG");
        assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000, "{}", figure.name);
        let csv = fs::read_to_string(&figure.csv).expect("a CSV");
        assert!(csv.lines().count() > 1 && !csv.contains("NaN"), "{}", figure.name);
    }
    let first = contents(&dir);
    assert!(!first.keys().any(|path| path.extension().is_some_and(|e| e == "tmp")));
    render(&dir).expect("a second rendering");
    let second = contents(&dir);
    assert!(first == second, "the second rendering has other bytes");
}

#[test]
fn the_points_table_has_the_columns_of_the_contract_and_refuses_what_it_cannot_know() {
    let dir = folder("points");
    synthetic::write(&dir, &SMALL);
    let rendered = render(&dir).expect("a rendering");
    let points = fs::read_to_string(dir.join("points.csv")).expect("points.csv");
    let (header, rows) = points.split_once('\n').expect("a header");
    assert_eq!(
        header,
        "point_id,protocol,fault_script,network_loss_pct,n,f,\
         metric,stat,samples,value,ci_lo,ci_hi,ci_level,ci_method"
    );
    let row = |start: &str| {
        rows.lines().find(|row| row.starts_with(start)).unwrap_or_else(|| panic!("no {start}"))
    };
    assert_eq!(
        row("p0,raft,crash-leader,0,3,1,verdict,rate_unsafe"),
        "p0,raft,crash-leader,0,3,1,verdict,rate_unsafe,40,0,0,0.08762160119728664,0.95,wilson"
    );
    assert_eq!(
        row("p0,raft,crash-leader,0,3,1,decide_p50_ms,p99"),
        "p0,raft,crash-leader,0,3,1,decide_p50_ms,p99,40,,,,,"
    );
    let median = row("p0,raft,crash-leader,0,3,1,decide_p50_ms,p50");
    assert!(median.ends_with(",0.95,order-statistic"), "{median}");
    let mean = row("p0,raft,crash-leader,0,3,1,decide_p50_ms,mean");
    assert!(mean.ends_with(",0.95,bootstrap-percentile"), "{mean}");
    assert!(row("p0,raft,crash-leader,0,3,1,failover_ms,rate_censored").ends_with(",0.95,wilson"));
    assert!(!rows.contains("failover_ms_censored"));
    let warning = "W31 p0 decide_p50_ms p99: too few samples (40 < 299)";
    assert!(rendered.warnings.iter().any(|line| line == warning), "{:?}", rendered.warnings);
}

#[test]
fn a_mean_over_censored_values_is_left_empty() {
    let dir = folder("censored");
    let runs = "run_id,point_id,seed,protocol,fault_script,n,f,verdict,reason,assumptions,\
        first_violation,first_violation_ms,violations,failover_ms,failover_ms_censored,\
        events_count,trace_hash\n";
    let rows: String = (0..10)
        .map(|i| {
            let (ms, censored) = if i == 9 { (500, 1) } else { (100 + i, 0) };
            format!("{i},p0,{i},raft,crash,5,2,pass,,held,,,0,{ms},{censored},9,ab\n")
        })
        .collect();
    fs::write(dir.join("runs.csv"), format!("{runs}{rows}")).expect("a writable folder");
    render(&dir).expect("a rendering");
    let points = fs::read_to_string(dir.join("points.csv")).expect("points.csv");
    assert!(points.contains("p0,raft,crash,5,2,failover_ms,mean,10,,,,,\n"), "{points}");
    assert!(
        points.contains("p0,raft,crash,5,2,failover_ms,p50,10,104,101,108,0.95,order-statistic\n")
    );
    assert!(points.contains("p0,raft,crash,5,2,failover_ms,rate_censored,10,0.1,"));
}

#[test]
fn formulas_in_names_are_disarmed_in_every_table() {
    let dir = folder("formulas");
    synthetic::write(&dir, &SMALL);
    render(&dir).expect("a rendering");
    let tables = contents(&dir.join("figures"))
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|extension| extension == "csv"));
    let mut seen = false;
    for (path, bytes) in tables {
        let text = String::from_utf8(bytes).expect("UTF-8");
        let cells = || text.lines().flat_map(|line| line.split(','));
        assert!(!cells().any(|cell| cell.starts_with('=')), "{}", path.display());
        seen |= cells().any(|cell| cell.starts_with("'=cmd|calc"));
    }
    assert!(seen);
}

#[test]
fn a_folder_with_runs_alone_is_rendered_as_far_as_it_goes() {
    let dir = folder("alone");
    synthetic::write(&dir, &SMALL);
    for name in ["hist.csv", "timeline.csv", "faults.csv"] {
        fs::remove_file(dir.join(name)).expect("it was written");
    }
    let rendered = render(&dir).expect("a rendering");
    let skipped: Vec<(&str, &str)> =
        rendered.skipped.iter().map(|skip| (skip.chart, skip.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("availability", "there is no timeline.csv, or it has no rows"),
            ("latency-cdf", "there is no hist.csv, or it has no rows"),
            ("detection-time", "runs.csv has no column `detect_first_periods`"),
            ("infection", "series.csv has no curve `informed_by_round`"),
            ("rounds-by-size", "runs.csv has no column `rounds_99_count`"),
            ("unavailability", "runs.csv has no parameter that ends in `_each_pct`"),
            ("visibility", "series.csv has no curve `fresh_share`"),
            ("convergence", "runs.csv has no column `convergence_ms`"),
            ("divergence", "series.csv has no curve `distinct_states`"),
            ("traffic", "runs.csv has no column `bytes_per_update`"),
            ("accuracy", "runs.csv has no parameter that ends in `_share_pct`"),
            (
                "detector",
                "there is no series.csv with the curves `blamed_by_threshold` and \
                 `caught_by_threshold`"
            ),
            ("time-to-detect", "runs.csv has no column `detect_attack_ms`"),
            ("sybil", "runs.csv has no column `identities_hostile_ratio`"),
            ("exposure", "runs.csv has no column `exposure_ms`"),
            ("defences", "runs.csv has no column `attack_success_ratio`"),
            ("opinions", "series.csv has no curve `opinion_by_round`"),
            ("welfare", "series.csv has no curve `welfare`"),
        ]
    );
    assert_eq!(rendered.figures.len(), 3);
}

/// Writes the synthetic folder with one cell of a table replaced, and gives the error in words
/// (without the folder).
fn complaint(test: &str, table: &str, line: usize, column: usize, cell: &str) -> String {
    let dir = folder(test);
    synthetic::write(&dir, &SMALL);
    let path = dir.join(table);
    let text = fs::read_to_string(&path).expect("it was written");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cells: Vec<&str> = lines[line - 1].split(',').collect();
    cells[column - 1] = cell;
    lines[line - 1] = cells.join(",");
    fs::write(&path, lines.join("\n")).expect("a writable folder");
    let error = render(&dir).expect_err("a broken table");
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

#[test]
fn a_malformed_cell_is_named_by_file_line_and_column() {
    assert_eq!(
        complaint("cell", "runs.csv", 3, 15, "fast"),
        "runs.csv:3: column 15 (`decide_p50_ms`): found \"fast\", expected a finite number or an \
         empty cell"
    );
    assert_eq!(
        complaint("nan", "runs.csv", 2, 15, "NaN"),
        "runs.csv:2: column 15 (`decide_p50_ms`): found \"NaN\", expected a finite number or an \
         empty cell"
    );
    assert_eq!(
        complaint("verdict", "runs.csv", 2, 9, "fine"),
        "runs.csv:2: column 9 (`verdict`): found \"fine\", expected one of pass, unsafe, stalled, \
         inconclusive, panicked, nondeterministic"
    );
    assert_eq!(
        complaint("hist", "hist.csv", 4, 5, "-1"),
        "hist.csv:4: column 5 (`count`): found \"-1\", expected a whole number of at least 0"
    );
    assert_eq!(
        complaint("timeline", "timeline.csv", 2, 5, "401"),
        "timeline.csv:2: column 5 (`ok_count`): found \"401\", expected at most `due_count`"
    );
    assert_eq!(
        complaint("faults", "faults.csv", 2, 5, "1"),
        "faults.csv:2: column 5 (`to_ms`): found \"1\", expected at least `from_ms`"
    );
}

#[test]
fn a_point_whose_rows_disagree_is_refused() {
    assert_eq!(
        complaint("disagree", "runs.csv", 6, 7, "9"),
        "runs.csv:6: column 7 (`n`): found \"9\", expected \"3\", as on line 2 of the same point"
    );
}

#[test]
fn a_malformed_table_is_named_by_file_and_line() {
    assert_eq!(
        complaint("header", "runs.csv", 1, 9, "judgement"),
        "runs.csv:1: column `verdict` is missing"
    );
    assert_eq!(
        complaint("twice", "runs.csv", 1, 3, "run_id"),
        "runs.csv:1: column `run_id` appears twice"
    );
    assert_eq!(
        complaint("ragged", "timeline.csv", 3, 8, "1,2"),
        "timeline.csv:3: the row has 9 cells, the header has 8"
    );
    let dir = folder("missing");
    let error = render(&dir).expect_err("no table");
    assert!(matches!(error, Error::Read { .. }), "{error}");
}
