//! How a server serves: its processes, their threads or event loops.

use super::Reader;
use super::fields::Fields;
use crate::fault::Fault;
use crate::keys;
use crate::limits;
use gilsim_core::model::{Accept, Object, OffloadTo, Serving, StepSpec, TaskEntry};

/// Who accepts, in the order of the names among the keys.
const ACCEPTS: [Accept; keys::ACCEPTS.len()] = [Accept::Kernel, Accept::Even];

pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Serving {
    let usual = Serving::default();
    let accept = reader.choice(fields, "accept").map(|index| ACCEPTS[index]);
    Serving {
        processes: reader.amount(fields, "processes").unwrap_or(usual.processes),
        threads: reader.amount(fields, "threads").unwrap_or(usual.threads),
        backlog: reader.amount(fields, "backlog").unwrap_or(usual.backlog),
        accept: accept.unwrap_or(usual.accept),
        on_loops: reader.boolean(fields, "loop").unwrap_or(usual.on_loops),
    }
}

/// Refuses what a server's processes cannot do.
pub(super) fn check(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    serving: Serving,
    entries: &[TaskEntry],
) {
    let mut refuse = |key: &str, title: String, label: &str| {
        let place = fields.get(key).map_or(fields.place, |node| node.place);
        reader.faults.push(Fault::new(place, title).label(label.to_owned()));
    };
    if !serving.on_loops {
        if fields.get("offload_workers").is_some() {
            let title = "a server without event loops offloads nothing".to_owned();
            refuse("offload_workers", title, "expected `loop = true` beside it");
        }
        return;
    }
    if fields.get("threads").is_some() {
        let title = "an event loop does all requests of its process: it takes no `threads`";
        let label = "`offload_workers` is how many threads it offloads to";
        refuse("threads", title.to_owned(), label);
    }
    if serving.processes > limits::LOOPS {
        let title = format!("at most {} processes can have an event loop each", limits::LOOPS);
        refuse("processes", title, "expected fewer");
    }
    let mut steps = entries.iter().flat_map(|entry| &entry.steps);
    if steps.clone().any(|step| has(step, &offloads_to_processes)) {
        let title = "a server's event loops offload to threads, not to processes".to_owned();
        refuse("loop", title, "expected no `to = \"processes\"` in a step, or another tool");
    }
    if serving.processes > 1 && steps.any(|step| has(step, &is_shared)) {
        let title = "tasks share something, but what asyncio has is shared within a process only";
        let label =
            "expected one process, or no semaphores, locks, events, barriers, limiters and queues";
        refuse("processes", title.to_owned(), label);
    }
}

/// Whether it, or a step within it, is such a step.
fn has(step: &StepSpec, is_such: &dyn Fn(&StepSpec) -> bool) -> bool {
    let mut within = step.within().flat_map(|(_, steps)| steps);
    is_such(step) || within.any(|step| has(step, is_such))
}

const fn offloads_to_processes(step: &StepSpec) -> bool {
    matches!(step.object(), Object::Executor(OffloadTo::Processes))
}

const fn is_shared(step: &StepSpec) -> bool {
    matches!(
        step.object(),
        Object::Semaphore(_)
            | Object::Lock(_)
            | Object::Queue(_)
            | Object::Flag(_)
            | Object::Barrier(_)
            | Object::Limiter(_)
    )
}
