//! Identities: what a number counts is part of its type.

use std::marker::PhantomData;

/// An identity or none, in the room of an identity: no table is so long that the last number is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Maybe<I>(u32, PhantomData<I>);

impl<I> Maybe<I> {
    /// None.
    pub const NONE: Self = Self(u32::MAX, PhantomData);

    /// Whether it is none.
    pub const fn is_none(self) -> bool
    where
        I: Copy,
    {
        self.0 == u32::MAX
    }

    /// Whether it is any.
    pub const fn is_some(self) -> bool
    where
        I: Copy,
    {
        self.0 != u32::MAX
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// The position of this one in a table of its kind.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The identity of position `index`.
            ///
            /// # Panics
            /// When `index` does not fit 32 bits.
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).expect("tables are bounded by 32 bits"))
            }
        }

        impl From<Option<$name>> for Maybe<$name> {
            fn from(id: Option<$name>) -> Self {
                Self(id.map_or(u32::MAX, |id| id.0), PhantomData)
            }
        }

        impl Maybe<$name> {
            /// What it is, if it is any.
            pub fn get(self) -> Option<$name> {
                (self.0 != u32::MAX).then_some($name(self.0))
            }
        }
    };
}

id!(
    /// A task, counted from 0 over the whole scenario.
    TaskId
);
id!(
    /// A processor core, counted from 0.
    CoreId
);
id!(
    /// An operating-system process, in order of birth; the main one is 0.
    ProcessId
);
id!(
    /// An operating-system thread, in order of birth over the whole run; the main one is 0.
    ThreadId
);
id!(
    /// An interpreter lock (GIL).
    LockId
);
id!(
    /// Something outside the program that is waited on.
    SiteId
);
id!(
    /// A named piece of CPU work.
    ComputationId
);
id!(
    /// A semaphore of the scenario or of a tool.
    SemaphoreId
);
id!(
    /// A lock of the scenario.
    MutexId
);
id!(
    /// An event of the scenario.
    FlagId
);
id!(
    /// A barrier of the scenario.
    BarrierId
);
id!(
    /// A limiter of the scenario.
    LimiterId
);
id!(
    /// A queue of the scenario.
    QueueId
);
id!(
    /// A channel between threads of the tool.
    ChannelId
);
id!(
    /// An executor.
    ExecutorId
);
id!(
    /// An event loop.
    EventLoopId
);
id!(
    /// A step that does lists of steps at the same time.
    FanId
);
id!(
    /// Bookkeeping that grows with an item.
    ItemCostId
);
id!(
    /// An entry of a run's table of names.
    NameId
);

impl ThreadId {
    /// The thread that starts the program.
    pub const MAIN: Self = Self(0);

    /// What people call it: `main`, then `T1`, `T2`, … by its number in the trace.
    pub fn name(self) -> String {
        if self == Self::MAIN { "main".to_owned() } else { format!("T{}", self.0) }
    }
}

impl ProcessId {
    /// The process that starts the program.
    pub const MAIN: Self = Self(0);
}
