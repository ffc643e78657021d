//! Independent ways to the same numbers: a naive simulator and closed forms.

mod by_hand;
mod naive;
mod naive_laws;
mod naive_loop;

mod after;
mod against_gilsim;
mod amdahl;
mod closed;
mod graham;
mod lindley;
mod little;
mod native;
mod open;
mod queueing;
mod servers;
mod sites;

use crate::world::{Ending, Tool, World};

/// Plays the world through a tool, the naive way.
pub fn play_naively(world: &World, tool: Tool) -> Ending {
    match tool {
        Tool::Asyncio(limit) => naive_loop::play(world, limit),
        _ => naive::play(world, tool),
    }
}
