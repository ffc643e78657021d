//! Random scenarios of nearly all that the format has, as plain data and as TOML.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample;

/// A duration in microseconds, or a distribution of them.
#[derive(Clone, Debug)]
pub enum Time {
    Constant(u64),
    Cycle(Vec<u64>),
    Uniform(u64, u64),
    Exponential(u64),
}

#[derive(Clone, Debug)]
pub enum Step {
    Wait(Time),
    WaitSite(usize),
    Block(Time),
    Compute(Time),
    Named(usize),
    Yield,
    Guarded(usize, Vec<Step>),
    With(&'static str, Vec<Step>),
    Gate(&'static str),
    Put(usize),
    Get(usize),
    Offload(Vec<Step>, bool),
    Repeat(u32, Vec<Step>),
    Fail,
    /// What is tried, how long each attempt may take in us, retries, the wait before them in us, and what is done otherwise.
    Try(Vec<Step>, Option<u64>, u32, u64, Option<Vec<Step>>),
    /// Lists of steps at the same time, what stands beside them, and how many more of the first list there are.
    Lists(&'static str, Vec<Vec<Step>>, u32),
}

#[derive(Clone, Debug)]
pub enum Arrival {
    AtOnce,
    Every(Time),
    Poisson(u32),
    /// So many clients, and how long each thinks.
    Clients(u32, Time),
    /// After an entry before it, the first being 0, if there are so many; each task after one of it, or all after all.
    After(usize, bool),
}

#[derive(Clone, Debug)]
pub struct Entry {
    count: u32,
    arrive: Arrival,
    payload: Option<(u32, u32)>,
    steps: Vec<Step>,
}

/// A scenario; a failure prints it as a file.
#[derive(Clone)]
pub struct Wild {
    cores: u32,
    sites: Vec<(Time, Option<u32>)>,
    server: Server,
    computations: Vec<(Time, &'static str)>,
    semaphores: Vec<u32>,
    queues: Vec<u32>,
    entries: Vec<Entry>,
    /// A worker count for the pools and asyncio's limit; the defaults of the profile without.
    width: Option<u32>,
    /// Quantum and switch interval in microseconds; the defaults of the profile without.
    pace: Option<(u32, u32)>,
}

/// How all sites are reached, and how load makes them slower, in microseconds.
#[derive(Clone, Copy, Default, Debug)]
pub struct Server {
    connect: u64,
    keeps: bool,
    per_concurrent: u64,
}

impl Server {
    fn toml(self, k: u64) -> String {
        format!("connect = \"{}us\"\nkeep_alive = {}\n", self.connect * k, self.keeps)
    }
}

const SITES: usize = 2;

/// What all wild scenarios share alike.
const SHARED: &str = "[locks.l0]\n[events.e0]\n[barriers]\nb0 = 2\n[limiters]\nm0 = { rate = \"500/s\", burst = 2 }\n";

const COMPUTATIONS: usize = 3;

impl Wild {
    /// The scenario file under a profile, with all durations (quantum and switch interval too, if `scaled`) times `k`.
    pub fn toml(&self, profile: &str, k: u64) -> String {
        let mut text = vec![format!("title = \"A wild one\"\n[machine]\ncores = {}\n", self.cores)];
        text.extend(self.pace.map(|(quantum, _)| format!("quantum = \"{quantum}us\"\n")));
        if k != 1 {
            text.push(format!("quantum = \"{}ms\"\n", 4 * k));
        }
        text.push(format!("[interpreter]\nprofile = \"{profile}\"\n"));
        text.extend(self.pace.map(|(_, interval)| format!("switch_interval = \"{interval}us\"\n")));
        if k != 1 {
            text.push(format!("switch_interval = \"{}ms\"\n", 5 * k));
        }
        for (number, (latency, connections)) in self.sites.iter().enumerate() {
            let more = format!("per_concurrent = \"{}us\"", self.server.per_concurrent * k);
            let latency = format!("{{ base = {}, {more} }}", latency.toml(k));
            text.push(format!("[sites.s{number}]\nlatency = {latency}\n"));
            text.extend(connections.map(|limit| format!("connections = {limit}\n")));
            text.push(self.server.toml(k));
            text.push(["fails = 0.25\n", ""][number % 2].to_owned());
        }
        for (number, (time, lock)) in self.computations.iter().enumerate() {
            text.push(format!(
                "[computations.c{number}]\ntime = {}\nlock = \"{lock}\"\n",
                time.toml(k)
            ));
        }
        for (table, sizes) in [("semaphores", &self.semaphores), ("queues", &self.queues)] {
            text.push(format!("[{table}]\n"));
            text.extend(sizes.iter().enumerate().map(|(n, size)| format!("{table}{n} = {size}\n")));
        }
        text.push(SHARED.to_owned());
        text.extend(self.entries.iter().enumerate().map(|(number, entry)| entry.toml(number, k)));
        let sends =
            |entry: &Entry| matches!(entry.arrive, Arrival::Clients(..) | Arrival::After(..));
        let chunk = if self.entries.iter().any(sends) { 1 } else { 2 };
        text.extend(self.width.map(|width| with_width(width, chunk)));
        let scenario = text.concat();
        let loops = self.width.and_then(|width| server_of_loops(&scenario, width));
        scenario + &loops.unwrap_or_default()
    }
}

/// Every tool that all profiles have, the pools and asyncio so wide.
fn with_width(width: u32, chunk: u32) -> String {
    format!(
        "[[tools]]\nuse = \"sequential\"\n[[tools]]\nuse = \"threading\"\n\
         [[tools]]\nuse = \"thread_pool\"\nworkers = {width}\n[[tools]]\nuse = \"asyncio\"\nlimit = {width}\n\
         [[tools]]\nuse = \"to_thread\"\n[[tools]]\nuse = \"multiprocessing\"\n\
         [[tools]]\nuse = \"multiprocessing_pool\"\nworkers = {width}\n\
         [[tools]]\nuse = \"process_pool\"\nworkers = {width}\nchunk = {chunk}\n\
         [[tools]]\nuse = \"process_pool\"\nlabel = \"spawned\"\nworkers = {width}\nstart = \"spawn\"\n\
         [[tools]]\nuse = \"threading\"\nlabel = \"free\"\ninterpreter = {{ lock = false }}\n\
         [[tools]]\nuse = \"server\"\nprocesses = {width}\nthreads = {chunk}\nbacklog = 3\n"
    )
}

/// A server of event loops, where that can do the steps: several loops share nothing.
fn server_of_loops(scenario: &str, width: u32) -> Option<String> {
    let shared =
        ["acquire =", "with =", "put =", "get =", "set =", "wait_for =", "meet =", "pass ="];
    let processes = if shared.iter().any(|key| scenario.contains(key)) { 1 } else { width };
    let server = format!(
        "[[tools]]\nuse = \"server\"\nlabel = \"loops\"\nprocesses = {processes}\nloop = true\n\
         offload_workers = {width}\nbacklog = 5\n"
    );
    (!scenario.contains("to = \"processes\"")).then_some(server)
}

impl Entry {
    fn toml(&self, number: usize, k: u64) -> String {
        let mut count = format!("count = {}\n", self.count);
        let arrive = match &self.arrive {
            Arrival::After(entry, _) if *entry >= number => String::new(),
            Arrival::After(entry, true) => {
                count.clear();
                format!("after = {{ each = \"entry {entry}\" }}\n")
            }
            Arrival::After(entry, false) => format!("after = \"entry {entry}\"\n"),
            Arrival::AtOnce => String::new(),
            Arrival::Every(gap) => format!("arrive = {{ every = {} }}\n", gap.toml(k)),
            Arrival::Poisson(per_second) => {
                format!("arrive = {{ poisson = \"{per_second}/s\" }}\n")
            }
            Arrival::Clients(clients, think) => {
                format!("arrive = {{ clients = {clients}, think = {} }}\n", think.toml(k))
            }
        };
        let payload = self.payload.map_or(String::new(), |(send, receive)| {
            format!("payload = {{ send = \"{send}kB\", receive = \"{receive}kB\" }}\n")
        });
        let steps = list(&self.steps, k);
        format!("[[tasks]]\nname = \"entry {number}\"\n{count}{arrive}{payload}steps = {steps}\n")
    }
}

impl Time {
    fn toml(&self, k: u64) -> String {
        let one = |us: &u64| format!("\"{}us\"", us * k);
        match self {
            Self::Constant(us) => one(us),
            Self::Cycle(all) => {
                let all: Vec<String> = all.iter().map(one).collect();
                format!("{{ cycle = [{}] }}", all.join(", "))
            }
            Self::Uniform(low, more) => {
                format!("{{ uniform = [{}, {}] }}", one(low), one(&(low + more)))
            }
            Self::Exponential(mean) => format!("{{ exponential = {} }}", one(mean)),
        }
    }
}

impl Step {
    fn toml(&self, k: u64) -> String {
        match self {
            Self::Wait(time) => format!("{{ wait = {} }}", time.toml(k)),
            Self::WaitSite(site) => format!("{{ wait = \"s{site}\" }}"),
            Self::Block(time) => format!("{{ block = {} }}", time.toml(k)),
            Self::Compute(time) => format!("{{ compute = {} }}", time.toml(k)),
            Self::Named(computation) => format!("{{ compute = \"c{computation}\" }}"),
            Self::Yield => "{ yield = true }".to_owned(),
            Self::Guarded(semaphore, inner) => {
                let inner: Vec<String> = inner.iter().map(|step| step.toml(k)).collect();
                let name = format!("semaphores{semaphore}");
                format!(
                    "{{ acquire = \"{name}\" }}, {}, {{ release = \"{name}\" }}",
                    inner.join(", ")
                )
            }
            Self::With(name, inner) => {
                format!("{{ with = \"{name}\", steps = {} }}", list(inner, k))
            }
            Self::Gate(step) => (*step).to_owned(),
            Self::Put(queue) => format!("{{ put = \"queues{queue}\" }}"),
            Self::Get(queue) => format!("{{ get = \"queues{queue}\" }}"),
            Self::Offload(inner, false) => format!("{{ offload = {} }}", list(inner, k)),
            Self::Offload(inner, true) => {
                format!("{{ offload = {}, to = \"processes\" }}", list(inner, k))
            }
            Self::Repeat(times, inner) => {
                format!("{{ repeat = {times}, steps = {} }}", list(inner, k))
            }
            Self::Fail => "{ fail = true }".to_owned(),
            Self::Lists(form, lists, each) => {
                let (key, beside) = form.split_once(' ').unwrap_or((form, ""));
                let more = if *each == 0 {
                    String::new()
                } else {
                    format!(", each = {each}, steps = {}", list(&lists[0], k))
                };
                let lists: Vec<String> = lists.iter().map(|steps| list(steps, k)).collect();
                format!("{{ {key} = [{}]{more}{beside} }}", lists.join(", "))
            }
            Self::Try(inner, timeout, times, backoff, otherwise) => {
                let timeout =
                    timeout.map_or_else(String::new, |us| format!(", timeout = \"{}us\"", us * k));
                let otherwise = otherwise
                    .as_ref()
                    .map_or_else(String::new, |steps| format!(", otherwise = {}", list(steps, k)));
                format!(
                    "{{ try = {}{timeout}, retry = {{ times = {times}, backoff = \"{}us\", factor = 2 }}{otherwise} }}",
                    list(inner, k),
                    backoff * k
                )
            }
        }
    }
}

fn list(steps: &[Step], k: u64) -> String {
    let steps: Vec<String> = steps.iter().map(|step| step.toml(k)).collect();
    format!("[{}]", steps.join(", "))
}

impl fmt::Debug for Wild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.toml("ideal", 1))
    }
}

/// Whether durations may be drawn at random, or must scale exactly.
#[derive(Clone, Copy)]
pub enum Chance {
    Random,
    Exact,
}

/// Scenarios of up to 18 tasks on up to 4 cores.
pub fn scenarios(chance: Chance) -> impl Strategy<Value = Wild> {
    let lock = prop_oneof![Just("held"), Just("kept"), Just("released")];
    let around = (
        1..=4_u32,
        vec((time(chance), option::of(1..=3_u32)), SITES),
        vec((time(chance), lock), COMPUTATIONS),
        (1..=3_u32, 0..=2_u32),
        option::of(1..=4_u32),
        pace(chance),
        server(),
    );
    (around, vec(entry(chance), 1..=3)).prop_map(
        |((cores, sites, computations, (permits, capacity), width, pace, server), entries)| Wild {
            cores,
            sites,
            server,
            computations,
            semaphores: vec![permits],
            queues: vec![capacity],
            entries,
            width,
            pace,
        },
    )
}

fn server() -> impl Strategy<Value = Server> {
    let slow = (0..=5_000_u64, any::<bool>(), 0..=2_000_u64);
    let slow =
        slow.prop_map(|(connect, keeps, per_concurrent)| Server { connect, keeps, per_concurrent });
    prop_oneof![3 => Just(Server::default()), 1 => slow]
}

/// At a short quantum threads lose their cores at every step, and ask for the lock at every step.
fn pace(chance: Chance) -> BoxedStrategy<Option<(u32, u32)>> {
    match chance {
        Chance::Exact => Just(None).boxed(),
        Chance::Random => prop_oneof![
            3 => Just(None),
            1 => (50..=2_000_u32, 50..=5_000_u32).prop_map(Some),
        ]
        .boxed(),
    }
}

fn time(chance: Chance) -> BoxedStrategy<Time> {
    // Whole milliseconds make ties, odd microseconds make none.
    let length = || prop_oneof![(1..=20_u64).prop_map(|ms| ms * 1_000), 0..=30_000_u64];
    let exact = prop_oneof![
        3 => length().prop_map(Time::Constant),
        1 => vec(length(), 1..=3).prop_map(Time::Cycle),
    ];
    match chance {
        Chance::Exact => exact.boxed(),
        Chance::Random => prop_oneof![
            3 => exact,
            1 => (length(), length()).prop_map(|(low, more)| Time::Uniform(low, more)),
            1 => length().prop_map(|mean| Time::Exponential(mean + 1)),
        ]
        .boxed(),
    }
}

fn entry(chance: Chance) -> impl Strategy<Value = Entry> {
    let every = time(chance).prop_map(Arrival::Every);
    let clients =
        (1..=3_u32, time(chance)).prop_map(|(count, think)| Arrival::Clients(count, think));
    let after = (0..=2_usize, any::<bool>()).prop_map(|(entry, each)| Arrival::After(entry, each));
    let arrive = match chance {
        Chance::Exact => prop_oneof![Just(Arrival::AtOnce), every, clients, after].boxed(),
        Chance::Random => {
            prop_oneof![2 => Just(Arrival::AtOnce), 1 => every, 1 => (1..=500_u32).prop_map(Arrival::Poisson), 1 => clients, 1 => after]
                .boxed()
        }
    };
    let payload = option::of((0..=500_u32, 0..=500_u32));
    (1..=6_u32, arrive, payload, vec(step(chance), 1..=4))
        .prop_map(|(count, arrive, payload, steps)| Entry { count, arrive, payload, steps })
}

/// A step, or steps that are tried, within others that are, too.
fn step(chance: Chance) -> BoxedStrategy<Step> {
    let inner = flat_step(chance).boxed().prop_recursive(2, 6, 2, |inner| {
        let steps = vec(inner.clone(), 1..=2);
        let forms = ["all", "all , on_failure = \"cancel\"", "first"].to_vec();
        let lists = (sample::select(forms), vec(steps.clone(), 1..=3), 0..=2_u32);
        let lists = lists.prop_map(|(form, lists, each)| Step::Lists(form, lists, each));
        let timeout =
            option::of(prop_oneof![(1..=20_u64).prop_map(|ms| ms * 1_000), 1..=30_000_u64]);
        let tried = (steps, timeout, 0..=2_u32, 0..=3_000_u64, option::of(vec(inner, 1..=1)));
        let tried = tried.prop_map(|(steps, timeout, times, backoff, otherwise)| {
            Step::Try(steps, timeout, times, backoff, otherwise)
        });
        prop_oneof![tried, lists]
    });
    prop_oneof![12 => flat_step(chance), 1 => Just(Step::Fail), 4 => inner].boxed()
}

fn flat_step(chance: Chance) -> impl Strategy<Value = Step> {
    let plain = || vec(plain_step(chance), 1..=2);
    prop_oneof![
        8 => plain_step(chance),
        1 => plain().prop_map(|steps| Step::Guarded(0, steps)),
        1 => plain().prop_map(|steps| Step::With("semaphores0", steps)),
        1 => plain().prop_map(|steps| Step::With("l0", steps)),
        1 => gate(chance),
        1 => Just(Step::Put(0)),
        1 => Just(Step::Get(0)),
        1 => (plain(), any::<bool>()).prop_map(|(steps, to)| Step::Offload(steps, to)),
        1 => (1..=3_u32, plain()).prop_map(|(times, steps)| Step::Repeat(times, steps)),
    ]
}

/// Rates do not scale exactly: few numbers have a short reciprocal.
fn gate(chance: Chance) -> impl Strategy<Value = Step> {
    let steps = [
        "{ set = \"e0\" }",
        "{ set = \"e0\" }",
        "{ wait_for = \"e0\" }",
        "{ meet = \"b0\" }",
        "{ pass = \"m0\" }",
        "{ pass = \"m0\" }",
    ];
    let count = if matches!(chance, Chance::Exact) { 4 } else { steps.len() };
    sample::select(steps[..count].to_vec()).prop_map(Step::Gate)
}

fn plain_step(chance: Chance) -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => time(chance).prop_map(Step::Wait),
        2 => (0..SITES).prop_map(Step::WaitSite),
        1 => time(chance).prop_map(Step::Block),
        3 => time(chance).prop_map(Step::Compute),
        3 => (0..COMPUTATIONS).prop_map(Step::Named),
        1 => Just(Step::Yield),
    ]
}
