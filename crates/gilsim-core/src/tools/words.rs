//! Words for programs: what threads do, in instructions. Whoever waits gives the lock up before and takes it back after.

use crate::ids::{ChannelId, NameId, SemaphoreId};
use crate::model::LockMode;
use crate::plan::{
    ChannelOp, Ends, ForThread, Group, ItemCost, Label, Op, Pickling, Side, Start, TaskOp, Thing,
    Wait, Way,
};
use crate::profile::Cost;
use crate::time::SimDuration;
use crate::trace::State;

use super::builder::Builder;

impl Builder<'_> {
    /// Begins a program. Whoever runs it has no lock yet.
    pub(super) fn program(&mut self, label: Label) {
        self.code.place(label);
        self.code.push(Op::Relock);
    }

    /// Bookkeeping in Python.
    pub(super) fn spend(&mut self, name: &str, cost: Cost) {
        self.spend_with(name, cost, LockMode::Held);
    }

    /// Bookkeeping that keeps the lock or does without it.
    pub(super) fn spend_with(&mut self, name: &str, Cost(length): Cost, lock: LockMode) {
        let name = self.name(name);
        if !length.is_zero() {
            self.work(Op::Spend { length, name, lock }, lock);
        }
    }

    /// Work that does without the lock gives it up and takes it back.
    pub(super) fn work(&mut self, op: Op, lock: LockMode) {
        match lock {
            LockMode::Held | LockMode::Kept => self.code.push(op),
            LockMode::Released => self.unlocked(|builder| builder.code.push(op)),
        }
    }

    /// What is done without the lock.
    pub(super) fn unlocked(&mut self, body: impl FnOnce(&mut Self)) {
        self.code.push(Op::Unlock);
        body(self);
        self.code.push(Op::Relock);
    }

    /// Waits without the lock; afterwards it has what it waited for, or goes `again` to where it looks.
    fn block(&mut self, on: ForThread, row: Option<(State, NameId)>, again: Label) {
        self.block_or(on, row, again, |_| {});
    }

    /// The same; who gives up does that first.
    pub(super) fn block_or(
        &mut self,
        on: ForThread,
        row: Option<(State, NameId)>,
        again: Label,
        give_up: impl FnOnce(&mut Self),
    ) {
        let (done, look) = (self.code.label(), self.code.label());
        let late = self.late_without_lock();
        let ends = Ends::of(done.target(), look.target()).or_late(late.map(|(here, _)| here));
        self.code.push(Op::Unlock);
        self.code.push(Op::Block(Wait { on, row, ends }));
        self.come_late(late, give_up);
        self.code.place(look);
        self.code.push(Op::Relock);
        self.code.push(Op::Jump(again.target()));
        self.code.place(done);
        self.code.push(Op::Relock);
    }

    /// Where a thread goes on that gives up a wait without its lock, and where it goes from there with it.
    pub(super) fn late_without_lock(&mut self) -> Option<(Label, Label)> {
        let pad = self.late()?;
        Some((self.code.label(), pad))
    }

    /// A thread comes there that has given up a wait. It takes its lock back and gives back what it has.
    pub(super) fn come_late(
        &mut self,
        late: Option<(Label, Label)>,
        give_back: impl FnOnce(&mut Self),
    ) {
        let Some((here, pad)) = late else { return };
        self.code.place(here);
        self.code.push(Op::Relock);
        give_back(self);
        self.code.push(Op::Jump(pad.target()));
    }

    /// Waits without the lock until what it waits for is there.
    fn block_until(&mut self, on: ForThread, row: Option<(State, NameId)>) {
        self.unlocked(|builder| builder.block_here(on, row));
    }

    /// The same where the lock is free already.
    fn block_here(&mut self, on: ForThread, row: Option<(State, NameId)>) {
        let end = self.code.label();
        let ends = Ends::only(end.target());
        self.code.push(Op::Block(Wait { on, row, ends }));
        self.code.place(end);
    }

    /// Takes a thing, waiting for it. A connection is handed over; who is woken for anything else looks again, for
    /// newcomers may barge.
    pub(super) fn obtain(&mut self, thing: Thing, row: Option<(State, NameId)>) {
        let obtained = self.code.label();
        let again = self.code.here();
        let in_line = thing.goes_by_line();
        self.code.push(Op::TryObtain { thing, in_line, obtained: obtained.target() });
        self.block(ForThread::Thing(thing), row, again);
        self.code.place(obtained);
    }

    /// Takes a permit of the tool's own.
    pub(super) fn acquire(&mut self, semaphore: SemaphoreId) {
        self.obtain(Thing::Permit(semaphore), None);
    }

    /// Takes a permit if there is one.
    pub(super) fn try_acquire(&mut self, semaphore: SemaphoreId, none: Label) {
        let obtained = self.code.label();
        let thing = Thing::Permit(semaphore);
        self.code.push(Op::TryObtain { thing, in_line: false, obtained: obtained.target() });
        self.code.push(Op::Jump(none.target()));
        self.code.place(obtained);
    }

    pub(super) fn on_channel(&mut self, channel: ChannelId, op: ChannelOp) {
        self.code.push(Op::OnChannel(channel, op));
    }

    /// Puts the item at hand into a channel.
    pub(super) fn put(&mut self, into: ChannelId) {
        self.on_channel(into, ChannelOp::Put);
    }

    /// Tells whoever takes from a channel to look up.
    pub(super) fn nudge(&mut self, channel: ChannelId) {
        self.on_channel(channel, ChannelOp::Nudge);
    }

    /// Forgets one nudge of a channel, if there is one.
    pub(super) fn drain(&mut self, from: ChannelId, none: Label) {
        self.on_channel(from, ChannelOp::Drain(none.target()));
    }

    /// Takes an item from a channel if there is one.
    pub(super) fn try_take(&mut self, from: ChannelId, none: Label) {
        self.on_channel(from, ChannelOp::TryTake(none.target()));
    }

    /// Nothing more will be put into a channel.
    pub(super) fn close(&mut self, channel: ChannelId) {
        self.on_channel(channel, ChannelOp::Close);
    }

    pub(super) fn on_tasks(&mut self, op: TaskOp) {
        self.code.push(Op::OnTasks(op));
    }

    /// Does the tasks of the item at hand.
    pub(super) fn run_item(&mut self) {
        self.on_tasks(TaskOp::RunItem);
    }

    /// A write to a pipe: a short time without the lock, in which somebody else may take it.
    pub(super) fn write_to_pipe(&mut self) {
        let cost = self.profile().pipe.write;
        self.spend_with("pipe", cost, LockMode::Released);
    }

    /// The same for a read of what is there.
    pub(super) fn read_from_pipe(&mut self) {
        let cost = self.profile().pipe.read;
        self.spend_with("pipe", cost, LockMode::Released);
    }

    /// Waits on a channel as `poll` does, which gives the lock up even if there is something already.
    pub(super) fn poll_pipe(&mut self, channel: ChannelId) {
        let name = self.name("pipe");
        let Cost(length) = self.profile().pipe.poll;
        if length.is_zero() {
            return;
        }
        let (nothing, polled) = (self.code.label(), self.code.label());
        self.unlocked(|builder| {
            let nothing_to = nothing.target();
            builder.on_channel(channel, ChannelOp::Poll { length, name, nothing: nothing_to });
            builder.code.push(Op::Jump(polled.target()));
            builder.code.place(nothing);
            builder.block_here(ForThread::Poll(channel), None);
            builder.code.place(polled);
        });
    }

    /// Bookkeeping for the item at hand, so much for each of its tasks after the first.
    pub(super) fn spend_on_item(&mut self, name: &str, Cost(base): Cost, Cost(each_further): Cost) {
        let name = self.name(name);
        if base.is_zero() && each_further.is_zero() {
            return;
        }
        let cost = self.item_cost(ItemCost { base, each_further, pickling: None, name });
        self.code.push(Op::SpendOnItem(cost));
    }

    /// The same with pickling or unpickling the item, on one side of a pipe.
    pub(super) fn spend_on_pickling(
        &mut self,
        (way, side): (Way, Side),
        Cost(base): Cost,
        Cost(each_further): Cost,
    ) {
        let name = self.name("pickle");
        let pickle = &self.profile().pickle;
        let (per_mib, Cost(per_object), pipe_per_mib, fresh_per_mib) = match side {
            Side::Pickle => (
                pickle.dumps_per_mib,
                pickle.dumps_per_object,
                pickle.pipe_per_mib,
                pickle.fresh_write_per_mib,
            ),
            Side::Unpickle => (
                pickle.loads_per_mib,
                pickle.loads_per_object,
                pickle.read_per_mib,
                pickle.fresh_read_per_mib,
            ),
        };
        let per_object = per_object + self.copies_per_object(way, side);
        let pickling =
            Some(Pickling { way, side, per_mib, per_object, pipe_per_mib, fresh_per_mib });
        let cost = self.item_cost(ItemCost { base, each_further, pickling, name });
        self.code.push(Op::SpendOnItem(cost));
    }

    /// What the parent's pickling of an object costs for its page, which it shared with its children until then.
    fn copies_per_object(&self, way: Way, side: Side) -> SimDuration {
        match (way, side) {
            (Way::Sent, Side::Pickle) => self.start_costs().copies_per_object.0,
            _ => SimDuration::ZERO,
        }
    }

    /// `Thread.start()`, with the item at hand where `with_item`: waits until the thread has set its started event.
    pub(super) fn start_thread(&mut self, program: Label, group: Group, with_item: bool) {
        let cost = self.profile().thread.start;
        self.spend("start", cost);
        let start = Start { program: program.target(), group, with_item };
        self.code.push(Op::StartThread(start));
        // Of its own rows an event loop has none for this.
        let row = (!self.is_loop_thread).then(|| (State::Sync, self.name("start")));
        self.block_until(ForThread::Started, row);
    }

    /// What every thread does first.
    pub(super) fn boot_thread(&mut self) {
        let cost = self.profile().thread.boot;
        self.spend("start", cost);
        self.code.push(Op::Started);
    }

    /// The end of a thread. Whoever joins it goes on while the kernel is still at it.
    pub(super) fn exit_thread(&mut self) {
        let costs = self.profile().thread;
        self.spend("exit", costs.exit);
        if !costs.dispose.0.is_zero() {
            self.code.push(Op::End);
            self.spend_with("exit", costs.dispose, LockMode::Released);
        }
        self.code.push(Op::Exit);
    }

    /// `Process.start()`, with the item at hand where `with_item`.
    pub(super) fn start_process(&mut self, program: Label, group: Group, with_item: bool) {
        let costs = *self.start_costs();
        if !costs.first.0.is_zero() {
            let again = self.code.label();
            let flag = self.once();
            self.code.push(Op::Once { flag, again: again.target() });
            self.spend_with("start", costs.first, LockMode::Released);
            self.code.place(again);
        }
        let after = costs.after.0.min(costs.parent.0);
        self.spend_with("start", Cost(costs.parent.0 - after), LockMode::Kept);
        let start = Start { program: program.target(), group, with_item };
        self.code.push(Op::StartProcess(start));
        self.spend_with("start", Cost(after), LockMode::Kept);
    }

    /// What a parent pays for, soon after it forked: its own memory is shared, and copied when it is written to.
    pub(super) fn copy_pages(&mut self) {
        let cost = self.start_costs().parent_copies;
        self.spend("copy", cost);
    }

    /// What every process does first.
    pub(super) fn boot_process(&mut self) {
        let cost = self.start_costs().child;
        self.spend("start", cost);
    }

    /// What the program wants a worker to do before its first task: imports, connections.
    pub(super) fn init_worker(&mut self) {
        let length = self.plan.compute(self.tool.worker_init);
        if !length.is_zero() {
            self.spend("init", Cost(length));
        }
    }

    /// The end of a process: the kernel takes it down.
    pub(super) fn exit_process(&mut self) {
        self.flush_queues();
        let cost = self.profile().process.exit;
        self.spend_with("exit", cost, LockMode::Released);
        self.code.push(Op::Exit);
    }

    pub(super) fn join_threads(&mut self, group: Group) {
        let each = self.profile().thread.join.0;
        self.join(group, each);
    }

    pub(super) fn join_processes(&mut self, group: Group) {
        let each = self.profile().process.join.0;
        self.join(group, each);
    }

    /// Joins all threads of a group, in order of birth.
    fn join(&mut self, group: Group, each: SimDuration) {
        let (alive, all) = (self.code.label(), self.code.label());
        let next = self.code.here();
        self.code.push(Op::Join { group, each, alive: alive.target(), all: all.target() });
        self.code.push(Op::Jump(next.target()));
        self.code.place(alive);
        let row = Some((State::Sync, self.name("join")));
        self.block_until(ForThread::Joined, row);
        self.code.push(Op::Jump(next.target()));
        self.code.place(all);
    }

    /// A loop over all tasks as they arrive, `chunk` at a time.
    pub(super) fn for_each_arrival(&mut self, chunk: u32, body: impl FnOnce(&mut Self)) {
        let (early, none) = (self.code.label(), self.code.label());
        let again = self.code.here();
        let [early_to, none_to] = [early.target(), none.target()];
        self.on_tasks(TaskOp::NextArrival { chunk, early: early_to, none: none_to });
        body(self);
        self.code.push(Op::Jump(again.target()));
        self.code.place(early);
        self.unlocked(|builder| builder.on_tasks(TaskOp::SleepUntilArrival));
        self.code.push(Op::Jump(again.target()));
        self.code.place(none);
    }

    /// Takes an item from a channel that nobody nudges.
    pub(super) fn take(&mut self, from: ChannelId, closed: Label) {
        let again = self.code.here();
        self.take_or(from, again, closed);
    }

    /// Takes an item from a channel, waiting for one; goes elsewhere when it is empty and was nudged, or closed.
    pub(super) fn take_or(&mut self, from: ChannelId, nudged: Label, closed: Label) {
        let taken = self.code.label();
        let again = self.code.here();
        let [taken_to, nudged, closed] = [taken.target(), nudged.target(), closed.target()];
        self.on_channel(from, ChannelOp::Take { taken: taken_to, nudged, closed });
        self.block(ForThread::Channel(from), None, again);
        self.code.place(taken);
    }

    /// Hands the results of the item at hand over; to an event loop that means `call_soon_threadsafe`.
    pub(super) fn deliver(&mut self) {
        if !self.event_loops.is_empty() {
            let cost = self.profile().event_loop.call_threadsafe;
            self.spend("complete", cost);
        }
        self.plan.delivers_results = self.event_loops.is_empty();
        self.on_tasks(TaskOp::Deliver);
    }

    /// Results of all tasks in order of arrival: so much for an item, and for each of its tasks after the first.
    pub(super) fn collect(&mut self, Cost(base): Cost, Cost(each_further): Cost) {
        let name = self.name("result");
        let cost = self.item_cost(ItemCost { base, each_further, pickling: None, name });
        let chunk = self.tool.chunk;
        let (none, all) = (self.code.label(), self.code.label());
        let next = self.code.here();
        let [none_to, all_to] = [none.target(), all.target()];
        self.on_tasks(TaskOp::Collect { cost, chunk, none: none_to, all: all_to });
        self.code.push(Op::Jump(next.target()));
        self.code.place(none);
        let row = Some((State::Sync, self.name("result")));
        self.block_until(ForThread::Result, row);
        self.code.push(Op::Jump(next.target()));
        self.code.place(all);
    }

    /// Waits until the results of all tasks are there.
    pub(super) fn await_all(&mut self) {
        let all = self.code.label();
        self.on_tasks(TaskOp::IfAllDelivered(all.target()));
        let row = Some((State::Sync, self.name("result")));
        self.block_until(ForThread::AllResults, row);
        self.code.place(all);
    }

    /// What is done under a subinterpreter's lock.
    pub(super) fn in_interpreter(&mut self, body: impl FnOnce(&mut Self)) {
        self.unlocked(|builder| builder.code.push(Op::EnterInterpreter));
        body(self);
        self.unlocked(|builder| builder.code.push(Op::LeaveInterpreter));
    }
}
