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

mod balance;
mod channels;
mod cores;
mod coroutine;
mod cpu;
mod event_loop;
mod gil;
mod life;
mod load;
mod lock;
mod obtain;
mod ops;
mod patience;
mod placement;
mod queue;
mod record;
mod steps;
mod stuck;
mod sync;
mod thread;
mod timers;
mod tournament;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::ids::{LockId, NameId, ProcessId, TaskId, ThreadId};
use crate::plan::{Group, MachineRules, Pc, Plan};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Outcome, Sink, State, Totals};
use crate::workload::Step;

use cores::Cores;
use event_loop::EventLoop;
use lock::Lock;
use patience::Patience;
use placement::Placement;
use queue::{Event, EventQueue, Rank};
use sync::{Channel, Executor, Queue, Semaphore, Site};
use thread::{Item, Standing, Status, Then, Thread, Wait};

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

/// How a thread goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    /// At once, where it stands.
    Go,
    /// Not before something has happened.
    Pause,
    /// With what comes next: it is done with its instruction, or with the steps of its task.
    Next,
    /// With an instruction elsewhere.
    Jump(Pc),
}

/// A run ends when simulated time passes this: 2^62 ns, or 146 years.
const END_OF_TIME: SimTime = SimTime::from_nanos(1 << 62);

/// A task, from arrival to completion: 8 bytes, for there may be millions.
#[derive(Clone, Copy, Debug)]
struct Task {
    /// The next step, as a position in the scripts of all entries.
    at: u32,
    /// How far it is within that step.
    stage: u8,
    /// How far it is in its life.
    phase: event_loop::Phase,
    done: bool,
    /// Whether its results have reached whoever waits for them.
    delivered: bool,
}

/// A row of a task that is on no thread.
#[derive(Clone, Copy, Debug)]
struct OffThread {
    state: State,
    name: NameId,
    since: SimTime,
}

/// Names of the rows that the engine itself records.
#[derive(Clone, Copy)]
struct OwnNames {
    wake: NameId,
    switch: NameId,
    event_loop: NameId,
    poll: NameId,
    step: NameId,
    create: NameId,
    executor: NameId,
    result: NameId,
    join: NameId,
    start: NameId,
    arrival: NameId,
}

struct Engine<'a, S: ?Sized> {
    plan: &'a Plan,
    sink: &'a mut S,
    names: OwnNames,
    now: SimTime,
    events: EventQueue,
    /// Whether those who lose patience at this instant have done so.
    patience_renewed: bool,
    /// Threads that can go on at this instant; the lowest number goes first.
    ready_now: BinaryHeap<Reverse<ThreadId>>,
    /// The thread whose steps are being taken.
    acting: Option<ThreadId>,
    placement: Placement,
    /// Locks whose holders were asked to give way at this instant.
    asked_now: Vec<LockId>,
    /// Threads that came to want a core at this instant.
    wanting: Vec<ThreadId>,
    cores: Cores,
    threads: Vec<Thread>,
    /// Of each thread, unless the rules are exact.
    standings: Vec<Standing>,
    locks: Vec<Lock>,
    processes: u32,
    /// The threads that have made an interpreter of their own, and its lock.
    interpreters: BTreeMap<ThreadId, Option<LockId>>,
    /// The lock of each process's main interpreter.
    process_locks: Vec<Option<LockId>>,
    semaphores: Vec<Semaphore>,
    queues: Vec<Queue>,
    sites: Vec<Site>,
    channels: Vec<Channel>,
    executors: Vec<Executor>,
    onces: u64,
    /// The scripts of all entries, one after the other.
    steps: &'a [Step],
    tasks: Vec<Task>,
    /// What each task does while it is on no thread, where there is an event loop. Elsewhere a task leaves its thread only
    /// when it ends, and is queued until it comes onto one.
    off_thread: Vec<Option<OffThread>>,
    /// How many tasks have been taken in order of arrival.
    arrived: u32,
    /// How many results have been collected in order of arrival.
    collected: u32,
    /// How many results have been delivered.
    delivered: u32,
    event_loop: Option<EventLoop>,
    ended: bool,
    /// Whether time ran out before the run ended.
    is_too_long: bool,
    /// More steps of no length than this at one instant are a fault of the engine.
    steps_per_instant_max: u64,
}

impl<'a, S: Sink + ?Sized> Engine<'a, S> {
    fn new(plan: &'a Plan, sink: &'a mut S) -> Self {
        let workload = &plan.workload;
        let beginnings = workload.beginnings();
        let tasks = beginnings
            .flat_map(|(at, count)| std::iter::repeat_n(Task::new(at), count as usize))
            .collect();
        let arrivals = (0..workload.task_count()).map(|task| workload.arrival(TaskId(task)));
        let queued = arrivals.map(|arrival| Some(OffThread::queued_since(arrival)));
        let off_thread = if plan.event_loop.is_some() { queued.collect() } else { Vec::new() };
        let channels = plan.channels.iter().map(|rules| Channel::new(rules.hand_off)).collect();
        let mut engine = Self {
            plan,
            sink,
            names: OwnNames::find(plan),
            now: SimTime::ZERO,
            events: EventQueue::new(plan.machine.cores),
            patience_renewed: false,
            ready_now: BinaryHeap::new(),
            acting: None,
            placement: Placement::new(plan.machine.cores),
            asked_now: Vec::new(),
            wanting: Vec::new(),
            cores: Cores::new(plan.machine.cores),
            threads: Vec::new(),
            standings: Vec::new(),
            locks: Vec::new(),
            processes: 0,
            interpreters: BTreeMap::new(),
            process_locks: Vec::new(),
            semaphores: plan.semaphores.iter().map(|it| Semaphore::new(it.permits)).collect(),
            queues: plan.queues.iter().map(|(_, capacity)| Queue::new(*capacity)).collect(),
            sites: plan.sites.iter().map(|it| it.connections.map(Semaphore::new)).collect(),
            channels,
            executors: plan
                .executors
                .iter()
                .map(|it| Executor::new(it.workers, it.all_at_once))
                .collect(),
            onces: 0,
            steps: workload.steps(),
            tasks,
            off_thread,
            arrived: 0,
            collected: 0,
            delivered: 0,
            event_loop: plan.event_loop.as_ref().map(|rules| EventLoop::new(*rules)),
            ended: false,
            is_too_long: false,
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
            if self.ended {
                return;
            }
            match self.events.peek() {
                Some((at, _)) => {
                    assert!(at >= self.now, "time goes back from {:?} to {at:?}", self.now);
                    if at > END_OF_TIME {
                        self.is_too_long = true;
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
        self.patience_renewed = false;
        while !self.ended {
            steps += 1;
            assert!(steps < self.steps_per_instant_max, "no progress at {:?}", self.now);
            if let Some(event) = self.events.pop_before(self.now, Rank::Patience) {
                self.apply(event);
            } else if let Some(Reverse(thread)) = self.ready_now.pop() {
                self.go_on_with(thread);
            } else {
                self.patience_renewed = true;
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
            _ if !self.asked_now.is_empty() => self.honour_request(),
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
        let still_due = self.events.peek() == Some((self.now, Rank::QuantumEnd));
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
            Event::Patience(thread) => self.patience_is_over(thread),
            Event::Request(lock) => self.interval_is_over(lock),
            Event::QuantumEnd(core) => self.end_of_slice(core),
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

    fn task(&self, task: TaskId) -> &Task {
        &self.tasks[task.index()]
    }

    fn task_mut(&mut self, task: TaskId) -> &mut Task {
        &mut self.tasks[task.index()]
    }

    /// A new process with a lock of its own, and its main thread.
    fn new_process(&mut self, program: Pc, group: Group, item: Item) -> ThreadId {
        let process = ProcessId(self.processes);
        self.processes += 1;
        let lock = self.new_lock();
        self.process_locks.push(lock);
        self.new_thread(process, program, group, item)
    }

    fn new_lock(&mut self) -> Option<LockId> {
        let rules = self.plan.lock?;
        let interval = rules.switch_interval + self.plan.machine.timer_slack;
        let patience = self.plan.machine.exact.then(|| Patience::new(interval));
        let lock = LockId::at(self.locks.len());
        self.locks.push(Lock::new(patience));
        if self.plan.machine.exact {
            self.events.add_lock(lock);
        }
        Some(lock)
    }

    fn new_thread(
        &mut self,
        process: ProcessId,
        program: Pc,
        group: Group,
        item: Item,
    ) -> ThreadId {
        let id = ThreadId::at(self.threads.len());
        let lock = self.process_locks[process.index()];
        let mut thread = Thread::new(process, lock, program, group);
        thread.item = item;
        self.threads.push(thread);
        if !self.plan.machine.exact {
            self.standings.push(Standing::NEW);
        }
        id
    }

    /// Blocks a thread, which holds no lock, until somebody wakes it.
    fn block(&mut self, thread: ThreadId, wait: Wait, row: Option<(State, NameId)>) -> Flow {
        self.leave_core(thread, row);
        // It made its last wake-up while falling asleep: that delays nobody.
        let record = self.thread_mut(thread);
        record.owes = SimDuration::ZERO;
        record.status = Status::Blocked(wait);
        Flow::Pause
    }

    /// Blocks a thread for a time; a real timer is a little late.
    fn sleep(
        &mut self,
        thread: ThreadId,
        length: SimDuration,
        row: Option<(State, NameId)>,
    ) -> Flow {
        let at = self.now + length + self.plan.machine.timer_slack;
        self.events.wake_at(thread, at);
        self.block(thread, Wait::Time, row)
    }

    fn time_has_come(&mut self, thread: ThreadId) {
        if self.thread(thread).status == Status::Blocked(Wait::Poll) {
            self.poll_ends();
        }
        self.wake(thread, Then::TakeLock);
    }

    /// Wakes a sleeping thread, which then does `then`.
    fn wake(&mut self, thread: ThreadId, then: Then) {
        let MachineRules { exact, wake_latency, .. } = self.plan.machine;
        let sleeper = self.thread_mut(thread);
        assert!(
            !matches!(sleeper.status, Status::Active | Status::Ready | Status::Dead),
            "{thread:?} is woken while {:?}",
            sleeper.status
        );
        sleeper.then = then;
        sleeper.status = Status::Active;
        if exact && wake_latency.is_zero() {
            self.ready_now.push(Reverse(thread));
        } else {
            self.thread_mut(thread).woken = true;
            self.want_core(thread);
        }
    }

    fn totals(&self) -> Totals {
        let memory = self.plan.memory;
        let (threads, processes) = (self.threads.len() as u64, u64::from(self.processes));
        let coroutines = if self.event_loop.is_some() { self.tasks.len() as u64 } else { 0 };
        let memory_bytes = memory.base
            + memory.process * (processes - 1)
            + memory.thread * (threads - processes)
            + memory.coroutine * coroutines
            + memory.interpreter * self.interpreters.len() as u64;
        Totals {
            makespan: self.now - SimTime::ZERO,
            switches: self.locks.iter().map(Lock::switches).sum(),
            threads: u32::try_from(threads).expect("threads have 32-bit numbers"),
            processes: self.processes,
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

impl Task {
    /// A task that begins at that step.
    fn new(at: u32) -> Self {
        Self { at, stage: 0, phase: event_loop::Phase::Made, done: false, delivered: false }
    }
}

impl OffThread {
    const fn queued_since(since: SimTime) -> Self {
        Self { state: State::Queued, name: NameId::EMPTY, since }
    }
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
            create: find("create"),
            executor: find("executor"),
            result: find("result"),
            join: find("join"),
            start: find("start"),
            arrival: find("arrival"),
        }
    }
}
