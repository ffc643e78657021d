//! A table of one's own: a host and a latency in each row.

use std::collections::BTreeMap;

use super::error::ImportError;
use super::host::Host;
use super::number::{ExactTime, NumberError, Unit};
use super::recording::{Recording, Request, Source};
use gilsim_core::time::{DurationError, SimDuration};

/// The most connections that a scenario takes.
const CONNECTIONS_MAX: u32 = 1_000_000_000;

/// What programs put between cells instead of commas, what it is called, and how a shell writes it.
const OTHER_SEPARATORS: [(char, &str, &str); 3] =
    [(';', "semicolons", "';'"), ('\t', "tabs", r"'\t'"), ('|', "bars", "'|'")];

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
    let header = reader.headers().map_err(|error| broken(&error))?;
    let columns = Columns::find(&Row { text, cells: header })?;
    let mut requests = Vec::new();
    let mut limits = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let row = Row { text, cells: &record };
        let request = columns.request(&row)?;
        columns.agree(&mut limits, &request, &row)?;
        requests.push(request);
    }
    Recording::new(Source::Table, requests.into_iter().map(|request| Ok(Ok(request))), 1)
}

impl Columns {
    fn find(header: &Row<'_>) -> Result<Self, ImportError> {
        let find =
            |name: &str| header.cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let need = |name: &str| find(name).ok_or_else(|| header.without(name));
        Ok(Self {
            host: need("host")?,
            latency: need("latency")?,
            start: find("start"),
            connections: find("connections"),
        })
    }

    fn request(&self, row: &Row<'_>) -> Result<Request, ImportError> {
        let given = |column: Option<usize>| column.filter(|column| !row.cell(*column).is_empty());
        let cell = row.cell(self.host);
        let host = Host::of_url(cell)
            .map(|(_, host)| host)
            .or_else(|| Host::of_authority(cell, None))
            .ok_or_else(|| {
                row.wrong(self.host, "`host`: this is not the name of a host, like `api.example`")
            })?;
        let time = |name: &str, column: usize| {
            duration(row.cell(column))
                .map_err(|message| row.wrong(column, format!("`{name}`: {message}")))
        };
        let latency = time("latency", self.latency)?;
        let start = given(self.start).map(|column| time("start", column)).transpose()?;
        let connections = given(self.connections)
            .map(|column| {
                connections(row.cell(column))
                    .map_err(|message| row.wrong(column, format!("`connections`: {message}")))
            })
            .transpose()?;
        let start = start.map(|start| i128::from(start.as_nanos()));
        Ok(Request { host, latency, start, connections, received: None, page: 0 })
    }

    /// A host has one limit, which one of its rows may say or all of them alike.
    fn agree(
        &self,
        limits: &mut BTreeMap<Host, (u32, usize)>,
        request: &Request,
        row: &Row<'_>,
    ) -> Result<(), ImportError> {
        let (Some(column), Some(connections)) = (self.connections, request.connections) else {
            return Ok(());
        };
        let line = row.line();
        let (known, known_line) =
            *limits.entry(request.host.clone()).or_insert((connections, line));
        if known == connections {
            return Ok(());
        }
        let host = request.host.as_str();
        let message = format!(
            "`connections`: {host} has {connections} here and {known} on line {known_line}"
        );
        Err(row.wrong(column, message))
    }
}

/// A row of a table, and the text that it stands in.
struct Row<'a> {
    text: &'a str,
    cells: &'a ::csv::StringRecord,
}

impl<'a> Row<'a> {
    /// What stands in a column; nothing where the row is too short.
    fn cell(&self, column: usize) -> &'a str {
        self.cells.get(column).unwrap_or_default()
    }

    /// The text from the row's first line on. The reader places a record before the empty lines that it skips.
    fn rest(&self) -> &'a str {
        let byte = self.cells.position().map_or(0, ::csv::Position::byte);
        let rest = usize::try_from(byte).ok().and_then(|byte| self.text.get(byte..));
        rest.unwrap_or_default().trim_start_matches(['\r', '\n'])
    }

    /// The number of its first line, from 1.
    fn line(&self) -> usize {
        let Some(place) = self.cells.position() else { return 1 };
        let start = usize::try_from(place.byte()).unwrap_or(0);
        let skipped = self.text.len() - self.rest().len();
        let skipped = self.text.get(start..skipped).unwrap_or_default();
        usize::try_from(place.line()).unwrap_or(1) + skipped.matches('\n').count()
    }

    /// The text from a cell on, or from where it is missing; unknown behind a cell that has quotes within it.
    fn at_cell(&self, column: usize) -> Option<&'a str> {
        const AROUND: [char; 3] = [' ', '\t', '"'];
        let mut rest = self.rest();
        for cell in self.cells.iter().take(column) {
            rest = rest.trim_start_matches(AROUND).strip_prefix(cell)?;
            let Some(next) = rest.trim_start_matches(AROUND).strip_prefix(',') else { break };
            rest = next;
        }
        Some(rest.trim_start_matches(AROUND))
    }

    /// A fault of a cell.
    fn wrong(&self, column: usize, message: impl Into<String>) -> ImportError {
        match self.at_cell(column) {
            Some(cell) => ImportError::at(self.text, cell, message),
            None => ImportError::on_line(self.line(), message),
        }
    }

    /// The fault of a header that does not name a column.
    fn without(&self, name: &str) -> ImportError {
        let rest = self.rest();
        let line = rest.lines().next().unwrap_or_default();
        for (separator, called, quoted) in OTHER_SEPARATORS {
            let Some(at) = line.find(separator).filter(|_| self.cells.len() == 1) else { continue };
            return ImportError::at(
                self.text,
                &rest[at..],
                format!(
                    "the cells are separated by {called}, where commas are expected: save the table with commas \
                     and with points in its numbers, or change them, as in \
                     `tr {quoted} ',' < table.csv | gilsim import csv -`"
                ),
            );
        }
        ImportError::at(
            self.text,
            rest,
            format!(
                "the first row names no column `{name}`: \
                 it should be `host,latency`, with `start` and `connections` if known"
            ),
        )
    }
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
