//! Steps at events, barriers and limiters.

use super::Functions;
use crate::program::body::Body;
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
        let (call, state) = if waits {
            (self.call(body.world, &format!("{owner}.wait"), ""), "sync")
        } else {
            (self.call_at_once(body.world, &format!("{owner}.set")), "overhead")
        };
        body.line(depth, &call);
        body.note(depth, &format!("task.done(\"{state}\", {name})"));
    }
}
