//! A server of processes that were forked beforehand, as gunicorn's: its sync workers do a request after the other, its
//! gthread workers have a thread that accepts and others that do the work, and uvicorn's have an event loop.
//!
//! The main thread is the network here: it hands each request to the listening socket when it arrives, at no cost.

use crate::ids::ChannelId;
use crate::model::{Accept, OffloadTo, ToolRun};
use crate::plan::{ChannelOp, ChannelRules, Group, Label, ListenRules, Op, Pc, TaskOp};

use super::asyncio::{offload_workers, stop_executor, write_stopper, write_submit};
use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, one_task};
use super::event_loop::EventLoop;
use super::thread_pool::ThreadPool;

pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    name: "server",
    since: None,
    carrier: Carrier::Process,
    carriers: Carriers::Workers,
    has_loop: false,
    takes: &[
        OwnKey::Start,
        OwnKey::WorkerInit,
        OwnKey::Processes,
        OwnKey::Threads,
        OwnKey::Backlog,
        OwnKey::Accept,
        OwnKey::Loop,
        OwnKey::OffloadWorkers,
    ],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |run| format!("a server of {}", processes(run)),
    done_by: |run| format!("a server of {}", processes(run)),
    write,
};

/// The same with an event loop in each process.
pub(super) const ON_LOOPS: Descriptor = Descriptor {
    carrier: Carrier::Coroutine,
    carriers: Carriers::OnePerTask,
    has_loop: true,
    write: write_on_loops,
    ..DESCRIPTOR
};

/// `2 processes of 4 threads each`, `2 processes of an event loop each`.
fn processes(run: &ToolRun) -> String {
    let count = |count: u32, noun: &str, s: &str| {
        format!("{count} {noun}{}", if count == 1 { "" } else { s })
    };
    let serving = run.serving;
    let each = if serving.processes == 1 { "" } else { " each" };
    let (processes, threads) =
        (count(serving.processes, "process", "es"), count(serving.threads, "thread", "s"));
    let threads = if serving.on_loops { "an event loop".to_owned() } else { threads };
    format!("{processes} of {threads}{each}")
}

/// The parts of a server.
struct Server {
    /// The listening socket: what arrives, and who waits in `accept`.
    socket: ChannelId,
    /// A process says here that it is about to accept.
    ready: ChannelId,
    process: Label,
    threads: Option<Threads>,
}

/// The threads of a process that do the work.
struct Threads {
    thread: Label,
    group: Group,
    /// What the process has accepted and no thread of it has begun.
    accepted: ChannelId,
    /// A thread says here that it has ended.
    ended: ChannelId,
}

pub(super) fn write(builder: &mut Builder<'_>) {
    let serving = builder.tool.serving;
    let server = Server {
        socket: shared_channel(builder, true, true),
        ready: shared_channel(builder, false, false),
        process: builder.code.label(),
        threads: (serving.threads > 1).then(|| Threads::new(builder)),
    };
    let group = start_processes(builder, server.process, server.ready);
    hand_out(builder, |builder, full| {
        let op = ChannelOp::PutWithin { room: serving.backlog, full };
        builder.on_channel(server.socket, op);
    });
    builder.close(server.socket);
    builder.join_processes(group);
    builder.code.push(Op::Exit);
    server.write_process(builder);
    if let Some(threads) = &server.threads {
        threads.write_thread(builder, server.works_from(builder, threads));
    }
}

/// A channel of the run, whoever uses it.
fn shared_channel(builder: &mut Builder<'_>, hand_off: bool, is_pipe: bool) -> ChannelId {
    let wake = builder.profile().machine.wake_call.0;
    builder.channel_with(ChannelRules { hand_off, wake, is_pipe, in_each_process: false })
}

/// Starts the processes, and waits until each says that it is about to accept.
fn start_processes(builder: &mut Builder<'_>, process: Label, ready: ChannelId) -> Group {
    let processes = builder.tool.serving.processes;
    let group = builder.group();
    let executor = builder.executor(processes, true);
    let started = builder.code.label();
    let start = builder.code.here();
    builder.code.push(Op::Grow { executor, enough: started.target() });
    builder.start_process(process, group, false);
    builder.code.push(Op::Jump(start.target()));
    builder.code.place(started);
    await_nudges(builder, ready, processes);
    group
}

/// Hands each request to the socket as it arrives; what finds it full fails.
fn hand_out(builder: &mut Builder<'_>, put: impl FnOnce(&mut Builder<'_>, Pc)) {
    let refused = builder.code.label();
    builder.for_each_arrival(1, |builder| {
        let (next, full) = (builder.code.label(), refused.target());
        put(builder, full);
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(refused);
        builder.on_tasks(TaskOp::Refuse);
        builder.code.place(next);
    });
}

/// A server whose processes have an event loop each: `asyncio.start_server` on one socket.
fn write_on_loops(builder: &mut Builder<'_>) {
    let serving = builder.tool.serving;
    let ready = shared_channel(builder, false, false);
    let (process, stopper) = (builder.code.label(), builder.code.label());
    builder.plan.listens = Some(ListenRules { evenly: serving.accept == Accept::Even });
    let event_loop = EventLoop::new(builder, false);
    builder.event_loops.push(event_loop);
    let offloads = builder.workload().offloads_to(OffloadTo::Threads);
    let threads = offloads.then(|| ThreadPool::new(builder, offload_workers(builder)));
    let group = start_processes(builder, process, ready);
    hand_out(builder, |builder, full| {
        builder.on_tasks(TaskOp::Offer { room: serving.backlog, full });
    });
    builder.on_tasks(TaskOp::CloseListener);
    builder.join_processes(group);
    builder.code.push(Op::Exit);

    write_loop_process(builder, process, ready, |builder| {
        builder.run_loop(&event_loop);
        if threads.is_some() {
            builder.on_loop_thread(|builder| stop_executor(builder, stopper));
        }
    });
    if let Some(pool) = threads {
        write_stopper(builder, stopper, &pool);
        builder.on_loop_thread(|builder| write_submit(builder, &pool, &event_loop));
        pool.write_worker(builder, |_| {}, Builder::run_item, |_| {});
    }
}

/// A process that makes an event loop, runs it, and ends.
fn write_loop_process<'a>(
    builder: &mut Builder<'a>,
    process: Label,
    ready: ChannelId,
    run: impl FnOnce(&mut Builder<'a>),
) {
    let costs = builder.profile().event_loop;
    builder.program(process);
    builder.boot_process();
    builder.init_worker();
    builder.spend("create", costs.start);
    builder.nudge(ready);
    run(builder);
    builder.spend("shutdown", costs.stop);
    builder.exit_process();
}

impl Server {
    /// Where the threads of a process take their work: evenly, each accepts for itself.
    fn works_from(&self, builder: &Builder<'_>, threads: &Threads) -> ChannelId {
        match builder.tool.serving.accept {
            Accept::Kernel => threads.accepted,
            Accept::Even => self.socket,
        }
    }

    fn write_process(&self, builder: &mut Builder<'_>) {
        builder.program(self.process);
        builder.boot_process();
        builder.init_worker();
        match &self.threads {
            None => {
                builder.nudge(self.ready);
                serve(builder, self.socket, |builder| {
                    accept(builder);
                    builder.run_item();
                });
            }
            Some(threads) => {
                let count = builder.tool.serving.threads;
                for _ in 0..count {
                    builder.start_thread(threads.thread, threads.group, false);
                }
                builder.nudge(self.ready);
                if builder.tool.serving.accept == Accept::Kernel {
                    serve(builder, self.socket, |builder| {
                        accept(builder);
                        let cost = builder.profile().thread_pool.submit;
                        builder.spend("submit", cost);
                        builder.put(threads.accepted);
                    });
                    builder.close(threads.accepted);
                }
                await_nudges(builder, threads.ended, count);
            }
        }
        builder.exit_process();
    }
}

/// What a thread pays for a request that it accepts.
fn accept(builder: &mut Builder<'_>) {
    let cost = builder.profile().server.accept;
    builder.spend("accept", cost);
}

/// Takes one request after the other, and does something with it, until nothing more comes.
fn serve<'a>(builder: &mut Builder<'a>, from: ChannelId, body: impl FnOnce(&mut Builder<'a>)) {
    let closed = builder.code.label();
    let next = builder.code.here();
    builder.take(from, closed);
    body(builder);
    builder.code.push(Op::Jump(next.target()));
    builder.code.place(closed);
}

impl Threads {
    fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            thread: builder.code.label(),
            group: builder.group(),
            accepted: builder.channel_of_process(),
            ended: builder.channel_of_process(),
        }
    }

    fn write_thread(&self, builder: &mut Builder<'_>, from: ChannelId) {
        let costs = builder.profile().thread_pool;
        let accepts = builder.tool.serving.accept == Accept::Even;
        builder.program(self.thread);
        builder.boot_thread();
        serve(builder, from, |builder| {
            if accepts {
                accept(builder);
            }
            builder.spend("dequeue", costs.dequeue);
            builder.run_item();
        });
        builder.nudge(self.ended);
        builder.exit_thread();
    }
}

/// Waits until a channel was nudged so often.
fn await_nudges(builder: &mut Builder<'_>, channel: ChannelId, count: u32) {
    for _ in 0..count {
        let nudged = builder.code.label();
        builder.take_or(channel, nudged, nudged);
        builder.code.place(nudged);
        let again = builder.code.label();
        builder.drain(channel, again);
        builder.code.place(again);
    }
}
