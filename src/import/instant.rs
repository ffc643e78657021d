//! Instants of a calendar, as recordings write them.

/// Reads an ISO 8601 instant such as `2015-02-22T19:28:12.136-08:00`: nanoseconds since 1970, UTC.
///
/// An instant without an offset counts as UTC: only differences matter. Fractions finer than a
/// nanosecond are cut off.
pub(super) fn parse(text: &str) -> Option<i128> {
    let (date, time) = text.trim().split_once(['T', 't', ' '])?;
    let mut date = date.split('-');
    let [year, month, day] =
        [number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?];
    if date.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = split_offset(time)?;
    let mut clock = clock.split(':');
    let [hour, minute] = [number(clock.next()?, 2)?, number(clock.next()?, 2)?];
    let (second, fraction) = split_fraction(clock.next().unwrap_or("00"))?;
    // A leap second is the 60th.
    if clock.next().is_some() || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(i128::from(seconds - offset) * 1_000_000_000 + i128::from(fraction))
}

/// A number of exactly `width` digits.
fn number(text: &str, width: usize) -> Option<i64> {
    let is_number = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Seconds and nanoseconds of `12`, `12.5` or `12,5`.
fn split_fraction(text: &str) -> Option<(i64, i64)> {
    let (second, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some((number(second, 2)?, number(&nanos, 9)?))
}

/// A time of day without its offset, and the offset in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, offset) = time.split_at(at);
    let (sign, digits) = offset.split_at(1);
    let digits = digits.replace(':', "");
    let (hours, minutes) = (number(digits.get(..2)?, 2)?, digits.get(2..)?);
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 2)? };
    let seconds = hours * 3_600 + minutes * 60;
    Some((clock, if sign == "-" { -seconds } else { seconds }))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
///
/// Years are counted from March, so that a leap day comes last and the months before it have a regular length.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 1 March of year 0 is 719,468 days before 1970.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_its_offset_and_its_fraction() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00.000000001+01:00", 1),
            ("1969-12-31T23:59:59.5Z", -500_000_000),
            ("2015-02-22T19:28:12.136-08:00", 1_424_662_092_136_000_000),
            ("2015-02-23T03:28:12.136Z", 1_424_662_092_136_000_000),
            ("2017-11-13T12:03:02.550", 1_510_574_582_550_000_000),
            ("2024-02-29T00:00:00.1234567899Z", 1_709_164_800_123_456_789),
            ("2000-03-01 00:00:00,25+0530", 951_849_000_250_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), Some(nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        let cases = [
            "",
            "yesterday",
            "2017-11-13",
            "2017-13-13T00:00:00Z",
            "2017-11-13T25:00:00Z",
            "2017-11-13T00:00:00.Z",
            "2017-11-13T00:00:0é",
            "2017-11-13T00:00:00+",
            "2017-11-13T00:00:00+é1:00",
            "-2017-11-13T00:00:00Z",
            "99999-11-13T00:00:00Z",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
