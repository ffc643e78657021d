//! The simulation itself: a pure function from a plan to rows.
//!
//! No chance, no clock, no file and no float is in here. The engine is the only one who acts: the
//! lock, the cores, the queues and the event loop change themselves and say what follows; the files
//! of this folder that hold an `impl Engine` move threads, record rows and move the clock.
//!
//! At an instant all due events are applied in the order of `queue::Rank`, the threads they free
//! take their steps of no length in the order of their numbers, then idle cores are given work, and
//! all that is repeated until nothing is left to do at that instant.

#![deny(clippy::float_arithmetic, reason = "simulated time is integer")]

mod alarms;
mod attempts;
mod channels;
mod clients;
mod coroutine;
mod cpu;
mod dice;
mod event_loop;
mod executor;
mod fans;
mod followers;
mod gates;
mod gil;
mod items;
mod kernel;
mod life;
mod listening;
mod lock;
mod ops;
mod polls;
mod processes;
mod queue;
mod record;
mod sharing;
mod sites;
mod steps;
mod stuck;
mod sync;
mod tasks;
mod teams;
mod thread;
mod timers;
mod tournament;
mod wait;
mod wake;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{NameId, ProcessId, ThreadId};
use crate::plan::{Group, Pc, Plan};
use crate::time::SimTime;
use crate::trace::{Outcome, Sink, Totals};

use attempts::Attempts;
use channels::Channels;
use event_loop::EventLoop;
use executor::Executors;
use fans::Fans;
use kernel::Kernel;
use listening::Listener;
use lock::Locks;
use processes::Processes;
use queue::{Event, EventQueue, Rank};
use sharing::Sharing;
use sites::Servers;
use sync::Shared;
use tasks::Tasks;
use teams::Teams;
use thread::{Item, Status, Then, Thread};

/// Plays a plan to its end and tells `sink` what happens.
pub fn simulate(plan: &Plan, sink: &mut dyn Sink) -> (Outcome, Totals) {
    simulate_for(plan, sink)
}

/// The same, compiled for one kind of listener: what it does not read of a row costs nothing.
pub fn simulate_for<S: Sink + ?Sized>(plan: &Plan, sink: &mut S) -> (Outcome, Totals) {
    let mut engine = Engine::new(plan, sink);
    engine.run();
    let outcome = engine.outcome();
    (outcome, engine.totals())
}

/// Plays a plan, and tells how many tasks of each entry arrived: of clients, those that they sent in time.
pub(crate) fn arrived(plan: &Plan) -> (Outcome, Vec<u32>) {
    let mut nobody = None::<&mut dyn Sink>;
    let sink: &mut dyn Sink = &mut nobody;
    let mut engine = Engine::new(plan, sink);
    engine.run();
    let outcome = engine.outcome();
    let all = 0..plan.workload.entry_count();
    let dealt = engine.tasks.clients.map(|clients| clients.into_dealt());
    (outcome, dealt.unwrap_or_else(|| all.map(|entry| plan.workload.tasks_of(entry)).collect()))
}

/// How a thread goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    /// At once, with what comes next.
    Go,
    /// At once, with an instruction elsewhere.
    Jump(Pc),
    /// With what comes next, but not before something has happened.
    Pause,
    /// Where its wait leads, once somebody has ended it.
    Wait,
}

/// A run ends when simulated time passes this: 2^62 ns, or 146 years.
const END_OF_TIME: SimTime = SimTime::from_nanos(1 << 62);

/// Names of the rows that the engine itself records.
#[derive(Clone, Copy)]
struct OwnNames {
    wake: NameId,
    switch: NameId,
    event_loop: NameId,
    poll: NameId,
    step: NameId,
    executor: NameId,
    result: NameId,
    join: NameId,
    start: NameId,
    arrival: NameId,
    spin: NameId,
    contention: NameId,
}

/// Why a run ends before nothing can happen any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// The main thread has ended.
    Finished,
    /// Time has run out.
    TooLong,
}

struct Engine<'a, S: ?Sized> {
    plan: &'a Plan,
    sink: &'a mut S,
    names: OwnNames,
    now: SimTime,
    events: EventQueue,
    /// Threads that can go on at this instant; the lowest number goes first.
    ready_now: BinaryHeap<Reverse<ThreadId>>,
    /// The thread whose steps are being taken.
    acting: Option<ThreadId>,
    kernel: Kernel,
    threads: Vec<Thread>,
    locks: Locks,
    processes: Processes,
    /// What tasks share.
    shared: Shared,
    servers: Servers,
    /// What connects the tool's threads.
    channels: Channels,
    executors: Executors,
    /// One bit for each place that only the first thread passes.
    onces: u64,
    tasks: Tasks,
    loops: Vec<EventLoop>,
    /// What has come for loops that serve, if they do.
    listener: Option<Listener>,
    /// The attempts that may take only so long.
    attempts: Attempts,
    /// The native threads of those that compute.
    teams: Teams,
    /// Who shares something at present.
    sharing: Sharing,
    /// What tasks do at the same time.
    fans: Fans,
    /// Why nothing more is played, if so.
    ending: Option<Ending>,
    /// More steps of no length than this at one instant are a fault of the engine.
    steps_per_instant_max: u64,
}

impl<'a, S: Sink + ?Sized> Engine<'a, S> {
    fn new(plan: &'a Plan, sink: &'a mut S) -> Self {
        let mut engine = Self {
            plan,
            sink,
            names: OwnNames::find(plan),
            now: SimTime::ZERO,
            events: EventQueue::new(plan.machine.cores),
            ready_now: BinaryHeap::new(),
            acting: None,
            kernel: Kernel::new(plan),
            threads: Vec::new(),
            locks: Locks::new(plan),
            processes: Processes::default(),
            shared: Shared::new(plan),
            servers: Servers::new(plan),
            channels: Channels::new(plan),
            executors: Executors::new(plan),
            onces: 0,
            tasks: Tasks::new(plan),
            loops: plan
                .event_loops
                .iter()
                .map(|it| EventLoop::new(*it, plan.limits_coroutines, plan.listens.is_some()))
                .collect(),
            listener: Listener::of(plan),
            attempts: Attempts::default(),
            teams: Teams::default(),
            sharing: Sharing::default(),
            fans: Fans::default(),
            ending: None,
            steps_per_instant_max: steps_per_instant_max(plan),
        };
        let main = engine.new_process(Pc(0), Group(0), Item::NONE);
        engine.ready_now.push(Reverse(main));
        engine
    }

    /// Plays instant after instant until the main thread ends or nothing can happen any more.
    fn run(&mut self) {
        loop {
            self.play_instant();
            if self.ending.is_some() {
                return;
            }
            match self.events.peek() {
                Some((at, _)) => {
                    assert!(at >= self.now, "time goes back from {:?} to {at:?}", self.now);
                    if at > END_OF_TIME {
                        self.ending = Some(Ending::TooLong);
                        return;
                    }
                    self.now = at;
                }
                None => return,
            }
        }
    }

    /// Does everything that happens at the present instant.
    fn play_instant(&mut self) {
        let mut steps = 0;
        self.locks.begin_instant();
        while self.ending.is_none() {
            steps += 1;
            assert!(steps < self.steps_per_instant_max, "no progress at {:?}", self.now);
            if let Some(event) = self.events.pop_before(self.now, Rank::Patience) {
                self.apply(event);
            } else if let Some(Reverse(thread)) = self.ready_now.pop() {
                self.go_on_with(thread);
            } else {
                self.locks.let_patience_end();
                if !self.take_away() {
                    return;
                }
            }
        }
    }

    /// When nobody can go on, locks and cores are taken away. Returns whether the instant goes on.
    fn take_away(&mut self) -> bool {
        let due = self.events.peek().filter(|(at, _)| *at == self.now);
        match due.map(|(_, rank)| rank) {
            Some(Rank::Patience) => self.apply_next_event(),
            _ if self.locks.any_asked_now() => self.honour_request(),
            Some(_) => self.dispatch_and_end_slice(),
            None => {
                self.dispatch();
                return !self.ready_now.is_empty();
            }
        }
        true
    }

    /// Ends a slice only after cores have been given away: a thread that comes to want a core at this
    /// instant is in the run queue by then, and one that moved to an idle core is not.
    fn dispatch_and_end_slice(&mut self) {
        self.dispatch();
        let still_due = self.events.peek() == Some((self.now, Rank::SliceEnd));
        if self.ready_now.is_empty() && still_due {
            self.apply_next_event();
        }
    }

    fn apply_next_event(&mut self) {
        let event = self.events.pop().expect("an event was seen");
        self.apply(event);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::BurstEnd(core) => self.end_of_burst(core),
            Event::Wake(thread) => self.time_has_come(thread),
            Event::Deadline(thread) => self.deadline_is_over(thread),
            Event::Patience(thread) => self.patience_is_over(thread),
            Event::Request(lock) => self.interval_is_over(lock),
            Event::SliceEnd(core) => self.end_of_slice(core),
            Event::Look(core) => self.balance(core),
        }
    }

    fn go_on_with(&mut self, thread: ThreadId) {
        assert_eq!(self.thread(thread).status, Status::Active, "{thread:?} goes on");
        self.acting = Some(thread);
        match self.thread(thread).then {
            Then::TakeLock => self.take_lock_and_go_on(thread),
            Then::AskHolder => self.ask_holder(thread),
            Then::GoOn => self.go_on(thread),
        }
        self.acting = None;
    }

    fn thread(&self, thread: ThreadId) -> &Thread {
        &self.threads[thread.index()]
    }

    fn thread_mut(&mut self, thread: ThreadId) -> &mut Thread {
        &mut self.threads[thread.index()]
    }

    /// A new process with a lock of its own, and its main thread.
    fn new_process(&mut self, program: Pc, group: Group, item: Item) -> ThreadId {
        let lock = self.locks.add();
        let process = self.processes.add(lock);
        self.new_thread(process, program, group, item)
    }

    fn new_thread(
        &mut self,
        process: ProcessId,
        program: Pc,
        group: Group,
        item: Item,
    ) -> ThreadId {
        let id = ThreadId::at(self.threads.len());
        let lock = self.processes.lock(process);
        let mut thread = Thread::new(process, lock, program, group);
        thread.item = item;
        self.threads.push(thread);
        self.kernel.add_thread();
        id
    }

    fn totals(&self) -> Totals {
        let memory = self.plan.memory;
        let (threads, processes) = (self.threads.len() as u64, self.processes.len() as u64);
        let coroutines = match &self.listener {
            Some(listener) => listener.most_alive() as u64,
            None if self.loops.is_empty() => 0,
            None => self.plan.workload.coroutines().count() as u64,
        };
        let memory_bytes = memory.base
            + memory.process * (processes - 1)
            + memory.thread * (threads - processes)
            + memory.coroutine * coroutines
            + memory.interpreter * self.processes.interpreters() as u64;
        Totals {
            makespan: self.now - SimTime::ZERO,
            switches: self.locks.switches(),
            threads: u32::try_from(threads).expect("threads have 32-bit numbers"),
            processes: u32::try_from(processes).expect("processes have 32-bit numbers"),
            memory_bytes,
        }
    }
}

/// A generous bound on what a plan can do at one instant: everything.
fn steps_per_instant_max(plan: &Plan) -> u64 {
    let workload = &plan.workload;
    let entries = 0..workload.entry_count();
    let longest = entries.map(|entry| workload.script(entry).len()).max().unwrap_or(0) as u64;
    (1 << 22) + 64 * u64::from(workload.task_count()) * (longest + 16)
}

impl OwnNames {
    /// The names that every plan has: see `tools::own_names`.
    fn find(plan: &Plan) -> Self {
        let find = |name: &str| plan.names.find(name).expect("every plan has the engine's names");
        Self {
            wake: find("wake"),
            switch: find("switch"),
            event_loop: find("loop"),
            poll: find("poll"),
            step: find("step"),
            executor: find("executor"),
            result: find("result"),
            join: find("join"),
            start: find("start"),
            arrival: find("arrival"),
            spin: find("spin"),
            contention: find("contention"),
        }
    }
}
