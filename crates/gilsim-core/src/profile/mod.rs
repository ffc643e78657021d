//! Cost profiles: what a Python version on Linux costs and how it behaves, one TOML file each.
//!
//! Where the values come from stands beside each in `cpython-3.13.toml` (docs/semantics.md, "What things cost").

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{StartMethod, Tool};
use crate::time::SimDuration;

/// What one interpreter build on one machine costs, and which rules it follows.
///
/// All durations are CPU time or latency of one occurrence, all rates what their names say.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How messages name it.
    pub name: String,
    /// The minor version of Python 3 whose rules and defaults apply: 8 to 14.
    pub python: u8,
    /// Whether this is a free-threaded build.
    #[serde(default)]
    pub free_threaded: bool,
    /// Whether the exact rules apply: see [`crate::plan::KernelRules::Exact`].
    #[serde(default)]
    pub exact: bool,
    /// CPU time of a computation on this build, in thousandths of what the scenario says.
    #[serde(default = "one_thousand")]
    pub compute_permille: u32,
    /// The machine and its kernel.
    pub machine: MachineCosts,
    /// The interpreter lock.
    pub lock: LockCosts,
    /// OS threads and `threading`.
    pub thread: ThreadCosts,
    /// `ThreadPoolExecutor`.
    pub thread_pool: ThreadPoolCosts,
    /// The event loop.
    pub event_loop: LoopCosts,
    /// Starting and ending processes.
    pub process: ProcessCosts,
    /// `ProcessPoolExecutor`.
    pub process_pool: ProcessPoolCosts,
    /// `multiprocessing.Pool`.
    pub multiprocessing_pool: MultiprocessingPoolCosts,
    /// System calls on pipes.
    #[serde(default)]
    pub pipe: PipeCosts,
    /// Pickling and pipes.
    pub pickle: PickleCosts,
    /// Subinterpreters.
    pub interpreter: InterpreterCosts,
    /// Memory.
    pub memory: MemoryCosts,
}

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
        /// The same on a core that has idled for 3 ms and more. If it is not given, or is less than `wake_latency`, that
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
        /// From the end of the thread's function to its death.
        exit: Cost,
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
        /// The caller, to collect one result.
        collect: Cost,
        /// Each further task of a chunk, in the worker.
        chunk_item: Cost,
        /// The manager, to shut the pool down, without joining.
        shutdown: Cost,
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
        /// Each further task of a chunk, in the worker.
        chunk_item: Cost,
        /// `terminate`, without joining.
        shutdown: Cost,
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
    /// Pickling and pipes, in nanoseconds per mebibyte.
    PickleCosts {
        /// `pickle.dumps` of bytes.
        dumps_per_mib: u64,
        /// `pickle.loads` of bytes.
        loads_per_mib: u64,
        /// Writing to or reading from a pipe, each side.
        pipe_per_mib: u64,
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

/// The most bytes, and the most nanoseconds per mebibyte, in a profile: countable in the same way.
const LARGEST_AMOUNT: u64 = 100_000_000_000;

const fn one_thousand() -> u32 {
    1_000
}

/// Why a profile cannot be used.
#[derive(Clone, Debug)]
pub struct ProfileError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Option<Range<usize>>,
}

/// The built-in profiles and their texts. One with a `base` has the values of that one where it gives none itself.
const BUILT_IN: [(&str, &str); 10] = [
    ("ideal", include_str!("ideal.toml")),
    ("cpython-3.8", include_str!("cpython-3.8.toml")),
    ("cpython-3.9", include_str!("cpython-3.9.toml")),
    ("cpython-3.10", include_str!("cpython-3.10.toml")),
    ("cpython-3.11", include_str!("cpython-3.11.toml")),
    ("cpython-3.12", include_str!("cpython-3.12.toml")),
    ("cpython-3.13", include_str!("cpython-3.13.toml")),
    ("cpython-3.13t", include_str!("cpython-3.13t.toml")),
    ("cpython-3.14", include_str!("cpython-3.14.toml")),
    ("cpython-3.14t", include_str!("cpython-3.14t.toml")),
];

/// The built-in profiles that have been asked for.
static PARSED: [OnceLock<Arc<Profile>>; BUILT_IN.len()] =
    [const { OnceLock::new() }; BUILT_IN.len()];

/// Reads a built-in profile.
fn based(text: &str) -> Result<Profile, ProfileError> {
    checked(whole(text).and_then(toml::Table::try_into).map_err(|error| ProfileError::of(&error))?)
}

/// The table of a built-in profile with what its base adds.
fn whole(text: &str) -> Result<toml::Table, toml::de::Error> {
    let mut own: toml::Table = text.parse()?;
    let base = own.remove("base");
    let base = BUILT_IN
        .iter()
        .find(|(name, _)| base.as_ref().is_some_and(|base| base.as_str() == Some(*name)));
    let Some((_, base)) = base else { return Ok(own) };
    let mut table = whole(base)?;
    lay_over(&mut table, own);
    Ok(table)
}

/// Puts the values of `own` in place of those of `table`.
fn lay_over(table: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(value)) => lay_over(below, value),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}

/// The profile that scenarios use when they name none.
pub const DEFAULT: &str = "cpython-3.13";

/// The names of the built-in profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The built-in profile of that name.
///
/// # Panics
/// When the text of a built-in profile is wrong, which a test rules out.
pub fn built_in(name: &str) -> Option<Arc<Profile>> {
    let at = BUILT_IN.iter().position(|(built_in, _)| *built_in == name)?;
    let parsed = PARSED[at].get_or_init(|| {
        let profile = based(BUILT_IN[at].1);
        Arc::new(profile.unwrap_or_else(|error| panic!("{name}: {}", error.message)))
    });
    Some(Arc::clone(parsed))
}

/// Reads a profile file.
///
/// # Errors
/// When the text is no TOML, lacks a key, has one too many, or a value makes no sense.
pub fn parse(text: &str) -> Result<Profile, ProfileError> {
    checked(toml::from_str(text).map_err(|error| ProfileError::of(&error))?)
}

/// The profile if its values make sense.
fn checked(profile: Profile) -> Result<Profile, ProfileError> {
    let fault = |message: &str| Err(ProfileError { message: message.to_owned(), span: None });
    if !(8..=14).contains(&profile.python) {
        return fault("`python` is the minor version of Python 3: 8 to 14");
    }
    if profile.machine.quantum.0.is_zero() {
        return fault("`machine.quantum` must be positive");
    }
    if profile.lock.switch_interval.0.is_zero() {
        return fault("`lock.switch_interval` must be positive");
    }
    if profile.lock.requester_permille > 1_000 {
        return fault("`lock.requester_permille` is at most 1000");
    }
    if profile.machine.wake_spread_permille > 1_000 {
        return fault("`machine.wake_spread_permille` is at most 1000");
    }
    if profile.machine.newidle_permille > 1_000 {
        return fault("`machine.newidle_permille` is at most 1000");
    }
    if !(1..=1_000_000).contains(&profile.compute_permille) {
        return fault("`compute_permille` lies between 1 and 1000000");
    }
    if profile.amounts().into_iter().any(|amount| amount > LARGEST_AMOUNT) {
        return fault("bytes of memory and nanoseconds per mebibyte are at most 100000000000");
    }
    Ok(profile)
}

impl ProfileError {
    fn of(error: &toml::de::Error) -> Self {
        Self { message: error.message().to_owned(), span: error.span() }
    }
}

impl Profile {
    /// Whether the interpreter has a lock unless the scenario takes it away.
    pub const fn has_lock(&self) -> bool {
        !self.free_threaded
    }

    /// Everything in the profile that is multiplied with tasks, processes or bytes, besides costs.
    fn amounts(&self) -> [u64; 10] {
        let (memory, pickle, process) = (&self.memory, &self.pickle, &self.process);
        [
            memory.base,
            memory.thread,
            memory.coroutine,
            memory.interpreter,
            process.fork.memory,
            process.spawn.memory,
            process.forkserver.memory,
            pickle.dumps_per_mib,
            pickle.loads_per_mib,
            pickle.pipe_per_mib,
        ]
    }

    /// Whether this Python has the tool.
    pub fn has(&self, tool: Tool) -> bool {
        tool.descriptor().since.as_ref().is_none_or(|since| self.python >= since.python)
    }

    /// The start method of this Python on Linux (docs/semantics.md, "Start methods").
    pub const fn default_start(&self) -> StartMethod {
        if self.python >= 14 { StartMethod::Forkserver } else { StartMethod::Fork }
    }

    /// What starting a process that way costs.
    pub const fn start(&self, method: StartMethod) -> &StartCosts {
        match method {
            StartMethod::Fork => &self.process.fork,
            StartMethod::Spawn => &self.process.spawn,
            StartMethod::Forkserver => &self.process.forkserver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_can_be_read() {
        assert!(names().all(|name| built_in(name).is_some()));
    }
}
