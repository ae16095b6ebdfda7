//! The results as a chart: one bar per simulator and workload on a logarithmic axis.

use std::fmt::Write as _;

use crate::ALLOCATOR;
use crate::measure::{Row, Timing, ratios};
use crate::peer::Workload;
use crate::table::short;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 82.0;
const BAR: f64 = 20.0;
const GAP: f64 = 44.0;

const STYLE: &str = "text{font:13px sans-serif;fill:#222}.head{font-weight:bold}\
    .small{font-size:11.5px;fill:#555}.bar{fill:#8fa3b5}.own{fill:#1f5f99}\
    line{stroke:#ddd;stroke-width:1}";

/// The chart as an SVG document.
pub fn svg(rows: &[Row], repeat: u32) -> String {
    let rates = rows.iter().filter_map(|row| row.outcome.as_ref().ok()).map(Timing::rate);
    let (least, most) = rates
        .map(|rate| (rate / 1e6).log10())
        .fold((0.0_f64, 1.0_f64), |(least, most), log| (least.min(log), most.max(log)));
    let (least, most) = (least.floor(), most.ceil());
    let x = |log: f64| LEFT + (log - least) / (most - least) * (RIGHT - LEFT);
    let ratios = ratios(rows);
    let mut body = String::new();
    let mut y = TOP;
    for workload in Workload::ALL {
        let own = || rows.iter().zip(&ratios).filter(|(row, _)| row.workload == workload);
        text(&mut body, LEFT, y, "head", "start", workload.name());
        let (first, last) = (y + 10.0, y + 10.0 + BAR * own().count() as f64);
        for decade in least as i32..=most as i32 {
            let x = x(f64::from(decade));
            let _ = writeln!(body, r#"<line x1="{x:.1}" y1="{first}" x2="{x:.1}" y2="{last}"/>"#);
            let label = format!("{}", 10_f64.powi(decade));
            text(&mut body, x, last + 14.0, "small", "middle", &label);
        }
        y = first;
        for (row, ratio) in own() {
            let base = y + 14.0;
            let name = row.simulator.name();
            let who = format!("{name} {}", row.version);
            text(&mut body, LEFT - 8.0, base, "name", "end", &who);
            match (&row.outcome, ratio) {
                (Ok(timing), Some(ratio)) => {
                    let rate = timing.rate() / 1e6;
                    let width = x(rate.log10()) - LEFT;
                    let class = if name == "Synod" { "bar own" } else { "bar" };
                    let _ = writeln!(
                        body,
                        r#"<rect class="{class}" x="{LEFT}" y="{:.0}" width="{width:.1}" height="{:.0}"/>"#,
                        y + 2.0,
                        BAR - 4.0
                    );
                    let label = format!("{} M/s · {} × Synod", short(rate), short(*ratio));
                    text(&mut body, LEFT + width + 6.0, base, "value", "start", &label);
                }
                _ => text(
                    &mut body,
                    LEFT + 6.0,
                    base,
                    "small",
                    "start",
                    "not expressible or not run",
                ),
            }
            y += BAR;
        }
        y += GAP;
    }
    let height = y + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let caption = format!(
        "one thread; the shortest of {repeat} interleaved repetitions, each warmed up in a process \
         of its own; logarithmic axis"
    );
    text(&mut svg, 16.0, 22.0, "head", "start", "Million events per second of CPU time");
    text(&mut svg, 16.0, 40.0, "small", "start", &caption);
    text(&mut svg, 16.0, 55.0, "small", "start", &format!("allocator: {ALLOCATOR}"));
    svg + &body + "</svg>\n"
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
    );
}
