//! The templates, embedded in the binary and checked once.

use std::sync::LazyLock;

use minijinja::{
    Environment, Error, State, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig, value::ValueKind,
};
use shared::outbox::mails::Mail;

use super::{RenderError, language::Language, text};

/// Embeds a file under `templates/` by its name.
macro_rules! embed {
    ($($name:expr),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/", $name)))),+]
    };
}

/// Lists every mail once, with the folder that holds its words. The match has no wildcard, so a new variant of
/// [`Mail`] does not compile until it is listed here, and a listed one not until its templates and its sample exist.
macro_rules! catalogue {
    ($($variant:ident: $sample:ident in $folder:literal),+ $(,)?) => {
        /// The folder of a mail.
        pub(super) fn folder(mail: &Mail) -> &'static str {
            match mail {
                $(Mail::$variant(_) => $folder,)+
            }
        }

        const MAILS: &[[(&str, &str); 6]] = &[$(embed![
            concat!($folder, "/en/subject.txt"),
            concat!($folder, "/en/body.txt"),
            concat!($folder, "/en/body.html"),
            concat!($folder, "/de/subject.txt"),
            concat!($folder, "/de/body.txt"),
            concat!($folder, "/de/body.html"),
        ]),+];

        /// One mail of each kind.
        #[cfg(test)]
        pub(super) fn samples() -> Vec<Mail> {
            vec![$(Mail::$variant(super::samples::$sample())),+]
        }
    };
}

catalogue! {
    Introduction: introduction in "introduction",
    Proposal: proposal in "proposal",
    ProposalReminder: proposal in "proposal-reminder",
    PairRequest: pair_request in "pair-request",
    FirstContactReminder: first_contact_reminder in "first-contact-reminder",
    NotMatchedYet: not_matched_yet in "not-matched-yet",
    MatchEnded: match_ended in "match-ended",
    RunAwaitsApproval: run_awaits_approval in "run-awaits-approval",
    WebhookDisabled: webhook_disabled in "webhook-disabled",
    SignInLink: sign_in_link in "sign-in-link",
    SessionProposed: session_proposed in "session-proposed",
    SessionInvitation: session_invitation in "session-invitation",
    SessionChanged: session_changed in "session-changed",
    SessionCanceled: session_canceled in "session-canceled",
    SessionReminder: session_reminder in "session-reminder",
    StalledReminder: stalled_reminder in "stalled-reminder",
    Topic: topic in "topic",
    CheckIn: check_in in "check-in",
    WrapUp: check_in in "wrap-up",
    CoordinatorDigest: coordinator_digest in "coordinator-digest",
}

/// What several mails are made of.
const PARTS: &[(&str, &str)] = &embed![
    "shared/layout.html",
    "shared/parts.html",
    "shared/en/answer.html",
    "shared/en/answer.txt",
    "shared/en/footer.html",
    "shared/en/footer.txt",
    "shared/en/grounds.html",
    "shared/en/grounds.txt",
    "shared/en/partner.html",
    "shared/en/partner.txt",
    "shared/en/session-answer.html",
    "shared/en/session-answer.txt",
    "shared/en/session.html",
    "shared/en/session.txt",
    "shared/de/session-answer.html",
    "shared/de/session-answer.txt",
    "shared/de/session.html",
    "shared/de/session.txt",
    "shared/de/answer.html",
    "shared/de/answer.txt",
    "shared/de/footer.html",
    "shared/de/footer.txt",
    "shared/de/grounds.html",
    "shared/de/grounds.txt",
    "shared/de/partner.html",
    "shared/de/partner.txt",
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, RenderError>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // A misspelt name is an error, not an empty place in somebody's mail.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A tag alone on its line leaves no line behind.
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(on_one_line);
    for &(name, source) in PARTS.iter().chain(MAILS.iter().flatten()) {
        environment.add_template(name, source)?;
    }
    Ok(environment)
});

/// Writes every value on one line, whoever wrote it, and escaped where the template is HTML.
fn on_one_line(out: &mut minijinja::Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(written)
            if value.kind() == ValueKind::String && !value.is_safe() && !text::is_plainly_one_line(written) =>
        {
            escape_formatter(out, state, &Value::from(text::one_line(written)))
        }
        _ => escape_formatter(out, state, value),
    }
}

/// Renders one file of a mail's folder.
pub(super) fn render(folder: &str, language: Language, file: &str, context: &Value) -> Result<String, RenderError> {
    let environment = ENVIRONMENT.as_ref().map_err(Clone::clone)?;
    let name = format!("{folder}/{}/{file}", language.code());
    Ok(environment.get_template(&name)?.render(context)?)
}
