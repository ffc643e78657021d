//! The functions of the program: one for the steps of each shape of task.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::program::literal::{identifier, prose, seconds, string};
use crate::program::names::Names;
use crate::program::shape::{Node, Shape, Time, count};
use gilsim_core::ids::{QueueId, SemaphoreId};
use gilsim_core::model::{LockMode, Object, OffloadTo, Scenario, Setting, StepSpec, WaitOn, Work};
use gilsim_core::time::SimDuration;

/// Who runs a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum World {
    /// A thread of a tool without an event loop.
    Thread,
    /// The event loop.
    Coroutine,
    /// An executor's thread or process, for a coroutine.
    Part,
}

/// The most times that are given as arguments with names of their own.
const MOST_NAMED: u32 = 5;

/// Functions in the making, and the features of the template that they need.
pub(super) struct Functions<'a> {
    scenario: &'a Scenario,
    setting: &'a Setting,
    in_loop: bool,
    /// Whether parts that run in other processes need what tasks share.
    shares_with_processes: bool,
    /// The finished functions.
    pub(super) source: String,
    /// Features of the template that are needed.
    pub(super) features: BTreeSet<String>,
    names: Names,
}

/// One function in the making.
struct Body {
    name: String,
    world: World,
    /// The names of its times, where each has one; else they are taken in turn.
    named: Option<std::vec::IntoIter<String>>,
    lines: String,
    parts: u32,
}

impl<'a> Functions<'a> {
    /// None so far. `in_loop`: tasks are coroutines.
    pub(super) fn new(
        scenario: &'a Scenario,
        setting: &'a Setting,
        in_loop: bool,
        shapes: &[Shape<'_>],
    ) -> Self {
        let mut functions = Self {
            scenario,
            setting,
            in_loop,
            shares_with_processes: false,
            source: String::new(),
            features: BTreeSet::new(),
            names: Names::default(),
        };
        let mut steps = shapes.iter().flat_map(|shape| &shape.steps);
        functions.shares_with_processes =
            in_loop && steps.any(|step| functions.shares_between_processes(step));
        functions
    }

    /// Writes the function of a shape and returns its name.
    pub(super) fn add(&mut self, shape: &Shape<'_>) -> String {
        let base = identifier(&shape.name);
        let base = if base.is_empty() { "task" } else { &base };
        let name = self.names.take(&format!("do_{base}"));
        let world = if self.in_loop { World::Coroutine } else { World::Thread };
        let title = match prose(&shape.name) {
            shown if shown.is_empty() || shown.chars().count() > 50 => "Do one task.".to_owned(),
            shown => format!("Do one task of `{}`.", shown.replace('\n', " ")),
        };
        self.function(name.clone(), world, &title, &shape.steps);
        name
    }

    fn function(&mut self, name: String, world: World, title: &str, steps: &[Node<'_>]) {
        let arguments = self.argument_names(steps);
        let given = count(steps, Node::given);
        let signature = match &arguments {
            Some(names) => [vec!["task".to_owned()], names.clone()].concat().join(", "),
            None => "task, *times".to_owned(),
        };
        let named = arguments.map(Vec::into_iter);
        let mut body = Body { name, world, named, lines: String::new(), parts: 0 };
        let is_async = if world == World::Coroutine { "async " } else { "" };
        let head = format!("{is_async}def {}({signature}):\n    \"\"\"{title}\"\"\"\n", body.name);
        if body.named.is_none() && given > 0 {
            body.lines.push_str("    times = iter(times)\n");
        }
        self.steps(&mut body, steps, 1);
        let text = format!("{head}{}\n\n", body.lines);
        self.source.push_str(&text);
    }

    /// The names of the times that a function is given; `None` where they are taken in turn.
    fn argument_names(&self, steps: &[Node<'_>]) -> Option<Vec<String>> {
        let in_loop = steps.iter().any(Node::gives_in_loop);
        if in_loop || count(steps, Node::given) > MOST_NAMED {
            return None;
        }
        let mut names: Vec<String> = Vec::new();
        self.collect_names(steps, &mut names);
        let mut unique: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            let same = unique.iter().filter(|known| known.starts_with(&name)).count();
            unique.push(if same == 0 { name } else { format!("{name}_{}", same + 1) });
        }
        Some(unique)
    }

    fn collect_names(&self, steps: &[Node<'_>], names: &mut Vec<String>) {
        for step in steps {
            let spec = match step {
                Node::Loop(_, steps) | Node::Around(_, steps) => {
                    self.collect_names(steps, names);
                    continue;
                }
                Node::Leaf(spec, Some(Time::Given)) => spec,
                Node::Leaf(..) => continue,
            };
            let name = identifier(self.name(spec).unwrap_or_default());
            let name = if name.is_empty() { spec.kind().key } else { &name };
            let digit = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
            names.push(format!("{digit}{name}_time"));
        }
    }

    fn steps(&mut self, body: &mut Body, steps: &[Node<'_>], depth: usize) {
        for step in steps {
            self.step(body, step, depth);
        }
    }

    fn step(&mut self, body: &mut Body, step: &Node<'_>, depth: usize) {
        match step {
            Node::Loop(times, steps) => self.repeat(body, *times, steps, depth),
            Node::Around(spec, steps) => self.one(body, spec, None, steps, depth),
            Node::Leaf(spec, time) => self.one(body, spec, *time, &[], depth),
        }
    }

    fn repeat(&mut self, body: &mut Body, times: u32, steps: &[Node<'_>], depth: usize) {
        body.line(depth, &format!("for _ in range({times}):"));
        self.steps(body, steps, depth + 1);
    }

    /// One step: how long it takes, where it waits or computes, and the steps within it.
    fn one(
        &mut self,
        body: &mut Body,
        spec: &StepSpec,
        time: Option<Time>,
        steps: &[Node<'_>],
        depth: usize,
    ) {
        let time = time.unwrap_or(Time::Constant(SimDuration::ZERO));
        match spec {
            StepSpec::Wait(on) => {
                let suspends = body.world == World::Coroutine;
                self.wait(body, depth, on, suspends, time);
            }
            StepSpec::Block(on) => self.wait(body, depth, on, false, time),
            StepSpec::Compute(work) => {
                let call = self.compute(body, work, time);
                body.line(depth, &call);
            }
            StepSpec::Yield => {
                let (call, after) = match body.world {
                    World::Coroutine => ("await asyncio.sleep(0)", "\"ready\", \"loop\""),
                    World::Thread | World::Part => ("time.sleep(0)", "\"ready\""),
                };
                body.line(depth, call);
                body.line(depth, &format!("task.done({after})"));
            }
            StepSpec::Acquire(id) => self.with_semaphore(body, depth, *id, "acquire"),
            StepSpec::Release(id) => self.with_semaphore(body, depth, *id, "release"),
            StepSpec::Put(id) => self.with_queue(body, depth, *id, "put"),
            StepSpec::Get(id) => self.with_queue(body, depth, *id, "get"),
            StepSpec::Offload { to, .. } if body.world == World::Coroutine => {
                let call = self.offload(body, *to, steps);
                body.line(depth, &call);
            }
            StepSpec::Offload { .. } => self.steps(body, steps, depth),
            StepSpec::Repeat { times, .. } => self.repeat(body, *times, steps, depth),
        }
    }

    fn wait(&mut self, body: &mut Body, depth: usize, on: &WaitOn, suspends: bool, time: Time) {
        let time = body.time(time);
        let (sleep, state) = if suspends {
            (format!("await asyncio.sleep({time})"), "suspended")
        } else {
            (format!("time.sleep({time})"), "io")
        };
        let site = match on {
            WaitOn::Site(id) => Some(&self.setting.sites[id.index()]),
            WaitOn::Time(_) => None,
        };
        let name = site.map(|site| string(&site.name));
        match &name {
            Some(name) if site.is_some_and(|site| site.connections.is_some()) => {
                self.visit(body, depth, name, &sleep);
            }
            _ => body.line(depth, &sleep),
        }
        let name = name.map_or_else(String::new, |name| format!(", {name}"));
        body.line(depth, &format!("task.done(\"{state}\"{name})"));
    }

    /// Sleeps over one of the connections of a site.
    fn visit(&mut self, body: &mut Body, depth: usize, name: &str, sleep: &str) {
        self.features.insert("connections".to_owned());
        let connections = format!("CONNECTIONS[{name}]");
        let note = format!("task.note(\"sync\", {name})");
        let with = match body.world {
            World::Thread => Some("with"),
            World::Part if self.shares_with_processes => Some("with"),
            World::Coroutine if !self.shares_with_processes => Some("async with"),
            World::Coroutine | World::Part => None,
        };
        if let Some(with) = with {
            body.line(depth, &format!("{with} {connections}:"));
            body.line(depth + 1, &note);
            return body.line(depth + 1, sleep);
        }
        let take = self.call(body.world, &format!("{connections}.acquire"), "");
        body.line(depth, &take);
        body.line(depth, &note);
        body.line(depth, sleep);
        let give = self.call_at_once(body.world, &format!("{connections}.release"));
        body.line(depth, &give);
    }

    fn compute(&mut self, body: &mut Body, work: &Work, time: Time) -> String {
        let (lock, name) = match work {
            Work::Named(id) => {
                let computation = &self.setting.computations[id.index()];
                (computation.lock.name(), format!(", {}", string(&computation.name)))
            }
            Work::Time(_) => (LockMode::Held.name(), String::new()),
        };
        self.features.extend(["compute", "m.compute", lock].map(str::to_owned));
        let permille = self.setting.interpreter.profile.compute_permille;
        let time = match time {
            Time::Constant(time) => seconds(time.scaled(permille.into(), 1_000)),
            Time::Given => body.time(time),
        };
        format!("task.compute({lock}, {time}{name})")
    }

    fn with_semaphore(&mut self, body: &mut Body, depth: usize, id: SemaphoreId, verb: &str) {
        self.features.insert("semaphores".to_owned());
        let name = string(&self.scenario.semaphores[id.index()].name);
        let function = format!("SEMAPHORES[{name}].{verb}");
        let (call, state) = if verb == "release" {
            (self.call_at_once(body.world, &function), "overhead")
        } else {
            (self.call(body.world, &function, ""), "sync")
        };
        body.line(depth, &call);
        body.line(depth, &format!("task.done(\"{state}\", {name})"));
    }

    fn with_queue(&mut self, body: &mut Body, depth: usize, id: QueueId, verb: &str) {
        self.features.insert("queues".to_owned());
        let name = string(&self.scenario.queues[id.index()].name);
        // Items carry nothing.
        let item = if verb == "put" { "None" } else { "" };
        let call = self.call(body.world, &format!("QUEUES[{name}].{verb}"), item);
        body.line(depth, &call);
        body.line(depth, &format!("task.done(\"sync\", {name})"));
    }

    /// A call that may wait for what tasks share.
    fn call(&mut self, world: World, function: &str, argument: &str) -> String {
        let call = format!("{function}({argument})");
        match world {
            World::Thread => call,
            World::Part if self.shares_with_processes => call,
            World::Coroutine if !self.shares_with_processes => format!("await {call}"),
            World::Part => format!("task.ask_loop({call})"),
            World::Coroutine => {
                self.features.insert("in_thread".to_owned());
                let separator = if argument.is_empty() { "" } else { ", " };
                format!("await in_thread({function}{separator}{argument})")
            }
        }
    }

    /// A call that never waits. What belongs to the loop must be called on its thread.
    fn call_at_once(&self, world: World, function: &str) -> String {
        if world == World::Part && !self.shares_with_processes {
            format!("task.loop.call_soon_threadsafe({function})")
        } else {
            format!("{function}()")
        }
    }

    /// A part of a coroutine becomes a function of its own, which an executor runs.
    fn offload(&mut self, body: &mut Body, to: OffloadTo, steps: &[Node<'_>]) -> String {
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
                format!("*islice(times, {given})")
            }
        };
        let title = format!("Do part {} of `{}`.", body.parts, body.name);
        self.function(part.clone(), World::Part, &title, steps);
        let shares = steps.iter().any(|step| self.shares(step));
        let separator = if arguments.is_empty() { "" } else { ", " };
        if to == OffloadTo::Processes {
            self.features.extend(["offload_processes", "m.offload_to_process"].map(str::to_owned));
            if shares {
                self.features.insert("shared_processes".to_owned());
            }
            return format!("await task.offload_to_process({part}{separator}{arguments})");
        }
        self.features.extend(["offload_threads", "m.offload"].map(str::to_owned));
        if shares {
            self.features.insert("ask_loop".to_owned());
        }
        let arguments = format!("{part}, task{separator}{arguments}");
        if self.setting.interpreter.profile.python < 9 {
            format!("await asyncio.get_running_loop().run_in_executor(None, {arguments})")
        } else {
            format!("await asyncio.to_thread({arguments})")
        }
    }

    /// Whether a step of a coroutine runs a part in another process that needs what tasks share.
    fn shares_between_processes(&self, step: &Node<'_>) -> bool {
        match step {
            Node::Around(spec, steps) => {
                spec.object() == Object::Executor(OffloadTo::Processes)
                    && steps.iter().any(|step| self.shares(step))
            }
            Node::Loop(_, steps) => steps.iter().any(|step| self.shares_between_processes(step)),
            Node::Leaf(..) => false,
        }
    }

    /// Whether the step needs something that tasks share.
    fn shares(&self, step: &Node<'_>) -> bool {
        match step {
            Node::Loop(_, steps) | Node::Around(_, steps) => {
                steps.iter().any(|step| self.shares(step))
            }
            Node::Leaf(spec, _) => match spec.object() {
                Object::Site(id) => self.setting.sites[id.index()].connections.is_some(),
                object => matches!(object, Object::Semaphore(_) | Object::Queue(_)),
            },
        }
    }

    /// The name of what the step waits for or computes.
    fn name(&self, spec: &StepSpec) -> Option<&'a str> {
        match spec.object() {
            Object::Site(id) => Some(&self.setting.sites[id.index()].name),
            Object::Computation(id) => Some(&self.setting.computations[id.index()].name),
            _ => None,
        }
    }
}

impl Body {
    fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.lines, "{:width$}{text}", "", width = depth * 4).expect("text grows");
    }

    /// The expression of a time.
    fn time(&mut self, time: Time) -> String {
        match (time, &mut self.named) {
            (Time::Constant(time), _) => seconds(time),
            (Time::Given, Some(names)) => names.next().expect("every given time has its name"),
            (Time::Given, None) => "next(times)".to_owned(),
        }
    }
}
