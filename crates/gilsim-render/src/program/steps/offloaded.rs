//! Parts of coroutines that executors run: functions of their own.

use super::{Functions, Node};
use crate::program::body::{Body, World};
use crate::program::shape::count;
use gilsim_core::model::OffloadTo;

impl Functions<'_> {
    /// A part of a coroutine becomes a function of its own, which an executor runs.
    pub(super) fn offload(&mut self, body: &mut Body, to: OffloadTo, steps: &[Node<'_>]) -> String {
        body.parts += 1;
        let part = self.names.take(&format!("{}_part_{}", body.name, body.parts));
        let given = count(steps, Node::given);
        let arguments: String = match &mut body.named {
            Some(names) => {
                let names: Vec<String> = names.by_ref().take(given as usize).collect();
                names.join(", ")
            }
            None if given == 0 => String::new(),
            None => {
                self.features.insert("islice".to_owned());
                format!("*islice({}, {given})", body.times)
            }
        };
        let title = format!("Do part {} of `{}`.", body.parts, body.name);
        self.function(part.clone(), World::Part, body.is_noted, &title, steps);
        let shares = steps.iter().any(|step| self.shares(step));
        let separator = if arguments.is_empty() { "" } else { ", " };
        if to == OffloadTo::Processes {
            self.features.extend(["offload_processes", "m.offload_to_process"].map(str::to_owned));
            if shares {
                self.features.insert("shared_processes".to_owned());
            }
            let function = if body.is_noted { "task.offload_to_process" } else { "in_process" };
            return format!("await {function}({part}{separator}{arguments})");
        }
        self.features.extend(["offload_threads", "m.offload"].map(str::to_owned));
        if shares {
            self.features.insert("ask_loop".to_owned());
        }
        let task = if body.is_noted { ", task" } else { "" };
        let arguments = format!("{part}{task}{separator}{arguments}");
        if self.setting.interpreter.profile.python < 9 {
            format!("await asyncio.get_running_loop().run_in_executor(None, {arguments})")
        } else {
            format!("await asyncio.to_thread({arguments})")
        }
    }
}
