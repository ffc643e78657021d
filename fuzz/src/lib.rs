//! Fuzzing gilsim with libFuzzer: see CONTRIBUTING.md.

pub mod targets;

#[allow(dead_code, reason = "the targets use a part of it")]
#[path = "../../tests/model/properties/wild.rs"]
mod wild;
