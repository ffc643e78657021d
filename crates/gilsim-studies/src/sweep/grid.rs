//! The points of a study: all combinations of the values of its keys.

use super::grouped;
use super::values::{Vary, without_folders};

/// All combinations; the first key changes slowest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grid {
    varied: Vec<Vary>,
}

impl Grid {
    /// The grid of some keys; a grid of none has one point.
    ///
    /// # Errors
    /// When a key stands twice, or there are more points than can be numbered; in a sentence.
    pub fn new(varied: Vec<Vary>) -> Result<Self, String> {
        for (index, vary) in varied.iter().enumerate() {
            if varied[..index].iter().any(|earlier| earlier.key() == vary.key()) {
                let key = vary.key();
                return Err(format!(
                    "`--vary {key}` is given twice: list all its values in one, as in {key}=1,2,4"
                ));
            }
        }
        let grid = Self { varied };
        if grid.count() > u128::from(u64::MAX) {
            return Err(format!(
                "that would be {} points, more than anybody can play: vary less",
                grouped(grid.count())
            ));
        }
        Ok(grid)
    }

    /// The keys with their values.
    pub fn varied(&self) -> &[Vary] {
        &self.varied
    }

    /// How many points there are.
    pub fn count(&self) -> u128 {
        self.varied.iter().map(Vary::count).fold(1, u128::saturating_mul)
    }

    /// The values of the keys at a point, as they were written. The point is below the count, which fits 64 bits.
    pub(super) fn values(&self, point: u64) -> Vec<String> {
        let mut left = point;
        let mut values: Vec<String> = Vec::with_capacity(self.varied.len());
        for vary in self.varied.iter().rev() {
            let count = u64::try_from(vary.count()).expect("the product of all counts fits");
            values.push(vary.value(left % count));
            left /= count;
        }
        values.reverse();
        values
    }

    /// The values of the keys at a point, as tables show them.
    pub fn shown_values(&self, point: u64) -> Vec<String> {
        self.values(point).iter().map(|value| without_folders(value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(texts: &[&str]) -> Result<Grid, String> {
        Grid::new(texts.iter().map(|text| Vary::parse(text).unwrap()).collect())
    }

    #[test]
    fn the_first_key_changes_slowest() {
        let grid = grid(&["a=1,2", "b=x,y,z"]).unwrap();
        let points: Vec<String> = (0..6).map(|point| grid.values(point).concat()).collect();
        assert_eq!(points, ["1x", "1y", "1z", "2x", "2y", "2z"]);
        assert_eq!(grid.count(), 6);
    }

    #[test]
    fn more_points_than_can_be_numbered_are_refused() {
        let last = format!("a=0..{}", u64::MAX);
        assert!(grid(&[&last]).unwrap_err().contains("18,446,744,073,709,551,616 points"));
        grid(&["a=0..4294967295", "b=0..4294967295"]).unwrap_err();
        grid(&["a=0..4294967295", "b=0..4294967294"]).unwrap();
    }

    #[test]
    fn a_grid_without_keys_has_one_point() {
        let grid = grid(&[]).unwrap();
        assert_eq!((grid.count(), grid.values(0)), (1, Vec::new()));
    }

    #[test]
    fn a_key_stands_once() {
        assert!(grid(&["a=1", "a=2"]).unwrap_err().contains("given twice"));
    }
}
