//! The steps of tasks as code: on a thread that may block, and as coroutines on an event loop.

use std::ops::Range;

use crate::ids::{ComputationId, EventLoopId, NameId, SemaphoreId, SiteId};
use crate::model::{Guard, LockMode, Server};
use crate::plan::{Ends, ForCoroutine, Label, LoopOp, Op, SiteOp, TaskOp, Thing, TryOp, Wait};
use crate::time::SimDuration;
use crate::trace::State;
use crate::workload::{Action, Closed, Length, Step};

use super::builder::Builder;
use super::event_loop::EventLoop;
use super::parts::Part;

impl Builder<'_> {
    /// Writes the steps of each entry's tasks. Returns where they start.
    pub(super) fn write_scripts(&mut self) -> Vec<Label> {
        let event_loop = self.event_loops.first().copied();
        let entries = 0..self.plan.workload.entry_count();
        let starts = entries.map(|entry| match &event_loop {
            None => self.write_on_thread(entry),
            Some(event_loop) => self.write_coroutine(entry, EventLoopId(0), event_loop),
        });
        starts.collect()
    }

    fn step(&self, entry: usize, at: usize) -> Step {
        self.plan.workload.script(entry)[at]
    }

    /// The number of the step that stands there, or of the last one.
    pub(super) fn leaf_at(&self, entry: usize, at: usize) -> u32 {
        let script = self.plan.workload.script(entry);
        script.get(at).or(script.last()).map_or(0, |step| step.leaf)
    }

    fn write_on_thread(&mut self, entry: usize) -> Label {
        let steps = 0..self.plan.workload.script(entry).len();
        let start = self.code.here();
        let write = |builder: &mut Self| {
            builder.write_steps_on_thread(entry, steps);
            builder.on_tasks(TaskOp::EndTask);
            builder.on_tasks(TaskOp::Return);
        };
        self.write_with_landing(write, |builder| {
            builder.on_tasks(TaskOp::FailTask);
            builder.on_tasks(TaskOp::Return);
        });
        self.write_lists(entry, None);
        start
    }

    pub(super) fn write_steps_on_thread(&mut self, entry: usize, steps: Range<usize>) {
        self.code.step = self.leaf_at(entry, steps.start);
        let mut at = steps.start;
        while at < steps.end {
            let step = self.step(entry, at);
            self.code.step = step.leaf;
            if let Some(behind) = self.write_fan_on_thread(entry, at) {
                at = behind;
                continue;
            }
            self.write_step_on_thread(step.action);
            at += 1;
        }
    }

    /// A step on a thread, which blocks where it waits.
    fn write_step_on_thread(&mut self, action: Action) {
        match action {
            Action::Wait(site, length) | Action::Block(site, length) => self.block_on(site, length),
            Action::Compute(computation, length) => self.compute(computation, length),
            Action::Yield => self.sleep(Length::Constant(SimDuration::ZERO), NameId::EMPTY),
            Action::Acquire(semaphore) => {
                self.obtain_shared(Thing::Permit(semaphore));
                self.hold(semaphore);
            }
            Action::Release(semaphore) => {
                self.hold_no_longer(semaphore);
                self.release_shared(semaphore);
            }
            Action::Enter(guard) => {
                self.take_guard(guard);
                self.begin_to_hold();
            }
            Action::Leave(guard) => {
                self.end_to_hold(false, |builder| builder.give_guard_back(guard));
            }
            Action::Put(queue) => self.obtain_shared(Thing::Room(queue)),
            Action::Get(queue) => self.obtain_shared(Thing::Item(queue)),
            Action::Set(flag) => self.set_flag(flag),
            Action::WaitFor(flag) => self.wait_for_flag(flag),
            Action::Meet(barrier) => self.meet(barrier),
            Action::Pass(limiter) => self.pass(limiter),
            Action::Fail => self.fail(),
            Action::MayFail(column) => self.fail_if(column),
            Action::AttemptsBegin
            | Action::AttemptBegin(_)
            | Action::AttemptEnd
            | Action::Retry
            | Action::AttemptsEnd { .. } => self.write_mark(action, false),
            Action::OffloadBegin(..) | Action::OffloadEnd => {}
            Action::FanBegin(..) | Action::ListBegin(_) | Action::ListEnd | Action::FanEnd => {
                unreachable!("a step that does lists is written as a whole")
            }
        }
    }

    pub(super) fn obtain_shown(&mut self, thing: Thing) {
        let row = (State::Sync, self.plan.name_of(thing));
        self.obtain(thing, Some(row));
    }

    /// A site's connection, where it has so many, and its name.
    fn site(&self, site: Option<SiteId>) -> (Option<SiteId>, NameId) {
        let Some(site) = site else { return (None, NameId::EMPTY) };
        let rules = &self.plan.sites[site.index()];
        (rules.connections.map(|_| site), rules.name)
    }

    /// Waits on a site or for a time (`time.sleep`). The connection is held until the thread runs again.
    fn block_on(&mut self, site: Option<SiteId>, length: Length) {
        let (connection, name) = self.site(site);
        if let Some(site) = connection {
            self.obtain_shown(Thing::Connection(site));
        }
        // `time.sleep` takes no timeout, `requests` does.
        let late = self.late().filter(|_| site.is_some());
        let given_up = late.map(|_| self.code.label());
        let server = self.server(site);
        self.connect(site, |builder, length| builder.sleep_in_time(length, name, given_up));
        match site.filter(|_| server.slows_down()) {
            Some(site) => {
                self.unlocked(|builder| builder.on_site(site, SiteOp::Sleep(length)));
                if let Some(given_up) = given_up {
                    self.code.push(Op::OnTry(TryOp::IfOutOfTime(given_up.target())));
                }
            }
            None => self.sleep_in_time(length, name, given_up),
        }
        self.keep_connection(site);
        self.disconnect(connection);
        self.give_up_request(connection, given_up.zip(late));
    }

    pub(super) fn disconnect(&mut self, connection: Option<SiteId>) {
        if let Some(site) = connection {
            self.code.push(Op::Disconnect(site));
        }
    }

    fn server(&self, site: Option<SiteId>) -> Server {
        site.map_or_else(Server::default, |site| self.plan.sites[site.index()].server)
    }

    fn on_site(&mut self, site: SiteId, op: SiteOp) {
        self.code.push(Op::OnSite(site, op));
    }

    /// Makes a connection to a site if none is kept, where that takes time: `sleep` sleeps.
    fn connect(&mut self, site: Option<SiteId>, sleep: impl FnOnce(&mut Self, Length)) {
        let server = self.server(site);
        let Some(site) = site.filter(|_| !server.connect.is_zero()) else { return };
        let connected = self.code.label();
        if !server.drops_connections {
            self.on_site(site, SiteOp::TakeKept(connected.target()));
        }
        sleep(self, Length::Constant(server.connect));
        self.code.place(connected);
    }

    fn keep_connection(&mut self, site: Option<SiteId>) {
        let server = self.server(site);
        let is_kept = !server.connect.is_zero() && !server.drops_connections;
        if let Some(site) = site.filter(|_| is_kept) {
            self.on_site(site, SiteOp::Keep);
        }
    }

    pub(super) fn sleep(&mut self, length: Length, name: NameId) {
        self.unlocked(|builder| builder.code.push(Op::Sleep { length, name }));
    }

    /// Burns CPU: Python code, a C call that keeps the lock, or one that drops it.
    fn compute(&mut self, computation: Option<ComputationId>, length: Length) {
        if let Some(computation) = computation.filter(|it| self.plan.has_team(*it)) {
            return self.compute_in_team(computation, length);
        }
        if let Some(computation) = computation.filter(|it| self.plan.contends(*it)) {
            return self.compute_with_others(computation, length);
        }
        let (name, lock) = computation
            .map_or((NameId::EMPTY, LockMode::Held), |it| self.plan.computations[it.index()]);
        self.work(Op::Compute { length, name, lock }, lock);
    }

    /// The life of a coroutine: it arrives, passes the limit, does its steps, leaves.
    fn write_coroutine(&mut self, entry: usize, id: EventLoopId, event_loop: &EventLoop) -> Label {
        let start = self.code.here();
        self.arrive(id);
        if let Some(limit) = event_loop.limit {
            self.obtain_on_loop(Thing::Permit(limit));
        }
        let steps = 0..self.plan.workload.script(entry).len();
        let mut parts = Vec::new();
        let write = |builder: &mut Self| {
            parts = if event_loop.offload_tasks && !steps.is_empty() {
                vec![builder.offload_task(event_loop, steps)]
            } else {
                builder.write_steps_on_loop(entry, event_loop, steps)
            };
            if parts.last().is_none_or(|part| !part.last) {
                builder.on_tasks(TaskOp::EndTask);
            }
            builder.leave(entry, id, event_loop);
        };
        self.write_with_landing(write, |builder| {
            builder.on_tasks(TaskOp::FailTask);
            builder.leave(entry, id, event_loop);
        });
        self.code.step = 0;
        for part in parts {
            self.write_part(entry, part);
        }
        self.write_lists(entry, Some(event_loop));
        start
    }

    /// The end of a coroutine.
    fn leave(&mut self, entry: usize, id: EventLoopId, event_loop: &EventLoop) {
        if let Some(limit) = event_loop.limit {
            self.code.push(Op::Release(limit));
        }
        if self.plan.workload.closed(entry).is_some_and(Closed::thinks) {
            self.spend_on_step(self.profile().event_loop.timer_set);
        }
        self.on_loop(id, LoopOp::Leave);
    }

    fn arrive(&mut self, id: EventLoopId) {
        let arrived = self.code.label();
        self.on_loop(id, LoopOp::Arrive(arrived.target()));
        self.suspend(ForCoroutine::Timer, None);
        self.code.place(arrived);
    }

    /// Waits on the loop; the only end leads to what is next, but where the wait may be given up.
    pub(super) fn suspend(&mut self, on: ForCoroutine, row: Option<(State, NameId)>) {
        let late = self.late();
        self.suspend_until(on, row, late);
    }

    /// The same, and what is given up leads there.
    pub(super) fn suspend_until(
        &mut self,
        on: ForCoroutine,
        row: Option<(State, NameId)>,
        late: Option<Label>,
    ) {
        let end = self.code.label();
        let ends = Ends::only(end.target()).or_late(late);
        self.code.push(Op::Suspend(Wait { on, row, ends }));
        self.code.place(end);
    }

    /// Writes the steps of a coroutine. Returns what executors do of them.
    pub(super) fn write_steps_on_loop(
        &mut self,
        entry: usize,
        event_loop: &EventLoop,
        steps: Range<usize>,
    ) -> Vec<Part> {
        let count = self.plan.workload.script(entry).len();
        let mut parts = Vec::new();
        let mut at = steps.start;
        while at < steps.end {
            let step = self.step(entry, at);
            self.code.step = step.leaf;
            if let Some(behind) = self.write_fan_on_loop(entry, at) {
                at = behind;
                continue;
            }
            if let Action::OffloadBegin(to, end) = step.action {
                let end = end as usize;
                let part =
                    Part { start: self.code.label(), steps: at + 1..end, last: end + 1 == count };
                let row = (State::Sync, self.name("executor"));
                self.offload(event_loop, to, &part, row);
                self.code.step = self.leaf_at(entry, end + 1);
                self.suspend(ForCoroutine::Result, None);
                if !part.last {
                    let steps = self.plan.workload.script(entry)[part.steps.clone()].to_vec();
                    self.fail_with_part(&steps);
                }
                parts.push(part);
                at = end + 1;
            } else {
                self.write_step_on_loop(step.action);
                at += 1;
            }
        }
        parts
    }

    /// A step of a coroutine, which is suspended where it waits.
    fn write_step_on_loop(&mut self, action: Action) {
        match action {
            Action::Wait(site, length) => self.await_answer(site, length),
            Action::Yield => {
                let late = self.late();
                self.await_turn(late);
            }
            Action::Acquire(semaphore) => {
                self.obtain_shared_on_loop(Thing::Permit(semaphore));
                self.hold(semaphore);
            }
            Action::Put(queue) => self.obtain_shared_on_loop(Thing::Room(queue)),
            Action::Get(queue) => self.obtain_shared_on_loop(Thing::Item(queue)),
            Action::Set(flag) => self.set_flag_on_loop(flag),
            Action::WaitFor(flag) => self.wait_for_flag_on_loop(flag),
            Action::Meet(barrier) => self.meet_on_loop(barrier),
            Action::Pass(limiter) => self.pass_on_loop(limiter),
            Action::Release(semaphore) => {
                self.hold_no_longer(semaphore);
                self.release_on_loop(Guard::Semaphore(semaphore));
            }
            Action::Enter(guard) => {
                self.obtain_shared_on_loop(Thing::Permit(self.plan.permit_of(guard)));
                self.begin_to_hold();
            }
            Action::Leave(guard) => {
                self.end_to_hold(true, |builder| builder.release_on_loop(guard));
            }
            Action::Block(..)
            | Action::Compute(..)
            | Action::Fail
            | Action::MayFail(_)
            | Action::OffloadBegin(..)
            | Action::OffloadEnd => {
                self.kept_on(|builder| builder.write_step_on_thread(action));
            }
            Action::AttemptsBegin
            | Action::AttemptBegin(_)
            | Action::AttemptEnd
            | Action::Retry
            | Action::AttemptsEnd { .. } => self.write_mark(action, true),
            Action::FanBegin(..) | Action::ListBegin(_) | Action::ListEnd | Action::FanEnd => {
                unreachable!("a step that does lists is written as a whole")
            }
        }
    }

    /// Gives a permit back, on a loop or on a thread.
    pub(super) fn write_release(&mut self, semaphore: SemaphoreId, on_loop: bool) {
        if on_loop {
            self.release_on_loop(Guard::Semaphore(semaphore));
        } else {
            self.release_shared(semaphore);
        }
    }

    /// A bare yield: the coroutine goes on in the next iteration.
    fn await_turn(&mut self, late: Option<Label>) {
        let row = (State::Ready, self.name("loop"));
        self.suspend_until(ForCoroutine::Turn, Some(row), late);
    }

    /// `await`s a site or a time. The connection is held until the coroutine runs again.
    fn await_answer(&mut self, site: Option<SiteId>, length: Length) {
        let (connection, name) = self.site(site);
        if let Some(site) = connection {
            self.obtain_on_loop(Thing::Connection(site));
        }
        let late = self.late();
        let given_up = late.map(|_| self.code.label());
        self.connect(site, |builder, length| builder.sleep_on_loop(length, name, given_up));
        match site.filter(|site| self.server(Some(*site)).slows_down()) {
            Some(site) => {
                self.spend_on_step(self.profile().event_loop.timer_set);
                self.on_site(site, SiteOp::SetTimer(length));
                let row = Some((State::Suspended, name));
                self.suspend_until(ForCoroutine::Timer, row, given_up);
            }
            None => self.sleep_on_loop(length, name, given_up),
        }
        self.keep_connection(site);
        self.disconnect(connection);
        self.give_up_request(connection, given_up.zip(late));
    }

    /// `asyncio.sleep`; without length it is a bare yield.
    fn sleep_on_loop(&mut self, length: Length, name: NameId, late: Option<Label>) {
        if length == Length::Constant(SimDuration::ZERO) {
            return self.await_turn(late);
        }
        let (zero, slept) = (self.code.label(), self.code.label());
        let may_be_zero = matches!(length, Length::Drawn(_));
        if may_be_zero {
            self.code.push(Op::IfZero(length, zero.target()));
        }
        self.spend_on_step(self.profile().event_loop.timer_set);
        self.code.push(Op::SetTimer(length));
        self.suspend_until(ForCoroutine::Timer, Some((State::Suspended, name)), late);
        if may_be_zero {
            self.code.push(Op::Jump(slept.target()));
            self.code.place(zero);
            self.await_turn(late);
            self.code.place(slept);
        }
    }

    fn obtain_shared_on_loop(&mut self, thing: Thing) {
        self.spend_on_step(self.cost_on_loop(thing));
        self.obtain_on_loop(thing);
    }

    fn release_on_loop(&mut self, guard: Guard) {
        let costs = self.shared_costs().coroutines;
        self.spend_on_step(match guard {
            Guard::Semaphore(_) => costs.release,
            Guard::Lock(_) => costs.unlock,
        });
        self.code.push(Op::Release(self.plan.permit_of(guard)));
    }

    /// Takes a thing on a loop. What is handed over makes others wait until its new owner runs.
    fn obtain_on_loop(&mut self, thing: Thing) {
        let in_line = match thing {
            Thing::Permit(semaphore) => self.plan.semaphores[semaphore.index()].hands_over,
            _ => thing.goes_by_line(),
        };
        let (handed, obtained) = (self.code.label(), self.code.label());
        let again = self.code.here();
        self.code.push(Op::TryObtain { thing, in_line, obtained: obtained.target() });
        let row = Some((State::Sync, self.plan.name_of(thing)));
        let late = self.late();
        let ends = Ends::of(handed.target(), again.target()).or_late(late);
        self.code.push(Op::Suspend(Wait { on: ForCoroutine::Thing(thing), row, ends }));
        self.code.place(handed);
        if matches!(thing, Thing::Permit(_) | Thing::Connection(_)) {
            self.code.push(Op::ServedRuns(thing));
        }
        self.code.place(obtained);
    }
}
