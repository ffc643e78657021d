//! gilsim: a deterministic discrete-event simulator of how Python programs schedule.
//!
//! A scenario says what a program waits on and what it computes; gilsim plays it through every
//! concurrency tool that Python has and shows who ran, who waited, for what, and for how long.

pub mod cli;
pub mod import;
pub mod python;

pub use gilsim_core::{
    engine, ids, model, open, plan, profile, sink, time, tools, trace, workload,
};
pub use gilsim_render::{chart, formats, html, lanes, program, quiz, report};
pub use gilsim_scenario as scenario;
pub use gilsim_studies::{claims, figures, sweep, whatif};
