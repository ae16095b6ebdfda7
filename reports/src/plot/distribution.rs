//! The distribution function of durations that may not have ended, as lines to draw.

use crate::stats::CensoredSample;

/// The corners of the curve, and of its band's lower and upper edge.
pub(super) fn outline(sample: &CensoredSample) -> [Vec<(f64, f64)>; 3] {
    let mut lines = [Vec::new(), Vec::new(), Vec::new()];
    let mut heights = [0.0; 3];
    for step in sample.steps() {
        let interval = step.ended.wilson();
        let next = [
            step.ended.share().unwrap_or(0.0),
            interval.and_then(|i| i.lo).unwrap_or(0.0),
            interval.and_then(|i| i.hi).unwrap_or(1.0),
        ];
        for ((line, height), next) in lines.iter_mut().zip(&mut heights).zip(next) {
            line.extend([(step.at, *height), (step.at, next)]);
            *height = next;
        }
    }
    // Nothing is known to end between the last step and the shortest watching in vain.
    if let Some(&watched) = sample.watched().first() {
        for (line, height) in lines.iter_mut().zip(heights) {
            let from = line.last().map_or(0.0, |last| last.0);
            line.extend((watched > from).then_some((watched, height)));
        }
    }
    lines
}
