//! What the simulation does: claims, laws, independent oracles, golden traces. It is played through the library.

#![allow(clippy::unwrap_used, reason = "what does not work in a test fails it")]
#![allow(unreachable_pub, reason = "nobody uses a test from outside")]

mod claims;
mod config;
mod fuzz_targets;
mod golden;
mod mechanisms;
mod oracle;
mod play;
mod properties;
mod world;
mod worlds;

use properties::wild;
