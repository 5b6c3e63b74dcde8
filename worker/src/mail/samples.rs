//! A mail of each kind, as it could really be.

use chrono::NaiveDate;
use shared::{
    domain::{
        explanations::Ground,
        non_matches::{Finding, Reason, Relaxation, Removal},
    },
    outbox::mails::{
        CheckInMail, CoordinatorDigest, FirstContactReminder, Introduction, MatchEnded, NotMatchedYet, PairRequest,
        Party, Proposal, RunAwaitsApproval, SessionMail, Setting, SignInLink, StalledReminder, TopicMail, Waiting,
        WebhookDisabled,
    },
};
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_5a7e_0000_7000_8000_0000_0000_0000 + number)
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().copied().map(String::from).collect()
}

pub(super) fn setting() -> Setting {
    Setting {
        organization: String::from("Alumni Network"),
        program: String::from("Peer Mentoring 2027"),
        program_id: Some(id(90)),
        contact: Some(String::from("peers@alumni.example")),
    }
}

pub(super) fn anna() -> Party {
    Party {
        name: String::from("Anna Weber"),
        email: Some(String::from("anna.weber@mail.example")),
        country: Some(String::from("DE")),
        headline: Some(String::from("Teacher of physics, Leipzig")),
        time_zone: Some(String::from("Europe/Berlin")),
    }
}

pub(super) fn maria() -> Party {
    Party {
        name: String::from("Maria Souza"),
        email: Some(String::from("maria@souza.example")),
        country: Some(String::from("BR")),
        headline: Some(String::from("Data engineer at a public hospital")),
        time_zone: Some(String::from("America/Sao_Paulo")),
    }
}

/// Maria before both have agreed.
fn maria_without_contacts() -> Party {
    Party { email: None, time_zone: None, ..maria() }
}

pub(super) fn grounds() -> Vec<Ground> {
    vec![
        Ground::DifferentCountries { a: String::from("DE"), b: String::from("BR") },
        Ground::SharedLanguages { languages: texts(&["en", "pt"]) },
        Ground::SharedAnswers { label: String::from("Interests"), values: texts(&["Python", "teaching", "choirs"]) },
        Ground::Offered {
            label: String::from("Skills"),
            by_a: texts(&["public speaking"]),
            by_b: texts(&["SQL", "data visualization"]),
        },
        Ground::HoursApart { hours: 4 },
    ]
}

pub(super) fn introduction() -> Introduction {
    Introduction {
        setting: setting(),
        match_id: id(1),
        you: anna(),
        partner: maria(),
        you_are_mentor: None,
        in_common: grounds(),
        ice_breakers: Vec::new(),
        you_move_first: true,
        first_contact_days: 7,
    }
}

pub(super) fn proposal() -> Proposal {
    Proposal {
        setting: setting(),
        match_id: id(2),
        you: anna(),
        partner: maria_without_contacts(),
        you_are_mentor: None,
        in_common: grounds(),
        answer_by: date(7),
        link: Some(String::from("https://portal.alumni.example/matches/2")),
    }
}

pub(super) fn pair_request() -> PairRequest {
    PairRequest {
        setting: setting(),
        match_id: id(3),
        you: anna(),
        from: maria_without_contacts(),
        note: Some(String::from(
            "Hi Anna, your workshop on teaching with data was the best hour of the whole \
             congress for me.\n\nI would love to go on talking about it, and I can help with \
             SQL.",
        )),
        answer_by: date(14),
        link: None,
    }
}

pub(super) fn first_contact_reminder() -> FirstContactReminder {
    FirstContactReminder {
        setting: setting(),
        match_id: id(1),
        you: anna(),
        partner: maria(),
        you_move_first: true,
        days: 7,
    }
}

pub(super) fn not_matched_yet() -> NotMatchedYet {
    NotMatchedYet {
        setting: setting(),
        you: anna(),
        finding: Finding {
            reason: Reason::NoCandidateMust,
            considered: 41,
            removals: vec![Removal { rule: String::from("Common language"), removed: 38 }],
            relaxation: Some(Relaxation::DropCriterion { label: String::from("Different country") }),
        },
        tries_again: true,
    }
}

pub(super) fn match_ended() -> MatchEnded {
    MatchEnded { setting: setting(), match_id: id(1), you: anna(), partner: maria(), tries_again: true }
}

pub(super) fn run_awaits_approval() -> RunAwaitsApproval {
    RunAwaitsApproval {
        setting: setting(),
        run_id: id(9),
        you: anna(),
        pairs: 218,
        unmatched: 13,
        link: Some(String::from("https://portal.alumni.example/runs/9")),
    }
}

pub(super) fn webhook_disabled() -> WebhookDisabled {
    WebhookDisabled {
        setting: Setting { program: setting().organization, ..setting() },
        endpoint_id: id(7),
        you: anna(),
        host: String::from("portal.alumni.example"),
        description: Some(String::from("Student portal")),
        gone: false,
        since: date(1),
    }
}

pub(super) fn sign_in_link() -> SignInLink {
    SignInLink {
        setting: Setting { program: String::from("Alumni Network"), ..setting() },
        you: anna(),
        link: format!("https://portal.alumni.example/#code=cpc_{:032x}_{}", 7, "0123456789abcdef".repeat(4)),
        minutes: 15,
    }
}

fn session() -> SessionMail {
    SessionMail {
        setting: setting(),
        match_id: id(1),
        session_id: id(5),
        sequence: 1,
        you: Party { email: None, ..anna() },
        partner: Party { email: None, ..maria() },
        by_you: false,
        by_partner: true,
        agreed: false,
        asks_you: false,
        in_calendar: true,
        starts_at: "2026-12-07T15:30:00Z".parse().expect("an instant"),
        minutes: 45,
        place: Some(String::from("https://meet.alumni.example/anna-maria?pwd=a,b;c")),
        agenda: Some(String::from("How lessons with real data went\nWhat Maria's hospital could share; and what not")),
        reason: None,
        hours_before: None,
        link: Some(String::from("https://portal.alumni.example/sessions/5")),
    }
}

pub(super) fn session_proposed() -> SessionMail {
    SessionMail { sequence: 0, asks_you: true, in_calendar: false, ..session() }
}

pub(super) fn session_invitation() -> SessionMail {
    SessionMail { agreed: true, ..session() }
}

pub(super) fn session_changed() -> SessionMail {
    SessionMail { sequence: 2, asks_you: true, ..session() }
}

pub(super) fn session_canceled() -> SessionMail {
    SessionMail { sequence: 3, reason: Some(String::from("My train is late, I am so sorry.")), ..session() }
}

pub(super) fn session_reminder() -> SessionMail {
    SessionMail { agreed: true, by_partner: false, hours_before: Some(24), ..session() }
}

pub(super) fn stalled_reminder() -> StalledReminder {
    StalledReminder {
        setting: setting(),
        match_id: id(1),
        you: anna(),
        partner: maria(),
        last_contact_at: "2026-12-01T12:00:00Z".parse().expect("an instant"),
        since: date(1),
        link: Some(String::from("https://portal.alumni.example/matches/1")),
    }
}

pub(super) fn topic() -> TopicMail {
    TopicMail { setting: setting(), match_id: id(1), you: anna(), partner: maria(), topic: None, standard: 0 }
}

pub(super) fn check_in() -> CheckInMail {
    CheckInMail {
        setting: setting(),
        match_id: id(1),
        check_in_id: id(6),
        you: anna(),
        partner: maria(),
        link: Some(String::from("https://portal.alumni.example/check-ins/6")),
    }
}

pub(super) fn coordinator_digest() -> CoordinatorDigest {
    CoordinatorDigest {
        setting: setting(),
        you: anna(),
        waiting: Waiting { runs: 1, applications: 12, unmatched: 7, stalled: 3, held: 0 },
        link: Some(String::from("https://portal.alumni.example")),
    }
}

fn date(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, day).expect("a day of December")
}
