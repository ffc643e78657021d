//! Reading the log of a process, as `recorder/_gilsim_log.py` writes it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::Deserialize;

/// Bytes of a record.
const RECORD: usize = 40;

/// What a record tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A call that blocked; `more` is for how long it really waited, or -1.
    Wait,
    /// A task begins on this thread; `number` is its pool, `more` the task.
    TaskBegins,
    /// It ends; `name` is 1 where it failed.
    TaskEnds,
    /// A task was given to a pool.
    Submit,
    /// A thread begins; `number` is 1 for the main one, `more` who was started.
    ThreadBegins,
    ThreadEnds,
    /// A pool was made; `more` is how many workers it may have.
    Pool,
    /// A pool was shut down.
    Shutdown,
    /// A wait for other threads.
    Sync,
    /// A thread was started; `more` is which.
    Start,
    ProcessEnds,
    /// A semaphore was made; `more` is how many permits it has.
    Semaphore,
    /// A permit is asked for; `number` is the coroutine, or 0.
    Acquire,
    Release,
    /// A coroutine was made: `number`; `more` is the one that made it.
    CoroutineBegins,
    /// It ends; `name` is 1 where it failed.
    CoroutineEnds,
    /// It gave a task to a pool: `more`.
    Offload,
    /// A task begins in a worker process, as `TaskBegins` says of threads.
    WorkBegins,
    /// A step of a coroutine after it waited for a site; `cpu` is the step's CPU time, `more` since when it could go on.
    BySite,
    /// The same after a sleep.
    ByTimer,
    /// The same after another coroutine did something, or at its begin.
    ByTask,
    /// The same after something in another thread.
    ByExecutor,
}

impl Kind {
    fn of(number: u16) -> Option<Self> {
        Some(match number {
            2 => Self::Wait,
            3 => Self::TaskBegins,
            4 => Self::TaskEnds,
            5 => Self::Submit,
            6 => Self::ThreadBegins,
            7 => Self::ThreadEnds,
            8 => Self::Pool,
            9 => Self::Shutdown,
            10 => Self::Sync,
            11 => Self::Start,
            12 => Self::ProcessEnds,
            13 => Self::Semaphore,
            14 => Self::Acquire,
            15 => Self::Release,
            16 => Self::CoroutineBegins,
            17 => Self::CoroutineEnds,
            18 => Self::Offload,
            19 => Self::WorkBegins,
            20 => Self::BySite,
            21 => Self::ByTimer,
            22 => Self::ByTask,
            23 => Self::ByExecutor,
            _ => return None,
        })
    }
}

/// The number of a chunk's first record.
const CHUNK: u16 = 1;

/// A record. Times are nanoseconds of the monotonic clock, which is one for all processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) name: u16,
    pub(super) number: u32,
    pub(super) begin: i64,
    pub(super) end: i64,
    /// CPU time of the thread at the end, in nanoseconds.
    pub(super) cpu: i64,
    pub(super) more: i64,
}

/// What a process did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Process {
    /// The 13 in 3.13.
    pub minor: u8,
    /// Whether it has an interpreter lock and uses it.
    pub locked: bool,
    /// How many cores it could use.
    pub cores: u32,
    /// Its number, and that of the process that made it.
    pub(super) ids: (i64, i64),
    /// Whether its log had no more room.
    pub is_full: bool,
    pub(super) names: Vec<Rc<str>>,
    /// The records of each thread, in order of its birth.
    pub(super) lanes: Vec<Vec<Event>>,
}

/// Why a log is none.
#[derive(Debug)]
pub struct LogError(String);

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogError {}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A line of the file of names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Name {
        name: usize,
        is: String,
    },
    About {
        minor: u8,
        locked: bool,
        cores: u32,
        pid: i64,
        parent: i64,
    },
    Full {
        #[serde(rename = "full")]
        _full: i64,
    },
    Other(serde::de::IgnoredAny),
}

impl Process {
    /// Reads a log and the names that belong to it. What a killed process had not finished to write is left out.
    ///
    /// # Errors
    /// When the log cannot be read, or nothing says of which Python it is.
    pub fn read(mut records: impl Read, names: &str) -> Result<Self, LogError> {
        let mut process = Self::default();
        let mut is_known = false;
        for line in names.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Name { name, is }) => process.call(name, is),
                Ok(Line::About { minor, locked, cores, pid, parent }) => {
                    process.ids = (pid, parent);
                    (process.minor, process.locked, process.cores) = (minor, locked, cores);
                    is_known = true;
                }
                Ok(Line::Full { .. }) => process.is_full = true,
                Ok(Line::Other(_)) | Err(_) => {}
            }
        }
        if !is_known {
            return Err(LogError("nothing says of which Python it is".to_owned()));
        }
        process.lanes = lanes(&mut records)?;
        Ok(process)
    }

    fn call(&mut self, number: usize, name: String) {
        if number > usize::from(u16::MAX) {
            return;
        }
        if self.names.len() <= number {
            self.names.resize(number + 1, Rc::default());
        }
        self.names[number] = name.into();
    }

    pub(super) fn name(&self, number: u16) -> Rc<str> {
        self.names.get(usize::from(number)).cloned().unwrap_or_default()
    }
}

/// All records by thread; chunks of a thread follow each other in the file.
fn lanes(records: &mut impl Read) -> Result<Vec<Vec<Event>>, LogError> {
    let mut lanes: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    let mut head = [0; RECORD];
    while fill(records, &mut head)? {
        let (kind, first) = (u16::from_le_bytes([head[0], head[1]]), Raw(&head));
        let size = usize::try_from(first.long(4)).unwrap_or(0);
        if kind != CHUNK || !(RECORD..=1 << 24).contains(&size) {
            break;
        }
        let mut chunk = vec![0; size - RECORD];
        let is_whole = fill(records, &mut chunk)?;
        let events = chunk.chunks_exact(RECORD).map_while(|record| Raw(record).event());
        lanes.entry(first.number()).or_default().extend(events);
        if !is_whole {
            break;
        }
    }
    Ok(lanes.into_values().collect())
}

/// Fills the buffer; `false` where the input ends before.
fn fill(records: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match records.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The bytes of a record.
struct Raw<'a>(&'a [u8]);

impl Raw<'_> {
    fn short(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn number(&self) -> u32 {
        u32::from(self.short(4)) | u32::from(self.short(6)) << 16
    }

    /// The long number of that place, from 1.
    fn long(&self, place: usize) -> i64 {
        let at = 8 * place;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[at..at + 8]);
        i64::from_le_bytes(bytes)
    }

    fn event(&self) -> Option<Event> {
        Some(Event {
            kind: Kind::of(self.short(0))?,
            name: self.short(2),
            number: self.number(),
            begin: self.long(1),
            end: self.long(2),
            cpu: self.long(3),
            more: self.long(4),
        })
    }
}
