//! Executors of worker threads or processes.

use crate::plan::ExecutorRules;

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
        let mut executor = Executor::new(ExecutorRules { workers: 2, all_at_once: false });
        assert!(executor.grow());
        executor.note_idle();
        assert!(!executor.grow());
        assert!(executor.grow());
        assert!(!executor.grow(), "it is full");
    }
}
