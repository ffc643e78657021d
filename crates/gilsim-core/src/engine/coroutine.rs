//! Coroutines: how they arrive, are suspended and resumed, hand steps to executors, and leave.

use crate::ids::{EventLoopId, NameId, TaskId, ThreadId};
use crate::plan::{End, ForCoroutine, Op, Pc, Wait};
use crate::time::SimTime;
use crate::trace::{Sink, State};
use crate::workload::Length;

use super::event_loop::Handle;
use super::sync::Waiter;
use super::thread::Item;
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// The loop that runs a task's coroutine.
    pub(super) fn loop_of(&self, task: TaskId) -> EventLoopId {
        EventLoopId(self.tasks.get(task).event_loop.into())
    }

    /// A coroutine's first step: it goes on there if it has arrived, else sleeps until then, or until what it waits for is done.
    pub(super) fn arrive(
        &mut self,
        thread: ThreadId,
        event_loop: EventLoopId,
        pc: Pc,
        arrived: Pc,
    ) -> Flow {
        let task = self.loops[event_loop.index()].task_at_hand();
        let arrival = self.arrival(task);
        if arrival <= self.now {
            // It may have arrived while its first step began.
            if self.thread(thread).task.is_none() {
                self.attach(task, thread, pc);
            }
            return Flow::Jump(arrived);
        }
        self.tasks.get_mut(task).pc = self.plan.instruction(pc).next;
        if arrival == SimTime::NEVER {
            self.sleep_until_freed(task);
            return self.go_to_next_handle(event_loop);
        }
        self.loops[event_loop.index()].call_at(task, arrival);
        self.change_off_thread(task, State::Suspended, NameId::EMPTY, arrival);
        self.go_to_next_handle(event_loop)
    }

    /// The coroutine on the loop's thread waits; it leaves the thread until somebody resumes it.
    pub(super) fn suspend(&mut self, thread: ThreadId, pc: Pc, wait: Wait<ForCoroutine>) -> Flow {
        let task = self.task_on(thread);
        let event_loop = self.loop_of(task);
        self.tasks.get_mut(task).pc = pc;
        match wait.on {
            ForCoroutine::Thing(thing) => {
                self.shared.stand_in_line(thing, Waiter::Coroutine(task), self.now);
            }
            ForCoroutine::Turn => {
                self.loops[event_loop.index()].call_soon(Handle::Step(task, End::Done));
            }
            ForCoroutine::Timer | ForCoroutine::Result | ForCoroutine::Lists => {}
        }
        self.detach(thread, wait.row);
        self.go_to_next_handle(event_loop)
    }

    /// The thread's coroutine is to be resumed after that time.
    pub(super) fn set_timer(&mut self, thread: ThreadId, length: Length) {
        let (task, when) = (self.task_on(thread), self.now + self.length(thread, length));
        let event_loop = self.loop_of(task);
        self.loops[event_loop.index()].call_at(task, when);
    }

    /// The wait of a coroutine has ended: it goes on in the next iteration.
    pub(super) fn resume(&mut self, task: TaskId, end: End) {
        let event_loop = self.loop_of(task);
        self.change_to_ready(task, self.now);
        self.loops[event_loop.index()].call_soon(Handle::Step(task, end));
        self.signal_loop(event_loop);
    }

    /// Where a coroutine goes on whose wait has ended so.
    pub(super) fn after(&self, task: TaskId, end: End) -> Pc {
        let pc = self.tasks.get(task).pc;
        let Op::Suspend(wait) = self.plan.instruction(pc).op else {
            unreachable!("{task:?} is suspended at {pc:?}, which is no wait");
        };
        wait.ends.after(end)
    }

    /// Submits steps of the thread's coroutine to an executor.
    pub(super) fn offload(
        &mut self,
        thread: ThreadId,
        pc: Pc,
        submit: Pc,
        part: Pc,
        row: (State, NameId),
    ) -> Flow {
        let task = self.task_on(thread);
        self.tasks.get_mut(task).pc = pc;
        self.detach(thread, Some(row));
        self.thread_mut(thread).item = Item::of_coroutine(task, part);
        Flow::Jump(submit)
    }
}
