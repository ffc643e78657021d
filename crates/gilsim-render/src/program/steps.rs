//! The functions of the program: one for the steps of each shape of task.

mod fanned;
mod gates;
mod held;
mod offloaded;
mod requests;
mod tried;

pub(super) use fanned::FanOut;

use std::collections::{BTreeMap, BTreeSet};

use crate::program::body::{Body, Texts, World};
use crate::program::literal::{identifier, prose, seconds, string};
use crate::program::names::Names;
use crate::program::shape::{Node, Shape, Time, count};
use gilsim_core::ids::{QueueId, SemaphoreId};
use gilsim_core::model::{LockMode, Object, OffloadTo, Scenario, Setting, Spends, StepSpec};
use gilsim_core::time::SimDuration;

/// The most times that are given as arguments with names of their own.
const MOST_NAMED: u32 = 5;

/// Functions in the making, and the features of the template that they need.
pub(super) struct Functions<'a> {
    scenario: &'a Scenario,
    setting: &'a Setting,
    in_loop: bool,
    /// How threads do lists of steps at the same time.
    fan_out: FanOut,
    /// Whether parts that run in other processes need what tasks share.
    shares_with_processes: bool,
    /// The finished functions, plain ones and those that note what they do.
    pub(super) source: Texts,
    /// How long each computation of a constant length takes, by the key of its turns.
    pub(super) computations: Vec<(String, LockMode, SimDuration)>,
    /// Features of the template that are needed.
    pub(super) features: BTreeSet<String>,
    names: Names,
    keys: Names,
    known: BTreeMap<(String, &'static str, SimDuration), String>,
}

/// The names of the two functions of a shape.
pub(super) struct Pair {
    /// The one that a person would have written.
    pub(super) plain: String,
    /// The one that notes what it does.
    pub(super) noted: String,
}

impl<'a> Functions<'a> {
    /// None so far. `in_loop`: tasks are coroutines.
    pub(super) fn new(
        scenario: &'a Scenario,
        setting: &'a Setting,
        (in_loop, fan_out): (bool, FanOut),
        shapes: &[Shape<'_>],
    ) -> Self {
        let mut functions = Self {
            scenario,
            setting,
            in_loop,
            fan_out,
            shares_with_processes: false,
            source: Texts::default(),
            computations: Vec::new(),
            features: BTreeSet::new(),
            names: Names::default(),
            keys: Names::default(),
            known: BTreeMap::new(),
        };
        let mut steps = shapes.iter().flat_map(|shape| &shape.steps);
        functions.shares_with_processes =
            in_loop && steps.any(|step| functions.shares_between_processes(step));
        functions
    }

    /// Writes the functions of a shape and returns their names.
    pub(super) fn add(&mut self, shape: &Shape<'_>) -> Pair {
        let base = identifier(&shape.name);
        let base = if base.is_empty() { "task" } else { &base };
        let [plain, noted] = ["do", "noted"].map(|verb| format!("{verb}_{base}"));
        let names = Pair { plain: self.names.take(&plain), noted: self.names.take(&noted) };
        let world = if self.in_loop { World::Coroutine } else { World::Thread };
        let title = match prose(&shape.name) {
            shown if shown.is_empty() || shown.chars().count() > 50 => "Do one task.".to_owned(),
            shown => format!("Do one task of `{}`.", shown.replace('\n', " ")),
        };
        for (name, is_noted) in [(&names.plain, false), (&names.noted, true)] {
            self.function(name.clone(), world, is_noted, &title, &shape.steps);
        }
        names
    }

    pub(super) fn function(
        &mut self,
        name: String,
        world: World,
        is_noted: bool,
        title: &str,
        steps: &[Node<'_>],
    ) {
        let names = self.argument_names(steps);
        let mut body = Body::new(name, world, is_noted, names);
        let head = body.head(title);
        self.steps(&mut body, steps, 1);
        self.source.push(is_noted, &format!("{head}{}\n\n", body.lines));
    }

    /// The key of the turns of a computation: its name, or else its length.
    pub(super) fn key_of(&mut self, name: &str, lock: LockMode, time: SimDuration) -> String {
        let permille = self.setting.interpreter.profile.compute_permille;
        let named = (name.to_owned(), lock.name(), time);
        if let Some(key) = self.known.get(&named) {
            return key.clone();
        }
        let key = if name.is_empty() { time.to_string() } else { name.to_owned() };
        let key = string(&self.keys.take(&key));
        self.features.extend(["compute", "constants", lock.name()].map(str::to_owned));
        self.computations.push((key.clone(), lock, time.scaled(permille.into(), 1_000)));
        self.known.insert(named, key.clone());
        key
    }

    /// The lines that say how each computation of a constant length computes, and for how long.
    pub(super) fn lengths(&self) -> String {
        let line = |(key, lock, time): &(String, LockMode, SimDuration)| {
            format!("    {key}: ({}, {}),", lock.name(), seconds(*time))
        };
        self.computations.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The names of the times that a function is given; `None` where they are taken in turn.
    fn argument_names(&self, steps: &[Node<'_>]) -> Option<Vec<String>> {
        let given = count(steps, Node::given);
        if given > MOST_NAMED || given > 1 && steps.iter().any(Node::gives_in_loop) {
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
                Node::Tried(_, steps, otherwise) => {
                    self.collect_names(steps, names);
                    self.collect_names(otherwise, names);
                    continue;
                }
                Node::Fanned(_, lists) => {
                    for (_, steps) in lists {
                        self.collect_names(steps, names);
                    }
                    continue;
                }
                Node::Leaf(spec, Some(Time::Given)) | Node::Fails(spec) => spec,
                Node::Leaf(..) => continue,
            };
            let name = identifier(self.name(spec).unwrap_or_default());
            let name = if name.is_empty() { spec.kind().key } else { &name };
            let digit = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
            let what = match step {
                Node::Fails(_) => "fails",
                _ if computes(spec) => "turns",
                _ => "time",
            };
            names.push(format!("{digit}{name}_{what}"));
        }
    }

    pub(super) fn steps(&mut self, body: &mut Body, steps: &[Node<'_>], depth: usize) {
        for (at, step) in steps.iter().enumerate() {
            if let Node::Leaf(StepSpec::Acquire(id), _) = step
                && body.tries > 0
            {
                return self.acquired(body, *id, &steps[at + 1..], depth);
            }
            self.step(body, step, depth);
        }
    }

    fn step(&mut self, body: &mut Body, step: &Node<'_>, depth: usize) {
        match step {
            Node::Loop(times, steps) => self.repeat(body, *times, steps, depth),
            Node::Around(spec, steps) => self.one(body, spec, None, steps, depth),
            Node::Leaf(spec, time) => self.one(body, spec, *time, &[], depth),
            Node::Tried(attempts, steps, otherwise) => {
                self.tried(body, attempts, (steps, otherwise), depth);
            }
            Node::Fanned(fan, lists) => self.fanned(body, fan.until, lists, depth),
            Node::Fails(spec) => {
                let fails = body.time(Time::Given);
                body.line(depth, &format!("if {fails}:"));
                let name = self.name(spec).unwrap_or_default();
                self.raise(body, depth + 1, &format!("{name} did not answer"));
            }
        }
    }

    /// The task fails, for a reason.
    pub(super) fn raise(&mut self, body: &mut Body, depth: usize, why: &str) {
        self.features.insert("fails".to_owned());
        body.line(depth, &format!("raise Failed({})", string(why)));
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
            StepSpec::Compute(_) => self.compute(body, depth, spec, time),
            StepSpec::Yield => {
                let (call, after) = match body.world {
                    World::Coroutine => ("await asyncio.sleep(0)", "\"ready\", \"loop\""),
                    World::Thread | World::Part => ("time.sleep(0)", "\"ready\""),
                };
                body.line(depth, call);
                body.note(depth, &format!("task.done({after})"));
            }
            StepSpec::Fail => {
                body.note(depth, "task.done(\"running\")");
                self.raise(body, depth, "it was to fail");
            }
            StepSpec::Acquire(id) => self.with_semaphore(body, depth, *id, "acquire"),
            StepSpec::Release(id) => self.with_semaphore(body, depth, *id, "release"),
            StepSpec::With { guard, .. } => self.hold(body, depth, *guard, steps),
            StepSpec::Put(id) => self.with_queue(body, depth, *id, "put"),
            StepSpec::Get(id) => self.with_queue(body, depth, *id, "get"),
            StepSpec::Set(_) | StepSpec::WaitFor(_) | StepSpec::Meet(_) | StepSpec::Pass(_) => {
                self.at_gate(body, depth, spec);
            }
            StepSpec::Offload { to, .. } if body.world == World::Coroutine => {
                let call = self.offload(body, *to, steps);
                body.line(depth, &call);
            }
            StepSpec::Offload { .. } => self.steps(body, steps, depth),
            StepSpec::Repeat { times, .. } => self.repeat(body, *times, steps, depth),
            StepSpec::Try(_) | StepSpec::All(_) | StepSpec::First(_) => {
                unreachable!("attempts and lists are nodes of their own")
            }
        }
    }

    fn compute(&mut self, body: &mut Body, depth: usize, spec: &StepSpec, time: Time) {
        let (lock, name) = lock_and_name(spec, self.setting);
        self.features.extend(["compute", lock.name()].map(str::to_owned));
        let turns = match time {
            Time::Constant(time) => format!("TURNS[{}]", self.key_of(name, lock, time)),
            Time::Given => {
                self.features.insert("given_turns".to_owned());
                body.time(time)
            }
        };
        let lock = lock.name();
        let name = if name.is_empty() { String::new() } else { format!(", {}", string(name)) };
        if body.is_noted {
            body.line(depth, &format!("task.compute({lock}, {turns}{name})"));
        } else {
            body.line(depth, &format!("{lock}({turns})"));
        }
    }

    pub(super) fn with_semaphore(
        &mut self,
        body: &mut Body,
        depth: usize,
        id: SemaphoreId,
        verb: &str,
    ) {
        self.features.insert("semaphores".to_owned());
        let name = string(&self.scenario.semaphores[id.index()].name);
        let function = format!("SEMAPHORES[{name}].{verb}");
        let (call, state) = if verb == "acquire" && body.is_limited() {
            (self.take(body, &format!("SEMAPHORES[{name}]")), "sync")
        } else if verb == "release" {
            (self.call_at_once(body.world, &function), "overhead")
        } else {
            (self.call(body.world, &function, ""), "sync")
        };
        body.line(depth, &call);
        body.note(depth, &format!("task.done(\"{state}\", {name})"));
    }

    fn with_queue(&mut self, body: &mut Body, depth: usize, id: QueueId, verb: &str) {
        self.features.insert("queues".to_owned());
        let name = string(&self.scenario.queues[id.index()].name);
        // Items carry nothing.
        let item = if verb == "put" { "None" } else { "" };
        let function = format!("QUEUES[{name}].{verb}");
        let call = if body.is_limited() {
            self.features.insert("moves_late".to_owned());
            let separator = if item.is_empty() { "" } else { ", " };
            format!("move({}, {function}{separator}{item})", body.limits_name())
        } else {
            self.call(body.world, &function, item)
        };
        body.line(depth, &call);
        body.note(depth, &format!("task.done(\"sync\", {name})"));
    }

    /// A call that may wait for what tasks share.
    fn call(&mut self, world: World, function: &str, argument: &str) -> String {
        let call = format!("{function}({argument})");
        match world {
            World::Thread => call,
            World::Part if self.shares_with_processes => call,
            World::Coroutine if !self.shares_with_processes => format!("await {call}"),
            World::Part => format!("ask_loop({call})"),
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
            format!("LOOPS[\"main\"].call_soon_threadsafe({function})")
        } else {
            format!("{function}()")
        }
    }

    /// Whether a step of a coroutine runs a part in another process that needs what tasks share.
    fn shares_between_processes(&self, step: &Node<'_>) -> bool {
        match step {
            Node::Around(StepSpec::Offload { to, .. }, steps) => {
                *to == OffloadTo::Processes && steps.iter().any(|step| self.shares(step))
            }
            Node::Around(_, steps) | Node::Loop(_, steps) => {
                steps.iter().any(|step| self.shares_between_processes(step))
            }
            Node::Tried(_, steps, otherwise) => {
                let mut all = steps.iter().chain(otherwise);
                all.any(|step| self.shares_between_processes(step))
            }
            Node::Fanned(_, lists) => {
                let mut all = lists.iter().flat_map(|(_, steps)| steps);
                all.any(|step| self.shares_between_processes(step))
            }
            Node::Leaf(..) | Node::Fails(_) => false,
        }
    }

    /// Whether the step needs something that tasks share.
    fn shares(&self, step: &Node<'_>) -> bool {
        match step {
            Node::Loop(_, steps) => steps.iter().any(|step| self.shares(step)),
            Node::Around(spec, steps) => {
                self.names_shared(spec) || steps.iter().any(|step| self.shares(step))
            }
            Node::Tried(_, steps, otherwise) => {
                steps.iter().chain(otherwise).any(|step| self.shares(step))
            }
            Node::Fanned(_, lists) => {
                lists.iter().flat_map(|(_, steps)| steps).any(|step| self.shares(step))
            }
            Node::Leaf(spec, _) => self.names_shared(spec),
            Node::Fails(_) => false,
        }
    }

    /// Whether the step itself names something that tasks share.
    fn names_shared(&self, spec: &StepSpec) -> bool {
        match spec.object() {
            Object::Site(id) => self.setting.sites[id.index()].connections.is_some(),
            Object::Semaphore(_)
            | Object::Lock(_)
            | Object::Queue(_)
            | Object::Flag(_)
            | Object::Barrier(_)
            | Object::Limiter(_) => true,
            Object::Nothing
            | Object::Computation(_)
            | Object::Time(_)
            | Object::Executor(_)
            | Object::Attempts(_)
            | Object::Lists(_)
            | Object::Times(_) => false,
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

/// Whether the step computes.
pub(super) fn computes(spec: &StepSpec) -> bool {
    spec.kind().spends == Some(Spends::Computing)
}

/// What a computation does with the lock, and its name, which may be empty.
pub(super) fn lock_and_name<'a>(spec: &StepSpec, setting: &'a Setting) -> (LockMode, &'a str) {
    match spec.object() {
        Object::Computation(id) => {
            let computation = &setting.computations[id.index()];
            (computation.lock, &computation.name)
        }
        _ => (LockMode::Held, ""),
    }
}
