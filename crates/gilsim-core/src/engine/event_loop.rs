//! The event loop: its iterations, its timers and handles.
//!
//! One iteration polls, collects due timers, and runs as many handles as were ready then; what is
//! added meanwhile runs in the next one (`BaseEventLoop._run_once` in CPython's
//! `Lib/asyncio/base_events.py`; docs/semantics.md, "One iteration of the loop").

use std::collections::VecDeque;

use crate::ids::{EventLoopId, Maybe, NameId, TaskId, ThreadId};
use crate::model::LockMode;
use crate::plan::{End, LoopOp, LoopRules, Pc};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};

use super::alarms::{Alarm, Alarms, Number};
use super::polls::Poll;
use super::tasks::OffThread;
use super::thread::Burst;
use super::timers::{Ties, Timers};
use super::{Engine, Flow};

/// An event loop.
#[derive(Debug)]
pub(super) struct EventLoop {
    rules: LoopRules,
    /// Who runs it; nobody before a loop that serves begins to.
    thread: Maybe<ThreadId>,
    pub(super) ready: VecDeque<Handle>,
    /// How many handles are still to run in this iteration.
    todo: usize,
    /// The handle that is being run.
    at_hand: Handle,
    /// Sleeping coroutines; of equal times the first set is the first to fire.
    timers: Timers,
    /// All timers instead, where they may be cancelled.
    alarms: Option<Alarms>,
    /// How many timers are set.
    timers_set: u32,
    pub(super) poll: Poll,
    /// Whether another thread has written to the self-pipe since it was drained last.
    pub(super) signalled: bool,
    unfinished: u32,
    main_is_done: bool,
    /// Whether its coroutines are requests that it accepts: then no main coroutine waits for them.
    serves: bool,
}

/// A callback that is ready to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Handle {
    /// A timer completes its coroutine's future.
    Timer(TaskId),
    /// An executor's result completes its coroutine's future.
    Result(TaskId),
    /// Something may be there to be accepted.
    Accept,
    /// That request is accepted.
    Accepted(TaskId),
    /// A coroutine takes its first step.
    FirstStep(TaskId),
    /// A coroutine goes on, for its wait has ended so.
    Step(TaskId, End),
    /// A coroutine gives up the attempt of that number, if it is still at it.
    Deadline(TaskId, Number),
    /// A list of steps has ended, and whether it has failed: who waits for it hears of it.
    ListEnded(TaskId, bool),
    /// What was to be done is not to be done any more.
    Cancelled,
    /// A coroutine's end is counted by `gather`.
    Gathered,
    /// The main coroutine goes on, and ends.
    Main,
}

impl EventLoop {
    pub(super) fn new(rules: LoopRules, cancels: bool, serves: bool) -> Self {
        Self {
            rules,
            thread: Some(ThreadId::MAIN).filter(|_| !serves).into(),
            ready: VecDeque::new(),
            todo: 0,
            at_hand: Handle::Main,
            timers: Timers::new(Ties::AsSet),
            alarms: cancels.then(Alarms::default),
            timers_set: 0,
            poll: Poll::default(),
            signalled: false,
            unfinished: 0,
            main_is_done: false,
            serves,
        }
    }

    /// The task whose coroutine the handle at hand is about.
    pub(super) fn task_at_hand(&self) -> TaskId {
        match self.at_hand {
            Handle::Timer(task)
            | Handle::Result(task)
            | Handle::FirstStep(task)
            | Handle::Step(task, _) => task,
            Handle::Accept
            | Handle::Accepted(_)
            | Handle::Deadline(..)
            | Handle::ListEnded(..)
            | Handle::Cancelled
            | Handle::Gathered
            | Handle::Main => unreachable!("only coroutines have tasks"),
        }
    }

    /// What an iteration costs more on a cold core.
    pub(super) fn cold_cost(&self) -> SimDuration {
        self.rules.cold
    }

    /// The handle runs in the next iteration.
    pub(super) fn call_soon(&mut self, handle: Handle) {
        self.ready.push_back(handle);
    }

    /// The coroutine sleeps until `when`.
    pub(super) fn call_at(&mut self, task: TaskId, when: SimTime) {
        match &mut self.alarms {
            Some(alarms) => alarms.set_sleeper(task, when),
            None => self.timers.set(when, task.0),
        }
        self.timers_set += 1;
    }

    /// The coroutine gives up an attempt at `when`. Returns the number of that.
    pub(super) fn give_up_at(&mut self, task: TaskId, when: SimTime) -> Number {
        self.timers_set += 1;
        self.alarms().set_deadline(task, when)
    }

    /// Nobody gives that attempt up.
    pub(super) fn cancel_deadline(&mut self, when: SimTime, number: Number) {
        let was_set = self.alarms().cancel_deadline(when, number);
        self.timers_set -= u32::from(was_set);
    }

    /// A coroutine that sleeps is not to be woken.
    pub(super) fn cancel_sleeper(&mut self, task: TaskId) {
        assert!(self.alarms().cancel_sleeper(task), "{task:?} does not sleep");
        self.timers_set -= 1;
    }

    fn alarms(&mut self) -> &mut Alarms {
        self.alarms.as_mut().expect("the plan says that coroutines may run out of time")
    }

    fn next_timer(&self) -> Option<SimTime> {
        match &self.alarms {
            Some(alarms) => alarms.next(),
            None => self.timers.next(),
        }
    }

    /// Whether it waits in its poll.
    pub(super) fn polls(&self) -> bool {
        self.poll.waits
    }

    /// How many of its coroutines have not ended.
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished as usize
    }

    /// That thread runs it from now on.
    pub(super) fn begin_on(&mut self, thread: ThreadId) {
        self.thread = Some(thread).into();
    }

    /// It gets a request.
    pub(super) fn count_one_more(&mut self) {
        self.unfinished += 1;
    }

    /// A request that it has accepted is to begin; before anything else it looks for another.
    pub(super) fn accept_more(&mut self, task: TaskId) {
        self.ready.push_back(Handle::FirstStep(task));
        self.ready.push_front(Handle::Accept);
        self.todo += 1;
    }

    /// Who runs it.
    ///
    /// # Panics
    /// When nobody does yet.
    pub(super) fn thread(&self) -> ThreadId {
        self.thread.get().expect("only a loop that somebody runs polls")
    }

    /// Whether that thread runs it.
    pub(super) fn is_run_by(&self, thread: ThreadId) -> bool {
        self.thread.get() == Some(thread)
    }

    /// The handle by which a coroutine goes on that is ready to.
    pub(super) fn handle_of(&mut self, task: TaskId) -> Option<&mut Handle> {
        self.ready.iter_mut().find(|handle| match handle {
            Handle::Timer(of) | Handle::Result(of) | Handle::Step(of, _) => *of == task,
            _ => false,
        })
    }

    /// Whether a coroutine is still to take its first step.
    pub(super) fn has_not_begun(&self, task: TaskId) -> bool {
        self.ready.contains(&Handle::FirstStep(task))
    }

    /// `gather` waits for so many coroutines.
    fn gather(&mut self, tasks: impl ExactSizeIterator<Item = TaskId>) {
        self.unfinished = u32::try_from(tasks.len()).expect("tasks have 32-bit numbers");
        self.ready.extend(tasks.map(Handle::FirstStep));
        if self.unfinished == 0 {
            self.ready.push_back(Handle::Main);
        }
    }

    /// Prepares a poll. Returns whether there is something to do already.
    fn look(&mut self, now: SimTime) -> bool {
        self.poll.timeout = self.timeout(now);
        !self.ready.is_empty() || self.next_timer().is_some_and(|when| when <= now)
    }

    /// The time to the next timer, rounded up to what the poll can wait for.
    fn timeout(&self, now: SimTime) -> Option<SimDuration> {
        let left = self.next_timer()?.saturating_since(now);
        Some(left.rounded_up_as_float(self.rules.poll_granularity))
    }

    /// Takes the next timer that is due. Returns since when its coroutine is ready: not before the poll ended that the
    /// timer fired in.
    fn due_timer(&mut self, now: SimTime) -> Option<(SimTime, Alarm)> {
        let when = self.next_timer().filter(|when| *when <= now)?;
        let slept_through = when > self.poll.began && when <= self.poll.ended;
        let ready_at = if slept_through { self.poll.ended } else { when };
        self.timers_set -= 1;
        let alarm = match &mut self.alarms {
            Some(alarms) => alarms.take(),
            None => self.timers.take().map(|task| Alarm::Sleeper(TaskId(task))),
        };
        alarm.map(|alarm| (ready_at, alarm))
    }

    /// What it costs to have taken a timer from the heap of those that are still set (`heapq.heappop`).
    fn cost_of_heap(&self) -> SimDuration {
        self.rules.timer_level * u64::from((self.timers_set + 1).ilog2())
    }

    /// Fixes how many handles this iteration runs. Returns what draining the self-pipe costs, if anybody wrote to it.
    fn count_handles(&mut self) -> SimDuration {
        self.todo = self.ready.len();
        let signalled = std::mem::take(&mut self.signalled);
        if signalled { self.rules.drain } else { SimDuration::ZERO }
    }

    /// Takes the next handle of the iteration.
    fn next_handle(&mut self) -> Option<Handle> {
        self.todo = self.todo.checked_sub(1)?;
        let handle = self.ready.pop_front().expect("as many handles as were counted");
        self.at_hand = handle;
        Some(handle)
    }

    /// What a handle costs before it has an effect.
    fn cost_of(&self, handle: Handle) -> SimDuration {
        match handle {
            Handle::Timer(_) | Handle::Deadline(..) => self.rules.timer_fire,
            Handle::Result(_) => self.rules.future,
            Handle::FirstStep(_) => self.rules.first_step + self.cost_of_the_living(),
            Handle::Step(..) => self.rules.step + self.cost_of_the_living(),
            Handle::Main => self.rules.step,
            Handle::Accept => self.rules.accept_nothing,
            Handle::Accepted(_) => self.rules.accept,
            Handle::ListEnded(..) | Handle::Cancelled | Handle::Gathered => SimDuration::ZERO,
        }
    }

    /// What a step costs more because so many coroutines live: for each doubling, and in between in proportion.
    fn cost_of_the_living(&self) -> SimDuration {
        let few = self.rules.few_live;
        if self.rules.live_level.is_zero() || self.unfinished <= few {
            return SimDuration::ZERO;
        }
        let doublings = (self.unfinished / few).ilog2();
        let doubled = few << doublings;
        let part = u64::from(self.unfinished - doubled);
        self.rules.live_level * u64::from(doublings)
            + self.rules.live_level.scaled(part, u64::from(doubled))
    }

    /// A coroutine has ended.
    fn gathered(&mut self) {
        self.unfinished -= 1;
        if self.unfinished == 0 && !self.serves {
            self.ready.push_back(Handle::Main);
        }
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    fn event_loop(&mut self, id: EventLoopId) -> &mut EventLoop {
        &mut self.loops[id.index()]
    }

    /// Does what a loop's program says.
    pub(super) fn run_loop_op(
        &mut self,
        thread: ThreadId,
        id: EventLoopId,
        pc: Pc,
        op: LoopOp,
    ) -> Flow {
        let id = self.own_loop(thread, id);
        match op {
            LoopOp::Gather => self.gather(thread, id),
            LoopOp::Listen => self.listen(thread, id),
            LoopOp::IfOver(to) => {
                let is_over = self.event_loop(id).main_is_done || self.has_served(id);
                return Flow::jump_if(is_over, to);
            }
            LoopOp::Look(ready) => {
                let now = self.now;
                let is_ready = self.event_loop(id).look(now);
                return Flow::jump_if(is_ready || self.is_offered(id), ready);
            }
            LoopOp::Poll => return self.poll(thread, id),
            LoopOp::CollectTimers => return self.collect_timers(thread, id),
            LoopOp::NextHandle(none) => return self.next_handle(thread, id, none),
            LoopOp::RunHandle => return self.run_handle(id),
            LoopOp::Arrive(arrived) => return self.arrive(thread, id, pc, arrived),
            LoopOp::Leave => return self.leave(id),
        }
        Flow::Go
    }

    /// A coroutine ends. A client's goes on with its next task, if it gets one: to start with, that arrives.
    fn leave(&mut self, id: EventLoopId) -> Flow {
        let task = self.event_loop(id).task_at_hand();
        if self.listener.is_some() {
            return self.served(id, task);
        }
        let next = self.answer(task);
        self.wake_followers(task);
        let Some(next) = next else {
            self.event_loop(id).call_soon(Handle::Gathered);
            return self.go_to_next_handle(id);
        };
        let arrival = self.arrival(next);
        self.tasks.leave_thread(next, OffThread::queued_since(arrival));
        self.event_loop(id).at_hand = Handle::FirstStep(next);
        Flow::Jump(self.tasks.get(next).pc)
    }

    pub(super) fn go_to_next_handle(&self, id: EventLoopId) -> Flow {
        Flow::Jump(self.loops[id.index()].rules.next_handle)
    }

    fn bookkeeping(&mut self, thread: ThreadId, left: SimDuration, name: NameId) -> Flow {
        self.work(thread, Burst { left, state: State::Overhead, lock: LockMode::Held, name })
    }

    /// The main coroutine has made all tasks and waits for them.
    fn gather(&mut self, thread: ThreadId, id: EventLoopId) {
        let tasks = self.plan.workload.coroutines();
        let tasks: Vec<TaskId> = tasks.filter(|task| self.loop_of(*task) == id).collect();
        for task in &tasks {
            let arrival = self.arrival(*task);
            if arrival < SimTime::NEVER {
                self.change_to_ready(*task, arrival.max(self.now));
            }
        }
        let event_loop = self.event_loop(id);
        event_loop.begin_on(thread);
        event_loop.gather(tasks.into_iter());
    }

    pub(super) fn change_to_ready(&mut self, task: TaskId, at: SimTime) {
        let name = self.names.event_loop;
        self.change_off_thread(task, State::Ready, name, at);
    }

    /// Takes due timers behind what is ready already, and fixes how many handles this iteration runs.
    fn collect_timers(&mut self, thread: ThreadId, id: EventLoopId) -> Flow {
        let (now, name) = (self.now, self.names.event_loop);
        let mut cost = SimDuration::ZERO;
        if self.is_offered(id) {
            self.event_loop(id).call_soon(Handle::Accept);
        }
        while let Some((ready_at, alarm)) = self.event_loop(id).due_timer(now) {
            cost += self.event_loop(id).cost_of_heap();
            let handle = match alarm {
                Alarm::Sleeper(task) => {
                    self.change_to_ready(task, ready_at);
                    Handle::Timer(task)
                }
                Alarm::Deadline(task, number) => Handle::Deadline(task, number),
            };
            self.event_loop(id).call_soon(handle);
        }
        cost += self.event_loop(id).count_handles();
        self.bookkeeping(thread, cost, name)
    }

    /// Begins the next handle of the iteration: what it costs before it has an effect.
    fn next_handle(&mut self, thread: ThreadId, id: EventLoopId, none: Pc) -> Flow {
        let Some(mut handle) = self.event_loop(id).next_handle() else { return Flow::Jump(none) };
        if handle == Handle::Accept
            && let Some(task) = self.accept(id)
        {
            handle = Handle::Accepted(task);
            self.event_loop(id).at_hand = handle;
        }
        let cost = self.event_loop(id).cost_of(handle);
        let name = match handle {
            Handle::FirstStep(task) | Handle::Step(task, _) => {
                self.begin_step(thread, task);
                self.names.step
            }
            Handle::Timer(_)
            | Handle::Result(_)
            | Handle::Accept
            | Handle::Accepted(_)
            | Handle::Deadline(..)
            | Handle::ListEnded(..)
            | Handle::Cancelled
            | Handle::Gathered
            | Handle::Main => self.names.event_loop,
        };
        self.bookkeeping(thread, cost, name)
    }

    fn begin_step(&mut self, thread: ThreadId, task: TaskId) {
        let record = self.tasks.get(task);
        // A task has no rows before it arrives, nor once it is done.
        if self.arrival(task) <= self.now && !record.done {
            self.attach(task, thread, record.pc);
        }
    }

    fn run_handle(&mut self, id: EventLoopId) -> Flow {
        let event_loop = self.event_loop(id);
        match event_loop.at_hand {
            Handle::Timer(task) | Handle::Result(task) => {
                event_loop.call_soon(Handle::Step(task, End::Done));
            }
            Handle::Deadline(task, number) => self.coroutine_is_late(task, number),
            Handle::ListEnded(list, failed) => self.list_has_ended(list, failed),
            Handle::Accepted(task) => self.accepted(id, task),
            Handle::Accept | Handle::Cancelled => {}
            Handle::Gathered => event_loop.gathered(),
            Handle::Main => event_loop.main_is_done = true,
            Handle::FirstStep(task) => return Flow::Jump(self.tasks.get(task).pc),
            Handle::Step(task, end) => return Flow::Jump(self.after(task, end)),
        }
        Flow::Go
    }

    /// An executor has done a coroutine's work (`call_soon_threadsafe`).
    pub(super) fn executor_is_done(&mut self, task: TaskId) {
        if !self.tasks.get(task).done {
            self.change_to_ready(task, self.now);
        }
        let id = self.loop_of(task);
        let event_loop = self.event_loop(id);
        event_loop.call_soon(Handle::Result(task));
        event_loop.signalled = true;
        self.signal_loop(id);
    }
}
