//! CSV as RFC 4180 wants it, and as spreadsheets can be trusted with it.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::use_cases::cells::guard;

/// Rows as they are written. Texts are quoted and guarded, numbers are neither.
pub(super) struct Table {
    writer: csv::Writer<Vec<u8>>,
    row: Vec<String>,
}

impl Table {
    /// An empty table; with `byte_order_mark`, the beginning of a file.
    pub(super) fn new(byte_order_mark: bool) -> Self {
        let start = if byte_order_mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        let writer = csv::WriterBuilder::new()
            // A quoted text stays one cell even where semicolons separate.
            .quote_style(csv::QuoteStyle::NonNumeric)
            .terminator(csv::Terminator::CRLF)
            .from_writer(start);
        Self { writer, row: Vec::new() }
    }

    /// A text that somebody may have filled in.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.row.push(guard(text));
        self
    }

    /// A text that may be missing.
    pub(super) fn text_or_none(&mut self, text: Option<&str>) -> &mut Self {
        self.text(text.unwrap_or_default())
    }

    /// A number.
    pub(super) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        let number: i64 = number.into();
        self.row.push(number.to_string());
        self
    }

    /// `true` or `false`, or nothing where nobody knows.
    pub(super) fn truth(&mut self, truth: Option<bool>) -> &mut Self {
        self.row.push(truth.map(|truth| truth.to_string()).unwrap_or_default());
        self
    }

    /// A moment, to the second, in UTC.
    pub(super) fn instant(&mut self, instant: Option<DateTime<Utc>>) -> &mut Self {
        self.row.push(instant.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default());
        self
    }

    /// Ends the row.
    pub(super) fn end(&mut self) -> Result<(), csv::Error> {
        let row = std::mem::take(&mut self.row);
        self.writer.write_record(row)
    }

    /// Everything that was written.
    pub(super) fn bytes(self) -> Result<Vec<u8>, csv::Error> {
        self.writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn texts_cannot_become_formulas_or_other_cells_and_numbers_stay_numbers() {
        let mut table = Table::new(true);
        table.text("=HYPERLINK(\"x\")").text("a,b;c\r\nd").number(-5).truth(None).text("\u{202e}نص").end().unwrap();
        let text = String::from_utf8(table.bytes().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}\"'=HYPERLINK(\"\"x\"\")\",\"a,b;c\r\nd\",-5,\"\",\"\u{202e}نص\"\r\n");
    }
}
