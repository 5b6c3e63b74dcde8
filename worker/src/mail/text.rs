//! Keeping what people wrote on its line, and lines readable.

pub(super) use shared::text::{is_plainly_one_line, one_line, shorten};
use textwrap::{Options, WordSplitter};

/// Where plain text breaks; quoted replies still fit an 80 column terminal.
const WIDTH: usize = 76;

/// The same for a header, at most `limit` characters. What people wrote there is never taken for an encoded word (RFC
/// 2047), in which readers would find what was left out here: an invisible joiner stands between its first two letters.
pub(super) fn for_header(value: &str, limit: usize) -> String {
    shorten(&one_line(value).replace("=?", "=\u{2060}?"), limit)
}

/// Wraps every line, keeps list items and quotes aligned, and leaves one empty line between paragraphs. Addresses and
/// links are never broken.
pub(super) fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            if lines.last().is_some_and(|last| !last.is_empty()) {
                lines.push(String::new());
            }
            continue;
        }
        if line.chars().count() <= WIDTH {
            lines.push(line.to_owned());
            continue;
        }
        let options = Options::new(WIDTH)
            .subsequent_indent(hanging(line))
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        lines.extend(textwrap::wrap(line, options).into_iter().map(String::from));
    }
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

/// What the second and later rows of a wrapped line begin with.
fn hanging(line: &str) -> &'static str {
    let marker = line.split(' ').next().unwrap_or_default();
    match marker {
        ">" => "> ",
        "-" => "  ",
        _ if marker.len() == 2 && marker.starts_with(|c: char| c.is_ascii_digit()) && marker.ends_with('.') => "   ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_header_reads_as_an_encoded_word() {
        let kept = for_header("=?utf-8?q?Ada=0D=0ABcc:_all@example.org?=", 100);
        assert_eq!(kept, "=\u{2060}?utf-8?q?Ada=0D=0ABcc:_all@example.org?=");
        assert_eq!(for_header("1 + 1 = ?", 100), "1 + 1 = ?");
    }

    #[test]
    fn text_wraps_with_hanging_indents_and_never_breaks_a_link() {
        let word = "word ".repeat(20);
        let link = format!("https://example.org/{}", "a-".repeat(50));
        let wrapped = wrap(&format!("\n\n- {word}\n\n\n\n> {word}\n1. {word}\n{link}\n\n"));
        insta::assert_snapshot!(wrapped);
        assert!(wrapped.contains(&link));
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH || line == link));
    }
}
