//! Which parts of the template a program needs.

use crate::program::template::Filling;
use gilsim_core::model::ToolRun;
use gilsim_core::tools::{Carrier, Carriers, OwnKey};

/// Turns on what follows from the tool and from the features that the steps turned on.
pub(super) fn turn_on_tool(filling: &mut Filling, run: &ToolRun) {
    let tool = run.descriptor();
    filling.turn_on(tool.name);
    if let Some(since) = &tool.since {
        filling.turn_on("since");
        filling.set("SINCE", since.python.to_string());
        filling.set("SINCE_WORDS", since.words);
    }
    filling.turn_on_if(tool.carrier == Carrier::Coroutine, "coroutines");
    filling.turn_on_if(tool.carrier == Carrier::Interpreter, "interpreters");
    filling.turn_on_if(run.tool.takes(OwnKey::Workers), "workers");
    filling.turn_on_if(run.tool.takes(OwnKey::Chunk), "chunk");
    filling.turn_on_if(run.limit.is_some(), "limit");
    turn_on_processes(filling, run);
    turn_on_threads(filling, run);
    turn_on_shared(filling, run);
    filling.turn_on_if(filling.has("slow_sites"), "heapq");
    if filling.has("clients") {
        turn_on_clients(filling, run);
    } else if filling.has("arrivals") && !tool.has_loop {
        turn_on_arrivals(filling, run);
    }
    filling.turn_on_if(filling.has_all(&["arrivals", "coroutines"]), "due");
    let wrappers = ["several", "payload", "timed", "due", "limit", "job_answers", "fails"];
    let is_wrapped = filling.has_any(&wrappers);
    filling.turn_on_if(!is_wrapped, "direct");
    filling.turn_on_if(filling.has_any(&["several", "payload"]), "unpacked");
    filling.turn_on_if(filling.has_any(&["payload", "timed", "fails"]), "result");
}

fn turn_on_processes(filling: &mut Filling, run: &ToolRun) {
    let starts = run.tool.takes(OwnKey::Start) || filling.has("offload_processes");
    filling.turn_on_if(starts, "process_start");
    if filling.has("shared_processes") {
        // What processes share, threads reach without asking the loop.
        filling.turn_off("ask_loop");
    }
}

/// The event loop and its default executor.
fn turn_on_threads(filling: &mut Filling, run: &ToolRun) {
    let tool = run.descriptor();
    let offloads_tasks = tool.has_loop && tool.carrier != Carrier::Coroutine;
    filling.turn_on_if(tool.has_loop, "loop");
    let waits_in_thread = filling.has("in_thread");
    filling.turn_on_if(waits_in_thread || offloads_tasks, "offload_threads");
    let has_pool = tool.carriers == Carriers::Workers && tool.carrier != Carrier::Process;
    let has_executor = has_pool || filling.has("offload_threads");
    filling.turn_on_if(has_executor, "executor");
    let is_old = run.setting.interpreter.profile.python < 9;
    filling.turn_on_if(is_old, "old_offload");
    let calls_to_thread = filling.has("m.offload") && !is_old;
    filling.turn_on_if(calls_to_thread, "to_thread_call");
}

/// What tasks share, and between whom.
fn turn_on_shared(filling: &mut Filling, run: &ToolRun) {
    let shared = ["connections", "semaphores", "locks", "queues", "events", "barriers", "limiters"];
    let is_shared = filling.has_any(&shared);
    filling.turn_on_if(is_shared, "shared");
    let between_processes = filling.has("shared_processes") || run.tool.takes(OwnKey::Start);
    filling.turn_on_if(is_shared && between_processes, "process_shared");
    let has_queues = filling.has("queues");
    turn_on_gates(filling, between_processes);
    let between_interpreters = filling.has("interpreters");
    filling.turn_on_if(is_shared && between_interpreters, "permits");
    filling.turn_on_if(has_queues && between_interpreters, "interpreter_queues");
    filling.turn_on_if(filling.has_all(&["permits", "takes_late"]), "select");
    let moves_late = has_queues && between_interpreters && filling.has("moves_late");
    filling.turn_on_if(moves_late, "interpreter_moves_late");
    let counts = filling.has("tries") && !filling.has_any(&["process_start", "interpreters"]);
    filling.turn_on_if(counts, "counts");
    let between_threads = !between_processes && run.descriptor().carrier == Carrier::Thread;
    filling.turn_on_if(has_queues && between_threads, "thread_queues");
}

/// Events, barriers and limiters: what Python has none of between such tasks, the program brings with it.
fn turn_on_gates(filling: &mut Filling, between_processes: bool) {
    let between_interpreters = filling.has("interpreters");
    for (feature, own) in [("events", "interpreter_events"), ("barriers", "interpreter_barriers")] {
        filling.turn_on_if(filling.has(feature) && between_interpreters, own);
    }
    let meets_late = between_interpreters && filling.has("meets_late");
    filling.turn_on_if(meets_late, "interpreter_meets_late");
    let on_loop = filling.has("coroutines") && !between_processes;
    filling.turn_on_if(filling.has("limiters") && on_loop, "loop_limiters");
    filling.turn_on_if(filling.has("barriers") && on_loop, "loop_barriers");
    filling.turn_on_if(filling.has("limiters") && !on_loop, "thread_limiters");
    let counts = filling.has_any(&["thread_limiters", "interpreter_barriers"]);
    filling.turn_on_if(counts && between_interpreters, "interpreter_numbers");
    let alone = !between_processes && !between_interpreters;
    filling.turn_on_if(filling.has("thread_limiters") && alone, "thread_numbers");
}

/// How clients send jobs, and how jobs come that wait for others: on an event loop each client and job is a coroutine; else
/// the main thread hands jobs out, and hears when they are done, of those that wait for others in a pool from their futures.
fn turn_on_clients(filling: &mut Filling, run: &ToolRun) {
    let tool = run.descriptor();
    if tool.has_loop {
        filling.turn_on("client");
        filling.turn_on_if(tool.carrier != Carrier::Coroutine, "functools");
        return;
    }
    filling.turn_on("answers");
    filling.turn_on("heapq");
    if filling.has("follows") && tool.carriers == Carriers::Workers {
        for feature in ["futures", "functools", "answer_queue"] {
            filling.turn_on(feature);
        }
        return;
    }
    filling.turn_on("job_answers");
    filling.turn_on_if(filling.has("chunk"), "chunk_answers");
    let in_interpreters = filling.has("interpreters");
    let by_pipe = filling.has("process_start") || in_interpreters;
    filling.turn_on_if(filling.has("process_start"), "answer_pipe");
    filling.turn_on_if(!by_pipe, "answer_queue");
    filling.turn_on_if(by_pipe, "answer_words");
    filling.turn_on_if(in_interpreters, "answer_select");
}

/// How the main thread hands out work by and by.
fn turn_on_arrivals(filling: &mut Filling, run: &ToolRun) {
    if run.tool.takes(OwnKey::Chunk) {
        filling.turn_on("arriving_batch");
        filling.turn_on("groupby");
    } else {
        filling.turn_on("arriving_one");
    }
}
