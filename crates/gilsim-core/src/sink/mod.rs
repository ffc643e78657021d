//! Who listens to a run: the audit and the summary. More listeners are in the crates above.
//!
//! Sinks are told what happened and never feed back into a run.

pub mod audit;
pub mod fraction;
pub mod row;
#[doc(hidden)]
pub mod sample;
pub mod summary;
