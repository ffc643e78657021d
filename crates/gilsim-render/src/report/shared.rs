//! What tasks share and may wait for: the semaphores, queues, connections and executors that their steps name.

use super::words::{either, one_line};
use gilsim_core::model::{Object, Scenario, StepSpec, ToolRun};

/// How many of them are named.
const NAMED: usize = 3;

/// What the tasks of that tool may wait for others for, by its name: `waiting for a permit of semaphore "slots"`.
pub(super) fn waited_for(scenario: &Scenario, run: &ToolRun) -> String {
    let mut things = Vec::new();
    for entry in &scenario.tasks {
        add(&mut things, scenario, run, &entry.steps);
    }
    match (things.is_empty(), run.limit) {
        (true, Some(limit)) => return format!("waiting for others: its limit is {limit} at once"),
        (true, None) => return "waiting for others".to_owned(),
        (false, Some(limit)) => things.push(format!("its limit of {limit} at once")),
        (false, None) => {}
    }
    if things.len() > NAMED {
        let more = things.len() - (NAMED - 1);
        things.truncate(NAMED - 1);
        things.push(format!("one of {more} others"));
    }
    format!("waiting for {}", either(&things))
}

/// Adds what these steps may wait for, each thing once.
fn add(things: &mut Vec<String>, scenario: &Scenario, run: &ToolRun, steps: &[StepSpec]) {
    for step in steps {
        let thing = thing(scenario, run, step);
        things.extend(thing.filter(|thing| !things.contains(thing)));
        for (_, steps) in step.within() {
            add(things, scenario, run, steps);
        }
    }
}

/// What a step may wait for others for.
fn thing(scenario: &Scenario, run: &ToolRun, step: &StepSpec) -> Option<String> {
    match step.object() {
        Object::Semaphore(id) if step.kind().waits_for_tasks => {
            let name = one_line(&scenario.semaphores[id.index()].name);
            Some(format!("a permit of semaphore `{name}`"))
        }
        Object::Lock(id) => Some(format!("lock `{}`", one_line(&scenario.locks[id.index()].name))),
        Object::Flag(id) if step.kind().waits_for_tasks => {
            Some(format!("event `{}`", one_line(&scenario.flags[id.index()].name)))
        }
        Object::Barrier(id) => {
            Some(format!("barrier `{}`", one_line(&scenario.barriers[id.index()].name)))
        }
        Object::Limiter(id) => {
            Some(format!("limiter `{}`", one_line(&scenario.limiters[id.index()].name)))
        }
        Object::Queue(id) => {
            Some(format!("queue `{}`", one_line(&scenario.queues[id.index()].name)))
        }
        Object::Site(id) => {
            let site = &run.setting.sites[id.index()];
            let name = one_line(&site.name);
            site.connections.map(|_| format!("a connection of site `{name}`"))
        }
        Object::Executor(_) if run.descriptor().has_loop => Some("an executor".to_owned()),
        Object::Semaphore(_)
        | Object::Flag(_)
        | Object::Executor(_)
        | Object::Nothing
        | Object::Computation(_)
        | Object::Time(_)
        | Object::Attempts(_)
        | Object::Lists(_)
        | Object::Times(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{scenario, tool};
    use gilsim_core::ids::{QueueId, SemaphoreId};
    use gilsim_core::model::{Queue, Semaphore, Tool};

    fn told(steps: Vec<StepSpec>, limit: Option<u32>) -> String {
        let mut run = tool(Tool::Asyncio);
        run.limit = limit;
        let mut scenario = scenario("", &[run.clone()]);
        let semaphores = ["slots", "spare"];
        scenario.semaphores =
            semaphores.map(|name| Semaphore { name: name.to_owned(), permits: 1 }).to_vec();
        let queues = ["jobs", "log"];
        scenario.queues =
            queues.map(|name| Queue { name: name.to_owned(), capacity: None }).to_vec();
        scenario.tasks[0].steps = steps;
        waited_for(&scenario, &run)
    }

    #[test]
    fn what_tasks_wait_for_is_called_by_its_name() {
        let acquire = || StepSpec::Acquire(SemaphoreId(0));
        let release = StepSpec::Release(SemaphoreId(0));
        let again = StepSpec::Repeat { times: 3, steps: vec![acquire()] };
        let steps = vec![acquire(), release, again];
        assert_eq!(told(steps, None), "waiting for a permit of semaphore `slots`");
        let steps = vec![acquire(), StepSpec::Put(QueueId(0)), StepSpec::Get(QueueId(1))];
        assert_eq!(
            told(steps, None),
            "waiting for a permit of semaphore `slots`, queue `jobs` or queue `log`"
        );
        assert_eq!(told(Vec::new(), Some(10)), "waiting for others: its limit is 10 at once");
        assert_eq!(
            told(vec![acquire()], Some(10)),
            "waiting for a permit of semaphore `slots` or its limit of 10 at once"
        );
    }
}
