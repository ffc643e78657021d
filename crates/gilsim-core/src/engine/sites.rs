//! Sites whose connections take time to be made, and those whose answers take longer the more requests there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::ids::{ProcessId, SiteId, ThreadId};
use crate::plan::{Plan, SiteOp};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Sink, State};
use crate::workload::Length;

use super::{Engine, Flow};

/// The servers of all sites.
#[derive(Debug)]
pub(super) struct Servers {
    queues: Vec<Queue>,
    /// How many connections of a site are kept, and by whom.
    kept: BTreeMap<(SiteId, Owner), u32>,
}

/// A process, or a thread with an interpreter of its own: the others cannot use its connections.
type Owner = (ProcessId, Option<ThreadId>);

/// The requests at one server.
#[derive(Default, Debug)]
struct Queue {
    /// When the next request gets its turn at the soonest.
    next_turn: SimTime,
    /// When those in flight are answered.
    answers: BinaryHeap<Reverse<SimTime>>,
}

impl Servers {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            queues: plan.sites.iter().map(|_| Queue::default()).collect(),
            kept: BTreeMap::new(),
        }
    }
}

impl Queue {
    /// How many requests are in flight.
    fn in_flight(&mut self, now: SimTime) -> u64 {
        while self.answers.peek().is_some_and(|Reverse(at)| *at <= now) {
            self.answers.pop();
        }
        self.answers.len() as u64
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// Does something with a site.
    pub(super) fn run_site_op(&mut self, thread: ThreadId, site: SiteId, op: SiteOp) -> Flow {
        match op {
            SiteOp::TakeKept(to) => {
                let owner = self.owner_of_connections(thread);
                let kept = self.servers.kept.entry((site, owner)).or_default();
                let is_there = *kept > 0;
                *kept -= u32::from(is_there);
                Flow::jump_if(is_there, to)
            }
            SiteOp::Keep => {
                let owner = self.owner_of_connections(thread);
                *self.servers.kept.entry((site, owner)).or_default() += 1;
                Flow::Go
            }
            SiteOp::Sleep(length) => {
                if self.strike_by(thread, self.now) {
                    return Flow::Go;
                }
                let length = self.time_of_answer(thread, site, length);
                let name = self.plan.sites[site.index()].name;
                if self.strike_by(thread, self.now + length) {
                    return self.sleep_until_late(thread, name);
                }
                self.sleep(thread, length, Some((State::Io, name)))
            }
            SiteOp::SetTimer(length) => {
                let length = self.time_of_answer(thread, site, length);
                self.set_timer(thread, Length::Constant(length));
                Flow::Go
            }
        }
    }

    fn owner_of_connections(&self, thread: ThreadId) -> Owner {
        let has_interpreter = self.processes.interpreter(thread).is_some();
        (self.thread(thread).process, has_interpreter.then_some(thread))
    }

    /// How long a request that is sent now takes, whose answer takes that long where there is no other one: it waits for
    /// its turn, and takes longer for those in flight.
    fn time_of_answer(&mut self, thread: ThreadId, site: SiteId, length: Length) -> SimDuration {
        let (now, base) = (self.now, self.length(thread, length));
        let server = self.plan.sites[site.index()].server;
        let queue = &mut self.servers.queues[site.index()];
        let turn = queue.next_turn.max(now);
        queue.next_turn = turn + server.turn;
        let answered = turn + base + server.per_concurrent * queue.in_flight(now);
        if !server.per_concurrent.is_zero() {
            queue.answers.push(Reverse(answered));
        }
        answered - now
    }
}
