//! A straight line through means that each have an error of their own.

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

#[cfg(test)]
mod tests {
    use super::*;

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
