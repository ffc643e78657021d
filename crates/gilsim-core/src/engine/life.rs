//! Threads and processes are born, say that they have started, are joined, and end.

use crate::ids::ThreadId;
use crate::model::LockMode;
use crate::plan::{End, ForThread, Group, Pc, Start};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::thread::{Burst, Item, Status, Then, Thread, Wait};
use super::{Ending, Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// `Thread.start()`: the child is on its way while its parent still holds the lock.
    pub(super) fn start_thread(&mut self, parent: ThreadId, start: Start) -> Flow {
        let process = self.thread(parent).process;
        let item = self.item_for(parent, start);
        let child = self.new_thread(process, start.program, start.group, item);
        self.bring_to_life(child, parent);
        let left = self.interrupt(parent, child);
        let (state, lock, name) = (State::Overhead, LockMode::Held, self.names.start);
        self.work(parent, Burst { left, state, lock, name })
    }

    pub(super) fn start_process(&mut self, parent: ThreadId, start: Start) {
        let item = self.item_for(parent, start);
        let child = self.new_process(start.program, start.group, item);
        self.bring_to_life(child, parent);
    }

    fn item_for(&self, parent: ThreadId, start: Start) -> Item {
        if start.with_item { self.thread(parent).item } else { Item::NONE }
    }

    /// A new thread begins to run its program; a kernel takes as long for that as for a wake-up.
    fn bring_to_life(&mut self, child: ThreadId, parent: ThreadId) {
        self.thread_mut(parent).child = child;
        let record = self.thread_mut(child);
        record.parent = parent;
        record.status = Status::Blocked(Wait::Time);
        let item = record.item;
        if item != Item::NONE {
            let task = self.task_of(item, 0);
            let start = self.tasks.get(task).pc;
            self.attach_or_orphan(task, child, start);
        }
        self.wake(child, Then::GoOn);
    }

    pub(super) fn started(&mut self, child: ThreadId) {
        let record = self.thread_mut(child);
        record.started = true;
        let parent = record.parent;
        let waits = self.wait_of(parent).is_some_and(|wait| wait.on == ForThread::Started);
        if waits && self.thread(parent).child == child {
            self.end_wait(parent, End::Done);
        }
    }

    pub(super) fn join(
        &mut self,
        thread: ThreadId,
        group: Group,
        each: SimDuration,
        alive: Pc,
        all: Pc,
    ) -> Flow {
        let record = self.thread(thread);
        let (from, process) = (record.joined.index(), record.process);
        let mut rest = self.threads[from..].iter();
        // Each process of a server may have threads of one group.
        let is_own = |child: &Thread| self.thread(child.parent).process == process;
        let Some(next) = rest.position(|child| child.group == group && is_own(child)) else {
            self.thread_mut(thread).joined = ThreadId::MAIN;
            return Flow::Jump(all);
        };
        let child = ThreadId::at(from + next);
        self.thread_mut(thread).joined = child;
        if !self.thread(child).ended {
            return Flow::Jump(alive);
        }
        self.thread_mut(thread).joined = ThreadId::at(child.index() + 1);
        let (state, lock, name) = (State::Overhead, LockMode::Held, self.names.join);
        self.work(thread, Burst { left: each, state, lock, name })
    }

    /// A thread has ended, for Python: the kernel is still at it.
    pub(super) fn end(&mut self, thread: ThreadId) {
        self.let_go_for_good(thread);
        self.tell_joiner(thread);
    }

    fn tell_joiner(&mut self, thread: ThreadId) {
        let record = self.thread_mut(thread);
        let had_ended = std::mem::replace(&mut record.ended, true);
        if let Some(joiner) = record.joiner.get().filter(|_| !had_ended) {
            self.end_wait(joiner, End::Done);
        }
    }

    pub(super) fn exit(&mut self, thread: ThreadId) -> Flow {
        self.let_go_for_good(thread);
        self.leave_core(thread, None);
        self.thread_mut(thread).status = Status::Dead;
        self.tell_joiner(thread);
        if thread == ThreadId::MAIN {
            self.ending = Some(Ending::Finished);
        }
        Flow::Pause
    }
}
