//! Lists of steps that are done at the same time: functions of their own, or one after the other.

use super::{Functions, Node};
use crate::program::body::{Body, World};
use crate::program::shape::count;
use gilsim_core::model::Until;
use gilsim_core::tools::{Carrier, Carriers, Descriptor};

/// How threads do lists of steps at the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::program) enum FanOut {
    /// One list after the other.
    InTurn,
    /// In a thread each.
    Threads,
    /// In the executor that the task runs in.
    Executor,
}

impl FanOut {
    /// How the threads of a tool do it.
    pub(in crate::program) fn of(tool: &Descriptor) -> Self {
        match (tool.has_loop, tool.carrier, tool.carriers) {
            (false, Carrier::Thread, Carriers::OnePerTask) => Self::Threads,
            (false, Carrier::Thread, Carriers::Workers) => Self::Executor,
            _ => Self::InTurn,
        }
    }
}

/// The longest line of a program.
const LONGEST_LINE: usize = 79;

/// An argument: an expression, perhaps once for each turn of a loop.
struct Argument {
    one: String,
    repeats: Option<String>,
}

impl Argument {
    fn new(one: String, times: u32, variable: &str) -> Self {
        let repeats = (times > 1).then(|| format!("for {variable} in range({times})"));
        Self { one, repeats }
    }

    fn text(&self) -> String {
        match &self.repeats {
            Some(repeats) => format!("*({} {repeats})", self.one),
            None => self.one.clone(),
        }
    }
}

/// A call, or a list, of such arguments; where one line is too long, each stands in a line of its own.
fn call_in_lines(body: &mut Body, depth: usize, (begin, end): (&str, &str), all: &[Argument]) {
    let texts: Vec<String> = all.iter().map(Argument::text).collect();
    let fits = |text: &str, depth: usize| text.len() + 4 * depth <= LONGEST_LINE;
    let line = format!("{begin}{}{end}", texts.join(", "));
    if fits(&line, depth) {
        return body.line(depth, &line);
    }
    body.line(depth, begin.trim_end());
    for (argument, text) in all.iter().zip(texts) {
        match &argument.repeats {
            Some(repeats) if !fits(&text, depth + 1) => {
                body.line(depth + 1, "*(");
                body.line(depth + 2, &argument.one);
                body.line(depth + 2, repeats);
                body.line(depth + 1, "),");
            }
            _ => body.line(depth + 1, &format!("{text},")),
        }
    }
    body.line(depth, end);
}

/// Lists of steps that are alike: how many, and their steps.
type Alike<'a> = (u32, Vec<Node<'a>>);

impl Functions<'_> {
    /// Does lists of steps at the same time, where whoever does them can.
    pub(super) fn fanned(
        &mut self,
        body: &mut Body,
        until: Until,
        lists: &[Alike<'_>],
        depth: usize,
    ) {
        match (body.world, self.fan_out) {
            (World::Coroutine, _) => {
                let call = match until {
                    Until::AllEnd => "all_of",
                    Until::OneFails => "all_or_none",
                    Until::OneEnds => "first_of",
                };
                self.features.extend(["lists", call].map(str::to_owned));
                self.at_once(body, until, (&format!("await {call}("), true), lists, depth);
            }
            (World::Thread, FanOut::Threads | FanOut::Executor) => {
                let feature =
                    if self.fan_out == FanOut::Threads { "lists_threads" } else { "lists_pool" };
                self.features.extend(["lists", feature].map(str::to_owned));
                let when = match until {
                    Until::AllEnd => "ALL_COMPLETED",
                    Until::OneFails => "FIRST_EXCEPTION",
                    Until::OneEnds => "FIRST_COMPLETED",
                };
                let limits = if body.is_limited() {
                    self.features.insert("lists_late".to_owned());
                    body.limits_name()
                } else {
                    "()".to_owned()
                };
                let call = format!("do_lists(\"{when}\", {limits}, ");
                self.at_once(body, until, (&call, false), lists, depth);
            }
            (World::Thread | World::Part, _) => self.in_turn(body, until, lists, depth),
        }
    }

    /// Each list is a function of its own: `call` does them all.
    fn at_once(
        &mut self,
        body: &mut Body,
        until: Until,
        (call, is_called): (&str, bool),
        lists: &[Alike<'_>],
        depth: usize,
    ) {
        self.features.insert("fails".to_owned());
        body.lists += 1;
        let level = body.lists;
        let (mut calls, mut begins, mut before, mut number) = (Vec::new(), Vec::new(), 0, 0_u32);
        for (times, steps) in lists {
            let function = self.list_function(body, steps);
            let leaves = count(steps, Node::leaves);
            let task = match (body.is_noted, *times) {
                (false, _) => String::new(),
                (true, 1) => format!("lists_{level}[{number}]"),
                (true, _) => format!("lists_{level}[{number} + number]"),
            };
            let given = self.given_to_list(body, count(steps, Node::given));
            let arguments: Vec<String> =
                [task, given].into_iter().filter(|it| !it.is_empty()).collect();
            let one = if is_called {
                format!("{function}({})", arguments.join(", "))
            } else if arguments.is_empty() {
                format!("({function},)")
            } else {
                format!("({function}, {})", arguments.join(", "))
            };
            let variable = if body.is_noted { "number" } else { "_" };
            calls.push(Argument::new(one, *times, variable));
            let begin = match times {
                1 => format!("task.begin({before})"),
                _ => format!("task.begin({before} + {leaves} * number)"),
            };
            begins.push(Argument::new(begin, *times, "number"));
            before += leaves * times;
            number += times;
        }
        if body.is_noted {
            call_in_lines(body, depth, (&format!("lists_{level} = ["), "]"), &begins);
        }
        let inside = depth + usize::from(body.is_noted);
        body.note(depth, "try:");
        call_in_lines(body, inside, (call, ")"), &calls);
        body.note(depth, "finally:");
        body.note(inside, &format!("task.end(lists_{level}, {before}, \"{}\")", until.key()));
    }

    /// A list of steps becomes a function of its own.
    fn list_function(&mut self, body: &mut Body, steps: &[Node<'_>]) -> String {
        body.parts += 1;
        let name = self.names.take(&format!("{}_list_{}", body.name, body.parts));
        let title = format!("Do list {} of `{}`.", body.parts, body.name);
        let names = self.argument_names(steps);
        let mut list = Body::new(name.clone(), body.world, body.is_noted, names);
        (list.is_list, list.tries) = (true, 1);
        let head = list.head(&title);
        self.steps(&mut list, steps, 1);
        if list.lines.is_empty() {
            list.line(1, "pass");
        }
        self.source.push(body.is_noted, &format!("{head}{}\n\n", list.lines));
        name
    }

    /// The times that a list is given, as arguments.
    fn given_to_list(&mut self, body: &mut Body, given: u32) -> String {
        match &mut body.named {
            Some(names) => names.by_ref().take(given as usize).collect::<Vec<_>>().join(", "),
            None if given == 0 => String::new(),
            None => {
                self.features.insert("islice".to_owned());
                format!("*islice({}, {given})", body.times)
            }
        }
    }

    /// One list after the other. Of those of which the first to end counts, that is the first.
    fn in_turn(&mut self, body: &mut Body, until: Until, lists: &[Alike<'_>], depth: usize) {
        body.lists += 1;
        let level = body.lists;
        let may_fail = lists.iter().flat_map(|(_, steps)| steps).any(Node::may_fail);
        let goes_on = until == Until::AllEnd && (may_fail || body.is_limited());
        body.note(depth, &format!("lists_{level} = task.step"));
        if goes_on {
            self.features.insert("fails".to_owned());
            body.line(depth, &format!("failed_{level} = False"));
        }
        let (mut before, mut is_over) = (0, false);
        for (times, steps) in lists {
            let leaves = count(steps, Node::leaves);
            if is_over {
                self.leave_out(body, steps, *times, depth);
            } else {
                let again = if until == Until::OneEnds { 1 } else { *times };
                let repeats = again > 1;
                if repeats {
                    let variable = if body.is_noted { "number" } else { "_" };
                    body.line(depth, &format!("for {variable} in range({again}):"));
                    body.note(
                        depth + 1,
                        &format!("task.step = lists_{level} + {before} + {leaves} * number"),
                    );
                } else {
                    body.note(depth, &format!("task.step = lists_{level} + {before}"));
                }
                self.list_in_turn(
                    body,
                    steps,
                    goes_on.then_some(level),
                    depth + usize::from(repeats),
                );
                self.leave_out(body, steps, times - again, depth);
            }
            is_over = until == Until::OneEnds;
            before += leaves * times;
        }
        body.note(depth, &format!("task.step = lists_{level} + {before}"));
        body.note(depth, &format!("task.done(\"sync\", \"{}\")", until.key()));
        if goes_on {
            body.line(depth, &format!("if failed_{level}:"));
            self.raise(body, depth + 1, "a list of steps has failed");
        }
    }

    /// One list; where the others come even if it fails, with what is noted then.
    fn list_in_turn(
        &mut self,
        body: &mut Body,
        steps: &[Node<'_>],
        noted_as: Option<u32>,
        depth: usize,
    ) {
        let outer = body.times.clone();
        let given = count(steps, Node::given);
        if body.named.is_none() && given > 0 {
            self.features.insert("islice".to_owned());
            let level = body.lists;
            body.line(depth, &format!("given_{level} = iter([*islice({outer}, {given})])"));
            body.times = format!("given_{level}");
        }
        body.tries += 1;
        let inside = depth + usize::from(noted_as.is_some());
        if noted_as.is_some() {
            body.line(depth, "try:");
        }
        let lines = body.lines.len();
        self.steps(body, steps, inside);
        if body.lines.len() == lines {
            body.line(inside, "pass");
        }
        body.tries -= 1;
        if let Some(level) = noted_as {
            body.line(depth, "except Failed as problem:");
            if body.is_limited() {
                body.line(depth + 1, "if isinstance(problem, Late):");
                body.line(depth + 2, "raise");
            }
            body.line(depth + 1, &format!("failed_{level} = True"));
        }
        body.times = outer;
    }

    /// What lists of these steps are given is not needed: they are not done.
    fn leave_out(&mut self, body: &mut Body, steps: &[Node<'_>], times: u32, depth: usize) {
        let given = count(steps, Node::given) * times;
        if given == 0 {
            return;
        }
        // The table of tasks has the times all the same: it is read as if they were done.
        let mut nobody = Body::new(String::new(), body.world, body.is_noted, None);
        self.steps(&mut nobody, steps, 0);
        if let Some(names) = &mut body.named {
            names.by_ref().take(given as usize).for_each(drop);
            return;
        }
        body.line(depth, &format!("for _ in range({given}):"));
        body.line(depth + 1, &format!("next({})", body.times.clone()));
    }
}
