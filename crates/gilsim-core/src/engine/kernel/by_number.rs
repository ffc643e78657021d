//! A kernel that looks for idle cores and balances by the number of threads that wait (`docs/kernels.md`). Built-in
//! profiles of real Pythons have it.

use crate::ids::{CoreId, ThreadId};
use crate::plan::MachineRules;
use crate::time::SimTime;

use super::standing::Standings;
use super::tuning::TUNING;
use super::view::{Coming, Move, Pull, View, Where};

/// The rules, where threads stand, and when each core last balanced.
#[derive(Debug)]
pub(super) struct ByNumber {
    pub(super) standings: Standings,
    /// When each core last took a thread from a busier core.
    balanced_at: Vec<SimTime>,
}

impl ByNumber {
    pub(super) fn new(rules: &MachineRules) -> Self {
        let balanced_at = vec![SimTime::ZERO; rules.cores as usize];
        Self { standings: Standings::new(rules.base_slice), balanced_at }
    }

    /// A thread goes to its last core if that idles, else to the lowest idle one, else to its last one all the same. A new
    /// one goes to the shortest run queue if no core idles.
    pub(super) fn core_for(view: &View<'_>, thread: ThreadId) -> Where {
        let last = view.thread(thread).last_core.get();
        let idle =
            last.filter(|core| view.cores.is_idle(*core)).or_else(|| view.cores.lowest_idle());
        idle.or(last).map_or(Where::ShortestQueue, Where::Core)
    }

    /// A woken thread pre-empts who has passed its deadline and is ahead of it. If that one is not ahead, its slice ends
    /// in case somebody waits already: the kernel looks at who is on the core with every one who comes.
    pub(super) fn come(&mut self, view: &View<'_>, thread: ThreadId, core: CoreId) -> Coming {
        if !view.thread(thread).woken {
            return Coming::Waits;
        }
        let (cores, now) = (view.cores, view.moment.now);
        self.standings.place(thread, core, cores, now);
        let is_protected = !view.stays(core) || !self.standings.slice_is_over(core, cores, now);
        if is_protected {
            Coming::Waits
        } else if self.standings.is_behind(thread, core, cores, now) {
            Coming::Preempts
        } else if cores.has_queue(core) {
            Coming::EndsSlice
        } else {
            Coming::Waits
        }
    }

    /// An idle core takes the next one of its own run queue, else who has waited longest.
    pub(super) fn pull(view: &View<'_>) -> Pull {
        view.cores.idle_with_queue().map_or(Pull::LongestWaiter, Pull::Own)
    }

    /// When a slice ends on `busier` and two more wait there than on the busy core with the shortest run queue, the next
    /// one goes there, unless that core has balanced a short while ago.
    pub(super) fn balance(
        &mut self,
        view: &View<'_>,
        busier: CoreId,
        calmest: CoreId,
    ) -> Option<Move> {
        let (cores, now) = (view.cores, view.moment.now);
        let interval = TUNING.busy_interval * self.balanced_at.len() as u64;
        let is_due = now - self.balanced_at[calmest.index()] >= interval;
        let is_calmer = cores.queue_length(busier) >= cores.queue_length(calmest) + 2;
        if cores.is_idle(calmest) || !is_due || !is_calmer {
            return None;
        }
        self.balanced_at[calmest.index()] = now;
        let thread = cores.waiting(busier).next()?;
        Some(Move { thread, from: busier, to: calmest })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{C, Scene, T, at, ms};
    use super::*;

    /// A kernel of the scene's cores and threads, with slices of 3 ms.
    fn kernel(scene: &Scene) -> ByNumber {
        let mut kernel = ByNumber::new(&scene.rules());
        for _ in T {
            kernel.standings.add();
        }
        for core in scene.cores.numbers() {
            if let Some(thread) = scene.cores.on(core) {
                kernel.standings.renew_deadline(thread);
            }
        }
        kernel
    }

    #[test]
    fn a_woken_thread_queues_on_its_last_core_if_none_idles() {
        let scene = Scene::of(2).running(C[0], T[1], at(0)).running(C[1], T[2], at(0));
        let scene = scene.with_last_core(T[0], C[1]);
        assert_eq!(ByNumber::core_for(&scene.view(at(0)), T[0]), Where::Core(C[1]));
        assert_eq!(ByNumber::core_for(&scene.view(at(0)), T[3]), Where::ShortestQueue);
    }

    #[test]
    fn who_has_passed_its_deadline_is_pre_empted_by_a_woken_thread_that_is_behind() {
        let scene = Scene::of(1).working_on(C[0], T[1], at(0)).woken(T[0], C[0]);
        let mut kernel = kernel(&scene);
        assert_eq!(kernel.come(&scene.view(ms(2)), T[0], C[0]), Coming::Waits, "protected");
        assert_eq!(kernel.come(&scene.view(ms(3)), T[0], C[0]), Coming::Preempts);
    }

    #[test]
    fn who_is_between_two_steps_is_not_pre_empted() {
        let scene = Scene::of(1).working_on(C[0], T[1], at(0)).woken(T[0], C[0]);
        let mut view = scene.view(ms(3));
        view.moment.acting = Some(T[1]);
        assert_eq!(kernel(&scene).come(&view, T[0], C[0]), Coming::Waits);
    }

    #[test]
    fn a_second_one_who_waits_ends_a_slice_that_is_over() {
        let scene = Scene::of(1).working_on(C[0], T[1], at(0)).woken(T[0], C[0]);
        let scene = scene.waiting(C[0], T[2], at(0));
        let mut kernel = kernel(&scene);
        // It was ahead when it fell asleep, so it is level with the one on the core when it wakes up.
        kernel.standings.ran(T[0], ms(1) - at(0));
        kernel.standings.leave(T[0], C[0], &scene.cores, ms(0));
        assert_eq!(kernel.come(&scene.view(ms(3)), T[0], C[0]), Coming::EndsSlice);
    }

    #[test]
    fn an_idle_core_looks_at_its_own_queue_first() {
        let scene = Scene::of(2).waiting(C[1], T[0], at(5)).waiting(C[1], T[1], at(6));
        assert_eq!(ByNumber::pull(&scene.view(at(9))), Pull::Own(C[1]));
        let scene = Scene::of(2).running(C[0], T[2], at(0)).waiting(C[0], T[0], at(5));
        assert_eq!(ByNumber::pull(&scene.view(at(9))), Pull::LongestWaiter);
    }

    #[test]
    fn of_two_more_who_wait_the_next_one_moves_and_not_again_for_16_ms_a_core() {
        let scene = Scene::of(2).running(C[0], T[0], at(0)).running(C[1], T[1], at(0));
        let scene = scene.waiting(C[0], T[2], at(1)).waiting(C[0], T[3], at(2));
        let mut kernel = kernel(&scene);
        let moved = Some(Move { thread: T[2], from: C[0], to: C[1] });
        assert_eq!(kernel.balance(&scene.view(ms(31)), C[0], C[1]), None, "too early");
        assert_eq!(kernel.balance(&scene.view(ms(32)), C[0], C[1]), moved);
        assert_eq!(kernel.balance(&scene.view(ms(63)), C[0], C[1]), None);
        assert_eq!(kernel.balance(&scene.view(ms(64)), C[0], C[1]), moved);
    }
}
