//! Processes, and the interpreters in them: which lock each has.

use std::collections::BTreeMap;

use crate::ids::{LockId, Maybe, ProcessId, ThreadId};

/// The processes of a run.
#[derive(Default, Debug)]
pub(super) struct Processes {
    /// The lock of each process's main interpreter.
    locks: Vec<Option<LockId>>,
    /// The threads that have made an interpreter of their own, and its lock.
    interpreters: BTreeMap<ThreadId, Maybe<LockId>>,
}

impl Processes {
    /// A new process, whose main interpreter has that lock.
    pub(super) fn add(&mut self, lock: Option<LockId>) -> ProcessId {
        self.locks.push(lock);
        ProcessId::at(self.locks.len() - 1)
    }

    pub(super) fn len(&self) -> usize {
        self.locks.len()
    }

    /// The lock of a process's main interpreter.
    pub(super) fn lock(&self, process: ProcessId) -> Option<LockId> {
        self.locks[process.index()]
    }

    /// The lock of the interpreter that a thread has made, if it has made one.
    pub(super) fn interpreter(&self, thread: ThreadId) -> Option<Maybe<LockId>> {
        self.interpreters.get(&thread).copied()
    }

    pub(super) fn add_interpreter(&mut self, thread: ThreadId, lock: Maybe<LockId>) {
        self.interpreters.insert(thread, lock);
    }

    /// How many interpreters there are besides those of processes.
    pub(super) fn interpreters(&self) -> usize {
        self.interpreters.len()
    }
}
