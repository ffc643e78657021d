//! What replicates say of a mean.

use serde::Serialize;

/// Means and percentiles over replicates.
#[derive(Clone, Copy, PartialEq, Serialize, Debug)]
pub struct Estimate {
    /// The arithmetic mean.
    pub mean: f64,
    /// Half the width of the 95 % confidence interval of the mean, by Student's t with n − 1 degrees of
    /// freedom; none for a single replicate.
    pub ci95_half_width: Option<f64>,
    /// The median, by nearest rank like the other percentiles.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
}

impl Estimate {
    /// The estimate from one value per replicate; none where there is no value.
    #[expect(clippy::cast_precision_loss, reason = "replicates are few")]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let count = values.len() as f64;
        // Around the first value, so that equal values have exactly their own mean and no spread.
        let origin = values[0];
        let mean = origin + values.iter().map(|value| value - origin).sum::<f64>() / count;
        let spread: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let ci95_half_width = (values.len() > 1).then(|| {
            let variance = spread / (count - 1.0);
            student_t(values.len() - 1) * (variance / count).sqrt()
        });
        let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
        Some(Self { mean, ci95_half_width, p50: rank(50), p95: rank(95), p99: rank(99) })
    }

    /// Whether the interval reaches no farther from the mean than that share of it.
    pub fn is_within(&self, share: f64) -> bool {
        self.ci95_half_width.is_some_and(|half| half <= share * self.mean.abs())
    }
}

/// The 97.5th percentile of Student's t for up to 30 degrees of freedom.
const STUDENT_T: [f64; 30] = [
    12.706_205,
    4.302_652_7,
    3.182_446_3,
    2.776_445_1,
    2.570_581_8,
    2.446_911_9,
    2.364_624_3,
    2.306_004_1,
    2.262_157_2,
    2.228_138_9,
    2.200_985_2,
    2.178_812_8,
    2.160_368_7,
    2.144_786_7,
    2.131_449_5,
    2.119_905_3,
    2.109_815_6,
    2.100_922,
    2.093_024_1,
    2.085_963_4,
    2.079_613_8,
    2.073_873_1,
    2.068_657_6,
    2.063_898_6,
    2.059_538_6,
    2.055_529_4,
    2.051_830_5,
    2.048_407_1,
    2.045_229_6,
    2.042_272_5,
];

/// The 97.5th percentile of Student's t, to five digits at least: a table, then the Cornish-Fisher expansion
/// (Abramowitz and Stegun, 26.7.5).
#[expect(clippy::cast_precision_loss, reason = "degrees of freedom are few")]
fn student_t(freedom: usize) -> f64 {
    if let Some(known) = freedom.checked_sub(1).and_then(|index| STUDENT_T.get(index)) {
        return *known;
    }
    let z = 1.959_963_984_540_054_f64;
    let (z3, z5, z7) = (z * z * z, z * z * z * z * z, z * z * z * z * z * z * z);
    let n = freedom as f64;
    let first = (z3 + z) / 4.0;
    let second = (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0;
    let third = (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0;
    z + first / n + second / (n * n) + third / (n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // n = 4, mean 5, variance 20/3: 3.182446 · sqrt(20/3/4).
        let estimate = Estimate::of(&[2.0, 4.0, 6.0, 8.0]).unwrap();
        assert!((estimate.mean - 5.0).abs() < 1e-12);
        assert!((estimate.ci95_half_width.unwrap() - 4.108_52).abs() < 1e-4);
        assert_eq!((estimate.p50, estimate.p95, estimate.p99), (4.0, 8.0, 8.0));
    }

    #[test]
    fn one_replicate_has_no_interval_and_equal_ones_a_point() {
        let one = Estimate::of(&[3.0]).unwrap();
        assert_eq!((one.mean, one.ci95_half_width), (3.0, None));
        assert!(!one.is_within(1.0));
        let same = Estimate::of(&[0.1; 7]).unwrap();
        assert_eq!((same.mean, same.ci95_half_width), (0.1, Some(0.0)));
        assert!(same.is_within(1e-9));
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn the_expansion_goes_on_where_the_table_ends() {
        for (freedom, exact) in
            [(31, 2.039_513), (60, 2.000_298), (120, 1.979_930), (1_000, 1.962_339)]
        {
            assert!((student_t(freedom) - exact).abs() < 5e-6, "{freedom}");
        }
        assert!((1..200).all(|freedom| student_t(freedom) > student_t(freedom + 1)));
    }
}
