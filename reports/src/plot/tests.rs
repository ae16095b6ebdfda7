//! Claims about every chart: golden pictures, no two labels on each other, nothing outside.
//!
//! The fixtures are small enough to check by hand and hostile where names are free.

use super::*;
use crate::cell::number_cell;
use crate::row::{FaultRow, HistRow, Point, QuorumRow, Run, Runs, SeriesRow, TimelineRow, Verdict};
use crate::stats::Proportion;
use expect_test::expect_file;
use resvg::usvg::roxmltree::{Document, Node};

/// Two protocols at three loss rates, twelve runs each.
fn fixture() -> Tables {
    let metrics = [
        "decide_p50_ms",
        "decide_p99_ms",
        "failover_ms",
        "failover_ms_censored",
        "ops_count",
        "ops_ok_count",
        "detect_first_periods",
        "detect_first_periods_censored",
        "detect_all_periods",
        "detect_all_periods_censored",
    ];
    let mut tables = Tables {
        runs: Runs {
            params: ["network_loss_pct", "n", "f"].map(str::to_owned).to_vec(),
            metrics: metrics.map(str::to_owned).to_vec(),
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (p, protocol) in ["raft", "pbft"].into_iter().enumerate() {
        for loss in [0, 5, 20] {
            let id = format!("p{}", tables.runs.points.len());
            let slow = (1 + p) as f64 * (1.0 + f64::from(loss) / 10.0);
            let runs = (0..12).map(|seed| run(seed, slow, p == 1 && loss == 20)).collect();
            tables.runs.points.push(Point {
                id: id.clone(),
                protocol: protocol.to_owned(),
                fault_script: "crash-leader".to_owned(),
                params: vec![loss.to_string(), (4 - p).to_string(), "1".to_owned()],
                runs,
            });
            tables.hist.extend(hist(&id, slow));
            tables.timeline.extend(timeline(&id, slow, p == 0));
            tables.faults.extend(faults(&id));
        }
    }
    tables
}

fn run(seed: u64, slow: f64, dead: bool) -> Run {
    let spread = 1.0 + (seed * 5 % 12) as f64 / 10.0;
    let dead = dead && !seed.is_multiple_of(3);
    let alive = |value: f64| (!dead).then_some(value);
    let censored = seed == 11;
    Run {
        seed,
        verdict: if dead { Verdict::Stalled } else { Verdict::Pass },
        exceeded: dead,
        metrics: vec![
            alive(10.0 * slow * spread),
            alive(80.0 * slow * spread * spread),
            Some(if censored { 900.0 } else { 100.0 * slow * spread }),
            Some(f64::from(u8::from(censored))),
            Some(50.0),
            Some(if dead { 0.0 } else { 48.0 }),
            Some(slow * spread),
            Some(0.0),
            Some(if censored { 20.0 } else { 3.0 * slow * spread }),
            Some(f64::from(u8::from(censored))),
        ],
    }
}

fn hist(id: &str, slow: f64) -> Vec<HistRow> {
    let bucket = |i: u32| {
        let ge_ms = slow * f64::from(i * i + 1);
        let lt_ms = slow * f64::from((i + 1) * (i + 1) + 1);
        let (point_id, metric) = (id.to_owned(), "decide_ms".to_owned());
        HistRow { point_id, metric, ge_ms, lt_ms, count: u64::from(60 / (i + 1)) }
    };
    (0..8).map(bucket).collect()
}

fn timeline(id: &str, slow: f64, has_leader: bool) -> Vec<TimelineRow> {
    let bucket = |i: u32| TimelineRow {
        point_id: id.to_owned(),
        t_ms: f64::from(i) * 1000.0,
        bucket_ms: 1000.0,
        due_count: if i == 7 { 0 } else { 20 },
        ok_count: [20, 19, 2, 10, 20, 20, 18, 0, 20, 20][i as usize],
        p50_ms: (i != 2 && i != 7).then_some(10.0 * slow),
        p99_ms: (i != 2 && i != 7).then_some(70.0 * slow + f64::from(i)),
        leader_share: has_leader.then_some(if i == 2 { 0.25 } else { 1.0 }),
    };
    (0..10).map(bucket).collect()
}

fn faults(id: &str) -> Vec<FaultRow> {
    let fault = |label: &str, from_ms: f64, to_ms: Option<f64>| FaultRow {
        point_id: id.to_owned(),
        kind: "kind".to_owned(),
        label: label.to_owned(),
        from_ms,
        to_ms,
    };
    vec![
        fault("crash leader", 2000.0, Some(3500.0)),
        fault("cut n0 | n1, n2", 2500.0, Some(2500.0)),
        fault("", 9500.0, None),
    ]
}

/// Two quorum systems of nodes that go down by chance, in twenty runs each.
fn failing_nodes() -> Tables {
    let mut tables = Tables {
        runs: Runs {
            params: ["protocol_quorum", "fault_0_each_pct", "f"].map(str::to_owned).to_vec(),
            metrics: vec!["decided_nodes_count".to_owned()],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (s, system) in ["majority", "grid(3, 3)"].into_iter().enumerate() {
        for (at, percent) in [5_u32, 20, 40].into_iter().enumerate() {
            let id = format!("p{}", tables.runs.points.len());
            let undecided = at * (4 + 2 * s);
            let run = |seed: usize| Run {
                seed: seed as u64,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: vec![Some(if seed < undecided { 0.0 } else { 6.0 })],
            };
            tables.runs.points.push(Point {
                id: id.clone(),
                protocol: "voting".to_owned(),
                fault_script: "availability".to_owned(),
                params: vec![system.to_owned(), percent.to_string(), s.to_string()],
                runs: (0..20).map(run).collect(),
            });
            tables.quorums.extend([0.01, 0.05, 0.1, 0.2, 0.4, 0.8].map(|down_ratio| QuorumRow {
                point_id: id.clone(),
                role: "quorum".to_owned(),
                system: system.to_owned(),
                down_ratio,
                no_quorum_ratio: down_ratio * down_ratio * (1 + s) as f64,
            }));
        }
    }
    tables
}

/// Juries of five that vote by two rules, with more and more liars, in twenty runs each: they are
/// right in all, but for as many runs as there are liars, and one more by the second rule.
fn doubtful_juries() -> Tables {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let mut runs = Runs {
        params: names(&["protocol_rule", "workload_deviants_share_pct", "n"]),
        metrics: names(&["right_ratio", "right_opinions_ratio"]),
        points: Vec::new(),
    };
    for (place, rule) in ["borda", "plurality"].into_iter().enumerate() {
        for share in [0_u32, 20, 40] {
            let wrong = (share / 20) as usize * (1 + place);
            let run = |seed: usize| Run {
                seed: seed as u64,
                verdict: Verdict::Pass,
                exceeded: false,
                metrics: vec![Some(if seed < wrong { 0.0 } else { 1.0 }), Some(0.6)],
            };
            runs.points.push(Point {
                id: format!("p{}", runs.points.len()),
                protocol: "voting".to_owned(),
                fault_script: "none".to_owned(),
                params: vec![rule.to_owned(), share.to_string(), "5".to_owned()],
                runs: (0..20).map(run).collect(),
            });
        }
    }
    Tables { runs, ..Tables::default() }
}

/// Rumours among 16, 64 and 256 nodes, which 60 runs each spread a round faster or slower.
fn epidemic() -> Tables {
    let mut tables = Tables {
        runs: Runs {
            params: ["n", "f"].map(str::to_owned).to_vec(),
            metrics: vec!["rounds_99_count".to_owned()],
            points: Vec::new(),
        },
        ..Tables::default()
    };
    for (p, bits) in [4_u32, 6, 8].into_iter().enumerate() {
        let n = f64::from(1_u32 << bits);
        let rounds = |seed: u64| f64::from(2 * bits) + (seed % 3) as f64 - 1.0;
        let runs = (0..60).map(|seed| Run {
            seed,
            verdict: Verdict::Pass,
            exceeded: false,
            metrics: vec![Some(rounds(seed))],
        });
        tables.runs.points.push(Point {
            id: format!("p{p}"),
            protocol: "gossip".to_owned(),
            fault_script: "spread".to_owned(),
            params: vec![number_cell(Some(n)), "0".to_owned()],
            runs: runs.collect(),
        });
        for seed in 0..60 {
            let last = rounds(seed);
            for round in 0..=last as u32 {
                let x = f64::from(round);
                let y = (libm::exp2(f64::from(bits) * x / last) / n).min(1.0);
                tables.series.push(SeriesRow {
                    run_id: p as u64 * 60 + seed,
                    point_id: format!("p{p}"),
                    curve: "informed_by_round".to_owned(),
                    node: String::new(),
                    x,
                    y,
                    weight: 1,
                });
            }
        }
    }
    tables
}

/// Tables of every sort.
fn fixtures() -> [Tables; 5] {
    [fixture(), failing_nodes(), epidemic(), stale_reads(), doubtful_juries()]
}

fn pictures(tables: &Tables) -> Vec<Picture> {
    let draw = |chart: &Chart| (chart.draw)(tables).expect("a drawing").pictures;
    CHARTS.iter().flat_map(draw).collect()
}

/// The rows of a picture's CSV, without the header.
fn rows(slice: &str) -> Vec<csv::StringRecord> {
    let reader = csv::Reader::from_reader(slice.as_bytes());
    reader.into_records().collect::<Result<_, _>>().expect("well-formed CSV")
}

/// Every text of a picture, with its box (left, top, right, bottom) in pixels.
fn texts(svg: &str) -> Vec<(String, [f64; 4])> {
    let document = Document::parse(svg).expect("well-formed XML");
    let is_text = |node: &Node<'_, '_>| node.has_tag_name("text");
    document.descendants().filter(is_text).map(|node| text_box(&node)).collect()
}

fn text_box(node: &Node<'_, '_>) -> (String, [f64; 4]) {
    let number =
        |name: &str| node.attribute(name).expect("present").parse::<f64>().expect("number");
    let (x, y, size) = (number("x") / 10.0, number("y") / 10.0, number("font-size") / 10.0);
    let text = node.text().unwrap_or_default().trim().to_owned();
    let width = label::width(&text, size);
    let before = match node.attribute("text-anchor") {
        Some("end") => width,
        Some("middle") => width / 2.0,
        _ => 0.0,
    };
    // Glyphs are about as high as this, wherever the baseline is put.
    let half = size * 0.45;
    let rotated = node.attribute("transform").is_some_and(|turn| turn.starts_with("rotate(270"));
    let bounds = if rotated {
        [x - half * 2.0, y - width + before, x + half * 2.0, y + before]
    } else {
        [x - before, y - half, x - before + width, y + half]
    };
    (text, bounds)
}

fn assert_legible(picture: &Picture) {
    let document = Document::parse(&picture.svg).expect("well-formed XML");
    let size = |name: &str| {
        document.root_element().attribute(name).expect("present").parse::<f64>().expect("number")
    };
    let (width, height) = (size("width"), size("height"));
    let texts = texts(&picture.svg);
    assert!(texts.len() > 3, "{}", picture.name);
    for (at, (text, a)) in texts.iter().enumerate() {
        let inside = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height;
        assert!(inside, "{}: {text:?} leaves the picture: {a:?}", picture.name);
        for (other, b) in &texts[..at] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{}: {text:?} {a:?} lies on {other:?} {b:?}", picture.name);
        }
    }
}

/// The fixture with reads that see a write the later the more likely, at each of its points.
fn stale_reads() -> Tables {
    let mut tables = fixture();
    for (place, point) in tables.runs.points.iter().enumerate() {
        for step in 0..12_u32 {
            let share = 1.0 - 0.5 / f64::from((step + 1) * (place as u32 + 1));
            let (x, point_id) = (f64::from(step * step) / 2.0, point.id.clone());
            let curves = [("fresh_share", share, 200), ("fresh_share_predicted", share, 20_000)];
            for (curve, y, weight) in curves {
                let (curve, point_id) = (curve.to_owned(), point_id.clone());
                let row =
                    SeriesRow { run_id: 0, point_id, curve, node: String::new(), x, y, weight };
                tables.series.push(row);
            }
        }
    }
    tables
}

#[test]
fn each_chart_draws_its_golden_picture() {
    let of_quorums = pictures(&failing_nodes()).into_iter();
    let of_quorums = of_quorums.filter(|picture| picture.name == "unavailability");
    for picture in pictures(&fixture()).into_iter().chain(of_quorums) {
        if !picture.name.starts_with("availability") || picture.name == "availability-p0" {
            let path = format!("{}/tests/golden/{}.svg", env!("CARGO_MANIFEST_DIR"), picture.name);
            expect_file![path].assert_eq(&picture.svg);
        }
    }
}

#[test]
fn every_chart_of_the_list_draws_the_fixture() {
    for chart in CHARTS {
        let draws = |tables: &Tables| (chart.draw)(tables).expect("a drawing");
        let drawings = fixtures().map(|tables| draws(&tables));
        let drawn = drawings.iter().any(|drawing| !drawing.pictures.is_empty());
        assert!(drawn, "{}: {drawings:?}", chart.name);
    }
}

#[test]
fn every_chart_skips_an_empty_sweep_and_says_why() {
    for chart in CHARTS {
        let drawing = (chart.draw)(&Tables::default()).expect("a drawing");
        assert!(drawing.pictures.is_empty(), "{}", chart.name);
        assert!(drawing.left_out.is_some_and(|reason| reason.len() > 10), "{}", chart.name);
    }
}

#[test]
fn no_label_lies_on_another_or_leaves_the_picture() {
    for picture in fixtures().iter().flat_map(pictures) {
        assert_legible(&picture);
    }
}

#[test]
fn an_infection_is_drawn_with_the_median_of_its_runs_and_the_bands_that_they_support() {
    let drawing = (infection::CHART.draw)(&epidemic()).expect("a drawing");
    assert_eq!(drawing.pictures.len(), 3);
    let rows = rows(&drawing.pictures[0].slice);
    // Among 16 nodes the runs take 7, 8 or 9 rounds, twice as many nodes knowing it in each.
    let fourth = rows.iter().find(|row| &row[1] == "4").expect("a fourth round");
    let share = |column: usize| fourth[column].parse::<f64>().expect("a share");
    assert_eq!(share(4), 4.0 / 16.0);
    assert!(share(2) < share(3) && share(3) < share(4) && share(4) < share(6));
    let mut few = epidemic();
    few.series.retain(|row| row.run_id % 60 < 30);
    let drawing = (infection::CHART.draw)(&few).expect("a drawing");
    let rows = self::rows(&drawing.pictures[0].slice);
    assert!(rows.iter().all(|row| row[2].is_empty() && !row[3].is_empty()));
}

#[test]
fn rounds_that_double_with_the_logarithm_have_a_slope_of_two() {
    let drawing = (rounds_by_size::CHART.draw)(&epidemic()).expect("a drawing");
    let picture = &drawing.pictures[0];
    assert!(picture.description.contains("(2 ± "), "{}", picture.description);
    assert!(picture.description.ends_with("log₂ n + 0."), "{}", picture.description);
    let mut two = epidemic();
    two.runs.points.pop();
    assert!((rounds_by_size::CHART.draw)(&two).expect("a drawing").pictures.is_empty());
}

#[test]
fn forty_faults_with_long_names_stay_legible() {
    let mut tables = fixture();
    tables.faults.clear();
    for i in 0..40_u32 {
        tables.faults.push(FaultRow {
            point_id: "p0".to_owned(),
            kind: "delay".to_owned(),
            label: format!(
                "delay n{i}→n{} by {} ms on every message but heartbeats",
                i + 1,
                i * 10
            ),
            from_ms: f64::from(i * 37 % 97) * 100.0,
            to_ms: (i % 3 > 0).then_some(9900.0),
        });
    }
    let drawing = (availability::CHART.draw)(&tables).expect("a drawing");
    assert_legible(&drawing.pictures[0]);
    assert!(drawing.pictures[0].caption.contains("more faults are hatched but not named"));
}

#[test]
fn many_fault_scripts_with_long_names_stay_legible() {
    let mut tables = fixture();
    let template = tables.runs.points[0].clone();
    for i in 0..60 {
        tables.runs.points.push(Point {
            id: format!("x{i}"),
            fault_script: format!("partition-{i}-of-the-majority-with-a-leader-that-comes-back"),
            ..template.clone()
        });
    }
    let drawing = (verdicts::CHART.draw)(&tables).expect("a drawing");
    assert_legible(&drawing.pictures[0]);
    let (columns, all) = (48, 61);
    assert!(drawing.left_out.expect("a note").contains(&format!("{columns} of {all}")));
    assert!(drawing.pictures[0].svg.contains("not run"));
}

#[test]
fn hostile_names_come_out_as_text() {
    let hostile = "<script>alert(\"1\")</script>&amp;\u{0}\u{202e}";
    let mut tables = fixture();
    for point in &mut tables.runs.points {
        point.protocol = format!("{hostile}{}", point.protocol);
        point.fault_script = hostile.to_owned();
    }
    tables.faults[0].label = hostile.to_owned();
    for picture in pictures(&tables) {
        let document = Document::parse(&picture.svg).expect("well-formed XML");
        assert!(!document.descendants().any(|node| node.has_tag_name("script")));
        let shown = texts(&picture.svg).into_iter().any(|(text, _)| text.contains("<script>"));
        assert!(shown, "{}", picture.name);
        assert!(png(&picture.svg).is_ok(), "{}", picture.name);
    }
}

#[test]
fn a_point_id_cannot_choose_where_its_figure_is_written() {
    let mut tables = fixture();
    for (row, id) in ["../../p", "..\\..\\p"].into_iter().enumerate() {
        let old = tables.runs.points[row].id.clone();
        tables.runs.points[row].id = id.to_owned();
        for bucket in tables.timeline.iter_mut().filter(|bucket| bucket.point_id == old) {
            bucket.point_id = id.to_owned();
        }
    }
    let pictures = (availability::CHART.draw)(&tables).expect("a drawing").pictures;
    let names: Vec<&str> = pictures.iter().map(|picture| picture.name.as_str()).collect();
    assert_eq!(names[..2], ["availability-______p", "availability-______p-2"]);
}

#[test]
fn curves_stop_at_the_share_that_ended() {
    let tables = fixture();
    let drawing = (election_downtime::CHART.draw)(&tables).expect("a drawing");
    let shares: Vec<f64> = rows(&drawing.pictures[0].slice)
        .iter()
        .map(|row| row[5].parse().expect("a share"))
        .collect();
    assert_eq!(shares.iter().copied().fold(0.0, f64::max), 11.0 / 12.0);
    let text = Proportion { hits: 1, total: 12 }.share().expect("a sample");
    let printed = format!("▷ {} % still leaderless", crate::stats::percent(text));
    assert!(drawing.pictures[0].svg.contains(&printed), "{printed}");
}

#[test]
fn a_loss_rate_at_which_half_the_runs_answer_nothing_has_no_median() {
    let drawing = (latency_vs_loss::CHART.draw)(&fixture()).expect("a drawing");
    let rows = rows(&drawing.pictures[0].slice);
    let row = rows.iter().find(|row| &row[0] == "p5" && &row[2] == "p50").expect("a row");
    let (unanswered, latency, hi) = (&row[5], &row[6], &row[8]);
    assert_eq!((unanswered, latency, hi), ("8", "", ""), "{row:?}");
    assert!(drawing.pictures[0].svg.contains("unanswered at 20"));
}

#[test]
fn a_run_in_which_nobody_decides_is_one_without_a_quorum() {
    let drawing = (unavailability::CHART.draw)(&failing_nodes()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let cells = |row: usize| [1, 2, 3, 4, 5].map(|cell| rows[row][cell].to_owned());
    assert_eq!(cells(0), ["majority", "0.05", "20", "0", "0"]);
    assert_eq!(cells(5), ["grid(3, 3)", "0.4", "20", "12", "0.6"]);
    // 12 of 20 and 4 of 20 are far from 32 % and near 4 %; what was seen never counts as agreement.
    assert_eq!(&rows[5][8], "0.32000000000000006");
    assert!(picture.caption.contains("Open mark: 0 seen"), "{}", picture.caption);
}

#[test]
fn a_group_is_right_in_the_runs_that_decided_so_and_a_jury_as_often_as_the_theorem_says() {
    let drawing = (accuracy::CHART.draw)(&doubtful_juries()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let counted = rows.iter().map(|row| [2, 3, 4, 5].map(|cell| row[cell].to_owned()));
    let expected = [(0, 20, "1"), (20, 19, "0.95"), (40, 18, "0.9")];
    let second = [(0, 20, "1"), (20, 18, "0.9"), (40, 16, "0.8")];
    let cells = |(share, hits, ratio): &(u32, u32, &str)| {
        [share.to_string(), "20".to_owned(), hits.to_string(), (*ratio).to_owned()]
    };
    let expected: Vec<_> = expected.iter().chain(&second).map(cells).collect();
    assert_eq!(counted.collect::<Vec<_>>(), expected);
    let jury: f64 = rows[0][8].parse().expect("a number");
    assert!((jury - 0.68256).abs() < 1e-9, "{jury}");
    assert!(picture.svg.contains("jury"), "its line is named");
}

#[test]
fn a_protocol_without_a_leader_is_not_applicable_and_not_zero() {
    let pictures = (availability::CHART.draw)(&fixture()).expect("a drawing").pictures;
    let pbft = pictures.last().expect("a picture");
    assert!(pbft.svg.contains("n/a: the protocol has no leader"));
    assert!(!pictures[0].svg.contains("n/a"));
}

#[test]
fn a_picture_tells_its_title_and_what_is_to_be_seen() {
    for picture in pictures(&fixture()) {
        let document = Document::parse(&picture.svg).expect("well-formed XML");
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let text = |name: &str| {
            let node = root.children().find(|node| node.has_tag_name(name)).expect("present");
            node.text().expect("text").to_owned()
        };
        assert_eq!(text("title"), picture.title);
        assert_eq!(text("desc"), picture.description);
        assert!(picture.description.len() > 40, "{}", picture.description);
        assert!(picture.caption.to_lowercase().contains("interval"), "{}", picture.caption);
    }
}

#[test]
fn a_themed_picture_has_no_colour_left_that_the_page_cannot_change() {
    let picture = &pictures(&fixture())[0];
    let themed = themed(&picture.svg);
    assert!(themed.contains("var(--synod-ink, #222222)"));
    assert!(!themed.contains("=\"#"), "a plain colour is left");
    assert!(Document::parse(&themed).is_ok());
}
