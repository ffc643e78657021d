//! The recording of a run, for pictures and pages: who was in which state from when to when, in bounded memory.
//!
//! A [`Recorder`] listens to a run and leaves a [`Recording`]. Lanes are kept at two depths. Those for a picture are
//! few and bounded one by one: short intervals are merged where a picture has no pixel for them. Those for a page are
//! kept only if [a page is wanted](Recorder::for_page): every interval of every thread, up to a bound for all together.

mod every;
mod lane;
mod piece;
mod recorder;
mod recording;
mod timeline;

pub use every::Every;
pub(crate) use every::MOST_INTERVALS;
pub(crate) use lane::{Lane, Sort};
pub(crate) use piece::{Piece, coarsen};
pub(crate) use recorder::MOST_WORKERS;
pub use recorder::Recorder;
pub use recording::Recording;
pub(crate) use recording::{LockRecord, ThreadRecord};
pub(crate) use timeline::{Timeline, as_float};
