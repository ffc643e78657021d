//! One row of the results: a tool's numbers over one replicate, and the columns they are filed under.

use std::borrow::Cow;
use std::ops::AddAssign;
use std::str::FromStr;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::fraction::Fraction;
use crate::model::Goal;
use crate::trace::State;

/// One row of summary.csv: what one tool did in one replicate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryRow {
    /// The tool's label.
    pub tool: String,
    /// The replicate, from 0.
    pub replicate: u32,
    /// From just before the pool, loop or first thread is made until all is shut down; nanoseconds.
    pub makespan_ns: u64,
    /// The makespan of `sequential` over this one; empty without it, or where this one is zero.
    pub speedup: Option<Fraction>,
    /// This makespan over the best one of the same replicate; empty where the best is zero.
    pub relative: Option<Fraction>,
    /// Tasks that ended, well or not.
    pub tasks: u64,
    /// Tasks that ended well per second of makespan; empty where that is zero.
    pub throughput_per_s: Option<Fraction>,
    /// From a task's arrival to the end of its last step.
    pub response: Responses,
    /// Share of all task time in each state, in the order of [`State::ALL`]; empty where there was none.
    pub shares: [Option<Fraction>; State::ALL.len()],
    /// Busy core time over cores times makespan; empty where the makespan is zero.
    pub cpu_busy_share: Option<Fraction>,
    /// Time spent waiting for interpreter locks, by tasks and by threads of the tool; nanoseconds.
    pub lock_wait_ns: u128,
    /// Changes of lock holder.
    pub switches: u64,
    /// Threads created in all, main included.
    pub threads: u32,
    /// Processes created in all, main included.
    pub processes: u32,
    /// An estimate of the memory that the real program would take, in bytes.
    pub memory_bytes: u64,
    /// What went wrong, and how often.
    pub counts: Counts,
}

/// How often something went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Debug)]
pub struct Counts {
    /// Tasks that failed.
    pub failed: u64,
    /// Attempts that ran out of time.
    pub timed_out: u64,
    /// What was cancelled: tasks, and lists of steps that ran beside others.
    pub cancelled: u64,
    /// Attempts after the first.
    pub retries: u64,
}

impl Counts {
    /// The names of the columns, in their order.
    pub const NAMES: [&'static str; 4] = ["failed", "timed_out", "cancelled", "retries"];

    /// The counts, in the order of the columns.
    pub const fn all(self) -> [u64; 4] {
        [self.failed, self.timed_out, self.cancelled, self.retries]
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.cancelled += other.cancelled;
        self.retries += other.retries;
    }
}

/// Response times of the tasks of a run, in nanoseconds; percentiles by nearest rank. All zero where no task finished.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Responses {
    /// The mean, rounded half up.
    pub mean_ns: u64,
    /// The median.
    pub p50_ns: u64,
    /// The 95th percentile.
    pub p95_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl SummaryRow {
    /// The share of all task time spent in a state; zero where there was no task time.
    pub fn share(&self, state: State) -> Fraction {
        self.shares[state as usize].unwrap_or(Fraction::ZERO)
    }

    /// What runs are compared by, in nanoseconds.
    pub const fn by(&self, goal: Goal) -> u64 {
        goal.of(self.makespan_ns, self.response.p95_ns)
    }

    /// What stands under a column, by the column's name.
    pub fn value(&self, column: &str) -> Option<Value<'_>> {
        COLUMNS.iter().find(|known| known.name == column).map(|known| known.of(self))
    }

    /// The fields as summary.csv has them, in the order of [`COLUMNS`].
    pub fn fields(&self) -> impl Iterator<Item = Cow<'_, str>> {
        COLUMNS.iter().map(|column| column.of(self).text())
    }

    /// The row of such fields; `None` where they are none of a row.
    pub fn parsed<'f>(fields: impl IntoIterator<Item = &'f str>) -> Option<Self> {
        let mut fields = fields.into_iter();
        // Fields of this literal are read in its order, which is that of the columns.
        let row = Self {
            tool: fields.next()?.to_owned(),
            replicate: number(fields.next())?,
            makespan_ns: number(fields.next())?,
            speedup: read_fraction(fields.next()).ok()?,
            relative: read_fraction(fields.next()).ok()?,
            tasks: number(fields.next())?,
            throughput_per_s: read_fraction(fields.next()).ok()?,
            response: Responses {
                mean_ns: number(fields.next())?,
                p50_ns: number(fields.next())?,
                p95_ns: number(fields.next())?,
                p99_ns: number(fields.next())?,
                max_ns: number(fields.next())?,
            },
            shares: {
                let mut shares = [None; State::ALL.len()];
                for share in &mut shares {
                    *share = read_fraction(fields.next()).ok()?;
                }
                shares
            },
            cpu_busy_share: read_fraction(fields.next()).ok()?,
            lock_wait_ns: number(fields.next())?,
            switches: number(fields.next())?,
            threads: number(fields.next())?,
            processes: number(fields.next())?,
            memory_bytes: number(fields.next())?,
            counts: Counts {
                failed: number(fields.next())?,
                timed_out: number(fields.next())?,
                cancelled: number(fields.next())?,
                retries: number(fields.next())?,
            },
        };
        fields.next().is_none().then_some(row)
    }
}

fn number<N: FromStr>(field: Option<&str>) -> Option<N> {
    field?.parse().ok()
}

/// A fraction, or nothing where the field is empty; `Err` where it is neither.
fn read_fraction(field: Option<&str>) -> Result<Option<Fraction>, ()> {
    match field.ok_or(())? {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

/// The same keys and the same values as in summary.csv; what is empty there is `null`.
impl Serialize for SummaryRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len()))?;
        for column in &COLUMNS {
            map.serialize_entry(column.name, &column.of(self))?;
        }
        map.end()
    }
}

/// What stands in one field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// A label.
    Text(&'a str),
    /// A count, bytes or nanoseconds.
    Integer(u128),
    /// A share or a ratio.
    Fraction(Fraction),
    /// Nothing to say.
    Empty,
}

impl<'a> Value<'a> {
    /// As a CSV field, not yet quoted.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Fraction(fraction) => Cow::Owned(fraction.to_string()),
            Self::Empty => Cow::Borrowed(""),
        }
    }

    /// As the nearest floating-point number; `None` of a text and of nothing.
    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what is asked for")]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Fraction(fraction) => Some(fraction.as_f64()),
            Self::Text(_) | Self::Empty => None,
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => match u64::try_from(*number) {
                Ok(number) => serializer.serialize_u64(number),
                Err(_) => serializer.serialize_u128(*number),
            },
            Self::Fraction(fraction) => fraction.serialize(serializer),
            Self::Empty => serializer.serialize_none(),
        }
    }
}

/// A column of summary.csv.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub name: &'static str,
    read: fn(&SummaryRow) -> Value<'_>,
}

impl Column {
    /// What stands under it in a row.
    pub fn of<'a>(&self, row: &'a SummaryRow) -> Value<'a> {
        (self.read)(row)
    }
}

const fn column(name: &'static str, read: fn(&SummaryRow) -> Value<'_>) -> Column {
    Column { name, read }
}

fn fraction(fraction: Option<Fraction>) -> Value<'static> {
    fraction.map_or(Value::Empty, Value::Fraction)
}

fn integer(number: impl Into<u128>) -> Value<'static> {
    Value::Integer(number.into())
}

/// All columns of summary.csv, in their order (docs/contract.md, "Columns of summary.csv").
pub const COLUMNS: [Column; 31] = [
    column("tool", |row| Value::Text(&row.tool)),
    column("replicate", |row| integer(row.replicate)),
    column("makespan_ns", |row| integer(row.makespan_ns)),
    column("speedup", |row| fraction(row.speedup)),
    column("relative", |row| fraction(row.relative)),
    column("tasks", |row| integer(row.tasks)),
    column("throughput_per_s", |row| fraction(row.throughput_per_s)),
    column("response_mean_ns", |row| integer(row.response.mean_ns)),
    column("response_p50_ns", |row| integer(row.response.p50_ns)),
    column("response_p95_ns", |row| integer(row.response.p95_ns)),
    column("response_p99_ns", |row| integer(row.response.p99_ns)),
    column("response_max_ns", |row| integer(row.response.max_ns)),
    column("running_share", |row| fraction(row.shares[State::Running as usize])),
    column("native_share", |row| fraction(row.shares[State::Native as usize])),
    column("overhead_share", |row| fraction(row.shares[State::Overhead as usize])),
    column("ready_share", |row| fraction(row.shares[State::Ready as usize])),
    column("lock_wait_share", |row| fraction(row.shares[State::LockWait as usize])),
    column("io_share", |row| fraction(row.shares[State::Io as usize])),
    column("suspended_share", |row| fraction(row.shares[State::Suspended as usize])),
    column("sync_share", |row| fraction(row.shares[State::Sync as usize])),
    column("queued_share", |row| fraction(row.shares[State::Queued as usize])),
    column("cpu_busy_share", |row| fraction(row.cpu_busy_share)),
    column("lock_wait_ns", |row| Value::Integer(row.lock_wait_ns)),
    column("switches", |row| integer(row.switches)),
    column("threads", |row| integer(row.threads)),
    column("processes", |row| integer(row.processes)),
    column("memory_bytes", |row| integer(row.memory_bytes)),
    column(Counts::NAMES[0], |row| integer(row.counts.failed)),
    column(Counts::NAMES[1], |row| integer(row.counts.timed_out)),
    column(Counts::NAMES[2], |row| integer(row.counts.cancelled)),
    column(Counts::NAMES[3], |row| integer(row.counts.retries)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::sample::{Place, life, row, totals};
    use crate::sink::summary::Summary;
    use crate::trace::Sink;

    #[test]
    fn a_row_comes_back_from_its_fields() {
        let mut summary = Summary::default();
        for (state, length) in State::ALL.into_iter().zip(1..) {
            summary.row(&row(state, 0, length).core(0));
        }
        summary.finished(&life(0, 0, 7));
        let full =
            SummaryRow { speedup: Fraction::of(22, 7), ..summary.finish("a,b", 3, 2, &totals(70)) };
        let empty = Summary::default().finish("", 0, 1, &totals(0));
        for row in [full, empty] {
            let fields: Vec<Cow<'_, str>> = row.fields().collect();
            let fields = || fields.iter().map(AsRef::as_ref);
            assert_eq!(SummaryRow::parsed(fields()), Some(row.clone()));
            assert_eq!(SummaryRow::parsed(fields().chain([""])), None);
            assert_eq!(SummaryRow::parsed(fields().take(COLUMNS.len() - 1)), None);
        }
    }
}
