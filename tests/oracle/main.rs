//! Independent ways to the same numbers: a naive simulator and closed forms.

#![allow(unreachable_pub, reason = "the modules are shared between test binaries")]

#[path = "../shared/config.rs"]
mod config;
#[path = "../shared/world.rs"]
mod world;
#[path = "../shared/worlds.rs"]
mod worlds;

mod by_hand;
mod naive;
mod naive_laws;
mod naive_loop;

#[cfg(false)]
#[path = "../shared/play.rs"]
mod play;

#[cfg(false)]
mod against_gilsim;
#[cfg(false)]
mod amdahl;
#[cfg(false)]
mod graham;
#[cfg(false)]
mod lindley;
#[cfg(false)]
mod little;
#[cfg(false)]
mod queueing;

use world::{Ending, Tool, World};

/// Plays the world through a tool, the naive way.
fn play_naively(world: &World, tool: Tool) -> Ending {
    match tool {
        Tool::Asyncio(limit) => naive_loop::play(world, limit),
        _ => naive::play(world, tool),
    }
}
