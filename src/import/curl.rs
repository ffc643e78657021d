//! What `curl --write-out` prints: a JSON object a transfer, or an address and its seconds on a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ImportError;
use super::har::connections_for;
use super::host::Host;
use super::number::{ExactTime, Unit};
use super::recording::{Absence, Recording, Request, Source};

/// The fields of `%{json}` that count. Numbers of seconds; curl 7.70 and later.
#[derive(Deserialize)]
#[serde(expecting = "an object with curl's timings")]
struct Transfer<'a> {
    #[serde(borrow)]
    url_effective: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time_total: &'a RawValue,
    /// Spent waiting for a connection; part of `time_total`. curl 8.12 and later.
    #[serde(borrow)]
    time_queue: Option<&'a RawValue>,
    #[serde(borrow)]
    http_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    size_download: Option<&'a RawValue>,
    #[serde(borrow)]
    exitcode: Option<&'a RawValue>,
}

/// Reads the output of `curl --write-out '%{json}\n'`, also as an array, or of `'%{url_effective} %{time_total} %{http_version}\n'`
/// (the version may be left out).
///
/// A request's latency is `time_total` without `time_queue`. Transfers that failed are left out and counted.
///
/// # Errors
/// When the text is empty, cut short, neither of the two forms, or holds no request that could be replayed.
pub fn read(text: &str) -> Result<Recording, ImportError> {
    let text = super::content(text)?;
    match text.trim_start().as_bytes() {
        [b'{', ..] => from_transfers(text, objects::<Transfer<'_>>(text)),
        [b'[', ..] => {
            let arrays = objects::<Vec<Transfer<'_>>>(text);
            from_transfers(
                text,
                arrays.flat_map(|array| match array {
                    Ok(transfers) => transfers.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                }),
            )
        }
        _ => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            Recording::new(Source::Curl, lines.map(|line| from_line(text, line)), 1)
        }
    }
}

/// The values of a kind that stand in a text one after the other.
fn objects<'a, T: Deserialize<'a>>(text: &'a str) -> impl Iterator<Item = Result<T, ImportError>> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    values.map(|value| value.map_err(|error| ImportError::json(&error, "the output of curl")))
}

fn from_transfers<'a>(
    text: &str,
    transfers: impl Iterator<Item = Result<Transfer<'a>, ImportError>>,
) -> Result<Recording, ImportError> {
    let entries = transfers.map(|transfer| from_transfer(text, &transfer?));
    Recording::new(Source::Curl, entries, 1)
}

fn from_transfer(
    text: &str,
    transfer: &Transfer<'_>,
) -> Result<Result<Request, Absence>, ImportError> {
    let Some((_, host)) = transfer.url_effective.as_deref().and_then(Host::of_url) else {
        return Ok(Err(Absence::NoHost));
    };
    if transfer.exitcode.is_some_and(|code| code.get() != "0") {
        return Ok(Err(Absence::Failed));
    }
    let total = seconds(text, transfer.time_total.get())?;
    let queued = transfer
        .time_queue
        .map_or(Ok(ExactTime::default()), |queued| seconds(text, queued.get()))?;
    let received = transfer.size_download.and_then(|size| size.get().parse().ok());
    let version = transfer.http_version.as_deref().unwrap_or_default();
    let time = total.saturating_sub(queued);
    request(text, host, time, version)
        .map(|found| found.map(|request| Request { received, ..request }))
}

fn from_line(text: &str, line: &str) -> Result<Result<Request, Absence>, ImportError> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let (url, time, version) = match fields[..] {
        [url, time] => (url, time, ""),
        [url, time, version] => (url, time, version),
        _ => return Err(not_a_timing(text, line)),
    };
    let (scheme, host) = Host::of_url(url).ok_or_else(|| not_a_timing(text, line))?;
    // curl knows the version of every answer, so one without it never came.
    if scheme.starts_with("http") && version == "0" {
        return Ok(Err(Absence::Failed));
    }
    request(text, host, seconds(text, time)?, version)
}

fn request(
    text: &str,
    host: Host,
    time: ExactTime,
    version: &str,
) -> Result<Result<Request, Absence>, ImportError> {
    let latency = time.rounded().map_err(|error| ImportError::at(text, text, error.to_string()))?;
    if latency.is_zero() {
        return Ok(Err(Absence::Failed));
    }
    // curl writes 0 for what was no HTTP.
    let connections = (!matches!(version, "" | "0")).then(|| connections_for(version));
    Ok(Ok(Request { host, latency, start: None, connections, received: None, page: 0 }))
}

fn seconds(text: &str, value: &str) -> Result<ExactTime, ImportError> {
    ExactTime::parse(value, Unit::Seconds)
        .map_err(|error| ImportError::at(text, value, error.of(Unit::Seconds)))
}

fn not_a_timing(text: &str, line: &str) -> ImportError {
    ImportError::at(
        text,
        line,
        "this is not a line of curl's timings: use `curl -s -o /dev/null -w '%{json}\\n' URL`, \
         or -w '%{url_effective} %{time_total} %{http_version}\\n'",
    )
}
