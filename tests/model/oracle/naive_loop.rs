//! A naive event loop under profile `ideal`, after `_run_once`, `Semaphore` and `Queue` of `CPython` 3.14.
//!
//! One thread, so neither cores nor the lock matter: a computation simply moves the clock. Left open by the documents:
//!
//! 1. Timers of one instant fire in the order in which they were set (heapq would mix them).
//! 2. A task that arrives at once is `ready` from 0, one that arrives later sleeps until then before anything else,
//!    `limit` included, and is `ready` from its arrival.
//! 3. A coroutine woken by a semaphore, a queue or a connection is `ready` from the instant of the wake-up.
//! 4. `block` on a site with limited connections is not played: it may wait for a coroutine of the same loop.

use std::collections::VecDeque;

use super::naive::sites::Sites;
use crate::world::{BURST, Ending, GAP, Mode, PARTIES, Played, Spent, Step, World};

#[derive(Clone, Copy)]
enum Op {
    SleepUntil(u64),
    Sleep(u64),
    Open(usize),
    Ask(usize),
    Keep(usize),
    Acquire(usize),
    /// After a wait: the permit is this task's already.
    Resume(usize),
    Release(usize),
    /// Takes a lock, and gives the last one back that was taken.
    Lock(usize),
    Unlock,
    Do(Step),
}

/// A handle in the loop's ready queue.
enum Handle {
    /// The timer of a task, and when it was due.
    Fire(usize, u64),
    Step(usize),
}

struct Coroutine {
    ops: VecDeque<Op>,
    state: &'static str,
    since: u64,
    done: Option<u64>,
    /// The semaphores of the locks that it has, the last one last.
    holds: Vec<usize>,
    spent: Spent,
}

/// `asyncio.Semaphore` of 3.14: a woken waiter stays in line until it runs.
struct Semaphore {
    value: u32,
    waiters: Vec<(usize, bool)>,
}

#[derive(Default)]
struct Queue {
    items: u32,
    getters: VecDeque<usize>,
    putters: VecDeque<usize>,
}

struct Loop<'w> {
    world: &'w World,
    now: u64,
    ready: VecDeque<Handle>,
    /// When due, the how-manieth timer, whose.
    timers: Vec<(u64, usize, usize)>,
    set: usize,
    /// Those of the scenario, then one a site, then the limit, then one a lock.
    semaphores: Vec<Semaphore>,
    queues: Vec<Queue>,
    sites: Sites,
    /// Who waits for the event, while it is not set.
    not_set: Option<Vec<usize>>,
    /// Who has come to the barrier.
    come: Vec<usize>,
    /// When the limiter's bucket is full.
    full: u64,
    tasks: Vec<Coroutine>,
    /// Tasks that no client has sent yet.
    unsent: VecDeque<usize>,
}

/// Plays the world through asyncio.
pub fn play(world: &World, limit: Option<u32>) -> Ending {
    let sites = world.sites.iter().map(|site| site.connections.unwrap_or(u32::MAX / 2));
    let permits =
        world.semaphores.iter().copied().chain(sites).chain([limit.unwrap_or(u32::MAX / 2)]);
    let permits = permits.chain(std::iter::repeat_n(1, world.locks));
    let mut it = Loop {
        world,
        now: 0,
        ready: world
            .sent()
            .iter()
            .flatten()
            .enumerate()
            .map(|(task, _)| Handle::Step(task))
            .collect(),
        timers: Vec::new(),
        set: 0,
        semaphores: permits.map(|value| Semaphore { value, waiters: Vec::new() }).collect(),
        not_set: Some(Vec::new()),
        come: Vec::new(),
        full: 0,
        queues: world.queues.iter().map(|_| Queue::default()).collect(),
        sites: Sites::default(),
        tasks: (0..world.tasks.len()).map(|task| coroutine(world, task)).collect(),
        unsent: (0..world.tasks.len()).filter(|task| world.sent()[*task].is_none()).collect(),
    };
    it.run();
    it.ending()
}

fn coroutine(world: &World, task: usize) -> Coroutine {
    let of_site = |site: usize| world.semaphores.len() + site;
    let limit = world.semaphores.len() + world.sites.len();
    let arrive = world.tasks[task].arrive;
    let mut ops = VecDeque::from([Op::SleepUntil(arrive), Op::Acquire(limit)]);
    for step in &world.tasks[task].steps {
        match *step {
            Step::Wait(0) => ops.push_back(Op::Do(Step::Yield)),
            Step::Wait(time) => ops.push_back(Op::Sleep(time)),
            Step::Site(site) => ops.extend([
                Op::Acquire(of_site(site)),
                Op::Open(site),
                Op::Ask(site),
                Op::Keep(site),
                Op::Release(of_site(site)),
            ]),
            Step::Acquire(semaphore) => ops.push_back(Op::Acquire(semaphore)),
            Step::Release(semaphore) => ops.push_back(Op::Release(semaphore)),
            Step::Lock(lock) => ops.push_back(Op::Lock(limit + 1 + lock)),
            Step::Unlock => ops.push_back(Op::Unlock),
            step => ops.push_back(Op::Do(step)),
        }
    }
    ops.push_back(Op::Release(limit));
    Coroutine {
        ops,
        state: "ready",
        since: arrive,
        done: None,
        holds: Vec::new(),
        spent: Spent::new(),
    }
}

impl Loop<'_> {
    fn run(&mut self) {
        loop {
            if self.ready.is_empty() {
                let Some((due, ..)) = self.timers.iter().min() else { return };
                self.now = self.now.max(*due);
            }
            self.timers.sort_unstable();
            while self.timers.first().is_some_and(|(due, ..)| *due <= self.now) {
                let (due, _, task) = self.timers.remove(0);
                self.ready.push_back(Handle::Fire(task, due));
            }
            for _ in 0..self.ready.len() {
                match self.ready.pop_front() {
                    Some(Handle::Fire(task, due)) => self.wake(task, due),
                    Some(Handle::Step(task)) => self.step(task),
                    None => unreachable!("the snapshot is no longer than the queue"),
                }
            }
        }
    }

    fn ending(self) -> Ending {
        if self.tasks.iter().any(|task| task.done.is_none()) {
            return Ending::Deadlocked;
        }
        Ending::Finished(Played {
            makespan: self.now,
            done: self.tasks.iter().map(|task| task.done.expect("all are done")).collect(),
            spent: self.tasks.into_iter().map(|task| task.spent).collect(),
        })
    }

    /// Completes what the task awaits: it could run from `at` on, and does in the next iteration.
    fn wake(&mut self, task: usize, at: u64) {
        self.enter(task, "ready", at);
        self.ready.push_back(Handle::Step(task));
    }

    fn enter(&mut self, task: usize, state: &'static str, at: u64) {
        let task = &mut self.tasks[task];
        if at > task.since {
            *task.spent.entry(task.state).or_default() += at - task.since;
        }
        task.state = state;
        task.since = at.max(task.since);
    }

    /// Runs the task to where it suspends.
    fn step(&mut self, task: usize) {
        while let Some(op) = self.tasks[task].ops.pop_front() {
            if let Some(state) = self.perform(task, op) {
                return self.enter(task, state, self.now);
            }
        }
        self.enter(task, "done", self.now);
        self.tasks[task].done = Some(self.now);
        self.go_on_as_client();
    }

    /// A client's coroutine sends the next task of all that are left, and goes on with it.
    fn go_on_as_client(&mut self) {
        let Some(clients) = self.world.clients else { return };
        let Some(next) = self.unsent.pop_front() else { return };
        let sent = self.now + clients.think;
        let ops = &mut self.tasks[next].ops;
        ops[0] = Op::SleepUntil(sent);
        self.tasks[next].since = sent;
        self.step(next);
    }

    /// Does one operation; the state in which it suspends, if it does.
    fn perform(&mut self, task: usize, op: Op) -> Option<&'static str> {
        match op {
            Op::SleepUntil(instant) if instant <= self.now => {}
            Op::SleepUntil(instant) => {
                self.set_timer(task, instant);
                return Some("queued");
            }
            Op::Sleep(time) => {
                self.set_timer(task, self.now + time);
                return Some("suspended");
            }
            Op::Open(site) => {
                let time = self.sites.open(site, &self.world.sites[site], 0);
                if time > 0 {
                    self.set_timer(task, self.now + time);
                    return Some("suspended");
                }
            }
            Op::Ask(site) => {
                let time = self.sites.ask(site, &self.world.sites[site], self.now);
                self.set_timer(task, self.now + time);
                return Some("suspended");
            }
            Op::Keep(site) => self.sites.keep(site, &self.world.sites[site], 0),
            Op::Acquire(semaphore) => {
                let semaphore_now = &mut self.semaphores[semaphore];
                if semaphore_now.value == 0 || !semaphore_now.waiters.is_empty() {
                    semaphore_now.waiters.push((task, false));
                    self.tasks[task].ops.push_front(Op::Resume(semaphore));
                    return Some("sync");
                }
                semaphore_now.value -= 1;
            }
            Op::Resume(semaphore) => {
                self.semaphores[semaphore].waiters.retain(|(waiter, _)| *waiter != task);
                while self.semaphores[semaphore].value > 0 && self.wake_next(semaphore) {}
            }
            Op::Release(semaphore) => {
                self.semaphores[semaphore].value += 1;
                self.wake_next(semaphore);
            }
            Op::Lock(lock) => {
                self.tasks[task].holds.push(lock);
                return self.perform(task, Op::Acquire(lock));
            }
            Op::Unlock => {
                let lock = self.tasks[task].holds.pop().expect("it was taken");
                return self.perform(task, Op::Release(lock));
            }
            Op::Do(step) => return self.do_step(task, step),
        }
        None
    }

    fn do_step(&mut self, task: usize, step: Step) -> Option<&'static str> {
        match step {
            Step::Compute(time, Mode::Released) => self.occupy(task, "native", time),
            Step::Compute(time, _) => self.occupy(task, "running", time),
            Step::Block(time) => self.occupy(task, "io", time),
            Step::Yield => {
                self.ready.push_back(Handle::Step(task));
                return Some("ready");
            }
            Step::Set | Step::WaitFor | Step::Meet | Step::Pass => {
                return self.at_gate(task, step);
            }
            Step::Put(queue) => {
                let capacity = self.world.queues[queue];
                let queue = &mut self.queues[queue];
                if capacity > 0 && queue.items == capacity {
                    queue.putters.push_back(task);
                    self.tasks[task].ops.push_front(Op::Do(step));
                    return Some("sync");
                }
                queue.items += 1;
                if let Some(getter) = queue.getters.pop_front() {
                    self.wake(getter, self.now);
                }
            }
            Step::Get(queue) => {
                let queue = &mut self.queues[queue];
                if queue.items == 0 {
                    queue.getters.push_back(task);
                    self.tasks[task].ops.push_front(Op::Do(step));
                    return Some("sync");
                }
                queue.items -= 1;
                if let Some(putter) = queue.putters.pop_front() {
                    self.wake(putter, self.now);
                }
            }
            Step::Wait(_)
            | Step::Site(_)
            | Step::Acquire(_)
            | Step::Release(_)
            | Step::Lock(_)
            | Step::Unlock => {
                unreachable!("coroutines have no such steps left")
            }
        }
        None
    }

    fn at_gate(&mut self, task: usize, step: Step) -> Option<&'static str> {
        match step {
            Step::Set => {
                for waiter in self.not_set.take().unwrap_or_default() {
                    self.wake(waiter, self.now);
                }
            }
            Step::WaitFor => {
                if let Some(waiters) = &mut self.not_set {
                    waiters.push(task);
                    return Some("sync");
                }
            }
            Step::Meet => {
                self.come.push(task);
                if self.come.len() < PARTIES {
                    return Some("sync");
                }
                let others = std::mem::take(&mut self.come);
                for other in others.into_iter().filter(|other| *other != task) {
                    self.wake(other, self.now);
                }
            }
            Step::Pass => {
                let (full, now) = (self.full, self.now);
                self.full = full.max(now) + GAP;
                let at = full.saturating_sub(GAP * (BURST - 1));
                if at > now {
                    self.set_timer(task, at);
                    return Some("sync");
                }
            }
            _ => unreachable!("{step:?} is at no gate"),
        }
        None
    }

    fn set_timer(&mut self, task: usize, due: u64) {
        self.set += 1;
        self.timers.push((due, self.set, task));
    }

    /// The task keeps the loop's thread to itself.
    fn occupy(&mut self, task: usize, state: &'static str, time: u64) {
        self.enter(task, state, self.now);
        self.now += time;
        self.enter(task, "ready", self.now);
    }

    /// Gives a permit to the first waiter that has none yet.
    fn wake_next(&mut self, semaphore: usize) -> bool {
        let semaphore = &mut self.semaphores[semaphore];
        let Some((waiter, woken)) = semaphore.waiters.iter_mut().find(|(_, woken)| !woken) else {
            return false;
        };
        *woken = true;
        semaphore.value -= 1;
        let waiter = *waiter;
        self.wake(waiter, self.now);
        true
    }
}
