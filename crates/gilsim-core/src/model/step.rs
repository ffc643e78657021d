//! The steps of tasks, and what there is to know of each kind.

use crate::ids::{
    BarrierId, ComputationId, FlagId, LimiterId, MutexId, QueueId, SemaphoreId, SiteId,
};

use super::Distribution;
use super::attempts::Try;
use super::fan::{ALL, FIRST, Fan, Until};

/// One step as written.
#[derive(Clone, PartialEq, Debug)]
pub enum StepSpec {
    /// Waits on a site or for a time; an await point in a coroutine.
    Wait(WaitOn),
    /// Waits on a site or for a time, blocking the thread even inside a coroutine.
    Block(WaitOn),
    /// Burns CPU.
    Compute(Work),
    /// `asyncio.sleep(0)`; under threads, gives the processor away.
    Yield,
    /// Takes a permit of a semaphore, waiting for one.
    Acquire(SemaphoreId),
    /// Gives a permit back.
    Release(SemaphoreId),
    /// Holds a permit or a lock while it does steps.
    With {
        /// What it holds.
        guard: Guard,
        /// What it does meanwhile.
        steps: Vec<StepSpec>,
    },
    /// Puts an item into a queue, waiting for room.
    Put(QueueId),
    /// Takes an item from a queue, waiting for one.
    Get(QueueId),
    /// Fails: the rest of the task is not done.
    Fail,
    /// Sets an event.
    Set(FlagId),
    /// Waits until an event is set.
    WaitFor(FlagId),
    /// Waits at a barrier until so many have come.
    Meet(BarrierId),
    /// Passes a limiter, waiting for its turn.
    Pass(LimiterId),
    /// Runs steps in an executor; inline where the tool has no event loop.
    Offload {
        /// Which executor.
        to: OffloadTo,
        /// What it runs.
        steps: Vec<StepSpec>,
    },
    /// Tries steps: in so much time, so many times.
    Try(Box<Try>),
    /// Does lists of steps at the same time, until all have ended.
    All(Box<Fan>),
    /// Does lists of steps at the same time, until the first has ended.
    First(Box<Fan>),
    /// Runs steps several times.
    Repeat {
        /// How often; at least 1.
        times: u32,
        /// What is repeated.
        steps: Vec<StepSpec>,
    },
}

/// What a task holds during a `with`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// A permit of a semaphore.
    Semaphore(SemaphoreId),
    /// A lock.
    Lock(MutexId),
}

/// Which executor an offloaded step goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OffloadTo {
    /// The loop's default `ThreadPoolExecutor` (`asyncio.to_thread`).
    Threads,
    /// A `ProcessPoolExecutor`.
    Processes,
}

impl OffloadTo {
    /// How many workers such an executor has on so many cores when nothing is said (docs/semantics.md, "Thread pools" and "Process
    /// pools").
    pub fn default_workers(self, cores: u32) -> u32 {
        match self {
            Self::Threads => (cores + 4).min(32),
            Self::Processes => cores,
        }
    }
}

/// What a wait waits for.
#[derive(Clone, PartialEq, Debug)]
pub enum WaitOn {
    /// A site; the latency is the site's.
    Site(SiteId),
    /// A bare duration.
    Time(Distribution),
}

/// What a computation computes.
#[derive(Clone, PartialEq, Debug)]
pub enum Work {
    /// A named computation; its time and lock mode are its own.
    Named(ComputationId),
    /// A bare duration of Python code.
    Time(Distribution),
}

/// What there is to know of a kind of step. Whoever wants to know a fact asks here; which step it is ask only those who do
/// it: the engine, and the printed programs.
#[derive(Clone, Copy, Debug)]
pub struct StepKind {
    /// Its key in scenario files.
    pub key: &'static str,
    /// What it does, for the documentation of the key.
    pub about: &'static str,
    /// A value of the key as JSON.
    pub example: &'static str,
    /// What stands at the key, and how a step is made of it.
    pub form: Form,
    /// The keys that may or must stand beside it.
    pub further: &'static [Further],
    /// What its length is spent on, if it has one.
    pub spends: Option<Spends>,
    /// Whether it may wait for ever: for a step that another task may never take.
    pub waits_for_tasks: bool,
    /// Whether it always fails.
    pub fails: bool,
    /// Whether it blocks the thread of an event loop, too.
    pub blocks_loop: bool,
    /// What a task does with it, in words: `{}` stands for its [`Object`].
    pub words: &'static str,
}

/// What stands at the keys of a step, and how a step is made of it.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A site, or a length of time.
    SiteOrTime(fn(WaitOn) -> StepSpec),
    /// A computation, or a length of time.
    ComputationOrTime(fn(Work) -> StepSpec),
    /// `true`.
    True(fn() -> StepSpec),
    /// A semaphore.
    Semaphore(fn(SemaphoreId) -> StepSpec),
    /// A semaphore or a lock; steps at the further key.
    GuardFor(fn(Guard, Vec<StepSpec>) -> StepSpec),
    /// A queue.
    Queue(fn(QueueId) -> StepSpec),
    /// An event.
    Flag(fn(FlagId) -> StepSpec),
    /// A barrier.
    Barrier(fn(BarrierId) -> StepSpec),
    /// A limiter.
    Limiter(fn(LimiterId) -> StepSpec),
    /// Steps; an executor at the further key.
    StepsFor(fn(OffloadTo, Vec<StepSpec>) -> StepSpec),
    /// Steps; a time, retries and other steps at the further keys.
    Attempts(fn(Try) -> StepSpec),
    /// Lists of steps; what a failure does, and further lists, at the further keys.
    Lists(fn(Fan) -> StepSpec),
    /// A number of times; steps at the further key.
    Times(fn(u32, Vec<StepSpec>) -> StepSpec),
}

/// A second key of a step.
#[derive(Clone, Copy, Debug)]
pub struct Further {
    /// Its name.
    pub key: &'static str,
    /// What it says.
    pub about: &'static str,
    /// What stands there.
    pub takes: Takes,
    /// A value as JSON.
    pub example: &'static str,
    /// Whether the step makes no sense without it.
    pub required: bool,
}

/// What stands at a further key of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// An executor.
    Executor,
    /// Steps.
    Steps,
    /// A length of time.
    Time,
    /// How often a step is tried again, and when.
    Retry,
    /// What a list that fails does to the others.
    OnFailure,
    /// A number of lists.
    Amount,
}

/// What the length of a step is spent on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spends {
    /// Waiting.
    Waiting,
    /// CPU time.
    Computing,
}

/// What a step is about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Object<'a> {
    /// Nothing.
    Nothing,
    /// A site.
    Site(SiteId),
    /// A computation.
    Computation(ComputationId),
    /// A length of time.
    Time(&'a Distribution),
    /// A semaphore.
    Semaphore(SemaphoreId),
    /// A lock.
    Lock(MutexId),
    /// A queue.
    Queue(QueueId),
    /// An event.
    Flag(FlagId),
    /// A barrier.
    Barrier(BarrierId),
    /// A limiter.
    Limiter(LimiterId),
    /// An executor.
    Executor(OffloadTo),
    /// So many attempts, in so much time.
    Attempts(&'a Try),
    /// So many lists of steps.
    Lists(&'a Fan),
    /// So many times.
    Times(u32),
}

impl StepKind {
    /// All kinds, in the order of the contract.
    pub const ALL: [&'static Self; 19] = [
        &WAIT, &BLOCK, &COMPUTE, &YIELD, &ACQUIRE, &RELEASE, &WITH, &PUT, &GET, &SET, &WAIT_FOR,
        &MEET, &PASS, &FAIL, &TRY, &ALL, &FIRST, &OFFLOAD, &REPEAT,
    ];
}

/// What most kinds have in common.
pub(super) const PLAIN: StepKind = StepKind {
    key: "",
    about: "",
    example: "",
    form: Form::True(|| StepSpec::Yield),
    further: &[],
    spends: None,
    waits_for_tasks: false,
    fails: false,
    blocks_loop: false,
    words: "",
};

/// The steps within a step, where another thing stands at its own key.
pub(super) const STEPS: Further = Further {
    key: "steps",
    about: "With `repeat`, `with`, `all` or `first`: the steps that are repeated, done meanwhile, or those of each list.",
    takes: Takes::Steps,
    example: r#"[{ "wait": "shop" }]"#,
    required: true,
};

const WAIT: StepKind = StepKind {
    key: "wait",
    about: "Waits on a site or for a time: blocks a thread, is an await point in asyncio.",
    example: r#""shop""#,
    form: Form::SiteOrTime(StepSpec::Wait),
    spends: Some(Spends::Waiting),
    words: "waits for {}",
    ..PLAIN
};

const BLOCK: StepKind = StepKind {
    key: "block",
    about: "Waits on a site or for a time and blocks the thread even inside a coroutine.",
    example: r#""10ms""#,
    form: Form::SiteOrTime(StepSpec::Block),
    spends: Some(Spends::Waiting),
    blocks_loop: true,
    words: "waits for {}, and blocks its thread even as a coroutine",
    ..PLAIN
};

const COMPUTE: StepKind = StepKind {
    key: "compute",
    about: "Burns CPU: a computation, or a time of Python code.",
    example: r#""parse""#,
    form: Form::ComputationOrTime(StepSpec::Compute),
    spends: Some(Spends::Computing),
    blocks_loop: true,
    words: "computes {}",
    ..PLAIN
};

const YIELD: StepKind = StepKind {
    key: "yield",
    about: "`asyncio.sleep(0)`; under threads, gives the processor away.",
    example: "true",
    form: Form::True(|| StepSpec::Yield),
    words: "gives way to others",
    ..PLAIN
};

const ACQUIRE: StepKind = StepKind {
    key: "acquire",
    about: "Takes a permit of a semaphore, waiting for one.",
    example: r#""slots""#,
    form: Form::Semaphore(StepSpec::Acquire),
    waits_for_tasks: true,
    words: "takes a permit of {}",
    ..PLAIN
};

const RELEASE: StepKind = StepKind {
    key: "release",
    about: "Gives a permit of a semaphore back.",
    example: r#""slots""#,
    form: Form::Semaphore(StepSpec::Release),
    words: "gives a permit of {} back",
    ..PLAIN
};

const WITH: StepKind = StepKind {
    key: "with",
    about: "Holds a permit of a semaphore, or a lock, while it does `steps`.",
    example: r#""db""#,
    form: Form::GuardFor(|guard, steps| StepSpec::With { guard, steps }),
    further: &[STEPS],
    waits_for_tasks: true,
    words: "holds {} while it:",
    ..PLAIN
};

const PUT: StepKind = StepKind {
    key: "put",
    about: "Puts an item into a queue, waiting for room.",
    example: r#""jobs""#,
    form: Form::Queue(StepSpec::Put),
    waits_for_tasks: true,
    words: "puts an item into {}",
    ..PLAIN
};

const GET: StepKind = StepKind {
    key: "get",
    about: "Takes an item from a queue, waiting for one.",
    example: r#""jobs""#,
    form: Form::Queue(StepSpec::Get),
    waits_for_tasks: true,
    words: "takes an item from {}",
    ..PLAIN
};

const FAIL: StepKind = StepKind {
    key: "fail",
    about: "Fails: the rest of the task is not done.",
    example: "true",
    form: Form::True(|| StepSpec::Fail),
    fails: true,
    words: "fails",
    ..PLAIN
};

const SET: StepKind = StepKind {
    key: "set",
    about: "Sets an event: whoever waits for it goes on, and nobody waits for it from then on.",
    example: r#""ready""#,
    form: Form::Flag(StepSpec::Set),
    words: "sets {}",
    ..PLAIN
};

const WAIT_FOR: StepKind = StepKind {
    key: "wait_for",
    about: "Waits until an event is set.",
    example: r#""ready""#,
    form: Form::Flag(StepSpec::WaitFor),
    waits_for_tasks: true,
    words: "waits until {} is set",
    ..PLAIN
};

const MEET: StepKind = StepKind {
    key: "meet",
    about: "Waits at a barrier until so many have come; then all of them go on.",
    example: r#""phase""#,
    form: Form::Barrier(StepSpec::Meet),
    waits_for_tasks: true,
    words: "waits at {} until enough have come",
    ..PLAIN
};

const PASS: StepKind = StepKind {
    key: "pass",
    about: "Passes a limiter, waiting for its turn.",
    example: r#""api""#,
    form: Form::Limiter(StepSpec::Pass),
    words: "passes {}",
    ..PLAIN
};

const TRY: StepKind = StepKind {
    key: "try",
    about: "Runs steps that may fail or run out of time.",
    example: r#"[{ "wait": "shop" }]"#,
    form: Form::Attempts(|attempts| StepSpec::Try(Box::new(attempts))),
    further: &[
        Further {
            key: "timeout",
            about: "With `try`: how long each attempt may take, positive; no limit by default.",
            takes: Takes::Time,
            example: r#""5s""#,
            required: false,
        },
        Further {
            key: "retry",
            about: "With `try`: attempts after the first; none by default.",
            takes: Takes::Retry,
            example: r#"{ "times": 3, "backoff": "100ms" }"#,
            required: false,
        },
        Further {
            key: "otherwise",
            about: "With `try`: what is done when the last attempt has failed; without it the step fails.",
            takes: Takes::Steps,
            example: r#"[{ "compute": "1ms" }]"#,
            required: false,
        },
    ],
    words: "tries{}:",
    ..PLAIN
};

const OFFLOAD: StepKind = StepKind {
    key: "offload",
    about: "Runs steps in an executor; inline under tools without an event loop.",
    example: r#"[{ "compute": "20ms" }]"#,
    form: Form::StepsFor(|to, steps| StepSpec::Offload { to, steps }),
    further: &[Further {
        key: "to",
        about: "With `offload`: which executor; threads by default.",
        takes: Takes::Executor,
        example: r#""processes""#,
        required: false,
    }],
    words: "hands over to {} if it is a coroutine:",
    ..PLAIN
};

const REPEAT: StepKind = StepKind {
    key: "repeat",
    about: "Runs `steps` so many times.",
    example: "10",
    form: Form::Times(|times, steps| StepSpec::Repeat { times, steps }),
    further: &[STEPS],
    words: "{} times:",
    ..PLAIN
};

impl StepSpec {
    /// Does lists of steps at the same time.
    pub fn lists(fan: Fan) -> Self {
        match fan.until {
            Until::AllEnd | Until::OneFails => Self::All(Box::new(fan)),
            Until::OneEnds => Self::First(Box::new(fan)),
        }
    }

    /// What there is to know of its kind.
    pub const fn kind(&self) -> &'static StepKind {
        match self {
            Self::Wait(_) => &WAIT,
            Self::Block(_) => &BLOCK,
            Self::Compute(_) => &COMPUTE,
            Self::Yield => &YIELD,
            Self::Acquire(_) => &ACQUIRE,
            Self::Release(_) => &RELEASE,
            Self::With { .. } => &WITH,
            Self::Put(_) => &PUT,
            Self::Get(_) => &GET,
            Self::Set(_) => &SET,
            Self::WaitFor(_) => &WAIT_FOR,
            Self::Meet(_) => &MEET,
            Self::Pass(_) => &PASS,
            Self::Fail => &FAIL,
            Self::Try(_) => &TRY,
            Self::All(_) => &ALL,
            Self::First(_) => &FIRST,
            Self::Offload { .. } => &OFFLOAD,
            Self::Repeat { .. } => &REPEAT,
        }
    }

    /// What it is about.
    pub const fn object(&self) -> Object<'_> {
        match self {
            Self::Wait(WaitOn::Site(site)) | Self::Block(WaitOn::Site(site)) => Object::Site(*site),
            Self::Compute(Work::Named(computation)) => Object::Computation(*computation),
            Self::Wait(WaitOn::Time(time))
            | Self::Block(WaitOn::Time(time))
            | Self::Compute(Work::Time(time)) => Object::Time(time),
            Self::Yield | Self::Fail => Object::Nothing,
            Self::Acquire(semaphore)
            | Self::Release(semaphore)
            | Self::With { guard: Guard::Semaphore(semaphore), .. } => {
                Object::Semaphore(*semaphore)
            }
            Self::With { guard: Guard::Lock(lock), .. } => Object::Lock(*lock),
            Self::Put(queue) | Self::Get(queue) => Object::Queue(*queue),
            Self::Set(flag) | Self::WaitFor(flag) => Object::Flag(*flag),
            Self::Meet(barrier) => Object::Barrier(*barrier),
            Self::Pass(limiter) => Object::Limiter(*limiter),
            Self::Try(attempts) => Object::Attempts(attempts),
            Self::All(fan) | Self::First(fan) => Object::Lists(fan),
            Self::Offload { to, .. } => Object::Executor(*to),
            Self::Repeat { times, .. } => Object::Times(*times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lists;
    use crate::time::SimDuration;

    /// A step of that kind.
    fn made(kind: &StepKind) -> StepSpec {
        let time = || Distribution::Constant(SimDuration::ZERO);
        match kind.form {
            Form::SiteOrTime(make) => make(WaitOn::Time(time())),
            Form::ComputationOrTime(make) => make(Work::Time(time())),
            Form::True(make) => make(),
            Form::Semaphore(make) => make(SemaphoreId(0)),
            Form::GuardFor(make) => make(Guard::Semaphore(SemaphoreId(0)), Vec::new()),
            Form::Queue(make) => make(QueueId(0)),
            Form::Flag(make) => make(FlagId(0)),
            Form::Barrier(make) => make(BarrierId(0)),
            Form::Limiter(make) => make(LimiterId(0)),
            Form::StepsFor(make) => make(OffloadTo::Threads, Vec::new()),
            Form::Attempts(make) => {
                let (steps, otherwise) = (Vec::new(), Some(Vec::new()));
                make(Try { steps, timeout: None, retry: None, otherwise })
            }
            Form::Lists(make) => {
                let lists = vec![Lists { times: 1, steps: Vec::new() }];
                make(Fan { lists, until: Until::AllEnd })
            }
            Form::Times(make) => make(1, Vec::new()),
        }
    }

    #[test]
    fn what_a_kind_makes_is_of_that_kind() {
        for kind in StepKind::ALL {
            let step = made(kind);
            assert_eq!(step.kind().key, kind.key);
            assert_eq!(kind.words.contains("{}"), step.object() != Object::Nothing, "{}", kind.key);
            let has_steps = matches!(
                kind.form,
                Form::StepsFor(_)
                    | Form::Attempts(_)
                    | Form::Lists(_)
                    | Form::Times(_)
                    | Form::GuardFor(_)
            );
            assert_eq!(step.within().next().is_some(), has_steps, "{}", kind.key);
        }
    }
}
