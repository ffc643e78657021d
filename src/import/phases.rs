//! The phases of a request in a HAR file, and how long it took once it was no longer queued.
//!
//! Format: W3C Web Performance Working Group, "HTTP Archive (HAR) format", section `timings`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ImportError;
use super::number::{ExactTime, NumberError, Unit};

/// Milliseconds; below zero where a phase does not apply.
#[derive(Deserialize)]
#[serde(expecting = "an object with phases")]
pub(super) struct Timings<'a> {
    #[serde(borrow)]
    blocked: Option<&'a RawValue>,
    #[serde(borrow)]
    dns: Option<&'a RawValue>,
    #[serde(borrow)]
    connect: Option<&'a RawValue>,
    #[serde(borrow)]
    ssl: Option<&'a RawValue>,
    #[serde(borrow)]
    send: Option<&'a RawValue>,
    #[serde(borrow)]
    wait: Option<&'a RawValue>,
    #[serde(borrow)]
    receive: Option<&'a RawValue>,
}

impl<'a> Timings<'a> {
    /// As it is written.
    pub(super) fn wait(&self) -> Option<&'a RawValue> {
        self.wait
    }

    /// Leaves `connect` as all that is known of the way to a connection.
    pub(super) fn forget_ssl(&mut self) {
        self.ssl = None;
    }
}

/// The time from the end of queueing to the end of the answer, where it is known. `time` is that of the whole entry.
///
/// # Errors
/// When a time is no number, or longer than a scenario may name.
pub(super) fn latency(
    text: &str,
    time: Option<&RawValue>,
    timings: Option<&Timings<'_>>,
) -> Result<Option<ExactTime>, ImportError> {
    let read = |value: Option<&RawValue>| milliseconds(text, value);
    let whole = read(time)?;
    let Some(timings) = timings else { return Ok(whole) };
    let blocked = read(timings.blocked)?.unwrap_or_default();
    let (connect, ssl, wait) = (read(timings.connect)?, read(timings.ssl)?, read(timings.wait)?);
    let others = [read(timings.dns)?, read(timings.send)?, wait, read(timings.receive)?];
    let known = others.iter().chain([&connect, &ssl]).any(Option::is_some);
    let others = others.into_iter().flatten().fold(ExactTime::default(), |sum, phase| sum + phase);
    let rest = whole.map(|whole| (whole, blocked + others));
    let sum = others + connection(connect.unwrap_or_default(), ssl.unwrap_or_default(), rest);
    let unblocked = whole.map(|whole| whole.saturating_sub(blocked));
    Ok(if wait.is_some() { Some(sum) } else { unblocked.or(known.then_some(sum)) })
}

/// How long it took to be connected. By the format, the handshake (`ssl`) lies within `connect`; mitmproxy and Firefox write it beside.
///
/// `whole` is the entry's `time` and the sum of its other phases. Which of the two sums agrees with `time` says where the handshake
/// lies. A sum agrees that misses `time` by less than half of what the sums differ by. Where `time` is unknown or agrees
/// with neither, the format is believed, unless the handshake is too long to lie within.
fn connection(
    connect: ExactTime,
    ssl: ExactTime,
    whole: Option<(ExactTime, ExactTime)>,
) -> ExactTime {
    let (within, beside) = (connect.max(ssl), connect + ssl);
    let agrees = |reading: ExactTime| {
        let miss = whole.map(|(time, others)| time.distance(others + reading));
        miss.is_some_and(|miss| miss + miss < connect.min(ssl))
    };
    let is_beside = agrees(beside) || ssl > connect && !agrees(within);
    if is_beside { beside } else { within }
}

/// A time in milliseconds; `None` where it is missing or below zero, which says that it does not apply.
fn milliseconds(text: &str, value: Option<&RawValue>) -> Result<Option<ExactTime>, ImportError> {
    let Some(value) = value.map(RawValue::get) else { return Ok(None) };
    match ExactTime::parse(value, Unit::Milliseconds) {
        Ok(time) => Ok(Some(time)),
        Err(NumberError::Negative) => Ok(None),
        Err(error) => Err(ImportError::at(text, value, error.of(Unit::Milliseconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Microseconds that an entry with these phases took, each in milliseconds as JSON has it.
    fn micros(time: &str, timings: &str) -> u64 {
        let time: Option<&RawValue> = serde_json::from_str(time).unwrap();
        let timings = serde_json::from_str(timings).unwrap();
        let latency = latency("", time, Some(&timings)).unwrap().unwrap();
        latency.rounded().unwrap().as_nanos() / 1_000
    }

    /// Where connecting took `connect` and `ssl`, waiting 60, and queueing 89.
    fn after(connect: &str, ssl: &str, time: &str) -> u64 {
        let phases = r#""blocked": 89, "dns": -1, "send": 0, "wait": 60, "receive": 0"#;
        micros(time, &format!(r#"{{{phases}, "connect": {connect}, "ssl": {ssl}}}"#))
    }

    #[test]
    fn the_time_says_whether_the_handshake_lies_within_or_beside() {
        assert_eq!(after("32", "66", "247"), 158_000, "beside, as Firefox writes it");
        assert_eq!(after("98", "66", "247"), 158_000, "within, as Chrome writes it");
        assert_eq!(after("66", "32", "247"), 158_000, "beside, and shorter");
        assert_eq!(after("66", "32", "215"), 126_000, "within");
        let mitmproxy = r#"{"blocked": -1, "dns": -1, "connect": 123.66, "ssl": 246.80,
            "send": 1.5, "wait": 112.25, "receive": 5.23}"#;
        assert_eq!(micros("489.44", mitmproxy), 489_440);
    }

    #[test]
    fn a_time_need_not_agree_to_the_digit() {
        for time in ["232", "246", "248", "262"] {
            assert_eq!(after("66", "32", time), 158_000, "{time} is nearer to 247");
        }
        for time in ["200", "214", "216", "230"] {
            assert_eq!(after("66", "32", time), 126_000, "{time} is nearer to 215");
        }
    }

    #[test]
    fn without_an_agreeing_time_the_handshake_lies_within_if_it_can() {
        for time in ["null", "-1", "0", "199", "231", "263", "1e6"] {
            assert_eq!(after("66", "32", time), 126_000, "{time}");
        }
        for time in ["null", "-1", "0", "199", "231", "263", "1e6"] {
            assert_eq!(after("32", "66", time), 158_000, "66 do not lie within 32, {time}");
        }
        assert_eq!(after("32", "66", "215"), 126_000, "unless the time says so");
    }

    #[test]
    fn one_of_connect_and_ssl_alone_is_the_way_to_the_connection() {
        for time in ["null", "181", "9"] {
            assert_eq!(after("32", "-1", time), 92_000);
            assert_eq!(after("-1", "32", time), 92_000);
            assert_eq!(after("32", "0", time), 92_000);
            assert_eq!(after("null", "null", time), 60_000);
        }
    }
}
