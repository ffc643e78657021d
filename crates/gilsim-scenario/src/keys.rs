//! The keys of scenario files: one set of tables that the reader, `--set` and the JSON Schema share.

mod claim;
mod run;
mod task;

pub(super) use claim::*;
pub(super) use run::*;
pub(super) use task::*;

/// The keys of one kind of table.
#[derive(Debug)]
pub(super) struct Keys {
    /// What messages call such a table: `[machine]`, `a site`.
    pub(super) what: &'static str,
    /// What the table is for.
    pub(super) about: &'static str,
    /// The keys in the order of the documentation.
    pub(super) all: &'static [Key],
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it says, with its unit and its default.
    pub(super) about: &'static str,
    /// A value as JSON, for the documentation.
    pub(super) example: &'static str,
    /// Whether the table makes no sense without it.
    pub(super) required: bool,
}

/// What may stand at a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// `true`.
    True,
    /// A whole number within both bounds.
    Whole(u64, u64),
    /// A positive number.
    Positive,
    /// A number from 0 to 1.
    Share,
    /// One length of time.
    Duration,
    /// A list of so many lengths of time, or of at least one.
    Durations(Option<usize>),
    /// A length of time or a distribution of them.
    Distribution,
    /// The same, or a table of [`LATENCY`].
    Latency,
    /// A number of bytes.
    Size,
    /// Events in a unit of time.
    Rate,
    /// One of several words.
    Choice(&'static [&'static str]),
    /// A built-in profile or the path of a profile file.
    Profile,
    /// The path of a data file.
    DataFile,
    /// The name of a site, or a length of time or a distribution.
    SiteOrTime,
    /// The name of a computation, or a length of time or a distribution.
    ComputationOrTime,
    /// A name that another table gives.
    Name,
    /// A table.
    Table(&'static Keys),
    /// A table in which each key is a name and each value such a table.
    Map(&'static Keys),
    /// A table in which each key is a name and each value a whole number within both bounds.
    Amounts(u64, u64),
    /// A table in which each key is a name and each value a limiter.
    Limiters,
    /// A rate, or a table of a rate and a burst.
    Limiter,
    /// A list of tables, known by the value of a key of theirs.
    List(&'static Keys),
    /// A list of steps.
    Steps,
    /// A list of lists of steps, or `true`.
    Lists,
    /// When tasks arrive.
    Arrival,
    /// The name of an entry of `[[tasks]]`, or a table of [`AFTER`].
    After,
    /// What a claim draws: ranges, lists and values by name.
    Given,
    /// A share or a duration.
    Tolerance,
    /// A list of profiles.
    Profiles,
}

const fn key(name: &'static str, kind: Kind, about: &'static str, example: &'static str) -> Key {
    Key { name, kind, about, example, required: false }
}

const fn required(
    name: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Key {
    Key { name, kind, about, example, required: true }
}

impl Keys {
    /// The key of that name.
    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.all.iter().find(|key| key.name == name)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|key| key.name)
    }
}
