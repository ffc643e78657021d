//! Steps at events, barriers and limiters.

use super::Functions;
use crate::program::body::{Body, World};
use crate::program::literal::string;
use gilsim_core::model::{Object, StepSpec};

impl Functions<'_> {
    /// Sets an event or waits for it, waits at a barrier, or passes a limiter.
    pub(super) fn at_gate(&mut self, body: &mut Body, depth: usize, spec: &StepSpec) {
        let waits = !matches!(spec.object(), Object::Flag(_)) || spec.kind().waits_for_tasks;
        let (feature, name) = match spec.object() {
            Object::Flag(id) => ("events", &self.scenario.flags[id.index()].name),
            Object::Barrier(id) => ("barriers", &self.scenario.barriers[id.index()].name),
            Object::Limiter(id) => ("limiters", &self.scenario.limiters[id.index()].name),
            object => unreachable!("{object:?} is no gate"),
        };
        self.features.insert(feature.to_owned());
        let name = string(name);
        let owner = format!("{}[{name}]", feature.to_uppercase());
        let (call, state) = if let Some(call) = self.call_in_time(body, spec, &owner) {
            (call, "sync")
        } else if waits {
            (self.call(body.world, &format!("{owner}.wait"), ""), "sync")
        } else {
            (self.call_at_once(body.world, &format!("{owner}.set")), "overhead")
        };
        body.line(depth, &call);
        body.note(depth, &format!("task.done(\"{state}\", {name})"));
    }

    /// The call of a thread that may give up, or come to a barrier that others have given up.
    fn call_in_time(&mut self, body: &Body, spec: &StepSpec, owner: &str) -> Option<String> {
        if body.world != World::Thread {
            return None;
        }
        let is_limited = body.limits > 0;
        match spec.object() {
            Object::Flag(_) if spec.kind().waits_for_tasks && is_limited => {
                self.features.insert("waits_late".to_owned());
                Some(format!("wait_for({}, {owner})", body.limits_name()))
            }
            Object::Barrier(id) => {
                let mut entries = self.scenario.tasks.iter();
                if !entries.any(|entry| StepSpec::give_up(&entry.steps, id)) {
                    return None;
                }
                self.features.insert("late".to_owned());
                self.features.insert("meets_late".to_owned());
                let limits =
                    if is_limited { format!(", {}", body.limits_name()) } else { String::new() };
                Some(format!("meet({owner}{limits})"))
            }
            _ => None,
        }
    }
}
