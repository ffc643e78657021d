//! gilsim: a deterministic discrete-event simulator of how Python programs schedule.
//!
//! A scenario says what a program waits on and what it computes; gilsim plays it through every
//! concurrency tool that Python has and shows who ran, who waited, for what, and for how long.

pub mod ids;
pub mod model;
pub mod profile;
pub mod time;
pub mod trace;
