//! What the engine is given: a machine, a lock, channels, and the programs of the tool's threads.
//!
//! A tool is a topology, not a behaviour. Each kind of thread that it has runs a small program of
//! [`Op`]s: take from a channel, pay a cost under the lock, run a task, put to the next channel. An event loop is
//! such a program, and so are the steps of tasks. The engine knows these instructions and no tool by name.

mod code;
mod fan;
mod op;
mod wait;

use crate::ids::{ComputationId, EventLoopId, NameId, SemaphoreId, TaskId};
use crate::model::{Guard, LockMode, Parallel, Parcel, Payload, Server, Site};
use crate::time::SimDuration;
use crate::trace::Names;
use crate::workload::Workload;

pub use code::{Code, Label};
pub use fan::{FanCode, FanOp};
pub use op::{
    BarrierOp, ChannelOp, Group, Instruction, LimiterOp, LoopOp, Op, Pc, SharingOp, SiteOp, Start,
    TaskOp, TeamOp, TryOp,
};
pub use wait::{End, Ends, ForCoroutine, ForThread, Thing, Wait};

/// Everything that one run needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The names of the rows.
    pub names: Names,
    /// What is to be done.
    pub workload: Workload,
    /// The machine and its kernel.
    pub machine: MachineRules,
    /// The interpreter lock of each process; `None` where there is none.
    pub lock: Option<LockRules>,
    /// CPU time of a computation, in thousandths of what the workload says.
    pub compute_permille: u64,
    /// The sites: name and connections.
    pub sites: Vec<SiteRules>,
    /// The computations: name and lock mode.
    pub computations: Vec<(NameId, LockMode)>,
    /// How each computation uses several cores.
    pub parallel: Vec<Parallel>,
    /// How much longer, in thousandths, something that is shared takes if another core had it last.
    pub hand_over_permille: u64,
    /// Semaphores: those of the scenario first, then its locks, then the tool's own.
    pub semaphores: Vec<SemaphoreRules>,
    /// Where the locks of the scenario begin among the semaphores.
    pub first_lock: usize,
    /// How many of the semaphores are the scenario's, locks included.
    pub scenario_semaphores: usize,
    /// The names of the scenario's events.
    pub flags: Vec<NameId>,
    /// The barriers of the scenario.
    pub barriers: Vec<BarrierRules>,
    /// The limiters of the scenario.
    pub limiters: Vec<LimiterRules>,
    /// CPU time of a thread that wakes one that waits for an event or at a barrier.
    pub gate_wake: SimDuration,
    /// The queues of the scenario.
    pub queues: Vec<QueueRules>,
    /// Channels between the tool's threads.
    pub channels: Vec<ChannelRules>,
    /// Executors that grow on demand.
    pub executors: Vec<ExecutorRules>,
    /// Event loops.
    pub event_loops: Vec<LoopRules>,
    /// Whether results are delivered to the main thread, which hears of tasks by them.
    pub delivers_results: bool,
    /// How event loops accept tasks, where they serve: each process but the main one has one then.
    pub listens: Option<ListenRules>,
    /// Whether any coroutine may run out of time: then its timers are cancelled.
    pub limits_coroutines: bool,
    /// What bookkeeping costs that grows with an item.
    pub item_costs: Vec<ItemCost>,
    /// The tool's programs, then those of event loops, then the steps of tasks. The main thread starts at 0.
    pub code: Vec<Instruction>,
    /// How many instructions the tool's programs have.
    pub tool_instructions: usize,
    /// Where the tasks of each entry of the scenario start.
    pub entries: Vec<EntryCode>,
    /// The steps that do lists of steps at the same time.
    pub fans: Vec<FanCode>,
    /// What the bookkeeping of a pool's threads costs more when they wake up on a cold core.
    pub cold: SimDuration,
    /// How much memory things take.
    pub memory: MemoryRules,
    /// Keys what varies without being drawn: who gets the lock, and how long a wake-up takes.
    pub seed: u64,
}

/// By which rules a kernel decides which thread is on which core: see `docs/kernels.md`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KernelRules {
    /// The plain rules of the profile `ideal`.
    Exact,
    /// A woken thread goes to an idle core if there is one, and cores balance by how many threads wait.
    ByNumber,
    /// A woken thread goes to its last core, or to its waker's, even while another one idles, and cores balance by loads.
    InPlace {
        /// How often a core that falls idle looks for work elsewhere then, in thousandths.
        newidle_permille: u64,
    },
}

/// The machine as the engine sees it (docs/semantics.md, "Threads on cores").
#[derive(Clone, Copy, Debug)]
pub struct MachineRules {
    /// The rules of its kernel.
    pub kernel: KernelRules,
    /// Cores; at least 1.
    pub cores: u32,
    /// Time slice.
    pub quantum: SimDuration,
    /// Wake-up to first instruction on an idle core.
    pub wake_latency: SimDuration,
    /// The same on a cold core.
    pub wake_latency_deep: SimDuration,
    /// CPU time of interrupting an idle core.
    pub interrupt: SimDuration,
    /// CPU time of whoever wakes a thread that waits for a lock.
    pub wake_call: SimDuration,
    /// How far the latency varies to either side, in thousandths.
    pub wake_spread_permille: u64,
    /// The same on a core that was busy until that instant.
    pub wake_latency_same: SimDuration,
    /// Switching a core to a thread of its run queue.
    pub context_switch: SimDuration,
    /// What that takes more if it was woken from a wait with a time-out.
    pub timer_call: SimDuration,
    /// How long a running thread is safe from a waking one.
    pub base_slice: SimDuration,
    /// How much later than asked a timer fires.
    pub timer_slack: SimDuration,
    /// CPU time of `time.sleep(0)` where it goes round the kernel's timers; `None` where it is a sleep.
    pub sleep_zero: Option<SimDuration>,
}

/// The interpreter lock (docs/semantics.md, "The interpreter lock").
#[derive(Clone, Copy, Debug)]
pub struct LockRules {
    /// How long a waiter waits before it asks the holder to give way.
    pub switch_interval: SimDuration,
    /// How often the requester gets the lock instead of the longest waiter, in thousandths.
    pub requester_permille: u32,
    /// How long the lock has to be free for a thread that comes onto a core to take it.
    pub retake: SimDuration,
}

/// A site.
#[derive(Clone, Copy, Debug)]
pub struct SiteRules {
    /// Its name.
    pub name: NameId,
    /// Requests in flight at once.
    pub connections: Option<u32>,
    /// What a request takes besides.
    pub server: Server,
}

/// A semaphore, or a lock as one of a single permit.
#[derive(Clone, Copy, Debug)]
pub struct SemaphoreRules {
    /// Its name.
    pub name: NameId,
    /// Permits at the start.
    pub permits: u32,
    /// Whether the scenario calls it a lock.
    pub is_lock: bool,
    /// Whether a permit is handed to a coroutine that waits, or may be taken by whoever comes first.
    pub hands_over: bool,
    /// After how long a wait a thread is handed a permit, if ever; others may be faster until then.
    pub fair_after: Option<SimDuration>,
    /// CPU time of a thread that wakes one that waits.
    pub wake: SimDuration,
    /// Of one that is not the scenario's: what a thread really waits for that waits for a permit.
    pub stands_for: Option<Thing>,
}

/// A barrier.
#[derive(Clone, Copy, Debug)]
pub struct BarrierRules {
    /// Its name.
    pub name: NameId,
    /// How many meet.
    pub parties: u32,
}

/// A limiter.
#[derive(Clone, Copy, Debug)]
pub struct LimiterRules {
    /// Its name.
    pub name: NameId,
    /// In what time a token comes.
    pub gap: SimDuration,
    /// How many tokens there are at most.
    pub burst: u32,
}

/// A queue of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct QueueRules {
    /// Its name.
    pub name: NameId,
    /// The most items in it.
    pub capacity: Option<u32>,
    /// CPU time of a thread that wakes one that waits.
    pub wake: SimDuration,
    /// Whether it is a pipe, whose writer calls the reader to its own core.
    pub is_pipe: bool,
}

/// A channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules {
    /// Whether an item goes straight to the oldest parked taker (`SimpleQueue` since 3.13), or may be
    /// taken by whoever comes first.
    pub hand_off: bool,
    /// CPU time of whoever wakes a parked taker.
    pub wake: SimDuration,
    /// Whether it is a pipe, whose writer calls the reader to its own core.
    pub is_pipe: bool,
    /// Whether each process has one of its own.
    pub in_each_process: bool,
}

/// When an executor starts another worker (docs/semantics.md, "Thread pools", docs/semantics.md, "Process pools").
#[derive(Clone, Copy, Debug)]
pub struct ExecutorRules {
    /// The most workers.
    pub workers: u32,
    /// All at the first submit, whether idle workers exist or not.
    pub all_at_once: bool,
    /// Whether each process has one of its own.
    pub in_each_process: bool,
}

/// How event loops accept requests (docs/semantics.md, "Servers that fork beforehand").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListenRules {
    /// Whether each request goes to the loop with the fewest, or whoever comes first accepts it.
    pub evenly: bool,
}

/// An event loop (docs/semantics.md, "The event loop"), without what its program says.
#[derive(Clone, Copy, Debug)]
pub struct LoopRules {
    /// Where its thread takes the next handle.
    pub next_handle: Pc,
    /// What the poll's timeout is rounded up to.
    pub poll_granularity: SimDuration,
    /// A task's first step.
    pub first_step: SimDuration,
    /// Resuming a task.
    pub step: SimDuration,
    /// Taking a due timer and completing its future.
    pub timer_fire: SimDuration,
    /// Taking it from the heap of timers, for each doubling of those that are set.
    pub timer_level: SimDuration,
    /// What a step costs more for each doubling of the coroutines that live beyond `few_live`.
    pub live_level: SimDuration,
    /// So many live when a step costs what it costs: at least 1.
    pub few_live: u32,
    /// What an iteration costs more on a cold core.
    pub cold: SimDuration,
    /// Completing a future for its waiter.
    pub future: SimDuration,
    /// Draining the self-pipe once.
    pub drain: SimDuration,
    /// Accepting a request.
    pub accept: SimDuration,
    /// Looking for one where there is none.
    pub accept_nothing: SimDuration,
}

/// What bookkeeping costs that grows with the item at hand: its payload and the number of its tasks.
#[derive(Clone, Copy, Debug)]
pub struct ItemCost {
    /// For the item itself.
    pub base: SimDuration,
    /// For each of its tasks after the first.
    pub each_further: SimDuration,
    /// For the payloads of its tasks, if they are touched.
    pub pickling: Option<Pickling>,
    /// What kind of bookkeeping.
    pub name: NameId,
}

/// Pickling or unpickling the payloads of an item, and what one side of a pipe costs.
#[derive(Clone, Copy, Debug)]
pub struct Pickling {
    /// What is pickled.
    pub way: Way,
    /// Which side this is.
    pub side: Side,
    /// In nanoseconds per mebibyte.
    pub per_mib: u64,
    /// For each object after the first.
    pub per_object: SimDuration,
    /// Writing or reading, in nanoseconds per mebibyte.
    pub pipe_per_mib: u64,
    /// What a large item takes besides, in nanoseconds per mebibyte.
    pub fresh_per_mib: u64,
}

/// Which way something goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// From the parent to a worker.
    Sent,
    /// From a worker back.
    Received,
}

/// Who pays for what goes through a pipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The sender, who pickles.
    Pickle,
    /// The receiver, who unpickles.
    Unpickle,
}

impl Pickling {
    /// What crosses.
    pub const fn parcel(&self, payload: Payload) -> Parcel {
        match self.way {
            Way::Sent => payload.send,
            Way::Received => payload.receive,
        }
    }

    /// Nanoseconds for so many bytes of one item, likewise, besides those of its payloads: those of large items are fresh
    /// memory as a rule (docs/semantics.md, "Pickling").
    pub fn of_fresh_memory(&self, bytes: u64) -> u128 {
        const LARGE: u64 = 128 << 10;
        if bytes < LARGE { 0 } else { u128::from(bytes) * u128::from(self.fresh_per_mib) }
    }

    /// Nanoseconds for one payload, times 2^20 for the sake of rates per mebibyte.
    pub fn of(&self, payload: Payload) -> u128 {
        let parcel = self.parcel(payload);
        let measured = match self.side {
            Side::Pickle => payload.pickle,
            Side::Unpickle => payload.unpickle,
        };
        let bytes = u128::from(parcel.bytes);
        let work = if let Some(measured) = measured.filter(|_| parcel != Parcel::default()) {
            u128::from(measured.as_nanos()) << 20
        } else {
            let further = u128::from(parcel.objects.saturating_sub(1));
            let objects = further * u128::from(self.per_object.as_nanos());
            bytes * u128::from(self.per_mib) + (objects << 20)
        };
        work + bytes * u128::from(self.pipe_per_mib)
    }
}

/// Where the tasks of an entry start.
#[derive(Clone, Copy, Debug)]
pub struct EntryCode {
    /// Their steps on a thread, or their coroutines where they have an event loop.
    pub start: Pc,
    /// The loop that runs their coroutines.
    pub event_loop: Option<EventLoopId>,
}

/// Memory in bytes, for the estimate of the summary.
#[derive(Clone, Copy, Debug)]
pub struct MemoryRules {
    /// The main process.
    pub base: u64,
    /// A thread.
    pub thread: u64,
    /// A coroutine.
    pub coroutine: u64,
    /// A further process.
    pub process: u64,
    /// A subinterpreter.
    pub interpreter: u64,
}

impl Plan {
    /// How much CPU time the leaf step of a task is to be given, `None` where it computes nothing.
    pub fn demanded(&self, task: TaskId, leaf: u32) -> Option<SimDuration> {
        let (computation, length) = self.workload.computation(task, leaf)?;
        let whole = self.compute(length);
        let team = computation.filter(|it| self.has_team(*it));
        Some(team.map_or(whole, |it| self.parallel[it.index()].own_part(whole)))
    }

    /// Whether several native threads do a computation: those do not have the interpreter lock.
    pub fn has_team(&self, computation: ComputationId) -> bool {
        let is_free = self.computations[computation.index()].1 == LockMode::Released;
        is_free && self.parallel[computation.index()].threads > 1
    }

    /// Whether threads get in each other's way at a computation: not where the interpreter lock keeps them apart anyway.
    pub fn contends(&self, computation: ComputationId) -> bool {
        self.lock.is_none() && self.parallel[computation.index()].shared_permille > 0
    }

    /// How much longer, in thousandths, a computation takes while so many threads do one that shares something.
    ///
    /// What is shared goes one by one. So a round of all threads takes as long as each alone, or as all that is shared,
    /// whatever is longer (the bounds of a closed network, docs/semantics.md, "Sharing objects").
    pub fn contention(&self, computation: ComputationId, threads: u64) -> u64 {
        if threads < 2 {
            return 0;
        }
        let shared = u64::from(self.parallel[computation.index()].shared_permille);
        let late = shared * self.hand_over_permille / 1_000;
        late.max((threads * (shared + late)).saturating_sub(1_000))
    }

    /// The name of the semaphore, site or queue.
    pub fn name_of(&self, thing: Thing) -> NameId {
        match thing {
            Thing::Permit(semaphore) => self.semaphores[semaphore.index()].name,
            Thing::Connection(site) => self.sites[site.index()].name,
            Thing::Room(queue) | Thing::Item(queue) => self.queues[queue.index()].name,
            Thing::Flag(flag) => self.flags[flag.index()],
            Thing::Meeting(barrier) => self.barriers[barrier.index()].name,
            Thing::Turn(limiter) => self.limiters[limiter.index()].name,
        }
    }

    /// The semaphore that a task holds a permit of during a `with`.
    pub fn permit_of(&self, guard: Guard) -> SemaphoreId {
        match guard {
            Guard::Semaphore(semaphore) => semaphore,
            Guard::Lock(lock) => SemaphoreId::at(self.first_lock + lock.index()),
        }
    }

    /// Whether it is a lock of the scenario.
    pub fn is_lock(&self, thing: Thing) -> bool {
        matches!(thing, Thing::Permit(permit) if self.semaphores[permit.index()].is_lock)
    }

    /// What it costs a thread to wake one that waits for a thing, and whether it writes to a pipe for that.
    pub fn wake_cost(&self, thing: Thing) -> (SimDuration, bool) {
        match thing {
            Thing::Permit(semaphore) => (self.semaphores[semaphore.index()].wake, false),
            Thing::Connection(_) | Thing::Turn(_) => (SimDuration::ZERO, false),
            Thing::Flag(_) | Thing::Meeting(_) => (self.gate_wake, false),
            Thing::Room(queue) | Thing::Item(queue) => {
                let rules = &self.queues[queue.index()];
                (rules.wake, rules.is_pipe)
            }
        }
    }

    /// The instruction at a position.
    pub fn instruction(&self, at: Pc) -> &Instruction {
        &self.code[at.0 as usize]
    }

    /// The CPU time that a computation takes on this build.
    pub fn compute(&self, demand: SimDuration) -> SimDuration {
        if self.compute_permille == 1_000 {
            return demand;
        }
        demand.scaled(self.compute_permille, 1_000)
    }
}

impl SiteRules {
    /// The rules of a site under a name of the run.
    pub fn of(site: &Site, name: NameId) -> Self {
        Self { name, connections: site.connections, server: site.server }
    }
}
