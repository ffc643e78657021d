//! Independent ways to the same numbers: a naive simulator and closed forms.

#[path = "../shared/world.rs"]
mod world;

mod by_hand;
mod naive;
mod naive_loop;

use world::{Ending, Tool, World};

/// Plays the world through a tool, the naive way.
fn play(world: &World, tool: Tool) -> Ending {
    match tool {
        Tool::Asyncio(limit) => naive_loop::play(world, limit),
        _ => naive::play(world, tool),
    }
}
