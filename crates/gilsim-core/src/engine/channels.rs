//! Channels, which carry items from thread to thread: queues inside the interpreter, and pipes.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{ChannelId, ProcessId, ThreadId};
use crate::model::LockMode;
use crate::plan::{ChannelOp, End, Plan};
use crate::trace::{Sink, State};

use super::thread::{Burst, Item};
use super::{Engine, Flow};

/// A channel between the tool's threads: work queues, pipes.
#[derive(Debug)]
pub(super) struct Channel {
    items: VecDeque<Item>,
    takers: VecDeque<ThreadId>,
    /// Who waits for there to be something, and takes nothing. No two threads poll one channel.
    poller: Option<ThreadId>,
    hand_off: bool,
    nudges: u32,
    end: Sentinel,
    /// Whether it has passed its [`ChannelOp::Once`].
    passed: bool,
}

/// The item that says that nothing more comes. Who takes it puts it back for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sentinel {
    /// Nobody has closed the channel, or somebody has taken it and puts it back.
    Absent,
    /// It lies behind the items.
    Lies,
    /// It was handed to a parked taker, who has yet to wake up.
    HandedTo(ThreadId),
}

/// The channels of a run.
#[derive(Debug)]
pub(super) struct Channels {
    /// Those that there is one of.
    of_run: Vec<Channel>,
    /// Those that each process has, by process and channel.
    of_processes: BTreeMap<(ProcessId, ChannelId), Channel>,
}

impl Channels {
    pub(super) fn new(plan: &Plan) -> Self {
        let of_run = plan.channels.iter().map(|rules| Channel::new(rules.hand_off)).collect();
        Self { of_run, of_processes: BTreeMap::new() }
    }
}

/// What a channel has for a taker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// An item.
    Item(Item),
    /// No item, but a nudge.
    Nudge,
    /// No item, and there will be none.
    Closed,
    /// Nothing yet.
    Nothing,
}

impl Channel {
    pub(super) fn new(hand_off: bool) -> Self {
        Self {
            items: VecDeque::new(),
            takers: VecDeque::new(),
            poller: None,
            hand_off,
            nudges: 0,
            end: Sentinel::Absent,
            passed: false,
        }
    }

    /// Puts an item. Returns the parked taker to wake, and the item if that taker already has it.
    #[inline]
    pub(super) fn put(&mut self, item: Item) -> Option<(ThreadId, Option<Item>)> {
        match self.takers.pop_front() {
            Some(taker) if self.hand_off => Some((taker, Some(item))),
            taker => {
                self.items.push_back(item);
                taker.map(|taker| (taker, None))
            }
        }
    }

    /// Whether an item that is put would be taken at once, or fewer than `room` items wait.
    fn has_room(&self, room: u32) -> bool {
        !self.takers.is_empty() || self.items.len() < room as usize
    }

    /// Notes that there is something to look for. Returns the parked taker to wake.
    pub(super) fn nudge(&mut self) -> Option<ThreadId> {
        self.nudges = self.nudges.saturating_add(1);
        self.takers.pop_front()
    }

    /// Puts the sentinel: nothing more comes. Returns the parked taker to wake.
    pub(super) fn close(&mut self) -> Option<ThreadId> {
        let taker = self.takers.pop_front();
        self.end = match taker {
            Some(taker) if self.hand_off => Sentinel::HandedTo(taker),
            _ => Sentinel::Lies,
        };
        taker
    }

    /// Whether this is asked for the first time.
    fn pass(&mut self) -> bool {
        !std::mem::replace(&mut self.passed, true)
    }

    /// Forgets a nudge. Returns whether there was one.
    pub(super) fn drain(&mut self) -> bool {
        let nudged = self.nudges > 0;
        self.nudges -= u32::from(nudged);
        nudged
    }

    /// Takes what there is for that thread; nudges stay, and so does the sentinel, for the taker puts it back.
    pub(super) fn take(&mut self, thread: ThreadId) -> Taken {
        if let Some(item) = self.items.pop_front() {
            return Taken::Item(item);
        }
        if self.nudges > 0 {
            return Taken::Nudge;
        }
        match self.end {
            Sentinel::Lies => Taken::Closed,
            Sentinel::HandedTo(taker) if taker == thread => Taken::Closed,
            Sentinel::HandedTo(_) | Sentinel::Absent => Taken::Nothing,
        }
    }

    /// Takes an item if there is one.
    pub(super) fn take_item(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    /// Whether a taker would get something.
    pub(super) fn has_something(&self) -> bool {
        !self.items.is_empty() || self.nudges > 0 || self.end == Sentinel::Lies
    }

    pub(super) fn park(&mut self, taker: ThreadId) {
        self.takers.push_back(taker);
    }

    pub(super) fn poll(&mut self, poller: ThreadId) {
        let other = self.poller.replace(poller);
        assert!(other.is_none(), "{other:?} polls the channel, too");
    }

    /// Whom there is something for now: the one who polls.
    pub(super) fn take_poller(&mut self) -> Option<ThreadId> {
        self.poller.take()
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    /// A channel as a thread sees it: there may be one in its process.
    pub(super) fn channel(&mut self, thread: ThreadId, id: ChannelId) -> &mut Channel {
        let rules = &self.plan.channels[id.index()];
        if rules.in_each_process {
            let process = self.threads[thread.index()].process;
            let new = || Channel::new(rules.hand_off);
            self.channels.of_processes.entry((process, id)).or_insert_with(new)
        } else {
            &mut self.channels.of_run[id.index()]
        }
    }

    /// Does something with a channel.
    #[inline]
    pub(super) fn run_channel_op(
        &mut self,
        thread: ThreadId,
        id: ChannelId,
        op: ChannelOp,
    ) -> Flow {
        let channel = self.channel(thread, id);
        match op {
            ChannelOp::Put => self.put(thread, id),
            ChannelOp::PutWithin { room, full } => {
                if !channel.has_room(room) {
                    return Flow::Jump(full);
                }
                self.put(thread, id);
            }
            ChannelOp::Nudge => {
                let taker = channel.nudge();
                self.wake_taker(thread, id, taker);
            }
            ChannelOp::Drain(none) => return Flow::jump_if(!channel.drain(), none),
            ChannelOp::Poll { nothing, .. } if !channel.has_something() => {
                return Flow::Jump(nothing);
            }
            ChannelOp::Poll { length, name, .. } => {
                let (state, lock) = (State::Overhead, LockMode::Released);
                return self.work(thread, Burst { left: length, state, lock, name });
            }
            ChannelOp::Take { taken, nudged, closed } => match channel.take(thread) {
                Taken::Item(item) => {
                    self.thread_mut(thread).item = item;
                    return Flow::Jump(taken);
                }
                Taken::Nudge => return Flow::Jump(nudged),
                Taken::Closed => {
                    // The next taker finds out only now, as with the sentinel that is put back.
                    self.close(thread, id);
                    return Flow::Jump(closed);
                }
                Taken::Nothing => {}
            },
            ChannelOp::TryTake(none) => match channel.take_item() {
                Some(item) => self.thread_mut(thread).item = item,
                None => return Flow::Jump(none),
            },
            ChannelOp::Close => self.close(thread, id),
            ChannelOp::Once(again) => return Flow::jump_if(!channel.pass(), again),
        }
        Flow::Go
    }

    /// Puts the item at hand into a channel. A taker that is handed it has what it waited for.
    fn put(&mut self, thread: ThreadId, channel: ChannelId) {
        let item = self.thread(thread).item;
        let Some((taker, handed)) = self.channel(thread, channel).put(item) else {
            return self.wake_taker(thread, channel, None);
        };
        let end = match handed {
            Some(item) => {
                self.thread_mut(taker).item = item;
                End::Done
            }
            None => End::Again,
        };
        self.wake_takers(thread, channel, Some((taker, end)));
    }

    fn close(&mut self, thread: ThreadId, channel: ChannelId) {
        let taker = self.channel(thread, channel).close();
        self.wake_taker(thread, channel, taker);
    }

    /// Wakes who polls a channel, and its parked taker, which has to look again.
    fn wake_taker(&mut self, thread: ThreadId, channel: ChannelId, taker: Option<ThreadId>) {
        self.wake_takers(thread, channel, taker.map(|taker| (taker, End::Again)));
    }

    /// The same, which costs CPU time: the thread's next bookkeeping takes longer.
    fn wake_takers(
        &mut self,
        thread: ThreadId,
        channel: ChannelId,
        taker: Option<(ThreadId, End)>,
    ) {
        let rules = self.plan.channels[channel.index()];
        let poller = self.channel(thread, channel).take_poller();
        let poller = poller.map(|poller| (poller, End::Done));
        for (woken, end) in poller.into_iter().chain(taker) {
            self.end_wait_at_cost(thread, woken, end, rules.wake, rules.is_pipe);
        }
    }
}
