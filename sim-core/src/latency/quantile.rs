//! Quantile functions of the standard exponential and normal distributions, the same on every
//! machine.

use std::sync::LazyLock;

use crate::rng::unit;

/// The 99th percentile of the standard normal distribution.
pub(super) const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// Steps of the table of the exponential distribution, a power of two.
const STEPS: usize = 1 << 12;
/// From this step on the curve is too steep for chords: the logarithm itself is taken.
const STEEP: usize = STEPS - STEPS / 16;

/// The quantile function of the standard exponential distribution at the ends of equal steps.
static EXPONENTIAL: LazyLock<Vec<f64>> =
    LazyLock::new(|| (0..=STEEP).map(|step| -libm::log1p(-(step as f64) / STEPS as f64)).collect());

/// The quantile function of the standard exponential distribution for 64 uniform bits, rising.
///
/// Chords between tabled points, a fifth of the price of a logarithm: on a step of width h at
/// tail 1 − p a chord is off by at most (h / (1 − p))² / 8, which is below 3.1e-5 where chords are
/// used and of the order of 1e-8 in the middle. The steep end takes the logarithm.
#[inline]
pub(super) fn exponential_quantile(bits: u64) -> f64 {
    let step = (bits >> (64 - STEPS.trailing_zeros())) as usize;
    if step >= STEEP {
        // 1 − u is as uniform as u, and keeps larger bits on longer delays.
        return -libm::log(1.0 - unit(bits));
    }
    let table = &EXPONENTIAL[step..step + 2];
    table[0] + (table[1] - table[0]) * unit(bits << STEPS.trailing_zeros())
}

/// The quantile function of the standard normal distribution, for 0 < p < 1.
///
/// Acklam's rational approximation (2003); the relative error stays below 1.15e-9.
pub(super) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const LOW: f64 = 0.024_25;
    let polynomial = |coefficients: &[f64], x: f64| {
        coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
    };
    let tail = |p: f64| {
        let q = (-2.0 * libm::log(p)).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < LOW {
        tail(p)
    } else if p > 1.0 - LOW {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        polynomial(&A, q * q) * q / polynomial(&B, q * q)
    }
}
