//! The simulation: from a checked scenario to what happened, when, and why.
//!
//! No file, no thread, no clock and no signal is in here, so it runs wherever Rust does, in a browser too.

pub mod engine;
pub mod ids;
pub mod model;
pub mod open;
pub mod plan;
pub mod profile;
pub mod run;
pub mod sink;
pub mod time;
pub mod tools;
pub mod trace;
pub mod workload;
