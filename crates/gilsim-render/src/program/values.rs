//! What stands at the places of the template.

use crate::program::literal::{prose, seconds, string};
use crate::program::steps::Pair;
use crate::program::template::Filling;
use gilsim_core::model::{After, Arrival, LockMode, OffloadTo, Scenario, Site, ToolRun};
use gilsim_core::time::SimDuration;
use gilsim_core::tools::Carrier;

/// The most permits that Python's semaphores between processes and interpreters count.
const MOST_PERMITS: u32 = i32::MAX as u32;

/// Sets all of them, but for the functions and the table of tasks. Every feature is decided by now, but for those that
/// tell whether children take something over.
pub(super) fn set_values(
    filling: &mut Filling,
    scenario: &Scenario,
    tool: &ToolRun,
    names: &[Pair],
) {
    set_constants(filling, scenario, tool);
    set_children(filling);
    set_works(filling);
    set_tools(filling);
    set_calls(filling, names);
    filling.set("SHARE", share(filling, scenario, tool));
    filling.set("SITES", sites(tool));
}

fn set_constants(filling: &mut Filling, scenario: &Scenario, tool: &ToolRun) {
    let (machine, interpreter) = (&tool.setting.machine, &tool.setting.interpreter);
    filling.set("DOCSTRING", docstring(scenario, tool));
    filling.set("LABEL", string(&tool.label));
    filling.set("CORES", machine.cores.to_string());
    filling.set("WORKERS", tool.workers.to_string());
    filling.set("LIMIT", tool.limit.unwrap_or(0).to_string());
    filling.set("CHUNK", tool.chunk.to_string());
    let workers = |executor: OffloadTo| executor.default_workers(machine.cores).to_string();
    filling.set("CLIENTS", clients(scenario));
    filling.set("AFTER", followers(scenario));
    let threads = tool.offload_workers.map(|workers| workers.to_string());
    filling.set("THREADS", threads.unwrap_or_else(|| workers(OffloadTo::Threads)));
    filling.set("PROCESSES", workers(OffloadTo::Processes));
    filling.set("START_METHOD", string(tool.start.name()));
    filling.set("SWITCH_INTERVAL", seconds(interpreter.switch_interval));
    let usual = SimDuration::from_millis(5);
    filling.turn_on_if(interpreter.switch_interval != usual, "switch_interval");
}

/// How many clients each closed loop has, by the name that its tasks have in the table.
fn clients(scenario: &Scenario) -> String {
    let entries = scenario.tasks.iter().enumerate();
    let clients = entries.filter_map(|(entry, spec)| match spec.arrive {
        Arrival::Clients { clients, .. } => Some(format!("{}: {clients}", string(&sender(entry)))),
        _ => None,
    });
    clients.collect::<Vec<_>>().join(", ")
}

/// A line for each entry that comes after another: the numbers of the tasks that it waits for, and whether each of its own
/// waits for one.
fn followers(scenario: &Scenario) -> String {
    let numbers = |entry: usize| {
        let counts = scenario.tasks.iter().map(|entry| entry.count);
        let first: u32 = counts.take(entry).sum();
        format!("range({first}, {})", first + scenario.tasks[entry].count)
    };
    let entries = scenario.tasks.iter().enumerate();
    let lines = entries.filter_map(|(entry, spec)| {
        let Arrival::After(after) = spec.arrive else { return None };
        let one_by_one = if matches!(after, After::Each(_)) { "True" } else { "False" };
        let name = string(&sender(entry));
        Some(format!("    {name}: ({}, {one_by_one}),", numbers(after.entry())))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What the clients of an entry, or its tasks that come after others, are called in the table of tasks.
pub(super) fn sender(entry: usize) -> String {
    format!("c{entry}")
}

/// Whether there are processes or interpreters that do not share this one's objects.
fn starts_children(filling: &Filling) -> bool {
    filling.has_any(&["process_start", "interpreters"])
}

/// What children take over from their parent.
fn set_children(filling: &mut Filling) {
    let inherited = [("constants", "TURNS"), ("connections", "CONNECTIONS")];
    let inherited = inherited.into_iter().chain([
        ("semaphores", "SEMAPHORES"),
        ("locks", "LOCKS"),
        ("events", "EVENTS"),
        ("barriers", "BARRIERS"),
        ("limiters", "LIMITERS"),
        ("queues", "QUEUES"),
        ("job_answers", "ANSWERS"),
    ]);
    // What belongs to an event loop can neither be sent to a child nor be used there.
    let is_sent = |feature| {
        matches!(feature, "constants" | "job_answers")
            || filling.has_any(&["process_shared", "permits"])
    };
    let inherited: Vec<&str> = inherited
        .filter(|(feature, _)| filling.has(feature) && is_sent(*feature))
        .map(|(_, name)| name)
        .collect();
    if !inherited.is_empty() && starts_children(filling) {
        filling.turn_on("inherit");
        filling.turn_on("starter");
    }
    // A tuple of one has its comma.
    let comma = if inherited.len() == 1 { "," } else { "" };
    filling.set("INHERITED", format!("{}{comma}", inherited.join(", ")));
}

/// How the program computes.
fn set_works(filling: &mut Filling) {
    let modes = [LockMode::Held, LockMode::Kept, LockMode::Released].map(LockMode::name);
    let works: Vec<&str> = modes.into_iter().filter(|mode| filling.has(mode)).collect();
    filling.set("WORKS", format!("{},", works.join(", ")));
    filling.set(
        "COMPUTE_STATE",
        match &works[..] {
            ["released"] => "\"native\"",
            [.., "released"] => "\"native\" if work is released else \"running\"",
            _ => "\"running\"",
        },
    );
}

/// What a job is, and how it is done.
fn set_calls(filling: &mut Filling, names: &[Pair]) {
    let (several, payload) = (filling.has("several"), filling.has("payload"));
    let kind = if several { "kind" } else { "0" };
    filling.set("KIND", kind);
    let list = |of: fn(&Pair) -> &String| -> String {
        names.iter().map(of).map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let given = if several || payload { "given" } else { "job" };
    let [run, trace] = if several {
        [format!("STEPS[kind]({given})"), format!("NOTED_STEPS[kind](task, {given})")]
    } else {
        [format!("{}({given})", names[0].plain), format!("{}(task, {given})", names[0].noted)]
    };
    let own = if filling.has("direct") { names[0].plain.as_str() } else { "run_task" };
    filling.set("WORK", own);
    filling.set("RUN", run);
    filling.set("TRACE", trace);
    filling.set("PLAIN", list(|names| &names.plain));
    filling.set("NOTED", list(|names| &names.noted));
    let parcel = format!("parcel(*PAYLOADS[{kind}][0])");
    let (job, unpacked) = match (several, payload) {
        (false, false) => ("given".to_owned(), ""),
        (true, false) => ("(kind, given)".to_owned(), "kind, given"),
        (false, true) => (format!("(given, {parcel})"), "given, _"),
        (true, true) => (format!("(kind, given, {parcel})"), "kind, given, _"),
    };
    filling.set("JOB", job);
    filling.set("UNPACKED", unpacked);
    set_results(filling, kind);
}

/// What a job returns: when it ended, whether it failed, and what it made.
fn set_results(filling: &mut Filling, kind: &str) {
    let fails = filling.has("fails");
    let with_rest = |end: &str| {
        let end = if fails { format!("({end}, failed)") } else { end.to_owned() };
        if filling.has("payload") { format!("{end}, parcel(*PAYLOADS[{kind}][1])") } else { end }
    };
    let end = if filling.has("timed") { "time.monotonic_ns()" } else { "None" };
    let (result, traced) = (with_rest(end), with_rest("task.notes"));
    let title = match (filling.has("timed"), filling.has("payload"), fails) {
        (_, true, _) => "Do one task; return when it ended, and what it made.",
        (true, false, _) => "Do one task, and return when it ended.",
        (false, false, true) => "Do one task, and return whether it failed.",
        (false, false, false) => "Do one task.",
    };
    filling.set("RUN_TITLE", title);
    filling.set("RESULT", result);
    filling.set("TRACED", traced);
}

/// What the functions of the tool are given.
fn set_tools(filling: &mut Filling) {
    let is_timed = filling.has("arrivals");
    filling.set("LIST", if is_timed { "timetable, start" } else { "jobs" });
    filling.set("JOBS", if is_timed { "arriving(timetable, start)" } else { "jobs" });
    let limit = if filling.has("limit") { ", limit" } else { "" };
    filling.set("LIMITED", limit);
    let due = if filling.has("due") { ", due" } else { "" };
    filling.set("RUN_ARGUMENTS", format!("{due}{limit}"));
    let has_loop = filling.has("coroutines");
    filling.set("ASYNC", if has_loop { "async " } else { "" });
    filling.set("AWAIT", if has_loop { "await " } else { "" });
    let tools = [("groupby", "groupby"), ("islice", "islice"), ("kept", "repeat")];
    let tools = tools.into_iter().filter(|(feature, _)| filling.has(feature));
    let tools: Vec<&str> = tools.map(|(_, tool)| tool).collect();
    filling.set("ITERTOOLS", tools.join(", "));
    let off_thread =
        if has_loop { "(\"queued\", \"suspended\", \"sync\", \"ready\")" } else { "(\"queued\",)" };
    filling.set("OFF_THREAD", off_thread);
}

/// What the program says of itself.
fn docstring(scenario: &Scenario, tool: &ToolRun) -> String {
    let title = prose(scenario.title.trim().trim_end_matches('.'));
    let title = if title.is_empty() { "A scenario".to_owned() } else { title };
    let about = match prose(&scenario.about) {
        about if about.is_empty() => String::new(),
        about => format!("\n{about}\n"),
    };
    let how = (tool.descriptor().done_by)(tool);
    let how = prose(&format!("The tasks are done by: {how}."));
    format!(
        "\"\"\"{title}.\n{about}\n{how}\nWaits are sleeps, computations are loops calibrated before the clock \
         starts.\nPrinted by gilsim.{}\n\"\"\"",
        build_note(tool)
    )
}

/// Which build of Python the program is meant for, where it matters.
fn build_note(tool: &ToolRun) -> &'static str {
    let interpreter = &tool.setting.interpreter;
    if interpreter.profile.free_threaded || !interpreter.lock {
        "\n\nRun it on a free-threaded build of Python: the scenario has no interpreter lock."
    } else {
        ""
    }
}

/// A line for each site: how much longer its answers take for other requests, and how far apart their turns are.
fn sites(tool: &ToolRun) -> String {
    let line = |site: &Site| {
        let (name, server) = (string(&site.name), site.server);
        format!("    {name}: Site({}, {}),", seconds(server.per_concurrent), seconds(server.turn))
    };
    tool.setting.sites.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The statements that make what tasks share.
fn share(filling: &Filling, scenario: &Scenario, tool: &ToolRun) -> String {
    let is_between_processes = filling.has("process_shared");
    let carrier = tool.descriptor().carrier;
    let (semaphore, lock, queue) = match carrier {
        _ if is_between_processes => ("context.Semaphore", "context.Lock()", "context.Queue"),
        Carrier::Coroutine => ("asyncio.Semaphore", "asyncio.Lock()", "asyncio.Queue"),
        Carrier::Interpreter => ("Permits", "Permits(1)", "Items"),
        Carrier::Thread | Carrier::Process => {
            ("threading.Semaphore", "threading.Lock()", "queue.Queue")
        }
    };
    let most = MOST_PERMITS;
    let unbounded = if carrier == Carrier::Interpreter { most } else { 0 };
    let mut lines: Vec<String> = Vec::new();
    let line = |owner: &str, name: &str, kind: &str, size: u32| {
        format!("    {owner}[{}] = {kind}({})", string(name), size.min(most))
    };
    if filling.has("connections") {
        for site in &tool.setting.sites {
            if let Some(connections) = site.connections {
                lines.push(line("CONNECTIONS", &site.name, semaphore, connections));
            }
        }
    }
    if filling.has("semaphores") {
        for shared in &scenario.semaphores {
            lines.push(line("SEMAPHORES", &shared.name, semaphore, shared.permits));
        }
    }
    if filling.has("locks") {
        for shared in &scenario.locks {
            lines.push(format!("    LOCKS[{}] = {lock}", string(&shared.name)));
        }
    }
    lines.extend(share_gates(filling, scenario, carrier));
    if filling.has("queues") {
        for shared in &scenario.queues {
            let room = shared.capacity.unwrap_or(unbounded);
            lines.push(line("QUEUES", &shared.name, queue, room));
        }
    }
    lines.join("\n")
}

/// The statements that make events, barriers and limiters.
fn share_gates(filling: &Filling, scenario: &Scenario, carrier: Carrier) -> Vec<String> {
    let (event, barrier, counter) = match carrier {
        _ if filling.has("process_shared") => {
            ("context.Event()", "context.Barrier", "context.Lock(), context.Value(\"d\", 0.0)")
        }
        Carrier::Coroutine => ("asyncio.Event()", "asyncio.Barrier", ""),
        Carrier::Interpreter => ("Event()", "Barrier", "Permits(1), Number()"),
        Carrier::Thread | Carrier::Process => {
            ("threading.Event()", "threading.Barrier", "threading.Lock(), Number()")
        }
    };
    let mut lines = Vec::new();
    if filling.has("events") {
        let names = scenario.flags.iter().map(|it| string(&it.name));
        lines.extend(names.map(|name| format!("    EVENTS[{name}] = {event}")));
    }
    if filling.has("barriers") {
        let named = scenario.barriers.iter().map(|it| (string(&it.name), it.parties));
        lines.extend(
            named.map(|(name, parties)| format!("    BARRIERS[{name}] = {barrier}({parties})")),
        );
    }
    if filling.has("limiters") {
        for limiter in &scenario.limiters {
            let (name, gap, burst) = (string(&limiter.name), seconds(limiter.gap), limiter.burst);
            let separator = if counter.is_empty() { "" } else { ", " };
            let made = format!("Limiter({gap}, {burst}{separator}{counter})");
            lines.push(format!("    LIMITERS[{name}] = {made}"));
        }
    }
    lines
}
