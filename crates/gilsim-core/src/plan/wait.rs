//! Waiting: what for, and where it leads.
//!
//! There is one form of it, for threads and coroutines. Whoever waits stands at a wait. Whoever ends the wait says how it has
//! ended, and the wait says where that leads. Another way to end one is a variant of [`End`] and a field of [`Ends`].

use crate::ids::{BarrierId, ChannelId, FlagId, LimiterId, NameId, QueueId, SemaphoreId, SiteId};
use crate::trace::State;

use super::code::Label;
use super::op::Pc;

/// A wait: for what, and where it goes on after it.
#[derive(Clone, Copy, Debug)]
pub struct Wait<T> {
    /// What is waited for.
    pub on: T,
    /// What is shown meanwhile, if anything.
    pub row: Option<(State, NameId)>,
    /// Where it goes on.
    pub ends: Ends,
}

/// How a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Who waited has what it waited for.
    Done,
    /// Who waited has to look again: somebody else may be faster.
    Again,
    /// Who waited has given up: its time is over, or what it waits for will never be.
    Late,
}

/// Where a wait leads, end by end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// After [`End::Done`].
    pub done: Pc,
    /// After [`End::Again`].
    pub again: Pc,
    /// After [`End::Late`]; nowhere where nobody gives up.
    pub late: Pc,
}

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForThread {
    /// The started event of the thread that it started last.
    Started,
    /// The end of the thread that it is to join next.
    Joined,
    /// Something to take from a channel.
    Channel(ChannelId),
    /// Something to be in a channel, of which it takes nothing.
    Poll(ChannelId),
    /// Something that others have.
    Thing(Thing),
    /// The result that it is to collect next.
    Result,
    /// The results of all tasks.
    AllResults,
    /// The lists of steps that its task has begun to do at the same time.
    Lists,
}

/// What a coroutine waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForCoroutine {
    /// Something that others have.
    Thing(Thing),
    /// The next iteration of its loop.
    Turn,
    /// A timer that it has set.
    Timer,
    /// The result of an executor.
    Result,
    /// The lists of steps that it has begun to do at the same time.
    Lists,
}

/// Something that others may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thing {
    /// A permit of a semaphore.
    Permit(SemaphoreId),
    /// A connection of a site.
    Connection(SiteId),
    /// Room in a queue.
    Room(QueueId),
    /// An item of a queue.
    Item(QueueId),
    /// That an event is set.
    Flag(FlagId),
    /// That so many have come to a barrier.
    Meeting(BarrierId),
    /// A turn at a limiter. It comes by itself; others are waited for only where they take theirs.
    Turn(LimiterId),
}

impl Thing {
    /// Whether those who wait for it always go first.
    pub const fn goes_by_line(self) -> bool {
        matches!(self, Self::Connection(_))
    }
}

impl Ends {
    /// Two ends: nobody gives up.
    pub const fn of(done: Pc, again: Pc) -> Self {
        Self { done, again, late: Pc::NOWHERE }
    }

    /// One end.
    pub const fn only(end: Pc) -> Self {
        Self::of(end, end)
    }

    /// The same; who gives up goes on there.
    #[must_use]
    pub fn or_late(self, late: Option<Label>) -> Self {
        Self { late: late.map_or(Pc::NOWHERE, Label::target), ..self }
    }

    /// Whether who waits may give up.
    pub fn may_be_late(self) -> bool {
        self.late != Pc::NOWHERE
    }

    /// Where a wait that has ended so leads.
    pub const fn after(self, end: End) -> Pc {
        match end {
            End::Done => self.done,
            End::Again => self.again,
            End::Late => self.late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_end_a_wait_leads_to_a_place_of_its_own() {
        let ends = Ends { done: Pc(3), again: Pc(7), late: Pc(9) };
        let all = [End::Done, End::Again, End::Late];
        assert_eq!(all.map(|end| ends.after(end)), [Pc(3), Pc(7), Pc(9)]);
        assert!(ends.may_be_late() && !Ends::of(Pc(3), Pc(7)).may_be_late());
    }
}
