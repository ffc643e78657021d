//! Real Python: measuring what an interpreter costs, and predicted beside measured.

pub(crate) mod calibrate;
pub(crate) mod interpreter;
pub(crate) mod neighbours;
pub(crate) mod validate;
