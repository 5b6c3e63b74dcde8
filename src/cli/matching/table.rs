//! CSV files, read line by line (RFC 4180): a header, and as many fields in every line.

use std::{
    fs::File,
    io::{self, Read},
    ops::RangeInclusive,
    path::Path,
};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::problems::{Problems, shown};

/// Bytes read at once.
const BUFFER: usize = 1 << 18;

/// A file whose header has been read.
#[derive(Debug)]
pub(super) struct Table {
    reader: Reader<Newlines<File>>,
    record: ByteRecord,
    header: Vec<String>,
}

/// Bytes in which every line ends with one line feed, also where there were carriage returns or, at the end, nothing.
#[derive(Debug)]
struct Newlines<R> {
    inner: R,
    last: u8,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    record: &'a ByteRecord,
    header: &'a [String],
    /// Counted from 1, the header's.
    pub(super) line: u64,
}

impl Table {
    /// Opens a file and reads its header; `expected` says what it should be.
    pub(super) fn open(path: &Path, expected: &str, problems: &mut Problems) -> Option<Self> {
        let file = File::open(path).map_err(|error| problems.whole(format!("cannot be read: {error}"))).ok()?;
        let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER).from_reader(Newlines::of(file));
        let header = match reader.byte_headers() {
            Ok(header) => header.clone(),
            Err(error) => {
                problems.whole(unreadable(&error));
                return None;
            }
        };
        if header.is_empty() {
            problems.whole(format!("the file is empty: {expected}"));
            return None;
        }
        let header = check_header(&header, problems)?;
        Some(Self { reader, record: ByteRecord::new(), header })
    }

    /// The names of the columns: none is empty, and none is there twice.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next line that is not empty and has as many fields as the header; the others are problems.
    pub(super) fn next(&mut self, problems: &mut Problems) -> Option<Row<'_>> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    problems.whole(unreadable(&error));
                    return None;
                }
            }
            // A spreadsheet may end with lines of nothing but commas.
            if self.record.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            let line = self.first_line();
            if self.record.len() == self.header.len() {
                return Some(Row { record: &self.record, header: &self.header, line });
            }
            let (fields, columns) = (self.record.len(), self.header.len());
            let s = if fields == 1 { "" } else { "s" };
            let quoted = self.record.iter().any(|field| field.contains(&b'\n'));
            let help = if quoted {
                ", and a quotation mark that is opened here and closed lines later, or never"
            } else if fields > columns {
                "; put a value that holds a comma in quotation marks"
            } else {
                ""
            };
            problems.line(line, format!("{fields} field{s}, but the header has {columns}{help}"));
        }
    }

    /// The line on which the record that was read last begins. Its position is the end of the record before, which may
    /// have empty lines behind it.
    fn first_line(&self) -> u64 {
        let lines = self.record.as_slice().split(|&byte| byte == b'\n').count();
        let begin = self.reader.position().line().saturating_sub(u64::try_from(lines).unwrap_or(u64::MAX));
        // A quotation mark that is never closed swallows the end of the last line.
        begin.max(self.record.position().map_or(0, csv::Position::line))
    }
}

impl<'a> Row<'a> {
    /// A field without the space around it. Columns count from 0.
    pub(super) fn bytes(&self, column: usize) -> &'a [u8] {
        self.record.get(column).unwrap_or_default().trim_ascii()
    }

    /// A field as text, unless it is none.
    pub(super) fn text(&self, column: usize, problems: &mut Problems) -> Option<&'a str> {
        let text = std::str::from_utf8(self.bytes(column));
        if let Err(error) = text {
            let bad = self.bytes(column).get(error.valid_up_to()).copied().unwrap_or_default();
            problems.field(self.line, &self.header[column], not_utf8(bad));
        }
        text.ok()
    }

    /// A field as an id: text on one line, and not empty.
    pub(super) fn id(&self, column: usize, problems: &mut Problems) -> Option<&'a str> {
        let id = self.text(column, problems)?;
        let fault = if id.is_empty() {
            "is empty: give an id, any text"
        } else if id.contains(['\n', '\r']) {
            "goes on in the next line: close the quotation mark"
        } else {
            return Some(id);
        };
        problems.field(self.line, &self.header[column], fault);
        None
    }

    /// A field as a whole number within a range; `help` says what to do with other numbers.
    pub(super) fn number(
        &self,
        column: usize,
        range: RangeInclusive<i64>,
        help: &str,
        problems: &mut Problems,
    ) -> Option<i64> {
        let number = whole(self.bytes(column), range, help);
        number.map_err(|message| problems.field(self.line, &self.header[column], message)).ok()
    }
}

impl<R: Read> Newlines<R> {
    fn of(inner: R) -> Self {
        Self { inner, last: b'\n' }
    }
}

impl<R: Read> Read for Newlines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut kept = 0;
        // What was read may have been nothing but the second half of a line's end.
        while kept == 0 && !buffer.is_empty() {
            let read = self.inner.read(buffer)?;
            if read == 0 {
                let open = !matches!(self.last, b'\n' | b'\r');
                if open {
                    (buffer[0], self.last) = (b'\n', b'\n');
                }
                return Ok(usize::from(open));
            }
            if self.last != b'\r' && !buffer[..read].contains(&b'\r') {
                self.last = buffer[read - 1];
                return Ok(read);
            }
            for at in 0..read {
                let byte = buffer[at];
                if (self.last, byte) != (b'\r', b'\n') {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
                self.last = byte;
            }
        }
        Ok(kept)
    }
}

/// A whole number within a range, or what is wrong with it.
pub(super) fn whole(text: &[u8], range: RangeInclusive<i64>, help: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let number = std::str::from_utf8(text).ok().map(str::parse::<i64>);
    match number {
        Some(Ok(number)) if range.contains(&number) => return Ok(number),
        _ if text.is_empty() => return Err("is empty: give a whole number".to_owned()),
        _ => {}
    }
    let shown = shown(&String::from_utf8_lossy(text));
    let overflow = |kind: &std::num::IntErrorKind| matches!(kind, PosOverflow | NegOverflow);
    Err(match number {
        Some(Ok(_)) => format!("{shown} is out of range: use {} to {}", range.start(), range.end()),
        Some(Err(error)) if overflow(error.kind()) => {
            format!("{shown} is out of range: use {} to {}", range.start(), range.end())
        }
        _ => format!("{shown} is not a whole number: {help}"),
    })
}

/// The columns' names; nothing when they mean nothing.
fn check_header(header: &ByteRecord, problems: &mut Problems) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut fine = true;
    let mut wrong = |message: String| {
        problems.line(1, message);
        fine = false;
    };
    for (number, field) in (1..).zip(header) {
        let Ok(name) = std::str::from_utf8(field) else {
            wrong(not_utf8(field.iter().copied().find(|byte| !byte.is_ascii()).unwrap_or_default()));
            return None;
        };
        let name = name.trim();
        if name.is_empty() {
            wrong(format!("column {number} has no name: name it or remove it"));
        } else if names.iter().any(|known| known == name) {
            wrong(format!("the column {} is there twice: rename or remove one", shown(name)));
        }
        names.push(name.to_owned());
    }
    if let [only] = names.as_slice()
        && let Some(separator) = [';', '\t', '|'].into_iter().find(|&separator| only.contains(separator))
    {
        let separator = if separator == '\t' { "tabs".to_owned() } else { format!("\"{separator}\"") };
        wrong(format!("the columns are separated by {separator}: save the file with commas instead"));
    }
    fine.then_some(names)
}

fn unreadable(error: &csv::Error) -> String {
    if let csv::ErrorKind::Io(error) = error.kind() {
        return format!("cannot be read: {error}");
    }
    format!("cannot be read: {error}")
}

fn not_utf8(byte: u8) -> String {
    format!("byte 0x{byte:02X} is not UTF-8: save the file as \"CSV UTF-8\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (now, later) = self.0.split_at(self.0.len().min(self.1).min(buffer.len()));
            buffer[..now.len()].copy_from_slice(now);
            self.0 = later;
            Ok(now.len())
        }
    }

    #[test]
    fn every_line_ends_the_same_way() {
        for (text, normal) in [
            ("", ""),
            ("\n", "\n"),
            ("a", "a\n"),
            ("a\nb", "a\nb\n"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb\r", "a\nb\n"),
            ("\r\n\r\n\r\r\n", "\n\n\n\n"),
        ] {
            for step in 1..5 {
                let mut read = String::new();
                Newlines::of(Slowly(text.as_bytes(), step)).read_to_string(&mut read).unwrap();
                assert_eq!(read, normal, "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        let number = |text: &str| whole(text.as_bytes(), 1..=99, "round it");
        assert_eq!(number("7"), Ok(7));
        assert_eq!(number("+7"), Ok(7));
        for (text, message) in [
            ("", "is empty: give a whole number"),
            ("0", "\"0\" is out of range: use 1 to 99"),
            ("100", "\"100\" is out of range: use 1 to 99"),
            ("-99999999999999999999", "\"-99999999999999999999\" is out of range: use 1 to 99"),
            ("1.0", "\"1.0\" is not a whole number: round it"),
            ("1e3", "\"1e3\" is not a whole number: round it"),
            ("\u{663}", "\"\u{663}\" is not a whole number: round it"),
        ] {
            assert_eq!(number(text), Err(message.to_owned()), "{text}");
        }
    }
}
