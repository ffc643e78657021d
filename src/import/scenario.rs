//! A recording as the text of a scenario.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::error::ImportError;
use super::recording::{Recording, Request, Source};
use gilsim_core::time::{SimDuration, UNITS};

/// Columns of a line of the scenario.
const LINE_WIDTH: usize = 100;

/// The largest body that a scenario may name; what claims to be larger is not believed.
const BODY_MAX: u64 = 1_000_000_000_000;

/// The tools that the scenario lists: a program that downloads has no use for processes.
const TOOLS: [&str; 4] = ["sequential", "threading", "thread_pool", "asyncio"];

/// What becomes of the recorded order and gaps.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Arrivals {
    /// All requests are known from the start, host after host: a program that fetches a list.
    #[default]
    AtOnce,
    /// All requests are known from the start and arrive in recorded order, a nanosecond apart.
    InOrder,
    /// Each request arrives as long after the first as it was asked for in the recording.
    Recorded,
}

/// What to make of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// When the tasks arrive.
    pub arrivals: Arrivals,
    /// Only this page load, from 1; `None` takes them all together.
    pub page: Option<usize>,
}

/// The requests to one host.
struct Visit<'a> {
    host: &'a str,
    requests: Vec<Numbered<'a>>,
}

/// A request with its place in the recorded order.
#[derive(Clone, Copy)]
struct Numbered<'a> {
    place: usize,
    request: &'a Request,
}

impl Recording {
    /// The recording as a scenario: TOML text that names hosts and numbers and nothing else.
    ///
    /// Each host is a site, each request a task. The latencies of a site are a `cycle` in recorded order, so that each task waits
    /// exactly as long as its request took, whatever queues before it.
    ///
    /// # Errors
    /// When there is no such page, times of arrival are asked for and the recording has none, or the requests take too long.
    pub fn scenario(&self, options: &Options) -> Result<String, ImportError> {
        let requests = self.selected(options)?;
        let arrivals = arrivals(&requests, options.arrivals)?;
        let visits = by_host(&requests);
        check_length(&visits, arrivals.as_deref())?;
        let mut text = self.heading(options, requests.len(), visits.len());
        for visit in &visits {
            text.push_str(&site(visit));
        }
        for visit in &visits {
            text.push_str(&task(visit, arrivals.as_deref()));
        }
        for tool in TOOLS {
            text.extend(["[[tools]]\nuse = \"", tool, "\"\n\n"]);
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(text)
    }

    /// The requests that are wanted, by the time they were asked for where all of them know it.
    fn selected(&self, options: &Options) -> Result<Vec<&Request>, ImportError> {
        let mut requests: Vec<_> = match options.page {
            None => self.requests.iter().collect(),
            Some(page) if (1..=self.pages()).contains(&page) => {
                self.requests.iter().filter(|request| request.page == page - 1).collect()
            }
            Some(page) => {
                let pages = self.pages();
                let message = format!("there is no page {page}: the recording has 1 to {pages}");
                return Err(ImportError::new(message));
            }
        };
        if let (Some(page), true) = (options.page, requests.is_empty()) {
            let message = format!("page {page} has no request that could be replayed");
            return Err(ImportError::new(message));
        }
        if requests.iter().all(|request| request.start.is_some()) {
            requests.sort_by_key(|request| request.start);
        }
        Ok(requests)
    }

    fn heading(&self, options: &Options, requests: usize, hosts: usize) -> String {
        let (origin, how) = match self.source {
            Source::Browser => ("a browser's recording", "recorded by a browser"),
            Source::Curl => ("curl's timings", "measured by curl"),
            Source::Table => ("a table", "from a table"),
        };
        let arrive = match options.arrivals {
            Arrivals::AtOnce => "All requests are known from the start.",
            Arrivals::InOrder => "All requests are known from the start, in recorded order.",
            Arrivals::Recorded => "Requests arrive when they did in the recording.",
        };
        let left_out = self
            .left_out()
            .map(|reasons| format!("# Left out of the recording: {reasons}.\n"))
            .unwrap_or_default();
        format!(
            "# Made by `gilsim import` from {origin}: \
             host names and numbers, nothing else.\n\
             # Each host is a site, each request a task; latencies as measured, in recorded order,\n\
             # without the time that requests were queued: that is simulated.\n\
             {left_out}\n\
             title = \"{requests} {} to {hosts} {}, {how}\"\n\
             about = \"{arrive} Look at what queues for a connection, and how the tools overlap the rest.\"\n\n",
            if requests == 1 { "request" } else { "requests" },
            if hosts == 1 { "host" } else { "hosts" },
        )
    }
}

/// When each request arrives after the first; `None` for all at once.
fn arrivals(
    requests: &[&Request],
    arrivals: Arrivals,
) -> Result<Option<Vec<SimDuration>>, ImportError> {
    match arrivals {
        Arrivals::AtOnce => Ok(None),
        Arrivals::InOrder => {
            Ok(Some((0..).map(SimDuration::from_nanos).take(requests.len()).collect()))
        }
        Arrivals::Recorded => {
            let starts: Vec<_> = requests.iter().filter_map(|request| request.start).collect();
            if starts.len() < requests.len() {
                return Err(ImportError::new(format!(
                    "the recording does not say when {} of its {} requests started, so their gaps cannot be kept; \
                     --keep-order keeps their order",
                    requests.len() - starts.len(),
                    requests.len()
                )));
            }
            let first = starts.iter().min().copied().unwrap_or_default();
            starts.into_iter().map(|start| gap(start - first)).collect::<Result<_, _>>().map(Some)
        }
    }
}

fn gap(nanos: i128) -> Result<SimDuration, ImportError> {
    u64::try_from(nanos)
        .ok()
        .map(SimDuration::from_nanos)
        .filter(|gap| *gap <= SimDuration::LONGEST)
        .ok_or_else(|| ImportError::new("the requests started more than 100 years apart"))
}

/// The requests of each host, hosts in the order of their first request.
fn by_host<'a>(requests: &[&'a Request]) -> Vec<Visit<'a>> {
    let mut places = BTreeMap::new();
    let mut visits: Vec<Visit<'_>> = Vec::new();
    for (place, request) in requests.iter().copied().enumerate() {
        let host = request.host.as_str();
        let index = *places.entry(host).or_insert_with(|| {
            visits.push(Visit { host, requests: Vec::new() });
            visits.len() - 1
        });
        visits[index].requests.push(Numbered { place, request });
    }
    visits
}

/// Refuses what no run may take: more than a century, each request being as long as the longest to its host, after the last arrived.
fn check_length(visits: &[Visit<'_>], arrivals: Option<&[SimDuration]>) -> Result<(), ImportError> {
    let nanos = |duration: SimDuration| u128::from(duration.as_nanos());
    let visits = visits.iter().map(|visit| {
        let longest = visit.requests.iter().map(|found| nanos(found.request.latency)).max();
        longest.unwrap_or(0) * visit.requests.len() as u128
    });
    let last = arrivals.and_then(|arrivals| arrivals.iter().copied().max()).map_or(0, nanos);
    if last + visits.sum::<u128>() <= nanos(SimDuration::LONGEST) {
        return Ok(());
    }
    Err(ImportError::new("the requests take more than 100 years together"))
}

fn site(visit: &Visit<'_>) -> String {
    let latencies: Vec<_> = visit.requests.iter().map(|found| found.request.latency).collect();
    let latency = match &latencies[..] {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            format!("latency = \"{}\"\n", Exact(*first))
        }
        _ => list("latency = { cycle = [", &latencies, "] }"),
    };
    let connections = usual_connections(visit)
        .map(|connections| format!("connections = {connections}\n"))
        .unwrap_or_default();
    format!("[sites.\"{}\"]\n{latency}{connections}\n", visit.host)
}

/// What most requests to the host say; the fewer connections on a tie.
fn usual_connections(visit: &Visit<'_>) -> Option<u32> {
    let mut votes = BTreeMap::<u32, usize>::new();
    for connections in visit.requests.iter().filter_map(|found| found.request.connections) {
        *votes.entry(connections).or_default() += 1;
    }
    votes
        .into_iter()
        .max_by_key(|(connections, votes)| (*votes, Reverse(*connections)))
        .map(|(connections, _)| connections)
}

fn task(visit: &Visit<'_>, arrivals: Option<&[SimDuration]>) -> String {
    let host = visit.host;
    let arrive = match arrivals {
        None => format!("count = {}\n", visit.requests.len()),
        Some(arrivals) => {
            let at: Vec<_> = visit.requests.iter().map(|found| arrivals[found.place]).collect();
            list("arrive = { at = [", &at, "] }")
        }
    };
    let payload = mean_received(visit)
        .map(|bytes| format!("payload = {{ receive = \"{bytes}B\" }}\n"))
        .unwrap_or_default();
    format!("[[tasks]]\nname = \"{host}\"\n{arrive}{payload}steps = [{{ wait = \"{host}\" }}]\n\n")
}

/// The mean size of the bodies that are known, rounded up; `None` where they are all empty.
fn mean_received(visit: &Visit<'_>) -> Option<u128> {
    let sizes = visit.requests.iter().filter_map(|found| found.request.received);
    let sizes: Vec<_> = sizes.filter(|bytes| *bytes <= BODY_MAX).map(u128::from).collect();
    let count = u128::try_from(sizes.len()).ok().filter(|count| *count > 0)?;
    Some(sizes.into_iter().sum::<u128>().div_ceil(count)).filter(|mean| *mean > 0)
}

/// Durations between `head` and `tail`, on one line if they fit.
pub(crate) fn list(head: &str, durations: &[SimDuration], tail: &str) -> String {
    let items: Vec<_> =
        durations.iter().map(|duration| format!("\"{}\"", Exact(*duration))).collect();
    let line = format!("{head}{}{tail}\n", items.join(", "));
    if line.len() <= LINE_WIDTH + 1 {
        return line;
    }
    let mut text = format!("{head}\n");
    let mut width = 0;
    for item in &items {
        if width > 0 && width + item.len() + 2 > LINE_WIDTH {
            text.push('\n');
            width = 0;
        }
        let space = if width == 0 { "  " } else { " " };
        text.extend([space, item, ","]);
        width += space.len() + item.len() + 1;
    }
    text.extend(["\n", tail, "\n"]);
    text
}

/// A duration to the nanosecond, in the longest unit (but minutes) that it fills: `109.102ms`.
struct Exact(SimDuration);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (unit, length) =
            UNITS[1..].iter().copied().find(|(_, length)| nanos >= *length).unwrap_or(("ms", 1));
        let (whole, fraction) = (nanos / length, nanos % length);
        let mut number = whole.to_string();
        if fraction > 0 {
            let width = length.ilog10() as usize;
            write!(number, ".{fraction:0width$}")?;
        }
        let number = if fraction > 0 { number.trim_end_matches('0') } else { &number };
        write!(f, "{number}{unit}")
    }
}
