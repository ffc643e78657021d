//! Text in a figure: cleaned, measured, cut to fit, and numbers as people read them.

use gilsim_core::time::SimDuration;

/// Advance widths of the bundled regular font from space to `~`, in thousandths of the font size.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635,
    634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// A font size in tenths of a pixel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Font {
    pub(super) size: i32,
    pub(super) bold: bool,
}

impl Font {
    pub(super) const TITLE: Self = Self { size: 160, bold: true };
    pub(super) const GROUP: Self = Self { size: 150, bold: true };
    pub(super) const SUBTITLE: Self = Self { size: 120, bold: false };
    pub(super) const PANEL: Self = Self { size: 130, bold: true };
    pub(super) const LANE: Self = Self { size: 130, bold: false };
    pub(super) const SMALL_BOLD: Self = Self { size: 110, bold: true };
    pub(super) const SMALL: Self = Self { size: 110, bold: false };
    pub(super) const TINY: Self = Self { size: 90, bold: false };

    /// The width of a text in tenths of a pixel; of other scripts than ASCII, an estimate on the wide side.
    pub(super) fn width(self, text: &str) -> i32 {
        let thousandths: i64 = text.chars().map(advance).sum();
        // The bold face is about a tenth wider.
        let scale = if self.bold { 1120 } else { 1000 };
        let tenths = thousandths * i64::from(self.size) * scale / 1_000_000;
        i32::try_from(tenths).unwrap_or(i32::MAX)
    }

    /// The text if it fits, else its beginning and an ellipsis; the flag says whether it was cut.
    pub(super) fn fit(self, text: &str, room: i32) -> (String, bool) {
        if self.width(text) <= room {
            return (text.to_owned(), false);
        }
        let mut cut: String = text.chars().take(400).collect();
        while !cut.is_empty() && self.width(&cut) + self.width("…") > room {
            cut.pop();
        }
        (format!("{}…", cut.trim_end()), true)
    }

    /// The text in as few lines as [`wrap`](Self::wrap) needs, of much the same length.
    pub(super) fn wrap_evenly(self, text: &str, room: i32, lines: usize) -> Vec<String> {
        let widest = self.wrap(text, room, lines);
        let whole: usize = widest.iter().map(String::len).sum();
        let narrower = (room / 2..room).step_by(100).map(|room| self.wrap(text, room, lines));
        let as_good = |wrapped: &Vec<String>| {
            wrapped.len() == widest.len()
                && wrapped.iter().map(String::len).sum::<usize>() == whole
                && wrapped.iter().all(|line| !line.ends_with('…'))
        };
        narrower.into_iter().find(as_good).unwrap_or(widest)
    }

    /// The text in at most `lines` lines, broken at spaces; what does not fit is cut with an ellipsis.
    pub(super) fn wrap(self, text: &str, room: i32, lines: usize) -> Vec<String> {
        let mut wrapped: Vec<String> = Vec::new();
        let mut words = units_kept(text).into_iter().peekable();
        while words.peek().is_some() {
            if wrapped.len() + 1 >= lines {
                let rest = words.collect::<Vec<_>>().join(" ");
                wrapped.push(self.fit(&rest, room).0);
                break;
            }
            let mut line = words.next().unwrap_or_default();
            while let Some(word) = words.peek()
                && self.width(&line) + self.width(" ") + self.width(word) <= room
            {
                line.push(' ');
                line.push_str(word);
                words.next();
            }
            wrapped.push(self.fit(&line, room).0);
        }
        wrapped
    }
}

/// The words of a text; a number and its unit are one.
fn units_kept(text: &str) -> Vec<String> {
    const UNITS: [&str; 8] = ["ns", "us", "µs", "ms", "s", "min", "%", "MB"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches([',', ';', '.', ':', ')']);
        let after_number =
            words.last().is_some_and(|last| last.ends_with(|c: char| c.is_ascii_digit()));
        match words.last_mut() {
            Some(number) if after_number && UNITS.contains(&bare) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn advance(letter: char) -> i64 {
    match letter {
        ' '..='~' => i64::from(WIDTHS[letter as usize - ' ' as usize]),
        '\u{1100}'.. if !('\u{1E00}'..='\u{2E7F}').contains(&letter) => 1000,
        '…' => 1000,
        'µ'..='\u{24F}' => 700,
        _ => 760,
    }
}

/// A text that is safe in one line of an XML document: control characters become spaces, and the characters that
/// turn the direction of what follows are taken out.
pub fn clean(text: &str) -> String {
    let directs = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|&c| !directs(c) && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

/// A duration with up to four digits: `1.5 s`, `312 µs`.
pub fn duration(ns: u64) -> String {
    SimDuration::from_nanos(ns).to_string().replace(" us", " µs")
}

/// A share as a percentage for a sentence: `73 %`, `4.8 %`.
pub(super) fn brief_percent(share: f64) -> String {
    percent(share).replace(".0 %", " %")
}

/// A share as a percentage with one decimal, for a table.
pub fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round();
    if share > 0.0 && tenths < 1.0 {
        "<0.1 %".to_owned()
    } else if tenths >= 1000.0 {
        "100 %".to_owned()
    } else {
        format!("{:.1} %", tenths / 10.0)
    }
}

/// With a capital first letter, as titles begin.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_to_the_room_it_has() {
        let font = Font::LANE;
        assert_eq!(font.fit("main", 1000), ("main".to_owned(), false));
        let (cut, was_cut) = font.fit(&"long ".repeat(1000), 1000);
        assert!(was_cut && cut.ends_with('…') && font.width(&cut) <= 1000, "{cut}");
        assert_eq!(font.fit("名前名前名前名前", 500).0, "名前…");
    }

    #[test]
    fn lines_break_at_spaces_and_the_last_one_is_cut() {
        let lines = Font::TITLE.wrap("one two three four five six", 1000, 2);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].ends_with('…') && lines.iter().all(|line| Font::TITLE.width(line) <= 1000)
        );
        assert_eq!(Font::TITLE.wrap("one", 9000, 2), ["one"]);
    }

    #[test]
    fn a_number_and_its_unit_stay_together() {
        let room = Font::TITLE.width("they need 160 m");
        assert_eq!(
            Font::TITLE.wrap("they need 160 ms, no less", room, 2),
            ["they need", "160 ms, no less"]
        );
    }

    #[test]
    fn characters_that_break_a_document_or_turn_its_text_are_taken_out() {
        assert_eq!(clean("a\u{0}b\nc\u{202E}d\u{FFFF}"), "a b cd");
        assert_eq!(clean("שלום"), "שלום");
    }

    #[test]
    fn shares_and_times_are_short() {
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0001), "<0.1 %");
        assert_eq!(percent(0.4567), "45.7 %");
        assert_eq!(percent(0.99999), "100 %");
        assert_eq!((brief_percent(0.73), brief_percent(0.048)), ("73 %".into(), "4.8 %".into()));
        assert_eq!(duration(312_000), "312 µs");
    }
}
