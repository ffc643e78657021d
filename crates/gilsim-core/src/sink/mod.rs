//! Sinks, which listen to a run: the audit and the summary. More of them are in the crates above.
//!
//! A sink receives what happened and never changes a run.

pub mod audit;
pub mod fraction;
pub mod row;
#[doc(hidden)]
pub mod sample;
pub mod summary;
