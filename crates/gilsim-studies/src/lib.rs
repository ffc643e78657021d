//! Studies: many runs that answer one question. Sweeps, claims, what-ifs, and the figures of the article.

pub mod claims;
pub mod figures;
mod listener;
pub mod sweep;
pub mod threads;
pub mod whatif;

pub use listener::Listener;
