//! A server of processes that were forked beforehand, as gunicorn's: its sync workers do a request after the other, its
//! gthread workers have a thread that accepts and others that do the work.
//!
//! The main thread is the network here: it hands each request to the listening socket when it arrives, at no cost.

use crate::ids::ChannelId;
use crate::model::{Accept, ToolRun};
use crate::plan::{ChannelOp, ChannelRules, Group, Label, Op, TaskOp};

use super::builder::Builder;
use super::descriptor::{Carrier, Carriers, Descriptor, OwnKey, one_task};

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
    ],
    default_workers: |_| 1,
    default_chunk: one_task,
    does: |run| format!("a server of {}", processes(run)),
    done_by: |run| format!("a server of {}", processes(run)),
    write,
};

/// `2 processes of 4 threads each`.
fn processes(run: &ToolRun) -> String {
    let count = |count: u32, noun: &str, s: &str| {
        format!("{count} {noun}{}", if count == 1 { "" } else { s })
    };
    let serving = run.serving;
    let each = if serving.processes == 1 { "" } else { " each" };
    let (processes, threads) =
        (count(serving.processes, "process", "es"), count(serving.threads, "thread", "s"));
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
    let wake = builder.profile().machine.wake_call.0;
    let socket = ChannelRules { hand_off: true, wake, is_pipe: true, in_each_process: false };
    let server = Server {
        socket: builder.channel_with(socket),
        ready: builder.channel(false),
        process: builder.code.label(),
        threads: (serving.threads > 1).then(|| Threads::new(builder)),
    };
    let group = builder.group();
    let executor = builder.executor(serving.processes, true);
    let started = builder.code.label();
    let start = builder.code.here();
    builder.code.push(Op::Grow { executor, enough: started.target() });
    builder.start_process(server.process, group, false);
    builder.code.push(Op::Jump(start.target()));
    builder.code.place(started);
    await_nudges(builder, server.ready, serving.processes);
    let refused = builder.code.label();
    builder.for_each_arrival(1, |builder| {
        let (next, full) = (builder.code.label(), refused.target());
        let op = ChannelOp::PutWithin { room: serving.backlog, full };
        builder.on_channel(server.socket, op);
        builder.code.push(Op::Jump(next.target()));
        builder.code.place(refused);
        builder.on_tasks(TaskOp::Refuse);
        builder.code.place(next);
    });
    builder.close(server.socket);
    builder.join_processes(group);
    builder.code.push(Op::Exit);
    server.write_process(builder);
    if let Some(threads) = &server.threads {
        threads.write_thread(builder, server.works_from(builder, threads));
    }
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
                serve(builder, self.socket, Builder::run_item);
            }
            Some(threads) => {
                let count = builder.tool.serving.threads;
                for _ in 0..count {
                    builder.start_thread(threads.thread, threads.group, false);
                }
                builder.nudge(self.ready);
                if builder.tool.serving.accept == Accept::Kernel {
                    serve(builder, self.socket, |builder| {
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

/// Accepts one request after the other, and does something with it, until nothing more comes.
fn serve<'a>(builder: &mut Builder<'a>, from: ChannelId, body: impl FnOnce(&mut Builder<'a>)) {
    let closed = builder.code.label();
    let next = builder.code.here();
    builder.take(from, closed);
    builder.read_from_pipe();
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
        builder.program(self.thread);
        builder.boot_thread();
        serve(builder, from, |builder| {
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
