//! A table of one's own: a host and a latency in each row.

use std::collections::BTreeMap;

use super::error::ImportError;
use super::host::Host;
use super::number::{ExactTime, NumberError, Unit};
use super::recording::{Recording, Request, Source};
use gilsim_core::time::{DurationError, SimDuration};

/// The most connections that a scenario takes.
const CONNECTIONS_MAX: u32 = 1_000_000_000;

/// Where the columns stand.
struct Columns {
    host: usize,
    latency: usize,
    start: Option<usize>,
    connections: Option<usize>,
}

/// Reads a table with the columns `host`, `latency` and, where known, `start` and `connections`.
///
/// The first row names the columns, in any order and letter case; other columns are ignored. Times are durations as in
/// scenarios (`20ms`) or plain numbers of seconds; `start` counts from any origin. An empty `start` or `connections` says nothing.
///
/// # Errors
/// When the text is empty, a column is missing, or a cell is not what it should be.
pub fn read(text: &str) -> Result<Recording, ImportError> {
    let text = super::content(text)?;
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = Columns::find(text, reader.headers().map_err(|error| broken(&error))?)?;
    let mut requests = Vec::new();
    let mut limits = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = line_of(text, &record);
        let request = columns.request(&record, line)?;
        agree(&mut limits, &request, line)?;
        requests.push(request);
    }
    Recording::new(Source::Table, requests.into_iter().map(|request| Ok(Ok(request))), 1)
}

impl Columns {
    fn find(text: &str, header: &::csv::StringRecord) -> Result<Self, ImportError> {
        let find = |name: &str| header.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let need = |name: &str| {
            find(name).ok_or_else(|| {
                ImportError::on_line(
                    line_of(text, header),
                    format!(
                        "the first row names no column `{name}`: \
                         it should be `host,latency`, with `start` and `connections` if known"
                    ),
                )
            })
        };
        Ok(Self {
            host: need("host")?,
            latency: need("latency")?,
            start: find("start"),
            connections: find("connections"),
        })
    }

    fn request(&self, record: &::csv::StringRecord, line: usize) -> Result<Request, ImportError> {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let given = |column: Option<usize>| column.map(cell).filter(|cell| !cell.is_empty());
        let wrong = |column: &str, message: String| {
            ImportError::on_line(line, format!("`{column}`: {message}"))
        };
        let host = Host::of_url(cell(self.host))
            .map(|(_, host)| host)
            .or_else(|| Host::of_authority(cell(self.host), None))
            .ok_or_else(|| wrong("host", "this is not the name of a host".to_owned()))?;
        let latency = duration(cell(self.latency)).map_err(|message| wrong("latency", message))?;
        let start = given(self.start)
            .map(duration)
            .transpose()
            .map_err(|message| wrong("start", message))?
            .map(|start| i128::from(start.as_nanos()));
        let connections = given(self.connections)
            .map(connections)
            .transpose()
            .map_err(|message| wrong("connections", message))?;
        Ok(Request { host, latency, start, connections, received: None, page: 0 })
    }
}

/// A host has one limit, which one of its rows may say or all of them alike.
fn agree(
    limits: &mut BTreeMap<Host, (u32, usize)>,
    request: &Request,
    line: usize,
) -> Result<(), ImportError> {
    let Some(connections) = request.connections else { return Ok(()) };
    let (known, known_line) = *limits.entry(request.host.clone()).or_insert((connections, line));
    if known == connections {
        return Ok(());
    }
    let host = request.host.as_str();
    Err(ImportError::on_line(
        line,
        format!("`connections`: {host} has {connections} here and {known} on line {known_line}"),
    ))
}

/// The line of a record, which the reader places before the empty lines that it skips.
fn line_of(text: &str, record: &::csv::StringRecord) -> usize {
    let Some(place) = record.position() else { return 1 };
    let start = usize::try_from(place.byte()).ok().and_then(|byte| text.get(byte..));
    let skipped =
        start.unwrap_or_default().bytes().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    usize::try_from(place.line()).unwrap_or(1) + skipped.filter(|byte| *byte == b'\n').count()
}

/// A duration as in scenarios, or a plain number of seconds.
fn duration(cell: &str) -> Result<SimDuration, String> {
    match cell.parse::<SimDuration>() {
        Ok(duration) => Ok(duration),
        Err(error) => match ExactTime::parse(cell, Unit::Seconds).and_then(ExactTime::rounded) {
            Ok(duration) => Ok(duration),
            Err(NumberError::NotANumber) if error != DurationError::MissingUnit => {
                Err(error.to_string())
            }
            Err(NumberError::NotANumber) => {
                Err("a time is a number of seconds or has a unit, like `20ms`".to_owned())
            }
            Err(error) => Err(error.to_string()),
        },
    }
}

fn connections(cell: &str) -> Result<u32, String> {
    cell.parse()
        .ok()
        .filter(|count| (1..=CONNECTIONS_MAX).contains(count))
        .ok_or_else(|| "a whole number from 1 to 1,000,000,000 is expected".to_owned())
}

fn broken(error: &::csv::Error) -> ImportError {
    let line = error.position().map_or(1, ::csv::Position::line);
    ImportError::on_line(usize::try_from(line).unwrap_or(1), format!("this is no CSV: {error}"))
}
