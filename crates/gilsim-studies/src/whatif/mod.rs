//! What would help most: each site, computation and cost made faster in turn, the lock taken away, one more of this and that.
//!
//! These are the curves that a causal profiler (Coz) estimates by slowing down everything else; here each point is a run
//! with the very same draws, so there is nothing to estimate.

mod change;
mod costs;
mod play;
pub mod screen;

pub use change::Change;
pub use play::{Effect, Numbers, Point, ToolStudy, csv, play};
