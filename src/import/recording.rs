//! What all recordings have in common.

use std::fmt;

use super::error::ImportError;
use super::host::Host;
use gilsim_core::time::SimDuration;

/// Requests to hosts with their measured latencies, in recorded order. Never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recording {
    pub(super) source: Source,
    pub(super) requests: Vec<Request>,
    pub(super) left_out: LeftOut,
    pages: usize,
}

/// Who recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Browser,
    Curl,
    Table,
}

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub(super) host: Host,
    /// From the end of queueing to the last byte of the answer.
    pub(super) latency: SimDuration,
    /// When it was asked for, in nanoseconds from some origin that the recording's requests share.
    pub(super) start: Option<i128>,
    /// Requests that the recorder keeps in flight to this host, as far as this request tells.
    pub(super) connections: Option<u32>,
    /// Bytes of the body once decoded.
    pub(super) received: Option<u64>,
    /// The page load that it belongs to, from 0.
    pub(super) page: usize,
}

/// Why an entry of a recording is no request that could be replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Absence {
    /// Answered from the browser's cache.
    Cached,
    /// `data:` and other addresses without a host.
    NoHost,
    /// A WebSocket or a stream of events: open for as long as the page likes.
    Stream,
    /// No timings, or no time at all: never sent, or broken off.
    NoTime,
    /// The transfer failed.
    Failed,
}

/// How many entries are no requests, by reason.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct LeftOut {
    counts: [usize; 5],
}

impl LeftOut {
    const REASONS: [(Absence, &'static str); 5] = [
        (Absence::Cached, "from the browser's cache"),
        (Absence::NoHost, "without a host (data: and the like)"),
        (Absence::Stream, "WebSockets or event streams"),
        (Absence::NoTime, "without timings or of zero time"),
        (Absence::Failed, "failed"),
    ];

    pub(super) fn add(&mut self, absence: Absence) {
        for (count, (reason, _)) in self.counts.iter_mut().zip(Self::REASONS) {
            *count += usize::from(reason == absence);
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// `3 from the browser's cache, 1 failed`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = Self::REASONS.iter().zip(self.counts).filter(|(_, count)| *count > 0);
        for (index, ((_, reason), count)) in reasons.enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{count} {reason}")?;
        }
        Ok(())
    }
}

impl Recording {
    /// A recording of the entries that are requests.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn new(
        source: Source,
        entries: impl IntoIterator<Item = Result<Result<Request, Absence>, ImportError>>,
        pages: usize,
    ) -> Result<Self, ImportError> {
        let (mut requests, mut left_out) = (Vec::new(), LeftOut::default());
        for entry in entries {
            match entry? {
                Ok(request) => requests.push(request),
                Err(absence) => left_out.add(absence),
            }
        }
        if !requests.is_empty() {
            return Ok(Self { source, requests, left_out, pages: pages.max(1) });
        }
        Err(ImportError::new(if left_out.is_empty() {
            "the recording has no entries".to_owned()
        } else {
            format!("no entry of the recording can be replayed: {left_out}")
        }))
    }

    /// How many requests there are.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// How many page loads were recorded one after the other; 1 where the recording knows no pages.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// What was left out of the recording, for the user to know: `3 from the browser's cache`.
    pub fn left_out(&self) -> Option<String> {
        (!self.left_out.is_empty()).then(|| self.left_out.to_string())
    }
}
