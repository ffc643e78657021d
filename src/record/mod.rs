//! Programs that really run become scenarios.
//!
//! The recorder is a handful of Python files ([`RECORDER`]) that a Python finds on `PYTHONPATH` as it starts. They write what
//! the program does into a log of each process (`log`). From the logs come the tasks with their waits and stretches of
//! computing, and from these a scenario, whose first tool is labelled `recorded`.
//!
//! Hosts, ports, names of functions and numbers are all that is kept: no hook reads anything else.

mod choice;
mod coroutines;
mod lock;
mod log;
mod scenario;
mod shape;
mod spans;
mod steps;
mod told;
mod waits;

pub use log::{LogError, Process};
pub use scenario::{Recorded, recorded};

/// The files that a Python has to find, by their names.
pub const RECORDER: [(&str, &str); 5] = [
    ("sitecustomize.py", include_str!("recorder/sitecustomize.py")),
    ("_gilsim_log.py", include_str!("recorder/_gilsim_log.py")),
    ("_gilsim_loops.py", include_str!("recorder/_gilsim_loops.py")),
    ("_gilsim_processes.py", include_str!("recorder/_gilsim_processes.py")),
    ("_gilsim_hooks.py", include_str!("recorder/_gilsim_hooks.py")),
];

/// The variable that tells the recorder into which folder it writes.
pub const FOLDER: &str = "GILSIM_RECORDING";
