//! Independent ways to the same numbers: a naive simulator and closed forms.

#![allow(
    unreachable_pub,
    dead_code,
    reason = "the modules are shared between test binaries, each of which uses a part"
)]

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

#[path = "../shared/play.rs"]
mod play;

mod against_gilsim;
mod amdahl;
mod graham;
mod lindley;
mod little;
mod open;
mod queueing;

use world::{Ending, Tool, World};

/// Plays the world through a tool, the naive way.
fn play_naively(world: &World, tool: Tool) -> Ending {
    match tool {
        Tool::Asyncio(limit) => naive_loop::play(world, limit),
        _ => naive::play(world, tool),
    }
}
