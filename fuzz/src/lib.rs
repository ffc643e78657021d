//! Fuzzing gilsim with libFuzzer: see CONTRIBUTING.md.

pub mod targets;

#[path = "../../tests/properties/wild.rs"]
mod wild;
