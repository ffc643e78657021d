//! How proptest is set up.

use proptest::test_runner::{Config, RngSeed};

/// The same cases on every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
pub fn config(cases: u32) -> Config {
    let default = Config::default();
    let asked = |name| std::env::var_os(name).is_some();
    Config {
        cases: if asked("PROPTEST_CASES") { default.cases } else { cases },
        rng_seed: if asked("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(7) },
        failure_persistence: None,
        ..default
    }
}
