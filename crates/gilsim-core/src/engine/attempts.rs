//! Attempts that may take only so long, and who gives up.
//!
//! A coroutine gives up where it waits, when its time is over (`asyncio.timeout` in CPython's `Lib/asyncio/timeouts.py`). A
//! thread cannot be interrupted: it gives up waits that take a timeout (docs/semantics.md, "Giving up").

use std::collections::BTreeMap;

use crate::ids::{NameId, TaskId, ThreadId};
use crate::plan::{End, Ends, ForCoroutine, ForThread, Op, Pc, Thing, TryOp, Wait};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Incident, Sink, State};

use super::alarms::Number;
use super::event_loop::Handle;
use super::sync::Waiter;
use super::tasks::OffThread;
use super::{Engine, Flow};

/// The attempts that may take only so long, of those who are at any.
#[derive(Default, Debug)]
pub(super) struct Attempts {
    open: BTreeMap<Waiter, Open>,
}

/// The attempts that one is at, the outermost first.
#[derive(Default, Debug)]
struct Open {
    attempts: Vec<Attempt>,
    /// The one whose time is over, as its position, once its owner has noticed and is on its way out.
    struck: Option<usize>,
}

/// An attempt that may take only so long.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    until: SimTime,
    /// Of a coroutine, the number of its timer.
    alarm: Number,
}

impl Open {
    /// The attempt whose time is over first; of several the outermost.
    fn earliest(&self) -> Option<(usize, SimTime)> {
        let all = self.attempts.iter().enumerate().map(|(at, attempt)| (at, attempt.until));
        all.min_by_key(|(_, until)| *until)
    }
}

impl Attempts {
    fn of(&self, who: Waiter) -> Option<&Open> {
        self.open.get(&who)
    }

    fn begin(&mut self, who: Waiter, attempt: Attempt) {
        self.open.entry(who).or_default().attempts.push(attempt);
    }

    /// Ends the innermost attempt. Returns it, its position, and which one is struck.
    fn end(&mut self, who: Waiter) -> (Attempt, usize, Option<usize>) {
        let open = self.open.get_mut(&who).expect("only who is at an attempt ends it");
        let attempt = open.attempts.pop().expect("only who is at an attempt ends it");
        let (at, struck) = (open.attempts.len(), open.struck);
        if struck == Some(at) {
            open.struck = None;
        }
        if open.attempts.is_empty() {
            self.open.remove(&who);
        }
        (attempt, at, struck)
    }

    /// The time of that attempt is over, and its owner has noticed. Returns whether it was not on its way out already.
    fn strike(&mut self, who: Waiter, at: usize) -> bool {
        let open = self.open.get_mut(&who).expect("only who is at an attempt runs out of time");
        let was = open.struck;
        open.struck = Some(was.map_or(at, |was| was.min(at)));
        was.is_none()
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Who takes the steps that a thread is at: itself, or a coroutine.
    pub(super) fn who_acts(&self, thread: ThreadId) -> Waiter {
        if self.loops.iter().any(|it| it.is_run_by(thread)) {
            Waiter::Coroutine(self.task_on(thread))
        } else {
            Waiter::Thread(thread)
        }
    }

    pub(super) fn run_try_op(&mut self, thread: ThreadId, op: TryOp) -> Flow {
        match op {
            TryOp::Begin(limit) => self.begin_attempt(thread, limit),
            TryOp::End => _ = self.end_attempt(thread),
            TryOp::Leave(outer) => return self.leave_attempt(thread, outer),
            TryOp::IfOutOfTime(outer) => {
                let open = self.attempts.of(self.who_acts(thread));
                return Flow::jump_if(open.is_some_and(|open| open.struck.is_some()), outer);
            }
            TryOp::Retry => {
                let task = self.task_on(thread);
                self.note(task, Incident::Retried);
            }
            TryOp::IfTooLong(length, to) => {
                let end = self.now + self.length(thread, length);
                return Flow::jump_if(self.strike_by(thread, end), to);
            }
            TryOp::SleepUntilLate(name) => return self.sleep_until_late(thread, name),
        }
        Flow::Go
    }

    fn begin_attempt(&mut self, thread: ThreadId, limit: SimDuration) {
        let (who, until) = (self.who_acts(thread), self.now + limit);
        let alarm = match who {
            Waiter::Thread(_) => 0,
            Waiter::Coroutine(task) => {
                let event_loop = self.loop_of(task);
                self.loops[event_loop.index()].give_up_at(task, until)
            }
        };
        self.attempts.begin(who, Attempt { until, alarm });
    }

    /// Ends the innermost attempt. Returns its position, and which one is struck.
    fn end_attempt(&mut self, thread: ThreadId) -> (usize, Option<usize>) {
        let who = self.who_acts(thread);
        let (attempt, at, struck) = self.attempts.end(who);
        if let Waiter::Coroutine(task) = who {
            let event_loop = self.loop_of(task);
            self.loops[event_loop.index()].cancel_deadline(attempt.until, attempt.alarm);
        }
        (at, struck)
    }

    /// The innermost attempt has failed, or its time is over, or that of one further out.
    fn leave_attempt(&mut self, thread: ThreadId, outer: Pc) -> Flow {
        let (at, struck) = self.end_attempt(thread);
        match struck {
            Some(struck) if struck < at => return Flow::Jump(outer),
            Some(_) => {
                let task = self.task_on(thread);
                self.note(task, Incident::TimedOut);
            }
            None => {}
        }
        Flow::Go
    }

    /// Whether the time of a thread is over by then; if so, it is on its way out from now on.
    pub(super) fn strike_by(&mut self, thread: ThreadId, end: SimTime) -> bool {
        let who = Waiter::Thread(thread);
        let earliest = self.attempts.of(who).and_then(Open::earliest);
        match earliest.filter(|(_, until)| *until <= end) {
            Some((at, _)) => {
                self.attempts.strike(who, at);
                true
            }
            None => false,
        }
    }

    /// Sleeps for as long as there is time for the attempt that is struck.
    pub(super) fn sleep_until_late(&mut self, thread: ThreadId, name: NameId) -> Flow {
        let open = self.attempts.of(Waiter::Thread(thread));
        let until = open.and_then(|open| Some(open.attempts[open.struck?].until));
        let until = until.unwrap_or_else(|| unreachable!("{thread:?} has time"));
        let left = until.saturating_since(self.now);
        if left.is_zero() {
            return Flow::Go;
        }
        self.sleep(thread, left, Some((State::Io, name)))
    }

    /// Blocks a thread that may give up; it gives up at once where its time is over.
    pub(super) fn wait_in_time(
        &mut self,
        thread: ThreadId,
        Wait { on, row, ends }: Wait<ForThread>,
    ) -> Flow {
        if self.strike_by(thread, self.now) {
            return Flow::Jump(ends.late);
        }
        if let Some(at) = self.deadline_of(thread) {
            self.events.set_deadline(thread, at);
        }
        self.wait_for(thread, on, row)
    }

    /// When the kernel wakes a thread that gives up.
    fn deadline_of(&self, thread: ThreadId) -> Option<SimTime> {
        let (_, until) = self.attempts.of(Waiter::Thread(thread))?.earliest()?;
        Some(until + self.plan.machine.timer_slack)
    }

    /// The wait of a thread that may give up has ended.
    pub(super) fn keep_no_deadline(&mut self, thread: ThreadId, ends: Ends) {
        if let Some(at) = self.deadline_of(thread).filter(|_| ends.may_be_late()) {
            self.events.clear_deadline(thread, at);
        }
    }

    /// A thread has waited for as long as it may: it wakes, and gives up unless what it waits for is there by then.
    pub(super) fn deadline_is_over(&mut self, thread: ThreadId) {
        if let Some(Wait { on: ForThread::Thing(thing), .. }) = self.wait_of(thread) {
            self.shared.step_out(thing, Waiter::Thread(thread));
        }
        self.end_wait(thread, End::Again);
    }

    /// The time of an attempt of a coroutine is over, if that is still at it (`Timeout._on_timeout`).
    pub(super) fn coroutine_is_late(&mut self, task: TaskId, number: Number) {
        let who = Waiter::Coroutine(task);
        let open = self.attempts.of(who);
        let at = open.and_then(|it| it.attempts.iter().position(|it| it.alarm == number));
        if at.is_some_and(|at| self.attempts.strike(who, at)) {
            self.give_up(task);
        }
    }

    /// A list of steps begins that may be cancelled: it is as an attempt without a limit.
    pub(super) fn begin_cancellable(&mut self, list: TaskId) {
        self.attempts.begin(Waiter::Coroutine(list), Attempt { until: SimTime::NEVER, alarm: 0 });
    }

    /// It ends. Returns whether it was cancelled.
    pub(super) fn end_cancellable(&mut self, list: TaskId) -> bool {
        let (.., struck) = self.attempts.end(Waiter::Coroutine(list));
        struck.is_some()
    }

    /// Cancels a list of steps, unless that has been done. Where it has not begun, it finds out when it does.
    pub(super) fn cancel(&mut self, list: TaskId) {
        let event_loop = self.loop_of(list);
        let is_new = self.loops[event_loop.index()].has_not_begun(list);
        if self.attempts.strike(Waiter::Coroutine(list), 0) && !is_new {
            self.give_up(list);
        }
    }

    /// Something happened to a task, or to a list of its steps.
    pub(super) fn note(&mut self, task: TaskId, incident: Incident) {
        let (task, _) = self.plan.workload.whose(task);
        self.sink.happened(task, incident);
    }

    /// A coroutine gives up what it waits for (`Task.cancel`).
    fn give_up(&mut self, task: TaskId) {
        let pc = self.tasks.get(task).pc;
        self.tasks.take_failed_part(task);
        match self.plan.instruction(pc).op {
            Op::Offload { part, .. } => self.abandon_part(task, part),
            Op::Suspend(wait) if self.is_ready(task) => self.go_on_late(task, wait.on),
            Op::Suspend(Wait { on: ForCoroutine::Result, .. }) => self.abandon_result(task, pc),
            Op::Suspend(Wait { on: ForCoroutine::Lists, .. }) => return self.give_up_lists(task),
            Op::Suspend(Wait { on: ForCoroutine::Thing(thing), .. }) => {
                self.shared.step_out(thing, Waiter::Coroutine(task));
            }
            Op::Suspend(Wait { on: ForCoroutine::Timer, .. }) => {
                let event_loop = self.loop_of(task);
                self.loops[event_loop.index()].cancel_sleeper(task);
            }
            op => unreachable!("{task:?} is suspended at {op:?}, which is no wait"),
        }
        if !self.is_ready(task) {
            self.resume(task, End::Late);
        }
    }

    /// Whether a suspended coroutine is to go on already.
    pub(super) fn is_ready(&self, task: TaskId) -> bool {
        let off_thread = self.tasks.off_thread(task);
        off_thread.is_some_and(|OffThread { state, .. }| state == State::Ready)
    }

    /// A coroutine that has what it waited for and has not gone on gives up all the same, and gives back what it has.
    fn go_on_late(&mut self, task: TaskId, on: ForCoroutine) {
        let event_loop = self.loop_of(task);
        let event_loop = &mut self.loops[event_loop.index()];
        let handle = event_loop.handle_of(task);
        let handle = handle.unwrap_or_else(|| unreachable!("{task:?} is ready and has no handle"));
        let Handle::Step(_, end) = *handle else {
            // Its future is cancelled before it is completed.
            *handle = Handle::Cancelled;
            event_loop.call_soon(Handle::Step(task, End::Late));
            return;
        };
        *handle = Handle::Step(task, End::Late);
        if let ForCoroutine::Thing(thing) = on {
            self.pass_on(thing, end);
        }
    }

    /// What a waiter was handed, or woken for, goes to the next one.
    fn pass_on(&mut self, thing: Thing, end: End) {
        match (thing, end) {
            (Thing::Permit(semaphore), End::Done) => {
                self.give_back(semaphore);
                self.served_runs(thing);
            }
            (Thing::Connection(site), End::Done) => {
                self.disconnect(site);
                self.served_runs(thing);
            }
            _ => {
                if let Some(next) = self.shared.next_in_line(thing) {
                    self.end_wait_of(next, End::Again, thing);
                }
            }
        }
    }

    /// A coroutine no longer waits for a result that is on its way.
    fn abandon_result(&mut self, task: TaskId, wait: Pc) {
        // What is offloaded is waited for at the next instruction.
        let before = Pc(wait.0 - 1);
        let Op::Offload { part, .. } = self.plan.instruction(before).op else {
            unreachable!("{task:?} waits at {wait:?} for what it has not offloaded");
        };
        self.tasks.abandon(task, part);
    }

    /// A coroutine no longer waits for what an executor does for it. That is dropped if it has not begun; else it goes on, for
    /// nobody (`_chain_future` in CPython's `Lib/asyncio/futures.py`).
    fn abandon_part(&mut self, task: TaskId, part: Pc) {
        let record = self.tasks.get_mut(task);
        record.pc = self.plan.instruction(record.pc).next;
        self.tasks.abandon(task, part);
        let does_it = |thread: &super::Thread| {
            thread.task.get() == Some(task) && thread.item.part() == Some(part)
        };
        if let Some(at) = self.threads.iter().position(does_it) {
            let thread = ThreadId::at(at);
            self.detach(thread, None);
            self.tasks.orphan(thread, task);
        }
    }
}
