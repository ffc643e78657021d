//! The functions of the program: one for the steps of each shape of task.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::ids::{ComputationId, QueueId, SemaphoreId, SiteId};
use crate::model::{LockMode, OffloadTo, Scenario, Setting};
use crate::python::literal::{identifier, prose, seconds, string};
use crate::python::shape::{Node, Shape, Time, count};

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
    /// The finished functions.
    pub(super) source: String,
    /// Features of the template that are needed.
    pub(super) features: BTreeSet<String>,
    taken: BTreeSet<String>,
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
    pub(super) fn new(scenario: &'a Scenario, setting: &'a Setting, in_loop: bool) -> Self {
        let (source, features, taken) = (String::new(), BTreeSet::new(), BTreeSet::new());
        Self { scenario, setting, in_loop, source, features, taken }
    }

    /// Writes the function of a shape and returns its name.
    pub(super) fn add(&mut self, shape: &Shape) -> String {
        let base = identifier(&shape.name);
        let base = if base.is_empty() { "task" } else { &base };
        let name = self.free_name(&format!("do_{base}"));
        let world = if self.in_loop { World::Coroutine } else { World::Thread };
        let title = match prose(&shape.name) {
            shown if shown.is_empty() || shown.chars().count() > 50 => "Do one task.".to_owned(),
            shown => format!("Do one task of `{}`.", shown.replace('\n', " ")),
        };
        self.function(name.clone(), world, &title, &shape.steps);
        name
    }

    fn free_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }

    fn function(&mut self, name: String, world: World, title: &str, steps: &[Node]) {
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
    fn argument_names(&self, steps: &[Node]) -> Option<Vec<String>> {
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

    fn collect_names(&self, steps: &[Node], names: &mut Vec<String>) {
        for step in steps {
            let (name, otherwise) = match step {
                Node::Offload(_, steps) => {
                    self.collect_names(steps, names);
                    continue;
                }
                Node::Wait { site, blocks, time: Time::Given } => {
                    let name = site.map_or("", |site| self.site(site));
                    (name, if *blocks { "block" } else { "wait" })
                }
                Node::Compute { computation, time: Time::Given, .. } => {
                    (computation.map_or("", |id| self.computation(id)), "compute")
                }
                _ => continue,
            };
            let name = identifier(name);
            let name = if name.is_empty() { otherwise } else { &name };
            let digit = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
            names.push(format!("{digit}{name}_time"));
        }
    }

    fn steps(&mut self, body: &mut Body, steps: &[Node], depth: usize) {
        for step in steps {
            self.step(body, step, depth);
        }
    }

    fn step(&mut self, body: &mut Body, step: &Node, depth: usize) {
        let call = match step {
            Node::Repeat(times, steps) => {
                body.line(depth, &format!("for _ in range({times}):"));
                return self.steps(body, steps, depth + 1);
            }
            Node::Offload(_, steps) if body.world != World::Coroutine => {
                return self.steps(body, steps, depth);
            }
            Node::Offload(to, steps) => self.offload(body, *to, steps),
            Node::Wait { site, blocks, time } => self.wait(body, *site, *blocks, *time),
            Node::Compute { computation, lock, time } => {
                self.compute(body, *computation, *lock, *time)
            }
            Node::Yield => self.call(body.world, "give_way", ""),
            Node::Acquire(id) => self.with_semaphore(body.world, "acquire", *id),
            Node::Release(id) => self.with_semaphore(body.world, "release", *id),
            Node::Put(id) => self.with_queue(body.world, "put", *id),
            Node::Get(id) => self.with_queue(body.world, "get", *id),
        };
        body.line(depth, &call);
    }

    fn wait(&mut self, body: &mut Body, site: Option<SiteId>, blocks: bool, time: Time) -> String {
        let time = body.time(time);
        let Some(site) = site else {
            return self.call(body.world, plain_wait(body.world, blocks), &time);
        };
        let arguments = format!("{time}, {}", string(self.site(site)));
        if self.setting.sites[site.index()].connections.is_none() {
            return self.call(body.world, plain_wait(body.world, blocks), &arguments);
        }
        self.features.insert("connections".to_owned());
        let blocks = blocks && body.world == World::Coroutine;
        self.call(body.world, if blocks { "visit_and_block" } else { "visit" }, &arguments)
    }

    fn compute(
        &mut self,
        body: &mut Body,
        computation: Option<ComputationId>,
        lock: LockMode,
        time: Time,
    ) -> String {
        self.features.insert("compute".to_owned());
        self.features.insert("m.compute".to_owned());
        self.features.insert(lock.name().to_owned());
        let permille = self.setting.interpreter.profile.compute_permille;
        let time = match time {
            Time::Constant(time) => seconds(time.scaled(permille.into(), 1_000)),
            Time::Given => body.time(time),
        };
        let name =
            computation.map_or(String::new(), |id| format!(", {}", string(self.computation(id))));
        format!("task.compute({}, {time}{name})", lock.name())
    }

    fn with_semaphore(&mut self, world: World, verb: &str, id: SemaphoreId) -> String {
        self.features.insert("semaphores".to_owned());
        let name = string(&self.scenario.semaphores[id.index()].name);
        self.call(world, verb, &name)
    }

    fn with_queue(&mut self, world: World, verb: &str, id: QueueId) -> String {
        self.features.insert("queues".to_owned());
        let name = string(&self.scenario.queues[id.index()].name);
        self.call(world, verb, &name)
    }

    /// A part of a coroutine becomes a function of its own, which an executor runs.
    fn offload(&mut self, body: &mut Body, to: OffloadTo, steps: &[Node]) -> String {
        body.parts += 1;
        let part = self.free_name(&format!("{}_part_{}", body.name, body.parts));
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
        let (method, feature) = match to {
            OffloadTo::Threads => ("offload", "offload_threads"),
            OffloadTo::Processes => ("offload_to_process", "offload_processes"),
        };
        self.features.insert(feature.to_owned());
        let shares = steps.iter().any(|step| self.shares(step));
        let reason = if to == OffloadTo::Processes { "shared_processes" } else { "ask_loop" };
        if shares {
            self.features.insert(reason.to_owned());
        }
        let separator = if arguments.is_empty() { "" } else { ", " };
        self.call(body.world, method, &format!("{part}{separator}{arguments}"))
    }

    /// Whether the step needs something that tasks share.
    fn shares(&self, step: &Node) -> bool {
        match step {
            Node::Offload(_, steps) | Node::Repeat(_, steps) => {
                steps.iter().any(|step| self.shares(step))
            }
            Node::Wait { site: Some(site), .. } => {
                self.setting.sites[site.index()].connections.is_some()
            }
            Node::Acquire(_) | Node::Release(_) | Node::Put(_) | Node::Get(_) => true,
            Node::Wait { site: None, .. } | Node::Compute { .. } | Node::Yield => false,
        }
    }

    /// A call of a method of the template's `Task`, which is then needed.
    fn call(&mut self, world: World, method: &str, arguments: &str) -> String {
        let is_plain = matches!(method, "block" | "release");
        let method = match world {
            World::Part if method != "block" => format!("{method}_in_part"),
            _ => method.to_owned(),
        };
        let awaits = if world == World::Coroutine && !is_plain { "await " } else { "" };
        let call = format!("{awaits}task.{method}({arguments})");
        self.features.insert(format!("m.{method}"));
        call
    }

    fn site(&self, id: SiteId) -> &'a str {
        &self.setting.sites[id.index()].name
    }

    fn computation(&self, id: ComputationId) -> &'a str {
        &self.setting.computations[id.index()].name
    }
}

/// The method of a wait that needs no connection.
fn plain_wait(world: World, blocks: bool) -> &'static str {
    match world {
        World::Coroutine if blocks => "block",
        World::Part => "block",
        World::Coroutine | World::Thread => "wait",
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
