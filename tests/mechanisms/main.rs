//! What real CPython was measured to do, and what is easily got wrong about it.

#![allow(unreachable_pub, reason = "the module is shared between test binaries")]

#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "../shared/play.rs"]
mod play;

mod checklist;
mod edges;
mod measured;
mod placement;
