//! Balancing: a core takes threads from another's run queue. An idle one does so as it falls idle and at timer ticks, a
//! busy one at some ticks (`sched_balance_newidle`, `sched_balance_domains`, `calculate_imbalance` and `detach_tasks` in
//! Linux `kernel/sched/fair.c`).

use std::cmp::Reverse;

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::super::cores::Cores;
use super::super::tuning::TUNING;
use super::super::view::{Move, Pull, View};
use super::InPlace;
use crate::engine::dice;

/// Sets this throw of dice apart from other hashes.
const DICE: u64 = 0x6e65_7769_646c_6500;

/// A nanosecond: what makes "for longer than" of "for so long".
const MORE: SimDuration = SimDuration::from_nanos(1);

impl InPlace {
    /// An idle core takes the next one of its own run queue, else it looks elsewhere: when it falls idle, if the dice have
    /// it, and at timer ticks, after the busy cores have switched (`slices_end` tells that they have not yet). While nobody waits it does not look.
    pub(in crate::engine::kernel) fn pull(
        &mut self,
        view: &View<'_>,
        slices_end: bool,
    ) -> Option<Pull> {
        if let Some(core) = view.cores.idle_with_queue() {
            return Some(Pull::Own(core));
        }
        if !view.cores.anybody_waits() {
            return None;
        }
        let now = view.moment.now;
        if self.ticks.from(now) == now && !slices_end {
            return view.cores.all_idle().find_map(|core| self.look_when_idle(view, core, true));
        }
        self.find_who_falls_idle_and_looks(view.cores, now);
        (0..self.left.len()).find_map(|place| self.look_when_idle(view, self.left[place], false))
    }

    /// Of the cores that have been left at this instant only those stay in the list that look for work elsewhere at once.
    fn find_who_falls_idle_and_looks(&mut self, cores: &Cores, now: SimTime) {
        let mut left = std::mem::take(&mut self.left);
        left.sort_unstable();
        left.dedup();
        left.retain(|core| self.looks_as_it_falls_idle(*core, cores, now));
        self.left = left;
    }

    /// Whether a core falls idle now and looks for work elsewhere at once: a throw of dice, a hash of seed, core and
    /// instant.
    fn looks_as_it_falls_idle(&self, core: CoreId, cores: &Cores, now: SimTime) -> bool {
        let key = self.seed ^ DICE ^ (u64::from(core.0) << 40) ^ now.as_nanos();
        cores.fell_idle_at(core, now) && dice::mix(key) % 1_000 < self.newidle_permille
    }

    /// Whom an idle core takes from another's run queue. It leaves those alone who have just run, unless it has looked in
    /// vain at some ticks, and at a tick those who need more than it has to spare.
    fn look_when_idle(&mut self, view: &View<'_>, core: CoreId, is_tick: bool) -> Option<Pull> {
        let now = view.moment.now;
        self.forget_old_looks(core, view.cores, now);
        let lookout = self.lookouts[core.index()];
        // With nothing to spare at all a kernel counts threads instead (`migrate_task`).
        let spare = self.utilisations.spare_on(core, now);
        let fits = |it| !is_tick || spare == 0 || self.utilisations.of_thread(it, now) <= spare;
        let pulled = self
            .line
            .iter()
            .find(|(_, it)| fits(*it) && lookout.takes(self.ran_at(view, *it), now));
        let lookout = &mut self.lookouts[core.index()];
        if is_tick && !(pulled.is_none() && lookout.saw_one_at(now)) {
            lookout.saw_imbalance(now, pulled.is_some());
        } else if pulled.is_some() {
            lookout.took();
        }
        pulled.map(|(from, thread)| Pull::This(Move { thread, from, to: core }))
    }

    /// What an idle core saw is of no use if it has been idle at the last tick, too, and did not look: nobody waited then.
    fn forget_old_looks(&mut self, core: CoreId, cores: &Cores, now: SimTime) {
        let tick = self.ticks.0;
        let lookout = &mut self.lookouts[core.index()];
        if cores.has_idled_for(core, tick + MORE, now) && now - lookout.looked_at > tick {
            lookout.forget();
        }
    }

    /// While somebody waits for a busy core, an idle one looks for work again at the next timer tick.
    pub(in crate::engine::kernel) fn next_look(
        &self,
        cores: &Cores,
        now: SimTime,
    ) -> Option<(CoreId, SimTime)> {
        let idle = cores.lowest_idle().filter(|_| cores.anybody_waits());
        idle.map(|core| (core, self.ticks.from(now + MORE)))
    }

    /// A core that has been idle until now has looked at every tick.
    pub(super) fn note_idle_looks(&mut self, core: CoreId, cores: &Cores, now: SimTime) {
        let last = self.ticks.until(now);
        let was_idle = cores.has_idled_for(core, now - last + MORE, now);
        let lookout = &mut self.lookouts[core.index()];
        if was_idle && lookout.looked_at < last {
            lookout.saw_balance(last);
        }
    }

    /// At the end of a time slice on `busier`: if it is the busiest of all, other busy cores whose time it is look at it.
    pub(in crate::engine::kernel) fn balance(
        &mut self,
        view: &View<'_>,
        busier: CoreId,
    ) -> Vec<Move> {
        let (cores, now) = (view.cores, view.moment.now);
        let mut moves = Vec::new();
        if now < self.next_look {
            return moves;
        }
        let busy = cores.numbers().filter(|it| !cores.is_idle(*it));
        let mut due: Vec<CoreId> = busy.clone().filter(|it| *it != busier).collect();
        due.retain(|core| self.looks_now(*core, now));
        if !due.is_empty() && self.busiest(cores, now) == Some(busier) {
            let average = self.average_load(cores, now);
            for core in due {
                self.look_at(view, busier, core, average, &mut moves);
            }
        }
        let next_look = busy.map(|core| self.looks_at(core)).min();
        self.next_look = next_look.unwrap_or(SimTime::NEVER);
        moves
    }

    /// The core with the most load. A core that nobody is on is passed over, however much load those have left there who ran
    /// on it: it has nobody to give (`sched_balance_find_src_rq`).
    pub(super) fn busiest(&self, cores: &Cores, now: SimTime) -> Option<CoreId> {
        let busy = cores.numbers().filter(|it| !cores.is_idle(*it));
        busy.max_by_key(|it| (self.loads.of_core(*it, now), Reverse(it.0)))
    }

    fn average_load(&self, cores: &Cores, now: SimTime) -> i64 {
        let sum: i64 = cores.numbers().map(|it| self.loads.of_core(it, now)).sum();
        sum / self.lookouts.len().cast_signed() as i64
    }

    /// Whether it is time for a busy core to look. While nobody waits anywhere it looks, too, and sees no imbalance.
    fn looks_now(&mut self, core: CoreId, now: SimTime) -> bool {
        let due = self.looks_at(core);
        if due >= now {
            return due == now;
        }
        let late = self.late;
        let lookout = &mut self.lookouts[core.index()];
        let past = (now - due).as_nanos();
        let is_due = past.is_multiple_of(late.as_nanos());
        let further = past / late.as_nanos() - u64::from(is_due);
        lookout.saw_balance(due + late * further);
        is_due
    }

    /// When a busy core looks next.
    pub(super) fn looks_at(&self, core: CoreId) -> SimTime {
        let lookout = self.lookouts[core.index()];
        lookout.looked_at + if lookout.saw { self.soon } else { self.late }
    }

    /// A busy core looks at the busiest one, whose load and its own are compared with the average of all.
    fn look_at(
        &mut self,
        view: &View<'_>,
        busier: CoreId,
        core: CoreId,
        average: i64,
        moves: &mut Vec<Move>,
    ) {
        let (cores, now) = (view.cores, view.moment.now);
        let [own, there] = [core, busier].map(|it| self.loads.of_core(it, now));
        let is_alike = cores.has_queue(core) && there * 100 <= own * TUNING.imbalance_percent;
        let mut excess = (there - average).min(average - own);
        if is_alike || excess <= 0 {
            return self.lookouts[core.index()].saw_balance(now);
        }
        let lookout = self.lookouts[core.index()];
        let before = moves.len();
        let gone: Vec<ThreadId> = moves.iter().map(|it| it.thread).collect();
        let waiting = cores.waiting(busier).filter(|it| !gone.contains(it));
        for thread in waiting.take(TUNING.most_at_once) {
            let load = self.loads.of_thread(thread, now);
            if load >> lookout.vain.min(62) <= excess
                && lookout.takes(self.ran_at(view, thread), now)
            {
                self.want(thread, core, now);
                self.wait(thread, core, now);
                moves.push(Move { thread, from: busier, to: core });
                excess -= load;
            }
            if excess <= 0 {
                break;
            }
        }
        self.lookouts[core.index()].saw_imbalance(now, moves.len() > before);
    }

    /// When a waiting thread last ran, if it ever did.
    fn ran_at(&self, view: &View<'_>, thread: ThreadId) -> Option<SimTime> {
        let has_run = view.thread(thread).last_core.is_some();
        has_run.then(|| self.standings.left_at(thread))
    }
}
