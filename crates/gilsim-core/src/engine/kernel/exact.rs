//! The kernel of the profile `ideal`: plain rules, so that results can be worked out by hand (`docs/kernels.md`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::cores::Cores;
use super::view::{Coming, Pull, View, Where};

/// The rules, and the threads that wait for the end of the instant.
#[derive(Debug)]
pub(super) struct Exact {
    quantum: SimDuration,
    /// Threads that came to want a core at this instant; the lowest number is placed first.
    wanting: BinaryHeap<Reverse<ThreadId>>,
}

impl Exact {
    pub(super) fn new(quantum: SimDuration) -> Self {
        Self { quantum, wanting: BinaryHeap::new() }
    }

    /// The thread is placed when the instant is over.
    #[inline]
    pub(super) fn defer(&mut self, thread: ThreadId) {
        self.wanting.push(Reverse(thread));
    }

    /// The next thread to be placed, now that the instant is over.
    #[inline]
    pub(super) fn next_deferred(&mut self) -> Option<ThreadId> {
        self.wanting.pop().map(|Reverse(thread)| thread)
    }

    /// A thread goes to its last core if that idles, else to the lowest idle one, else to the shortest run queue.
    #[inline]
    pub(super) fn core_for(view: &View<'_>, thread: ThreadId) -> Where {
        let last = view.thread(thread).last_core.get();
        let idle =
            last.filter(|core| view.cores.is_idle(*core)).or_else(|| view.cores.lowest_idle());
        idle.map_or(Where::ShortestQueue, Where::Core)
    }

    /// Nobody is pre-empted by who comes.
    pub(super) const COMING: Coming = Coming::Waits;

    /// An idle core takes who has waited longest.
    pub(super) const PULL: Pull = Pull::LongestWaiter;

    /// The next instant, `now` included, at which a quantum is over since the core's thread came. A slice is renewed
    /// without a pause while nobody waits.
    #[inline]
    pub(super) fn slice_end(&self, core: CoreId, cores: &Cores, now: SimTime) -> SimTime {
        let (picked_at, quantum) = (cores.picked_at(core), self.quantum);
        let so_far = now - picked_at;
        if so_far <= quantum {
            return picked_at + quantum;
        }
        picked_at + quantum * so_far.as_nanos().div_ceil(quantum.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{C, Scene, T, at};
    use super::*;

    #[test]
    fn a_thread_goes_to_its_last_core_if_that_idles() {
        let scene = Scene::of(3).with_last_core(T[0], C[2]);
        assert_eq!(Exact::core_for(&scene.view(at(0)), T[0]), Where::Core(C[2]));
    }

    #[test]
    fn else_it_goes_to_the_lowest_idle_core() {
        let scene = Scene::of(3).with_last_core(T[0], C[0]).running(C[0], T[1], at(0));
        assert_eq!(Exact::core_for(&scene.view(at(0)), T[0]), Where::Core(C[1]));
    }

    #[test]
    fn else_it_goes_to_the_shortest_queue() {
        let scene = Scene::of(2).running(C[0], T[1], at(0)).running(C[1], T[2], at(0));
        let scene = scene.with_last_core(T[0], C[1]);
        assert_eq!(Exact::core_for(&scene.view(at(0)), T[0]), Where::ShortestQueue);
    }

    #[test]
    fn those_who_want_a_core_at_one_instant_are_placed_by_number() {
        let mut exact = Exact::new(SimDuration::from_nanos(4));
        for thread in [T[2], T[0], T[1]] {
            exact.defer(thread);
        }
        let order = std::iter::from_fn(|| exact.next_deferred());
        assert_eq!(order.collect::<Vec<_>>(), [T[0], T[1], T[2]]);
    }

    #[test]
    fn a_slice_ends_at_multiples_of_the_quantum_since_its_thread_came() {
        let exact = Exact::new(SimDuration::from_nanos(4));
        let scene = Scene::of(1).running(C[0], T[0], at(10));
        let end = |now| exact.slice_end(C[0], scene.view(at(now)).cores, at(now));
        assert_eq!([end(10), end(14), end(15), end(18)].map(SimTime::as_nanos), [14, 14, 18, 18]);
    }
}
