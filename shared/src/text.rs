//! Keeping what others wrote on its line, and short.

/// The value on one line: line ends and control characters become spaces, and characters that silently turn the
/// direction of the text around them are left out. Letters of right-to-left scripts stay.
pub fn one_line(value: &str) -> String {
    let mut line = String::with_capacity(value.len());
    let mut is_between_words = false;
    for c in value.chars().filter(|c| !turns_direction(*c)) {
        if c.is_whitespace() || c.is_control() {
            is_between_words = !line.is_empty();
        } else {
            if std::mem::take(&mut is_between_words) {
                line.push(' ');
            }
            line.push(c);
        }
    }
    line
}

/// Whether the value is surely what [`one_line`] would make of it, at a glance: printable ASCII, with single spaces between
/// words. Most are.
pub fn is_plainly_one_line(value: &str) -> bool {
    let mut before = b' ';
    for &byte in value.as_bytes() {
        if !matches!(byte, b' '..=b'~') || (byte == b' ' && before == b' ') {
            return false;
        }
        before = byte;
    }
    before != b' ' || value.is_empty()
}

/// Embeddings, overrides and isolates, which reach beyond the value they stand in; and the byte order mark.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// At most `limit` characters, cut between words where a word ends near the limit.
pub fn shorten(value: &str, limit: usize) -> String {
    if value.chars().count() <= limit {
        return String::from(value);
    }
    let cut: String = value.chars().take(limit.saturating_sub(1)).collect();
    let end = cut.rfind(' ').filter(|space| cut.len() - space <= 40).unwrap_or(cut.len());
    format!("{}…", cut.get(..end).unwrap_or(&cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_on_its_line() {
        assert_eq!(one_line("Ada\r\nBcc: all@example.org\0\u{7}\u{85}!"), "Ada Bcc: all@example.org !");
        assert_eq!(one_line("  two \u{2028} lines\u{2029}"), "two lines");
    }

    #[test]
    fn what_is_plainly_on_one_line_stays_as_it_is() {
        for plain in ["", "Ada", "Ada Lovelace ~ 1815!"] {
            assert!(is_plainly_one_line(plain), "{plain:?}");
            assert_eq!(one_line(plain), plain);
        }
        for perhaps_not in [" ", " Ada", "Ada ", "Ada  L", "Ada\nL", "Zoë", "\u{202e}", "\u{7f}"] {
            assert!(!is_plainly_one_line(perhaps_not), "{perhaps_not:?}");
        }
    }

    #[test]
    fn direction_overrides_go_and_right_to_left_letters_stay() {
        assert_eq!(one_line("\u{202e}gpj.exe\u{202c} \u{2067}x\u{2069}"), "gpj.exe x");
        assert_eq!(one_line("ליאת כהן"), "ליאת כהן");
    }

    #[test]
    fn long_values_are_cut_between_words() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("some words to cut", 12), "some words…");
        assert_eq!(shorten(&"ü".repeat(300), 200).chars().count(), 200);
    }
}
