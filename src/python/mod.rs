//! Real Python: programs that do a scenario for real, and measuring what an interpreter costs.

pub mod calibrate;
mod features;
pub mod interpreter;
mod literal;
pub mod neighbours;
mod program;
mod shape;
mod steps;
mod template;
pub mod validate;

pub use program::{program, program_of};
