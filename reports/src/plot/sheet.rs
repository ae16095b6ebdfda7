//! The sheet that every chart is drawn on: title, caption, panels, and marks in pixels.
//!
//! `plotters` draws in whole units. A sheet is therefore ten units to the pixel, and the SVG's view
//! box says so: coordinates are rounded to a tenth of a pixel, which is finer than a screen and
//! coarse enough for the same bytes on every machine.

use super::palette::{Dash, GRID, HATCH, INK, MUTED, Marker, PAPER};
use super::scale::Scale;
use super::{Picture, label};
use crate::error::Error;
use plotters::coord::Shift;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, DashedLineSeries, DrawingArea, DrawingAreaErrorKind,
    FontTransform, IntoDrawingArea, IntoFont, LineSeries, PathElement, Polygon, RGBColor,
    SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};
use std::io;

/// The width of every figure in pixels.
pub(super) const WIDTH: f64 = 960.0;
/// What lies between the figure's edge and its text.
pub(super) const MARGIN: f64 = 16.0;
/// Where the body begins, below the title.
pub(super) const TOP: f64 = 46.0;
/// The size of labels and tick marks' numbers.
pub(super) const SMALL: f64 = 12.0;
/// From line to line of small text.
pub(super) const LINE: f64 = 16.0;
/// Room for the numbers and the name of a vertical axis.
pub(super) const Y_LABELS: f64 = 66.0;
/// Room for the numbers and the name of a horizontal axis.
pub(super) const X_LABELS: f64 = 44.0;

/// Drawing units per pixel.
const UNITS: f64 = 10.0;
/// `plotters` divides a font's size by this before it writes it.
const FONT_FACTOR: f64 = 1.24;

/// What a drawing operation gives back.
pub(super) type Drawn = Result<(), Failed>;
/// A pair of axes to draw on.
pub(super) type Panel<'s, 'a> = ChartContext<'s, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

/// The drawing library refused.
#[derive(Debug)]
pub(super) struct Failed(String);

impl From<DrawingAreaErrorKind<io::Error>> for Failed {
    fn from(error: DrawingAreaErrorKind<io::Error>) -> Self {
        Self(error.to_string())
    }
}

/// What surrounds a figure's body.
pub(super) struct Frame {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) caption: String,
    /// The height between title and caption, in pixels.
    pub(super) body: f64,
}

/// Where a panel's axes enclose, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Where a text stands relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A figure being drawn.
pub(super) struct Sheet<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
}

impl Frame {
    /// Draws the figure; `slice` is the data drawn, as CSV.
    pub(super) fn picture(
        self,
        slice: String,
        body: impl FnOnce(&Sheet<'_>) -> Drawn,
    ) -> Result<Picture, Error> {
        let svg = self.paint(body)?;
        let Self { name, title, description, caption, .. } = self;
        Ok(Picture { name, title, description, caption, svg, slice })
    }

    /// Draws title and caption around what `body` draws, and gives the SVG.
    fn paint(&self, body: impl FnOnce(&Sheet<'_>) -> Drawn) -> Result<String, Error> {
        let caption = label::wrap(&label::clean(&self.caption), SMALL, WIDTH - 2.0 * MARGIN, 8);
        let height = TOP + self.body + caption.len() as f64 * LINE + MARGIN;
        let mut svg = String::new();
        let draw = |svg: &mut String| -> Drawn {
            let size = (units(WIDTH) as u32, units(height) as u32);
            let sheet = Sheet { root: SVGBackend::with_string(svg, size).into_drawing_area() };
            sheet.root.fill(&PAPER)?;
            sheet.title(&label::clean(&self.title))?;
            body(&sheet)?;
            for (index, line) in caption.iter().enumerate() {
                let y = TOP + self.body + LINE / 2.0 + index as f64 * LINE;
                sheet.text((MARGIN, y), line, SMALL, MUTED, Anchor::Start)?;
            }
            sheet.root.present()?;
            Ok(())
        };
        draw(&mut svg)
            .map_err(|Failed(message)| Error::Draw { figure: self.name.clone(), message })?;
        Ok(self.accessible(&svg, height))
    }

    /// Replaces the root element by one that has the size in pixels and says what is to be seen.
    fn accessible(&self, svg: &str, height: f64) -> String {
        let body = svg.split_once(">\n").map_or("", |(_, body)| body);
        let (title, description) = (escape(&self.title), escape(&self.description));
        let (w, h) = (units(WIDTH), units(height));
        let (px_w, px_h) = (WIDTH, f64::from(h) / UNITS);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{px_w}\" height=\"{px_h}\" \
             viewBox=\"0 0 {w} {h}\" role=\"img\" \
             aria-label=\"{title}. {description}\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n{body}"
        )
    }
}

impl<'a> Sheet<'a> {
    /// Draws a pair of axes with their grid, numbers and names. An axis without a name has no
    /// numbers either.
    pub(super) fn panel<'s>(
        &'s self,
        rect: Rect,
        (x, x_name): (&Scale, Option<&str>),
        (y, y_name): (&Scale, &str),
    ) -> Result<Panel<'s, 'a>, Failed> {
        let (width, height) = self.root.dim_in_pixel();
        let x_labels = if x_name.is_some() { X_LABELS } else { 0.0 };
        let mut panel = ChartBuilder::on(&self.root)
            .margin_left(units(rect.left - Y_LABELS))
            .margin_top(units(rect.top))
            .margin_right(width as i32 - units(rect.right))
            .margin_bottom(height as i32 - units(rect.bottom + x_labels))
            .x_label_area_size(units(x_labels))
            .y_label_area_size(units(Y_LABELS))
            .build_cartesian_2d(x.clone(), y.clone())?;
        panel
            .configure_mesh()
            .axis_style(stroke(MUTED, 1.0))
            .bold_line_style(stroke(GRID, 1.0))
            .light_line_style(GRID.mix(0.0))
            .label_style(style(SMALL, INK, Anchor::Middle))
            .axis_desc_style(style(13.0, INK, Anchor::Middle))
            // Long enough to keep the numbers at the corner of the two axes apart.
            .set_all_tick_mark_size(units(7.0))
            .x_desc(x_name.unwrap_or_default())
            .y_desc(y_name)
            .draw()?;
        Ok(panel)
    }

    /// The title: in one line, or smaller in two. What tells it from its neighbours stands at its end.
    fn title(&self, title: &str) -> Drawn {
        let room = WIDTH - 2.0 * MARGIN;
        if label::width(title, 18.0) <= room {
            return self.text((MARGIN, 26.0), title, 18.0, INK, Anchor::Start);
        }
        for (line, y) in label::wrap(title, 14.0, room, 2).iter().zip([17.0, 35.0]) {
            self.text((MARGIN, y), line, 14.0, INK, Anchor::Start)?;
        }
        Ok(())
    }

    /// One line of text whose middle height is at `y`.
    pub(super) fn text(
        &self,
        (x, y): (f64, f64),
        text: &str,
        size: f64,
        color: RGBColor,
        anchor: Anchor,
    ) -> Drawn {
        let at = (units(x), units(y));
        self.root.draw(&Text::new(label::clean(text), at, style(size, color, anchor)))?;
        Ok(())
    }

    /// A line through these points.
    pub(super) fn line(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
        self.root.draw(&PathElement::new(all_units(points), stroke(color, width)))?;
        Ok(())
    }

    /// A filled polygon.
    pub(super) fn fill(&self, points: &[(f64, f64)], color: RGBColor, opacity: f64) -> Drawn {
        self.root.draw(&Polygon::new(all_units(points), color.mix(opacity).filled()))?;
        Ok(())
    }

    /// Diagonal hatching of a rectangle: what is marked so is marked without colour.
    pub(super) fn hatch(&self, rect: Rect) -> Drawn {
        const SPACING: f64 = 9.0;
        let corners = [
            (rect.left, rect.top),
            (rect.right, rect.top),
            (rect.right, rect.bottom),
            (rect.left, rect.bottom),
        ];
        self.fill(&corners, HATCH, 0.10)?;
        let height = rect.bottom - rect.top;
        // The lines x + y = constant, on a raster of the sheet so that neighbours continue.
        let first = ((rect.left + rect.top) / SPACING).ceil() as i64;
        let last = ((rect.right + rect.bottom) / SPACING).floor() as i64;
        for index in first..=last {
            let sum = index as f64 * SPACING;
            let x_top = (sum - rect.top).min(rect.right);
            let x_bottom = (sum - rect.bottom).max(rect.left);
            if x_top - x_bottom > 0.5 && x_top - x_bottom <= height + 0.5 {
                let ends =
                    [(units(x_bottom), units(sum - x_bottom)), (units(x_top), units(sum - x_top))];
                let thin = HATCH.mix(0.45).stroke_width(units(0.7) as u32);
                self.root.draw(&PathElement::new(ends, thin))?;
            }
        }
        Ok(())
    }

    /// A data point.
    pub(super) fn marker(&self, marker: Marker, (x, y): (f64, f64), color: RGBColor) -> Drawn {
        const R: f64 = 4.0;
        let outline: &[(f64, f64)] = match marker {
            Marker::Circle => &[
                (0.0, -1.0),
                (0.71, -0.71),
                (1.0, 0.0),
                (0.71, 0.71),
                (0.0, 1.0),
                (-0.71, 0.71),
                (-1.0, 0.0),
                (-0.71, -0.71),
            ],
            Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Marker::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Marker::Diamond => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
            Marker::Bar => &[(-1.2, -0.4), (1.2, -0.4), (1.2, 0.4), (-1.2, 0.4)],
            Marker::Cross => {
                let arm = |dx: f64| [(x - R * dx, y - R), (x + R * dx, y + R)];
                self.line(&arm(1.0), color, 1.8)?;
                return self.line(&arm(-1.0), color, 1.8);
            }
        };
        let points: Vec<(f64, f64)> =
            outline.iter().map(|(dx, dy)| (x + R * dx, y + R * dy)).collect();
        self.fill(&points, color, 1.0)
    }

    /// The mark of a curve that stops because the watching did: an open triangle to the right.
    pub(super) fn censor_mark(&self, (x, y): (f64, f64), color: RGBColor) -> Drawn {
        self.line(&[(x, y - 5.0), (x + 8.0, y), (x, y + 5.0), (x, y - 5.0)], color, 1.6)
    }
}

/// A line in a panel's own units, solid or dashed.
pub(super) fn curve(
    panel: &mut Panel<'_, '_>,
    points: &[(f64, f64)],
    color: RGBColor,
    width: f64,
    dash: Dash,
) -> Drawn {
    let line = stroke(color, width);
    match dash {
        None => panel.draw_series(LineSeries::new(points.iter().copied(), line))?,
        Some((on, off)) => {
            let dashes = DashedLineSeries::new(points.iter().copied(), units(on), units(off), line);
            panel.draw_series(dashes)?
        }
    };
    Ok(())
}

/// The area between two edges that run the same way, in a panel's own units.
pub(super) fn band(
    panel: &mut Panel<'_, '_>,
    edges: [Vec<(f64, f64)>; 2],
    color: RGBColor,
    opacity: f64,
) -> Drawn {
    let [mut outline, back] = edges;
    outline.extend(back.into_iter().rev());
    if outline.len() > 2 {
        panel.draw_series([Polygon::new(outline, color.mix(opacity).filled())])?;
    }
    Ok(())
}

/// Where a panel's value lies on the sheet, in pixels.
pub(super) fn pixel(panel: &Panel<'_, '_>, at: (f64, f64)) -> (f64, f64) {
    let (x, y) = panel.backend_coord(&at);
    (f64::from(x) / UNITS, f64::from(y) / UNITS)
}

fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

fn all_units(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (units(x), units(y))).collect()
}

fn stroke(color: RGBColor, width: f64) -> ShapeStyle {
    color.stroke_width(units(width) as u32)
}

fn style(size: f64, color: RGBColor, anchor: Anchor) -> TextStyle<'static> {
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    ("sans-serif", size * UNITS * FONT_FACTOR)
        .into_font()
        .transform(FontTransform::None)
        .color(&color)
        .pos(Pos::new(horizontal, VPos::Center))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in label::clean(text).chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
