//! Single values: numbers, words, durations, sizes, rates.

use super::Reader;
use super::fields::Fields;
use crate::fault::Fault;
use crate::limits;
use crate::tree::{Node, Value, shortened};
use crate::unmodelled;
use gilsim_core::time::{Decimal, DecimalError, DurationError, SimDuration, UNITS};

/// A number that is no infinity, whole or not.
fn number(node: &Node) -> Option<f64> {
    let number = match &node.value {
        Value::Integer(integer) => integer.to_string().parse().ok(),
        Value::Float(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

impl Reader<'_> {
    /// A text without control characters other than line ends and tabs.
    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let node = fields.get(key)?;
        match node.as_text() {
            Some(text) => Some(text.to_owned()),
            None => self.expected(node, "a text in quotes"),
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        let node = fields.get(key)?;
        match node.value {
            Value::Boolean(boolean) => Some(boolean),
            _ => self.expected(node, "true or false"),
        }
    }

    /// A whole number within the bounds of its key.
    pub(super) fn whole(&mut self, fields: &Fields<'_>, key: &str) -> Option<u64> {
        self.whole_within(fields.get(key)?, key, fields.bounds(key))
    }

    /// A whole number within the bounds of its key, which fit 32 bits.
    pub(super) fn amount(&mut self, fields: &Fields<'_>, key: &str) -> Option<u32> {
        self.whole(fields, key).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A whole number within bounds, both included.
    pub(super) fn whole_within(
        &mut self,
        node: &Node,
        key: &str,
        (least, most): (u64, u64),
    ) -> Option<u64> {
        let asked = format!("a whole number of at least {least}");
        let Value::Integer(number) = node.value else {
            let fault =
                Fault::new(node.place, format!("expected {asked}, found {}", node.describe()));
            let digits = node.as_text().filter(|text| text.parse::<u64>().is_ok());
            return self.refuse(match (digits, &node.value) {
                (Some(digits), _) => fault.label(format!("write {digits} without quotes")),
                (None, Value::Float(text)) if is_whole(text) => {
                    fault.label("write it in digits alone")
                }
                _ => fault,
            });
        };
        if number > most.into() {
            let title = format!("`{}` is too large: at most {most} is possible", shortened(key));
            return self.refuse(Fault::new(node.place, title).label("too large"));
        }
        match u64::try_from(number) {
            Ok(number) if number >= least => Some(number),
            _ => self.expected(node, &asked),
        }
    }

    /// A positive number, whole or not.
    pub(super) fn positive(&mut self, node: &Node) -> Option<f64> {
        match number(node).filter(|number| *number > 0.0) {
            Some(number) => Some(number),
            None => self.expected(node, "a positive number"),
        }
    }

    /// A number from 0 to 1 at a key, if the table has it.
    pub(super) fn share(&mut self, fields: &Fields<'_>, key: &str) -> Option<f64> {
        let node = fields.get(key)?;
        match number(node).filter(|number| (0.0..=1.0).contains(number)) {
            Some(number) => Some(number),
            None => self.expected(node, "a number from 0 to 1, 0.02 for 2 in a hundred"),
        }
    }

    /// One of the words of its key, as its position among them.
    pub(super) fn choice(&mut self, fields: &Fields<'_>, key: &str) -> Option<usize> {
        let node = fields.get(key)?;
        let words = fields.choices(key);
        let Some(text) = node.as_text() else {
            return self.expected(node, &format!("one of the words {}", words.join(", ")));
        };
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let title = format!("`{key}` cannot be `{}`", shortened(text));
            let missing = unmodelled::fault(text, node.place).filter(|_| key == "use");
            let fault = missing.unwrap_or_else(|| {
                Fault::new(node.place, title).suggest(text, words.iter().copied())
            });
            self.faults.push(fault);
        }
        found
    }

    /// One length of time.
    pub(super) fn duration(&mut self, node: &Node) -> Option<SimDuration> {
        match &node.value {
            Value::Text(text) => match text.parse() {
                Ok(duration) => Some(duration),
                Err(error) => self.refuse(wrong_duration(node, text, error)),
            },
            Value::Table(_) => self.refuse(
                Fault::new(node.place, "expected a duration, found a table")
                    .label("a distribution cannot stand here: expected one duration like \"5ms\""),
            ),
            Value::Integer(_) | Value::Float(_) => self.refuse(
                Fault::new(node.place, format!("expected a duration, found {}", node.describe()))
                    .label(
                        "expected a unit and quotes: \"…ns\", \"…us\", \"…ms\", \"…s\" or \"…min\"",
                    ),
            ),
            _ => self.expected(node, "a duration like \"5ms\""),
        }
    }

    /// One length of time at a key, if the table has it.
    pub(super) fn duration_at(&mut self, fields: &Fields<'_>, key: &str) -> Option<SimDuration> {
        self.duration(fields.get(key)?)
    }

    /// One length of time at a key that is more than zero, if the table has it.
    pub(super) fn positive_duration_at(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
    ) -> Option<SimDuration> {
        let node = fields.get(key)?;
        let duration = self.duration(node)?;
        if duration.is_zero() {
            let title = format!("`{key}` must be longer than zero");
            return self
                .refuse(Fault::new(node.place, title).label("expected a positive duration"));
        }
        Some(duration)
    }

    /// A list of lengths of time: exactly `length`, or at least one.
    pub(super) fn durations(
        &mut self,
        node: &Node,
        length: Option<usize>,
    ) -> Option<Vec<SimDuration>> {
        let asked = match length {
            Some(length) => format!("a list of {length} durations"),
            None => "a list of at least one duration".to_owned(),
        };
        let Some(items) = node.as_list() else { return self.expected(node, &asked) };
        let fits = length.map_or(!items.is_empty(), |length| items.len() == length);
        if !fits {
            let title = format!("expected {asked}, found {}", items.len());
            return self.refuse(Fault::new(node.place, title));
        }
        let most = self.faults.len() + limits::LIST_FAULTS;
        let looked_at = items.iter().map_while(|item| {
            let has_room = self.faults.len() < most;
            has_room.then(|| self.duration(item))
        });
        let durations: Vec<_> = looked_at.collect();
        durations.into_iter().collect()
    }

    /// A number of bytes with its unit.
    pub(super) fn size(&mut self, fields: &Fields<'_>, key: &str) -> Option<u64> {
        let node = fields.get(key)?;
        let Some(text) = node.as_text() else {
            return self.expected(node, "a size like \"200kB\"");
        };
        match bytes(text) {
            Ok(bytes) if bytes <= limits::PAYLOAD_BYTES => Some(bytes),
            Ok(_) => self.refuse(
                Fault::new(node.place, format!("`{}` is too large", shortened(text)))
                    .label("at most 1000GB are possible"),
            ),
            Err(label) => self.refuse(
                Fault::new(node.place, format!("`{}` is not a size", shortened(text))).label(label),
            ),
        }
    }

    /// Events per second.
    pub(super) fn rate(&mut self, node: &Node) -> Option<f64> {
        let Some(text) = node.as_text() else {
            return self.expected(node, "a rate like \"100/s\"");
        };
        match per_second(text) {
            Ok(rate) => Some(rate),
            Err(label) => self.refuse(
                Fault::new(node.place, format!("`{}` is not a rate", shortened(text))).label(label),
            ),
        }
    }

    /// The time between two events of a rate, rounded up to a whole nanosecond.
    pub(super) fn gap(&mut self, node: &Node) -> Option<SimDuration> {
        self.rate(node)?;
        let (number, unit) = node.as_text()?.split_once('/')?;
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
        // A number of events with at most nine places, as a fraction.
        let (whole, places) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
        let digits: String = whole.chars().chain(places.chars().take(9)).collect();
        let events = digits.parse::<u128>().ok().filter(|events| *events > 0)?;
        let scale = 10_u128.pow(u32::try_from(places.len().min(9)).ok()?);
        let gap = (u128::from(*length) * scale).div_ceil(events);
        u64::try_from(gap).ok().map(SimDuration::from_nanos)
    }
}

/// The fault of a text that is not a duration.
pub(super) fn wrong_duration(node: &Node, text: &str, error: DurationError) -> Fault {
    let title = format!("`{}` is not a duration", shortened(text));
    let unit = Decimal::before_unit(text).1.trim_end();
    let label = match error {
        DurationError::Number if text.starts_with('-') => "a duration is not negative".to_owned(),
        DurationError::Unit => match meant_unit(unit) {
            Some(meant) => {
                let number = text.strip_suffix(unit).unwrap_or_default().trim_end();
                format!("did you mean `{}{meant}`?", shortened(number))
            }
            None => error.to_string(),
        },
        _ => error.to_string(),
    };
    Fault::new(node.place, title).label(label)
}

/// The unit that was probably meant by another spelling.
fn meant_unit(unit: &str) -> Option<&'static str> {
    match unit.to_lowercase().as_str() {
        "nsec" | "nsecs" | "nanosecond" | "nanoseconds" => Some("ns"),
        "µs" | "μs" | "usec" | "usecs" | "mus" | "microsecond" | "microseconds" => Some("us"),
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" | "millis" => Some("ms"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "m" | "min" | "mins" | "minute" | "minutes" => Some("min"),
        _ => None,
    }
}

/// The units of a size, with their length in bytes.
pub(crate) const SIZE_UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads `200kB`, `1.5MiB`: a plain decimal number and a unit, a whole number of bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = Decimal::before_unit(text);
    let Some(number) = number else {
        let negative = text.starts_with('-');
        let label = if negative {
            "a size is not negative"
        } else {
            "expected a number and a unit, like 200kB"
        };
        return Err(label.to_owned());
    };
    let Some((_, length)) = SIZE_UNITS.iter().find(|(name, _)| *name == unit) else {
        let near = SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        return Err(match near {
            Some((name, _)) => {
                let number = text.strip_suffix(unit).unwrap_or_default().trim_end();
                format!("did you mean `{}{name}`?", shortened(number))
            }
            None => "expected a unit: B, kB, MB, GB, KiB, MiB or GiB".to_owned(),
        });
    };
    number.times(*length).map_err(|error| match error {
        DecimalError::TooFine => "expected a whole number of bytes".to_owned(),
        DecimalError::TooLarge => "too large".to_owned(),
    })
}

/// Reads `100/s`, `0.5/min`: a plain decimal number of events in a unit of time.
fn per_second(text: &str) -> Result<f64, String> {
    let expected = || "expected a number of events in a unit of time, like 100/s".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(expected)?;
    let (number, unit) = (number.trim(), unit.trim());
    if number.starts_with('-') {
        return Err("a rate is positive".to_owned());
    }
    if number.is_empty() || !number.bytes().all(|c| c.is_ascii_digit() || c == b'.') {
        return Err(expected());
    }
    let number: f64 = number.parse().map_err(|_| expected())?;
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, length) = unit.ok_or_else(|| "expected /ns, /us, /ms, /s or /min".to_owned())?;
    let seconds = SimDuration::from_nanos(*length).as_secs_f64();
    let rate = number / seconds;
    let rarest = 1.0 / SimDuration::LONGEST.as_secs_f64();
    if number == 0.0 {
        Err("a rate is positive".to_owned())
    } else if rate < rarest {
        Err("at least one event in 100 years is needed".to_owned())
    } else if rate > limits::ARRIVALS_PER_SECOND {
        Err("at most one event in a nanosecond is possible".to_owned())
    } else {
        Ok(rate)
    }
}

/// Whether a number with a point or an exponent is a whole one.
fn is_whole(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|number| number.fract().abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_or_binary_and_whole() {
        let good = [("0B", 0), ("1kB", 1_000), ("1.5 KiB", 1_536), ("2GB", 2_000_000_000)];
        for (text, size) in good {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in
            ["", "kB", "5", "-1kB", "0.5B", "1.2.3kB", "1.kB", "1TB", "9999999999999999999GB"]
        {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(bytes("5KB"), Err("did you mean `5kB`?".to_owned()));
    }

    #[test]
    fn a_rate_is_per_second() {
        assert_eq!(per_second("100/s"), Ok(100.0));
        assert_eq!(per_second("0.5 / ms"), Ok(500.0));
        assert_eq!(per_second("60/min"), Ok(1.0));
        for text in [
            "100",
            "/s",
            "0/s",
            "-1/s",
            "1/h",
            "1e3/s",
            "inf/s",
            "10/ns",
            "1.1.1/s",
            "0.0000000001/min",
        ] {
            assert!(per_second(text).is_err(), "{text}");
        }
    }
}
