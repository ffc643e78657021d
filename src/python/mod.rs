//! Real Python: measuring what an interpreter costs, and predicted beside measured.

pub mod calibrate;
pub mod interpreter;
pub mod neighbours;
pub mod validate;
