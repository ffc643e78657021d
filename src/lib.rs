//! gilsim: a deterministic discrete-event simulator of how Python programs schedule.
//!
//! A scenario says what a program waits on and what it computes; gilsim plays it through every
//! concurrency tool that Python has and shows who ran, who waited, for what, and for how long.

pub mod chart;
pub mod claims;
pub mod cli;
pub mod engine;
pub mod figures;
pub mod html;
pub mod ids;
pub mod import;
pub mod model;
pub mod open;
pub mod plan;
pub mod profile;
pub mod python;
pub mod quiz;
pub mod report;
pub mod scenario;
pub mod sink;
pub mod sweep;
pub mod time;
pub mod tools;
pub mod trace;
pub mod whatif;
pub mod workload;
