//! Which parts of the template a program needs.

use crate::program::template::Filling;
use gilsim_core::model::{Tool, ToolRun};

/// Turns on what follows from the tool and from the features that the steps turned on.
pub(super) fn turn_on_tool(filling: &mut Filling, tool: &ToolRun) {
    filling.turn_on(tool.tool.name());
    filling.turn_on_if(tool.tool.takes_workers(), "workers");
    filling.turn_on_if(tool.tool.takes_chunk(), "chunk");
    filling.turn_on_if(tool.limit.is_some() && tool.tool == Tool::Asyncio, "limit");
    turn_on_processes(filling, tool);
    turn_on_threads(filling, tool);
    turn_on_shared(filling, tool);
    if filling.has("arrivals") {
        turn_on_arrivals(filling, tool.tool);
    }
}

fn turn_on_processes(filling: &mut Filling, tool: &ToolRun) {
    let starts = tool.tool.takes_start() || filling.has("offload_processes");
    filling.turn_on_if(starts, "process_start");
    if filling.has("shared_processes") {
        // What processes share, threads reach without asking the loop.
        filling.turn_off("ask_loop");
    }
}

/// The event loop and its default executor.
fn turn_on_threads(filling: &mut Filling, tool: &ToolRun) {
    let is_to_thread = tool.tool == Tool::ToThread;
    filling.turn_on_if(is_to_thread || tool.tool == Tool::Asyncio, "loop");
    let waits_in_thread = filling.has("in_thread");
    filling.turn_on_if(waits_in_thread || is_to_thread, "offload_threads");
    let has_pool = matches!(tool.tool, Tool::ThreadPool | Tool::InterpreterPool);
    let has_executor = has_pool || filling.has("offload_threads");
    filling.turn_on_if(has_executor, "executor");
    let is_old = tool.setting.interpreter.profile.python < 9;
    filling.turn_on_if(is_old, "old_offload");
    let calls_to_thread = is_to_thread || filling.has("m.offload") && !is_old;
    filling.turn_on_if(calls_to_thread, "to_thread_call");
}

/// What tasks share, and between whom.
fn turn_on_shared(filling: &mut Filling, tool: &ToolRun) {
    let is_shared = filling.has_any(&["connections", "semaphores", "queues"]);
    filling.turn_on_if(is_shared, "shared");
    let between_processes = filling.has("shared_processes") || tool.tool.takes_start();
    filling.turn_on_if(is_shared && between_processes, "process_shared");
    let has_queues = filling.has("queues");
    let between_interpreters = tool.tool == Tool::InterpreterPool;
    filling.turn_on_if(is_shared && between_interpreters, "permits");
    filling.turn_on_if(has_queues && between_interpreters, "interpreter_queues");
    let between_threads = !between_processes && !between_interpreters && tool.tool != Tool::Asyncio;
    filling.turn_on_if(has_queues && between_threads, "thread_queues");
}

/// How the main thread hands out work by and by.
fn turn_on_arrivals(filling: &mut Filling, tool: Tool) {
    match tool {
        Tool::ProcessPool | Tool::MultiprocessingPool => {
            filling.turn_on("arriving_batch");
            filling.turn_on("groupby");
        }
        Tool::Sequential
        | Tool::Threading
        | Tool::ThreadPool
        | Tool::Multiprocessing
        | Tool::InterpreterPool => filling.turn_on("arriving_one"),
        Tool::Asyncio | Tool::ToThread => {}
    }
}
