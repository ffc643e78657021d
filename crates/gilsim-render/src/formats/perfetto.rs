//! trace.perfetto.json: the trace in the Trace Event Format, for the viewers of Perfetto and Chrome.
//!
//! The format knows processes, threads in them and slices on these, and no other lanes. So a simulated process is a
//! process, and each tool has three more: its resources (locks and cores as threads), its sites (requests in flight
//! as asynchronous slices), and, where tasks are no coroutines, the tasks that wait for a thread. Coroutines are
//! threads of the main process.

use std::io::{self, Write};

use super::block::{Blocks, push_number};
use gilsim_core::ids::{LockId, NameId, ProcessId, TaskId, ThreadId};
use gilsim_core::time::SimTime;
use gilsim_core::trace::{Hold, Names, Row, Sink, State};

/// Number 0 is the idle thread to readers of kernels' traces.
const FIRST_THREAD: u32 = 1;
/// Tasks are numbered from here on among the threads; there are never that many threads.
const FIRST_TASK: u32 = 1_000_000_000;
/// Cores are numbered from here on among the locks; there are never that many locks.
const FIRST_CORE: u32 = 1_000_000_000;

/// What the writer has to know of a run before it starts.
#[derive(Clone, Copy, Debug)]
pub struct RunSetting<'a> {
    /// The tool's label.
    pub label: &'a str,
    /// What the names of the rows mean.
    pub names: &'a Names,
    /// The names that are sites.
    pub sites: &'a [NameId],
    /// Whether tasks are coroutines of an event loop.
    pub coroutines: bool,
}

/// Writes trace.perfetto.json, an event at a time; it keeps a few bytes for each thread and task.
#[derive(Debug)]
pub struct PerfettoTrace<W: Write> {
    out: Blocks<W>,
    run: Option<Run>,
    /// The first process number that no run has used.
    next_pid: u32,
    /// How many arrows there are.
    arrows: u64,
    is_first_event: bool,
}

/// The run that is being written.
#[derive(Debug, Default)]
struct Run {
    /// The label, escaped, without quotes.
    label: String,
    /// The names, escaped, without quotes.
    names: Vec<Box<str>>,
    is_site: Vec<bool>,
    coroutines: bool,
    /// Where its process numbers start.
    pid: u32,
    processes: u32,
    /// The process of each thread that was seen.
    threads: Vec<Option<ProcessId>>,
    /// Tasks, locks and cores that have a track.
    tasks: Vec<bool>,
    locks: Vec<bool>,
    cores: Vec<bool>,
    /// The arrow of each task that was queued and has not started since; 0 is none.
    arrows: Vec<u64>,
    has_sites: bool,
}

/// A lane: the numbers of its process and its thread.
#[derive(Clone, Copy)]
struct Track {
    pid: u32,
    tid: u32,
}

impl Run {
    fn of(setting: &RunSetting<'_>, pid: u32) -> Self {
        let names: Vec<_> = setting.names.iter().map(|it| escaped(it).into_boxed_str()).collect();
        let mut is_site = vec![false; names.len()];
        setting.sites.iter().for_each(|site| is_site[site.index()] = true);
        let (label, coroutines) = (escaped(setting.label), setting.coroutines);
        Self { label, names, is_site, coroutines, pid, ..Self::default() }
    }

    const fn resources(&self, tid: u32) -> Track {
        Track { pid: self.pid, tid }
    }

    const fn sites(&self) -> Track {
        Track { pid: self.pid + 1, tid: FIRST_THREAD }
    }

    const fn process(&self, process: ProcessId) -> u32 {
        self.pid + 3 + process.0
    }

    fn thread(&mut self, thread: ThreadId, process: ProcessId) -> Track {
        put(&mut self.threads, thread.index(), Some(process));
        self.processes = self.processes.max(process.0 + 1);
        Track { pid: self.process(process), tid: FIRST_THREAD + thread.0 }
    }

    fn task(&mut self, task: TaskId) -> Track {
        put(&mut self.tasks, task.index(), true);
        Track { pid: self.tasks_pid(), tid: FIRST_TASK + task.0 }
    }

    const fn tasks_pid(&self) -> u32 {
        if self.coroutines { self.process(ProcessId::MAIN) } else { self.pid + 2 }
    }

    fn is_request(&self, row: &Row) -> bool {
        matches!(row.state, State::Io | State::Suspended) && self.is_site[row.name.index()]
    }
}

/// Puts a value into a table that grows.
fn put<T: Clone + Default>(table: &mut Vec<T>, index: usize, value: T) {
    if table.len() <= index {
        table.resize(index + 1, T::default());
    }
    table[index] = value;
}

impl<W: Write> PerfettoTrace<W> {
    /// Starts the file.
    pub fn new(out: W) -> Self {
        let mut out = Blocks::new(out);
        // Viewers show the time in units of their own; this is for those of Chrome.
        out.buffer().extend_from_slice(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        Self { out, run: None, next_pid: 1, arrows: 0, is_first_event: true }
    }

    /// Ends the run before, and says which run the rows that follow belong to.
    pub fn begin(&mut self, setting: &RunSetting<'_>) {
        self.end_run();
        self.run = Some(Run::of(setting, self.next_pid));
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// The first error that any write met.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_run();
        self.out.buffer().extend_from_slice(b"\n]}\n");
        self.out.finish()
    }

    /// Names all tracks of the run. The numbers of its processes are known only now.
    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        let label = &run.label;
        for process in (0..run.processes).map(ProcessId) {
            let name = format!("{label}: process {}", process.0);
            self.name_process(run.process(process), &name, run.process(process));
        }
        let top = run.pid + 3 + run.processes;
        let groups = [
            ("resources", run.pid, !(run.locks.is_empty() && run.cores.is_empty())),
            ("sites", run.sites().pid, run.has_sites),
            ("tasks not started", run.tasks_pid(), !run.tasks.is_empty() && !run.coroutines),
        ];
        for (sort, (what, pid, _)) in (top..).zip(groups.iter().filter(|(_, _, is_used)| *is_used))
        {
            self.name_process(*pid, &format!("{label}: {what}"), sort);
        }
        self.name_tracks(&run);
        self.next_pid = top;
    }

    fn name_tracks(&mut self, run: &Run) {
        let threads = run.threads.iter().enumerate();
        for (index, process) in threads.filter_map(|(index, it)| Some((index, (*it)?))) {
            let thread = ThreadId::at(index);
            let track = Track { pid: run.process(process), tid: FIRST_THREAD + thread.0 };
            self.name_thread(track, &thread.name());
        }
        for lock in tracks(&run.locks) {
            let name = if run.locks.len() > 1 { format!("GIL {lock}") } else { "GIL".to_owned() };
            self.name_thread(run.resources(FIRST_THREAD + lock), &name);
        }
        for core in tracks(&run.cores) {
            self.name_thread(run.resources(FIRST_CORE + core), &format!("core {core}"));
        }
        for task in tracks(&run.tasks) {
            let track = Track { pid: run.tasks_pid(), tid: FIRST_TASK + task };
            self.name_thread(track, &format!("task {task}"));
        }
    }

    fn name_process(&mut self, pid: u32, name: &str, sort: u32) {
        let track = Track { pid, tid: 0 };
        self.metadata(track, "process_name", &format!("\"name\":\"{name}\""));
        self.metadata(track, "process_sort_index", &format!("\"sort_index\":{sort}"));
    }

    fn name_thread(&mut self, track: Track, name: &str) {
        self.metadata(track, "thread_name", &format!("\"name\":\"{name}\""));
        self.metadata(track, "thread_sort_index", &format!("\"sort_index\":{}", track.tid));
    }

    fn metadata(&mut self, track: Track, kind: &str, value: &str) {
        let event = self.event(b'M', track, kind);
        event.extend_from_slice(format!(",\"args\":{{{value}}}}}").as_bytes());
        self.out.spill();
    }

    /// Begins an event; the caller closes it.
    fn event(&mut self, phase: u8, track: Track, name: &str) -> &mut Vec<u8> {
        let buffer = self.out.buffer();
        buffer.extend_from_slice(if self.is_first_event {
            b"\n{\"ph\":\""
        } else {
            b",\n{\"ph\":\""
        });
        self.is_first_event = false;
        buffer.push(phase);
        buffer.extend_from_slice(b"\",\"pid\":");
        push_number(buffer, track.pid.into());
        buffer.extend_from_slice(b",\"tid\":");
        push_number(buffer, track.tid.into());
        buffer.extend_from_slice(b",\"name\":\"");
        buffer.extend_from_slice(name.as_bytes());
        buffer.push(b'"');
        buffer
    }

    /// A slice of a lane.
    fn slice(&mut self, track: Track, name: &str, row: &Row) {
        let event = self.event(b'X', track, name);
        push_span(event, row.start, row.end);
        event.extend_from_slice(b",\"cat\":\"");
        event.extend_from_slice(row.state.name().as_bytes());
        event.extend_from_slice(b"\",\"args\":{");
        let numbers = [
            ("task", row.task.map(|task| task.0)),
            ("step", row.task.map(|_| row.step)),
            ("thread", row.thread.map(|thread| thread.0)),
            ("core", row.core.map(|core| core.0)),
        ];
        let mut lead = "\"";
        for (key, number) in numbers.into_iter().filter_map(|(key, it)| Some((key, it?))) {
            event.extend_from_slice(lead.as_bytes());
            event.extend_from_slice(key.as_bytes());
            event.extend_from_slice(b"\":");
            push_number(event, number.into());
            lead = ",\"";
        }
        event.extend_from_slice(b"}}");
        self.out.spill();
    }

    /// The beginning or the end of an arrow, in the slice that was written last.
    fn arrow(&mut self, phase: u8, track: Track, at: SimTime, arrow: u64) {
        let event = self.event(phase, track, "start");
        push_time(event, b",\"ts\":", at.as_nanos());
        event.extend_from_slice(b",\"cat\":\"start\",\"bp\":\"e\",\"id\":");
        push_number(event, arrow);
        event.push(b'}');
    }

    /// A request in flight.
    fn request(&mut self, track: Track, site: &str, task: TaskId, row: &Row) {
        for (phase, at) in [(b'b', row.start), (b'e', row.end)] {
            let event = self.event(phase, track, site);
            push_time(event, b",\"ts\":", at.as_nanos());
            event.extend_from_slice(
                format!(",\"cat\":\"site\",\"id2\":{{\"local\":\"{:#x}\"}}", task.0).as_bytes(),
            );
            if phase == b'b' {
                let args = format!(",\"args\":{{\"task\":{},\"step\":{}}}", task.0, row.step);
                event.extend_from_slice(args.as_bytes());
            }
            event.push(b'}');
        }
        self.out.spill();
    }

    fn write_row(&mut self, run: &mut Run, row: &Row) {
        let name = slice_name(row.state, &run.names[row.name.index()]);
        let on_thread = row.thread.map(|thread| {
            let track = run.thread(thread, row.process.unwrap_or(ProcessId::MAIN));
            self.slice(track, &name, row);
            track
        });
        if let Some(task) = row.task {
            let started = on_thread.and_then(|track| Some((track, take(&mut run.arrows, task)?)));
            if let Some((track, arrow)) = started {
                self.arrow(b'f', track, row.start, arrow);
            }
            if run.coroutines || on_thread.is_none() {
                let track = run.task(task);
                self.slice(track, &name, row);
                if row.state == State::Queued {
                    self.arrows += 1;
                    self.arrow(b's', track, row.start, self.arrows);
                    put(&mut run.arrows, task.index(), self.arrows);
                }
            }
            if run.is_request(row) {
                run.has_sites = true;
                self.request(run.sites(), &run.names[row.name.index()], task, row);
            }
        }
        if let (Some(core), Some(thread)) = (row.core, row.thread) {
            put(&mut run.cores, core.index(), true);
            let name = format!("{}: {name}", thread.name());
            self.slice(run.resources(FIRST_CORE + core.0), &name, row);
        }
    }
}

impl<W: Write> Sink for PerfettoTrace<W> {
    fn row(&mut self, row: &Row) {
        if self.out.has_failed() {
            return;
        }
        if let Some(mut run) = self.run.take() {
            self.write_row(&mut run, row);
            self.run = Some(run);
        }
    }

    fn hold(&mut self, hold: &Hold) {
        let Some(run) = &mut self.run else { return };
        if hold.start >= hold.end || self.out.has_failed() {
            return;
        }
        let LockId(lock) = hold.lock;
        put(&mut run.locks, hold.lock.index(), true);
        let track = run.resources(FIRST_THREAD + lock);
        let event = self.event(b'X', track, &hold.thread.name());
        push_span(event, hold.start, hold.end);
        let thread = hold.thread.0;
        let args = format!(",\"cat\":\"lock\",\"args\":{{\"thread\":{thread}}}}}");
        event.extend_from_slice(args.as_bytes());
        self.out.spill();
    }
}

/// The arrow that ends where the task has started.
fn take(arrows: &mut [u64], task: TaskId) -> Option<u64> {
    let arrow = std::mem::take(arrows.get_mut(task.index())?);
    (arrow > 0).then_some(arrow)
}

/// The numbers that have a track.
fn tracks(seen: &[bool]) -> impl Iterator<Item = u32> {
    (0..).zip(seen).filter(|(_, is_seen)| **is_seen).map(|(number, _)| number)
}

/// What a slice is called: its state, and what it is at.
fn slice_name(state: State, name: &str) -> String {
    if name.is_empty() { state.name().to_owned() } else { format!("{} {name}", state.name()) }
}

/// When it began and how long it took.
fn push_span(buffer: &mut Vec<u8>, start: SimTime, end: SimTime) {
    push_time(buffer, b",\"ts\":", start.as_nanos());
    push_time(buffer, b",\"dur\":", (end - start).as_nanos());
}

/// A time, which the format counts in microseconds; the fraction keeps the nanoseconds.
fn push_time(buffer: &mut Vec<u8>, key: &[u8], nanos: u64) {
    buffer.extend_from_slice(key);
    push_number(buffer, nanos / 1_000);
    let fraction = nanos % 1_000;
    if fraction > 0 {
        buffer.extend_from_slice(format!(".{fraction:03}").as_bytes());
    }
}

/// A text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests;
