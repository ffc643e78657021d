//! Lists of steps that a task does at the same time, as code: coroutines, threads of their own, submissions to the executor
//! that the task runs in, or one after the other where a worker has no way to start others.

use std::ops::Range;

use crate::ids::FanId;
use crate::model::Until;
use crate::plan::{FanCode, FanOp, ForCoroutine, ForThread, Group, Label, Op, Pc, TaskOp, TryOp};
use crate::profile::Cost;
use crate::trace::State;
use crate::workload::Action;

use super::attempts::Landing;
use super::builder::Builder;
use super::event_loop::EventLoop;
use super::thread_pool::ThreadPool;

/// How threads do lists of steps at the same time.
#[derive(Clone, Copy, Default)]
pub(super) enum FanOut {
    /// They do not: one list comes after the other.
    #[default]
    InTurn,
    /// A thread for each list: its program, and with whom it is joined.
    Threads(Label, Group),
    /// Each list goes to the executor.
    Executor(ThreadPool),
}

/// The steps that do lists, as they are written.
#[derive(Default)]
pub(super) struct Fans {
    /// How threads do them.
    pub(super) by_threads: FanOut,
    /// Whether what is written now is what a coroutine has offloaded.
    pub(super) is_offloaded: bool,
    /// Those that are written.
    all: Vec<Fan>,
    /// Lists that are still to be written.
    open: Vec<OpenList>,
}

/// A step that does lists, and where each list starts.
struct Fan {
    until: Until,
    lists: Vec<(u32, Label)>,
}

/// A list that is still to be written.
struct OpenList {
    fan: FanId,
    start: Label,
    steps: Range<usize>,
}

/// A step that does lists, as it stands in a script.
struct Found {
    until: Until,
    /// The number of each list, and its steps.
    lists: Vec<(u32, Range<usize>)>,
    /// Where the step ends.
    end: usize,
    /// Whether any of the steps may fail.
    may_fail: bool,
}

impl Builder<'_> {
    /// The step at that place, if it does lists of steps at the same time.
    fn fan_at(&self, entry: usize, at: usize) -> Option<Found> {
        let script = self.plan.workload.script(entry);
        let Action::FanBegin(until, end) = script[at].action else { return None };
        let end = end as usize;
        let (mut lists, mut open) = (Vec::new(), Vec::new());
        for (place, step) in script.iter().enumerate().take(end).skip(at + 1) {
            match step.action {
                Action::ListBegin(number) => open.push((number, place + 1)),
                Action::ListEnd => {
                    let (number, begin) = open.pop().expect("a list ends that has begun");
                    if open.is_empty() {
                        lists.push((number, begin..place));
                    }
                }
                _ => {}
            }
        }
        let may_fail = script[at..end].iter().any(|step| step.action.may_fail());
        Some(Found { until, lists, end, may_fail })
    }

    /// Writes a step of a thread that does lists, if one stands there. Returns where what comes after it stands.
    pub(super) fn write_fan_on_thread(&mut self, entry: usize, at: usize) -> Option<usize> {
        let found = self.fan_at(entry, at)?;
        let end = found.end;
        match self.fans.by_threads {
            _ if self.fans.is_offloaded => self.fan_in_turn(entry, found),
            FanOut::InTurn => self.fan_in_turn(entry, found),
            FanOut::Threads(..) | FanOut::Executor(_) => self.fan_to_threads(entry, &found),
        }
        Some(end + 1)
    }

    /// The same on an event loop.
    pub(super) fn write_fan_on_loop(&mut self, entry: usize, at: usize) -> Option<usize> {
        let found = self.fan_at(entry, at)?;
        let end = found.end;
        self.fan_to_coroutines(entry, &found);
        Some(end + 1)
    }

    fn on_fan(&mut self, fan: FanId, op: FanOp) {
        self.code.push(Op::OnFan(fan, op));
    }

    fn add_fan(&mut self, until: Until, lists: Vec<(u32, Label)>) -> FanId {
        self.fans.all.push(Fan { until, lists });
        FanId::at(self.fans.all.len() - 1)
    }

    /// Lists that are written after the entry's own steps.
    fn open_lists(&mut self, found: &Found) -> FanId {
        let starts: Vec<Label> = found.lists.iter().map(|_| self.code.label()).collect();
        let numbers = found.lists.iter().map(|(number, _)| *number);
        let fan = self.add_fan(found.until, numbers.zip(starts.iter().copied()).collect());
        for ((_, steps), start) in found.lists.iter().zip(starts) {
            self.fans.open.push(OpenList { fan, start, steps: steps.clone() });
        }
        fan
    }

    /// The step is over: it goes on, or fails.
    fn end_fan(&mut self, fan: FanId, may_fail: bool) {
        let failed = if may_fail { self.pad().target() } else { Pc::NOWHERE };
        self.on_fan(fan, FanOp::End(failed));
    }

    /// Each list is a task of the loop (`asyncio.gather`, `asyncio.TaskGroup`, `asyncio.wait`).
    fn fan_to_coroutines(&mut self, entry: usize, found: &Found) {
        self.plan.limits_coroutines = true;
        let fan = self.open_lists(found);
        self.code.step = self.leaf_at(entry, found.end);
        let Cost(create) = self.profile().event_loop.create_task;
        self.spend("create", Cost(create * found.lists.len() as u64));
        self.on_fan(fan, FanOp::Begin);
        let row = Some((State::Sync, self.name(found.until.key())));
        let late = self.late();
        let given_up = late.map(|_| self.code.label());
        self.suspend_until(ForCoroutine::Lists, row, given_up);
        if found.until == Until::OneEnds {
            let over = self.code.label();
            self.on_fan(fan, FanOp::Stop);
            self.on_fan(fan, FanOp::IfOver(over.target()));
            self.suspend_until(ForCoroutine::Lists, row, given_up);
            self.code.place(over);
        }
        self.end_fan(fan, found.may_fail);
        let Some((given_up, late)) = given_up.zip(late) else { return };
        let on = self.code.label();
        self.code.push(Op::Jump(on.target()));
        self.code.place(given_up);
        // Time may have been over when the first list had ended, and before the others were cancelled.
        let over = self.code.label();
        self.on_fan(fan, FanOp::Stop);
        self.on_fan(fan, FanOp::IfOver(over.target()));
        self.suspend_until(ForCoroutine::Lists, row, None);
        self.code.place(over);
        self.on_fan(fan, FanOp::End(Pc::NOWHERE));
        self.code.push(Op::Jump(late.target()));
        self.code.place(on);
    }

    /// Each list goes to another thread: one of its own, or a worker of the executor.
    fn fan_to_threads(&mut self, entry: usize, found: &Found) {
        let fan = self.open_lists(found);
        self.code.step = self.leaf_at(entry, found.end);
        self.on_fan(fan, FanOp::Begin);
        let none = self.code.label();
        let next = self.code.here();
        self.on_fan(fan, FanOp::Next(none.target()));
        match self.fans.by_threads {
            FanOut::Threads(body, group) => self.start_thread(body, group, true),
            FanOut::Executor(pool) => pool.submit(self),
            FanOut::InTurn => unreachable!("one list after the other needs no thread"),
        }
        self.code.push(Op::Jump(next.target()));
        self.code.place(none);
        let row = Some((State::Sync, self.name(found.until.key())));
        let over = self.code.label();
        let again = self.code.here();
        self.on_fan(fan, FanOp::IfOver(over.target()));
        self.block_or(ForThread::Lists, row, again, |builder| {
            builder.on_fan(fan, FanOp::Stop);
            builder.on_fan(fan, FanOp::End(Pc::NOWHERE));
        });
        self.code.place(over);
        self.on_fan(fan, FanOp::Stop);
        self.end_fan(fan, found.may_fail);
    }

    /// One list after the other, by the thread itself. The first to end is the first.
    fn fan_in_turn(&mut self, entry: usize, found: Found) {
        let goes_on = found.until == Until::AllEnd;
        let fan = self.add_fan(found.until, Vec::new());
        if goes_on {
            self.on_fan(fan, FanOp::Begin);
        }
        let count = if found.until == Until::OneEnds { 1 } else { found.lists.len() };
        for (_, steps) in found.lists.into_iter().take(count) {
            let next = self.code.label();
            self.landings.push(Landing::new(true, false));
            self.write_steps_on_thread(entry, steps);
            self.code.push(Op::Jump(next.target()));
            if self.land(false) {
                self.fail_in_turn(goes_on.then_some(fan));
            }
            self.code.place(next);
        }
        self.code.step = self.leaf_at(entry, found.end);
        if goes_on {
            self.end_fan(fan, found.may_fail);
        }
    }

    /// A list has failed: the others come nevertheless, where they are those of that step, unless time is over.
    fn fail_in_turn(&mut self, fan: Option<FanId>) {
        let Some(fan) = fan else { return self.fail() };
        if !self.is_timed() {
            self.on_fan(fan, FanOp::Failed);
            return;
        }
        let (late, on) = (self.code.label(), self.code.label());
        self.code.push(Op::OnTry(TryOp::IfOutOfTime(late.target())));
        self.on_fan(fan, FanOp::Failed);
        self.code.push(Op::Jump(on.target()));
        self.code.place(late);
        self.on_fan(fan, FanOp::End(Pc::NOWHERE));
        self.fail();
        self.code.place(on);
    }

    /// Writes the lists of an entry's steps that others do, and those within them.
    pub(super) fn write_lists(&mut self, entry: usize, event_loop: Option<&EventLoop>) {
        while let Some(list) = self.fans.open.pop() {
            self.code.place(list.start);
            self.code.step = self.leaf_at(entry, list.steps.start);
            match event_loop {
                Some(event_loop) => self.write_list_on_loop(entry, event_loop, list),
                None => self.write_list_on_thread(entry, list),
            }
        }
        self.code.step = 0;
    }

    fn write_list_on_loop(&mut self, entry: usize, event_loop: &EventLoop, list: OpenList) {
        self.landings.push(Landing::new(true, true));
        // It may have been cancelled before it began.
        let pad = self.pad();
        self.code.push(Op::OnTry(TryOp::IfOutOfTime(pad.target())));
        let parts = self.write_steps_on_loop(entry, event_loop, list.steps);
        self.on_fan(list.fan, FanOp::EndList { failed: false });
        self.land(true);
        self.on_fan(list.fan, FanOp::EndList { failed: true });
        for part in parts {
            self.write_part(entry, part);
        }
    }

    fn write_list_on_thread(&mut self, entry: usize, list: OpenList) {
        let end = |builder: &mut Self, failed| {
            builder.on_fan(list.fan, FanOp::EndList { failed });
            builder.on_tasks(TaskOp::Return);
        };
        self.landings.push(Landing::new(true, false));
        self.write_steps_on_thread(entry, list.steps);
        end(self, false);
        if self.land(false) {
            end(self, true);
        }
    }

    /// The finished steps that do lists.
    pub(super) fn finish_fans(&mut self, place: impl Fn(Label) -> Pc) {
        let fans = std::mem::take(&mut self.fans.all);
        let finished = fans.into_iter().map(|Fan { until, lists }| {
            let lists = lists.into_iter().map(|(number, start)| (number, place(start)));
            FanCode { until, lists: lists.collect() }
        });
        self.plan.fans = finished.collect();
    }
}
