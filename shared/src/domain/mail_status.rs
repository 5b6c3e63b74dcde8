//! Enhanced mail system status codes (RFC 3463): what the words of a reply begin with, and what they mean for us.

use chrono::TimeDelta;

/// An enhanced status code, `class.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedCode {
    /// 2 success, 4 persistent but transient, 5 permanent.
    pub class: u16,
    /// 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy; 0 undefined.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl std::fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl EnhancedCode {
    /// The code that the text of a reply begins with, if it has one (RFC 2034, section 4).
    pub fn of_text(text: &str) -> Option<Self> {
        let word = text.split_ascii_whitespace().next()?;
        let mut parts = word.split('.').map(|part| {
            let plain = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        });
        let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
        (parts.next().is_none() && matches!(class, 2 | 4 | 5)).then_some(Self { class, subject, detail })
    }

    /// The code of a whole reply, `550 5.1.1 no such user`, or of its first line of several, `550-5.1.1 no such`.
    pub fn of_reply(reply: &str) -> Option<Self> {
        let (basic, rest) = reply.split_at_checked(3)?;
        let text = rest.strip_prefix([' ', '-'])?;
        basic.bytes().all(|byte| byte.is_ascii_digit()).then(|| Self::of_text(text)).flatten()
    }

    /// Whether nobody can be reached at the address, now and later: no such mailbox (x.1.1), no such domain (x.1.2), no
    /// address at all (x.1.3), moved away (x.1.6), or a domain that takes no mail (x.1.10, RFC 7505).
    ///
    /// Not x.1.4 and x.1.5 (not about a bad mailbox), x.1.7 to x.1.9 (about the sender), and not x.2.1: a disabled mailbox
    /// exists, and may be enabled again.
    pub fn is_bad_address(self) -> bool {
        self.class == 5 && self.subject == 1 && matches!(self.detail, 1 | 2 | 3 | 6 | 10)
    }

    /// Whether a permanent reply says so little that it may be a slip: nothing but "other" (x.0.x), or a code that
    /// contradicts the reply.
    pub fn is_vague(self) -> bool {
        self.class != 5 || self.subject == 0 || self.subject > 7
    }

    /// The least that is waited for after a temporary reply: a full mailbox (4.2.x) is not emptied within minutes, and who
    /// greylists (4.7.x) wants some minutes to pass.
    pub fn patience(self) -> TimeDelta {
        match (self.class, self.subject) {
            (4, 2) => TimeDelta::hours(1),
            (4, 7) => TimeDelta::minutes(5),
            _ => TimeDelta::zero(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_the_beginning_only() {
        let read = |reply| EnhancedCode::of_reply(reply).map(|code| code.to_string());
        assert_eq!(read("550 5.1.1 no such user").as_deref(), Some("5.1.1"));
        assert_eq!(read("556 5.1.10 null MX").as_deref(), Some("5.1.10"));
        assert_eq!(read("550-5.1.1 no such 550 5.1.1 user").as_deref(), Some("5.1.1"));
        assert_eq!(read("250 2.0.0 Ok: queued as 5.1.1").as_deref(), Some("2.0.0"));
        for none in ["550 no such user 5.1.1", "550", "", "550 5.1 x", "550 5.1.1.1 x", "550 3.1.1 x", "550 5.1.9999 x"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn only_addresses_at_which_nobody_is_are_bad() {
        let bad = |text| EnhancedCode::of_text(text).unwrap().is_bad_address();
        for yes in ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"] {
            assert!(bad(yes), "{yes}");
        }
        for no in ["4.1.1", "5.1.0", "5.1.4", "5.1.7", "5.1.8", "5.2.1", "5.2.2", "5.7.1", "5.0.0", "2.1.5"] {
            assert!(!bad(no), "{no}");
        }
    }
}
