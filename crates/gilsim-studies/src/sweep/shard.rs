//! Which of the points of a study a command plays.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Part `index` of `of`: points index, index + of, index + 2 · of, … counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Shard {
    /// Which part, from 1.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

impl Shard {
    /// All points.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// The points of this part among `points`, counted from 0.
    pub fn points(self, points: u64) -> impl Iterator<Item = u64> {
        let step = usize::try_from(self.of).unwrap_or(usize::MAX);
        (self.index - 1..points).step_by(step)
    }

    /// How many of `points` are of this part.
    pub fn count(self, points: u128) -> u128 {
        let before = u128::from(self.index - 1);
        points.saturating_sub(before).div_ceil(u128::from(self.of))
    }

    /// Whether a point, counted from 0, is of this part.
    pub fn has(self, point: u64) -> bool {
        point % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "expected i/n with i from 1 to n, like 2/8 for the second of eight parts".to_owned();
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
        let shard = Self { index: number(index)?, of: number(of)? };
        if shard.index == 0 || shard.index > shard.of { Err(wrong()) } else { Ok(shard) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_points_among_them() {
        let mut all: Vec<u64> = Vec::new();
        for index in 1..=3 {
            let shard = Shard { index, of: 3 };
            let points: Vec<u64> = shard.points(8).collect();
            assert_eq!(shard.count(8), points.len() as u128);
            assert!(points.iter().all(|point| shard.has(*point)));
            all.extend(points);
        }
        assert_eq!(all, [0, 3, 6, 1, 4, 7, 2, 5]);
        assert_eq!(Shard { index: 5, of: 9 }.count(3), 0);
    }

    #[test]
    fn a_shard_is_one_of_its_parts() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for wrong in ["", "2", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
