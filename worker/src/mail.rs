//! Mail: from a [`Mail`] to words, from words to bytes, from bytes to a relay or a local mailbox.
//!
//! A mail is a variant of [`Mail`], a folder of templates per language, a sample and a snapshot. The lists in
//! `templates` and `context` are exhaustive, so the compiler asks for all of them when a variant is added.

use shared::outbox::mails::Mail;

use self::language::Language;

pub mod calendar;
mod context;
pub mod dkim;
mod language;
pub mod mailbox;
mod message;
mod names;
pub mod smtp;
mod templates;
mod text;

#[cfg(test)]
mod calendar_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod render_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod scripted_relay;
#[cfg(test)]
mod smtp_tests;

pub use self::message::{ComposeError, Envelope, compose};

/// A mail in words, not yet addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain text part, wrapped, with `\n` line ends.
    pub text: String,
    /// The HTML part: a whole document.
    pub html: String,
    /// What goes into the reader's calendar.
    pub calendar: Option<calendar::Calendar>,
}

/// A template is broken. Tests render every mail in every language, so this never depends on what people wrote.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot render the mail: {0}")]
pub struct RenderError(String);

impl From<minijinja::Error> for RenderError {
    fn from(error: minijinja::Error) -> Self {
        // The alternate form names the template and the line.
        Self(format!("{error:#}"))
    }
}

/// Writes a mail in the language nearest to the reader's locale (`de-AT` reads German; unknown ones read English).
///
/// # Errors
///
/// When a template is broken.
pub fn render(mail: &Mail, locale: &str) -> Result<Rendered, RenderError> {
    let language = Language::of(locale);
    let folder = templates::folder(mail);
    let context = context::of(mail, language);
    let subject = templates::render(folder, language, "subject.txt", &context)?;
    let body = templates::render(folder, language, "body.txt", &context)?;
    let html = templates::render(folder, language, "body.html", &context)?;
    Ok(Rendered { subject: text::one_line(&subject), text: text::wrap(&body), html, calendar: None })
}
