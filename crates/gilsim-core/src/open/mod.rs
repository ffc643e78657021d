//! Open systems: how many are served and how many wait over time, what load is offered, and whether it can be served.

mod load;
mod meter;
mod queues;
mod report;

pub use load::{Load, offered};
pub use queues::{Kind, Queues};
pub use report::{OpenReport, ResourceReport, Stretch};
