//! The Universal Scalability Law (N. J. Gunther): throughput over the number of workers, cores or the like.

use std::ops::RangeInclusive;

use serde::Serialize;

/// X(N) = λN / (1 + σ(N − 1) + κN(N − 1)).
#[derive(Clone, Copy, PartialEq, Serialize, Debug)]
pub struct Usl {
    /// λ: throughput per second of one, as the fit has it.
    pub lambda: f64,
    /// σ: contention, the share that is done one after the other; 0 or above.
    pub sigma: f64,
    /// κ: coherency, what each pair costs; 0 or above.
    pub kappa: f64,
    /// The share of the variance of throughput that the law explains; at most 1. None where there is none.
    pub r_squared: Option<f64>,
    /// The largest distance of a point from the law, as a share of the point.
    pub worst_error: f64,
    /// Where throughput is highest: sqrt((1 − σ) / κ). None where it only rises.
    pub peak: Option<f64>,
}

/// A law fits that explains so much of the variance,
const FITTING_R_SQUARED: f64 = 0.95;
/// and misses no point by more than this share of it.
const FITTING_ERROR: f64 = 0.1;

/// Which of contention and coherency a fit may use.
const TERMS: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

impl Usl {
    /// Least squares over `points` (N, throughput): N / X = (1 + σ(N − 1) + κN(N − 1)) / λ is linear in its
    /// three coefficients (Gunther's quadratic form), and each point counts by its relative error.
    /// Of the fits without negative coefficients the closest one is taken.
    ///
    /// None for fewer than three values of N, and where no throughput is above zero.
    pub fn fit(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 3 || points.iter().any(|(n, x)| *n < 1.0 || *x <= 0.0 || !x.is_finite()) {
            return None;
        }
        let mut best: Option<([f64; 3], f64)> = None;
        for terms in TERMS {
            let Some(found) = least_squares(points, terms) else { continue };
            let error = relative_error(points, found);
            let is_possible = found[0] > 0.0 && found[1] >= 0.0 && found[2] >= 0.0;
            // Earlier fits have more terms: one that is as good without is not better.
            if is_possible && best.is_none_or(|(_, least)| error < least) {
                best = Some((found, error));
            }
        }
        let ([a, b, c], _) = best?;
        let (lambda, sigma, kappa) = (1.0 / a, b / a, c / a);
        let peaks = kappa > 1e-12 && sigma < 1.0;
        let peak = peaks.then(|| ((1.0 - sigma) / kappa).sqrt()).filter(|peak| *peak >= 1.0);
        let mut law = Self { lambda, sigma, kappa, r_squared: None, worst_error: 0.0, peak };
        law.r_squared = law.explained(points);
        let errors = points.iter().map(|(n, x)| (1.0 - law.throughput(*n) / x).abs());
        law.worst_error = errors.fold(0.0, f64::max);
        Some(law)
    }

    /// Throughput per second at N.
    pub fn throughput(&self, n: f64) -> f64 {
        self.lambda * n / (1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0))
    }

    /// The peak that points over these counts show, where the law fits them.
    pub fn peak_within(&self, counts: RangeInclusive<f64>) -> Option<f64> {
        let fits = self.r_squared.is_some_and(|share| share >= FITTING_R_SQUARED)
            && self.worst_error <= FITTING_ERROR;
        self.peak.filter(|peak| fits && counts.contains(peak))
    }

    #[expect(clippy::cast_precision_loss, reason = "points are few")]
    fn explained(&self, points: &[(f64, f64)]) -> Option<f64> {
        let mean = points.iter().map(|(_, x)| x).sum::<f64>() / points.len() as f64;
        let all: f64 = points.iter().map(|(_, x)| (x - mean) * (x - mean)).sum();
        let left = points.iter().map(|(n, x)| {
            let error = x - self.throughput(*n);
            error * error
        });
        let left: f64 = left.sum();
        (all > 0.0).then(|| 1.0 - left / all)
    }
}

/// What a row of the linear problem is: 1, N − 1, N(N − 1), each over the value N / X that it explains.
fn row((n, x): (f64, f64), terms: [bool; 2]) -> [f64; 3] {
    let scale = x / n;
    let used = |used: bool, value: f64| if used { value * scale } else { 0.0 };
    [scale, used(terms[0], n - 1.0), used(terms[1], n * (n - 1.0))]
}

fn relative_error(points: &[(f64, f64)], found: [f64; 3]) -> f64 {
    let errors = points.iter().map(|point| {
        let row = row(*point, [true, true]);
        let error = 1.0 - (row[0] * found[0] + row[1] * found[1] + row[2] * found[2]);
        error * error
    });
    errors.sum()
}

/// The coefficients of the terms that are used, zero for the others; none where the points do not tell them apart.
fn least_squares(points: &[(f64, f64)], terms: [bool; 2]) -> Option<[f64; 3]> {
    let mut matrix = [[0.0; 4]; 3];
    for point in points {
        let row = row(*point, terms);
        for i in 0..3 {
            for j in 0..3 {
                matrix[i][j] += row[i] * row[j];
            }
            matrix[i][3] += row[i];
        }
    }
    for (term, used) in [(1, terms[0]), (2, terms[1])] {
        if !used {
            matrix[term] = [0.0; 4];
            matrix[term][term] = 1.0;
        }
    }
    solve(matrix)
}

/// Gauss's elimination with the largest pivot.
fn solve(mut matrix: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let size = |row: &usize| matrix[*row][column].abs();
        let pivot = (column..3).max_by(|one, two| size(one).total_cmp(&size(two)))?;
        matrix.swap(column, pivot);
        let lead = matrix[column];
        if lead[column].abs() < 1e-300 {
            return None;
        }
        for row in (0..3).filter(|row| *row != column) {
            let factor = matrix[row][column] / lead[column];
            for (value, above) in matrix[row].iter_mut().zip(lead) {
                *value -= factor * above;
            }
        }
    }
    let found = [0, 1, 2].map(|row| matrix[row][3] / matrix[row][row]);
    found.iter().all(|value| value.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(law: &Usl, last: u32) -> Vec<(f64, f64)> {
        (1..=last).map(|n| (f64::from(n), law.throughput(f64::from(n)))).collect()
    }

    fn law(lambda: f64, sigma: f64, kappa: f64) -> Usl {
        Usl { lambda, sigma, kappa, r_squared: None, worst_error: 0.0, peak: None }
    }

    #[test]
    fn a_law_is_found_again_in_its_own_points() {
        for (sigma, kappa) in [(0.05, 0.001), (0.5, 0.0), (0.0, 0.01), (0.0, 0.0), (0.02, 0.000_3)]
        {
            let found = Usl::fit(&points(&law(20.0, sigma, kappa), 32)).unwrap();
            assert!((found.lambda - 20.0).abs() < 1e-6, "{found:?}");
            assert!((found.sigma - sigma).abs() < 1e-8, "{found:?}");
            assert!((found.kappa - kappa).abs() < 1e-8, "{found:?}");
        }
    }

    #[test]
    fn the_peak_is_where_throughput_is_highest() {
        let found = Usl::fit(&points(&law(20.0, 0.05, 0.001), 32)).unwrap();
        assert!((found.peak.unwrap() - 30.822).abs() < 1e-3, "{found:?}");
        assert!(found.r_squared.unwrap() > 0.999_999);
        assert_eq!(Usl::fit(&points(&law(20.0, 0.5, 0.0), 32)).unwrap().peak, None);
    }

    #[test]
    fn a_peak_is_told_only_where_the_law_fits_and_the_points_reach_it() {
        let found = Usl::fit(&points(&law(20.0, 0.05, 0.001), 32)).unwrap();
        assert!(found.peak_within(1.0..=32.0).is_some() && found.peak_within(1.0..=30.0).is_none());
        // As many as six workers help; the rest is level.
        let level: Vec<(f64, f64)> =
            (1..=30).map(|n| (f64::from(n), f64::from(n.min(6)))).collect();
        let found = Usl::fit(&level).unwrap();
        assert_eq!(found.peak_within(1.0..=1_000.0), None, "{found:?}");
    }

    #[test]
    fn coefficients_are_never_negative() {
        let faster_than_linear = [(1.0, 1.0), (2.0, 3.0), (4.0, 9.0), (8.0, 30.0)];
        let found = Usl::fit(&faster_than_linear).unwrap();
        assert!(found.sigma >= 0.0 && found.kappa >= 0.0, "{found:?}");
    }

    #[test]
    fn too_few_or_impossible_points_have_no_fit() {
        assert_eq!(Usl::fit(&[(1.0, 1.0), (2.0, 2.0)]), None);
        assert_eq!(Usl::fit(&[(1.0, 1.0), (2.0, 0.0), (3.0, 1.0)]), None);
        assert_eq!(Usl::fit(&[(0.0, 1.0), (2.0, 1.0), (3.0, 1.0)]), None);
    }
}
