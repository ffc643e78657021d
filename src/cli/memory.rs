//! Whether a run fits into memory, said before it starts.

use gilsim_core::model::{Distribution, Scenario, Setting, StepSpec, TaskEntry, ToolRun};
use gilsim_core::tools::Carriers;

/// Bytes per task whatever the tool: its state, its arrival, its place in the order, its response time.
const TASK: u64 = 96;
/// Bytes per task that is a coroutine: its timer, and handles while it is ready.
const COROUTINE: u64 = 96;
/// Bytes per OS thread: its state and what its parent and the kernel know of it.
const THREAD: u64 = 384;
/// Bytes per step of a script, shared by all tasks of an entry.
const STEP: u64 = 40;
/// Bytes per drawn length.
const DRAW: u64 = 8;
/// Bytes per row that the audit keeps, and what it takes to sort them.
const AUDITED_ROW: u64 = 160;
/// Rows per leaf step of a task, and besides: waiting for the lock and the core, and overhead.
const ROWS_PER_STEP: u64 = 4;

/// Refuses a run that needs more memory than there is.
///
/// # Errors
/// When the estimate is beyond what the kernel says is available; where it says nothing, never.
pub(super) fn check(scenario: &Scenario, run: &ToolRun, audit: bool) -> Result<(), String> {
    let needed = estimate(scenario, run, audit);
    match available() {
        Some(available) if needed > available => Err(format!(
            "tool `{}` would need about {} of memory, and this machine has {} left: use fewer tasks or steps{}",
            run.label,
            megabytes(needed),
            megabytes(available),
            if audit { ", or no --audit" } else { "" }
        )),
        _ => Ok(()),
    }
}

/// About how many bytes a run takes.
fn estimate(scenario: &Scenario, run: &ToolRun, audit: bool) -> u64 {
    scenario.tasks.iter().fold(0, |sum: u64, entry| sum.saturating_add(of_entry(entry, run, audit)))
}

fn of_entry(entry: &TaskEntry, run: &ToolRun, audit: bool) -> u64 {
    let size = Size::of(&entry.steps, &run.setting);
    let tool = run.descriptor();
    let carrier = match tool.carriers {
        _ if tool.has_loop => COROUTINE,
        Carriers::OnePerTask => THREAD,
        // So few that they do not count.
        Carriers::One | Carriers::Workers => 0,
    };
    let rows = if audit { (size.steps + 1) * ROWS_PER_STEP * AUDITED_ROW } else { 0 };
    let per_task = TASK + carrier + size.drawn * DRAW + rows;
    per_task.saturating_mul(u64::from(entry.count)).saturating_add(size.steps * STEP)
}

/// How many leaf steps a script has as executed, and how many of them have a drawn length.
#[derive(Clone, Copy, Default)]
struct Size {
    steps: u64,
    drawn: u64,
}

impl Size {
    fn of(steps: &[StepSpec], setting: &Setting) -> Self {
        steps.iter().fold(Self::default(), |sum, step| {
            let size = Self::of_step(step, setting);
            Self {
                steps: sum.steps.saturating_add(size.steps),
                drawn: sum.drawn.saturating_add(size.drawn),
            }
        })
    }

    fn of_step(step: &StepSpec, setting: &Setting) -> Self {
        let mut within = step.within().peekable();
        if within.peek().is_some() {
            return within.fold(Self::default(), |sum, (times, steps)| {
                let (body, times) = (Self::of(steps, setting), u64::from(times));
                Self {
                    steps: sum.steps.saturating_add(body.steps.saturating_mul(times)),
                    drawn: sum.drawn.saturating_add(body.drawn.saturating_mul(times)),
                }
            });
        }
        let is_drawn = |length| !matches!(length, &Distribution::Constant(_));
        Self { steps: 1, drawn: u64::from(step.length(setting).is_some_and(is_drawn)) }
    }
}

/// What the kernel says is left, in bytes.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.saturating_mul(1_024))
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn needed(text: &str, audit: bool) -> u64 {
        let loaded =
            gilsim_scenario::parse(text, "x.toml", Path::new("."), &[]).expect("it is right");
        estimate(&loaded.scenario, &loaded.scenario.tools[0], audit)
    }

    #[test]
    fn a_million_waiting_coroutines_need_no_more_than_two_hundred_bytes_each() {
        let text = "tasks = [{ count = 1000000, steps = [{ wait = \"1s\" }] }]\ntools = [{ use = \"asyncio\" }]";
        assert!(needed(text, false) <= 200 * 1_000_000 + STEP);
        assert!(needed(text, true) > 1_000_000_000);
    }

    #[test]
    fn drawn_lengths_count_once_for_each_time_a_step_is_executed() {
        let with = |times: u32| {
            needed(
                &format!(
                    "tasks = [{{ steps = [{{ repeat = {times}, steps = [{{ wait = {{ exponential = \"1s\" }} }}] }}] }}]\n\
                     tools = [{{ use = \"sequential\" }}]"
                ),
                false,
            )
        };
        assert_eq!(with(11) - with(1), 10 * (DRAW + STEP));
    }
}
