//! Brackets and quotes in TOML: which is left open, and what stands outside.

/// A bracket that is never closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Open {
    /// `[` or `{`.
    pub(super) bracket: char,
    /// Where it is, in bytes.
    pub(super) at: usize,
    /// Where another bracket is closed before it.
    pub(super) instead: Option<usize>,
}

impl Open {
    /// The bracket that it lacks.
    pub(super) const fn closing(&self) -> char {
        if self.bracket == '{' { '}' } else { ']' }
    }
}

/// The first bracket of `text` that is left open, outside strings and comments.
pub(super) fn first_open(text: &str) -> Option<Open> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '[' | '{' => open.push(Open { bracket: character, at, instead: None }),
            ']' | '}' => match open.pop() {
                Some(last) if last.closing() != character => {
                    return Some(Open { instead: Some(at), ..last });
                }
                _ => {}
            },
            _ => {}
        }
        at += skipped(&text[at..]).unwrap_or(character.len_utf8());
    }
    open.pop()
}

/// Where `sign` stands in no brackets and quotes of a text, in bytes.
pub fn outside(text: &str, sign: char) -> impl Iterator<Item = usize> {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_u32;
    text.char_indices().filter_map(move |(byte, c)| {
        let found = quote.is_none() && depth == 0 && c == sign;
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                return None;
            }
            (Some(open), close) if open == close && !escaped => quote = None,
            _ => {}
        }
        escaped = false;
        found.then_some(byte)
    })
}

/// The length of the string or comment that `text` starts with.
fn skipped(text: &str) -> Option<usize> {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(rest) = text.strip_prefix(quotes) {
            let end = rest.find(quotes).map_or(rest.len(), |end| end + quotes.len());
            return Some(quotes.len() + end);
        }
    }
    let line = || text.find('\n').unwrap_or(text.len());
    match text.chars().next()? {
        '#' => Some(line()),
        '\'' => Some(text[1..line()].find('\'').map_or_else(line, |end| end + 2)),
        '"' => Some(basic_string(&text[1..line()]).map_or_else(line, |end| end + 2)),
        _ => None,
    }
}

/// Where the quote that ends a string is.
fn basic_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_open_bracket_is_found() {
        let open = |text| first_open(text).map(|open| (open.at, open.instead));
        assert_eq!(open("[a]\nb = [{ c = 1 }]"), None);
        assert_eq!(open("a = [1, 2\n[[b]]\n"), Some((4, None)));
        assert_eq!(open("a = [{ b = 1, { c = 2 }]"), Some((5, Some(23))));
        assert_eq!(open("a = [{ b = [1"), Some((11, None)));
        assert_eq!(open("a = \"[\" # [\nb = '{'\nc = \"\\\"[\"\nd = \"\"\"\n[\"\"\""), None);
        assert_eq!(open("a = \"[\nb = '{\nc = \"\"\"["), None);
        assert_eq!(open("]}é"), None);
    }
}
