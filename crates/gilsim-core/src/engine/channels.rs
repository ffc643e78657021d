//! Channels, which carry items from thread to thread: queues inside the interpreter, and pipes.

use crate::ids::{NameId, ThreadId};
use crate::model::LockMode;
use crate::plan::{ChannelId, Pc};
use crate::time::SimDuration;
use crate::trace::{Sink, State};

use super::sync::Taken;
use super::thread::{Burst, Item, Then, Wait};
use super::{Engine, Flow};

/// The stage of a taker that was handed its item.
const HANDED: u8 = 2;

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn put(&mut self, thread: ThreadId, channel: ChannelId) -> Flow {
        let item = self.thread(thread).item;
        let taker = self.channels[channel.0 as usize].put(item);
        if let Some((taker, Some(item))) = taker {
            let record = self.thread_mut(taker);
            record.item = item;
            record.stage = HANDED;
        }
        self.wake_takers(thread, channel, taker.map(|(taker, _)| taker));
        Flow::Next
    }

    /// Wakes who polls a channel, and its parked taker, which costs CPU time: the thread's next bookkeeping takes longer.
    pub(super) fn wake_takers(
        &mut self,
        thread: ThreadId,
        channel: ChannelId,
        taker: Option<ThreadId>,
    ) {
        let rules = self.plan.channels[channel.0 as usize];
        let poller = self.channels[channel.0 as usize].take_poller();
        for woken in poller.into_iter().chain(taker) {
            self.wake_at_cost(thread, woken, rules.wake, rules.is_pipe);
        }
    }

    pub(super) fn take_item(
        &mut self,
        thread: ThreadId,
        from: ChannelId,
        nudged: Pc,
        closed: Pc,
        stage: u8,
    ) -> Flow {
        match stage {
            0 => match self.channels[from.0 as usize].take() {
                Taken::Item(item) => self.have_item(thread, item),
                Taken::Nudge => Flow::Jump(nudged),
                Taken::Closed => {
                    // The next taker finds out only now, as with the sentinel that is put back.
                    let next = self.channels[from.0 as usize].close();
                    self.wake_takers(thread, from, next);
                    Flow::Jump(closed)
                }
                Taken::Nothing => {
                    self.set_stage(thread, 1);
                    self.let_go(thread)
                }
            },
            1 => {
                self.set_stage(thread, 0);
                if self.channels[from.0 as usize].has_something() {
                    return self.relock(thread);
                }
                self.channels[from.0 as usize].park(thread);
                self.block(thread, Wait::Channel(from), None)
            }
            _ => {
                let item = self.thread(thread).item;
                self.have_item(thread, item)
            }
        }
    }

    /// `poll` on pipes: a point at which the lock is free, however short.
    pub(super) fn poll_channel(
        &mut self,
        thread: ThreadId,
        channel: ChannelId,
        length: SimDuration,
        name: NameId,
        stage: u8,
    ) -> Flow {
        match stage {
            0 => {
                self.set_stage(thread, 1);
                self.let_go(thread)
            }
            1 => {
                self.set_stage(thread, 2);
                if self.channels[channel.0 as usize].has_something() {
                    self.thread_mut(thread).then = Then::TakeLock;
                    let burst = Burst {
                        left: length,
                        state: State::Overhead,
                        lock: LockMode::Released,
                        name,
                    };
                    return self.work(thread, burst);
                }
                self.channels[channel.0 as usize].poll(thread);
                self.block(thread, Wait::Channel(channel), None)
            }
            _ => Flow::Next,
        }
    }

    pub(super) fn try_take(&mut self, thread: ThreadId, from: ChannelId, none: Pc) -> Flow {
        match self.channels[from.0 as usize].take_item() {
            Some(item) => self.have_item(thread, item),
            None => Flow::Jump(none),
        }
    }

    pub(super) fn have_item(&mut self, thread: ThreadId, item: Item) -> Flow {
        self.thread_mut(thread).item = item;
        Flow::Next
    }
}
