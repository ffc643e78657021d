//! What a policy sees when it is asked, and what it may answer.

use crate::ids::{CoreId, ThreadId};
use crate::time::{SimDuration, SimTime};

use super::cores::Cores;
use crate::engine::thread::Thread;

/// An instant of the engine: all that a kernel cannot know of itself.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Moment<'a> {
    pub(in crate::engine) now: SimTime,
    /// The thread whose steps of no length are being taken.
    pub(in crate::engine) acting: Option<ThreadId>,
    pub(in crate::engine) threads: &'a [Thread],
}

/// A moment and the cores.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) moment: Moment<'a>,
    pub(super) cores: &'a Cores,
}

/// Who wakes a thread, or makes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Waker {
    pub(in crate::engine) thread: ThreadId,
    /// Whether it does so by a write to a pipe: it is taken to be about to sleep.
    pub(in crate::engine) writes_to_pipe: bool,
}

/// Which core a thread goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Where {
    Core(CoreId),
    /// The one that the fewest wait for; the lowest number on a tie.
    ShortestQueue,
}

/// How a thread comes to a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) enum Coming {
    /// The core idles: it comes onto it.
    Runs,
    /// It takes the core from the thread that is on it.
    Preempts,
    /// It waits behind all who wait there.
    Waits,
    /// It waits before all of them.
    WaitsFirst,
    /// The same, and the core's thread makes way as soon as it has done what it does at this instant.
    ComesNext,
    /// It waits behind all of them, and the core's thread has had its slice.
    EndsSlice,
}

/// Whom an idle core takes from a run queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pull {
    /// The next one of its own.
    Own(CoreId),
    /// The one who has waited longest at the head of any, onto the idle core with the lowest number.
    LongestWaiter,
    /// A thread of any.
    This(Move),
}

/// A waiting thread goes from one run queue to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Move {
    pub(super) thread: ThreadId,
    pub(super) from: CoreId,
    pub(super) to: CoreId,
}

impl<'a> View<'a> {
    pub(super) fn thread(&self, thread: ThreadId) -> &'a Thread {
        &self.moment.threads[thread.index()]
    }

    /// Whether the core's thread works on. One that has nothing to do for any time is about to leave, or to get new work;
    /// one that is between two steps wakes others first (with the lock it takes, those who gave it up).
    pub(super) fn stays(&self, core: CoreId) -> bool {
        let running = self.cores.running(core);
        self.thread(running).is_working() && self.moment.acting != Some(running)
    }
}

/// The timer ticks of all cores: the multiples of the quantum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks(pub(super) SimDuration);

impl Ticks {
    /// The first one that does not come before an instant.
    pub(super) fn from(self, at: SimTime) -> SimTime {
        let tick = self.0.as_nanos();
        SimTime::from_nanos(at.as_nanos().div_ceil(tick) * tick)
    }

    /// The last one that does not come after an instant.
    pub(super) fn until(self, at: SimTime) -> SimTime {
        let tick = self.0.as_nanos();
        SimTime::from_nanos(at.as_nanos() / tick * tick)
    }
}
