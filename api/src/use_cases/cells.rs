//! Cells of CSV files that spreadsheets open: a text must not become a formula on the way (CSV injection, OWASP).

/// What a spreadsheet takes for the beginning of a formula, in ASCII and in the full width of East Asian keyboards, and
/// what makes it look at the next character instead.
const RISKY: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text as a cell: with an apostrophe before it where a spreadsheet would compute, and as it is everywhere else.
pub(super) fn guard(text: &str) -> String {
    // A text that looks guarded gets one more, so that exactly one is taken away again.
    if text.trim_start_matches('\'').starts_with(RISKY) { format!("'{text}") } else { text.to_owned() }
}

/// The text that a cell was made of.
pub(super) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.trim_start_matches('\'').starts_with(RISKY) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::{guard, unguard};

    #[test]
    fn formulas_are_texts_and_come_back_as_they_were() {
        for text in ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-2"] {
            let cell = guard(text);
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(unguard(&cell), text);
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in ["", "Ana", "O'Neil", "'s Gravenhage", "a=b", "5", "''"] {
            assert_eq!(guard(text), text);
            assert_eq!(unguard(text), text);
        }
    }
}
