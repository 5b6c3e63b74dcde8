//! The pages of an export: a handful of statements each, however many rows.

use std::{collections::HashMap, sync::Arc};

use shared::{
    domain::{
        enrollments::{Answers, Enrollment},
        matches::{Match, MatchOrigin},
        outcomes::{SURVIVAL_DAYS, outcome},
        people::Person,
        programs::Asks,
    },
    store::{
        self, Store, StoreError,
        lists::{
            self, List, Page, Position, Stretch,
            enrollments::{EnrollmentList, EnrollmentOrder},
            matches::{MatchList, MatchOrder},
            people::{PersonList, PersonOrder},
        },
    },
};
use uuid::Uuid;

use super::{Export, ExportError, Kind, PAGE, table::Table};
use crate::graphql::global_id;

/// What became of reading one page.
pub(super) struct Read {
    pub(super) written: u64,
    /// Where the next page begins; `None` when there is none.
    pub(super) last: Option<Position>,
}

/// Names of programs and rounds seen so far; there are few of them.
#[derive(Debug, Default)]
pub(super) struct Names {
    programs: HashMap<Uuid, String>,
    rounds: HashMap<Uuid, String>,
}

impl Names {
    async fn learn(
        &mut self,
        store: &Store,
        organization_id: Uuid,
        places: impl Iterator<Item = (Uuid, Uuid)>,
    ) -> Result<(), StoreError> {
        let (programs, rounds): (Vec<Uuid>, Vec<Uuid>) = places.unzip();
        let new = |ids: Vec<Uuid>, known: &HashMap<Uuid, String>| {
            let mut ids: Vec<Uuid> = ids.into_iter().filter(|id| !known.contains_key(id)).collect();
            ids.sort();
            ids.dedup();
            ids
        };
        let (programs, rounds) = (new(programs, &self.programs), new(rounds, &self.rounds));
        if !programs.is_empty() {
            let found = store::programs::find_many(store, organization_id, &programs).await?;
            self.programs.extend(found.into_iter().map(|program| (program.id, program.name)));
        }
        if !rounds.is_empty() {
            let found = store::rounds::find_many(store, organization_id, &rounds).await?;
            self.rounds.extend(found.into_iter().map(|round| (round.id, round.name)));
        }
        Ok(())
    }

    fn program(&self, id: Uuid) -> Option<&str> {
        self.programs.get(&id).map(String::as_str)
    }

    fn round(&self, id: Uuid) -> Option<&str> {
        self.rounds.get(&id).map(String::as_str)
    }
}

fn id(kind: &str, id: Uuid) -> String {
    global_id(kind, id).unwrap_or_default()
}

impl Export {
    pub(super) async fn page(&mut self) -> Result<(Vec<u8>, Read), ExportError> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let mut table = Table::new(is_first && self.input.byte_order_mark);
        if is_first {
            self.header(&mut table)?;
        }
        let (program_id, round_id) = (self.input.program_id, self.input.round_id);
        let done = match self.input.kind {
            Kind::People => {
                let active = self.input.active;
                let list = PersonList { program_id, round_id, active, ..PersonList::default() };
                let (found, end) = self.read(&list, PersonOrder::CreatedAt).await?;
                for person in &found.items {
                    person_row(&mut table, person)?;
                }
                Read { written: count(&found.items), last: end }
            }
            Kind::Enrollments => {
                let list = EnrollmentList { program_id, round_id, ..EnrollmentList::default() };
                let (found, end) = self.read(&list, EnrollmentOrder::CreatedAt).await?;
                self.enrollments(&mut table, &found.items).await?;
                Read { written: count(&found.items), last: end }
            }
            Kind::Matches | Kind::Outcomes => {
                let list = MatchList { program_id, round_id, ..MatchList::default() };
                let (found, end) = self.read(&list, MatchOrder::CreatedAt).await?;
                let written = self.matches(&mut table, &found.items).await?;
                Read { written, last: end }
            }
        };
        Ok((table.bytes()?, done))
    }

    async fn read<L: List>(&self, list: &L, order: L::Order) -> Result<(Page<L::Item>, Option<Position>), StoreError> {
        let before = self.input.to.map(|to| Position { key: lists::Key::Instant(to), id: Uuid::nil() });
        let after = self.after.clone();
        let stretch = Stretch { order, descending: false, after, before, limit: PAGE, from_end: false };
        let page = lists::page(&self.state.store, &self.sight, list, &stretch, None).await?;
        let end = page.items.last().filter(|_| page.has_next).map(|item| lists::position::<L>(item, order));
        Ok((page, end))
    }

    fn header(&self, table: &mut Table) -> Result<(), csv::Error> {
        let mut columns: Vec<String> = match self.input.kind {
            Kind::People => {
                "externalId name email headline country languages timeZone locale personId active \
                createdAt updatedAt"
            }
            Kind::Enrollments => {
                "externalId name email country role capacity priority enrollmentId program round \
                status pausedUntil createdAt"
            }
            Kind::Matches => {
                "matchId program round status origin score aExternalId aName aEmail aCountry aAnswer \
                bExternalId bName bEmail bCountry bAnswer proposedAt activatedAt firstContactAt endedAt endReason"
            }
            Kind::Outcomes => {
                "matchId program round status aExternalId aName bExternalId bName activatedAt \
                firstContactAt firstContactWithin7Days survived30Days survived60Days survived90Days days endedEarly \
                endReason"
            }
        }
        .split_whitespace()
        .map(str::to_owned)
        .collect();
        columns.extend(self.answer_columns().into_iter().map(|(side, key)| format!("{side}.{key}")));
        for column in columns {
            table.text(&column);
        }
        table.end()
    }

    /// Side and key of every answer that the program asks for.
    fn answer_columns(&self) -> Vec<(&'static str, &str)> {
        let questions = self.program.iter().flat_map(|program| &program.questions);
        questions
            .flat_map(|question| {
                let about = (question.asks != Asks::Wanted).then_some(("about", question.key.as_str()));
                let wanted = question.asks_wishes().then_some(("wanted", question.key.as_str()));
                [about, wanted].into_iter().flatten()
            })
            .collect()
    }

    async fn people(&self, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, Person>, StoreError> {
        ids.sort();
        ids.dedup();
        let found = store::people::find_many(&self.state.store, self.sight.organization_id, &ids).await?;
        Ok(found.into_iter().map(|person| (person.id, person)).collect())
    }

    async fn enrollments(&mut self, table: &mut Table, items: &[Arc<Enrollment>]) -> Result<(), ExportError> {
        let people = self.people(items.iter().map(|item| item.person_id).collect()).await?;
        let places = items.iter().map(|item| (item.program_id, item.round_id));
        self.names.learn(&self.state.store, self.sight.organization_id, places).await?;
        let answers = self.answer_columns();
        for item in items {
            let person = people.get(&item.person_id);
            table
                .text_or_none(person.and_then(|person| person.external_id.as_deref()))
                .text_or_none(person.map(|person| person.name.as_str()))
                .text_or_none(person.map(|person| person.email.as_str()))
                .text_or_none(person.and_then(|person| person.country.as_deref()))
                .text(item.role.as_str())
                .number(item.capacity)
                .number(item.priority)
                .text(&id("Enrollment", item.id))
                .text_or_none(self.names.program(item.program_id))
                .text_or_none(self.names.round(item.round_id))
                .text(item.status.as_str())
                .text(&item.paused_until.map(|day| day.to_string()).unwrap_or_default())
                .instant(Some(item.created_at));
            for (side, key) in &answers {
                let given: &Answers = if *side == "about" { &item.about } else { &item.wanted };
                table.text(&given.get(*key).map(|values| values.join(";")).unwrap_or_default());
            }
            table.end()?;
        }
        Ok(())
    }

    async fn matches(&mut self, table: &mut Table, items: &[Arc<Match>]) -> Result<u64, ExportError> {
        let people = self.people(items.iter().flat_map(|item| [item.a.person_id, item.b.person_id]).collect()).await?;
        let places = items.iter().map(|item| (item.program_id, item.round_id));
        self.names.learn(&self.state.store, self.sight.organization_id, places).await?;
        let now = self.state.clock.now();
        let outcomes = self.input.kind == Kind::Outcomes;
        let mut written = 0;
        for item in items {
            let (a, b) = (people.get(&item.a.person_id), people.get(&item.b.person_id));
            let became = outcome(item, now);
            if outcomes && became.is_none() {
                continue;
            }
            table
                .text(&id("Match", item.id))
                .text_or_none(self.names.program(item.program_id))
                .text_or_none(self.names.round(item.round_id))
                .text(item.status.as_str());
            if let Some(became) = became.filter(|_| outcomes) {
                for person in [a, b] {
                    table
                        .text_or_none(self.open(person).and_then(|person| person.external_id.as_deref()))
                        .text_or_none(person.map(|person| person.name.as_str()));
                }
                table.instant(Some(became.began_at)).instant(item.first_contact_at).truth(became.first_contact_in_time);
                for (survived, _) in became.survived.into_iter().zip(SURVIVAL_DAYS) {
                    table.truth(survived);
                }
                table.number(became.days).truth(Some(became.ended_early)).text_or_none(self.end_reason(item));
            } else {
                table.text(item.origin.as_str());
                if item.origin == MatchOrigin::Run {
                    table.number(item.score);
                } else {
                    table.text("");
                }
                for (person, party) in [(a, item.a), (b, item.b)] {
                    let open = self.open(person);
                    table
                        .text_or_none(open.and_then(|person| person.external_id.as_deref()))
                        .text_or_none(person.map(|person| person.name.as_str()))
                        .text_or_none(open.map(|person| person.email.as_str()))
                        .text_or_none(person.and_then(|person| person.country.as_deref()))
                        .text(party.answer.as_str());
                }
                table
                    .instant(Some(item.proposed_at))
                    .instant(item.activated_at)
                    .instant(item.first_contact_at)
                    .instant(item.ended_at)
                    .text_or_none(self.end_reason(item));
            }
            table.end()?;
            written += 1;
        }
        Ok(written)
    }

    /// A person whose address and id the caller may see: the partner of somebody whom a country coordinator looks after
    /// need not be one.
    fn open<'a>(&self, person: Option<&'a Person>) -> Option<&'a Person> {
        person.filter(|person| self.caller.acts_for(person))
    }

    /// Why a match ended, in confidence: staff read it, but not about a match of their own.
    fn end_reason<'a>(&self, item: &'a Match) -> Option<&'a str> {
        let own = [item.a, item.b].iter().any(|party| party.person_id == self.caller.person_id());
        let ended_it = item.ended_by == Some(self.caller.person_id());
        item.end_reason.as_deref().filter(|_| !own || ended_it)
    }
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn person_row(table: &mut Table, person: &Person) -> Result<(), csv::Error> {
    table
        .text_or_none(person.external_id.as_deref())
        .text(&person.name)
        .text(&person.email)
        .text_or_none(person.headline.as_deref())
        .text_or_none(person.country.as_deref())
        .text(&person.languages.join(";"))
        .text(&person.time_zone)
        .text(&person.locale)
        .text(&id("Person", person.id))
        .truth(Some(person.active))
        .instant(Some(person.created_at))
        .instant(Some(person.updated_at))
        .end()
}
