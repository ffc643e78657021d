//! Sweeps: a scenario over a grid of values, with replicates, on all cores.
//!
//! A [`Grid`] of values makes points; a [`Study`] plays every point in replicates, block by block, in whatever
//! order the cores get to them; what comes out does not depend on that order. [`journal`] is how finished
//! blocks survive an interruption, [`parts`] how shards are joined, [`outcome`] what the numbers say.

mod grid;
pub mod journal;
pub mod outcome;
pub mod parts;
mod play;
mod rows;
pub mod screen;
mod shard;
mod statistics;
mod study;
mod usl;
mod values;

pub use grid::Grid;
pub use play::{Block, Stopped, ToolRows, play, table};
pub use shard::Shard;
pub use statistics::Estimate;
pub use study::{MOST_REPLICATES, Refusal, Study};
pub use usl::Usl;
pub use values::{Vary, without_folders};

/// A number with commas between its thousands.
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0_u32, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }
}
