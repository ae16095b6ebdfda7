//! A straight line through means that each have an error of their own.

use super::Z;
use super::bootstrap::mean;

/// A fitted line: its slope, and how high it is at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How much it rises for each unit to the right.
    pub slope: f64,
    /// Half of the slope's interval, at the level of those of the points.
    pub slack: f64,
    /// How high it is at zero.
    pub height: f64,
}

impl Line {
    /// Least squares through points (x, y, half of the interval of y), with the slope's interval
    /// from those of the points alone: it does not tell how far the points are from any line.
    ///
    /// Points of one x only have no slope: it is not a number.
    pub fn through(points: &[(f64, f64, f64)]) -> Self {
        let count = points.len() as f64;
        let x = points.iter().map(|point| point.0).sum::<f64>() / count;
        let y = points.iter().map(|point| point.1).sum::<f64>() / count;
        let spread: f64 = points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum();
        let joint: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let error = points.iter().map(|point| (point.0 - x) * point.2 / spread);
        let slack = error.map(|part| part * part).sum::<f64>().sqrt();
        let slope = joint / spread;
        Self { slope, slack, height: y - slope * x }
    }

    /// How high the line is there.
    pub fn at(&self, x: f64) -> f64 {
        self.height + self.slope * x
    }
}

/// The mean of a sample and half of its 95 % interval, by the normal distribution: as symmetric as
/// the errors of what a line goes through have to be. `None` for fewer than two values.
pub fn normal_mean(sample: &[f64]) -> Option<(f64, f64)> {
    if sample.len() < 2 {
        return None;
    }
    let count = sample.len() as f64;
    let middle = mean(sample.iter().copied(), sample.len());
    let squares: f64 = sample.iter().map(|value| (value - middle) * (value - middle)).sum();
    Some((middle, Z * (squares / (count - 1.0) / count).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_sure_to_1_96_standard_errors() {
        // The variance is 10/4, and the standard error the root of a fifth of it.
        let (mean, slack) = normal_mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("enough values");
        assert_eq!(mean, 3.0);
        assert!((slack - 1.959_964 * 0.5_f64.sqrt()).abs() < 1e-6, "{slack}");
        assert_eq!(normal_mean(&[1.0]), None);
    }

    #[test]
    fn points_on_a_line_give_that_line() {
        let line = Line::through(&[(1.0, 5.0, 0.0), (2.0, 7.0, 0.0), (4.0, 11.0, 0.0)]);
        assert_eq!((line.slope, line.slack, line.height), (2.0, 0.0, 3.0));
        assert_eq!(line.at(10.0), 23.0);
    }

    #[test]
    fn the_error_of_the_slope_is_that_of_its_ends_over_their_distance() {
        // The slope is (y₂ − y₁)/4, so its error is the root of 3² + 4², by 4.
        let line = Line::through(&[(0.0, 0.0, 3.0), (4.0, 4.0, 4.0)]);
        assert_eq!((line.slope, line.slack), (1.0, 1.25));
    }
}
