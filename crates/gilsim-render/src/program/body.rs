//! One function of the program in the making.

use std::fmt::Write as _;

use crate::program::literal::seconds;
use crate::program::shape::Time;

/// Who runs a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum World {
    /// A thread of a tool without an event loop.
    Thread,
    /// The event loop.
    Coroutine,
    /// An executor's thread or process, for a coroutine.
    Part,
}

/// Functions that are finished.
#[derive(Default)]
pub(super) struct Texts {
    /// Those that a person would have written.
    pub(super) plain: String,
    /// Those that note what they do.
    pub(super) noted: String,
}

impl Texts {
    /// Adds a function.
    pub(super) fn push(&mut self, is_noted: bool, text: &str) {
        let texts = if is_noted { &mut self.noted } else { &mut self.plain };
        texts.push_str(text);
    }
}

/// One function in the making.
pub(super) struct Body {
    pub(super) name: String,
    pub(super) world: World,
    /// Whether it notes what it does.
    pub(super) is_noted: bool,
    /// The names of its times, where each has one; else they are taken in turn.
    pub(super) named: Option<std::vec::IntoIter<String>>,
    pub(super) lines: String,
    /// How many parts of it are functions of their own.
    pub(super) parts: u32,
    /// Where the times are taken from that are taken in turn.
    pub(super) times: String,
    /// Whether it is a list of steps of another function, which does it at the same time as others.
    pub(super) is_list: bool,
    /// How many lists it has that are functions of their own.
    pub(super) lists: u32,
    /// How many tries there are around the next step, and how many of them allow only so much time.
    pub(super) tries: usize,
    pub(super) limits: usize,
}

impl Body {
    /// Nothing so far. `times`: the names of the times that it is given, where each has one.
    pub(super) fn new(
        name: String,
        world: World,
        is_noted: bool,
        times: Option<Vec<String>>,
    ) -> Self {
        let named = times.map(Vec::into_iter);
        Self {
            name,
            world,
            is_noted,
            named,
            lines: String::new(),
            parts: 0,
            times: "times".to_owned(),
            is_list: false,
            lists: 0,
            tries: 0,
            limits: 0,
        }
    }

    /// The lines before its steps. A task is given one thing: its number, its only time, or all its times.
    pub(super) fn head(&self, title: &str) -> String {
        let names = self.named.as_ref().map(std::vec::IntoIter::as_slice);
        let is_part = self.world == World::Part || self.is_list;
        let (given, first) = match names {
            Some(names) if is_part => (names.join(", "), String::new()),
            None if is_part => ("*times".to_owned(), taken_in_turn()),
            Some([]) => ("number".to_owned(), String::new()),
            Some([name]) => (name.clone(), String::new()),
            Some(names) => ("times".to_owned(), format!("    {} = times\n", names.join(", "))),
            None => ("times".to_owned(), taken_in_turn()),
        };
        let task = if self.is_noted { "task" } else { "" };
        let separator = if task.is_empty() || given.is_empty() { "" } else { ", " };
        let is_async = if self.world == World::Coroutine { "async " } else { "" };
        let name = &self.name;
        format!("{is_async}def {name}({task}{separator}{given}):\n    \"\"\"{title}\"\"\"\n{first}")
    }

    /// Whether waits that take a timeout are to be given up in time: a thread does that for itself.
    pub(super) fn is_limited(&self) -> bool {
        self.limits > 0 && self.world != World::Coroutine
    }

    /// The name of the instants until which there is time.
    pub(super) fn limits_name(&self) -> String {
        format!("limits_{}", self.limits)
    }

    /// Adds a line.
    pub(super) fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.lines, "{:width$}{text}", "", width = depth * 4).expect("text grows");
    }

    /// Adds lines, each so much further to the right than `depth`.
    pub(super) fn lines(&mut self, depth: usize, lines: &[(usize, String)]) {
        for (further, line) in lines {
            self.line(depth + further, line);
        }
    }

    /// Adds a line where the function notes what it does.
    pub(super) fn note(&mut self, depth: usize, text: &str) {
        if self.is_noted {
            self.line(depth, text);
        }
    }

    /// The expression of a time.
    pub(super) fn time(&mut self, time: Time) -> String {
        match (time, &mut self.named) {
            (Time::Constant(time), _) => seconds(time),
            (Time::Given, Some(names)) => names.next().expect("every given time has its name"),
            (Time::Given, None) => format!("next({})", self.times),
        }
    }
}

fn taken_in_turn() -> String {
    "    times = iter(times)\n".to_owned()
}
