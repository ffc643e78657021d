//! Chance without a generator: what varies is a hash of what it belongs to, and depends on nothing else.

/// A well-mixed number that depends on the key alone: the finaliser of `SplitMix64` (Steele, Lea and
/// Flood, 2014).
pub(super) const fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
