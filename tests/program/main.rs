//! What the program does: commands, files, screens, messages; and the rules of the house.

#![allow(clippy::unwrap_used, reason = "what does not work in a test fails it")]
#![allow(unreachable_pub, reason = "nobody uses a test from outside")]

mod bench;
mod chart;
mod claim_files;
mod cli;
mod commands;
#[cfg(unix)]
mod faults;
mod figures;
mod import;
mod limits;
mod open;
mod python_programs;
mod quiz;
#[cfg(unix)]
mod record;
mod scenario_messages;
mod scenarios;
mod standard_input;
mod sweep;
mod tidy;
mod whatif;
