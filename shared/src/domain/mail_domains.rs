//! How fast mail goes to one domain. Whoever takes in its mail sees one sender, and throttles one that is too fast.
//!
//! A domain with a ceiling gives every mail a slot, an instant of its own, in advance; slots are as far apart as the
//! ceiling says. A mail may go from its slot on and for as long as the slot [holds](SLOT_HOLDS), so in any minute at most
//! twice the ceiling goes, and over hours the ceiling and one minute's mails more. A domain that says it gets mail too
//! fast gets none for a while; then one mail goes first, on trial, and the others wait for what becomes of it.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};

use super::{mail::normalized, mail_status::EnhancedCode};

/// How long after its slot a mail may go. One that comes later (the relay was away, the workers were busy) is given
/// another slot, so that what piled up does not leave all at once.
pub const SLOT_HOLDS: TimeDelta = TimeDelta::minutes(1);
/// The first pause of a domain; each further one is twice as long.
const SHORTEST: TimeDelta = TimeDelta::minutes(5);
/// The longest pause.
const LONGEST: TimeDelta = TimeDelta::minutes(60);
/// How long the others wait for what becomes of the mail on trial, or for another one if its worker died.
const TRIAL: TimeDelta = TimeDelta::minutes(1);

/// A domain of recipients, and how it stands with mail to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailDomain {
    /// Its name, in lower case.
    pub domain: String,
    /// The first slot that nobody was given yet, unless it is over already.
    pub next_slot_at: DateTime<Utc>,
    /// From the time it was too fast until a mail is accepted again.
    pub pause: Option<Pause>,
}

/// Why and until when a domain gets no mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When one mail may be tried.
    pub until: DateTime<Utc>,
    /// How long it was meant to be when it began.
    pub length: TimeDelta,
    /// The codes of the reply, such as `421 4.7.28`. Not its words: they may repeat an address of any organization.
    pub reason: String,
}

/// When a mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now {
        /// Its slot, where the domain has a ceiling.
        slot_at: Option<DateTime<Utc>>,
        /// Whether it is the first after a pause, which ends the pause when it is accepted.
        on_trial: bool,
    },
    /// Later.
    Later {
        /// When to look again.
        due_at: DateTime<Utc>,
        /// Its slot; `None` when it was given none.
        slot_at: Option<DateTime<Utc>>,
        /// What it waits for.
        why: String,
    },
}

impl MailDomain {
    /// A domain that nothing is known of.
    pub fn new(domain: &str, now: DateTime<Utc>) -> Self {
        Self { domain: domain.to_owned(), next_slot_at: now, pause: None }
    }

    /// When a mail goes that was perhaps given a slot before, and what has to be remembered of that. One that cannot wait
    /// goes at once and takes its slot from those behind it; a pause holds it up all the same.
    pub fn turn(
        &mut self,
        given: Option<DateTime<Utc>>,
        may_wait: bool,
        ceiling: Option<NonZeroU32>,
        now: DateTime<Utc>,
    ) -> Turn {
        let mut on_trial = false;
        if let Some(pause) = &mut self.pause {
            if now < pause.until {
                let why = format!("{} wants mail to come more slowly ({})", self.domain, pause.reason);
                return Turn::Later { due_at: pause.until, slot_at: None, why };
            }
            pause.until = now + TRIAL;
            on_trial = true;
        }
        let Some(ceiling) = ceiling else { return Turn::Now { slot_at: None, on_trial } };
        let slot = given.filter(|slot| now - *slot < SLOT_HOLDS).unwrap_or_else(|| self.next_slot(ceiling, now));
        if on_trial || slot <= now || !may_wait {
            return Turn::Now { slot_at: Some(slot.min(now)), on_trial };
        }
        let why = format!("its turn is still to come: {} gets at most {ceiling} mails a minute", self.domain);
        Turn::Later { due_at: slot, slot_at: Some(slot), why }
    }

    fn next_slot(&mut self, ceiling: NonZeroU32, now: DateTime<Utc>) -> DateTime<Utc> {
        let slot = self.next_slot_at.max(now);
        self.next_slot_at = slot + TimeDelta::microseconds(60_000_000_i64.div_euclid(ceiling.get().into()));
        slot
    }

    /// Mail came too fast, as a reply with these codes said: pauses, twice as long as the last time, and returns until
    /// when. What is said to others while they pause already, or while one is on trial, adds nothing.
    pub fn pause(&mut self, reason: String, on_trial: bool, now: DateTime<Utc>) -> DateTime<Utc> {
        if let Some(begun) = self.pause.as_ref().filter(|pause| !on_trial && now < pause.until) {
            return begun.until;
        }
        let length = self.pause.as_ref().map_or(SHORTEST, |pause| (pause.length * 2).min(LONGEST));
        let until = now + length;
        self.pause = Some(Pause { until, length, reason });
        until
    }
}

/// The domain of an address, as [`MailDomain`] knows it; `None` when it has none.
pub fn of_address(address: &str) -> Option<String> {
    let address = normalized(address);
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    (!domain.is_empty()).then(|| domain.to_owned())
}

/// Whether a reply to a recipient or a mail says that mail comes too fast: 421 with a code of policy (4.7.x), or x.7.28, which
/// is what Google says ("unusual rate"). Others that mean it (450 4.7.1, say) also mean greylisting, and are about one mail.
pub fn is_too_fast(reply: u16, code: EnhancedCode) -> bool {
    let EnhancedCode { class, subject, detail } = code;
    matches!((reply, class, subject), (421, 4, 7)) || matches!((class, subject, detail), (4 | 5, 7, 28))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-02T08:00:00Z".parse().unwrap()
    }

    fn seconds(seconds: i64) -> TimeDelta {
        TimeDelta::seconds(seconds)
    }

    fn ceiling(figure: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(figure)
    }

    /// The seconds from the start to the slot, and whether the mail goes now.
    fn slot(turn: &Turn) -> (i64, bool) {
        let (slot_at, goes) = match turn {
            Turn::Now { slot_at, .. } => (slot_at, true),
            Turn::Later { slot_at, .. } => (slot_at, false),
        };
        ((slot_at.unwrap() - start()).num_seconds(), goes)
    }

    #[test]
    fn slots_are_as_far_apart_as_the_ceiling_says() {
        let mut domain = MailDomain::new("example.org", start());
        let turns: Vec<Turn> = (0..4).map(|_| domain.turn(None, true, ceiling(4), start())).collect();
        assert_eq!(turns.iter().map(slot).collect::<Vec<_>>(), [(0, true), (15, false), (30, false), (45, false)]);
        let Turn::Later { due_at, slot_at, why } = &turns[1] else { panic!("{:?}", turns[1]) };
        assert_eq!(Some(due_at), slot_at.as_ref());
        assert_eq!(why, "its turn is still to come: example.org gets at most 4 mails a minute");

        // Slots that nobody took are not saved up.
        let later = start() + seconds(3600);
        let turns: Vec<_> = (0..2).map(|_| slot(&domain.turn(None, true, ceiling(4), later))).collect();
        assert_eq!(turns, [(3600, true), (3615, false)]);
    }

    #[test]
    fn a_slot_is_kept_until_it_is_over() {
        let mut domain = MailDomain::new("example.org", start());
        let given = start() + seconds(30);
        domain.next_slot_at = start() + seconds(600);
        for (after, expected) in [(0, (30, false)), (30, (30, true)), (89, (30, true)), (90, (600, false))] {
            let mut domain = domain.clone();
            let turn = domain.turn(Some(given), true, ceiling(1), start() + seconds(after));
            assert_eq!(slot(&turn), expected, "after {after} s");
            assert_eq!(domain.next_slot_at == start() + seconds(600), after < 90);
        }
    }

    #[test]
    fn what_cannot_wait_goes_at_once_and_the_others_a_slot_later() {
        let mut domain = MailDomain::new("example.org", start());
        let mut turn = |may_wait| slot(&domain.turn(None, may_wait, ceiling(1), start()));
        assert_eq!(
            [turn(true), turn(true), turn(false), turn(true)],
            [(0, true), (60, false), (0, true), (180, false)]
        );
    }

    #[test]
    fn without_a_ceiling_nothing_is_remembered() {
        let mut domain = MailDomain::new("example.org", start());
        let before = domain.clone();
        for _ in 0..100 {
            let turn = domain.turn(None, true, None, start());
            assert_eq!(turn, Turn::Now { slot_at: None, on_trial: false });
        }
        assert_eq!(domain, before);
    }

    #[test]
    fn pauses_grow_and_one_mail_goes_before_the_others() {
        let mut domain = MailDomain::new("example.org", start());
        let mut now = start();
        let mut on_trial = false;
        for minutes in [5, 10, 20, 40, 60, 60] {
            let until = domain.pause("421 4.7.28".to_owned(), on_trial, now);
            assert_eq!(until - now, TimeDelta::minutes(minutes));
            assert_eq!(domain.pause("421 4.7.0".to_owned(), false, now + seconds(1)), until, "others join it");
            let waits = domain.turn(None, false, None, until - seconds(1));
            let why = "example.org wants mail to come more slowly (421 4.7.28)".to_owned();
            assert_eq!(waits, Turn::Later { due_at: until, slot_at: None, why });
            now = until;
            assert_eq!(domain.turn(None, true, None, now), Turn::Now { slot_at: None, on_trial: true });
            let Turn::Later { due_at, .. } = domain.turn(None, true, None, now) else { panic!("only one goes") };
            assert_eq!(due_at, now + TRIAL);
            on_trial = true;
        }
        // Its worker died: another one is tried.
        assert_eq!(domain.turn(None, true, None, now + TRIAL), Turn::Now { slot_at: None, on_trial: true });
        domain.pause = None;
        assert_eq!(domain.pause("421 4.7.28".to_owned(), false, now) - now, SHORTEST);
    }

    #[test]
    fn a_domain_is_known_by_one_name() {
        for (address, domain) in [
            ("a@Example.ORG", Some("example.org")),
            (" a@b@example.org. ", Some("example.org")),
            ("a", None),
            ("a@", None),
        ] {
            assert_eq!(of_address(address).as_deref(), domain, "{address}");
        }
    }

    #[test]
    fn replies_that_say_too_fast() {
        for (reply, text, expected) in [
            (421, "4.7.28 Gmail has detected an unusual rate", true),
            (421, "4.7.0 [TSS04] Messages temporarily deferred", true),
            (450, "4.7.28 Our system has detected an unusual rate", true),
            (550, "5.7.28 Our system has detected an unusual rate", true),
            (421, "4.3.2 shutting down", false),
            (451, "4.7.1 greylisted", false),
            (450, "4.2.1 The user is receiving mail too quickly", false),
            (550, "5.7.1 not from you", false),
            (250, "2.7.28 accepted", false),
        ] {
            assert_eq!(is_too_fast(reply, EnhancedCode::of_text(text).unwrap()), expected, "{reply} {text}");
        }
    }
}
