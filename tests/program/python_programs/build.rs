//! Scenarios for the tests of printed programs, built by hand.

use std::sync::Arc;

use gilsim::ids::{ComputationId, QueueId, SemaphoreId, SiteId, TaskId};
use gilsim::model::{
    After, Arrival, Computation, Distribution, Fan, Interpreter, Lists, LockMode, Machine,
    OffloadTo, Parallel, Parcel, Payload, Queue, Scenario, Semaphore, Server, Serving, Setting,
    Site, StartMethod, StepSpec, TaskEntry, Tool, ToolRun, Until, WaitOn, Work,
};
use gilsim::profile;
use gilsim::program::{self, Drawn};
use gilsim::time::{SimDuration, SimTime};

pub(crate) fn ms(ms: u64) -> Distribution {
    Distribution::Constant(SimDuration::from_millis(ms))
}

pub(crate) fn between(low: u64, high: u64) -> Distribution {
    let [low, high] = [low, high].map(SimDuration::from_millis);
    Distribution::Uniform { low, high }
}

pub(crate) fn entry(name: &str, count: u32, steps: Vec<StepSpec>) -> TaskEntry {
    let (arrive, payload) = (Arrival::AtOnce, Payload::default());
    TaskEntry { name: name.to_owned(), count, endless: false, arrive, payload, steps }
}

/// A site that answers at once and never fails.
fn a_site() -> Site {
    let (name, latency) = (String::new(), ms(0));
    Site {
        name,
        latency,
        connections: None,
        fails: 0.0,
        fails_after: None,
        server: Server::default(),
    }
}

pub(crate) fn tool(tool: Tool, profile: &str) -> ToolRun {
    let profile = profile::built_in(profile).expect("a built-in profile");
    let machine = Machine {
        cores: 2,
        quantum: profile.machine.quantum.0,
        wake_latency: profile.machine.wake_latency.0,
    };
    let sites = vec![
        Site { name: "shop".to_owned(), latency: between(20, 40), ..a_site() },
        Site { name: "bank".to_owned(), latency: ms(10), connections: Some(3), ..a_site() },
    ];
    let computation = |name: &str, time, lock| {
        let parallel = Parallel::default();
        Computation { name: name.to_owned(), time, lock, parallel }
    };
    let computations = vec![
        computation("parse", ms(5), LockMode::Held),
        computation("sort", ms(3), LockMode::Kept),
        computation("hash", between(2, 6), LockMode::Released),
    ];
    let switch_interval = SimDuration::from_millis(5);
    let interpreter = Interpreter { profile: Arc::clone(&profile), lock: true, switch_interval };
    ToolRun {
        label: tool.name().to_owned(),
        tool,
        workers: 4,
        limit: None,
        chunk: 1,
        start: StartMethod::Fork,
        worker_init: SimDuration::ZERO,
        offload_workers: None,
        serving: Serving::default(),
        setting: Setting { machine, interpreter, sites, computations },
    }
}

pub(crate) fn scenario(title: &str, tasks: Vec<TaskEntry>) -> Scenario {
    let semaphores = vec![Semaphore { name: "slots".to_owned(), permits: 2 }];
    let queues = vec![Queue { name: "jobs".to_owned(), capacity: Some(4) }];
    let (title, about) = (title.to_owned(), String::new());
    Scenario {
        title,
        about,
        seed: 1,
        horizon: None,
        tasks,
        watched: None,
        semaphores,
        locks: Vec::new(),
        flags: Vec::new(),
        barriers: Vec::new(),
        limiters: Vec::new(),
        queues,
        tools: Vec::new(),
    }
}

pub(crate) const SHOP: SiteId = SiteId(0);
pub(crate) const BANK: SiteId = SiteId(1);

pub(crate) fn site(site: SiteId) -> StepSpec {
    StepSpec::Wait(WaitOn::Site(site))
}

pub(crate) fn compute(number: u32) -> StepSpec {
    StepSpec::Compute(Work::Named(ComputationId(number)))
}

/// Pages that are fetched and parsed.
pub(crate) fn pages() -> Scenario {
    scenario("Fetch pages and parse them", vec![entry("page", 6, vec![site(SHOP), compute(0)])])
}

/// Every kind of step that every tool can do.
pub(crate) fn everything() -> Scenario {
    let mut producer = entry(
        "make item",
        4,
        vec![
            compute(1),
            StepSpec::Acquire(SemaphoreId(0)),
            site(BANK),
            StepSpec::Release(SemaphoreId(0)),
            StepSpec::Repeat { times: 2, steps: vec![compute(2), StepSpec::Yield] },
            StepSpec::Put(QueueId(0)),
        ],
    );
    let [send, receive] = [1_000, 200_000].map(|bytes| Parcel { bytes, objects: 1 });
    producer.payload = Payload { send, receive, ..Payload::default() };
    let eater = entry(
        "eat item",
        4,
        vec![
            StepSpec::Get(QueueId(0)),
            StepSpec::Block(WaitOn::Site(BANK)),
            StepSpec::Block(WaitOn::Time(ms(2))),
        ],
    );
    scenario("A \"bit\" of everything", vec![producer, eater])
}

/// Arrivals, and entries that differ in nothing but their times.
pub(crate) fn arriving() -> Scenario {
    let arrive = |first: u64| Arrival::At(Arc::new([SimTime::from_nanos(first * 1_000_000); 2]));
    let tasks = (0..3).map(|number: u64| TaskEntry {
        arrive: arrive(number * 10),
        ..entry(&format!("t{number}"), 2, vec![StepSpec::Wait(WaitOn::Time(ms(5 + number)))])
    });
    scenario("Tasks come by and by", tasks.collect())
}

/// Two clients that think beside a task that comes late.
pub(crate) fn closed() -> Scenario {
    let wait = |length| vec![StepSpec::Wait(WaitOn::Time(ms(length)))];
    let think = ms(3);
    let arrive = Arrival::Clients { clients: 2, think };
    let late = Arrival::At(Arc::new([SimTime::from_nanos(4_000_000)]));
    let tasks = vec![
        TaskEntry { arrive, ..entry("request", 5, wait(5)) },
        TaskEntry { arrive: late, ..entry("report", 1, wait(9)) },
    ];
    scenario("Clients send requests", tasks)
}

/// Pages that are parsed when they are there, and a report of all.
pub(crate) fn staged() -> Scenario {
    let wait = |length| vec![StepSpec::Wait(WaitOn::Time(ms(length)))];
    let (each, all) = (Arrival::After(After::Each(0)), Arrival::After(After::All(1)));
    let tasks = vec![
        entry("page", 3, wait(5)),
        TaskEntry { arrive: each, ..entry("parse", 3, vec![compute(2)]) },
        TaskEntry { arrive: all, ..entry("report", 1, [wait(9), wait(1)].concat()) },
    ];
    scenario("Pages are fetched, parsed and reported", tasks)
}

/// Clients beside tasks that come after theirs.
pub(crate) fn closed_and_staged() -> Scenario {
    let mut scenario = closed();
    let arrive = Arrival::After(After::Each(0));
    let steps = vec![StepSpec::Wait(WaitOn::Time(ms(1)))];
    scenario.tasks.push(TaskEntry { arrive, ..entry("receipt", 5, steps) });
    scenario
}

/// Lists of steps of every form, in one task: some fail, and times differ.
pub(crate) fn fanning() -> Scenario {
    let lists = |lists: Vec<(u32, Vec<StepSpec>)>, until| {
        let lists = lists.into_iter().map(|(times, steps)| Lists { times, steps }).collect();
        StepSpec::lists(Fan { lists, until })
    };
    let steps = vec![
        lists(vec![(1, vec![site(BANK), compute(0)]), (3, vec![site(SHOP)])], Until::AllEnd),
        lists(vec![(1, vec![StepSpec::Fail]), (1, vec![site(BANK)])], Until::OneFails),
        lists(vec![(1, vec![site(BANK)]), (1, vec![compute(2)])], Until::OneEnds),
    ];
    scenario("Work fans out", vec![entry("request", 2, steps)])
}

/// A coroutine that sends parts of its work elsewhere, `sharing` or not what others use too.
pub(crate) fn offloading(sharing: bool, to: OffloadTo) -> Scenario {
    let mut inner = vec![compute(2), StepSpec::Block(WaitOn::Time(ms(2)))];
    if sharing {
        inner.extend([
            StepSpec::Acquire(SemaphoreId(0)),
            site(BANK),
            StepSpec::Release(SemaphoreId(0)),
            StepSpec::Put(QueueId(0)),
            StepSpec::Get(QueueId(0)),
        ]);
    }
    let steps = vec![
        StepSpec::Offload { to, steps: inner },
        site(BANK),
        StepSpec::Acquire(SemaphoreId(0)),
        compute(0),
        StepSpec::Release(SemaphoreId(0)),
    ];
    scenario("Parts of the work are done elsewhere", vec![entry("job", 4, steps)])
}

/// The program, with draws of 10 ms and a bit, and the arrivals that the entries list.
pub(crate) fn program(scenario: &Scenario, tool: &ToolRun) -> String {
    printed(scenario, tool, false)
}

/// The same for tasks that are as short as can be.
pub(crate) fn tiny_program(scenario: &Scenario, tool: &ToolRun) -> String {
    printed(scenario, tool, true)
}

fn printed(scenario: &Scenario, tool: &ToolRun, are_tasks_tiny: bool) -> String {
    let lengths = |task: TaskId, leaf: u32| {
        SimDuration::from_nanos(10_000_000 + u64::from(task.0) * 100_000 + u64::from(leaf))
    };
    let instants: Vec<SimTime> = scenario
        .tasks
        .iter()
        .flat_map(|entry| match &entry.arrive {
            Arrival::At(instants) => instants.to_vec(),
            Arrival::Clients { clients, .. } => (0..entry.count)
                .map(|task| SimTime::from_nanos(if task < *clients { 0 } else { 3_000_000 }))
                .collect(),
            _ => vec![SimTime::ZERO; entry.count as usize],
        })
        .collect();
    let arrivals = |task: TaskId| instants[task.index()];
    let drawn =
        Drawn { draws: &lengths, fails: &|_, _| false, arrivals: &arrivals, are_tasks_tiny };
    program::program(scenario, tool, &drawn)
}
