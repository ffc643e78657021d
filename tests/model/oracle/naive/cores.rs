//! Cores with run queues of their own.

use super::{Naive, Phase};

impl Naive<'_> {
    pub(super) fn vacate(&mut self, me: usize) {
        for core in self.cores.iter_mut().filter(|core| core.occupant == Some(me)) {
            core.occupant = None;
        }
    }

    pub(super) fn seat(&mut self, core: usize, thread: usize) {
        self.cores[core].occupant = Some(thread);
        self.cores[core].used = 0;
        self.threads[thread].phase = Phase::OnCore;
        self.threads[thread].last_core = Some(core);
        self.runs(thread);
    }

    pub(super) fn fill_idle_cores(&mut self) {
        for core in 0..self.cores.len() {
            if self.cores[core].occupant.is_some() {
                continue;
            }
            let heads = self.cores.iter().filter_map(|core| core.queue.front().copied());
            let ready = heads.map(|number| match self.threads[number].phase {
                Phase::InRunQueue { since } => (since, number),
                _ => unreachable!("a run queue holds threads that are ready"),
            });
            if let Some((_, longest)) = ready.min() {
                for other in &mut self.cores {
                    other.queue.retain(|queued| *queued != longest);
                }
                self.seat(core, longest);
            }
        }
    }

    pub(super) fn place(&mut self) {
        for me in 0..self.threads.len() {
            if self.threads[me].phase != Phase::WantsCore {
                continue;
            }
            if self.cores.iter().any(|core| core.occupant == Some(me)) {
                self.threads[me].phase = Phase::OnCore;
                self.runs(me);
                continue;
            }
            let idle = |core: &usize| self.cores[*core].occupant.is_none();
            let last = self.threads[me].last_core.filter(idle);
            let target = last.or_else(|| (0..self.cores.len()).find(idle));
            if let Some(core) = target {
                self.seat(core, me);
                continue;
            }
            let fewest = (0..self.cores.len()).min_by_key(|core| self.cores[*core].queue.len());
            self.cores[fewest.expect("there is a core")].queue.push_back(me);
            self.threads[me].phase = Phase::InRunQueue { since: self.now };
        }
    }

    /// Ends the quantum of the lowest core where one is over, and rotates that core's queue (OPEN 2, 6 and 7); true where
    /// there was one.
    pub(super) fn end_a_quantum(&mut self) -> bool {
        let quantum = self.world.quantum;
        let is_over = |core: &super::Core| core.occupant.is_some() && core.used >= quantum;
        let Some(core) = self.cores.iter().position(is_over) else { return false };
        self.cores[core].used = 0;
        let next = self.cores[core].queue.pop_front();
        if let Some((next, thread)) = next.zip(self.cores[core].occupant) {
            self.cores[core].queue.push_back(thread);
            self.threads[thread].phase = Phase::InRunQueue { since: self.now };
            self.seat(core, next);
        }
        true
    }
}
