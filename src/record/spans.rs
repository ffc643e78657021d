//! What threads did from when to when: tasks of pools, threads of their own, and the main thread.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::coroutines::{Coroutines, is_of_a_coroutine};
use super::log::{Event, Kind, Process};

/// Why a thread did what it did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Source {
    /// A pool gave it the task.
    Pool(u32),
    /// A pool of processes gave it the task.
    Processes(u32),
    /// It was started for it.
    Thread,
    /// It is the main thread.
    Main,
    /// It is a coroutine of the event loop that this thread runs.
    Loop(usize),
}

/// What was waited for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum On {
    /// Something outside of the program.
    Site(Rc<str>),
    /// Another thread of the program, in such a call.
    Others(Rc<str>),
    /// A permit is asked for; what it waited for it comes next.
    Acquire(Rc<str>),
    /// A permit is given back.
    Release(Rc<str>),
    /// A pool was given that task; the wait for it comes next.
    Offload(i64),
}

/// A call that blocked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wait {
    pub(super) on: On,
    pub(super) begin: i64,
    pub(super) end: i64,
    /// For how long it waited by what the kernel or the caller says, if either does.
    pub(super) known: Option<i64>,
    /// Whether the caller had asked for just that time.
    pub(super) is_asked: bool,
    /// For how long it waited, without what came after: the lock, a core.
    pub(super) length: i64,
}

/// Computing, and the wait that ended it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) from: i64,
    pub(super) to: i64,
    /// CPU time.
    pub(super) cpu: i64,
    pub(super) wait: Option<Wait>,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Done,
    Failed,
    /// It had not ended when the program did.
    CutOff,
}

impl Fate {
    /// What the record of an end tells.
    pub(super) const fn of(end: &Event) -> Self {
        if end.name == 1 { Self::Failed } else { Self::Done }
    }
}

/// A task, or the life of a thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) source: Source,
    pub(super) lane: usize,
    /// The function.
    pub(super) name: Rc<str>,
    /// The place among those that were asked for.
    pub(super) number: i64,
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) fate: Fate,
    /// Whether it is its thread's first task.
    pub(super) is_first: bool,
    /// Whether it is a coroutine that no other made.
    pub(super) is_root: bool,
    pub(super) pieces: Vec<Piece>,
}

impl Span {
    /// One that begins.
    pub(super) fn new(source: Source, lane: usize, name: Rc<str>, number: i64, begin: i64) -> Self {
        Self {
            source,
            lane,
            name,
            number,
            begin,
            end: begin,
            fate: Fate::CutOff,
            is_first: false,
            is_root: false,
            pieces: Vec::new(),
        }
    }

    /// Whether its thread does something else between its pieces.
    pub(super) const fn is_a_coroutine(&self) -> bool {
        matches!(self.source, Source::Loop(_))
    }
}

/// When a task was asked for, from the call's begin to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub(super) source: Source,
    pub(super) number: i64,
    pub(super) begin: i64,
    pub(super) end: i64,
}

/// How processes are started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    Fork,
    Spawn,
    Forkserver,
}

impl Start {
    fn of(name: &str) -> Option<Self> {
        match name {
            "fork" => Some(Self::Fork),
            "spawn" => Some(Self::Spawn),
            "forkserver" => Some(Self::Forkserver),
            _ => None,
        }
    }

    /// What scenarios call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Spawn => "spawn",
            Self::Forkserver => "forkserver",
        }
    }
}

/// A pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pool {
    pub(super) number: u32,
    pub(super) workers: i64,
    /// How its processes are started; nothing for one of threads.
    pub(super) start: Option<Start>,
    pub(super) made: i64,
    pub(super) shut_down: Option<i64>,
}

/// All that happened in a process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Doings {
    pub(super) spans: Vec<Span>,
    pub(super) requests: Vec<Request>,
    pub(super) pools: Vec<Pool>,
    /// Semaphores, and how many permits they have.
    pub(super) semaphores: BTreeMap<Rc<str>, i64>,
    /// Tasks of pools that a coroutine waits for, and the thread that runs its loop.
    pub(super) offloads: BTreeMap<i64, usize>,
    pub(super) begin: i64,
    pub(super) end: i64,
}

impl Doings {
    /// Whose tasks those of a pool are.
    fn source_of(&self, number: u32) -> Source {
        let pool = self.pools.iter().find(|pool| pool.number == number);
        match pool.and_then(|pool| pool.start) {
            Some(_) => Source::Processes(number),
            None => Source::Pool(number),
        }
    }
}

/// What the threads of a process did.
pub(super) fn doings(process: &Process) -> Doings {
    let mut doings = Doings::default();
    for (lane, events) in process.lanes.iter().enumerate() {
        Reader::new(process, lane).read(events, &mut doings);
    }
    let times = process.lanes.iter().flatten();
    doings.begin = times.clone().map(|event| event.begin).min().unwrap_or(0);
    doings.end = times.map(|event| event.end).max().unwrap_or(0);
    doings.requests.sort_by_key(|request| (request.begin, request.number));
    doings
}

/// Goes through the records of a thread.
struct Reader<'a> {
    process: &'a Process,
    lane: usize,
    /// The life of the thread.
    life: Option<Span>,
    task: Option<Span>,
    tasks: usize,
    /// Until when its time is accounted for.
    at: i64,
    cpu: i64,
}

impl<'a> Reader<'a> {
    const fn new(process: &'a Process, lane: usize) -> Self {
        Self { process, lane, life: None, task: None, tasks: 0, at: 0, cpu: 0 }
    }

    fn read(mut self, events: &[Event], doings: &mut Doings) {
        let mut coroutines = Coroutines::default();
        for event in events {
            if is_of_a_coroutine(event) {
                coroutines.hear(self.process, self.lane, event, doings);
                continue;
            }
            self.hear(event, doings);
            self.at = event.end;
            self.cpu = event.cpu;
        }
        // What has no end was cut off.
        doings.spans.extend(coroutines.cut_off());
        doings.spans.extend(self.task.take());
        if self.tasks == 0 {
            doings.spans.extend(self.life.take());
        }
    }

    fn hear(&mut self, event: &Event, doings: &mut Doings) {
        match event.kind {
            Kind::ThreadBegins => self.life = Some(self.life_of(event)),
            Kind::TaskBegins | Kind::WorkBegins => {
                let is_here = event.kind == Kind::TaskBegins;
                let pool = if is_here { Source::Pool } else { Source::Processes };
                let source = pool(event.number);
                let name = self.process.name(event.name);
                let mut task = self.span(source, name, event.more, event.begin);
                task.is_first = self.tasks == 0;
                self.task = Some(task);
                self.tasks += 1;
            }
            Kind::TaskEnds => {
                self.goes_on(event, None);
                if let Some(mut task) = self.task.take() {
                    task.fate = Fate::of(event);
                    doings.spans.push(task);
                }
            }
            Kind::ThreadEnds | Kind::ProcessEnds => {
                self.goes_on(event, None);
                if let Some(life) = &mut self.life {
                    life.fate = Fate::Done;
                }
            }
            Kind::Wait => self.goes_on(event, Some(self.wait(event))),
            Kind::Sync => {
                let on = On::Others(self.process.name(event.name));
                let wait = Wait { on, ..self.wait(event) };
                self.goes_on(event, Some(wait));
            }
            Kind::Submit | Kind::Start => self.asks(event, doings),
            Kind::Semaphore => {
                doings.semaphores.insert(self.process.name(event.name), event.more.max(1));
                self.goes_on(event, None);
            }
            Kind::Acquire | Kind::Release => {
                let name = self.process.name(event.name);
                let is_taken = event.kind == Kind::Acquire;
                let on = if is_taken { On::Acquire(name) } else { On::Release(name) };
                let wait = Wait { on, ..self.wait(event) };
                self.goes_on(event, Some(wait));
            }
            Kind::CoroutineBegins
            | Kind::CoroutineEnds
            | Kind::Offload
            | Kind::BySite
            | Kind::ByTimer
            | Kind::ByTask
            | Kind::ByExecutor => {}
            Kind::Pool => {
                let Event { number, more: workers, begin: made, .. } = *event;
                let start = Start::of(&self.process.name(event.name));
                doings.pools.push(Pool { number, workers, start, made, shut_down: None });
            }
            Kind::Shutdown => {
                let on = On::Others("shutdown".into());
                let wait = Wait { on, ..self.wait(event) };
                self.goes_on(event, Some(wait));
                let pool = doings.pools.iter_mut().find(|pool| pool.number == event.number);
                if let Some(pool) = pool {
                    pool.shut_down = Some(event.end);
                }
            }
        }
    }

    /// A task or a thread is asked for.
    fn asks(&mut self, event: &Event, doings: &mut Doings) {
        self.goes_on(event, None);
        let is_task = event.kind == Kind::Submit;
        let source = if is_task { doings.source_of(event.number) } else { Source::Thread };
        let Event { begin, end, more: number, .. } = *event;
        doings.requests.push(Request { source, number, begin, end });
    }

    fn life_of(&self, event: &Event) -> Span {
        let source = if event.number == 1 { Source::Main } else { Source::Thread };
        self.span(source, self.process.name(event.name), event.more, event.begin)
    }

    fn span(&self, source: Source, name: Rc<str>, number: i64, begin: i64) -> Span {
        Span::new(source, self.lane, name, number, begin)
    }

    fn wait(&self, event: &Event) -> Wait {
        let Event { begin, end, more, .. } = *event;
        Wait {
            on: On::Site(self.process.name(event.name)),
            begin,
            end,
            known: (more >= 0).then_some(more),
            is_asked: event.number == 0 && more >= 0,
            length: end - begin,
        }
    }

    /// Computing up to an event, and what was waited for then.
    fn goes_on(&mut self, event: &Event, wait: Option<Wait>) {
        let to = if wait.is_some() { event.begin } else { event.end };
        let piece = Piece { from: self.at, to, cpu: event.cpu - self.cpu, wait };
        if let Some(span) = self.task.as_mut().or(self.life.as_mut()) {
            span.pieces.push(piece);
            span.end = event.end;
        }
    }
}
