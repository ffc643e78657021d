//! A naive simulator of threads and processes under profile `ideal`: time moves in ticks of 1 ms.
//!
//! Written from docs/contract.md, "The profile ideal", and docs/semantics.md alone, to be obviously right rather than
//! fast: there is no event queue, every list is scanned, and each tick moves each running thread by one. The rules that
//! the documents leave open at one instant are chosen here and marked OPEN with a number:
//!
//! 1. A thread acts (in no time) up to where it blocks or computes; of all that can act, the lowest number does
//!    first. Hence a child asks for the lock after its parent has let go of it in `Thread.start`.
//! 2. At one instant: threads act; then patience ends, for all whose window is over,
//!    before any holder gives way; then idle cores take the thread that
//!    has been ready longest (ties by thread number); then new wanters are placed, by thread number. This repeats
//!    until nothing changes; then the quantum of the lowest core where it is over ends, and all begins again.
//! 3. A drop request that finds the holder off its core is noticed when the holder is next on one, at once: before
//!    quanta end.
//! 4. A request that outlasts a `kept` computation is honoured at its end, before the next step.
//! 5. A switch at the very instant that a window opened, but after it opened, is a switch within it.
//! 6. A quantum counts from when the thread took the core and starts anew when nobody waits at its end; two
//!    computations with no blocking between share it. A thread that blocks and comes back at one instant
//!    has left its core.
//! 7. At the end of a quantum a core rotates its own queue only.
//! 8. Connections of a site go to the first in its queue, who starts its wait when it has the lock again;
//!    semaphores and queues wake the first waiter, who tries again (`threading.Semaphore`, `queue.Queue`).
//!    A lock goes to the first in its queue, as a connection does.
//! 9. A dying thread lets go of the lock first; then its joiner asks for it. The main thread of a pool waits for each
//!    result in order, then shuts the pool down and joins the workers in order of birth.
//! 10. `yield` lets go of the lock and of the core; both may come back at the same instant.
//! 11. A task is `queued` until its worker has taken it from the pool's queue, with the lock.
//! 12. `sequential` goes through the tasks by arrival, ties in file order.
//! 13. An item of a `SimpleQueue` goes to the thread that waits longest, one for a process to the lowest that waits.
//! 14. Nobody asks a holder that has not been on a core since it took the lock; when it comes onto one later
//!     than it took the lock, all windows are as if the switch happened then.
//! 15. A client that does not think sends its next task at the instant of its answer; the main thread acts then.

mod cores;
mod lock;
mod pool;
pub mod sites;
mod steps;

use std::collections::VecDeque;

use sites::Sites;

use crate::world::{Clients, Ending, Mode, Played, Spent, Step, Tool, World};

/// What a thread does next. `Start` and `Submit` are the main thread's.
#[derive(Clone)]
enum Op {
    /// Waits until a task is sent.
    AwaitSent(usize),
    Start {
        task: Option<usize>,
        ops: Vec<Op>,
        process: bool,
    },
    AwaitStarted(usize),
    SetStarted,
    Submit(usize),
    AwaitDone(usize),
    CloseBacklog,
    JoinChildren,
    Fetch,
    Begin(usize),
    End(usize),
    Sleep(u64),
    Connect(usize),
    /// Makes a connection, if none is kept.
    Open(usize),
    Ask(usize),
    Keep(usize),
    Disconnect(usize),
    Do(Step),
}

/// What a parked thread waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Started(usize),
    Sent(usize),
    Done(usize),
    Dead(usize),
    Item,
    Connection(usize),
    Permit(usize),
    Lock(usize),
    Set,
    Meeting,
    Room(usize),
    Thing(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Acts,
    WantsLock {
        asked: u64,
        window: u64,
        switches: u64,
    },
    WantsCore,
    InRunQueue {
        since: u64,
    },
    OnCore,
    SleepsUntil(u64),
    /// Until its token is there.
    WaitsUntil(u64),
    Parked(Why, u64),
    Dead,
}

/// What a pool's queue holds.
#[derive(Clone, Copy)]
enum Item {
    Task(usize),
    /// The word to stop.
    Stop,
}

struct Thread {
    ops: VecDeque<Op>,
    phase: Phase,
    lock: Option<usize>,
    /// What is left of its computation.
    left: u64,
    mode: Mode,
    last_core: Option<usize>,
    started: bool,
    task: Option<usize>,
    /// What the pool's queue handed to it.
    handed: Option<Item>,
}

#[derive(Default)]
struct Lock {
    holder: Option<usize>,
    last_holder: Option<usize>,
    switches: u64,
    drop_requested: bool,
    taken: u64,
    /// Whether the holder has been on a core since it took the lock (OPEN 14).
    ran: bool,
}

#[derive(Default)]
struct Core {
    occupant: Option<usize>,
    used: u64,
    queue: VecDeque<usize>,
}

struct Naive<'w> {
    world: &'w World,
    now: u64,
    threads: Vec<Thread>,
    locks: Vec<Lock>,
    cores: Vec<Core>,
    connections: Vec<u32>,
    sites: Sites,
    /// Whether each thread is a process, and has connections of its own.
    are_processes: bool,
    permits: Vec<u32>,
    /// Which locks somebody has, and those that each task has, the last one last.
    locked: Vec<bool>,
    is_set: bool,
    /// How many have come to the barrier.
    come: usize,
    /// When the limiter's bucket is full.
    full: u64,
    holds: Vec<Vec<usize>>,
    items: Vec<u32>,
    parkings: u64,
    workers: u32,
    worker_processes: bool,
    idle: u32,
    backlog: VecDeque<Item>,
    /// When each task is sent, where that is known.
    sent: Vec<Option<u64>>,
    done: Vec<Option<u64>>,
    spent: Vec<Spent>,
}

/// Plays the world through a tool other than asyncio.
pub fn play(world: &World, tool: Tool) -> Ending {
    let mut naive = Naive::new(world, tool);
    let main = naive.main_program(tool);
    naive.birth(main, None, world.lock);
    naive.run()
}

fn program(world: &World, task: usize) -> Vec<Op> {
    let mut ops = vec![Op::Begin(task)];
    for step in &world.tasks[task].steps {
        match *step {
            Step::Wait(time) | Step::Block(time) => ops.push(Op::Sleep(time)),
            Step::Site(site) => ops.extend([
                Op::Connect(site),
                Op::Open(site),
                Op::Ask(site),
                Op::Keep(site),
                Op::Disconnect(site),
            ]),
            step => ops.push(Op::Do(step)),
        }
    }
    ops.push(Op::End(task));
    ops
}

impl<'w> Naive<'w> {
    fn new(world: &'w World, tool: Tool) -> Self {
        let workers = match tool {
            Tool::ThreadPool(workers) | Tool::ProcessPool(workers) => workers,
            _ => 0,
        };
        Self {
            world,
            now: 0,
            threads: Vec::new(),
            locks: Vec::new(),
            cores: (0..world.cores).map(|_| Core::default()).collect(),
            connections: world.sites.iter().map(|s| s.connections.unwrap_or(u32::MAX)).collect(),
            sites: Sites::default(),
            are_processes: matches!(tool, Tool::Multiprocessing | Tool::ProcessPool(_)),
            permits: world.semaphores.clone(),
            locked: vec![false; world.locks],
            is_set: false,
            come: 0,
            full: 0,
            holds: vec![Vec::new(); world.tasks.len()],
            items: vec![0; world.queues.len()],
            parkings: 0,
            workers,
            worker_processes: matches!(tool, Tool::ProcessPool(_)),
            idle: 0,
            backlog: VecDeque::new(),
            sent: world.sent(),
            done: vec![None; world.tasks.len()],
            spent: vec![Spent::new(); world.tasks.len()],
        }
    }

    fn main_program(&self, tool: Tool) -> Vec<Op> {
        let order = self.world.by_arrival();
        let mut ops = Vec::new();
        for task in &order {
            let task = *task;
            ops.push(Op::AwaitSent(task));
            let steps = program(self.world, task);
            match tool {
                Tool::Sequential => ops.extend(steps),
                Tool::Threading | Tool::Multiprocessing => ops.push(Op::Start {
                    task: Some(task),
                    ops: steps,
                    process: tool == Tool::Multiprocessing,
                }),
                Tool::ThreadPool(_) | Tool::ProcessPool(_) => ops.push(Op::Submit(task)),
                Tool::Asyncio(_) => unreachable!("asyncio has its own oracle"),
            }
        }
        if self.workers > 0 {
            ops.extend(order.into_iter().map(Op::AwaitDone));
            ops.push(Op::CloseBacklog);
        }
        ops.push(Op::JoinChildren);
        ops
    }

    fn birth(&mut self, ops: Vec<Op>, task: Option<usize>, own_lock: bool) -> usize {
        let lock = if own_lock {
            self.locks.push(Lock::default());
            Some(self.locks.len() - 1)
        } else {
            self.threads.first().and_then(|main| main.lock)
        };
        self.threads.push(Thread {
            ops: ops.into(),
            phase: Phase::Acts,
            lock,
            left: 0,
            mode: Mode::Held,
            last_core: None,
            started: false,
            task,
            handed: None,
        });
        self.threads.len() - 1
    }

    fn run(mut self) -> Ending {
        loop {
            self.settle();
            if self.threads[0].phase == Phase::Dead {
                let done = self.done.iter().map(|done| done.expect("main waits for all")).collect();
                return Ending::Finished(Played { makespan: self.now, done, spent: self.spent });
            }
            let moves = |thread: &Thread| {
                matches!(thread.phase, Phase::OnCore | Phase::SleepsUntil(_) | Phase::WaitsUntil(_))
            };
            if !self.threads.iter().any(moves) {
                return Ending::Deadlocked;
            }
            self.tick();
        }
    }

    /// Counts the coming millisecond to each task's state, and lets it pass.
    fn tick(&mut self) {
        for task in 0..self.world.tasks.len() {
            let is_there = self.sent[task].is_some_and(|sent| sent <= self.now);
            if is_there && self.done[task].is_none() {
                let state = self.state(task);
                *self.spent[task].entry(state).or_default() += 1;
            }
        }
        self.now += 1;
        for core in &mut self.cores {
            if let Some(thread) = core.occupant {
                core.used += 1;
                self.threads[thread].left -= 1;
            }
        }
        for thread in &mut self.threads {
            let ends = thread.phase == Phase::OnCore && thread.left == 0;
            let wakes = [Phase::SleepsUntil(self.now), Phase::WaitsUntil(self.now)];
            if ends || wakes.contains(&thread.phase) {
                thread.phase = Phase::Acts;
            }
        }
    }

    fn state(&self, task: usize) -> &'static str {
        let Some(thread) = self.threads.iter().find(|thread| thread.task == Some(task)) else {
            return "queued";
        };
        match thread.phase {
            Phase::OnCore if thread.mode == Mode::Released => "native",
            Phase::OnCore => "running",
            Phase::InRunQueue { .. } => "ready",
            Phase::WantsLock { .. } => "lock_wait",
            Phase::SleepsUntil(_) => "io",
            Phase::Parked(..) | Phase::WaitsUntil(_) => "sync",
            Phase::Acts | Phase::WantsCore | Phase::Dead => {
                unreachable!("no time passes in such a phase")
            }
        }
    }

    /// Does all that happens at this instant (OPEN 1 and 2).
    fn settle(&mut self) {
        loop {
            if let Some(next) = self.threads.iter().position(|t| t.phase == Phase::Acts) {
                self.act(next);
            } else if !self.end_patience() {
                self.fill_idle_cores();
                self.place();
                if !self.notice_requests() && !self.end_a_quantum() {
                    return;
                }
            }
        }
    }

    fn act(&mut self, me: usize) {
        loop {
            if !self.has_lock(me) {
                return;
            }
            if self.threads[me].lock.is_some_and(|lock| self.locks[lock].drop_requested) {
                return self.give_way(me); // OPEN 4
            }
            if self.threads[me].left > 0 {
                self.threads[me].phase = Phase::WantsCore;
                return;
            }
            let Some(op) = self.threads[me].ops.pop_front() else {
                self.leave(me, Phase::Dead);
                return self.wake_all(Why::Dead(me)); // OPEN 9
            };
            self.perform(me, op);
            if self.threads[me].phase != Phase::Acts {
                return;
            }
        }
    }

    /// Does one operation of a thread that has its lock; where it blocks, its phase says so.
    fn perform(&mut self, me: usize, op: Op) {
        match op {
            Op::AwaitSent(task) => match self.sent[task] {
                Some(instant) if instant > self.now => {
                    self.leave(me, Phase::SleepsUntil(instant));
                }
                Some(_) => {}
                None => self.park(me, Why::Sent(task)),
            },
            Op::Sleep(0) | Op::Do(Step::Yield) => self.leave(me, Phase::Acts), // OPEN 10
            Op::Sleep(time) => self.leave(me, Phase::SleepsUntil(self.now + time)),
            Op::Start { task, ops, process } => self.start(me, task, ops, process),
            Op::AwaitStarted(child) => {
                if !self.threads[child].started {
                    self.park(me, Why::Started(child));
                }
            }
            Op::SetStarted => {
                self.threads[me].started = true;
                self.wake_all(Why::Started(me));
            }
            Op::Submit(task) => self.submit(me, task),
            Op::AwaitDone(task) => {
                if self.done[task].is_none() {
                    self.park(me, Why::Done(task));
                }
            }
            Op::CloseBacklog => self.put_work(Item::Stop),
            Op::JoinChildren => {
                let alive = (1..self.threads.len()).find(|t| self.threads[*t].phase != Phase::Dead);
                if let Some(child) = alive {
                    self.park_and_retry(me, Why::Dead(child), Op::JoinChildren);
                }
            }
            Op::Fetch => self.fetch(me),
            Op::Begin(task) => self.threads[me].task = Some(task),
            Op::End(task) => {
                self.done[task] = Some(self.now);
                self.threads[me].task = None;
                self.answer();
                self.wake_all(Why::Done(task));
            }
            Op::Connect(site) => match self.connections[site].checked_sub(1) {
                Some(rest) => self.connections[site] = rest,
                None => self.park(me, Why::Connection(site)),
            },
            Op::Open(site) => {
                let owner = self.owner(me);
                let time = self.sites.open(site, &self.world.sites[site], owner);
                if time > 0 {
                    self.leave(me, Phase::SleepsUntil(self.now + time));
                }
            }
            Op::Ask(site) => {
                let time = self.sites.ask(site, &self.world.sites[site], self.now);
                self.leave(me, Phase::SleepsUntil(self.now + time));
            }
            Op::Keep(site) => {
                let owner = self.owner(me);
                self.sites.keep(site, &self.world.sites[site], owner);
            }
            Op::Disconnect(site) => {
                if !self.wake_first(Why::Connection(site)) {
                    self.connections[site] += u32::from(self.connections[site] < u32::MAX);
                }
            }
            Op::Do(step) => self.step(me, step),
        }
    }

    /// Whose connections a thread uses.
    fn owner(&self, me: usize) -> usize {
        if self.are_processes { me } else { 0 }
    }

    /// A client has its answer: it sends the next task of all that are left (OPEN 15).
    fn answer(&mut self) {
        let Some(Clients { think, .. }) = self.world.clients else { return };
        let Some(next) = self.sent.iter().position(Option::is_none) else { return };
        let at = self.now + think;
        self.sent[next] = Some(at);
        for thread in &mut self.threads {
            if matches!(thread.phase, Phase::Parked(Why::Sent(task), _) if task == next) {
                thread.phase = if think == 0 { Phase::Acts } else { Phase::SleepsUntil(at) };
            }
        }
    }
}
