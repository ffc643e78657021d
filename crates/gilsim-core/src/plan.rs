//! What the engine is given: a machine, a lock, channels, and the programs of the tool's threads.
//!
//! A tool is a topology, not a behaviour. Each kind of thread that it has runs a small program of
//! [`Op`]s: take from a channel, pay a cost under the lock, run a task, put to the next channel. The
//! engine knows these instructions and no tool by name.

use crate::ids::{NameId, SemaphoreId, TaskId};
use crate::model::{LockMode, Site};
use crate::time::SimDuration;
use crate::trace::Names;
use crate::workload::Workload;

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
    /// Semaphores: those of the scenario first, then the tool's own.
    pub semaphores: Vec<SemaphoreRules>,
    /// How many of the semaphores are the scenario's.
    pub scenario_semaphores: usize,
    /// The queues of the scenario: name and capacity.
    pub queues: Vec<(NameId, Option<u32>)>,
    /// Channels between the tool's threads.
    pub channels: Vec<ChannelRules>,
    /// Executors that grow on demand.
    pub executors: Vec<ExecutorRules>,
    /// The event loop of the main thread, where the tool has one.
    pub event_loop: Option<LoopRules>,
    /// All programs, one after the other; the main thread starts at 0.
    pub code: Vec<Instruction>,
    /// How much memory things take.
    pub memory: MemoryRules,
    /// Keys what varies without being drawn: who gets the lock, and how long a wake-up takes.
    pub seed: u64,
}

/// An operation, and where its thread goes on after it: jumps are followed once and for all.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// What is done next, unless `op` says otherwise.
    pub next: Pc,
}

/// A position in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pc(pub u32);

/// A channel between threads of the tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelId(pub u32);

/// An executor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorId(pub u32);

/// Threads that are joined together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group(pub u8);

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

/// The machine as the engine sees it (semantics 2).
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
    /// The same on a core that has idled for some milliseconds.
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
    /// How long a running thread is safe from a waking one.
    pub base_slice: SimDuration,
    /// How much later than asked a timer fires.
    pub timer_slack: SimDuration,
    /// CPU time of `time.sleep(0)` where it goes round the kernel's timers; `None` where it is a sleep.
    pub sleep_zero: Option<SimDuration>,
}

/// The interpreter lock (semantics 1).
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
}

/// A semaphore.
#[derive(Clone, Copy, Debug)]
pub struct SemaphoreRules {
    /// Its name.
    pub name: NameId,
    /// Permits at the start.
    pub permits: u32,
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
}

/// When an executor starts another worker (semantics 4.4, 4.5).
#[derive(Clone, Copy, Debug)]
pub struct ExecutorRules {
    /// The most workers.
    pub workers: u32,
    /// All at the first submit, whether idle workers exist or not.
    pub all_at_once: bool,
}

/// The event loop (semantics 3).
#[derive(Clone, Copy, Debug)]
pub struct LoopRules {
    /// A semaphore round each task.
    pub limit: Option<SemaphoreId>,
    /// Whether each task is offloaded whole (`asyncio.to_thread` per task).
    pub offload_tasks: bool,
    /// Whether asyncio's semaphores are first come first served (3.10 and later).
    pub fair_semaphores: bool,
    /// What the poll's timeout is rounded up to.
    pub poll_granularity: SimDuration,
    /// Where the program starts that submits an item to the default executor, and then goes back to the loop.
    pub submit_to_threads: Option<Pc>,
    /// The same for the process pool.
    pub submit_to_processes: Option<Pc>,
    /// One iteration without its handles.
    pub iteration: SimDuration,
    /// `create_task`.
    pub create_task: SimDuration,
    /// A task's first step.
    pub first_step: SimDuration,
    /// Resuming a task.
    pub step: SimDuration,
    /// Setting a timer.
    pub timer_set: SimDuration,
    /// Taking a due timer and completing its future.
    pub timer_fire: SimDuration,
    /// Completing a future for its waiter.
    pub future: SimDuration,
    /// Draining the self-pipe once.
    pub drain: SimDuration,
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

/// One instruction of a thread's program. A thread holds its lock between instructions.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Bookkeeping on a core.
    Spend {
        /// How long.
        length: SimDuration,
        /// What kind.
        name: NameId,
        /// What it does with the lock.
        lock: LockMode,
    },
    /// Bookkeeping that grows with the item at hand: its payload and the number of its tasks.
    SpendOnItem {
        /// For the item itself.
        base: SimDuration,
        /// For each of its tasks after the first.
        each_further: SimDuration,
        /// For what is sent, in nanoseconds per mebibyte.
        sent_per_mib: u64,
        /// For what comes back, in nanoseconds per mebibyte.
        received_per_mib: u64,
        /// What kind.
        name: NameId,
    },
    /// Takes the next tasks to arrive as the item at hand: up to `chunk` that arrive at one instant.
    /// Sleeps until they do.
    NextArrival {
        /// The most tasks of an item.
        chunk: u32,
        /// Where to go when no task is left.
        none: Pc,
    },
    /// Starts a thread and waits until it has set its started event.
    StartThread(Start),
    /// Starts a process, whose thread has a lock of its own.
    StartProcess(Start),
    /// Sets the started event that the parent waits for.
    Started,
    /// Goes on only in the first thread that comes here; others jump.
    Once {
        /// Which once.
        flag: u8,
        /// Where the others go.
        again: Pc,
    },
    /// From here on the thread runs under a lock of its own (a subinterpreter's).
    EnterInterpreter,
    /// From here on the thread runs under its process's lock again.
    LeaveInterpreter,
    /// Puts the item at hand into a channel.
    Put(ChannelId),
    /// Tells whoever takes from a channel to look up, without an item.
    Nudge(ChannelId),
    /// Forgets one nudge of a channel; jumps if there is none.
    Drain {
        /// The channel.
        from: ChannelId,
        /// Where to go when nobody nudged.
        none: Pc,
    },
    /// Waits without the lock until a channel has something, which takes a system call of that length even
    /// if it has something already.
    Poll {
        /// The channel.
        channel: ChannelId,
        /// How long the call takes at least.
        length: SimDuration,
        /// What kind of bookkeeping.
        name: NameId,
    },
    /// Takes an item from a channel, waiting for one.
    Take {
        /// The channel.
        from: ChannelId,
        /// Where to go when it is empty and was nudged.
        nudged: Pc,
        /// Where to go when it is empty and closed.
        closed: Pc,
    },
    /// Takes an item from a channel if there is one.
    TryTake {
        /// The channel.
        from: ChannelId,
        /// Where to go when it is empty.
        none: Pc,
    },
    /// Nothing more will be put into a channel; its takers leave one after the other.
    Close(ChannelId),
    /// Takes a permit, waiting for one.
    Acquire(SemaphoreId),
    /// Takes a permit if there is one.
    TryAcquire {
        /// The semaphore.
        semaphore: SemaphoreId,
        /// Where to go when there is none.
        none: Pc,
    },
    /// Gives a permit back.
    Release(SemaphoreId),
    /// Goes on if the executor wants another worker; else jumps.
    Grow {
        /// The executor.
        executor: ExecutorId,
        /// Where to go when it does not.
        enough: Pc,
    },
    /// Notes that a worker of the executor is idle.
    Idle(ExecutorId),
    /// Runs the tasks of the item at hand.
    RunItem,
    /// Hands the results of the item at hand to whoever waits for them.
    Deliver,
    /// Waits for the results of all tasks in order of arrival.
    Collect {
        /// CPU time for each.
        each: SimDuration,
        /// What kind of bookkeeping.
        name: NameId,
    },
    /// Waits until the results of all tasks are there.
    AwaitAll,
    /// Joins all threads of a group, in order of birth.
    Join {
        /// The group.
        group: Group,
        /// CPU time for each.
        each: SimDuration,
    },
    /// Runs the event loop until its main coroutine is done.
    RunLoop,
    /// Goes on elsewhere.
    Jump(Pc),
    /// The thread ends.
    Exit,
}

/// A thread or process to start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Its program.
    pub program: Pc,
    /// Who is joined with it.
    pub group: Group,
    /// Whether it gets the item at hand, whose first task is from then on its task.
    pub with_item: bool,
}

impl Plan {
    /// How much CPU time the leaf step of a task is to be given, `None` where it computes nothing.
    pub fn demanded(&self, task: TaskId, leaf: u32) -> Option<SimDuration> {
        let length = self.workload.computation_length(task, leaf)?;
        Some(self.compute(length))
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
        Self { name, connections: site.connections }
    }
}

/// Programs in the making: instructions, and labels that are placed before or after they are used.
#[derive(Default, Debug)]
pub struct Code {
    ops: Vec<Op>,
    labels: Vec<Option<Pc>>,
}

/// A place in a program that may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

impl Label {
    /// The label as it stands in an instruction until the program is finished.
    pub const fn target(self) -> Pc {
        Pc(self.0)
    }
}

impl Code {
    /// A label that is still to be placed.
    ///
    /// # Panics
    /// When there are more than 2^32 of them.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(u32::try_from(self.labels.len() - 1).expect("programs are short"))
    }

    /// Places a label before the next instruction.
    ///
    /// # Panics
    /// When it was placed before.
    pub fn place(&mut self, label: Label) {
        let here = Pc(u32::try_from(self.ops.len()).expect("programs are short"));
        let before = self.labels[label.0 as usize].replace(here);
        assert!(before.is_none(), "a label is placed once");
    }

    /// A label at the next instruction.
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.place(label);
        label
    }

    /// Adds an instruction, whose targets are [`Label::target`]s.
    pub fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// The finished programs, and where the given label ended up.
    ///
    /// # Panics
    /// When a label is used that was never placed.
    pub fn finish(self) -> (Vec<Instruction>, impl Fn(Label) -> Pc) {
        let Self { mut ops, labels } = self;
        let place = move |label: Pc| labels[label.0 as usize].expect("every label is placed");
        for op in &mut ops {
            op.for_each_target(|target| *target = place(*target));
        }
        let follow = |from: Pc| {
            // No program jumps in a circle; if one did, its first jump would do.
            (0..ops.len()).fold(from, |at, _| match ops.get(at.0 as usize) {
                Some(Op::Jump(to)) => *to,
                _ => at,
            })
        };
        let instructions = (1..).zip(&ops).map(|(next, op)| {
            let mut op = *op;
            op.for_each_target(|target| *target = follow(*target));
            Instruction { op, next: follow(Pc(next)) }
        });
        (instructions.collect(), move |label: Label| place(label.target()))
    }
}

impl Op {
    fn for_each_target(&mut self, mut visit: impl FnMut(&mut Pc)) {
        match self {
            Self::NextArrival { none, .. }
            | Self::TryTake { none, .. }
            | Self::Drain { none, .. }
            | Self::TryAcquire { none, .. } => visit(none),
            Self::StartThread(start) | Self::StartProcess(start) => visit(&mut start.program),
            Self::Once { again, .. } => visit(again),
            Self::Take { nudged, closed, .. } => {
                visit(nudged);
                visit(closed);
            }
            Self::Grow { enough, .. } => visit(enough),
            Self::Jump(to) => visit(to),
            Self::Spend { .. }
            | Self::SpendOnItem { .. }
            | Self::Started
            | Self::EnterInterpreter
            | Self::LeaveInterpreter
            | Self::Put(_)
            | Self::Nudge(_)
            | Self::Poll { .. }
            | Self::Close(_)
            | Self::Acquire(_)
            | Self::Release(_)
            | Self::Idle(_)
            | Self::RunItem
            | Self::Deliver
            | Self::Collect { .. }
            | Self::AwaitAll
            | Self::Join { .. }
            | Self::RunLoop
            | Self::Exit => {}
        }
    }
}
