//! What was recorded, as the text of a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;

use super::choice::{Part, Program};
use super::lock::is_released;
use super::log::Process;
use super::shape::{Group, groups};
use super::spans::{Doings, Fate, Pool, Request, Source, Span, Start};
use super::steps::{LeftOut, Step, Surroundings, Task, sums};
use super::told::{Seen, Told};
use crate::import::list;
use gilsim_core::time::SimDuration;

/// A scenario, and what is to be said about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The scenario.
    pub text: String,
    /// What was seen, and what the scenario does not show: lines for people.
    pub told: Vec<String>,
}

/// Gaps between requests for tasks matter from this length on, in all.
const GAPS: i64 = 5_000_000;

/// Tasks that compute less than this and wait for nothing are left out.
const LITTLE: i64 = 100_000;

/// What is done once by each worker counts from this length on.
const FIRST: i64 = 2_000_000;

/// The scenario of a program; nothing where it did nothing that could be played.
///
/// With `is_anonymous` it has no names of hosts and functions.
pub fn recorded(processes: &[Process], is_anonymous: bool) -> Option<Recorded> {
    let program = Program::of(processes);
    let parts = program.parts();
    let part = *parts.first().filter(|part| part.time > 0)?;
    let doings = &program.processes[part.process];
    let mut play = Play::of(&program, doings, part)?;
    let (groups, simplified) = groups(&mut play.tasks);
    let mut names = Names { is_anonymous, ..Names::default() };
    let seen = Seen { program: &program, doings, play: &play, parts: &parts, simplified };
    let told = Told::of(&seen, &mut names);
    let text = text(&program, &play, &groups, &told, &mut names);
    Some(Recorded { text, told: told.lines() })
}

/// The tasks that are played, and how the program ran them.
pub(super) struct Play {
    pub(super) part: Part,
    pub(super) tasks: Vec<Task>,
    pub(super) left_out: LeftOut,
    /// From when to when the tool was there.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Of the pool that does the tasks, or what they offload.
    pub(super) workers: Option<i64>,
    /// How many tasks a worker process is sent at a time, at most.
    chunk: usize,
    start: Option<Start>,
    /// How many permits each has.
    semaphores: BTreeMap<Rc<str>, i64>,
    pub(super) cut_off: usize,
    /// What each worker does once, before its first task.
    pub(super) first: i64,
    /// Whether computing gives the lock up.
    pub(super) is_released: bool,
    /// Whether the tasks came one after the other, rather than at once.
    pub(super) is_spread: bool,
}

impl Play {
    fn of(program: &Program, doings: &Doings, part: Part) -> Option<Self> {
        let is_main = part.source == Source::Main;
        let of_part = doings.spans.iter().filter(|span| span.source == part.source);
        let is_played = |span: &&Span| span.fate != Fate::CutOff || is_main;
        let mut spans: Vec<&Span> = of_part.clone().filter(is_played).collect();
        let cut_off = of_part.count() - spans.len();
        if spans.len() > 1 {
            // It starts the others, and waits for them.
            spans.retain(|span| !span.is_root);
        }
        spans.sort_by_key(|span| (span.number, span.begin));
        let numbers: BTreeSet<i64> = spans.iter().map(|span| request_of(span)).collect();
        let is_for_these =
            |request: &&Request| request.source == part.source && numbers.contains(&request.number);
        let requests: Vec<&Request> = doings.requests.iter().filter(is_for_these).collect();
        let asked: BTreeMap<i64, i64> =
            requests.iter().map(|request| (request.number, request.begin)).collect();
        let arrives = |span: &Span| asked.get(&request_of(span)).copied().unwrap_or(span.begin);
        let spans: Vec<(&Span, i64)> =
            spans.into_iter().map(|span| (span, arrives(span))).collect();
        let first = spans.iter().map(|(span, asked)| span.begin.min(*asked)).min()?;
        let last = spans.iter().map(|(span, _)| span.end).max()?;
        let offloaded: Vec<&Span> = doings
            .spans
            .iter()
            .filter(|span| span.source != part.source && doings.part_of(span) == part.source)
            .collect();
        let source = offloaded.first().map_or(part.source, |span| span.source);
        let pool = match source {
            Source::Pool(number) | Source::Processes(number) => {
                doings.pools.iter().find(|pool| pool.number == number)
            }
            Source::Thread | Source::Main | Source::Loop(_) => None,
        };
        let by_number = offloaded.iter().map(|span| (span.number, *span)).collect();
        let mut around = Surroundings::new(&spans, by_number, &program.used);
        let mut tasks = around.tasks(&spans);
        drop_little(&mut tasks);
        let released = |is_first| {
            // Each process has a lock of its own.
            let is_one_process = !matches!(source, Source::Processes(_));
            is_one_process
                && is_released(&doings.spans, |span| {
                    span.source == source && span.is_first == is_first
                })
        };
        // Where it gives the lock up, cores work on it together; a worker's beginning is played under the lock.
        let at_once = if released(true) { i64::from(program.cores.max(1)) } else { 1 };
        let is_a_pool = matches!(part.source, Source::Pool(_) | Source::Processes(_));
        let from = pool.filter(|_| is_a_pool).map_or(first, |pool| pool.made);
        let to = pool.filter(|_| is_a_pool).and_then(|pool| pool.shut_down).unwrap_or(last);
        Some(Self {
            part,
            cut_off,
            first: if is_a_pool { once_per_worker(&mut tasks) / at_once } else { 0 },
            is_released: released(false),
            is_spread: is_spread(&requests, from, to.max(last)),
            semaphores: doings.semaphores.clone(),
            chunk: largest_chunk(&spans),
            start: pool.and_then(|pool| pool.start),
            tasks,
            left_out: around.left_out,
            from,
            to: to.max(last),
            workers: pool.map(|pool: &Pool| pool.workers),
        })
    }
}

/// The number under which a task was asked for; those that a worker process is sent together have one.
const fn request_of(span: &Span) -> i64 {
    match span.source {
        Source::Processes(_) => span.number >> 24,
        _ => span.number,
    }
}

fn largest_chunk(spans: &[(&Span, i64)]) -> usize {
    let chunks = spans.chunk_by(|a, b| request_of(a.0) == request_of(b.0));
    chunks.map(<[_]>::len).max().unwrap_or(1)
}

/// Leaves tasks out that neither wait nor compute for long, where there are others: those that libraries make.
fn drop_little(tasks: &mut Vec<Task>) {
    let is_little = |task: &Task| {
        let (computing, waiting) = sums(&task.steps);
        let has_permits = task.steps.iter().any(|step| matches!(step, Step::Acquire(_)));
        computing < LITTLE && waiting == 0 && !has_permits
    };
    if !tasks.iter().all(is_little) {
        tasks.retain(|task| !is_little(task));
    }
}

/// Whether the program did something else between its requests for tasks.
fn is_spread(requests: &[&Request], from: i64, to: i64) -> bool {
    let gaps = requests.windows(2).map(|pair| pair[1].begin - pair[0].end).filter(|gap| *gap > 0);
    gaps.sum::<i64>() > GAPS.max((to - from) / 33)
}

/// What the first tasks of workers compute more than others do, as the median has it. It is taken out of them.
fn once_per_worker(tasks: &mut [Task]) -> i64 {
    let computing = |task: &Task| sums(&task.steps).0;
    let median = |is_first: bool| {
        let of_these = tasks.iter().filter(|task| task.is_first == is_first);
        let mut times: Vec<i64> = of_these.map(computing).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    };
    let (Some(first), Some(usual)) = (median(true), median(false)) else { return 0 };
    let more = first - usual;
    if more < FIRST || more < usual / 2 {
        return 0;
    }
    for task in tasks.iter_mut().filter(|task| task.is_first) {
        let longest = task.steps.iter_mut().filter_map(|step| match step {
            Step::Compute(time) => Some(time),
            _ => None,
        });
        if let Some(time) = longest.max() {
            *time = (*time - more).max(1);
        }
    }
    more
}

/// What things are called in the scenario.
#[derive(Default)]
pub(super) struct Names {
    is_anonymous: bool,
    known: BTreeMap<(&'static str, Rc<str>), usize>,
    used: BTreeMap<String, usize>,
}

impl Names {
    /// The name of a host or function, or what stands for it.
    pub(super) fn shown(&mut self, kind: &'static str, name: &Rc<str>) -> String {
        let has_a_name = name.contains(':') || kind != "site";
        if !self.is_anonymous || !has_a_name {
            return name.chars().filter(|letter| !letter.is_control()).collect();
        }
        let next = self.known.keys().filter(|(known, _)| *known == kind).count() + 1;
        let number = *self.known.entry((kind, Rc::clone(name))).or_insert(next);
        format!("{kind} {number}")
    }

    /// A name that no other site or computation has.
    fn own(&mut self, kind: &'static str, name: &Rc<str>) -> String {
        let shown = self.shown(kind, name);
        let uses = self.used.entry(format!("{kind}/{shown}")).or_default();
        *uses += 1;
        if *uses == 1 { shown } else { format!("{shown} ({uses})") }
    }
}

fn text(
    program: &Program,
    play: &Play,
    groups: &[Group],
    told: &Told,
    names: &mut Names,
) -> String {
    let mut text = heading(program, play, told);
    let mut writer =
        Writer { names, things: String::new(), lock: told.lock(), semaphores: Vec::new() };
    let mut entries = String::new();
    for group in groups {
        let members: Vec<&Task> = group.members.iter().map(|member| &play.tasks[*member]).collect();
        let lists: Vec<&[Step]> = members.iter().map(|task| &*task.steps).collect();
        let steps = writer.steps(&group.name, &lists).join(",\n  ");
        let name = quoted(&writer.names.shown("computation", &group.name));
        let arrive = arrivals(play, group, groups.len() > 1);
        let _ = write!(entries, "[[tasks]]\nname = {name}\n{arrive}steps = [\n  {steps},\n]\n\n");
    }
    if !writer.semaphores.is_empty() {
        text += "[semaphores]\n";
        for (place, name) in writer.semaphores.iter().enumerate() {
            let permits = play.semaphores.get(name).copied().unwrap_or(1);
            let _ = writeln!(text, "\"semaphore {}\" = {permits}", place + 1);
        }
        text += "\n";
    }
    let offloads = play.tasks.iter().flat_map(|task| &task.steps);
    let has_offloads = offloads.clone().any(|step| matches!(step, Step::Offload(..)));
    text.extend([writer.things, entries, tools(program, play, has_offloads)]);
    text
}

/// Writes the sites and computations of steps as it comes upon them.
struct Writer<'n> {
    names: &'n mut Names,
    things: String,
    /// What computations of threads do with the lock.
    lock: &'static str,
    /// What they are called, in the order in which they are come upon.
    semaphores: Vec<Rc<str>>,
}

impl Writer<'_> {
    /// The steps of tasks of one form.
    fn steps(&mut self, function: &Rc<str>, tasks: &[&[Step]]) -> Vec<String> {
        let first = tasks[0];
        (0..first.len()).map(|place| self.step(function, tasks, place)).collect()
    }

    /// What a semaphore is called. Those that libraries have for themselves do not count.
    fn semaphore(&mut self, name: &Rc<str>) -> String {
        let known = self.semaphores.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.semaphores.push(Rc::clone(name));
            self.semaphores.len() - 1
        });
        format!("\"semaphore {}\"", place + 1)
    }

    fn step(&mut self, function: &Rc<str>, tasks: &[&[Step]], place: usize) -> String {
        let values = || {
            let times = tasks.iter().map(|steps| steps[place].times());
            times.map(|(computing, waiting)| duration(computing + waiting)).collect::<Vec<_>>()
        };
        match &tasks[0][place] {
            Step::Wait(site, _) => {
                let name = quoted(&self.names.own("site", site));
                let _ = write!(self.things, "[sites.{name}]\n{}\n", given("latency", &values()));
                format!("{{ wait = {name} }}")
            }
            Step::Compute(_) => {
                let name = quoted(&self.names.own("computation", function));
                let (time, lock) = (given("time", &values()), self.lock);
                let _ = write!(self.things, "[computations.{name}]\n{time}lock = \"{lock}\"\n\n");
                format!("{{ compute = {name} }}")
            }
            Step::Acquire(name) => format!("{{ acquire = {} }}", self.semaphore(name)),
            Step::Release(name) => format!("{{ release = {} }}", self.semaphore(name)),
            Step::Offload(name, _) => {
                let lists = tasks.iter().filter_map(|steps| match &steps[place] {
                    Step::Offload(_, steps) => Some(&**steps),
                    _ => None,
                });
                let steps = self.steps(name, &lists.collect::<Vec<_>>()).join(", ");
                format!("{{ offload = [{steps}] }}")
            }
        }
    }
}

fn heading(program: &Program, play: &Play, told: &Told) -> String {
    let comments: String = told.lines().iter().flat_map(|line| ["# ", line, "\n"]).collect();
    let free = if program.is_locked { "" } else { "t" };
    let minor = program.minor.clamp(8, 15);
    let tasks = play.tasks.len();
    format!(
        "# Made by `gilsim record`: names of functions and hosts, and numbers; nothing else.\n{comments}\n\
         title = \"{tasks} recorded {}\"\n\
         about = \"The tool `recorded` is the program as it ran; the others run the same tasks in other ways.\"\n\n\
         [machine]\ncores = {}\n\n[interpreter]\nprofile = \"cpython-3.{minor}{free}\"\n\n",
        if tasks == 1 { "task" } else { "tasks" },
        program.cores,
    )
}

/// A key with its values, one for each task.
fn given(key: &str, values: &[SimDuration]) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            list(&format!("{key} = "), &values[..1], "")
        }
        _ => list(&format!("{key} = {{ cycle = ["), values, "] }"),
    }
}

fn arrivals(play: &Play, group: &Group, is_one_of_several: bool) -> String {
    let count = group.members.len();
    if !play.is_spread && !is_one_of_several {
        return format!("count = {count}\n");
    }
    let at = group.members.iter().map(|member| {
        if play.is_spread {
            return duration(play.tasks[*member].arrives - play.from);
        }
        // In their order, and all at the start.
        SimDuration::from_nanos(*member as u64)
    });
    list("arrive = { at = [", &at.collect::<Vec<_>>(), "] }")
}

/// The recorded tool first, then others that could run the same tasks.
fn tools(program: &Program, play: &Play, has_offloads: bool) -> String {
    let tool = |name: &str, more: &str| format!("[[tools]]\nuse = \"{name}\"\n{more}\n");
    let workers =
        |key: &str| play.workers.map_or(String::new(), |workers| format!("{key} = {workers}\n"));
    let first = if play.first > 0 {
        list("worker_init = ", &[duration(play.first)], "")
    } else {
        String::new()
    };
    let pool = if has_offloads { String::new() } else { workers("workers") + &first };
    let offload = if has_offloads { workers("offload_workers") } else { String::new() };
    let (name, settings) = match play.part.source {
        Source::Pool(_) => ("thread_pool", &pool),
        Source::Processes(number) => {
            let start = play.start.map_or("fork", Start::name);
            let more = format!("chunk = {}\nstart = \"{start}\"\n", play.chunk);
            // A `multiprocessing.Pool` has no number.
            let name = if number == 0 { "multiprocessing_pool" } else { "process_pool" };
            (name, &(pool.clone() + &more))
        }
        Source::Thread => ("threading", &String::new()),
        Source::Main => ("sequential", &String::new()),
        Source::Loop(_) => ("asyncio", &offload),
    };
    let mut text = tool(name, &format!("{settings}label = \"recorded\"\n"));
    if name == "sequential" {
        text.truncate(text.trim_end().len());
        return text + "\n";
    }
    text += &tool("sequential", "");
    let others =
        [("threading", ""), ("thread_pool", &pool), ("asyncio", &offload), ("process_pool", &pool)];
    for (other, settings) in others.into_iter().filter(|(other, _)| *other != name) {
        text += &tool(other, settings);
    }
    if program.is_locked {
        let free = "label = \"no lock\"\ninterpreter = { lock = false }\n";
        text += &tool(name, &format!("{settings}{free}"));
        let free = "label = \"3.14t\"\ninterpreter = { profile = \"cpython-3.14t\" }\n";
        text += &tool(name, &format!("{settings}{free}"));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A time of a recording, which is never negative.
fn duration(nanos: i64) -> SimDuration {
    SimDuration::from_nanos(nanos.max(0).unsigned_abs())
}

/// A key or text of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
