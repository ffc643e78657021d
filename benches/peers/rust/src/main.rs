//! Models A, B, D and E on other simulators of Rust, each in the style of its own examples: `rust-peers ENGINE MODEL`.

mod nexosim_models;
mod odem_models;
mod simcore_models;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CUSTOMERS: u64 = 1_000_000;
const GAP: f64 = 10e-6;
const TASKS: usize = 1_000;
const SLICES: u32 = 1_000;
const SLICE: f64 = 1e-3;
const SLEEPERS: usize = 100_000;
const WAITS: u32 = 10;
const BURST: f64 = 50e-6;

/// Servers of the models A and B, and their mean time of service in seconds.
fn queue(model: &str) -> Option<(usize, f64)> {
    match model {
        "a" => Some((1, 9e-6)),
        "b" => Some((8, 72e-6)),
        _ => None,
    }
}

/// Exponential draws.
struct Draws(ChaCha8Rng);

impl Default for Draws {
    fn default() -> Self {
        Self(ChaCha8Rng::seed_from_u64(1))
    }
}

impl Draws {
    fn next(&mut self, mean: f64) -> f64 {
        let unit: f64 = self.0.random();
        -mean * (1.0 - unit).ln()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, model] = &arguments[..] else { panic!("give an engine and a model") };
    let seconds = match engine.as_str() {
        "nexosim" => nexosim_models::run(model),
        "odem" => odem_models::run(model),
        "simcore" => simcore_models::run(model),
        _ => panic!("the engines are nexosim, odem and simcore"),
    };
    println!("{:.0}", seconds * 1e9);
}
