//! Names and subjects that nobody would think of, read back by two parsers that are not ours: mail-parser, and Python's
//! email package where Python is installed.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use mail_parser::MessageParser;

use super::{Envelope, Rendered, compose, message_tests, text::for_header};

/// Reads messages, each after its length in four bytes, and prints what is in the headers, one JSON list a line.
const PYTHON: &str = r#"
import email, email.policy, json, struct, sys
def solid(name):
    # In names, not in subjects, Python keeps some of the spaces between encoded words, which RFC 2047 (6.2) leaves out.
    return "".join(name.split(" "))
while head := sys.stdin.buffer.read(4):
    raw = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    try:
        to, sender = message["to"].addresses, message["from"].addresses
        print(json.dumps([len(message.keys()), len(message.defects), message["subject"],
            len(to), solid(to[0].display_name), to[0].addr_spec,
            len(sender), solid(sender[0].display_name), sender[0].addr_spec]))
    except Exception as error:
        print(json.dumps([repr(error), raw[:4000].decode("latin-1")]))
"#;

/// Pieces that mean something to somebody on the way.
const PIECES: [&str; 32] = [
    "\r\n",
    "\n",
    "\r",
    "\r\nBcc: all@example.org",
    "\n\nbody",
    "\0",
    "\u{1b}[2J",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{feff}",
    "\"",
    "\\",
    "<evil@example.org>",
    ", ",
    ";",
    ":",
    "(",
    ")",
    "=?utf-8?q?=0D=0A?=",
    "=?",
    "?=",
    "=?utf-8?b?",
    "ليلى",
    "你好",
    "🦉",
    "e\u{301}",
    "  ",
    "\t",
    "word ",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        // Marsaglia's xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// Up to a few dozen pieces, and one in a hundred up to 10 kB.
    fn words(&mut self) -> String {
        let wanted = if self.below(100) == 0 { 2_000 } else { 24 };
        let pieces = self.below(wanted);
        (0..pieces).map(|_| self.piece()).collect()
    }

    fn piece(&mut self) -> String {
        match self.below(4) {
            0 => PIECES[usize::try_from(self.below(32)).unwrap()].to_owned(),
            1 => self.letter(0x250, 0x110_000),
            2 => self.letter(0, 0x250),
            _ => self.letter(0x20, 0x7f),
        }
    }

    /// A letter of that range; what is no letter of Unicode becomes a question mark.
    fn letter(&mut self, from: u32, to: u32) -> String {
        let code = u64::from(from) + self.below(u64::from(to - from));
        u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('?').to_string()
    }
}

/// Composes `count` messages and has every `python_every`th read by Python, too.
fn fuzz(seed: u64, count: usize, python_every: usize) {
    let mut dice = Dice(seed);
    let mut batch = Vec::new();
    let mut expected = Vec::new();
    let usual = compose(&message_tests::envelope(), &message_tests::words()).unwrap();
    let headers = MessageParser::default().parse(&usual).unwrap().headers().len();
    for number in 0..count {
        let (from, to, subject) = (dice.words(), dice.words(), dice.words());
        let envelope = Envelope { from_name: from.clone(), to_name: to.clone(), ..message_tests::envelope() };
        let (text, html) = ("Hallo\n".to_owned(), "<p>Hallo</p>\n".to_owned());
        let rendered = Rendered { calendar: None, subject: subject.clone(), text, html };
        let bytes = message_tests::bytes(&envelope, &rendered);
        let message = MessageParser::default().parse(&bytes).unwrap();
        let head = bytes.len().min(2_000);
        let case = || format!("message {number} of seed {seed}\n{}", String::from_utf8_lossy(&bytes[..head]));
        assert_eq!(message.headers().len(), headers, "{}", case());
        let (from_seen, to_seen, subject_seen) =
            (for_header(&from, 120), for_header(&to, 120), for_header(&subject, 200));
        assert_eq!(message.subject().unwrap_or_default(), subject_seen, "{}", case());
        for (addresses, name, address) in
            [(message.from(), &from_seen, "peers@alumni.example"), (message.to(), &to_seen, "zoe.mueller@mail.example")]
        {
            let all: Vec<_> = addresses.unwrap().iter().collect();
            assert_eq!(all.len(), 1, "{}", case());
            assert_eq!(all[0].address(), Some(address), "{}", case());
            assert_eq!(all[0].name().unwrap_or_default(), name, "{}", case());
        }
        if number % python_every == 0 {
            batch.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
            batch.extend_from_slice(&bytes);
            let solid = |name: &str| name.replace(' ', "");
            let (to, from) = (solid(&to_seen), solid(&from_seen));
            let read = (headers, 0, subject_seen, 1, to, "zoe.mueller@mail.example", 1, from, "peers@alumni.example");
            expected.push(serde_json::to_value(read).unwrap());
        }
    }
    compare_with_python(batch, &expected);
}

fn compare_with_python(batch: Vec<u8>, expected: &[serde_json::Value]) {
    let python = Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        writeln!(std::io::stderr(), "\nSKIPPED: there is no python3 to read mails with\n").unwrap();
        return;
    };
    let mut input = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&batch));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let read: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(expected) {
        assert_eq!(read, expected);
    }
}

#[test]
fn what_anybody_may_be_called_arrives_as_it_is() {
    fuzz(20_261_125, 10_000, 10);
}

#[test]
#[ignore = "takes minutes: see CONTRIBUTING.md"]
fn what_a_million_people_may_be_called_arrives_as_it_is() {
    for seed in 1..=100 {
        fuzz(seed, 10_000, 10);
    }
}
