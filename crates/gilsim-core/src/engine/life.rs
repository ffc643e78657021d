//! Threads and processes are born, say that they have started, are joined, and end.

use crate::ids::ThreadId;
use crate::model::LockMode;
use crate::plan::{Group, Start};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::thread::{Burst, Item, Status, Then, Wait};
use super::{Engine, Flow};

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// `Thread.start()`: the parent waits until the child has set its started event.
    pub(super) fn start_thread(&mut self, parent: ThreadId, start: Start, stage: u8) -> Flow {
        match stage {
            0 => {
                let process = self.thread(parent).process;
                let item = self.item_for(parent, start);
                let child = self.new_thread(process, start.program, start.group, item);
                self.bring_to_life(child, parent);
                // The child is on its way while its parent still holds the lock.
                self.set_stage(parent, 1);
                let rest = Burst {
                    left: self.interrupt(parent, child),
                    state: State::Overhead,
                    lock: LockMode::Held,
                    name: self.names.start,
                };
                self.work(parent, rest)
            }
            1 => {
                self.set_stage(parent, 2);
                self.let_go(parent)
            }
            2 => {
                let child = self.thread(parent).child;
                self.set_stage(parent, 3);
                if self.thread(child).started {
                    return self.relock(parent);
                }
                // Of its own rows an event loop has none for this.
                let on_loop = self.event_loop.is_some() && parent == ThreadId::MAIN;
                let row = (!on_loop).then_some((State::Sync, self.names.start));
                self.block(parent, Wait::Started(child), row)
            }
            _ => Flow::Next,
        }
    }

    pub(super) fn start_process(&mut self, parent: ThreadId, start: Start) -> Flow {
        let item = self.item_for(parent, start);
        let child = self.new_process(start.program, start.group, item);
        self.bring_to_life(child, parent);
        Flow::Next
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
            self.attach(task, child);
        }
        self.wake(child, Then::TakeLock);
    }

    pub(super) fn started(&mut self, child: ThreadId) -> Flow {
        let record = self.thread_mut(child);
        record.started = true;
        let parent = record.parent;
        if self.thread(parent).status == Status::Blocked(Wait::Started(child)) {
            self.wake(parent, Then::TakeLock);
        }
        Flow::Next
    }

    pub(super) fn join(
        &mut self,
        thread: ThreadId,
        group: Group,
        each: SimDuration,
        stage: u8,
    ) -> Flow {
        let from = self.thread(thread).next as usize;
        let mut rest = self.threads[from..].iter();
        let Some(next) = rest.position(|child| child.group == group) else {
            self.thread_mut(thread).next = 0;
            return Flow::Next;
        };
        let child = ThreadId::at(from + next);
        self.thread_mut(thread).next = child.0;
        let dead = self.thread(child).status == Status::Dead;
        if stage == 1 {
            self.set_stage(thread, 0);
            if dead {
                return self.relock(thread);
            }
            self.thread_mut(child).joiner = Some(thread).into();
            return self.block(thread, Wait::Joined(child), Some((State::Sync, self.names.join)));
        }
        if !dead {
            self.set_stage(thread, 1);
            return self.let_go(thread);
        }
        self.thread_mut(thread).next = child.0 + 1;
        let name = self.names.join;
        self.work(thread, Burst { left: each, state: State::Overhead, lock: LockMode::Held, name })
    }

    pub(super) fn exit(&mut self, thread: ThreadId) -> Flow {
        self.let_go_for_good(thread);
        self.leave_core(thread, None);
        let record = self.thread_mut(thread);
        record.status = Status::Dead;
        let joiner = record.joiner.get();
        if let Some(joiner) = joiner {
            self.wake(joiner, Then::TakeLock);
        }
        self.ended |= thread == ThreadId::MAIN;
        Flow::Pause
    }
}
