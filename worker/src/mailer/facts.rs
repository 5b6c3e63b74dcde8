//! What is known of the messages that are to be sent next, read for all of them at once. The rules look at nothing else.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use shared::{
    auth::UnsubscribeKey,
    config::MailTransport,
    domain::{
        mail::{MailCategory, MailSuppression, normalized},
        mail_domains,
        match_runs::MatchRun,
        matches::Match,
        messages::Message,
        people::Person,
        sessions::Session,
    },
    store::{
        Reads, StoreError,
        mail_facts::{self, ProgramQuiet},
    },
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{look, quiet};

/// How long facts are good for. Whoever leaves, unsubscribes or answers may cross a mail that is on its way, and a second
/// is less than mail itself takes; and a fast relay gets a whole batch within it.
const FRESH: Duration = Duration::from_secs(1);

/// What is known of some messages.
#[derive(Debug)]
pub(super) struct Facts {
    /// By the clock that nobody sets.
    read_at: Instant,
    messages: HashSet<Uuid>,
    people: HashMap<Uuid, Arc<Person>>,
    suppressions: HashMap<(Uuid, String), MailSuppression>,
    switched_off: HashSet<(Uuid, MailCategory)>,
    matches: HashMap<Uuid, Match>,
    runs: HashMap<Uuid, MatchRun>,
    sessions: HashMap<Uuid, Session>,
    quiet: HashMap<Uuid, ProgramQuiet>,
    keys: HashMap<Uuid, UnsubscribeKey>,
    paused: HashSet<String>,
}

impl Facts {
    /// Reads what has to be known of these messages.
    ///
    /// # Errors
    /// When the database is gone, or holds something about one of them that cannot be read.
    pub(super) async fn read(
        reads: &impl Reads,
        transport: MailTransport,
        messages: &[&Message],
    ) -> Result<Self, StoreError> {
        // Whatever is true of what is read first may change while the rest is.
        let read_at = Instant::now();
        let ids = |of: fn(&Message) -> Option<Uuid>| -> Vec<Uuid> {
            messages.iter().filter_map(|message| of(message)).collect()
        };
        let people = mail_facts::every_person(reads, &ids(|message| Some(message.person_id))).await?;
        let addresses: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
        let organizations: Vec<Uuid> = people.iter().map(|person| person.organization_id).collect();
        let suppressions = mail_facts::every_suppression(reads, &organizations, &addresses).await?;
        let unwanted = ids(|message| message.mail.category().map(|_| message.person_id));
        let switched_off = mail_facts::every_switched_off(reads, &unwanted).await?;
        let with_link = ids(|message| message.mail.category().map(|_| message.organization_id));
        let keys = mail_facts::every_unsubscribe_key(reads, &with_link).await?;
        let matches = mail_facts::every_match(reads, &ids(|message| message.match_id)).await?;
        let runs = mail_facts::every_run(reads, &ids(|message| look::run_of(&message.mail))).await?;
        let sessions =
            mail_facts::every_session(reads, &ids(|message| message.mail.session().map(|mail| mail.session_id)))
                .await?;
        let matches: HashMap<Uuid, Match> = matches.into_iter().map(|found| (found.id, found)).collect();
        let programs: Vec<Uuid> = messages
            .iter()
            .filter_map(|message| quiet::program_of(message, message.match_id.and_then(|id| matches.get(&id))))
            .collect();
        let quiet = mail_facts::every_quiet_hours(reads, &programs).await?;
        let domains: Vec<String> = match transport {
            MailTransport::Smtp => addresses.iter().filter_map(|address| mail_domains::of_address(address)).collect(),
            MailTransport::Mailbox => Vec::new(),
        };
        let paused = mail_facts::every_paused(reads, &domains).await?;
        Ok(Self {
            read_at,
            messages: messages.iter().map(|message| message.id).collect(),
            suppressions: suppressions
                .into_iter()
                .map(|found| ((found.organization_id, found.address.clone()), found))
                .collect(),
            people: people.into_iter().map(|person| (person.id, Arc::new(person))).collect(),
            switched_off: switched_off.into_iter().collect(),
            matches,
            runs: runs.into_iter().map(|run| (run.id, run)).collect(),
            sessions: sessions.into_iter().map(|session| (session.id, session)).collect(),
            quiet: quiet.into_iter().map(|quiet| (quiet.program_id, quiet)).collect(),
            keys: keys.into_iter().collect(),
            paused: paused.into_iter().collect(),
        })
    }

    /// Whether they are about this message, and young enough.
    pub(super) fn serve(&self, message: &Message) -> bool {
        self.read_at.elapsed() < FRESH && self.messages.contains(&message.id)
    }

    /// To whom it goes.
    pub(super) fn person(&self, message: &Message) -> Option<&Arc<Person>> {
        self.people.get(&message.person_id).filter(|person| person.organization_id == message.organization_id)
    }

    /// Why nobody writes to the person's address.
    pub(super) fn suppression(&self, person: &Person) -> Option<&MailSuppression> {
        self.suppressions.get(&(person.organization_id, normalized(&person.email)))
    }

    /// Whether the person switched off mails such as this.
    pub(super) fn is_unwanted(&self, message: &Message) -> bool {
        message.mail.category().is_some_and(|category| self.switched_off.contains(&(message.person_id, category)))
    }

    /// The match it is about.
    pub(super) fn found(&self, message: &Message) -> Option<&Match> {
        let found = self.matches.get(&message.match_id?);
        found.filter(|found| found.organization_id == message.organization_id)
    }

    /// The run it is about.
    pub(super) fn run(&self, message: &Message) -> Option<&MatchRun> {
        let found = self.runs.get(&look::run_of(&message.mail)?);
        found.filter(|run| run.organization_id == message.organization_id)
    }

    /// The session it is about.
    pub(super) fn session(&self, message: &Message) -> Option<&Session> {
        let found = self.sessions.get(&message.mail.session()?.session_id);
        found.filter(|session| session.organization_id == message.organization_id)
    }

    /// The quiet hours of its program.
    pub(super) fn quiet(&self, message: &Message) -> Option<&ProgramQuiet> {
        let found = self.quiet.get(&quiet::program_of(message, self.found(message))?);
        found.filter(|quiet| quiet.organization_id == message.organization_id)
    }

    /// The key that signs links of its organization; `None` when there is none yet.
    pub(super) fn key(&self, message: &Message) -> Option<&UnsubscribeKey> {
        self.keys.get(&message.organization_id)
    }

    /// Whether mail to the domain waits, or waits for what becomes of one that is on trial.
    pub(super) fn is_paused(&self, domain: &str) -> bool {
        self.paused.contains(domain)
    }
}
