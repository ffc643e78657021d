//! Executors of worker threads or processes.

use std::collections::BTreeMap;

use crate::ids::{ExecutorId, ProcessId};
use crate::plan::{ExecutorRules, Plan};

/// The executors of a run.
#[derive(Debug)]
pub(super) struct Executors {
    /// Those that there is one of.
    of_run: Vec<Executor>,
    /// Those that each process has, where each has its own.
    of_processes: BTreeMap<(ProcessId, ExecutorId), Executor>,
}

impl Executors {
    pub(super) fn new(plan: &Plan) -> Self {
        let of_run = plan.executors.iter().copied().map(Executor::new).collect();
        Self { of_run, of_processes: BTreeMap::new() }
    }

    /// An executor as a process sees it.
    pub(super) fn get(&mut self, plan: &Plan, process: ProcessId, id: ExecutorId) -> &mut Executor {
        let rules = plan.executors[id.index()];
        if rules.in_each_process {
            self.of_processes.entry((process, id)).or_insert_with(|| Executor::new(rules))
        } else {
            &mut self.of_run[id.index()]
        }
    }
}

/// An executor that grows on demand (CPython `_adjust_thread_count`, `_adjust_process_count`).
#[derive(Debug)]
pub(super) struct Executor {
    workers: u32,
    most: u32,
    all_at_once: bool,
    idle: u32,
}

impl Executor {
    pub(super) fn new(rules: ExecutorRules) -> Self {
        Self { workers: 0, most: rules.workers, all_at_once: rules.all_at_once, idle: 0 }
    }

    /// Whether a submit starts a worker. If so the worker counts; if an idle one is there instead, it
    /// is idle no longer.
    pub(super) fn grow(&mut self) -> bool {
        if !self.all_at_once && self.idle > 0 {
            self.idle -= 1;
            return false;
        }
        let grows = self.workers < self.most;
        self.workers += u32::from(grows);
        grows
    }

    /// A worker finds itself idle.
    pub(super) fn note_idle(&mut self) {
        self.idle = self.idle.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executor_grows_only_while_nobody_is_idle() {
        let mut executor =
            Executor::new(ExecutorRules { workers: 2, all_at_once: false, in_each_process: false });
        assert!(executor.grow());
        executor.note_idle();
        assert!(!executor.grow());
        assert!(executor.grow());
        assert!(!executor.grow(), "it is full");
    }
}
