//! The event loop: its iterations, and coroutines on it.
//!
//! One iteration polls, collects due timers, and runs as many handles as were ready then; what is
//! added meanwhile runs in the next one (`BaseEventLoop._run_once` in CPython's
//! `Lib/asyncio/base_events.py`; semantics 3.1 to 3.3).

use std::collections::VecDeque;

use crate::ids::{NameId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::LoopRules;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::thread::{Burst, Wait};
use super::timers::{Ties, Timers};
use super::{Engine, Flow};

/// The event loop.
#[derive(Debug)]
pub(super) struct EventLoop {
    rules: LoopRules,
    at: At,
    ready: VecDeque<Handle>,
    /// How many handles are still to run in this iteration.
    todo: usize,
    /// Sleeping coroutines; of equal times the first set is the first to fire.
    timers: Timers,
    poll: Poll,
    /// Whether another thread has written to the self-pipe since it was drained last.
    signalled: bool,
    unfinished: u32,
    main_is_done: bool,
}

/// The present poll, or the last one.
#[derive(Debug, Default)]
struct Poll {
    waits: bool,
    /// For how long at most, as the loop asked before it gave the lock up; `None` is for ever.
    timeout: Option<SimDuration>,
    began: SimTime,
    ended: SimTime,
}

/// Where the loop's thread is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Creating,
    Created,
    Iteration,
    Poll,
    PollOfNoLength,
    LongPoll,
    Collect,
    NextHandle,
    Handle(Handle),
}

/// A callback that is ready to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Handle {
    /// A timer completes its coroutine's future.
    Timer(TaskId),
    /// An executor's result completes its coroutine's future.
    Result(TaskId),
    /// A coroutine goes on.
    Step(TaskId),
    /// A coroutine's end is counted by `gather`.
    Gathered,
    /// The main coroutine goes on, and ends.
    Main,
}

/// How far a task is in its life. One that is no coroutine is made, then in its steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Its first step is still to come.
    Made,
    /// It sleeps until its arrival.
    Arriving,
    /// It wants a place within the limit.
    AtLimit,
    /// It does its steps.
    InSteps,
    /// It has done them.
    Over,
}

impl EventLoop {
    pub(super) fn new(rules: LoopRules) -> Self {
        Self {
            rules,
            at: At::Creating,
            ready: VecDeque::new(),
            todo: 0,
            timers: Timers::new(Ties::AsSet),
            poll: Poll::default(),
            signalled: false,
            unfinished: 0,
            main_is_done: false,
        }
    }

    /// The time to the next timer, rounded up to what the poll can wait for.
    fn timeout(&self, now: SimTime) -> Option<SimDuration> {
        let left = self.timers.next()?.saturating_since(now);
        let rounded = (SimTime::ZERO + left).round_up_to(self.rules.poll_granularity);
        Some(rounded - SimTime::ZERO)
    }

    /// Takes the next timer that is due.
    fn due_timer(&mut self, now: SimTime) -> Option<(SimTime, TaskId)> {
        let when = self.timers.next().filter(|when| *when <= now)?;
        self.timers.take().map(|task| (when, TaskId(task)))
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    fn event_loop(&mut self) -> &mut EventLoop {
        self.event_loop.as_mut().expect("only plans with a loop come here")
    }

    pub(super) fn rules(&self) -> LoopRules {
        self.event_loop.as_ref().expect("only plans with a loop come here").rules
    }

    fn loop_goes_to(&mut self, at: At, flow: Flow) -> Flow {
        self.event_loop().at = at;
        flow
    }

    /// Whether a coroutine's permit is handed to it; without a loop there is none to hand it to.
    pub(super) fn fair_semaphores(&self) -> bool {
        self.event_loop.as_ref().is_some_and(|it| it.rules.fair_semaphores)
    }

    pub(super) fn bookkeeping(
        &mut self,
        thread: ThreadId,
        left: SimDuration,
        name: NameId,
    ) -> Flow {
        self.work(thread, Burst { left, state: State::Overhead, lock: LockMode::Held, name })
    }

    /// The instruction that runs the event loop until its main coroutine is done: one stage of it.
    pub(super) fn run_loop(&mut self, thread: ThreadId) -> Flow {
        let rules = self.rules();
        let name = self.names.event_loop;
        let event_loop = self.event_loop();
        let (at, main_is_done) = (event_loop.at, event_loop.main_is_done);
        match at {
            At::Creating => {
                let cost = rules.create_task * u64::from(self.plan.workload.task_count());
                self.event_loop().at = At::Created;
                let name = self.names.create;
                self.bookkeeping(thread, cost, name)
            }
            At::Created => self.schedule_first_steps(),
            At::Iteration if main_is_done => Flow::Next,
            At::Iteration => {
                self.event_loop().at = At::Poll;
                self.bookkeeping(thread, rules.iteration, name)
            }
            At::Poll => {
                let now = self.now;
                let event_loop = self.event_loop();
                let has_work = !event_loop.ready.is_empty()
                    || event_loop.timers.next().is_some_and(|when| when <= now);
                event_loop.poll.timeout = event_loop.timeout(now);
                event_loop.at = if has_work { At::PollOfNoLength } else { At::LongPoll };
                // The poll gives the lock up even when its timeout is zero.
                self.let_go(thread)
            }
            At::PollOfNoLength => {
                self.event_loop().at = At::Collect;
                self.relock(thread)
            }
            At::LongPoll => self.poll(thread),
            At::Collect => self.collect_timers(thread),
            At::NextHandle => self.next_handle(thread),
            At::Handle(handle) => self.run_handle(thread, handle),
        }
    }

    /// The main coroutine has made all tasks and waits for them.
    fn schedule_first_steps(&mut self) -> Flow {
        let count = self.plan.workload.task_count();
        for task in (0..count).map(TaskId) {
            let since = self.plan.workload.arrival(task).max(self.now);
            self.change_to_ready(task, since);
            self.event_loop().ready.push_back(Handle::Step(task));
        }
        self.event_loop().unfinished = count;
        if count == 0 {
            self.event_loop().ready.push_back(Handle::Main);
        }
        self.loop_goes_to(At::Iteration, Flow::Go)
    }

    pub(super) fn change_to_ready(&mut self, task: TaskId, at: SimTime) {
        let name = self.names.event_loop;
        self.change_off_thread(task, State::Ready, name, at);
    }

    /// Blocks until the next timer is due or another thread writes to the self-pipe.
    fn poll(&mut self, thread: ThreadId) -> Flow {
        let (now, slack) = (self.now, self.plan.machine.timer_slack);
        let event_loop = self.event_loop();
        event_loop.at = At::Collect;
        if !event_loop.ready.is_empty() {
            return self.relock(thread);
        }
        let timeout = event_loop.poll.timeout;
        event_loop.poll = Poll { waits: true, timeout, began: now, ended: now };
        if let Some(timeout) = timeout {
            self.events.set_poll(thread, now + timeout + slack);
        }
        let row = Some((State::Io, self.names.poll));
        self.block(thread, Wait::Poll, row)
    }

    /// The loop's poll is over.
    pub(super) fn poll_ends(&mut self) {
        let now = self.now;
        let poll = &mut self.event_loop().poll;
        poll.waits = false;
        poll.ended = now;
    }

    /// Ends the loop's poll, if it is in one, for something has become ready.
    pub(super) fn signal_loop(&mut self) {
        if self.event_loop().poll.waits {
            self.poll_ends();
            self.event_loop().signalled = true;
            self.events.clear_poll();
            self.wake_poller();
        }
    }

    /// Takes due timers behind what is ready already, and fixes how many handles this iteration runs.
    fn collect_timers(&mut self, thread: ThreadId) -> Flow {
        let now = self.now;
        while let Some((when, task)) = self.event_loop().due_timer(now) {
            let poll = &self.event_loop().poll;
            let slept_through = when > poll.began && when <= poll.ended;
            let ready_at = if slept_through { poll.ended } else { when };
            self.change_to_ready(task, ready_at);
            self.event_loop().ready.push_back(Handle::Timer(task));
        }
        let name = self.names.event_loop;
        let event_loop = self.event_loop();
        event_loop.todo = event_loop.ready.len();
        event_loop.at = At::NextHandle;
        let signalled = std::mem::take(&mut event_loop.signalled);
        let cost = if signalled { event_loop.rules.drain } else { SimDuration::ZERO };
        self.bookkeeping(thread, cost, name)
    }

    /// Begins the next handle of the iteration: what it costs before it has an effect.
    fn next_handle(&mut self, thread: ThreadId) -> Flow {
        let rules = self.rules();
        let event_loop = self.event_loop();
        if event_loop.todo == 0 {
            return self.loop_goes_to(At::Iteration, Flow::Go);
        }
        event_loop.todo -= 1;
        let handle = event_loop.ready.pop_front().expect("as many handles as were counted");
        event_loop.at = At::Handle(handle);
        let cost = match handle {
            Handle::Timer(_) => rules.timer_fire,
            Handle::Result(_) => rules.future,
            Handle::Gathered => SimDuration::ZERO,
            Handle::Main => rules.step,
            Handle::Step(task) => return self.begin_step(thread, task),
        };
        let name = self.names.event_loop;
        self.bookkeeping(thread, cost, name)
    }

    fn begin_step(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        let rules = self.rules();
        let cost = match self.task(task).phase {
            Phase::Made => rules.first_step,
            _ => rules.step,
        };
        // A task has no rows before it arrives, nor once it is done.
        if self.plan.workload.arrival(task) <= self.now && !self.task(task).done {
            self.attach(task, thread);
        }
        let name = self.names.step;
        self.bookkeeping(thread, cost, name)
    }

    fn run_handle(&mut self, thread: ThreadId, handle: Handle) -> Flow {
        match handle {
            Handle::Timer(task) | Handle::Result(task) => {
                self.event_loop().ready.push_back(Handle::Step(task));
            }
            Handle::Gathered => {
                let event_loop = self.event_loop();
                event_loop.unfinished -= 1;
                if event_loop.unfinished == 0 {
                    event_loop.ready.push_back(Handle::Main);
                }
            }
            Handle::Main => self.event_loop().main_is_done = true,
            Handle::Step(task) => return self.run_coroutine(thread, task),
        }
        self.loop_goes_to(At::NextHandle, Flow::Go)
    }

    /// An executor has done a coroutine's work (`call_soon_threadsafe`).
    pub(super) fn executor_is_done(&mut self, task: TaskId) {
        if self.task(task).done {
            self.task_mut(task).phase = Phase::Over;
        } else {
            self.change_to_ready(task, self.now);
        }
        self.event_loop().ready.push_back(Handle::Result(task));
        self.event_loop().signalled = true;
        self.signal_loop();
    }

    /// The coroutine goes on in the next iteration.
    pub(super) fn call_soon(&mut self, task: TaskId) {
        self.event_loop().ready.push_back(Handle::Step(task));
    }

    /// The coroutine sleeps until `when`.
    pub(super) fn call_at(&mut self, task: TaskId, when: SimTime) {
        self.event_loop().timers.set(when, task.0);
    }

    /// `gather` hears of a coroutine's end in the next iteration.
    pub(super) fn count_gathered(&mut self) {
        self.event_loop().ready.push_back(Handle::Gathered);
    }

    /// The handle at hand is done with.
    pub(super) fn end_handle(&mut self) -> Flow {
        self.loop_goes_to(At::NextHandle, Flow::Go)
    }
}
