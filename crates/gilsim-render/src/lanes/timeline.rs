//! Levels over time in bounded memory: how many are in a state, in buckets that double as the run grows.

/// The most buckets a timeline has; it has at least half as many once the run is that long.
const BUCKETS: u64 = 4096;

/// Time spent in each of `N` series, bucket by bucket.
#[derive(Clone, Debug)]
pub(crate) struct Timeline<const N: usize> {
    width: u64,
    cells: Vec<Cell<N>>,
}

#[derive(Clone, Copy, Debug)]
struct Cell<const N: usize> {
    /// Time of the intervals that fill a part of this bucket.
    part: [u128; N],
    /// By how many the intervals that fill whole buckets grow from the bucket before to this one. A long
    /// interval so costs no more than a short one.
    step: [i64; N],
}

impl<const N: usize> Default for Timeline<N> {
    fn default() -> Self {
        Self { width: 1, cells: Vec::new() }
    }
}

impl<const N: usize> Timeline<N> {
    /// Counts an interval into a series.
    pub(super) fn add(&mut self, series: usize, (start, end): (u64, u64)) {
        if start >= end {
            return;
        }
        while u128::from(end) > u128::from(self.width) * u128::from(BUCKETS) {
            self.double();
        }
        let (first, last) = (index(start / self.width), index((end - 1) / self.width));
        if self.cells.len() <= last {
            self.cells.resize(last + 1, Cell { part: [0; N], step: [0; N] });
        }
        if first == last {
            self.cells[first].part[series] += u128::from(end - start);
            return;
        }
        self.cells[first].part[series] += u128::from(self.width - start % self.width);
        self.cells[last].part[series] += u128::from((end - 1) % self.width + 1);
        self.cells[first + 1].step[series] += 1;
        self.cells[last].step[series] -= 1;
    }

    fn double(&mut self) {
        let sums = self.sums();
        self.width *= 2;
        self.cells = sums
            .chunks(2)
            .map(|pair| {
                let part = std::array::from_fn(|series| pair.iter().map(|sum| sum[series]).sum());
                Cell { part, step: [0; N] }
            })
            .collect();
    }

    /// The time in every bucket.
    fn sums(&self) -> Vec<[u128; N]> {
        let mut level = [0_i64; N];
        self.cells
            .iter()
            .map(|cell| {
                std::array::from_fn(|series| {
                    level[series] += cell.step[series];
                    let whole = u128::try_from(level[series]).unwrap_or(0);
                    cell.part[series] + whole * u128::from(self.width)
                })
            })
            .collect()
    }

    /// The mean level of each series in each of `columns` equal parts of `0..end`.
    pub(crate) fn levels(&self, end: u64, columns: usize) -> Vec<[f64; N]> {
        let sums = self.sums();
        let edge = |column: usize| {
            as_float(u128::from(end)) * as_float(column as u128) / as_float(columns as u128)
        };
        let width = as_float(u128::from(self.width));
        (0..columns)
            .map(|column| {
                let (from, to) = (edge(column), edge(column + 1));
                let mut level = [0.0; N];
                let first = index(floor(from / width));
                for (bucket, sum) in sums.iter().enumerate().skip(first) {
                    let begin = as_float(bucket as u128) * width;
                    if begin >= to {
                        break;
                    }
                    let overlap = (to.min(begin + width) - from.max(begin)).max(0.0);
                    for series in 0..N {
                        level[series] += as_float(sum[series]) * overlap / width;
                    }
                }
                level.map(|time| if to > from { time / (to - from) } else { 0.0 })
            })
            .collect()
    }
}

fn index(bucket: u64) -> usize {
    usize::try_from(bucket).expect("there are at most 4096 buckets")
}

#[expect(clippy::cast_precision_loss, reason = "levels are for drawing, to a hundredth of a pixel")]
pub(crate) const fn as_float(value: u128) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bucket's number: positive and at most 4096"
)]
fn floor(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_the_mean_number_at_once() {
        let mut timeline = Timeline::<2>::default();
        timeline.add(0, (0, 1_000_000));
        timeline.add(0, (0, 500_000));
        timeline.add(1, (250_000, 500_000));
        let levels = timeline.levels(1_000_000, 4);
        let expected = [[2.0, 0.0], [2.0, 1.0], [1.0, 0.0], [1.0, 0.0]];
        for (level, expected) in levels.iter().zip(expected) {
            for series in 0..2 {
                assert!((level[series] - expected[series]).abs() < 0.01, "{levels:?}");
            }
        }
    }

    #[test]
    fn doubling_the_buckets_loses_no_time() {
        let mut timeline = Timeline::<1>::default();
        let mut total = 0;
        for n in 0..10_000_u64 {
            let interval = (n * 97, n * 97 + n * n + 1);
            total += u128::from(interval.1 - interval.0);
            timeline.add(0, interval);
        }
        assert!(timeline.cells.len() <= 4096);
        assert_eq!(timeline.sums().iter().map(|sum| sum[0]).sum::<u128>(), total);
    }

    #[test]
    fn the_longest_run_there_can_be_is_no_trouble() {
        let mut timeline = Timeline::<1>::default();
        timeline.add(0, (0, u64::MAX));
        timeline.add(0, (u64::MAX - 1, u64::MAX));
        let levels = timeline.levels(u64::MAX, 800);
        assert!(levels.iter().all(|level| (level[0] - 1.0).abs() < 1e-6));
    }
}
