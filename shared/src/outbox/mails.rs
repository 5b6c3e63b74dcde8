//! Every mail there is, with what it needs to be written. The worker owns the words.

mod matches;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::matches::{CheckInMail, CoordinatorDigest, SessionMail, StalledReminder, TopicMail, Waiting};
use crate::domain::{explanations::Ground, non_matches::Finding};

/// A mail to one person. The content is fixed when the mail is asked for, so a second attempt sends the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mail {
    /// Two people are matched: who the partner is and how to begin.
    Introduction(Introduction),
    /// A possible partner, to be accepted or declined.
    Proposal(Proposal),
    /// The proposal still waits for this person's answer.
    ProposalReminder(Proposal),
    /// Another person asks to pair up.
    PairRequest(PairRequest),
    /// A week has passed: have the two been in touch?
    FirstContactReminder(FirstContactReminder),
    /// No partner yet, and why.
    NotMatchedYet(NotMatchedYet),
    /// The partner (or staff) ended the match; nobody's fault.
    MatchEnded(MatchEnded),
    /// To coordinators: a run waits for approval.
    RunAwaitsApproval(RunAwaitsApproval),
    /// To administrators: a webhook endpoint was switched off.
    WebhookDisabled(WebhookDisabled),
    /// A link by which the reader signs in, asked for by themselves.
    SignInLink(SignInLink),

    /// The partner suggests a time to meet.
    SessionProposed(SessionMail),
    /// Both agreed on a time to meet: for the calendar.
    SessionInvitation(SessionMail),
    /// An agreed time or place changed.
    SessionChanged(SessionMail),
    /// A session was called off.
    SessionCanceled(SessionMail),
    /// A session is near.
    SessionReminder(SessionMail),
    /// Nothing was heard of the two for long: are they in touch?
    StalledReminder(StalledReminder),
    /// Something to talk about.
    Topic(TopicMail),
    /// How does it go?
    CheckIn(CheckInMail),
    /// A match reached its end: how was it?
    WrapUp(CheckInMail),
    /// To coordinators: what waits in a program.
    CoordinatorDigest(CoordinatorDigest),
}

impl Mail {
    /// The name of [`SignInLink`](Self::SignInLink): staff do not see these messages.
    pub const SIGN_IN_LINK: &'static str = "SIGN_IN_LINK";

    /// The mail's name, as stored and shown to coordinators.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Introduction(_) => "INTRODUCTION",
            Self::Proposal(_) => "PROPOSAL",
            Self::ProposalReminder(_) => "PROPOSAL_REMINDER",
            Self::PairRequest(_) => "PAIR_REQUEST",
            Self::FirstContactReminder(_) => "FIRST_CONTACT_REMINDER",
            Self::NotMatchedYet(_) => "NOT_MATCHED_YET",
            Self::MatchEnded(_) => "MATCH_ENDED",
            Self::RunAwaitsApproval(_) => "RUN_AWAITS_APPROVAL",
            Self::WebhookDisabled(_) => "WEBHOOK_DISABLED",
            Self::SignInLink(_) => Self::SIGN_IN_LINK,
            Self::SessionProposed(_) => "SESSION_PROPOSED",
            Self::SessionInvitation(_) => "SESSION_INVITATION",
            Self::SessionChanged(_) => "SESSION_CHANGED",
            Self::SessionCanceled(_) => "SESSION_CANCELED",
            Self::SessionReminder(_) => "SESSION_REMINDER",
            Self::StalledReminder(_) => "STALLED_REMINDER",
            Self::Topic(_) => "TOPIC",
            Self::CheckIn(_) => "CHECK_IN",
            Self::WrapUp(_) => "WRAP_UP",
            Self::CoordinatorDigest(_) => "COORDINATOR_DIGEST",
        }
    }

    /// The session it is about, if it is about one.
    pub const fn session(&self) -> Option<&SessionMail> {
        match self {
            Self::SessionProposed(mail)
            | Self::SessionInvitation(mail)
            | Self::SessionChanged(mail)
            | Self::SessionCanceled(mail)
            | Self::SessionReminder(mail) => Some(mail),
            Self::Introduction(_)
            | Self::Proposal(_)
            | Self::ProposalReminder(_)
            | Self::PairRequest(_)
            | Self::FirstContactReminder(_)
            | Self::NotMatchedYet(_)
            | Self::MatchEnded(_)
            | Self::RunAwaitsApproval(_)
            | Self::WebhookDisabled(_)
            | Self::SignInLink(_)
            | Self::StalledReminder(_)
            | Self::Topic(_)
            | Self::CheckIn(_)
            | Self::WrapUp(_)
            | Self::CoordinatorDigest(_) => None,
        }
    }

    /// The mail as it is kept once nobody will render it again; `None` when it holds no secret.
    pub fn without_secret(&self) -> Option<Self> {
        match self {
            Self::SignInLink(mail) => Some(Self::SignInLink(SignInLink { link: String::new(), ..mail.clone() })),
            Self::Introduction(_)
            | Self::Proposal(_)
            | Self::ProposalReminder(_)
            | Self::PairRequest(_)
            | Self::FirstContactReminder(_)
            | Self::NotMatchedYet(_)
            | Self::MatchEnded(_)
            | Self::RunAwaitsApproval(_)
            | Self::WebhookDisabled(_)
            | Self::SessionProposed(_)
            | Self::SessionInvitation(_)
            | Self::SessionChanged(_)
            | Self::SessionCanceled(_)
            | Self::SessionReminder(_)
            | Self::StalledReminder(_)
            | Self::Topic(_)
            | Self::CheckIn(_)
            | Self::WrapUp(_)
            | Self::CoordinatorDigest(_) => None,
        }
    }
}

/// Where the mail comes from, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The organization's name.
    pub organization: String,
    /// The program's name.
    pub program: String,
    /// The program; none for what belongs to no program, and in mails that were asked for before this was noted.
    #[serde(default)]
    pub program_id: Option<Uuid>,
    /// Who answers questions about the program: an address, if the organization gave one.
    pub contact: Option<String>,
}

/// A person as shown to a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The name to greet them by.
    pub name: String,
    /// Their address; only in an introduction.
    pub email: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// A line about them, as they wrote it (job, course of study).
    pub headline: Option<String>,
    /// IANA zone.
    pub time_zone: Option<String>,
}

/// See [`Mail::Introduction`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// Whom the reader meets, with contacts.
    pub partner: Party,
    /// True in a MENTORING program when the reader is the mentor; `None` between peers.
    pub you_are_mentor: Option<bool>,
    /// What they have in common; the reader is side `a`.
    pub in_common: Vec<Ground>,
    /// Questions to begin with, as the program wrote them; empty means the standard ones in the reader's language.
    pub ice_breakers: Vec<String>,
    /// True when the reader should write first.
    pub you_move_first: bool,
    /// Days within which the first message should be written.
    pub first_contact_days: u16,
}

/// See [`Mail::Proposal`]. The partner's address is not told before both agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The possible partner.
    pub partner: Party,
    /// True in a MENTORING program when the reader is the mentor; `None` between peers.
    pub you_are_mentor: Option<bool>,
    /// What they have in common; the reader is side `a`.
    pub in_common: Vec<Ground>,
    /// The last day to answer, in the reader's zone.
    pub answer_by: NaiveDate,
    /// Where to answer, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::PairRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRequest {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// Who asks.
    pub from: Party,
    /// What they wrote.
    pub note: Option<String>,
    /// The last day to answer.
    pub answer_by: NaiveDate,
    /// Where to answer, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::FirstContactReminder`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstContactReminder {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// Whom to write to, with contacts.
    pub partner: Party,
    /// True when the reader was asked to write first.
    pub you_move_first: bool,
    /// Days since the introduction.
    pub days: u16,
}

/// See [`Mail::NotMatchedYet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMatchedYet {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The reader.
    pub you: Party,
    /// Why, and what would help. Constraints of other people are never told: they read as `LOST_ON_TOTAL_SCORE`.
    pub finding: Finding,
    /// True when the next night tries again.
    pub tries_again: bool,
}

/// See [`Mail::MatchEnded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchEnded {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The match.
    pub match_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The former partner.
    pub partner: Party,
    /// True when the reader will be matched again by a coming night.
    pub tries_again: bool,
}

/// See [`Mail::RunAwaitsApproval`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAwaitsApproval {
    /// Where the mail comes from.
    pub setting: Setting,
    /// The run.
    pub run_id: Uuid,
    /// The reader.
    pub you: Party,
    /// Pairs planned.
    pub pairs: u32,
    /// People left unmatched.
    pub unmatched: u32,
    /// Where to approve, if the organization has a portal.
    pub link: Option<String>,
}

/// See [`Mail::WebhookDisabled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDisabled {
    /// Where the mail comes from; no program, so its name is the organization's.
    pub setting: Setting,
    /// The endpoint.
    pub endpoint_id: Uuid,
    /// The reader.
    pub you: Party,
    /// The endpoint's host; its whole address may hold a secret.
    pub host: String,
    /// What it is for, as an administrator wrote it.
    pub description: Option<String>,
    /// True when it said to be gone for good (HTTP 410), false when it failed for days.
    pub gone: bool,
    /// The day, in the reader's zone, since which it failed.
    pub since: NaiveDate,
}

/// See [`Mail::SignInLink`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInLink {
    /// Where the mail comes from. It belongs to no program, so the organization's name stands in both places.
    pub setting: Setting,
    /// The reader.
    pub you: Party,
    /// Where to sign in, with the code; empty once the mail is sent or will not be.
    pub link: String,
    /// For how many minutes the link works.
    pub minutes: u16,
}
