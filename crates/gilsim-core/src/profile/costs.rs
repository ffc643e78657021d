//! The tables of a profile: what things cost.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::SimDuration;

/// A duration that a profile file writes as text: `"25us"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Cost(pub SimDuration);

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let cost: SimDuration = text.parse().map_err(serde::de::Error::custom)?;
        if cost > LONGEST_COST {
            return Err(serde::de::Error::custom("the longest time in a profile is 10 minutes"));
        }
        Ok(Self(cost))
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}ns", self.0.as_nanos()))
    }
}

/// The longest time in a profile. A cost times the most tasks of a scenario is still countable.
const LONGEST_COST: SimDuration = SimDuration::from_secs(600);

/// How often, in thousandths.
fn always() -> u32 {
    1_000
}

macro_rules! costs {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Default, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                pub $field: $type,
            )*
        }
    };
}

costs! {
    /// The machine and its kernel (docs/semantics.md, "Threads on cores").
    MachineCosts {
        /// Time slice when runnable threads outnumber cores: the base slice rounded up to a tick.
        quantum: Cost,
        /// From a wake-up to the first instruction on an idle core.
        wake_latency: Cost,
        /// The same on a cold core (docs/semantics.md, "Cold caches"). If it is not given, or is less than `wake_latency`, that
        /// one applies.
        #[serde(default)]
        wake_latency_deep: Cost,
        /// CPU time of the waker, or of a thread's creator, when another core that idles has to be interrupted. It comes on
        /// top of `wake_call` and `pipe.wake`, which include it in the built-in profiles.
        #[serde(default)]
        interrupt: Cost,
        /// CPU time of a thread that gives up a lock and wakes a waiter.
        #[serde(default)]
        wake_call: Cost,
        /// How far the latency varies to either side, in thousandths of it.
        #[serde(default)]
        wake_spread_permille: u32,
        /// From a wake-up to the first instruction on a core that was busy until now.
        wake_latency_same: Cost,
        /// Whether a woken thread goes to the core that it last ran on, or to its waker's if that one is busy, even while
        /// another core idles (docs/semantics.md, "Where a woken thread goes"). `gilsim calibrate` has found it on kernels of
        /// virtual machines. A core may then idle beside a `ready` thread.
        #[serde(default)]
        wakes_in_place: bool,
        /// Of a kernel that wakes in place: how often a core looks for work on other cores when it falls idle, in
        /// thousandths; 1000, always, if it is not given. Linux draws a random number for it from 6.18.5 on; the odds are
        /// how often such looks found work lately (`NI_RANDOM` in `kernel/sched/fair.c`).
        #[serde(default = "always")]
        newidle_permille: u32,
        /// Switching a core to a thread that waited in its run queue.
        context_switch: Cost,
        /// What that takes more if the thread was woken from a wait with a time-out: its timer has to be set, and unset or
        /// served.
        #[serde(default)]
        timer_call: Cost,
        /// For how long a thread on a core cannot become the victim of a woken one, on a machine of one core (EEVDF's
        /// run-to-parity). It is twice as long on 2 cores, three times on 4, four times on 8 and more.
        base_slice: Cost,
        /// How much later than asked a timer of a normal thread fires.
        timer_slack: Cost,
        /// What a poll's timeout is rounded up to (epoll: 1 ms).
        poll_granularity: Cost,
    }
}

costs! {
    /// The interpreter lock (docs/semantics.md, "The interpreter lock").
    LockCosts {
        /// `sys.getswitchinterval()`.
        switch_interval: Cost,
        /// How often the requester itself gets the lock it asked for, in thousandths; else the longest waiter.
        requester_permille: u32,
        /// How long a thread that comes onto a core needs to take a free lock, whose mutex it has to lock first. It misses
        /// one that is free for less (docs/semantics.md, "A lock that is free for a moment").
        #[serde(default)]
        retake: Cost,
    }
}

costs! {
    /// OS threads and `threading` (docs/semantics.md, "Starting a thread").
    ThreadCosts {
        /// `Thread.start()` in the parent, without waiting for the child.
        start: Cost,
        /// The new thread until it has set its started event.
        boot: Cost,
        /// From the end of the thread's function until who joins it is told.
        exit: Cost,
        /// CPU time of the kernel after that: it frees the stack and ends the thread.
        #[serde(default)]
        dispose: Cost,
        /// `Thread.join()` in the caller, without waiting.
        join: Cost,
        /// `time.sleep(0)` where it does not reach the kernel's timers (3.8 to 3.10).
        sleep_zero: Cost,
    }
}

costs! {
    /// `ThreadPoolExecutor` (docs/semantics.md, "Thread pools").
    ThreadPoolCosts {
        /// Making the executor.
        create: Cost,
        /// `submit`, without starting a thread.
        submit: Cost,
        /// The worker, from getting an item to calling its function.
        dequeue: Cost,
        /// The worker, from the function's return to having set the result.
        complete: Cost,
        /// The caller, to collect one result.
        collect: Cost,
        /// `shutdown`, without waiting.
        shutdown: Cost,
        /// What the bookkeeping of one of its threads costs more when it wakes up on a cold core.
        #[serde(default)]
        cold: Cost,
    }
}

costs! {
    /// The event loop (docs/semantics.md, "The event loop").
    LoopCosts {
        /// `asyncio.run` before its coroutine's first step.
        start: Cost,
        /// `asyncio.run` after its coroutine's last step.
        stop: Cost,
        /// One iteration without its handles: poll and bookkeeping.
        iteration: Cost,
        /// `create_task`.
        create_task: Cost,
        /// A task's first step and its end, with the callback of gather.
        first_step: Cost,
        /// Resuming a task for one further step.
        step: Cost,
        /// Setting a timer.
        timer_set: Cost,
        /// Taking a due timer and completing its future.
        timer_fire: Cost,
        /// What taking it from the heap of timers costs, for each doubling of those that are set.
        #[serde(default)]
        timer_level: Cost,
        /// What each step of a coroutine costs more, for each doubling of the coroutines that live beyond 512: the garbage
        /// collector goes over them again and again.
        #[serde(default)]
        live_level: Cost,
        /// What an iteration costs more on a cold core (docs/semantics.md, "Cold caches").
        #[serde(default)]
        cold: Cost,
        /// Completing a future and scheduling its waiter.
        future: Cost,
        /// `call_soon_threadsafe` in the calling thread.
        call_threadsafe: Cost,
        /// The loop, to drain the self-pipe once.
        drain: Cost,
        /// `run_in_executor` beyond the executor's own `submit`.
        offload: Cost,
        /// Ending the default executor, beyond joining its threads.
        stop_executor: Cost,
    }
}

costs! {
    /// What starting one kind of process costs (docs/semantics.md, "Start methods").
    StartCosts {
        /// The parent, until it can go on; under its lock.
        parent: Cost,
        /// How much of that the parent spends when the child runs already.
        #[serde(default)]
        after: Cost,
        /// The child, until the program's code runs in it.
        child: Cost,
        /// The parent's extra wait at the first start of a run (resource tracker, fork server).
        first: Cost,
        /// CPU time of a pool's worker with its first item: it copies the pages that it shared until it wrote to them.
        #[serde(default)]
        copies: Cost,
        /// The same in the parent of a pool, once, after its first workers are started.
        #[serde(default)]
        parent_copies: Cost,
        /// The same in the parent for each object that it pickles afterwards: counting references writes to its page.
        #[serde(default)]
        copies_per_object: Cost,
        /// Memory of the child that it does not share, in bytes.
        memory: u64,
    }
}

costs! {
    /// Starting and ending processes (docs/semantics.md, "Start methods").
    ProcessCosts {
        /// `fork`.
        fork: StartCosts,
        /// `spawn`.
        spawn: StartCosts,
        /// `forkserver`.
        forkserver: StartCosts,
        /// The child, from its last Python code until its parent can see that it is gone.
        exit: Cost,
        /// The parent, to join one process that is gone.
        join: Cost,
    }
}

costs! {
    /// `ProcessPoolExecutor` (docs/semantics.md, "Process pools"). All but the worker's share the parent's lock.
    ProcessPoolCosts {
        /// Making the executor.
        create: Cost,
        /// `submit` in the caller.
        submit: Cost,
        /// The manager, to move one item to the call queue.
        enqueue: Cost,
        /// The feeder, to pickle and write one item, without its payload.
        feed: Cost,
        /// The worker, to read and unpickle one item, without its payload.
        receive: Cost,
        /// The worker, to pickle and write one result, without its payload.
        send: Cost,
        /// The manager, each time it waits on its pipes, with the look whether it was woken up.
        wait: Cost,
        /// The manager, to read one of the wake-ups that each `submit` sends it.
        #[serde(default)]
        drain: Cost,
        /// The manager, to read one result and set its future, without its payload.
        deliver: Cost,
        /// The caller, to collect the results of one item.
        collect: Cost,
        /// Each further task of a chunk, in the caller, to cut the chunks: `_get_chunks`.
        #[serde(default)]
        submit_item: Cost,
        /// Each further task of a chunk, in the feeder, to pickle it.
        #[serde(default)]
        feed_item: Cost,
        /// Each further task of a chunk, in the manager, to unpickle its result.
        #[serde(default)]
        deliver_item: Cost,
        /// The same in the worker, to unpickle it, call it, and pickle its result.
        chunk_item: Cost,
        /// The same in the caller, to take its result from the chunk's: `_chain_from_iterable_of_lists`.
        #[serde(default)]
        collect_item: Cost,
        /// The manager, to shut the pool down, without joining.
        shutdown: Cost,
        /// What the bookkeeping of one of its threads costs more when it wakes up on a cold core.
        #[serde(default)]
        cold: Cost,
    }
}

costs! {
    /// `multiprocessing.Pool` (docs/semantics.md, "The pool of multiprocessing").
    MultiprocessingPoolCosts {
        /// The constructor, without its processes and threads.
        create: Cost,
        /// `map` or `apply_async` in the caller, for one message.
        submit: Cost,
        /// The task handler, to pickle and write one message, without its payload.
        feed: Cost,
        /// The worker, to read and unpickle one message, without its payload.
        receive: Cost,
        /// The worker, to pickle and write one result, without its payload.
        send: Cost,
        /// The result handler, to read and store one result, without its payload.
        deliver: Cost,
        /// The worker handler, to look at its two workers once, system calls aside, which it does for each result until that
        /// has been read.
        #[serde(default)]
        watch: Cost,
        /// Each further task of a chunk, in the caller, to cut the chunks: `Pool._get_tasks`.
        #[serde(default)]
        submit_item: Cost,
        /// Each further task of a chunk, in the task handler, to pickle it.
        #[serde(default)]
        feed_item: Cost,
        /// Each further task of a chunk, in the result handler, to unpickle its result.
        #[serde(default)]
        deliver_item: Cost,
        /// The same in the worker, to unpickle it, call it, and pickle its result.
        chunk_item: Cost,
        /// `terminate`, without joining.
        shutdown: Cost,
        /// What the bookkeeping of one of its threads costs more when it wakes up on a cold core.
        #[serde(default)]
        cold: Cost,
    }
}

costs! {
    /// System calls on pipes when nobody has to be waited for. Each gives the lock up meanwhile, so that somebody who
    /// waits for it may take it (docs/semantics.md, "Giving the lock up around a blocking call").
    PipeCosts {
        /// A write of a few bytes that wakes nobody.
        write: Cost,
        /// What it takes longer when somebody sleeps until there is something to read.
        #[serde(default)]
        wake: Cost,
        /// A read of what is there.
        read: Cost,
        /// A look whether there is something.
        poll: Cost,
    }
}

costs! {
    /// Pickling and pipes: by object, and by byte in nanoseconds per mebibyte.
    PickleCosts {
        /// `pickle.dumps` of bytes.
        dumps_per_mib: u64,
        /// `pickle.loads` of bytes.
        loads_per_mib: u64,
        /// Writing to a pipe.
        pipe_per_mib: u64,
        /// Reading from a pipe, and putting the message together.
        #[serde(default)]
        read_per_mib: u64,
        /// What the sender of an item of 128 KiB and more spends besides on each mebibyte: its memory is fresh, page by page.
        #[serde(default)]
        fresh_write_per_mib: u64,
        /// The same of its receiver.
        #[serde(default)]
        fresh_read_per_mib: u64,
        /// `pickle.dumps` of one more object: a number or a short text in a list.
        #[serde(default)]
        dumps_per_object: Cost,
        /// `pickle.loads` of one more object.
        #[serde(default)]
        loads_per_object: Cost,
    }
}

costs! {
    /// Semaphores and queues of threads (docs/semantics.md, "Semaphores and queues of threads"). Each has a lock of its own,
    /// which is held for as long as an operation takes. Operations here wait for nobody and wake nobody.
    ThreadSharedCosts {
        /// `threading.Semaphore.acquire`.
        acquire: Cost,
        /// `threading.Semaphore.release`.
        release: Cost,
        /// `queue.Queue.put`.
        put: Cost,
        /// `queue.Queue.get`.
        get: Cost,
        /// `threading.Lock.acquire`, as `with` does it.
        #[serde(default)]
        lock: Cost,
        /// `threading.Lock.release`, likewise.
        #[serde(default)]
        unlock: Cost,
        /// What any of them takes longer when it has to wait: `Condition.wait`.
        wait: Cost,
        /// What any of them takes longer when it wakes a thread that waits, system call aside: `Condition.notify`.
        notify: Cost,
    }
}

costs! {
    /// Semaphores and queues of processes (docs/semantics.md, "Semaphores and queues of processes").
    ProcessSharedCosts {
        /// `multiprocessing.Semaphore.acquire`.
        acquire: Cost,
        /// `multiprocessing.Semaphore.release`.
        release: Cost,
        /// `multiprocessing.Queue.put` in the caller, which hands the item to the feeder thread of its process.
        put: Cost,
        /// The feeder thread, to pickle one item and write it, system call aside.
        feed: Cost,
        /// `multiprocessing.Queue.get`, to read and unpickle one item, system calls aside.
        get: Cost,
    }
}

costs! {
    /// Semaphores and queues of coroutines (docs/semantics.md, "Semaphores and queues of coroutines"). Waiting and waking
    /// is paid for by the event loop.
    LoopSharedCosts {
        /// `await asyncio.Semaphore.acquire()`.
        acquire: Cost,
        /// `asyncio.Semaphore.release`.
        release: Cost,
        /// `await asyncio.Lock.acquire()`, as `async with` does it.
        #[serde(default)]
        lock: Cost,
        /// `asyncio.Lock.release`, likewise.
        #[serde(default)]
        unlock: Cost,
        /// `asyncio.Event.set`.
        #[serde(default)]
        set: Cost,
        /// `await asyncio.Event.wait()` of one that is set.
        #[serde(default)]
        wait_for: Cost,
        /// `await asyncio.Barrier.wait()`, of the last one.
        #[serde(default)]
        meet: Cost,
        /// Passing a limiter that counts in Python.
        #[serde(default)]
        pass: Cost,
        /// `await asyncio.Queue.put()`.
        put: Cost,
        /// `await asyncio.Queue.get()`.
        get: Cost,
    }
}

costs! {
    /// Events, barriers and limiters (docs/semantics.md, "Events, barriers and limiters"). Each has a lock of its own, which
    /// is held for as long as an operation takes. Operations here wait for nobody and wake nobody.
    GateCosts {
        /// `Event.set`.
        #[serde(default)]
        set: Cost,
        /// `Event.wait` of one that is set.
        #[serde(default)]
        wait_for: Cost,
        /// `Barrier.wait`, of the last one.
        #[serde(default)]
        meet: Cost,
        /// Passing a limiter that counts in Python.
        #[serde(default)]
        pass: Cost,
    }
}

costs! {
    /// What tasks share: CPU time of each operation, by what runs the task.
    SharedCosts {
        /// On a thread.
        threads: ThreadSharedCosts,
        /// In a process of its own.
        processes: ProcessSharedCosts,
        /// Events, barriers and limiters on a thread.
        #[serde(default)]
        gates: GateCosts,
        /// The same in a process of its own.
        #[serde(default)]
        process_gates: GateCosts,
        /// On an event loop.
        coroutines: LoopSharedCosts,
    }
}

costs! {
    /// What threads share without a lock (docs/semantics.md, "Sharing objects").
    SharingCosts {
        /// A use of something that no other thread uses meanwhile.
        access: Cost,
        /// What it takes longer if another thread, on another core, used it last.
        hand_over: Cost,
    }
}

impl SharingCosts {
    /// How much longer a use takes after another thread's, in thousandths.
    pub fn hand_over_permille(&self) -> u64 {
        let (late, access) = (u128::from(self.hand_over.0.as_nanos()), self.access.0.as_nanos());
        let permille = late * 1_000 / u128::from(access.max(1));
        u64::try_from(permille).unwrap_or(u64::MAX).min(1_000_000)
    }
}

costs! {
    /// Servers (docs/semantics.md, "Servers that fork beforehand").
    ServerCosts {
        /// A thread, to accept a request, read it, answer it and close its connection.
        accept: Cost,
        /// An event loop, to do the same with a transport and a protocol.
        accept_on_loop: Cost,
        /// An event loop, to look for a request where there is none.
        accept_nothing: Cost,
    }
}

costs! {
    /// Subinterpreters (docs/semantics.md, "Subinterpreters").
    InterpreterCosts {
        /// Creating one with its own lock.
        create: Cost,
        /// Destroying one.
        destroy: Cost,
        /// One call into it, beyond what a thread pool costs.
        call: Cost,
    }
}

costs! {
    /// Memory in bytes, for the estimate in the summary.
    MemoryCosts {
        /// The main process.
        base: u64,
        /// A thread.
        thread: u64,
        /// A coroutine.
        coroutine: u64,
        /// A subinterpreter.
        interpreter: u64,
    }
}
