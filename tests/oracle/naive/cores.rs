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
    }

    /// The threads in some phase, in the order in which they came into it.
    fn in_order(&self, place: impl Fn(Phase) -> Option<u64>) -> Vec<usize> {
        let of = |number: usize| Some((place(self.threads[number].phase)?, number));
        let mut places: Vec<_> = (0..self.threads.len()).filter_map(of).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, number)| number).collect()
    }

    pub(super) fn fill_idle_cores(&mut self) {
        for core in 0..self.cores.len() {
            if self.cores[core].occupant.is_some() {
                continue;
            }
            let ready = self.in_order(|phase| match phase {
                Phase::InRunQueue(since) => Some(since),
                _ => None,
            });
            if let Some(&longest) = ready.first() {
                for other in &mut self.cores {
                    other.queue.retain(|queued| *queued != longest);
                }
                self.seat(core, longest);
            }
        }
    }

    /// Gives new wanters a core, or a place in the shortest queue where no core is idle.
    ///
    /// While a core is `vacated` at this instant, threads that have been ready for longer may want it, so new ones wait.
    pub(super) fn place(&mut self, vacated: bool) {
        let wanting = self.in_order(|phase| match phase {
            Phase::WantsCore(since) => Some(since),
            _ => None,
        });
        for me in wanting {
            if self.cores.iter().any(|core| core.occupant == Some(me)) {
                self.threads[me].phase = Phase::OnCore;
                continue;
            }
            let idle = |core: &usize| self.cores[*core].occupant.is_none();
            let last = self.threads[me].last_core.filter(idle);
            match last.or_else(|| (0..self.cores.len()).find(idle)) {
                Some(_) if vacated => {}
                Some(core) => self.seat(core, me),
                None => self.enqueue(me),
            }
        }
    }

    fn enqueue(&mut self, me: usize) {
        let fewest = (0..self.cores.len()).min_by_key(|core| self.cores[*core].queue.len());
        self.cores[fewest.expect("there is a core")].queue.push_back(me);
        self.threads[me].phase = Phase::InRunQueue(self.next());
    }

    /// Rotates the queues of cores whose quantum is over (OPEN 6 and 7).
    pub(super) fn end_quanta(&mut self) {
        for core in 0..self.cores.len() {
            let Some(thread) = self.cores[core].occupant else { continue };
            if self.cores[core].used < self.world.quantum {
                continue;
            }
            self.cores[core].used = 0;
            if let Some(next) = self.cores[core].queue.pop_front() {
                self.cores[core].queue.push_back(thread);
                self.threads[thread].phase = Phase::InRunQueue(self.next());
                self.seat(core, next);
            }
        }
    }
}
