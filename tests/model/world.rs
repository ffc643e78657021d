//! Tiny scenarios as plain data, in whole milliseconds, and their TOML.

use std::collections::BTreeSet;

/// What a computation does with the interpreter lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mode {
    Held,
    Kept,
    Released,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Kept => "kept",
            Self::Released => "released",
        }
    }
}

/// One leaf step. Numbers index the world's sites, semaphores and queues; durations are milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Wait(u64),
    Block(u64),
    Site(usize),
    Compute(u64, Mode),
    Yield,
    Acquire(usize),
    Release(usize),
    /// What follows up to the matching `Unlock` is done under a lock.
    Lock(usize),
    Unlock,
    Put(usize),
    Get(usize),
    /// Sets the event, and waits until it is set.
    Set,
    WaitFor,
    /// Waits at the barrier of [`PARTIES`].
    Meet,
    /// Passes the limiter of [`GAP`] and [`BURST`].
    Pass,
}

/// How many meet at the barrier.
pub const PARTIES: usize = 2;

/// In how many milliseconds a token comes, and how many there are at most.
pub const GAP: u64 = 4;
pub const BURST: u64 = 2;

#[derive(Clone, Debug)]
pub struct Site {
    pub latency: u64,
    pub connections: Option<u32>,
    pub server: Server,
}

/// How a site is reached, and how its load makes it slower; 0 is without.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Server {
    /// How long a connection takes to be made.
    pub connect: u64,
    /// Whether it is kept for the next request.
    pub keeps: bool,
    /// How much longer an answer takes for each other request.
    pub per_concurrent: u64,
    /// From one turn to the next: 1, 2 or 5.
    pub turn: u64,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub arrive: u64,
    pub steps: Vec<Step>,
}

/// A machine, an interpreter and what is to be done on them.
#[derive(Clone, Debug)]
pub struct World {
    pub cores: usize,
    /// The time slice of the operating system.
    pub quantum: u64,
    pub lock: bool,
    pub sites: Vec<Site>,
    /// Permits at the start.
    pub semaphores: Vec<u32>,
    /// How many locks there are.
    pub locks: usize,
    /// Capacities; 0 is unbounded.
    pub queues: Vec<u32>,
    pub tasks: Vec<Task>,
    /// Clients send the tasks, all of which do the same then.
    pub clients: Option<Clients>,
}

/// So many clients, each of which thinks so long before its next task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clients {
    pub count: usize,
    pub think: u64,
}

/// A tool and its one number: `workers` of a pool, `limit` of asyncio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    Sequential,
    Threading,
    ThreadPool(u32),
    Asyncio(Option<u32>),
    Multiprocessing,
    ProcessPool(u32),
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Threading => "threading",
            Self::ThreadPool(_) => "thread_pool",
            Self::Asyncio(_) => "asyncio",
            Self::Multiprocessing => "multiprocessing",
            Self::ProcessPool(_) => "process_pool",
        }
    }

    fn toml(self) -> String {
        let setting = match self {
            Self::ThreadPool(workers) | Self::ProcessPool(workers) => {
                format!("workers = {workers}\n")
            }
            Self::Asyncio(Some(limit)) => format!("limit = {limit}\n"),
            _ => String::new(),
        };
        format!("\n[[tools]]\nuse = \"{}\"\n{setting}", self.name())
    }
}

impl World {
    /// One core, a lock, and these tasks, all at once.
    pub fn of(tasks: &[&[Step]]) -> Self {
        Self {
            cores: 1,
            quantum: 4,
            lock: true,
            sites: Vec::new(),
            semaphores: Vec::new(),
            locks: 0,
            queues: Vec::new(),
            tasks: tasks.iter().map(|steps| Task { arrive: 0, steps: steps.to_vec() }).collect(),
            clients: None,
        }
    }

    pub fn on(mut self, cores: usize) -> Self {
        self.cores = cores;
        self
    }

    /// The same with clients that send copies of the first task instead of all.
    pub fn sent_by(mut self, clients: Clients) -> Self {
        let Task { steps, .. } = self.tasks[0].clone();
        self.tasks.fill(Task { arrive: 0, steps });
        self.clients = Some(clients);
        self
    }

    /// When each task is sent, as far as that is known before the run.
    pub fn sent(&self) -> Vec<Option<u64>> {
        let known = self.clients.map_or(self.tasks.len(), |clients| clients.count);
        let tasks = self.tasks.iter().enumerate();
        tasks.map(|(number, task)| (number < known).then_some(task.arrive)).collect()
    }

    /// Task indices in order of arrival, ties by index.
    pub fn by_arrival(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tasks.len()).collect();
        order.sort_by_key(|task| self.tasks[*task].arrive);
        order
    }

    /// The scenario file of this world under profile `ideal`.
    pub fn toml(&self, tools: &[Tool]) -> String {
        let mut text = vec![format!(
            "title = \"A world of the oracle\"\n\n[machine]\ncores = {}\nquantum = \"{}ms\"\n\n\
             [interpreter]\nprofile = \"ideal\"\nswitch_interval = \"5ms\"\nlock = {}\n",
            self.cores, self.quantum, self.lock
        )];
        for (number, site) in self.sites.iter().enumerate() {
            let Server { connect, keeps, per_concurrent, turn } = site.server;
            let base = format!("base = \"{}ms\"", site.latency);
            let latency = format!("{{ {base}, per_concurrent = \"{per_concurrent}ms\" }}");
            let connection = format!("connect = \"{connect}ms\"\nkeep_alive = {keeps}");
            text.push(format!("\n[sites.site{number}]\nlatency = {latency}\n{connection}\n"));
            text.extend((turn > 0).then(|| format!("capacity = \"{}/s\"\n", 1_000 / turn)));
            text.extend(site.connections.map(|limit| format!("connections = {limit}\n")));
        }
        text.extend(self.computations().into_iter().map(|(time, mode)| {
            let name = mode.name();
            format!("\n[computations.{name}{time}]\ntime = \"{time}ms\"\nlock = \"{name}\"\n")
        }));
        text.extend(table("semaphores", "slots", &self.semaphores));
        text.extend((0..self.locks).map(|number| format!("\n[locks.lock{number}]\n")));
        text.push(format!(
            "\n[events]\nready = {{}}\n\n[barriers]\nphase = {PARTIES}\n\n[limiters]\n\
             api = {{ rate = \"{}/s\", burst = {BURST} }}\n",
            1_000 / GAP
        ));
        text.extend(table("queues", "jobs", &self.queues));
        match self.clients {
            None => text.extend(self.tasks.iter().map(Task::toml)),
            Some(Clients { count, think }) => {
                let tasks = self.tasks.len();
                let clients = format!("clients = {count}, think = \"{think}ms\"");
                let sent = format!("count = {tasks}\narrive = {{ {clients} }}\nsteps");
                text.push(self.tasks[0].toml().replacen("steps", &sent, 1));
            }
        }
        text.extend(tools.iter().map(|tool| tool.toml()));
        text.concat()
    }

    /// The computations that need a name.
    fn computations(&self) -> BTreeSet<(u64, Mode)> {
        let named = |step: &Step| match step {
            Step::Compute(time, mode @ (Mode::Kept | Mode::Released)) => Some((*time, *mode)),
            _ => None,
        };
        self.tasks.iter().flat_map(|task| &task.steps).filter_map(named).collect()
    }
}

impl Task {
    fn toml(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(step_toml).collect();
        let arrive = match self.arrive {
            0 => String::new(),
            later => format!("arrive = {{ at = [\"{later}ms\"] }}\n"),
        };
        let steps = steps.join(", ").replace("[, ", "[").replace(", ]", "]");
        format!("\n[[tasks]]\n{arrive}steps = [{steps}]\n")
    }
}

fn table(name: &str, letters: &str, sizes: &[u32]) -> Vec<String> {
    let header = (!sizes.is_empty()).then(|| format!("\n[{name}]\n"));
    let entries = sizes.iter().enumerate();
    let entries = entries.map(|(number, size)| format!("{letters}{number} = {size}\n"));
    header.into_iter().chain(entries).collect()
}

fn step_toml(step: &Step) -> String {
    match step {
        Step::Wait(time) => format!("{{ wait = \"{time}ms\" }}"),
        Step::Block(time) => format!("{{ block = \"{time}ms\" }}"),
        Step::Site(site) => format!("{{ wait = \"site{site}\" }}"),
        Step::Compute(time, Mode::Held) => format!("{{ compute = \"{time}ms\" }}"),
        Step::Compute(time, mode) => format!("{{ compute = \"{}{time}\" }}", mode.name()),
        Step::Yield => "{ yield = true }".to_owned(),
        Step::Acquire(semaphore) => format!("{{ acquire = \"slots{semaphore}\" }}"),
        Step::Release(semaphore) => format!("{{ release = \"slots{semaphore}\" }}"),
        Step::Lock(lock) => format!("{{ with = \"lock{lock}\", steps = ["),
        Step::Unlock => "] }".to_owned(),
        Step::Set => "{ set = \"ready\" }".to_owned(),
        Step::WaitFor => "{ wait_for = \"ready\" }".to_owned(),
        Step::Meet => "{ meet = \"phase\" }".to_owned(),
        Step::Pass => "{ pass = \"api\" }".to_owned(),
        Step::Put(queue) => format!("{{ put = \"jobs{queue}\" }}"),
        Step::Get(queue) => format!("{{ get = \"jobs{queue}\" }}"),
    }
}

/// What became of a world under a tool, in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    Finished(Played),
    Deadlocked,
}

/// The times of a run that finished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    pub makespan: u64,
    /// When each task's last step ended.
    pub done: Vec<u64>,
    /// How long each task was in each state (docs/contract.md, "States"); states of no length are left out.
    pub spent: Vec<Spent>,
}

/// Time by the name of the state.
pub type Spent = std::collections::BTreeMap<&'static str, u64>;

impl Ending {
    /// The run, where it finished.
    pub fn played(self) -> Played {
        match self {
            Self::Finished(played) => played,
            Self::Deadlocked => panic!("the run deadlocked"),
        }
    }
}
