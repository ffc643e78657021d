//! Chance outside of workloads: the bits from which the cases of a claim are drawn.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Sixty-four random bits that depend on these numbers alone: a seed, what the bits are for, and which of them.
pub fn bits(seed: u64, purpose: [u64; 2], number: u64) -> u64 {
    let mut key = [0; 32];
    let words = [seed, purpose[0], purpose[1], u64::from_le_bytes(*b"a case.\n")];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(number);
    rng.random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_depend_on_every_number_and_on_nothing_else() {
        let base = bits(1, [2, 3], 4);
        assert_eq!(bits(1, [2, 3], 4), base);
        for other in
            [bits(0, [2, 3], 4), bits(1, [0, 3], 4), bits(1, [2, 0], 4), bits(1, [2, 3], 0)]
        {
            assert_ne!(other, base);
        }
    }
}
