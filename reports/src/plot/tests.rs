//! Claims about every chart: golden pictures, no two labels on each other, nothing outside.
//!
//! The fixtures are small enough to check by hand and hostile where names are free.

mod fixtures;

use super::*;
use crate::row::{FaultRow, HistRow, Point};
use crate::stats::Proportion;
use expect_test::expect_file;
use fixtures::{
    besieged, doubtful_juries, epidemic, failing_nodes, fixture, fixtures, juries, panels,
    replicas, suspects, thefts,
};
use resvg::usvg::roxmltree::{Document, Node};

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

#[test]
fn each_chart_draws_its_golden_picture() {
    for chart in CHARTS {
        let draws = |tables: &Tables| (chart.draw)(tables).expect("a drawing").pictures;
        let picture = fixtures().iter().find_map(|tables| draws(tables).into_iter().next());
        let picture = picture.expect("a fixture that it draws");
        let path = format!("{}/tests/golden/{}.svg", env!("CARGO_MANIFEST_DIR"), picture.name);
        expect_file![path].assert_eq(&picture.svg);
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
    // A third of the runs each is slow, as the median, or quick.
    assert!(share(2) == share(3) && share(3) < share(4) && share(4) < share(5));
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
fn a_size_of_which_a_run_never_reaches_nearly_all_has_no_mean() {
    let mut tables = epidemic();
    let mut fourth = tables.runs.points[0].clone();
    fourth.params[0] = "1024".to_owned();
    tables.runs.points.push(fourth);
    tables.runs.metrics.push("rounds_99_count_censored".to_owned());
    for run in tables.runs.points.iter_mut().flat_map(|point| &mut point.runs) {
        run.metrics.push(Some(0.0));
    }
    tables.runs.points[3].runs[7].metrics[1] = Some(1.0);
    let drawing = (rounds_by_size::CHART.draw)(&tables).expect("a drawing");
    let rows = rows(&drawing.pictures[0].slice);
    let sizes: Vec<&str> = rows.iter().map(|row| &row[2]).collect();
    assert_eq!(sizes, ["16", "64", "256"]);
    assert!(drawing.pictures[0].description.contains("(2 ± "), "it does not bend the line");
}

#[test]
fn runs_that_stay_apart_are_in_no_curve_of_convergence_and_in_its_share() {
    let drawing = (convergence::CHART.draw)(&replicas(&[4])).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let of_states = rows.iter().filter(|row| &row[0] == "p2");
    let highest = of_states.clone().map(|row| row[5].parse::<f64>().expect("a share"));
    assert_eq!(highest.fold(0.0, f64::max), 55.0 / 60.0);
    assert!(of_states.clone().all(|row| &row[2] != "9000"), "{}", picture.slice);
    assert!(picture.svg.contains("▷ apart: 5 of 60 (3.6–18 %)"), "{}", picture.description);
    let all_at_once = |tables: &mut Tables| {
        let runs = tables.runs.points.iter_mut().flat_map(|point| &mut point.runs);
        runs.take(5).for_each(|run| run.metrics[0] = Some(0.0));
    };
    let mut tables = replicas(&[4]);
    all_at_once(&mut tables);
    let drawing = (convergence::CHART.draw)(&tables).expect("a drawing");
    assert!(drawing.pictures[0].caption.contains("did not wait at all are at the left edge"));
    assert!(!picture.caption.contains("left edge"));
}

#[test]
fn replicas_are_in_as_many_states_as_in_the_median_run_until_the_next_change() {
    let drawing = (divergence::CHART.draw)(&replicas(&[4])).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let at = |point: &str, seconds: f64| {
        let own = rows.iter().filter(|row| &row[0] == point);
        let mut before = own.filter(|row| row[1].parse::<f64>().expect("a time") <= seconds);
        let row = before.next_back().expect("a place");
        [2, 4, 6].map(|column| row[column].parse::<f64>().expect("a number of states"))
    };
    assert_eq!(at("p0", 0.5), [1.0, 1.0, 1.0]);
    assert_eq!(at("p0", 3.0), [3.0, 3.0, 3.0]);
    // The runs come together from 7 s on, a ninth of them every tenth of a second.
    assert_eq!(at("p0", 7.3), [1.0, 2.0, 2.0]);
    assert_eq!(at("p0", 7.6), [1.0, 1.0, 2.0]);
    assert_eq!(at("p0", 7.8), [1.0, 1.0, 1.0]);
    // A twelfth of the runs by states never comes together.
    assert_eq!(at("p2", 7.8), [1.0, 1.0, 2.0]);
    // The second panel's faults are those of the first; the third has one of its own.
    assert_eq!(picture.svg.matches("partition n0").count(), 2);
    let mut few = replicas(&[4]);
    few.series.retain(|row| row.run_id % 60 < 30);
    let drawing = (divergence::CHART.draw)(&few).expect("a drawing");
    assert!(self::rows(&drawing.pictures[0].slice).iter().all(|row| row[2].is_empty()));
    few.series.retain(|row| row.run_id % 60 < 4);
    let drawing = (divergence::CHART.draw)(&few).expect("a drawing");
    assert!(drawing.pictures.is_empty() && drawing.left_out.is_some());
}

#[test]
fn opinions_that_come_together_elsewhere_in_each_run_narrow_the_band_all_the_same() {
    let mut tables = panels();
    for row in &mut tables.series {
        row.y += 1_000.0 * row.run_id as f64;
    }
    let drawing = (opinions::CHART.draw)(&tables).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let band = rows.iter().filter(|row| &row[1] == "band");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let widths: Vec<f64> = band.map(|row| number(&row[5]) - number(&row[4])).collect();
    // From 200 · 2 either way on by halves.
    assert_eq!(widths, [800.0, 400.0, 200.0, 100.0, 50.0, 25.0]);
}

#[test]
fn a_title_that_is_too_long_for_a_line_is_told_to_its_end_in_two() {
    let mut tables = panels();
    let long = "an-axis-of-agents-and-their-adversary-under-a-name-that-is-rather-long";
    tables.runs.points[0].fault_script = format!("{long}-and-goes-on-to-the-very-last-word");
    let drawing = (opinions::CHART.draw)(&tables).expect("a drawing");
    let svg = &drawing.pictures[0].svg;
    let drawn = svg.split_once("</desc>").expect("a description").1;
    assert!(drawn.contains("last-word"), "{}", drawing.pictures[0].title);
}

#[test]
fn bytes_that_grow_with_a_power_of_the_replicas_have_it_for_their_slope() {
    let drawing = (traffic::CHART.draw)(&replicas(&[4, 8, 16, 32])).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    for told in ["slope 1.00 ± ", "slope 2.00 ± ", "slope 3.00 ± "] {
        assert!(picture.svg.contains(told), "{told}: {}", picture.description);
    }
    for told in [" 0 % redundant", " 30 % redundant", " 60 % redundant"] {
        assert!(picture.description.contains(told), "{told}: {}", picture.description);
    }
    let rows = rows(&picture.slice);
    assert_eq!([&rows[3][2], &rows[3][3], &rows[3][7]], ["32", "60", "0"]);
    let mut two = replicas(&[4, 8]);
    assert!((traffic::CHART.draw)(&two).expect("a drawing").pictures.is_empty());
    two = replicas(&[4, 8, 16]);
    two.runs.metrics[3] = "other".to_owned();
    let drawing = (traffic::CHART.draw)(&two).expect("a drawing");
    assert!(drawing.pictures[0].description.contains("redundant: no data"));
}

#[test]
fn a_detector_is_drawn_for_all_thresholds_and_marked_where_it_was_run() {
    let drawing = (detector::CHART.draw)(&suspects()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let told = |source: &str, threshold: &str| {
        let row = rows.iter().find(|row| &row[2] == source && &row[3] == threshold);
        let row = row.expect("a threshold");
        [4, 7].map(|column| row[column].parse::<f64>().expect("a share"))
    };
    assert_eq!(rows.len(), 32 + 3, "one curve, of the highest threshold's runs");
    // 16 of the 20 seeds double to 8 or more, 4 to 32 or more.
    assert_eq!(told("suspicion", "8"), [0.2, 0.8]);
    assert_eq!(told("alarm", "8"), [0.2, 0.8]);
    assert_eq!(told("alarm", "32"), [0.0, 0.2]);
    assert!(picture.caption.contains("blamed in 0 of 20 (≤ 16 %) runs"), "{}", picture.caption);
    let mut one = suspects();
    one.runs.points.truncate(1);
    let drawing = (detector::CHART.draw)(&one).expect("a drawing");
    assert!(!drawing.pictures[0].caption.contains("Numbered marks"), "nothing was varied");
}

#[test]
fn an_attack_that_was_watched_for_a_short_time_does_not_count_as_unnoticed_for_ever() {
    let drawing = (time_to_detect::CHART.draw)(&suspects()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let of = |point: &'static str| {
        let own = rows.iter().filter(move |row| &row[0] == point);
        own.map(|row| [2, 3, 5].map(|column| row[column].parse::<f64>().expect("a number")))
    };
    assert_eq!(of("p0").next_back(), Some([58.0, 1.0, 0.0]), "all were noticed");
    // By 512 ms four had been noticed and the watching of one had ended.
    let step = of("p2").find(|row| row[0] == 512.0).expect("a step");
    let before = of("p2").take_while(|row| row[0] < 512.0).last().expect("a step");
    assert_eq!(step[1], 15.0);
    assert!((step[2] - before[2] * 14.0 / 15.0).abs() < 1e-12, "{before:?} {step:?}");
    let last = of("p2").next_back().expect("a step");
    assert!(last[2] > 0.0 && last[2] < 4.0 / 20.0 * 2.0, "{last:?}");
    assert!(picture.caption.contains("(4 in all)"), "{}", picture.caption);
    assert!(picture.svg.contains("half in 704 ms, 11 % not by the end"), "{}", picture.description);
    let mut blind = suspects();
    let column = blind.runs.metric("detect_attack_ms_censored").expect("a twin");
    blind.runs.points[0].runs.iter_mut().for_each(|run| run.metrics[column] = Some(1.0));
    let drawing = (time_to_detect::CHART.draw)(&blind).expect("a drawing");
    assert!(drawing.pictures[0].svg.contains("noticed: 0 of 20 (≤ 16 %)"), "a share of nothing");
}

#[test]
fn a_stolen_key_works_until_the_news_is_out_and_has_no_median_where_half_of_them_work_to_the_end() {
    let drawing = (exposure::CHART.draw)(&thefts()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let told: Vec<[&str; 2]> = rows.iter().map(|row| [&row[2], &row[4]]).collect();
    // Of 20 runs the tenth: 50 or 800 ms times 1.9 after the victim noticed.
    let quick = [["0", "95"], ["1000", "1095"], ["4000", "4095"]];
    let slow = [["0", "1520"], ["1000", "2520"], ["4000", ""]];
    assert_eq!(told, [quick, slow].concat());
    assert!(picture.caption.contains("Without a mark: 1 where half"), "{}", picture.caption);
    let mut one = thefts();
    one.runs.points.truncate(1);
    let drawing = (exposure::CHART.draw)(&one).expect("a drawing");
    assert!(drawing.pictures.is_empty(), "no curve of one point");
}

#[test]
fn what_a_defence_stops_is_0_and_what_nobody_tried_is_hatched() {
    let drawing = (defences::CHART.draw)(&besieged()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let told: Vec<[&str; 4]> =
        rows.iter().map(|row| [0, 1, 2, 3].map(|place: usize| &row[place])).collect();
    let but = "all but replay-window";
    let expected = [
        ["all", "impersonation", "20", "0"],
        ["all", "replay", "20", "0"],
        ["none", "impersonation", "20", "0.75"],
        ["none", "replay", "20", "0.25"],
        [but, "impersonation", "20", "0"],
        [but, "replay", "20", "0.5"],
        [but, "split-view", "20", "1"],
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert_eq!(told[..3], expected[..3]);
        let [told, expected] = [told[3], expected[3]].map(|text| text.parse::<f64>().expect(text));
        assert!((told - expected).abs() < 1e-9, "{told} for {expected}");
    }
    assert_eq!(told.len(), expected.len(), "where nothing was attempted there is no share");
    let texts: Vec<String> = texts(&picture.svg).into_iter().map(|(text, _)| text).collect();
    let drawn = |word: &str| texts.iter().filter(|text| *text == word).count();
    assert_eq!([drawn("0"), drawn("75"), drawn("25"), drawn("50"), drawn("100")], [3, 1, 1, 1, 1]);
    // 0 of 20 runs is a bound, and half of what was tried in each is nearly sure.
    assert_eq!(&rows[0][5].parse::<f64>().map(|hi| (hi * 100.0).round()), &Ok(16.0));
    assert_eq!(&rows[5][5].parse::<f64>().map(|hi| (hi * 100.0).round()), &Ok(55.0));
    assert!(picture.description.contains("all: 2 of 2; none: 0 of 2"), "{}", picture.description);
}

#[test]
fn juries_are_captured_as_often_as_counting_says_and_never_where_one_counts_once() {
    let drawing = (sybil::CHART.draw)(&juries()).expect("a drawing");
    let [picture] = drawing.pictures.as_slice() else { panic!("one picture") };
    let rows = rows(&picture.slice);
    let told: Vec<[f64; 4]> = rows
        .iter()
        .map(|row| [2, 3, 4, 8].map(|column| row[column].parse().expect("a number")))
        .collect();
    assert!(told[..3].iter().all(|row| row[2] == 0.0 && row[3] == 0.0), "{told:?}");
    // C(4,3)C(10,2) + C(4,4)C(10,1) of C(14,5); 80 juries, of which 7.6 were captured.
    assert!((told[4][3] - 190.0 / 2_002.0).abs() < 1e-12, "{told:?}");
    assert_eq!((told[4][1], told[4][2]), (80.0, 7.0));
    assert!(picture.caption.contains("6 of 6 intervals hold it"), "{}", picture.caption);
    let mut one = juries();
    one.runs.points.retain(|point| point.params[1] == "4");
    assert!((sybil::CHART.draw)(&one).expect("a drawing").pictures.is_empty());
}

#[test]
fn forty_faults_with_long_names_stay_legible() {
    let fault = |i: u32| FaultRow {
        point_id: "p0".to_owned(),
        kind: "delay".to_owned(),
        label: format!("delay n{i}→n{} by {} ms on every message but heartbeats", i + 1, i * 10),
        from_ms: f64::from(i * 37 % 97) * 100.0,
        to_ms: (!i.is_multiple_of(3)).then_some(9900.0),
    };
    let charts = [(availability::CHART, fixture()), (divergence::CHART, replicas(&[4]))];
    for (chart, mut tables) in charts {
        tables.faults.retain(|fault| fault.point_id != "p0");
        tables.faults.extend((0..40).map(fault));
        let drawing = (chart.draw)(&tables).expect("a drawing");
        assert_legible(&drawing.pictures[0]);
        assert!(drawing.pictures[0].caption.contains("more faults are hatched but not named"));
    }
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
    let mut all = [fixture(), replicas(&[4, 8, 16])];
    for tables in &mut all {
        for point in &mut tables.runs.points {
            point.protocol = format!("{hostile}{}", point.protocol);
            point.fault_script = hostile.to_owned();
        }
        tables.faults[0].label = hostile.to_owned();
    }
    for picture in all.iter().flat_map(pictures) {
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
    let printed = format!("▷ leaderless: {}", Proportion { hits: 1, total: 12 }.text());
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
    for picture in fixtures().iter().flat_map(pictures) {
        let document = Document::parse(&picture.svg).expect("well-formed XML");
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let text = |name: &str| {
            let node = root.children().find(|node| node.has_tag_name(name)).expect("present");
            node.text().expect("text").to_owned()
        };
        assert_eq!(text("title"), picture.title);
        assert_eq!(text("desc"), picture.description);
        assert!(picture.description.len() > 25, "{}", picture.description);
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

#[test]
fn answers_at_once_do_not_stretch_the_axis_of_those_that_take_their_time() {
    let mut tables = fixture();
    let point_id = tables.runs.points[0].id.clone();
    tables.hist.retain(|row| row.point_id != point_id);
    let metric = "decide_ms".to_owned();
    tables.hist.push(HistRow { point_id, metric, ge_ms: 0.0, lt_ms: 1e-6, count: 50 });
    let drawing = (latency_cdf::CHART.draw)(&tables).expect("a drawing");
    assert!(!drawing.pictures[0].svg.contains("0.00001"));
    let all = tables.runs.points[0].id.clone();
    tables.hist.retain(|row| row.point_id == all);
    let drawing = (latency_cdf::CHART.draw)(&tables).expect("a drawing");
    assert_eq!(drawing.pictures.len(), 1, "all of them at once");
}
