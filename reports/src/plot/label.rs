//! Text that has to fit: measuring, shortening, wrapping, and keeping labels apart.
//!
//! Names come from scenario files and may be long, many or hostile. Widths are measured with the
//! font that the PNG is set in. It is a wide one, so what fits here fits in the narrower fonts that
//! a browser may choose for the SVG.

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// The width of `text` at `size` pixels, in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let font = FontRef::new(dejavu::sans::regular()).expect("the embedded font is one");
    let charmap = font.charmap();
    // Measured at 1000 units per em and then scaled: the same for every size.
    let metrics = font.glyph_metrics(Size::new(1000.0), LocationRef::default());
    let units = text.chars().map(|letter| {
        let glyph = charmap.map(letter).unwrap_or_default();
        f64::from(metrics.advance_width(glyph).unwrap_or(1000.0))
    });
    units.sum::<f64>() * size / 1000.0
}

/// Text as XML can carry it and a line can show it: control characters become spaces.
pub(super) fn clean(text: &str) -> String {
    let visible = |letter: char| {
        let forbidden = letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}');
        // Marks that reverse the direction of writing could make one name read as another.
        let reversing = matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}');
        if forbidden || reversing { ' ' } else { letter }
    };
    text.chars().map(visible).collect()
}

/// `text`, or as much of its beginning as fits with an ellipsis.
pub(super) fn shorten(text: &str, size: f64, width_max: f64) -> String {
    if width(text, size) <= width_max {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size) + width("…", size) > width_max {
            kept.pop();
            break;
        }
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// `text` in lines that fit, broken after spaces, hyphens, underscores, commas and slashes, but not
/// between a number and its unit; the last line ends in an ellipsis when there would be more than
/// `lines_max`.
pub(super) fn wrap(text: &str, size: f64, width_max: f64, lines_max: usize) -> Vec<String> {
    let text = [" = ", " %", " ms", " µs", "≤ ", "≥ ", "▷ "]
        .into_iter()
        .fold(text.to_owned(), |text, unit| text.replace(unit, &unit.replace(' ', "\u{a0}")));
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in text.split_inclusive([' ', '-', '_', ',', '/']) {
        if !line.is_empty() && width((line.clone() + piece).trim_end(), size) > width_max {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(piece);
    }
    lines.push(line);
    if lines.len() > lines_max {
        let rest = lines.split_off(lines_max - 1).concat();
        // The ellipsis must appear even where the last line alone would fit.
        lines.push(shorten(&(rest + &" ".repeat(400)), size, width_max));
    }
    let shown = |line: &String| shorten(line.trim_end(), size, width_max).replace('\u{a0}', " ");
    lines.iter().map(shown).collect()
}

/// Puts each extent (from, to) into the first lane where it stays `gap` clear of what is there, in
/// order of their beginnings. Returns the lane of each.
pub(super) fn lanes(extents: &[(f64, f64)], gap: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..extents.len()).collect();
    order.sort_by(|&a, &b| extents[a].0.total_cmp(&extents[b].0).then(a.cmp(&b)));
    let mut ends: Vec<f64> = Vec::new();
    let mut lane_of = vec![0; extents.len()];
    for index in order {
        let (from, to) = extents[index];
        let lane = ends.iter().position(|&end| end + gap <= from).unwrap_or_else(|| {
            ends.push(f64::NEG_INFINITY);
            ends.len() - 1
        });
        ends[lane] = to;
        lane_of[index] = lane;
    }
    lane_of
}

/// Moves labels along one axis until none overlaps: takes (wanted centre, height) of each, returns
/// the centres. They keep the order of the wanted centres and stay between `top` and `bottom` if
/// there is room for all of them.
pub(super) fn spread(wanted: &[(f64, f64)], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].0.total_cmp(&wanted[b].0).then(a.cmp(&b)));
    let mut centres = vec![0.0; wanted.len()];
    let mut free = top;
    for &index in &order {
        let (centre, height) = wanted[index];
        centres[index] = centre.max(free + height / 2.0);
        free = centres[index] + height / 2.0;
    }
    let mut limit = bottom;
    for &index in order.iter().rev() {
        let height = wanted[index].1;
        centres[index] = centres[index].min(limit - height / 2.0);
        limit = centres[index] - height / 2.0;
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_labels_never_overlap_within_a_lane() {
        // Fifty faults at multiples of a prime, many of them at once.
        let extents: Vec<(f64, f64)> = (0..50)
            .map(|i| {
                let from = f64::from(i * 37 % 211);
                (from, from + 20.0 + f64::from(i % 7) * 11.0)
            })
            .collect();
        let lane_of = lanes(&extents, 6.0);
        for a in 0..extents.len() {
            for b in 0..a {
                let apart =
                    extents[a].0 >= extents[b].1 + 6.0 || extents[b].0 >= extents[a].1 + 6.0;
                assert!(lane_of[a] != lane_of[b] || apart, "{a} {b}");
            }
        }
        assert!(lane_of.iter().any(|&lane| lane > 0));
    }

    #[test]
    fn faults_that_do_not_meet_share_a_lane() {
        assert_eq!(lanes(&[(0.0, 10.0), (20.0, 30.0), (5.0, 12.0)], 2.0), [0, 0, 1]);
    }

    #[test]
    fn spread_labels_keep_their_order_and_do_not_overlap() {
        let wanted = [(50.0, 16.0), (51.0, 32.0), (52.0, 16.0), (10.0, 16.0), (99.0, 16.0)];
        let centres = spread(&wanted, 0.0, 100.0);
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by(|&a, &b| centres[a].total_cmp(&centres[b]));
        assert_eq!(order, [3, 0, 1, 2, 4]);
        for pair in order.windows(2) {
            let needed = (wanted[pair[0]].1 + wanted[pair[1]].1) / 2.0;
            assert!(centres[pair[1]] - centres[pair[0]] >= needed - 1e-9, "{centres:?}");
        }
        assert!(centres.iter().all(|&centre| (8.0..=92.0).contains(&centre)), "{centres:?}");
    }

    #[test]
    fn shortened_text_fits_and_says_that_it_was_shortened() {
        let long = "partition-of-the-minority-with-the-leader";
        let short = shorten(long, 12.0, 120.0);
        assert!(width(&short, 12.0) <= 120.0 && short.ends_with('…'), "{short}");
        assert_eq!(shorten("raft", 12.0, 120.0), "raft");
    }

    #[test]
    fn wrapped_text_fits_in_its_lines() {
        let lines = wrap("partition-of-the-minority-with-the-leader", 12.0, 90.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| width(line, 12.0) <= 90.0), "{lines:?}");
        assert!(lines[1].ends_with('…'), "{lines:?}");
        assert_eq!(wrap("a b", 12.0, 90.0, 2), ["a b"]);
        let lines = wrap("network loss 0 % and n = 4", 12.0, 60.0, 9);
        assert_eq!(lines, ["network", "loss 0 %", "and n = 4"]);
        assert!(wrap(&"x".repeat(99), 12.0, 90.0, 3)[0].ends_with('…'));
    }

    #[test]
    fn hostile_text_loses_its_control_characters_and_direction_marks() {
        assert_eq!(clean("a\u{0}b\u{202e}c\nd"), "a b c d");
    }
}
