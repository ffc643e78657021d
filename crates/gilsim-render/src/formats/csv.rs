//! trace.csv: a row per interval, written as it happens.

use std::io::{self, Write};

use super::block::{Blocks, Text, push_number, put_number};
use gilsim_core::trace::{Names, Row, Sink, State};

const HEADER: &[u8] = b"tool,replicate,task,step,state,name,start_ns,end_ns,process,thread,core\n";

/// Writes trace.csv: the header once, then the rows of one run after the other.
///
/// Names and labels are quoted once each; numbers are formatted into a buffer by hand, which is four
/// times as fast as a general CSV writer. An error in writing is kept and returned by [`finish`](Self::finish).
#[derive(Debug)]
pub struct TraceCsv<W: Write> {
    out: Blocks<W>,
    /// `label,replicate,` of the run that is being written.
    run: Text,
    /// The states, each with a comma behind it.
    states: [Text; State::ALL.len()],
    /// The names of that run, quoted where they need it, each with a comma behind it.
    names: Vec<Text>,
}

impl<W: Write> TraceCsv<W> {
    /// Starts the file with its header.
    pub fn new(out: W) -> Self {
        let mut out = Blocks::new(out);
        out.buffer().extend_from_slice(HEADER);
        let states = State::ALL.map(|state| Text::new(format!("{},", state.name()).as_bytes()));
        Self { out, run: Text::new(&[]), states, names: Vec::new() }
    }

    /// Says which run the rows that follow belong to, and what their names mean.
    pub fn begin(&mut self, label: &str, replicate: u32, names: &Names) {
        let mut run = quoted(label);
        run.push(b',');
        push_number(&mut run, replicate.into());
        run.push(b',');
        self.run = Text::new(&run);
        let with_comma = |name| [&quoted(name)[..], b","].concat();
        self.names = names.iter().map(|name| Text::new(&with_comma(name))).collect();
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// The first error that any write met.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }
}

impl<W: Write> Sink for TraceCsv<W> {
    fn row(&mut self, row: &Row) {
        if self.out.has_failed() {
            return;
        }
        let state = &self.states[row.state as usize];
        let name = &self.names[row.name.index()];
        let buffer = self.out.buffer();
        if self.run.is_short() && name.is_short() {
            let start = buffer.len();
            buffer.resize(start + ROOM, 0);
            let room = buffer.last_chunk_mut().expect("there is that much room");
            let at = self.run.put(room, 0);
            let at = put_task(room, at, row);
            let at = state.put(room, at);
            let at = name.put(room, at);
            let end = put_rest(room, at, row);
            buffer.truncate(start + end);
        } else {
            let (mut task, mut rest) = ([0; ROOM], [0; ROOM]);
            let (task_end, rest_end) = (put_task(&mut task, 0, row), put_rest(&mut rest, 0, row));
            let (task, rest) = (&task[..task_end], &rest[..rest_end]);
            for part in [self.run.bytes(), task, state.bytes(), name.bytes(), rest] {
                buffer.extend_from_slice(part);
            }
        }
        self.out.spill();
    }
}

/// Room for a row whose label and name are short: 11 fields, three of them texts, the longest number in each other one, and
/// what a text or a number puts behind itself.
const ROOM: usize = 256;

type Room = [u8; ROOM];

/// Task and step.
#[inline]
fn put_task(room: &mut Room, at: usize, row: &Row) -> usize {
    let at = put_field(room, at, row.task.map(|task| task.0.into()));
    put_field(room, at, row.task.map(|_| row.step.into()))
}

/// What comes after the name.
#[inline]
fn put_rest(room: &mut Room, at: usize, row: &Row) -> usize {
    let at = put_field(room, at, Some(row.start.as_nanos()));
    let at = put_field(room, at, Some(row.end.as_nanos()));
    let at = put_field(room, at, row.process.map(|process| process.0.into()));
    let at = put_field(room, at, row.thread.map(|thread| thread.0.into()));
    let end = put_field(room, at, row.core.map(|core| core.0.into()));
    room[end - 1] = b'\n';
    end
}

/// The number, if any, and a comma.
#[inline]
fn put_field(room: &mut Room, at: usize, number: Option<u64>) -> usize {
    let at = number.map_or(at, |number| put_number(room, at, number));
    room[at] = b',';
    at + 1
}

/// A text as a CSV field, quoted where it has to be.
fn quoted(text: &str) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // A second, empty field: a record of one empty field alone would be quoted for its own sake.
    writer.write_record([text, ""]).expect("a record in memory can be written");
    let mut record = writer.into_inner().expect("a record in memory can be written");
    record.truncate(record.len() - b",\n".len());
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::block::BLOCK;
    use gilsim_core::sink::sample::{Place, row};

    fn lines(trace: TraceCsv<Vec<u8>>) -> Vec<String> {
        let text = String::from_utf8(trace.finish().unwrap()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_row_has_all_fields_and_what_is_absent_is_empty() {
        let mut names = Names::default();
        let shop = names.intern("shop");
        let mut trace = TraceCsv::new(Vec::new());
        trace.begin("asyncio", 0, &names);
        trace.row(&row(State::Running, 0, 1_500).task(7).step(2).process(0).thread(1).core(3));
        trace.row(&row(State::Io, 1_500, u64::MAX).no_task().step(9).name(shop).thread(1));
        assert_eq!(
            lines(trace),
            [
                "tool,replicate,task,step,state,name,start_ns,end_ns,process,thread,core",
                "asyncio,0,7,2,running,,0,1500,0,1,3",
                "asyncio,0,,,io,shop,1500,18446744073709551615,,1,",
            ]
        );
    }

    #[test]
    fn runs_follow_each_other_under_one_header() {
        let mut trace = TraceCsv::new(Vec::new());
        for (label, replicate) in [("threading", 0), ("asyncio", 12)] {
            trace.begin(label, replicate, &Names::default());
            trace.row(&row(State::Queued, 0, 1));
        }
        let lines = lines(trace);
        assert_eq!(lines[1..], ["threading,0,0,0,queued,,0,1,,,", "asyncio,12,0,0,queued,,0,1,,,"]);
    }

    #[test]
    fn any_label_and_any_name_is_read_back_as_it_was() {
        let long = "a text of more than thirty-two bytes, quoted";
        let awkward =
            ["10 threads", "a,b", "say \"hi\"", "two\nlines", "", "naïve ☕", " x ", long];
        let mut names = Names::default();
        let ids: Vec<_> = awkward.iter().map(|name| names.intern(name)).collect();
        let mut trace = TraceCsv::new(Vec::new());
        for label in awkward {
            trace.begin(label, 0, &names);
            for id in &ids {
                trace.row(&row(State::Sync, 0, 1).name(*id));
            }
        }
        let bytes = trace.finish().unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let read: Vec<(String, String)> = reader
            .records()
            .map(|record| record.map(|r| (r[0].to_owned(), r[5].to_owned())).unwrap())
            .collect();
        let written = awkward.iter().flat_map(|label| awkward.map(|name| (*label, name)));
        assert!(read.iter().map(|(l, n)| (l.as_str(), n.as_str())).eq(written));
    }

    #[test]
    fn every_state_is_written_by_its_name() {
        let mut trace = TraceCsv::new(Vec::new());
        trace.begin("t", 0, &Names::default());
        for state in State::ALL {
            trace.row(&row(state, 0, 1));
        }
        let expected = State::ALL.map(|state| format!("t,0,0,0,{},,0,1,,,", state.name()));
        assert_eq!(lines(trace)[1..], expected);
    }

    #[test]
    fn a_long_trace_is_written_in_blocks_and_whole() {
        let mut trace = TraceCsv::new(Vec::new());
        trace.begin("t", 0, &Names::default());
        (0..10_000).for_each(|n| trace.row(&row(State::Io, n, n + 1)));
        assert!(trace.out.buffer().len() < BLOCK);
        let lines = lines(trace);
        assert_eq!(lines.len(), 10_001);
        assert_eq!(lines[10_000], "t,0,0,0,io,,9999,10000,,,");
    }

    #[test]
    fn an_error_in_writing_is_kept_until_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut trace = TraceCsv::new(Full);
        trace.begin("t", 0, &Names::default());
        (0..10_000).for_each(|n| trace.row(&row(State::Io, n, n + 1)));
        assert_eq!(
            trace.finish().err().map(|error| error.kind()),
            Some(io::ErrorKind::StorageFull)
        );
    }
}
