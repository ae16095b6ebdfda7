//! Points that have a picture each: which, under what title and in which file.

use super::series::{distinguishing, settings, subject};
use super::shown::Shown;
use super::{Drawing, Picture};
use crate::error::Error;
use crate::row::{Point, Runs};

/// At most so many points have a picture of their own: nobody looks through a hundred.
const PICTURES_MAX: usize = 6;

/// A point that has a picture of its own.
pub(super) struct Pictured<'a> {
    pub(super) point: &'a Point,
    /// The parameters that tell it apart from the others; may be empty.
    settings: String,
    /// The picture's name, which is part of a file's.
    pub(super) name: String,
}

impl Pictured<'_> {
    /// The picture's title: what it shows, and of which point.
    pub(super) fn title(&self, what: &str) -> String {
        let subject = subject(std::iter::once(self.point));
        match self.settings.as_str() {
            "" => format!("{what}: {subject}"),
            settings => format!("{what}: {subject}, {settings}"),
        }
    }
}

/// A picture of each of these points, as many as anybody looks at.
pub(super) fn each_point<'a>(
    runs: &Runs,
    (chart, points): (&str, Vec<&'a Point>),
    picture: impl Fn(Pictured<'a>) -> Result<Picture, Error>,
) -> Result<Drawing, Error> {
    let params = distinguishing(runs, &points, &[]);
    let shown = Shown::of(points, PICTURES_MAX, "points");
    let mut taken: Vec<String> = Vec::new();
    let pictures = shown.things.iter().map(|&point| {
        let name = picture_name(chart, &point.id, &taken);
        taken.push(name.clone());
        picture(Pictured { point, settings: settings(runs, point, &params), name })
    });
    let pictures = pictures.collect::<Result<_, _>>()?;
    Ok(Drawing { pictures, left_out: shown.left_out() })
}

/// `<chart>-<point>`, safe as a part of a file name and different from those taken.
fn picture_name(chart: &str, point_id: &str, taken: &[String]) -> String {
    let safe = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '_',
    };
    let safe: String = point_id.chars().map(safe).take(60).collect();
    let base = format!("{chart}-{safe}");
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(base)
}
