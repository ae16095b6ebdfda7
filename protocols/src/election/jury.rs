//! Condorcet's jury: how often a majority is right, exactly.
//!
//! Condorcet (1785): voters who are right independently with a probability above one half are
//! right by majority more often than each alone, and the more of them, the more often.

use sim_core::rng::Ratio;

/// The probability, as a numerator over a denominator, that more than half of `voters` are right,
/// each with probability `competence`; `None` if the numbers do not fit 128 bits.
pub fn majority_is_right(voters: u32, competence: Ratio) -> Option<(u128, u128)> {
    let (right, whole) = competence.lowest_terms();
    let (right, whole) = (u128::from(right), u128::from(whole));
    let wrong = whole - right;
    let (mut sum, mut ways) = (0_u128, 1_u128);
    for lost in 0..=voters {
        let won = voters - lost;
        if won <= voters / 2 {
            break;
        }
        let each = right.checked_pow(won)?.checked_mul(wrong.checked_pow(lost)?)?;
        sum = sum.checked_add(ways.checked_mul(each)?)?;
        ways = ways.checked_mul(u128::from(won))? / u128::from(lost + 1);
    }
    Some((sum, whole.checked_pow(voters)?))
}
