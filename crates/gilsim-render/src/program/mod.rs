//! The Python program that does a scenario for real.

mod features;
mod literal;
mod names;
mod shape;
mod steps;
mod template;

use std::fmt::Write as _;

use gilsim_core::ids::TaskId;
use gilsim_core::model::{LockMode, OffloadTo, Scenario, ToolRun};
use gilsim_core::time::{SimDuration, SimTime};
use gilsim_core::tools::{Carrier, OwnKey};
use gilsim_core::workload::{TooLarge, Workload};

use features::turn_on_tool;
use literal::{prose, seconds, string};
use shape::{Given, Shape};
use steps::Functions;
use template::{Filling, with_tidy_blank_lines};

const TEMPLATE: [&str; 4] = [
    include_str!("template/head.py.in"),
    include_str!("template/tools.py.in"),
    include_str!("template/measure.py.in"),
    include_str!("template/report.py.in"),
];

/// The most permits that Python's semaphores between processes and interpreters count.
const MOST_PERMITS: u32 = i32::MAX as u32;

/// The program of one run, with the draws and arrivals of its first replicate.
///
/// # Errors
/// When the scenario's demands add up to more time than can be counted.
pub fn program_of(scenario: &Scenario, tool: &ToolRun) -> Result<String, TooLarge> {
    let workload = Workload::sample(scenario, &tool.setting, 0)?;
    let draws = |task, leaf| workload.leaf_length(task, leaf).unwrap_or(SimDuration::ZERO);
    Ok(program(scenario, tool, &draws, &|task| workload.arrival(task)))
}

/// An ordinary Python program, standard library only, that plays a scenario through one tool for real.
///
/// `draws` says how long a leaf step (numbered as executed, repeat and offload unrolled) of a task
/// waits or computes; it is asked for steps that do either, before the profile's `compute_permille`.
/// `arrivals` says when a task arrives. Sites are sleeps, computations are loops that the
/// program calibrates before its clock starts. It needs the Python of the tool's profile or a later
/// one; where the profile allows, it runs on 3.8 and later.
///
/// Its options: `--repeats N`; `--json` (for each repetition a line, an object of `makespan_ns` and of
/// `responses_ns` in order of task); and `--trace FILE`: the columns of trace.csv, one row per step and what came
/// before it, `core` empty, and a further column `cpu_ns` with the CPU time that a computation really took. A
/// repetition is written as soon as it is done.
pub fn program(
    scenario: &Scenario,
    tool: &ToolRun,
    draws: &dyn Fn(TaskId, u32) -> SimDuration,
    arrivals: &dyn Fn(TaskId) -> SimTime,
) -> String {
    let (shapes, shape_of) = Shape::all(scenario, &tool.setting);
    let in_loop = tool.tool.descriptor().carrier == Carrier::Coroutine;
    let mut functions = Functions::new(scenario, &tool.setting, in_loop, &shapes);
    let names: Vec<String> = shapes.iter().map(|shape| functions.add(shape)).collect();
    let tasks = Tasks { scenario, tool, shapes: &shapes, shape_of: &shape_of, names: &names };

    let mut filling = Filling::default();
    functions.features.iter().for_each(|feature| filling.turn_on(feature));
    let is_timed = (0..tasks.count()).any(|task| arrivals(TaskId(task)) > SimTime::ZERO);
    filling.turn_on_if(is_timed, "arrivals");
    let is_given = shapes.iter().any(|shape| shape.steps.iter().any(|step| step.given() > 0));
    filling.turn_on_if(is_given || is_timed || tasks.runs().len() > MOST_COUNTS, "table");
    tasks.turn_on_payload(&mut filling);
    turn_on_tool(&mut filling, tool);
    set_constants(&mut filling, scenario, tool);
    set_arguments(&mut filling);
    filling.set("SHARE", share(&filling, scenario, tool));
    filling.set("PAYLOADS", tasks.payloads());
    filling.set("STEPS", functions.source.trim_end());
    filling.set("PAYLOAD_FIELD", if filling.has("payload") { " payload" } else { "" });
    let table =
        if filling.has("table") { tasks.table(draws, arrivals, is_timed) } else { tasks.counts() };
    filling.set("TASKS", table);
    with_tidy_blank_lines(&TEMPLATE.map(|part| filling.fill(part)).concat())
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
    filling.set("THREADS", workers(OffloadTo::Threads));
    filling.set("PROCESSES", workers(OffloadTo::Processes));
    filling.set("START_METHOD", string(tool.start.name()));
    filling.set("SWITCH_INTERVAL", seconds(interpreter.switch_interval));
    let usual = SimDuration::from_millis(5);
    filling.turn_on_if(interpreter.switch_interval != usual, "switch_interval");
}

/// Whether there are processes or interpreters that do not share this one's objects.
fn starts_children(filling: &Filling) -> bool {
    filling.has_any(&["process_start", "interpreters"])
}

fn set_arguments(filling: &mut Filling) {
    let is_timed = filling.has("arrivals");
    let start = if is_timed { ", start" } else { "" };
    filling.set("START", start);
    let limit = if filling.has("limit") { ", limit" } else { "" };
    filling.set("RUN_ARGUMENTS", format!("{start}{limit}"));
    filling.set("JOBS", if is_timed { "arriving(jobs, start)" } else { "jobs" });
    let inherited = [("compute", "RATES"), ("connections", "CONNECTIONS")];
    let inherited =
        inherited.into_iter().chain([("semaphores", "SEMAPHORES"), ("queues", "QUEUES")]);
    // What belongs to an event loop can neither be sent to a child nor be used there.
    let is_sent = |feature| feature == "compute" || filling.has_any(&["process_shared", "permits"]);
    let inherited: Vec<&str> = inherited
        .filter(|(feature, _)| filling.has(feature) && is_sent(*feature))
        .map(|(_, name)| name)
        .collect();
    filling.turn_on_if(!inherited.is_empty() && starts_children(filling), "inherit");
    if filling.has("inherit") && filling.has("interpreters") {
        filling.turn_on("repeat");
    }
    // A tuple of one has its comma.
    let comma = if inherited.len() == 1 { "," } else { "" };
    filling.set("INHERITED", format!("{}{comma}", inherited.join(", ")));
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
    let tools = ["groupby", "islice", "repeat"].into_iter().filter(|tool| filling.has(tool));
    let tools: Vec<&str> = tools.collect();
    filling.set("ITERTOOLS", tools.join(", "));
    let off_thread = if filling.has("coroutines") {
        "(\"queued\", \"suspended\", \"sync\", \"ready\")"
    } else {
        "(\"queued\",)"
    };
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
    let how = (tool.tool.descriptor().done_by)(tool);
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

/// The statements that make what tasks share.
fn share(filling: &Filling, scenario: &Scenario, tool: &ToolRun) -> String {
    let is_between_processes = filling.has("process_shared");
    let carrier = tool.tool.descriptor().carrier;
    let (semaphore, queue) = match carrier {
        _ if is_between_processes => ("context.Semaphore", "context.Queue"),
        Carrier::Coroutine => ("asyncio.Semaphore", "asyncio.Queue"),
        Carrier::Interpreter => ("Permits", "Items"),
        Carrier::Thread | Carrier::Process => ("threading.Semaphore", "queue.Queue"),
    };
    let most = MOST_PERMITS;
    let unbounded = if carrier == Carrier::Interpreter { most } else { 0 };
    let mut lines: Vec<String> = Vec::new();
    let mut line = |owner: &str, name: &str, kind: &str, size: u32| {
        lines.push(format!("    {owner}[{}] = {kind}({})", string(name), size.min(most)));
    };
    if filling.has("connections") {
        for site in &tool.setting.sites {
            if let Some(connections) = site.connections {
                line("CONNECTIONS", &site.name, semaphore, connections);
            }
        }
    }
    if filling.has("semaphores") {
        for shared in &scenario.semaphores {
            line("SEMAPHORES", &shared.name, semaphore, shared.permits);
        }
    }
    if filling.has("queues") {
        for shared in &scenario.queues {
            line("QUEUES", &shared.name, queue, shared.capacity.unwrap_or(unbounded));
        }
    }
    lines.join("\n")
}

/// The most lines of a table that counts alike tasks.
const MOST_COUNTS: usize = 40;

/// The tasks of a scenario, as the program lists them.
struct Tasks<'a> {
    scenario: &'a Scenario,
    tool: &'a ToolRun,
    shapes: &'a [Shape<'a>],
    /// The shape of each entry.
    shape_of: &'a [usize],
    /// The function of each shape.
    names: &'a [String],
}

impl Tasks<'_> {
    fn count(&self) -> u32 {
        self.scenario.tasks.iter().map(|entry| entry.count).sum()
    }

    /// How many tasks of one shape follow each other.
    fn runs(&self) -> Vec<(usize, u32)> {
        let mut runs: Vec<(usize, u32)> = Vec::new();
        for (entry, shape) in self.scenario.tasks.iter().zip(self.shape_of) {
            match runs.last_mut() {
                Some((last, count)) if last == shape => *count += entry.count,
                _ => runs.push((*shape, entry.count)),
            }
        }
        runs
    }

    /// The table of tasks where they differ in nothing but their steps.
    fn counts(&self) -> String {
        let mut table = String::from("# What is to be done, and how often.\nTASKS = [\n");
        for (shape, count) in self.runs() {
            writeln!(table, "    ({}, {count}),", self.names[shape]).expect("text grows");
        }
        table + "]"
    }

    /// The table of tasks with their arrivals and times.
    fn table(
        &self,
        draws: &dyn Fn(TaskId, u32) -> SimDuration,
        arrivals: &dyn Fn(TaskId) -> SimTime,
        is_timed: bool,
    ) -> String {
        let columns = if is_timed { "when it arrives, and how long" } else { "and how long" };
        let mut table = format!(
            "# A line for each task: what it does, {columns} its\n# waits and computations take, in \
             seconds.\nTASKS = \"\"\"\n"
        );
        let permille = self.tool.setting.interpreter.profile.compute_permille;
        let shapes = self.scenario.tasks.iter().zip(self.shape_of);
        let shapes = shapes.flat_map(|(entry, shape)| (0..entry.count).map(|_| *shape));
        for (task, shape) in (0..).map(TaskId).zip(shapes) {
            table.push_str(&self.names[shape]);
            if is_timed {
                let arrival = arrivals(task).saturating_since(SimTime::ZERO);
                table.extend([" ", &seconds(arrival)]);
            }
            for time in Given::of(task, &self.shapes[shape].steps, draws, permille) {
                table.extend([" ", &seconds(time)]);
            }
            table.push('\n');
        }
        table + "\"\"\""
    }

    fn turn_on_payload(&self, filling: &mut Filling) {
        let any = self
            .shapes
            .iter()
            .any(|shape| shape.payload.send.bytes + shape.payload.receive.bytes > 0);
        filling.turn_on_if(any && self.tool.tool.takes(OwnKey::Start), "payload");
    }

    fn payloads(&self) -> String {
        let lines: Vec<String> = self
            .names
            .iter()
            .zip(self.shapes)
            .map(|(name, shape)| {
                format!(
                    "    \"{name}\": ({}, {}),",
                    shape.payload.send.bytes, shape.payload.receive.bytes
                )
            })
            .collect();
        lines.join("\n")
    }
}
