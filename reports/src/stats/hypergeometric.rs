//! Draws without replacement.

/// The probability that of `drawn` out of a `population` with `marked` in it at least `needed` are
/// marked: the upper tail of the hypergeometric distribution, 0 to 1. At most all of the population
/// are drawn.
///
/// ```
/// use reports::stats::at_least_of_draw;
///
/// // Two of the three drawn from five are among the two marked: 3 of 10 draws.
/// assert!((at_least_of_draw(5, 2, 3, 2) - 0.3).abs() < 1e-12);
/// ```
pub fn at_least_of_draw(population: u64, marked: u64, drawn: u64, needed: u64) -> f64 {
    let marked = marked.min(population);
    let drawn = drawn.min(population);
    let others = population - marked;
    let hits = needed..=marked.min(drawn);
    let ways = |hits: u64| choose(marked, hits) * choose(others, drawn - hits);
    hits.map(ways).fold(0.0, |sum, ways| sum + ways) / choose(population, drawn)
}

/// In how many ways `k` of `n` can be chosen.
fn choose(n: u64, k: u64) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k.min(n - k)).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_what_counting_gives() {
        // Poker: P(at least three of the four aces among five cards of 52).
        let aces = (4.0 * 1_128.0 + 48.0) / 2_598_960.0;
        assert!((at_least_of_draw(52, 4, 5, 3) - aces).abs() < 1e-15);
        assert_eq!(at_least_of_draw(10, 3, 3, 0), 1.0);
        assert_eq!(at_least_of_draw(10, 3, 5, 4), 0.0, "there are only three");
        assert_eq!(at_least_of_draw(4, 3, 9, 3), 1.0, "all are drawn");
    }

    #[test]
    fn nobody_marked_is_never_drawn_and_everybody_always() {
        assert_eq!(at_least_of_draw(20, 0, 5, 1), 0.0);
        assert_eq!(at_least_of_draw(20, 20, 5, 5), 1.0);
    }
}
