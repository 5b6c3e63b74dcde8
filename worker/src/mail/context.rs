//! What the templates of each mail may say.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use minijinja::{Value, context};
use shared::{
    domain::explanations::Ground,
    outbox::mails::{
        CheckInMail, CoordinatorDigest, FirstContactReminder, Introduction, Mail, MatchEnded, NotMatchedYet,
        PairRequest, Party, Proposal, RunAwaitsApproval, SessionMail, Setting, SignInLink, StalledReminder, TopicMail,
        Waiting, WebhookDisabled,
    },
};

use super::{language::Language, names};

/// The names a mail's templates may use, with facts already in words.
pub(super) fn of(mail: &Mail, language: Language) -> Value {
    let (common, own) = match mail {
        Mail::Introduction(mail) => (common(&mail.setting, &mail.you, language), introduction(mail, language)),
        Mail::Proposal(mail) | Mail::ProposalReminder(mail) => {
            (common(&mail.setting, &mail.you, language), proposal(mail, language))
        }
        Mail::PairRequest(mail) => (common(&mail.setting, &mail.you, language), pair_request(mail, language)),
        Mail::FirstContactReminder(mail) => {
            (common(&mail.setting, &mail.you, language), first_contact_reminder(mail, language))
        }
        Mail::NotMatchedYet(mail) => (common(&mail.setting, &mail.you, language), not_matched_yet(mail, language)),
        Mail::MatchEnded(mail) => (common(&mail.setting, &mail.you, language), match_ended(mail, language)),
        Mail::RunAwaitsApproval(mail) => (common(&mail.setting, &mail.you, language), run_awaits_approval(mail)),
        Mail::WebhookDisabled(mail) => (common(&mail.setting, &mail.you, language), webhook_disabled(mail, language)),
        Mail::SignInLink(mail) => (common(&mail.setting, &mail.you, language), sign_in_link(mail)),
        Mail::SessionProposed(mail)
        | Mail::SessionInvitation(mail)
        | Mail::SessionChanged(mail)
        | Mail::SessionCanceled(mail)
        | Mail::SessionReminder(mail) => (common(&mail.setting, &mail.you, language), session(mail, language)),
        Mail::StalledReminder(mail) => (common(&mail.setting, &mail.you, language), stalled(mail, language)),
        Mail::Topic(mail) => (common(&mail.setting, &mail.you, language), topic(mail, language)),
        Mail::CheckIn(mail) | Mail::WrapUp(mail) => {
            (common(&mail.setting, &mail.you, language), check_in(mail, language))
        }
        Mail::CoordinatorDigest(mail) => (common(&mail.setting, &mail.you, language), digest(mail)),
    };
    context! { ..own, ..common }
}

fn common(setting: &Setting, you: &Party, language: Language) -> Value {
    context! {
        lang => language.code(),
        organization => setting.organization.as_str(),
        program => setting.program.as_str(),
        contact => setting.contact.as_deref(),
        contact_mailto => setting.contact.as_deref().and_then(mailto),
        you => party(you, language),
    }
}

fn introduction(mail: &Introduction, language: Language) -> Value {
    let standard = || language.ice_breakers().map(String::from).to_vec();
    context! {
        partner => party(&mail.partner, language),
        role => role(mail.you_are_mentor),
        grounds => grounds(&mail.in_common, &mail.partner, language),
        questions => if mail.ice_breakers.is_empty() { standard() } else { mail.ice_breakers.clone() },
        you_move_first => mail.you_move_first,
        days => language.days(mail.first_contact_days),
    }
}

fn proposal(mail: &Proposal, language: Language) -> Value {
    context! {
        partner => party(&mail.partner, language),
        role => role(mail.you_are_mentor),
        grounds => grounds(&mail.in_common, &mail.partner, language),
        answer_by => language.date(mail.answer_by),
        link => link(mail.link.as_deref()),
    }
}

fn pair_request(mail: &PairRequest, language: Language) -> Value {
    // Every value is written on one line, so the paragraphs of a note are handed over one by one.
    let lines = mail.note.as_deref().unwrap_or_default().lines();
    let note: Vec<String> = lines.map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
    context! {
        partner => party(&mail.from, language),
        note => note,
        answer_by => language.date(mail.answer_by),
        link => link(mail.link.as_deref()),
    }
}

fn first_contact_reminder(mail: &FirstContactReminder, language: Language) -> Value {
    context! {
        partner => party(&mail.partner, language),
        you_move_first => mail.you_move_first,
        days => language.days(mail.days),
    }
}

fn not_matched_yet(mail: &NotMatchedYet, language: Language) -> Value {
    // Counts per rule stay with the coordinators: in a small program they would tell what other people answered.
    context! {
        reason => language.reason(&mail.finding),
        help => language.help(&mail.finding),
        tries_again => mail.tries_again,
    }
}

fn match_ended(mail: &MatchEnded, language: Language) -> Value {
    context! { partner => party(&mail.partner, language), tries_again => mail.tries_again }
}

fn run_awaits_approval(mail: &RunAwaitsApproval) -> Value {
    context! {
        run => mail.run_id.to_string(),
        pairs => mail.pairs,
        unmatched => mail.unmatched,
        link => link(mail.link.as_deref()),
    }
}

fn webhook_disabled(mail: &WebhookDisabled, language: Language) -> Value {
    context! {
        host => mail.host.as_str(),
        description => mail.description.as_deref(),
        gone => mail.gone,
        since => language.date(mail.since),
    }
}

fn sign_in_link(mail: &SignInLink) -> Value {
    context! { link => link(Some(&mail.link)), minutes => mail.minutes }
}

fn session(mail: &SessionMail, language: Language) -> Value {
    let zone = |party: &Party| -> Tz {
        party.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC)
    };
    let starts = mail.starts_at.with_timezone(&zone(&mail.you));
    let theirs = mail.starts_at.with_timezone(&zone(&mail.partner));
    let clock = |at: DateTime<Tz>| at.format("%H:%M").to_string();
    // Whoever reads the same clock needs no second one.
    let elsewhere = (starts.naive_local() != theirs.naive_local()).then(|| {
        if starts.date_naive() == theirs.date_naive() {
            return clock(theirs);
        }
        format!("{}, {}", language.date(theirs.date_naive()), clock(theirs))
    });
    // As with a note: paragraph by paragraph.
    let agenda = mail.agenda.as_deref().unwrap_or_default().lines().filter(|line| !line.is_empty());
    let agenda: Vec<String> = agenda.map(String::from).collect();
    context! {
        partner => party(&mail.partner, language),
        by_you => mail.by_you,
        by_partner => mail.by_partner,
        agreed => mail.agreed,
        asks_you => mail.asks_you,
        in_calendar => mail.in_calendar,
        soon => mail.hours_before == Some(1),
        day => language.date(starts.date_naive()),
        from => clock(starts),
        to => clock(starts + TimeDelta::minutes(mail.minutes.into())),
        zone => starts.timezone().name(),
        theirs => elsewhere,
        place => mail.place.as_deref(),
        place_link => link(mail.place.as_deref()),
        agenda => agenda,
        reason => mail.reason.as_deref(),
        link => link(mail.link.as_deref()),
    }
}

fn stalled(mail: &StalledReminder, language: Language) -> Value {
    context! {
        partner => party(&mail.partner, language),
        since => language.date(mail.since),
        link => link(mail.link.as_deref()),
    }
}

fn topic(mail: &TopicMail, language: Language) -> Value {
    let standard = || language.topic(mail.standard).to_owned();
    context! {
        partner => party(&mail.partner, language),
        topic => mail.topic.clone().unwrap_or_else(standard),
    }
}

fn check_in(mail: &CheckInMail, language: Language) -> Value {
    context! { partner => party(&mail.partner, language), link => link(mail.link.as_deref()) }
}

fn digest(mail: &CoordinatorDigest) -> Value {
    let Waiting { runs, applications, unmatched, stalled, held } = mail.waiting;
    context! {
        runs => runs,
        applications => applications,
        unmatched => unmatched,
        stalled => stalled,
        held => held,
        link => link(mail.link.as_deref()),
    }
}

fn party(party: &Party, language: Language) -> Value {
    context! {
        name => party.name.as_str(),
        email => party.email.as_deref(),
        mailto => party.email.as_deref().and_then(mailto),
        country => party.country.as_deref().map(|code| names::country(code, language)),
        headline => party.headline.as_deref(),
        time_zone => party.time_zone.as_deref(),
    }
}

/// The reader's part: peers have none.
fn role(you_are_mentor: Option<bool>) -> &'static str {
    match you_are_mentor {
        None => "peer",
        Some(true) => "mentor",
        Some(false) => "mentee",
    }
}

fn grounds(grounds: &[Ground], partner: &Party, language: Language) -> Vec<String> {
    grounds.iter().filter_map(|ground| language.ground(ground, &partner.name)).collect()
}

/// The link, if a browser opens it; nothing else is offered to be clicked.
fn link(link: Option<&str>) -> Option<&str> {
    link.filter(|link| link.starts_with("https://") || link.starts_with("http://"))
}

/// A `mailto:` link, if the address is a plain one that cannot carry more than itself.
fn mailto(address: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    (address.contains('@') && address.chars().all(plain)).then(|| format!("mailto:{address}"))
}
