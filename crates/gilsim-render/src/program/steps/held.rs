//! Steps that hold something while they do others.

use super::{Functions, Node};
use crate::program::body::{Body, World};
use crate::program::literal::string;
use gilsim_core::model::Guard;

impl Functions<'_> {
    /// Holds a permit or a lock while it does steps.
    pub(super) fn hold(&mut self, body: &mut Body, depth: usize, guard: Guard, steps: &[Node<'_>]) {
        let (feature, owner, name) = match guard {
            Guard::Semaphore(id) => {
                ("semaphores", "SEMAPHORES", &self.scenario.semaphores[id.index()].name)
            }
            Guard::Lock(id) => ("locks", "LOCKS", &self.scenario.locks[id.index()].name),
        };
        self.features.insert(feature.to_owned());
        let name = string(name);
        let held = format!("{owner}[{name}]");
        let taken = format!("task.done(\"sync\", {name})");
        if let Some(with) = self.with(body.world).filter(|_| !body.is_limited()) {
            body.line(depth, &format!("{with} {held}:"));
            body.note(depth + 1, &taken);
            self.steps(body, steps, depth + 1);
        } else {
            let take = if body.is_limited() {
                self.take(body, &held)
            } else {
                self.call(body.world, &format!("{held}.acquire"), "")
            };
            body.line(depth, &take);
            body.line(depth, "try:");
            body.note(depth + 1, &taken);
            self.steps(body, steps, depth + 1);
            body.line(depth, "finally:");
            let give = self.call_at_once(body.world, &format!("{held}.release"));
            body.line(depth + 1, &give);
        }
        body.note(depth, &format!("task.done(\"overhead\", {name})"));
    }

    /// How a block begins that holds something, where there is such a block.
    pub(super) const fn with(&self, world: World) -> Option<&'static str> {
        match world {
            World::Thread => Some("with"),
            World::Part if self.shares_with_processes => Some("with"),
            World::Coroutine if !self.shares_with_processes => Some("async with"),
            World::Coroutine | World::Part => None,
        }
    }
}
