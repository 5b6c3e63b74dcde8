//! Fills the mails from what the store knows. What a reader may see is decided here.

pub mod calendar;
mod sessions;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Order,
    mails::{
        FirstContactReminder, Introduction, Mail, MatchEnded, NotMatchedYet, PairRequest, Party, Proposal,
        RunAwaitsApproval, Setting, WebhookDisabled,
    },
};
use crate::domain::{
    explanations::{Explanation, Ground},
    match_runs::MatchRun,
    matches::{Match, Side},
    non_matches::{Finding, Reason},
    organizations::Organization,
    people::Person,
    programs::{Kind, Program},
    webhooks::WebhookEndpoint,
};

/// What every letter of a program needs.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// Whose program it is.
    pub organization: &'a Organization,
    /// The program.
    pub program: &'a Program,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// A match with its two people.
#[derive(Clone, Copy, Debug)]
pub struct Couple<'a> {
    /// The match.
    pub found: &'a Match,
    /// Its side `a`.
    pub a: &'a Person,
    /// Its side `b`.
    pub b: &'a Person,
}

impl<'a> Couple<'a> {
    fn reader_and_partner(&self, side: Side) -> (&'a Person, &'a Person) {
        match side {
            Side::A => (self.a, self.b),
            Side::B => (self.b, self.a),
        }
    }
}

impl Desk<'_> {
    fn setting(&self) -> Setting {
        Setting {
            organization: self.organization.name.clone(),
            program: self.program.name.clone(),
            program_id: Some(self.program.id),
            contact: self.organization.contact.clone(),
        }
    }

    /// In MENTORING side `a` is the mentor; peers have no such thing.
    fn is_mentor(&self, side: Side) -> Option<bool> {
        match self.program.kind {
            Kind::Peer => None,
            Kind::Mentoring => Some(side == Side::A),
        }
    }

    /// Side `b` writes first: in MENTORING that is the mentee, between peers it is as good as a coin.
    const fn moves_first(side: Side) -> bool {
        matches!(side, Side::B)
    }

    /// The introduction for one side.
    pub fn introduction<'p>(&self, couple: Couple<'p>, side: Side) -> Order<'p> {
        let (reader, partner) = couple.reader_and_partner(side);
        let mail = Mail::Introduction(Introduction {
            setting: self.setting(),
            match_id: couple.found.id,
            you: with_contacts(reader),
            partner: with_contacts(partner),
            you_are_mentor: self.is_mentor(side),
            in_common: in_common(&couple.found.explanation, side),
            ice_breakers: self.program.ice_breakers.clone(),
            you_move_first: Self::moves_first(side),
            first_contact_days: self.program.timings.first_contact_days,
        });
        about_match(couple, reader, mail, self.now, None)
    }

    /// The reminder to be in touch, due after the program's time; suppressed when they are, or the match ends.
    pub fn first_contact_reminder<'p>(&self, couple: Couple<'p>, side: Side) -> Order<'p> {
        let (reader, partner) = couple.reader_and_partner(side);
        let days = self.program.timings.first_contact_days;
        let mail = Mail::FirstContactReminder(FirstContactReminder {
            setting: self.setting(),
            match_id: couple.found.id,
            you: with_contacts(reader),
            partner: with_contacts(partner),
            you_move_first: Self::moves_first(side),
            days,
        });
        let due = self.now + TimeDelta::days(days.into());
        // A reminder that could not be sent for a week would be about the past.
        about_match(couple, reader, mail, due, Some(due + TimeDelta::days(7)))
    }

    /// The proposal for one side.
    pub fn proposal<'p>(&self, couple: Couple<'p>, side: Side) -> Order<'p> {
        let (reader, _) = couple.reader_and_partner(side);
        let mail = Mail::Proposal(self.proposal_words(couple, side));
        about_match(couple, reader, mail, self.now, couple.found.answer_by)
    }

    /// The reminder to answer, due after the program's time; suppressed by an answer.
    pub fn proposal_reminder<'p>(&self, couple: Couple<'p>, side: Side) -> Order<'p> {
        let (reader, _) = couple.reader_and_partner(side);
        let mail = Mail::ProposalReminder(self.proposal_words(couple, side));
        let due = couple.found.proposed_at + TimeDelta::days(self.program.timings.proposal_reminder_days.into());
        about_match(couple, reader, mail, due, couple.found.answer_by)
    }

    fn proposal_words(&self, couple: Couple<'_>, side: Side) -> Proposal {
        let (reader, partner) = couple.reader_and_partner(side);
        Proposal {
            setting: self.setting(),
            match_id: couple.found.id,
            you: without_contacts(reader),
            partner: without_contacts(partner),
            you_are_mentor: self.is_mentor(side),
            in_common: in_common(&couple.found.explanation, side),
            answer_by: self.answer_by(couple.found, reader),
            link: self.organization.portal_url.clone(),
        }
    }

    /// The request of one person to the other; `asked` is the side that reads it.
    pub fn pair_request<'p>(&self, couple: Couple<'p>, asked: Side) -> Order<'p> {
        let (reader, from) = couple.reader_and_partner(asked);
        let mail = Mail::PairRequest(PairRequest {
            setting: self.setting(),
            match_id: couple.found.id,
            you: without_contacts(reader),
            from: without_contacts(from),
            note: couple.found.note.clone(),
            answer_by: self.answer_by(couple.found, reader),
            link: self.organization.portal_url.clone(),
        });
        about_match(couple, reader, mail, self.now, couple.found.answer_by)
    }

    /// Tells one side that the match ended.
    pub fn match_ended<'p>(&self, couple: Couple<'p>, side: Side, tries_again: bool) -> Order<'p> {
        let (reader, partner) = couple.reader_and_partner(side);
        let mail = Mail::MatchEnded(MatchEnded {
            setting: self.setting(),
            match_id: couple.found.id,
            you: without_contacts(reader),
            partner: without_contacts(partner),
            tries_again,
        });
        about_match(couple, reader, mail, self.now, None)
    }

    /// Tells a person why no partner was found. `about` names the occasion: the same one is told once.
    pub fn not_matched_yet<'p>(
        &self,
        reader: &'p Person,
        finding: &Finding,
        tries_again: bool,
        about: String,
    ) -> Order<'p> {
        let mail = Mail::NotMatchedYet(NotMatchedYet {
            setting: self.setting(),
            you: without_contacts(reader),
            finding: for_participants(finding),
            tries_again,
        });
        Order {
            to: reader,
            match_id: None,
            about,
            mail,
            due_at: self.now,
            expires_at: Some(self.now + TimeDelta::days(7)),
        }
    }

    /// Tells a coordinator that a run waits.
    pub fn run_awaits_approval<'p>(&self, reader: &'p Person, run: &MatchRun) -> Order<'p> {
        let (pairs, unmatched) = run.report.as_ref().map_or((0, 0), |report| (report.pairs(), report.unmatched()));
        let mail = Mail::RunAwaitsApproval(RunAwaitsApproval {
            setting: self.setting(),
            run_id: run.id,
            you: without_contacts(reader),
            pairs,
            unmatched,
            link: self.organization.portal_url.clone(),
        });
        Order { to: reader, match_id: None, about: run.id.to_string(), mail, due_at: self.now, expires_at: None }
    }

    /// The last whole day to answer, on the reader's calendar.
    fn answer_by(&self, found: &Match, reader: &Person) -> chrono::NaiveDate {
        let until = found.answer_by.unwrap_or(self.now);
        let zone = reader.time_zone.parse().unwrap_or(chrono_tz::UTC);
        (until - TimeDelta::seconds(1)).with_timezone(&zone).date_naive()
    }
}

/// Tells an administrator that an endpoint was switched off.
pub fn webhook_disabled<'p>(
    organization: &Organization,
    reader: &'p Person,
    endpoint: &WebhookEndpoint,
    gone: bool,
    now: DateTime<Utc>,
) -> Order<'p> {
    let zone = reader.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let authority = endpoint.url.split_once("://").map_or(endpoint.url.as_str(), |(_, rest)| rest);
    let mail = Mail::WebhookDisabled(WebhookDisabled {
        setting: Setting {
            organization: organization.name.clone(),
            program: organization.name.clone(),
            program_id: None,
            contact: organization.contact.clone(),
        },
        endpoint_id: endpoint.id,
        you: without_contacts(reader),
        host: authority.split(['/', '?']).next().unwrap_or_default().to_owned(),
        description: endpoint.description.clone(),
        gone,
        since: endpoint.failing_since.unwrap_or(now).with_timezone(&zone).date_naive(),
    });
    // The same endpoint may be switched on and fail again.
    let about = format!("{}:{}", endpoint.id, now.timestamp_micros());
    Order { to: reader, match_id: None, about, mail, due_at: now, expires_at: Some(now + TimeDelta::days(7)) }
}

fn about_match<'p>(
    couple: Couple<'_>,
    reader: &'p Person,
    mail: Mail,
    due_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> Order<'p> {
    let match_id = Some(couple.found.id);
    Order { to: reader, match_id, about: couple.found.id.to_string(), mail, due_at, expires_at }
}

fn without_contacts(person: &Person) -> Party {
    Party {
        name: person.name.clone(),
        email: None,
        country: person.country.clone(),
        headline: person.headline.clone(),
        time_zone: Some(person.time_zone.clone()),
    }
}

fn with_contacts(person: &Person) -> Party {
    Party { email: Some(person.email.clone()), ..without_contacts(person) }
}

/// What is worth telling, seen from one side: nothing that would read "you have nothing in common".
fn in_common(explanation: &Explanation, side: Side) -> Vec<Ground> {
    let grounds = explanation.contributions.iter().map(|contribution| contribution.ground.clone());
    let grounds = grounds.filter(|ground| match ground {
        Ground::SharedLanguages { languages } => !languages.is_empty(),
        Ground::SharedAnswers { values, .. } => !values.is_empty(),
        Ground::Offered { by_a, by_b, .. } => !by_a.is_empty() || !by_b.is_empty(),
        Ground::SameCountry { .. }
        | Ground::DifferentCountries { .. }
        | Ground::DifferentAnswers { .. }
        | Ground::HoursApart { .. } => true,
    });
    match side {
        Side::A => grounds.collect(),
        Side::B => grounds.map(Ground::seen_from_b).collect(),
    }
}

/// A participant must not learn of decisions about pairs, nor of other people's wishes.
pub fn for_participants(finding: &Finding) -> Finding {
    let mut told = finding.clone();
    if told.reason == Reason::ExcludedByConstraint {
        told.reason = Reason::LostOnTotalScore;
    }
    told.removals.retain(|removal| removal.rule != crate::domain::non_matches::CONSTRAINTS);
    told
}
