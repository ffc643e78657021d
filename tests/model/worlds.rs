//! Random worlds.

use std::fmt;

use proptest::prelude::*;

use crate::world::{Clients, Mode, Server, Site, Step, Task, Tool, World};

/// A world and a tool; a failure prints it as a scenario file.
#[derive(Clone)]
pub struct Case {
    pub world: World,
    pub tool: Tool,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.world.toml(&[self.tool]))
    }
}

/// Every tool that the naive simulator plays.
pub fn tools() -> impl Strategy<Value = Tool> {
    prop_oneof![
        Just(Tool::Sequential),
        Just(Tool::Threading),
        (1..=3_u32).prop_map(Tool::ThreadPool),
        proptest::option::of(1..=3_u32).prop_map(Tool::Asyncio),
        Just(Tool::Multiprocessing),
        (1..=3_u32).prop_map(Tool::ProcessPool),
    ]
}

/// How much a random world may contain.
#[derive(Clone, Copy)]
pub enum Reach {
    /// Waits and computations.
    Plain,
    /// And what tasks share: sites with connections, semaphores, locks, queues.
    Shared,
}

/// What the threads of a random world have to share of the machine.
#[derive(Clone, Copy)]
pub enum Room {
    /// A core for everybody.
    Enough,
    /// 1 to 3 cores, and quanta that never end.
    Crowded,
    /// 1 to 3 cores, and quanta of 4 ms.
    Quanta,
}

const SITES: usize = 2;
const SEMAPHORES: usize = 2;
const LOCKS: usize = 2;
const QUEUES: usize = 1;

/// Worlds of 1 to 5 tasks of 1 to 4 steps or so.
pub fn worlds(reach: Reach, room: Room) -> impl Strategy<Value = World> {
    let connections = match reach {
        Reach::Plain => Just(None).boxed(),
        Reach::Shared => proptest::option::of(1..=2_u32).boxed(),
    };
    let site = (1..=12_u64, connections, server())
        .prop_map(|(latency, connections, server)| Site { latency, connections, server });
    let shared = (
        proptest::collection::vec(site, SITES),
        proptest::collection::vec(1..=2_u32, SEMAPHORES),
        proptest::collection::vec(0..=2_u32, QUEUES),
    );
    let tasks = proptest::collection::vec(task(reach), 1..=5);
    let (cores, quantum) = match room {
        Room::Enough => (8..=8_usize, 4),
        Room::Crowded => (1..=3_usize, 1_000_000),
        Room::Quanta => (1..=3_usize, 4),
    };
    (cores, any::<bool>(), shared, tasks).prop_map(move |(cores, lock, shared, tasks)| World {
        cores,
        quantum,
        lock,
        sites: shared.0,
        semaphores: shared.1,
        locks: LOCKS,
        queues: shared.2,
        tasks,
        clients: None,
    })
}

/// Such worlds whose tasks are sent by 1 to 3 clients.
pub fn closed_worlds(reach: Reach, room: Room) -> impl Strategy<Value = World> {
    let clients = (1..=3_usize, prop_oneof![Just(0), 0..=9_u64]);
    (worlds(reach, room), clients).prop_map(|(mut world, (count, think))| {
        // Three tasks at least: more than one for some client.
        let task = world.tasks[0].clone();
        world.tasks.resize(world.tasks.len() + 2, task);
        world.sent_by(Clients { count, think })
    })
}

/// A server that is as fast as can be, or slow in some way.
fn server() -> impl Strategy<Value = Server> {
    let slow = (0..=4_u64, any::<bool>(), 0..=2_u64, prop_oneof![Just(0), Just(2), Just(5)]);
    let slow = slow.prop_map(|(connect, keeps, per_concurrent, turn)| Server {
        connect,
        keeps,
        per_concurrent,
        turn,
    });
    prop_oneof![1 => Just(Server::default()), 1 => slow]
}

fn task(reach: Reach) -> impl Strategy<Value = Task> {
    let arrive = prop_oneof![2 => Just(0), 1 => 0..=15_u64];
    let parts = proptest::collection::vec(part(reach), 1..=4);
    (arrive, parts).prop_map(|(arrive, parts)| Task { arrive, steps: parts.concat() })
}

/// A step, or a semaphore or a lock round one.
fn part(reach: Reach) -> BoxedStrategy<Vec<Step>> {
    let plain = plain_step().prop_map(|step| vec![step]);
    match reach {
        Reach::Plain => plain.boxed(),
        Reach::Shared => {
            let guarded = (0..SEMAPHORES, plain_step())
                .prop_map(|(slots, step)| vec![Step::Acquire(slots), step, Step::Release(slots)]);
            let locked = (0..LOCKS, plain_step())
                .prop_map(|(lock, step)| vec![Step::Lock(lock), step, Step::Unlock]);
            let puts = (0..QUEUES).prop_map(|queue| vec![Step::Put(queue)]);
            let gets = (0..QUEUES).prop_map(|queue| vec![Step::Get(queue)]);
            prop_oneof![5 => plain, 2 => guarded, 2 => locked, 2 => puts, 1 => gets, 2 => gate()]
                .boxed()
        }
    }
}

/// A step at an event, a barrier or a limiter.
fn gate() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        2 => Just(Step::Set),
        1 => Just(Step::WaitFor),
        1 => Just(Step::Meet),
        2 => Just(Step::Pass),
    ]
    .prop_map(|step| vec![step])
}

fn plain_step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![3 => Just(Mode::Held), 1 => Just(Mode::Kept), 2 => Just(Mode::Released)];
    prop_oneof![
        3 => (1..=12_u64).prop_map(Step::Wait),
        1 => (1..=12_u64).prop_map(Step::Block),
        2 => (0..SITES).prop_map(Step::Site),
        5 => (1..=15_u64, mode).prop_map(|(time, mode)| Step::Compute(time, mode)),
        1 => Just(Step::Yield),
    ]
}

/// The same world, each `held` computation cut in two where it can be.
pub fn cut_in_two(world: &World) -> World {
    let cut = |step: &Step| match *step {
        Step::Compute(time, Mode::Held) if time > 1 => {
            vec![Step::Compute(time / 2, Mode::Held), Step::Compute(time - time / 2, Mode::Held)]
        }
        step => vec![step],
    };
    let mut world = world.clone();
    for task in &mut world.tasks {
        task.steps = task.steps.iter().flat_map(cut).collect();
    }
    world
}
