//! Who reads an answer, and everything that is loaded for it.
//!
//! Two ways lead to a thing: [`find`] applies what the reader may see, and is for ids that came from anywhere; the
//! loaders of [`Reader`] are for the neighbours of a thing that was seen already, where that is what may be seen.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{ContainerType, Context, Result};
use shared::{
    domain::{enrollments::Enrollment, issuers::Issuer, people::Person, programs::Program},
    store::{
        self, StoreError,
        history::PastChange,
        lists::{self, Along, Company, List, Page, RoundStatistics, Sight, Stretch},
    },
};
use uuid::Uuid;

use super::{
    batch::Batch,
    errors::{ErrorCode, fail},
    plans::Selected,
    shown::{Batches, Lists, Part},
};
use crate::{caller::Caller, use_cases::State};

/// A nullable field of which an error nulls nothing but itself.
pub(super) type Maybe<T> = Option<Result<T>>;

/// A caller with what they may see, for the length of one request.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) state: State,
    pub(super) caller: Caller,
    pub(super) sight: Sight,
    pub(super) lists: Lists,
    people: Batch<Uuid, Arc<Person>>,
    programs: Batch<Uuid, Arc<Program>>,
    enrollments: Batch<Uuid, Arc<Enrollment>>,
    issuers: Batch<Uuid, Issuer>,
    history: Batch<Uuid, Vec<PastChange>>,
    statistics: Batch<Uuid, RoundStatistics>,
    introduced: Batch<Uuid, ()>,
}

/// The reader of this request.
///
/// # Errors
/// `UNAUTHENTICATED` when there is none.
pub(super) fn reader<'c>(ctx: &Context<'c>) -> Result<&'c Reader> {
    ctx.data_opt::<Reader>()
        .ok_or_else(|| fail(ErrorCode::Unauthenticated, "send a valid bearer token in the Authorization header"))
}

fn by_id<T>(items: impl IntoIterator<Item = T>, id: impl Fn(&T) -> Uuid) -> HashMap<Uuid, T> {
    items.into_iter().map(|item| (id(&item), item)).collect()
}

impl Reader {
    pub(super) fn new(state: State, caller: Caller) -> Self {
        let sight = caller.sight();
        Self {
            state,
            caller,
            sight,
            lists: Lists::default(),
            people: Batch::default(),
            programs: Batch::default(),
            enrollments: Batch::default(),
            issuers: Batch::default(),
            history: Batch::default(),
            statistics: Batch::default(),
            introduced: Batch::default(),
        }
    }

    fn organization_id(&self) -> Uuid {
        self.sight.organization_id
    }

    /// A person who belongs to something the reader sees.
    pub(super) async fn person(&self, id: Uuid) -> Result<Option<Arc<Person>>> {
        if id == self.caller.person.id {
            return Ok(Some(Arc::clone(&self.caller.person)));
        }
        let fetch = async |ids: Vec<Uuid>| {
            let found = store::people::find_many(&self.state.store, self.organization_id(), &ids).await?;
            Ok(by_id(found.into_iter().map(Arc::new), |person| person.id))
        };
        self.people.load(id, fetch).await
    }

    /// A program; everybody in the organization sees all of them.
    pub(super) async fn program(&self, id: Uuid) -> Result<Option<Arc<Program>>> {
        let fetch = async |ids: Vec<Uuid>| {
            let found = store::programs::current(&self.state.store, self.organization_id(), &ids).await?;
            Ok(by_id(found, |program| program.id))
        };
        self.programs.load(id, fetch).await
    }

    /// An enrollment that belongs to something the reader sees, whoever's it is: show no more of it than that allows.
    pub(super) async fn enrollment(&self, id: Uuid) -> Result<Option<Arc<Enrollment>>> {
        let fetch = async |ids: Vec<Uuid>| {
            let found = store::enrollments::find_many(&self.state.store, self.organization_id(), &ids).await?;
            Ok(by_id(found.into_iter().map(Arc::new), |enrollment| enrollment.id))
        };
        self.enrollments.load(id, fetch).await
    }

    /// The issuer of an identity that the reader sees.
    pub(super) async fn issuer(&self, id: Uuid) -> Result<Option<Issuer>> {
        let fetch = async |ids: Vec<Uuid>| {
            let found = store::issuers::find_many(&self.state.store, self.organization_id(), &ids).await?;
            Ok(by_id(found, |issuer| issuer.id))
        };
        self.issuers.load(id, fetch).await
    }

    /// The history of something the reader sees, oldest first.
    pub(super) async fn history(&self, entity_id: Uuid) -> Result<Vec<PastChange>> {
        let fetch = async |ids: Vec<Uuid>| {
            let mut found: HashMap<Uuid, Vec<PastChange>> = HashMap::new();
            for (id, change) in store::history::of_entities(&self.state.store, self.organization_id(), &ids).await? {
                found.entry(id).or_default().push(change);
            }
            Ok(found)
        };
        Ok(self.history.load(entity_id, fetch).await?.unwrap_or_default())
    }

    /// How a round stands, within what the reader sees.
    pub(super) async fn statistics(&self, round_id: Uuid) -> Result<RoundStatistics> {
        let fetch = async |ids: Vec<Uuid>| lists::statistics(&self.state.store, &self.sight, &ids).await;
        Ok(self.statistics.load(round_id, fetch).await?.unwrap_or_default())
    }

    /// Whether the reader was ever introduced to this person.
    pub(super) async fn was_introduced_to(&self, person_id: Uuid) -> Result<bool> {
        let fetch = async |ids: Vec<Uuid>| {
            let found = lists::introduced(&self.state.store, &self.sight, &ids).await?;
            Ok(found.into_iter().map(|id| (id, ())).collect())
        };
        Ok(self.introduced.load(person_id, fetch).await?.is_some())
    }

    /// The visible thing with this id.
    pub(super) async fn find<L: Shown>(&self, id: Uuid) -> Result<Option<L::Item>> {
        let fetch = async |ids: Vec<Uuid>| {
            let found = lists::find_visible(&self.state.store, &self.sight, &L::lookup(), &ids).await?;
            Ok(by_id(found, L::id_of))
        };
        L::batches(&self.lists).found.load(id, fetch).await
    }

    /// A stretch of a list, with what its items are shown with: one statement for all of it.
    pub(super) async fn page_along<L: Shown>(
        &self,
        list: &L,
        stretch: &Stretch<L::Order>,
        of: Option<(L::Of, Uuid)>,
        along: Along,
    ) -> Result<Page<L::Item>> {
        let store = &self.state.store;
        let (page, company) = lists::page_along(store, &self.sight, list, stretch, of, along).await?;
        let Company { people, enrollments, programs } = company;
        self.people.know(by_id(people, |person| person.id));
        self.enrollments.know(by_id(enrollments, |enrollment| enrollment.id));
        let programs = store::programs::at_versions(store, self.organization_id(), &programs).await?;
        self.programs.know(by_id(programs, |program| program.id));
        Ok(page)
    }

    /// A stretch of a list; of what hangs under a thing, together with the same stretch of its siblings.
    pub(super) async fn page<L: Shown>(
        &self,
        list: L,
        stretch: Stretch<L::Order>,
        of: Option<(L::Of, Uuid)>,
    ) -> Result<Page<L::Item>> {
        let Some((of, thing)) = of else {
            return Ok(lists::page(&self.state.store, &self.sight, &list, &stretch, None).await?);
        };
        let fetch = async |keys: Vec<(Part<L>, Uuid)>| {
            let mut found = HashMap::new();
            for (part, things) in grouped(keys) {
                let Part { list, stretch, of } = &part;
                let pages = lists::pages(&self.state.store, &self.sight, list, stretch, *of, &things).await?;
                found.extend(pages.into_iter().map(|(thing, page)| ((part.clone(), thing), page)));
            }
            Ok::<_, StoreError>(found)
        };
        let key = (Part { list, stretch, of }, thing);
        Ok(L::batches(&self.lists).pages.load(key, fetch).await?.unwrap_or_default())
    }

    /// The first item of a stretch.
    pub(super) async fn first<L: Shown>(
        &self,
        list: L,
        stretch: Stretch<L::Order>,
        of: (L::Of, Uuid),
    ) -> Result<Option<L::Item>> {
        Ok(self.page(list, stretch, Some(of)).await?.items.into_iter().next())
    }

    /// How many things a list holds.
    pub(super) async fn count<L: Shown>(&self, list: L, of: Option<(L::Of, Uuid)>) -> Result<u64> {
        let Some((of, thing)) = of else {
            return Ok(lists::count(&self.state.store, &self.sight, &list, None).await?);
        };
        let fetch = async |keys: Vec<((L, L::Of), Uuid)>| {
            let mut found = HashMap::new();
            for (key, things) in grouped(keys) {
                let counts = lists::counts(&self.state.store, &self.sight, &key.0, key.1, &things).await?;
                found.extend(counts.into_iter().map(|(thing, count)| ((key.clone(), thing), count)));
            }
            Ok::<_, StoreError>(found)
        };
        Ok(L::batches(&self.lists).counts.load(((list, of), thing), fetch).await?.unwrap_or_default())
    }
}

/// The things that are asked the same question, question by question, in the order they came.
fn grouped<K: PartialEq>(keys: Vec<(K, Uuid)>) -> Vec<(K, Vec<Uuid>)> {
    let mut groups: Vec<(K, Vec<Uuid>)> = Vec::new();
    for (key, thing) in keys {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, things)) => things.push(thing),
            None => groups.push((key, vec![thing])),
        }
    }
    groups
}

/// A list with the GraphQL type of its items.
pub(super) trait Shown: List {
    /// The GraphQL type.
    type Node: ContainerType + From<Self::Item>;

    /// Where loads of this list are gathered.
    fn batches(lists: &Lists) -> &Batches<Self>;

    /// What a page is shown with that can be read along, as the selection under its items tells.
    fn along(_items: &Selected<'_>) -> Along {
        Along::default()
    }

    /// The list to look single things up in.
    fn lookup() -> Self {
        Self::default()
    }

    /// The item's id.
    fn id_of(item: &Self::Item) -> Uuid;
}

/// The visible thing with this id; null when it is absent, hidden, or another tenant's.
pub(super) async fn find<L: Shown>(ctx: &Context<'_>, id: Uuid) -> Maybe<L::Node> {
    let found = async { Ok(reader(ctx)?.find::<L>(id).await?.map(L::Node::from)) };
    found.await.transpose()
}
