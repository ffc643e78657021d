//! Numbers and lists as people read them.

use gilsim_core::sink::fraction::Fraction;
use gilsim_core::time::SimDuration;
use gilsim_core::trace::State;

/// A share in percent: whole between 10 and 99, with one decimal near the ends, and 0 % or 100 % only
/// where it is exactly that.
pub fn percent(share: Fraction) -> String {
    let millionths = share.millionths();
    // Rounding up must not make a whole of what is none.
    let tenths = ((millionths + 500) / 1_000).min(if millionths < 1_000_000 { 999 } else { 1_000 });
    match millionths {
        0 => "0 %".to_owned(),
        1..500 => "<0.1 %".to_owned(),
        500..99_500 | 990_000..1_000_000 => {
            format!("{}.{} %", tenths / 10, tenths % 10).replace(".0 %", " %")
        }
        _ => format!("{} %", (millionths + 5_000) / 10_000),
    }
}

/// A ratio with two significant digits or more: `75`, `7.5`, `1.25`.
pub(super) fn ratio(ratio: Fraction) -> String {
    let millionths = ratio.millionths();
    let rounded = |grain: u128| (millionths + grain / 2) / grain;
    if millionths >= 9_950_000 {
        rounded(1_000_000).to_string()
    } else if millionths >= 1_995_000 {
        format!("{}.{}", rounded(100_000) / 10, rounded(100_000) % 10)
    } else {
        format!("{}.{:02}", rounded(10_000) / 100, rounded(10_000) % 100)
    }
}

/// Nanoseconds as people read them: `2.006 s`.
pub fn time(ns: impl TryInto<u64>) -> String {
    // What does not fit is longer than any run.
    SimDuration::from_nanos(ns.try_into().unwrap_or(u64::MAX)).to_string()
}

/// A state's name without underscores.
pub(super) fn state(state: State) -> String {
    state.name().replace('_', " ")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// `80 % to 83 %`; one of them where they are the same.
pub(super) fn range(least: &str, most: &str) -> String {
    if least == most { most.to_owned() } else { format!("{least} to {most}") }
}

/// `1 task`, `2 tasks`.
pub fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// The text on one line and without control characters, whatever a scenario put into it.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_nought_or_all_only_where_it_is_exactly_that() {
        let cases = [
            (0, "0 %"),
            (1, "<0.1 %"),
            (499, "<0.1 %"),
            (500, "0.1 %"),
            (7_000, "0.7 %"),
            (30_000, "3 %"),
            (99_499, "9.9 %"),
            (99_500, "10 %"),
            (104_999, "10 %"),
            (834_999, "83 %"),
            (989_999, "99 %"),
            (990_000, "99 %"),
            (993_400, "99.3 %"),
            (999_999, "99.9 %"),
            (1_000_000, "100 %"),
        ];
        for (millionths, shown) in cases {
            let share = Fraction::of(millionths, 1_000_000).unwrap();
            assert_eq!(percent(share), shown, "{millionths}");
        }
    }

    #[test]
    fn a_ratio_has_two_digits_or_more() {
        let cases = [
            (75_130_000, "75"),
            (9_960_000, "10"),
            (7_450_000, "7.5"),
            (1_996_000, "2.0"),
            (1_250_000, "1.25"),
            (1_000_000, "1.00"),
            (333_333, "0.33"),
        ];
        for (millionths, shown) in cases {
            assert_eq!(ratio(Fraction::of(millionths, 1_000_000).unwrap()), shown, "{millionths}");
        }
    }

    #[test]
    fn a_list_ends_with_and() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items[..1]), "a");
        assert_eq!(list(&items[..2]), "a and b");
        assert_eq!(list(&items), "a, b and c");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\n\u{1b}[31mb\u{9b}"), "a  [31mb ");
    }
}
