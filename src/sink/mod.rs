//! Who listens to a run: trace files, summaries, the audit.
//!
//! Sinks are told what happened and never feed back into a run. They format and add up; opening
//! files, printing and exit codes belong to the command line.

pub mod audit;
mod block;
pub mod csv;
pub mod fraction;
pub mod perfetto;
pub mod row;
pub mod summary;
pub mod table;

#[cfg(test)]
pub(crate) mod sample;
