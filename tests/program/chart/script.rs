//! Runs written by hand: what an engine would stream for a few programs whose schedule is plain.

use gilsim::ids::{CoreId, LockId, NameId, ProcessId, TaskId, ThreadId};
use gilsim::lanes::{Recorder, Recording};
use gilsim::time::{SimDuration, SimTime};
use gilsim::trace::{Hold, Names, Row, Sink, State};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const S: u64 = 1_000 * MS;

/// A run being written.
pub(crate) struct Script {
    recorder: Recorder,
    pub(crate) names: Names,
}

/// Where a row is.
#[derive(Clone, Copy, Default)]
pub(crate) struct On {
    pub(crate) task: Option<u32>,
    pub(crate) process: u32,
    pub(crate) thread: Option<u32>,
    pub(crate) core: Option<u32>,
}

pub(crate) fn thread(thread: u32) -> On {
    On { thread: Some(thread), ..On::default() }
}

pub(crate) fn task(task: u32) -> On {
    On { task: Some(task), ..On::default() }
}

impl On {
    pub(crate) fn task(self, task: u32) -> Self {
        Self { task: Some(task), ..self }
    }
    pub(crate) fn core(self, core: u32) -> Self {
        Self { core: Some(core), ..self }
    }
    pub(crate) fn process(self, process: u32) -> Self {
        Self { process, ..self }
    }
}

impl Script {
    pub(crate) fn new(sites: &[&str]) -> Self {
        let mut names = Names::default();
        let ids: Vec<NameId> = sites.iter().map(|site| names.intern(site)).collect();
        Self { recorder: Recorder::new(ids), names }
    }

    pub(crate) fn row(&mut self, on: On, state: State, name: &str, start: u64, end: u64) {
        let name = self.names.intern(name);
        self.recorder.row(&Row {
            task: on.task.map(TaskId),
            list: 0,
            step: 0,
            state,
            name,
            start: SimTime::from_nanos(start),
            end: SimTime::from_nanos(end),
            process: on.thread.map(|_| ProcessId(on.process)),
            thread: on.thread.map(ThreadId),
            core: on.core.map(CoreId),
        });
    }

    pub(crate) fn hold(&mut self, lock: u32, thread: u32, start: u64, end: u64) {
        self.recorder.hold(&Hold {
            lock: LockId(lock),
            thread: ThreadId(thread),
            start: SimTime::from_nanos(start),
            end: SimTime::from_nanos(end),
        });
    }

    pub(crate) fn end(self, makespan: u64) -> Run {
        Run {
            recording: self.recorder.finish(SimDuration::from_nanos(makespan)),
            names: self.names,
        }
    }
}

/// A run to be charted.
pub(crate) struct Run {
    pub(crate) recording: Recording,
    pub(crate) names: Names,
}

/// `threads` threads take turns of 5 ms at a lock, `turns` each.
pub(crate) fn gil_turns(threads: u64, turns: u64) -> Run {
    let mut run = Script::new(&[]);
    run.row(thread(0).core(0), State::Overhead, "thread_start", 0, 2 * MS);
    run.hold(0, 0, 0, 2 * MS);
    let mut now = 2 * MS;
    let mut since = vec![now; threads as usize];
    for turn in 0..threads * turns {
        let who = turn % threads;
        let (number, core) = (who as u32 + 1, (turn % 2) as u32);
        let on = thread(number).task(who as u32);
        let waited = since[who as usize];
        if waited < now {
            run.row(on, State::LockWait, "", waited, now);
        }
        run.row(on.core(core), State::Running, "multiply", now, now + 5 * MS);
        run.hold(0, number, now, now + 5 * MS);
        now += 5 * MS;
        since[who as usize] = now;
    }
    run.end(now + MS)
}

/// Six coroutines on one loop: wait for a site, parse, one of them blocks the loop.
pub(crate) fn coroutines() -> Run {
    let mut run = Script::new(&["shop"]);
    let on_loop = thread(0).core(0);
    run.row(on_loop, State::Overhead, "loop_start", 0, 3 * MS);
    for who in 0..6 {
        let begin = (3 + u64::from(who)) * MS;
        run.row(task(who), State::Ready, "loop", 0, begin);
        run.row(on_loop.task(who), State::Running, "", begin, begin + MS);
    }
    run.row(thread(0), State::Io, "poll", 9 * MS, 40 * MS);
    let mut now = 40 * MS;
    for who in 0..6 {
        let begin = (4 + u64::from(who)) * MS;
        run.row(task(who), State::Suspended, "shop", begin, 40 * MS + u64::from(who) * MS);
        let ready = 40 * MS + u64::from(who) * MS;
        if ready < now {
            run.row(task(who), State::Ready, "loop", ready, now);
        }
        if who == 2 {
            run.row(thread(0).task(who), State::Io, "time.sleep", now, now + 30 * MS);
            now += 30 * MS;
            continue;
        }
        run.row(on_loop.task(who), State::Running, "parse", now, now + 8 * MS);
        now += 8 * MS;
    }
    run.hold(0, 0, 0, 9 * MS);
    run.hold(0, 0, 40 * MS, 56 * MS);
    run.hold(0, 0, 86 * MS, 110 * MS);
    run.end(now)
}

/// A pool of two processes with its helper threads, fork and pickling.
pub(crate) fn process_pool() -> Run {
    let mut run = Script::new(&[]);
    run.row(thread(0).core(0), State::Overhead, "fork", 0, 12 * MS);
    run.hold(0, 0, 0, 12 * MS);
    run.row(thread(1).core(0), State::Overhead, "pickle", 12 * MS, 18 * MS);
    run.hold(0, 1, 12 * MS, 18 * MS);
    for worker in 0..2_u32 {
        let on = thread(3 + worker).process(1 + worker).core(1 + worker);
        let mut now = 10 * MS;
        run.row(on, State::Overhead, "process_start", now, now + 8 * MS);
        now += 8 * MS;
        for round in 0..3 {
            let job = worker + round * 2;
            if round > 0 || worker > 0 {
                run.row(task(job), State::Queued, "", 12 * MS, now);
            }
            run.row(on.task(job), State::Overhead, "unpickle", now, now + 2 * MS);
            run.row(on.task(job), State::Running, "multiply", now + 2 * MS, now + 22 * MS);
            run.row(on.task(job), State::Native, "blas", now + 22 * MS, now + 30 * MS);
            run.hold(1 + worker, 3 + worker, now, now + 22 * MS);
            now += 30 * MS;
        }
    }
    run.row(thread(2).core(0), State::Overhead, "results", 48 * MS, 52 * MS);
    run.hold(0, 2, 48 * MS, 52 * MS);
    run.end(112 * MS)
}

/// `pages` threads download at once, ten connections, then parse under the lock.
pub(crate) fn downloads_by_threads(pages: u32) -> Run {
    let mut run = Script::new(&["shop"]);
    let (mut lock_free, mut birth) = (0, 0);
    let mut free = [0_u64; 10];
    for page in 0..pages {
        run.row(thread(0).core(0), State::Overhead, "thread_start", birth, birth + 200_000);
        birth += 200_000;
        let on = thread(page + 1).task(page);
        run.row(task(page), State::Queued, "", 0, birth);
        let place = (0..10).min_by_key(|&place| free[place]).unwrap();
        let begin = free[place].max(birth);
        if begin > birth {
            run.row(on, State::Sync, "shop", birth, begin);
        }
        let answered = begin + (100 + u64::from(page * 37 % 100)) * MS;
        free[place] = answered;
        run.row(on, State::Io, "shop", begin, answered);
        let parse = answered.max(lock_free);
        if parse > answered {
            run.row(on, State::LockWait, "", answered, parse);
        }
        run.row(on.core(page % 4), State::Running, "parse", parse, parse + 12 * MS);
        run.hold(0, page + 1, parse, parse + 12 * MS);
        lock_free = parse + 12 * MS;
    }
    run.end(lock_free + MS)
}

/// One download after the other.
pub(crate) fn downloads_one_by_one(pages: u32, wait: u64) -> Run {
    let mut run = Script::new(&["shop"]);
    let mut now = 0;
    for page in 0..pages {
        if now > 0 {
            run.row(task(page), State::Queued, "", 0, now);
        }
        let on = thread(0).task(page);
        run.row(on, State::Io, "shop", now, now + wait);
        now += wait;
        run.row(on.core(0), State::Running, "parse", now, now + 20 * MS);
        run.hold(0, 0, now, now + 20 * MS);
        now += 20 * MS;
    }
    run.end(now)
}

/// `pages` coroutines wait at once and parse in turn.
pub(crate) fn downloads_by_coroutines(pages: u32) -> Run {
    let mut run = Script::new(&["shop"]);
    let on_loop = thread(0).core(0);
    let made = u64::from(pages) * 100_000;
    run.row(on_loop, State::Overhead, "create_task", 0, made);
    let mut now = S;
    run.row(thread(0), State::Io, "poll", made, now);
    for page in 0..pages {
        run.row(task(page), State::Ready, "loop", 0, made);
        let answered = S + u64::from(page) * 9 * MS;
        run.row(task(page), State::Suspended, "shop", made, answered);
        if answered > now {
            run.row(thread(0), State::Io, "poll", now, answered);
            now = answered;
        } else if answered < now {
            run.row(task(page), State::Ready, "loop", answered, now);
        }
        run.row(on_loop.task(page), State::Running, "parse", now, now + 10 * MS);
        run.hold(0, 0, now, now + 10 * MS);
        now += 10 * MS;
    }
    run.end(now)
}

/// One lane for each state there is, and one that has them all.
pub(crate) fn every_state() -> Run {
    let mut run = Script::new(&["api", "database"]);
    run.row(thread(0).core(0), State::Overhead, "thread_start", 0, 6 * MS);
    run.row(thread(0), State::Io, "join", 6 * MS, 100 * MS);
    for (index, state) in State::ALL.into_iter().enumerate() {
        let number = index as u32;
        let mut on = thread(number + 1).task(number);
        on.core = state.on_core().then_some(number + 1);
        let name = ["parse", "zlib", "switch", "", "", "api", "database", "slots", ""][index];
        if state == State::Queued {
            on.thread = None;
        }
        run.row(on, state, name, 6 * MS, (60 + 4 * index as u64) * MS);
    }
    let mut now = 6 * MS;
    for (index, state) in State::ALL.into_iter().enumerate() {
        let name = ["parse", "zlib", "switch", "", "", "api", "database", "slots", ""][index];
        run.row(thread(12).task(12), state, name, now, now + 9 * MS);
        now += 9 * MS;
    }
    run.hold(0, 1, 6 * MS, 60 * MS);
    run.hold(0, 12, 60 * MS, 69 * MS);
    run.end(100 * MS)
}
