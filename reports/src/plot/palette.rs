//! Colours, dashes and markers.
//!
//! The colours are after Okabe and Ito, darkened until they carry thin lines on white. No series is
//! told apart by colour alone: each also has a dash, a marker and its name beside it.

use plotters::style::RGBColor;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Text of second rank.
pub(super) const MUTED: RGBColor = RGBColor(0x59, 0x59, 0x59);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xe2, 0xe2, 0xe2);
/// The ground.
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// The hatching of faults and of cells without data.
pub(super) const HATCH: RGBColor = RGBColor(0x8a, 0x8a, 0x8a);

/// The colours of the series, in their order.
pub(super) const SERIES: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xb3, 0x47, 0x00),
    RGBColor(0x00, 0x75, 0x5a),
    RGBColor(0x8f, 0x4a, 0x82),
    RGBColor(0x7a, 0x66, 0x00),
    RGBColor(0x4a, 0x4a, 0x4a),
];

/// How many series a chart shows at most: more cannot be told apart.
pub(super) const SERIES_MAX: usize = SERIES.len();

/// Every colour above as it stands in an SVG, its CSS variable, and its value on a dark ground.
const THEME: [(&str, &str, &str); 11] = [
    ("#222222", "--synod-ink", "#e8e8e8"),
    ("#595959", "--synod-muted", "#b0b0b0"),
    ("#E2E2E2", "--synod-grid", "#3a3a3a"),
    ("#FFFFFF", "--synod-paper", "#161616"),
    ("#8A8A8A", "--synod-hatch", "#8a8a8a"),
    ("#0072B2", "--synod-series-1", "#56b4e9"),
    ("#B34700", "--synod-series-2", "#f0a35e"),
    ("#00755A", "--synod-series-3", "#3fc59c"),
    ("#8F4A82", "--synod-series-4", "#d79ac4"),
    ("#7A6600", "--synod-series-5", "#dccb5a"),
    ("#4A4A4A", "--synod-series-6", "#c4c4c4"),
];

/// A figure for inlining in HTML: its colours become CSS variables, light by default and dark where
/// the reader prefers dark.
///
/// The page may override the variables (`--synod-ink`, `--synod-paper`, `--synod-series-1`, …) on
/// any element around the figure. The files written beside a sweep are not themed, because not
/// every program that shows an SVG knows variables.
pub fn themed(svg: &str) -> String {
    let mut themed = svg.to_owned();
    let mut dark = String::new();
    for (light, variable, value) in THEME {
        let coloured = format!("\"var({variable}, {light})\"");
        themed = themed.replace(&format!("\"{light}\""), &coloured);
        dark.push_str(&format!("{variable}:{value};"));
    }
    let style = format!("<style>@media (prefers-color-scheme: dark){{:root{{{dark}}}}}</style>\n");
    if let Some(at) = themed.find("</desc>\n") {
        themed.insert_str(at + "</desc>\n".len(), &style);
    }
    themed
}

/// A dash pattern: pixels drawn, pixels left out; `None` is a solid line.
pub(super) type Dash = Option<(f64, f64)>;

/// The dash patterns of the series, in their order.
pub(super) const DASHES: [Dash; SERIES_MAX] = [
    None,
    Some((9.0, 4.0)),
    Some((3.0, 3.0)),
    Some((14.0, 4.0)),
    Some((6.0, 6.0)),
    Some((2.0, 5.0)),
];

/// The shape of a data point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Bar,
}

/// The markers of the series, in their order.
pub(super) const MARKERS: [Marker; SERIES_MAX] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Cross, Marker::Bar];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_drawn_has_a_variable_for_the_dark() {
        for RGBColor(r, g, b) in SERIES.into_iter().chain([INK, MUTED, GRID, PAPER, HATCH]) {
            let hex = format!("#{r:02X}{g:02X}{b:02X}");
            assert!(THEME.iter().any(|(light, ..)| *light == hex), "{hex}");
        }
    }

    #[test]
    fn series_contrast_with_the_paper_by_at_least_four_and_a_half() {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        for RGBColor(r, g, b) in SERIES.into_iter().chain([INK, MUTED]) {
            let luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            assert!(1.05 / (luminance + 0.05) >= 4.5, "{r:02x}{g:02x}{b:02x}");
        }
    }
}
