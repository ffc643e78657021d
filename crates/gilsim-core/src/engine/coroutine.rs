//! Coroutines: their lives on the event loop, and their steps.

use crate::ids::{NameId, SemaphoreId, SiteId, TaskId, ThreadId};
use crate::model::OffloadTo;
use crate::plan::Pc;
use crate::trace::{Sink, State};
use crate::workload::{Action, Length};

use super::event_loop::Phase;
use super::obtain::Thing;
use super::sync::{Semaphore, Waiter};
use super::thread::Item;
use super::{Engine, Flow};

/// The stage of a step whose wait has been served.
const SERVED: u8 = 2;

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Runs a coroutine for one stage of what it is at.
    pub(super) fn run_coroutine(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        match self.task(task).phase {
            Phase::Made => {
                self.task_mut(task).phase = Phase::Arriving;
                let arrival = self.plan.workload.arrival(task);
                if arrival <= self.now {
                    // It may have arrived while its first step began.
                    if self.thread(thread).task.is_none() {
                        self.attach(task, thread);
                    }
                    return Flow::Go;
                }
                self.call_at(task, arrival);
                self.change_off_thread(task, State::Suspended, NameId::EMPTY, arrival);
                self.end_handle()
            }
            Phase::Arriving => {
                self.task_mut(task).phase = Phase::AtLimit;
                Flow::Go
            }
            Phase::AtLimit => self.pass_limit(thread, task),
            Phase::InSteps => self.step_on_loop(thread, task),
            Phase::Over => self.leave_loop(task),
        }
    }

    /// `async with limit:` round all that the task does.
    fn pass_limit(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        let rules = self.rules();
        let Some(limit) = rules.limit else {
            self.task_mut(task).phase = Phase::InSteps;
            return Flow::Go;
        };
        if self.has_permit(task, limit) {
            let record = self.task_mut(task);
            record.phase = Phase::InSteps;
            record.stage = 0;
            return Flow::Go;
        }
        self.wait_for_permit(thread, task, limit)
    }

    /// Whether the coroutine was handed a permit while it was suspended, or gets one now.
    fn has_permit(&mut self, task: TaskId, semaphore: SemaphoreId) -> bool {
        if self.task(task).stage != SERVED {
            let fair = self.fair_semaphores();
            return self.semaphores[semaphore.index()].try_acquire(fair);
        }
        self.semaphores[semaphore.index()].served_one_runs();
        while let Some(next) = self.semaphores[semaphore.index()].serve_next() {
            self.resume_coroutine(next, true);
        }
        true
    }

    /// A coroutine that was handed a connection runs again: those who had to queue up behind it get
    /// what is left.
    fn let_others_connect(&mut self, site: Option<SiteId>) {
        let Some(site) = site else { return };
        if let Some(connections) = &mut self.sites[site.index()] {
            connections.served_one_runs();
        }
        while let Some(next) = self.sites[site.index()].as_mut().and_then(Semaphore::serve_next) {
            self.resume_coroutine(next, true);
        }
    }

    fn wait_for_permit(&mut self, thread: ThreadId, task: TaskId, semaphore: SemaphoreId) -> Flow {
        self.semaphores[semaphore.index()].wait(Waiter::Coroutine(task));
        let name = self.plan.semaphores[semaphore.index()].name;
        self.suspend(thread, State::Sync, name)
    }

    /// The coroutine on the loop's thread leaves it until somebody resumes it.
    fn suspend(&mut self, thread: ThreadId, state: State, name: NameId) -> Flow {
        self.detach(thread, Some((state, name)));
        self.end_handle()
    }

    /// What a coroutine awaits has come about: it goes on in the next iteration. `served` tells that
    /// it has what it waited for; else it has to look again.
    pub(super) fn resume_coroutine(&mut self, task: TaskId, served: bool) {
        if served {
            self.task_mut(task).stage = SERVED;
        }
        self.change_to_ready(task, self.now);
        self.call_soon(task);
        self.signal_loop();
    }

    /// Runs one stage of a coroutine's step.
    fn step_on_loop(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        let (action, stage) = (self.action(task), self.task(task).stage);
        if self.rules().offload_tasks && action != Action::End {
            return self.offload(thread, task, OffloadTo::Threads, None);
        }
        match action {
            Action::Wait(site, length) => self.await_answer(thread, task, site, length),
            Action::Block(site, length) => self.wait_on_thread(thread, task, site, length),
            Action::Compute(computation, length) => {
                self.compute(thread, task, stage, computation, length)
            }
            Action::Yield if stage == SERVED => self.next_step(task),
            Action::Yield => self.give_way_on_loop(thread, task),
            Action::Acquire(semaphore) => {
                if self.has_permit(task, semaphore) {
                    return self.next_step(task);
                }
                self.wait_for_permit(thread, task, semaphore)
            }
            Action::Release(semaphore) => {
                self.release_semaphore(semaphore);
                self.next_step(task)
            }
            Action::Put(queue) => self.use_queue_on_loop(thread, task, Thing::Room(queue)),
            Action::Get(queue) => self.use_queue_on_loop(thread, task, Thing::Item(queue)),
            Action::OffloadBegin(to, end) => {
                self.task_mut(task).at += 1;
                self.offload(thread, task, to, Some(end))
            }
            Action::OffloadEnd => self.next_step(task),
            Action::End => self.end_coroutine(thread, task),
        }
    }

    /// A bare yield: the coroutine goes on in the next iteration.
    fn give_way_on_loop(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        self.task_mut(task).stage = SERVED;
        self.call_soon(task);
        let name = self.names.event_loop;
        self.suspend(thread, State::Ready, name)
    }

    /// `await`s a site or a time. The connection is held until the coroutine runs again.
    fn await_answer(
        &mut self,
        thread: ThreadId,
        task: TaskId,
        site: Option<SiteId>,
        length: Length,
    ) -> Flow {
        const CONNECTED: u8 = 3;
        const TIMER_SET: u8 = 4;
        const ANSWERED: u8 = 5;
        let rules = self.rules();
        let name = site.map_or(NameId::EMPTY, |site| self.plan.sites[site.index()].name);
        match self.task(task).stage {
            0 => match site.map(Thing::Connection).filter(|thing| !self.take_if_there(*thing)) {
                None => {
                    self.task_mut(task).stage = CONNECTED;
                    Flow::Go
                }
                Some(thing) => {
                    self.stand_in_line(thing, Waiter::Coroutine(task));
                    self.suspend(thread, State::Sync, name)
                }
            },
            SERVED => {
                self.let_others_connect(site);
                self.task_mut(task).stage = CONNECTED;
                Flow::Go
            }
            CONNECTED if self.length(task, length).is_zero() => {
                self.task_mut(task).stage = ANSWERED;
                self.call_soon(task);
                let name = self.names.event_loop;
                self.suspend(thread, State::Ready, name)
            }
            CONNECTED => {
                self.task_mut(task).stage = TIMER_SET;
                let name = self.names.step;
                self.bookkeeping(thread, rules.timer_set, name)
            }
            TIMER_SET => {
                self.task_mut(task).stage = ANSWERED;
                let when = self.now + self.length(task, length);
                self.call_at(task, when);
                self.suspend(thread, State::Suspended, name)
            }
            _ => {
                self.disconnect(site);
                self.next_step(task)
            }
        }
    }

    /// A coroutine's step that takes room or an item: it is suspended until it may look again.
    fn use_queue_on_loop(&mut self, thread: ThreadId, task: TaskId, thing: Thing) -> Flow {
        if self.take_if_there(thing) {
            return self.next_step(task);
        }
        self.stand_in_line(thing, Waiter::Coroutine(task));
        self.suspend(thread, State::Sync, self.name_of(thing))
    }

    /// Submits the steps up to `until`, or all, to an executor; the coroutine awaits their result.
    fn offload(
        &mut self,
        thread: ThreadId,
        task: TaskId,
        to: OffloadTo,
        until: Option<u32>,
    ) -> Flow {
        let rules = self.rules();
        let submit: Option<Pc> = match to {
            OffloadTo::Threads => rules.submit_to_threads,
            OffloadTo::Processes => rules.submit_to_processes,
        };
        let submit = submit.expect("a plan has the executors that its steps use");
        self.task_mut(task).stage = 0;
        let state = if until.is_none() { State::Queued } else { State::Sync };
        let name = if until.is_none() { NameId::EMPTY } else { self.names.executor };
        self.suspend(thread, state, name);
        let until = until.unwrap_or(Item::WHOLE);
        self.thread_mut(thread).item =
            Item { first: task.0, count: 1, until, from_coroutine: true };
        Flow::Jump(submit)
    }

    /// The coroutine has done its steps.
    fn end_coroutine(&mut self, thread: ThreadId, task: TaskId) -> Flow {
        self.detach(thread, None);
        if !self.task(task).done {
            self.finish(task);
        }
        self.leave_loop(task)
    }

    /// The coroutine leaves the limit, and `gather` hears of its end.
    fn leave_loop(&mut self, task: TaskId) -> Flow {
        self.task_mut(task).phase = Phase::Over;
        if let Some(limit) = self.rules().limit {
            self.release_semaphore(limit);
        }
        self.count_gathered();
        self.end_handle()
    }
}
