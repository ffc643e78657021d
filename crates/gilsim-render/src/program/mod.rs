//! The Python program that does a scenario for real.

mod body;
mod features;
mod literal;
mod names;
mod shape;
mod steps;
mod tasks;
mod template;
mod values;

use gilsim_core::ids::TaskId;
use gilsim_core::model::{LockMode, OffloadTo, Scenario, ToolRun};
use gilsim_core::time::{SimDuration, SimTime};
use gilsim_core::tools::Carrier;
use gilsim_core::workload::{Demand, Spent, TooLarge, Workload};

use features::turn_on_tool;
use shape::Shape;
use steps::{FanOut, Functions, Pair};
use tasks::Tasks;
use template::{Filling, with_tidy_blank_lines};
use values::set_values;

const TEMPLATE: [&str; 4] = [
    include_str!("template/head.py.in"),
    include_str!("template/tools.py.in"),
    include_str!("template/measure.py.in"),
    include_str!("template/report.py.in"),
];

/// The program of one run, with the draws and arrivals of its first replicate.
///
/// # Errors
/// When the scenario's demands add up to more time than can be counted.
pub fn program_of(scenario: &Scenario, tool: &ToolRun) -> Result<String, TooLarge> {
    let workload = Workload::sample(scenario, &tool.setting, 0)?;
    let lengths = |task, leaf| workload.leaf_length(task, leaf).unwrap_or(SimDuration::ZERO);
    let arrivals = |task| workload.arrival(task) + workload.think(task);
    let fails = |task, leaf| workload.leaf_fails(task, leaf);
    let are_tasks_tiny = are_tasks_tiny(&workload);
    let drawn = Drawn { draws: &lengths, fails: &fails, arrivals: &arrivals, are_tasks_tiny };
    Ok(program(scenario, tool, &drawn))
}

/// Why no program can be printed for a tool, in a sentence without a full stop; `None` where one can.
pub fn refusal(scenario: &Scenario, tool: &ToolRun) -> Option<String> {
    if tool.tool.is_server() {
        return Some(format!(
            "no program is printed for `{}`: Python's standard library has no such server, and its requests come \
             from another program",
            tool.label
        ));
    }
    if let Some(team) = tool.setting.computations.iter().find(|it| it.parallel.threads > 1) {
        return Some(format!(
            "no program is printed: computation `{}` is done by native threads, and Python's standard library has \
             nothing that has some",
            team.name
        ));
    }
    if let Some(sharing) =
        tool.setting.computations.iter().find(|it| it.parallel.shared_permille > 0)
    {
        return Some(format!(
            "no program is printed: what computation `{}` shares with other threads has no length of its own that a \
             program could play",
            sharing.name
        ));
    }
    let workload = Workload::sample(scenario, &tool.setting, 0).ok()?;
    let entries = 0..scenario.tasks.len();
    let mut steps = entries.flat_map(|entry| workload.script(entry));
    let leaves_process = tool.tool.has_own_locks()
        || steps.clone().any(|it| it.action.hands_over_to() == Some(Some(OffloadTo::Processes)));
    let site = steps.find_map(|step| match step.action.spends()? {
        (Spent::Waiting(Some(site)), _) => {
            Some(&tool.setting.sites[site.index()]).filter(|site| site.server.slows_down())
        }
        _ => None,
    });
    let site = site.filter(|_| leaves_process)?;
    Some(format!(
        "site `{}` slows down under load (`capacity`, `per_concurrent`), and no program is printed for that under \
         `{}`: the sleeps that stand for the site are in several processes or interpreters, which do not know of each \
         other's requests; use a tool whose tasks are threads or coroutines",
        site.name, tool.label
    ))
}

/// Below this, a task or a step is so short that looking at clocks beside it takes a good part of its time.
const TINY: u128 = 50_000;

/// Nanoseconds that any step takes at least, about.
const LEAST: u128 = 1_000;

/// Whether tasks are so short that noting when each ends would be a good part of the work.
fn are_tasks_tiny(workload: &Workload) -> bool {
    let Demand { steps, nanos } = workload.demand();
    nanos + steps * LEAST < u128::from(workload.task_count()) * TINY
}

/// Whether steps are so short that noting each would be a good part of the work: what a program does with `--trace`.
pub fn are_steps_tiny(workload: &Workload) -> bool {
    let Demand { steps, nanos } = workload.demand();
    nanos < steps * TINY
}

/// What chance decided, and what follows from it.
pub struct Drawn<'a> {
    /// How long a leaf step (numbered as executed, repeat and offload unrolled) of a task waits or computes; it is
    /// asked for steps that do either, before the profile's `compute_permille`.
    pub draws: &'a dyn Fn(TaskId, u32) -> SimDuration,
    /// Whether a leaf step of a task, which waits on a site, fails.
    pub fails: &'a dyn Fn(TaskId, u32) -> bool,
    /// When a task arrives; of a client's, after its first one: how long after the answer to the one before.
    pub arrivals: &'a dyn Fn(TaskId) -> SimTime,
    /// Whether tasks are so short that the program is not to note when each ends.
    pub are_tasks_tiny: bool,
}

/// An ordinary Python program, standard library only, that plays a scenario through one tool for real.
///
/// Sites are sleeps, computations are loops that the program calibrates before its clock starts. It needs the Python
/// of the tool's profile or a later one; where the profile allows, it runs on 3.8 and later.
///
/// Its options: `--repeats N`; `--json` (for each repetition a line, an object of `makespan_ns` and, unless tasks are
/// tiny, of `responses_ns` in order of task); and `--trace FILE`: the columns of trace.csv, one row per step and what
/// came before it, `core` empty, and a further column `cpu_ns` with the CPU time that a computation really took. With
/// it, the object always has `responses_ns`, and it has `note_ns` and `computation_ns`, the CPU time that noting a step
/// and a computation takes. A repetition is written as soon as it is done.
pub fn program(scenario: &Scenario, tool: &ToolRun, drawn: &Drawn<'_>) -> String {
    let (shapes, shape_of) = Shape::all(scenario, &tool.setting);
    let in_loop = tool.descriptor().carrier == Carrier::Coroutine;
    let mut functions =
        Functions::new(scenario, &tool.setting, (in_loop, FanOut::of(tool.descriptor())), &shapes);
    let names: Vec<Pair> = shapes.iter().map(|shape| functions.add(shape)).collect();
    let tasks = Tasks { scenario, tool, shapes: &shapes, shape_of: &shape_of, names: &names };

    let mut filling = Filling::default();
    if !tool.worker_init.is_zero() {
        filling.turn_on("worker_init");
        filling.turn_on("starter");
        filling
            .set("WORKER_INIT", functions.key_of("worker_init", LockMode::Held, tool.worker_init));
    }
    functions.features.iter().for_each(|feature| filling.turn_on(feature));
    let is_unknown = tasks.have_clients() || tasks.have_followers();
    let is_timed =
        is_unknown || (0..tasks.count()).any(|task| (drawn.arrivals)(TaskId(task)) > SimTime::ZERO);
    filling.turn_on_if(is_timed, "arrivals");
    filling.turn_on_if(is_unknown, "clients");
    filling.turn_on_if(tasks.have_clients(), "sends");
    filling.turn_on_if(tasks.have_followers(), "follows");
    filling.turn_on_if(!drawn.are_tasks_tiny, "timed");
    filling.turn_on_if(shapes.len() > 1, "several");
    filling.turn_on_if(is_timed || !tasks.are_countable(), "table");
    filling.turn_on_if(tasks.have_payload(), "payload");
    turn_on_tool(&mut filling, tool);
    set_values(&mut filling, scenario, tool, &names);
    filling.set("PAYLOADS", tasks.payloads());
    filling.set("COMPUTATIONS", functions.lengths());
    filling.set("STEPS", functions.source.plain.trim_end());
    filling.set("NOTED_STEPS", functions.source.noted.trim_end());
    let table = if filling.has("table") { tasks.table(drawn, is_timed) } else { tasks.counts() };
    filling.set("TASKS", table);
    with_tidy_blank_lines(&TEMPLATE.map(|part| filling.fill(part)).concat())
}
