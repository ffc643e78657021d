//! What threads did from when to when: tasks of pools, threads of their own, and the main thread.

use std::rc::Rc;

use super::log::{Event, Kind, Process};

/// Why a thread did what it did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Source {
    /// A pool gave it the task.
    Pool(u32),
    /// It was started for it.
    Thread,
    /// It is the main thread.
    Main,
}

/// What was waited for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum On {
    /// Something outside of the program.
    Site(Rc<str>),
    /// Another thread of the program, in such a call.
    Others(Rc<str>),
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
    pub(super) has_failed: bool,
    pub(super) has_ended: bool,
    /// Whether it is its thread's first task.
    pub(super) is_first: bool,
    pub(super) pieces: Vec<Piece>,
}

/// When a task was asked for, from the call's begin to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub(super) source: Source,
    pub(super) number: i64,
    pub(super) begin: i64,
    pub(super) end: i64,
}

/// A pool of threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pool {
    pub(super) number: u32,
    pub(super) workers: i64,
    pub(super) made: i64,
    pub(super) shut_down: Option<i64>,
}

/// All that happened in a process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Doings {
    pub(super) spans: Vec<Span>,
    pub(super) requests: Vec<Request>,
    pub(super) pools: Vec<Pool>,
    pub(super) begin: i64,
    pub(super) end: i64,
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
        for event in events {
            self.hear(event, doings);
            self.at = event.end;
            self.cpu = event.cpu;
        }
        // What has no end was cut off.
        doings.spans.extend(self.task.take());
        if self.tasks == 0 {
            doings.spans.extend(self.life.take());
        }
    }

    fn hear(&mut self, event: &Event, doings: &mut Doings) {
        match event.kind {
            Kind::ThreadBegins => self.life = Some(self.life_of(event)),
            Kind::TaskBegins => {
                let source = Source::Pool(event.number);
                let name = self.process.name(event.name);
                let mut task = self.span(source, name, event.more, event.begin);
                task.is_first = self.tasks == 0;
                self.task = Some(task);
                self.tasks += 1;
            }
            Kind::TaskEnds => {
                self.goes_on(event, None);
                if let Some(mut task) = self.task.take() {
                    task.has_ended = true;
                    task.has_failed = event.name == 1;
                    doings.spans.push(task);
                }
            }
            Kind::ThreadEnds | Kind::ProcessEnds => {
                self.goes_on(event, None);
                if let Some(life) = &mut self.life {
                    life.has_ended = true;
                }
            }
            Kind::Wait => self.goes_on(event, Some(self.wait(event))),
            Kind::Sync => {
                let on = On::Others(self.process.name(event.name));
                let wait = Wait { on, ..self.wait(event) };
                self.goes_on(event, Some(wait));
            }
            Kind::Submit | Kind::Start => {
                self.goes_on(event, None);
                let is_task = event.kind == Kind::Submit;
                let source = if is_task { Source::Pool(event.number) } else { Source::Thread };
                let Event { begin, end, more: number, .. } = *event;
                doings.requests.push(Request { source, number, begin, end });
            }
            Kind::Pool => doings.pools.push(Pool {
                number: event.number,
                workers: event.more,
                made: event.begin,
                shut_down: None,
            }),
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

    fn life_of(&self, event: &Event) -> Span {
        let source = if event.number == 1 { Source::Main } else { Source::Thread };
        self.span(source, self.process.name(event.name), event.more, event.begin)
    }

    fn span(&self, source: Source, name: Rc<str>, number: i64, begin: i64) -> Span {
        Span {
            source,
            lane: self.lane,
            name,
            number,
            begin,
            end: begin,
            has_failed: false,
            has_ended: false,
            is_first: false,
            pieces: Vec::new(),
        }
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
