//! HAR 1.2: what a browser's developer tools save of page loads.
//!
//! Format: W3C Web Performance Working Group, "HTTP Archive (HAR) format", sections `entries` and `timings`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ImportError;
use super::host::Host;
use super::instant;
use super::number::{ExactTime, NumberError};
use super::phases::{self, Timings};
use super::recording::{Absence, Recording, Request, Source};

/// Connections that Chrome and Firefox open to one host for HTTP/1.1
/// (Chrome: `net/socket/client_socket_pool_manager.cc`, `g_max_sockets_per_group`;
/// Firefox: `network.http.max-persistent-connections-per-server`).
const CONNECTIONS: u32 = 6;

/// Requests that share one connection of HTTP/2 or HTTP/3: the least that a server should allow (RFC 9113, section 6.5.2).
const STREAMS: u32 = 100;

/// The creator whose `connect` holds the handshake and whose `time` counts it once more, so that `time` cannot say where it stands
/// (Playwright: `server/har/harTracer.ts`, `_computeHarEntryTotalTime`).
const COUNTS_SSL_TWICE: &str = "Playwright";

#[derive(Deserialize)]
#[serde(expecting = "an object that holds `log`")]
struct Document<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object that holds `entries`")]
struct Log<'a> {
    #[serde(borrow)]
    creator: Option<Creator<'a>>,
    #[serde(borrow, default)]
    pages: Option<Vec<Page<'a>>>,
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

/// The program that wrote the recording.
#[derive(Deserialize)]
#[serde(expecting = "an object for the program that wrote this")]
struct Creator<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object for a page")]
struct Page<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

/// Everything is optional: browsers and converters leave out what they do not know.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object for a request")]
struct Entry<'a> {
    #[serde(borrow)]
    pageref: Option<Text<'a>>,
    #[serde(borrow)]
    started_date_time: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<Message<'a>>,
    #[serde(borrow)]
    response: Option<Message<'a>>,
    #[serde(borrow)]
    timings: Option<Timings<'a>>,
    #[serde(borrow, rename = "_fromCache")]
    from_cache: Option<&'a RawValue>,
    #[serde(borrow, rename = "_resourceType")]
    resource_type: Option<Text<'a>>,
}

/// A request or a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Message<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    http_version: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Content<'a> {
    #[serde(borrow)]
    size: Option<&'a RawValue>,
}

/// A text that is borrowed from the file unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a HAR file.
///
/// A request's latency is what it took once it was no longer queued: `dns`, `connect` and `ssl` (one within the other or one
/// after the other, as `time` says), `send`, `wait` and `receive`, or `time` without `blocked` where `wait` is not known.
/// What the browser took from its cache, what has no host, and what stays open (web sockets, event streams) is left out and counted.
///
/// # Errors
/// When the text is empty, cut short, no JSON, no HAR, holds a time that is no number or a `startedDateTime` that is no
/// instant, or holds no request that could be replayed.
pub fn read(text: &str) -> Result<Recording, ImportError> {
    let text = super::content(text)?;
    let log = serde_json::from_str::<Document<'_>>(text)
        .map_err(|error| ImportError::json(&error, "a HAR recording"))?
        .log;
    let creator = log.creator.and_then(|creator| creator.name);
    let counts_ssl_twice = creator.is_some_and(|Text(name)| name == COUNTS_SSL_TWICE);
    let mut pages = Pages::new(log.pages.unwrap_or_default());
    let entries: Vec<_> = log
        .entries
        .into_iter()
        .map(|mut entry| {
            if counts_ssl_twice {
                entry.timings.iter_mut().for_each(Timings::forget_ssl);
            }
            let page = pages.place(entry.pageref.take());
            request(text, &entry).map(|found| found.map(|request| Request { page, ..request }))
        })
        .collect();
    Recording::new(Source::Browser, entries, pages.places.len())
}

/// The places of the pages that the recording lists, and of those that only its entries name.
struct Pages<'a> {
    places: BTreeMap<Cow<'a, str>, usize>,
}

impl<'a> Pages<'a> {
    fn new(pages: Vec<Page<'a>>) -> Self {
        let mut found = Self { places: BTreeMap::new() };
        for page in pages {
            found.place(page.id);
        }
        found
    }

    /// The page's place, from 0; an entry without a page belongs to the first.
    fn place(&mut self, id: Option<Text<'a>>) -> usize {
        let next = self.places.len();
        id.map_or(0, |Text(id)| *self.places.entry(id).or_insert(next))
    }
}

fn request(text: &str, entry: &Entry<'_>) -> Result<Result<Request, Absence>, ImportError> {
    let url = entry.request.as_ref().and_then(|request| request.url.as_ref());
    let Some((scheme, host)) = url.and_then(|url| Host::of_url(&url.0)) else {
        return Ok(Err(Absence::NoHost));
    };
    if is_stream(scheme, entry) {
        return Ok(Err(Absence::Stream));
    }
    if is_cached(entry) {
        return Ok(Err(Absence::Cached));
    }
    let latency = phases::latency(text, entry.time, entry.timings.as_ref())?;
    let Some(latency) = latency.filter(|latency| *latency > ExactTime::default()) else {
        return Ok(Err(Absence::NoTime));
    };
    let latency = latency.rounded().map_err(|error| too_long(text, entry, error))?;
    Ok(Ok(Request {
        host,
        latency,
        start: start(text, entry)?,
        connections: Some(connections(entry)),
        received: received(entry),
        page: 0,
    }))
}

/// When the request was made, where the recording knows it.
fn start(text: &str, entry: &Entry<'_>) -> Result<Option<i128>, ImportError> {
    let Some(value) = entry.started_date_time.map(RawValue::get) else { return Ok(None) };
    let found = serde_json::from_str::<Text<'_>>(value).map(|Text(instant)| instant);
    if found.as_ref().is_ok_and(|instant| instant.trim().is_empty()) {
        return Ok(None);
    }
    found.ok().and_then(|instant| instant::parse(&instant)).map(Some).ok_or_else(|| {
        let message = "`startedDateTime` should be an instant like `2024-03-01T09:00:00.250Z`";
        ImportError::at(text, value, message)
    })
}

/// The phases of one request add up to more than a scenario may name.
fn too_long(text: &str, entry: &Entry<'_>, error: NumberError) -> ImportError {
    let wait = entry.timings.as_ref().and_then(Timings::wait).or(entry.time);
    ImportError::at(text, wait.map_or(text, RawValue::get), error.to_string())
}

fn is_stream(scheme: &str, entry: &Entry<'_>) -> bool {
    let status = entry.response.as_ref().and_then(|response| response.status);
    let kind = entry.resource_type.as_ref().map_or("", |kind| &kind.0);
    matches!(scheme, "ws" | "wss")
        || matches!(kind, "websocket" | "eventsource")
        || status.is_some_and(|status| status.get() == "101")
}

/// Chrome names the cache (`"memory"`, `"disk"`); converters may say `false`.
fn is_cached(entry: &Entry<'_>) -> bool {
    entry.from_cache.is_some_and(|cache| !matches!(cache.get(), "false" | "\"\""))
}

/// What the browser keeps in flight to a host, by the version of HTTP that was spoken.
fn connections(entry: &Entry<'_>) -> u32 {
    let known = |message: &Option<Message<'_>>| {
        let version = message.as_ref()?.http_version.as_ref()?.0.trim().to_ascii_lowercase();
        (!matches!(version.as_str(), "" | "unknown")).then_some(version)
    };
    let version = known(&entry.response).or_else(|| known(&entry.request)).unwrap_or_default();
    connections_for(&version)
}

/// [`STREAMS`] for HTTP/2, HTTP/3 and their forerunners SPDY and QUIC, else [`CONNECTIONS`]. `version` in lower case.
pub(super) fn connections_for(version: &str) -> u32 {
    let number = version.strip_prefix("http/").unwrap_or(version);
    let shares = ["2", "3", "h2", "h3", "hq", "quic", "spdy"];
    if shares.iter().any(|prefix| number.starts_with(prefix)) { STREAMS } else { CONNECTIONS }
}

fn received(entry: &Entry<'_>) -> Option<u64> {
    let size = entry.response.as_ref()?.content.as_ref()?.size?;
    size.get().parse().ok()
}
