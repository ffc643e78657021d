//! Computations of several native threads: those of a thread and what it has for them, a team of its own as OpenMP's
//! (docs/semantics.md, "Native threads").
//!
//! A computation is so many regions. In each every thread of the team does an equal piece, and waits until all have
//! done theirs. The thread that computes takes part, and does what is left over by the division.

use std::collections::BTreeMap;

use crate::ids::{ComputationId, NameId, ThreadId};
use crate::model::{LockMode, NativeBarrier};
use crate::plan::{Group, Pc, TeamOp};
use crate::time::SimDuration;
use crate::trace::{Sink, State};
use crate::workload::Length;

use super::thread::{Burst, Item, Status, Wait};
use super::{Engine, Flow};

/// The teams of a run, by the thread that computes.
#[derive(Default, Debug)]
pub(super) struct Teams {
    teams: BTreeMap<ThreadId, Team>,
    /// Whose native threads are which.
    leaders: BTreeMap<ThreadId, ThreadId>,
}

/// A thread that computes, and its native threads.
#[derive(Debug)]
struct Team {
    /// In order of birth. A computation of fewer threads uses the first ones.
    natives: Vec<ThreadId>,
    /// How many threads do the computation, the one that computes included.
    size: usize,
    /// Whether they spin at the barrier.
    spins: bool,
    name: NameId,
    /// What each does in a region, and what the one that computes does besides in the first one.
    piece: SimDuration,
    rest: SimDuration,
    /// Regions that are not over.
    regions: u32,
    /// Those who have come to the barrier and wait there.
    waiting: Vec<ThreadId>,
    /// Native threads that have nothing to do.
    resting: Vec<ThreadId>,
}

impl Team {
    const fn new() -> Self {
        Self {
            natives: Vec::new(),
            size: 1,
            spins: false,
            name: NameId::EMPTY,
            piece: SimDuration::ZERO,
            rest: SimDuration::ZERO,
            regions: 0,
            waiting: Vec::new(),
            resting: Vec::new(),
        }
    }

    /// Whether a thread, which may be the one that computes, is among those that do the computation.
    fn takes_part(&self, thread: ThreadId) -> bool {
        let place = self.natives.iter().position(|native| *native == thread);
        place.is_none_or(|place| place + 1 < self.size)
    }
}

/// A spinning thread does so much, or as long as it takes.
const ENDLESS: SimDuration = SimDuration::from_nanos(1 << 61);

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn run_team_op(&mut self, thread: ThreadId, op: TeamOp) -> Flow {
        match op {
            TeamOp::Begin { computation, length, native } => {
                self.begin_region(thread, computation, length);
                self.gather_team(thread, native);
                Flow::Go
            }
            TeamOp::Work => self.do_piece(thread),
            TeamOp::Meet => self.meet_team(thread),
            TeamOp::IfMore(again) => {
                let team = self.team_of(thread);
                Flow::jump_if(team.regions > 0 && team.takes_part(thread), again)
            }
            TeamOp::Rest => {
                let team = self.team_of(thread);
                if team.regions > 0 && team.takes_part(thread) {
                    return Flow::Go;
                }
                team.resting.push(thread);
                self.block(thread, Wait::Team, None)
            }
        }
    }

    fn team_of(&mut self, thread: ThreadId) -> &mut Team {
        let leader = self.teams.leaders.get(&thread).copied().unwrap_or(thread);
        self.teams.teams.entry(leader).or_insert_with(Team::new)
    }

    fn begin_region(&mut self, thread: ThreadId, computation: ComputationId, length: Length) {
        let whole = self.plan.compute(self.length(thread, length));
        let rules = self.plan.computations[computation.index()];
        let parallel = self.plan.parallel[computation.index()];
        let (piece, rest) = parallel.pieces(whole);
        let team = self.team_of(thread);
        (team.name, team.piece, team.rest) = (rules.0, piece, rest);
        team.size = parallel.threads as usize;
        team.spins = parallel.barrier == NativeBarrier::Spin;
        team.regions = parallel.regions;
    }

    /// Wakes the native threads that take part, and makes those that are missing.
    fn gather_team(&mut self, leader: ThreadId, program: Pc) {
        let cost = self.plan.machine.wake_call;
        let team = self.team_of(leader);
        let missing = (team.size - 1).saturating_sub(team.natives.len());
        let resting = std::mem::take(&mut team.resting);
        let (woken, resting): (Vec<ThreadId>, Vec<ThreadId>) =
            resting.into_iter().partition(|native| team.takes_part(*native));
        team.resting = resting;
        for native in woken {
            self.wake_at_cost(leader, native, cost, false);
        }
        for _ in 0..missing {
            let process = self.thread(leader).process;
            let native = self.new_thread(process, program, Group(0), Item::NONE);
            self.teams.leaders.insert(native, leader);
            self.team_of(leader).natives.push(native);
            self.thread_mut(native).status = Status::Blocked(Wait::Team);
            self.wake_at_cost(leader, native, cost, false);
        }
    }

    /// A thread does its piece of the region.
    fn do_piece(&mut self, thread: ThreadId) -> Flow {
        let is_leader = !self.teams.leaders.contains_key(&thread);
        let team = self.team_of(thread);
        let rest = if is_leader { std::mem::take(&mut team.rest) } else { SimDuration::ZERO };
        let (left, name) = (team.piece + rest, team.name);
        let (state, lock) = (State::Native, LockMode::Released);
        self.work(thread, Burst { left, state, lock, name })
    }

    /// A thread has done its piece: the last one lets all others go on.
    fn meet_team(&mut self, thread: ThreadId) -> Flow {
        let spin = self.names.spin;
        let team = self.team_of(thread);
        if team.waiting.len() + 1 == team.size {
            team.regions -= 1;
            let (waiting, spins) = (std::mem::take(&mut team.waiting), team.spins);
            for other in waiting {
                self.end_wait_for_team(thread, other, spins);
            }
            return Flow::Go;
        }
        team.waiting.push(thread);
        let (spins, name) = (team.spins, team.name);
        if spins {
            let (state, lock) = (State::Overhead, LockMode::Released);
            return self.work(thread, Burst { left: ENDLESS, state, lock, name: spin });
        }
        self.block(thread, Wait::Team, Some((State::Sync, name)))
    }

    fn end_wait_for_team(&mut self, waker: ThreadId, woken: ThreadId, spins: bool) {
        if spins {
            self.end_spin(woken);
        } else {
            self.wake_at_cost(waker, woken, self.plan.machine.wake_call, false);
        }
    }
}
