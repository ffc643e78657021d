//! The concurrency tools of Python, each as a topology: which threads and processes it has, and the
//! small programs that they run.
//!
//! One file per tool. A file says what there is to know of the tool, and how its code in CPython's standard library
//! goes, in the instructions of [`crate::plan::Op`]; what each instruction costs comes from the profile.

mod asyncio;
mod attempts;
mod builder;
mod descriptor;
mod event_loop;
mod fans;
mod gates;
mod interpreter_pool;
mod multiprocessing;
mod multiprocessing_pool;
mod native;
mod parts;
mod pipe;
mod process_pool;
mod script;
mod sequential;
mod server;
mod shared;
mod thread_pool;
mod threading;
mod turns;
mod words;

use crate::model::{Scenario, ToolRun};
use crate::plan::Plan;
use crate::workload::{TooLarge, Workload};

use builder::Builder;
pub use descriptor::{Carrier, Carriers, Descriptor, OwnKey, Since};

/// Makes the tools of their table.
macro_rules! tools {
    ($($(#[$about:meta])* $tool:ident: $descriptor:path,)*) => {
        /// The concurrency tools of Python (docs/contract.md, "Tools").
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Tool {
            $($(#[$about])* $tool,)*
        }

        impl Tool {
            /// All tools, in the order in which everything lists them.
            pub const ALL: [Self; [$(Self::$tool),*].len()] = [$(Self::$tool),*];

            /// What there is to know of it, however it is set: [`ToolRun::descriptor`] is that of a run.
            const fn descriptor(self) -> &'static Descriptor {
                match self {
                    $(Self::$tool => &$descriptor,)*
                }
            }
        }
    };
}

tools! {
    /// One task after the other on the main thread.
    Sequential: sequential::DESCRIPTOR,
    /// `threading`: a thread per task.
    Threading: threading::DESCRIPTOR,
    /// `concurrent.futures.ThreadPoolExecutor`.
    ThreadPool: thread_pool::DESCRIPTOR,
    /// `asyncio`: a coroutine per task on one event loop.
    Asyncio: asyncio::DESCRIPTOR,
    /// `asyncio.to_thread` per task.
    ToThread: asyncio::TO_THREAD,
    /// `multiprocessing.Process` per task.
    Multiprocessing: multiprocessing::DESCRIPTOR,
    /// `multiprocessing.Pool`.
    MultiprocessingPool: multiprocessing_pool::DESCRIPTOR,
    /// `concurrent.futures.ProcessPoolExecutor`.
    ProcessPool: process_pool::DESCRIPTOR,
    /// `concurrent.futures.InterpreterPoolExecutor` (3.14).
    InterpreterPool: interpreter_pool::DESCRIPTOR,
    /// A server of processes that were forked beforehand, as gunicorn is.
    Server: server::DESCRIPTOR,
}

impl ToolRun {
    /// What there is to know of its tool, set as it is: a server may have an event loop in each process.
    pub fn descriptor(&self) -> &'static Descriptor {
        if self.serving.on_loops { &server::ON_LOOPS } else { self.tool.descriptor() }
    }
}

/// The names that the engine itself gives to rows.
const ENGINE_NAMES: [&str; 14] = [
    "wake",
    "switch",
    "loop",
    "poll",
    "step",
    "create",
    "executor",
    "result",
    "join",
    "start",
    "arrival",
    "pickle",
    "spin",
    "contention",
];

/// The plan of one run: the draws of one replicate of a scenario, laid out for one tool.
///
/// # Errors
/// When its threads would take turns so often that the run would not end in a day.
pub(crate) fn lay_out(
    scenario: &Scenario,
    tool: &ToolRun,
    replicate: u32,
    workload: Workload,
) -> Result<Plan, TooLarge> {
    let mut builder = Builder::new(scenario, tool, workload, replicate);
    (tool.descriptor().write)(&mut builder);
    let plan = builder.finish();
    turns::check(&plan, tool)?;
    Ok(plan)
}
