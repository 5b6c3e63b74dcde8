//! What is read along with a page, in the same statement.
//!
//! A page of matches is shown with the people and answers behind them, and a page of enrollments with its people. Level
//! by level that takes a statement each, one after the other; joined to the page it takes none.
//!
//! The statement reads ids and versions only, and what is [known] at its version is not read again: most of what a
//! database does for such a page is to write out a hundred columns, and most of what we would do is to read them. What is
//! not known is read whole, in one more statement for all of it.
//!
//! [known]: crate::store::known

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait,
    sea_query::{Asterisk, Expr, ExprTrait, IntoCondition, JoinType, Query, SelectStatement},
};
use uuid::Uuid;

use super::{List, Page, Sight, Stretch, select, under, within};
use crate::{
    domain::{enrollments::Enrollment, people::Person},
    store::{
        Store, StoreError, enrollments,
        known::{At, Memory},
        people,
        positions::{Positional, select_as},
        programs,
        rounded::rounded,
    },
};

/// What to read along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for or not, whatever the others are")]
pub struct Along {
    /// The people that items name.
    pub people: bool,
    /// The enrollments that items name.
    pub enrollments: bool,
    /// The versions of their programs.
    pub programs: bool,
    /// Of items with two sides, not the reader's own.
    pub partners_only: bool,
}

impl Along {
    /// Whether anything is.
    pub fn is_any(self) -> bool {
        self.people || self.enrollments || self.programs
    }
}

/// What was read along: neighbors of the page's items, some of them perhaps more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// People.
    pub people: Vec<Arc<Person>>,
    /// Enrollments.
    pub enrollments: Vec<Arc<Enrollment>>,
    /// Programs and their versions, each once.
    pub programs: Vec<(Uuid, i32)>,
}

/// Where an item of the page names a person and an enrollment: expressions over the columns of `page`.
pub struct Place {
    pub(super) person: Expr,
    pub(super) enrollment: Option<Expr>,
}

/// The names of joined tables, and the prefixes of their columns: an item names at most two people.
const PEOPLE: [(&str, &str); 2] = [("person_1", "p1_"), ("person_2", "p2_")];
const ENROLLMENTS: [(&str, &str); 2] = [("enrollment_1", "e1_"), ("enrollment_2", "e2_")];

/// An item and its company, by ids and versions.
struct Outline {
    item: At,
    people: Vec<At>,
    enrollments: Vec<At>,
    program: Option<At>,
}

/// One stretch of a list, as [`super::page`] reads it, with its company. What changes or vanishes between the two
/// statements is shown as it is then, or not at all.
///
/// # Errors
/// When the database is gone.
pub async fn page_along<L: List>(
    store: &Store,
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: Option<(L::Of, Uuid)>,
    along: Along,
) -> Result<(Page<L::Item>, Company), StoreError> {
    let places = L::places(sight, along);
    let rows = store.pool.query_all(&outlines(sight, list, stretch, of, along, &places)).await?;
    let outlines: Result<Vec<_>, _> = rows.iter().map(|row| outline(row, along, &places)).collect();
    let Page { items: outlines, has_previous, has_next } = stretch.page(outlines?);

    let mut company = Company::default();
    let mut found = Vec::with_capacity(outlines.len());
    let mut missing = Vec::new();
    for outline in outlines {
        let item = recall::<L>(&store.memory, &outline, &mut company);
        if item.is_none() {
            missing.push(outline.item.0);
        }
        found.push((outline.item.0, item));
        if let Some(program) = outline.program.filter(|program| !company.programs.contains(program)) {
            company.programs.push(program);
        }
    }
    let mut read = HashMap::new();
    if !missing.is_empty() {
        read = whole(store, sight, list, &missing, along, &places, &mut company).await?;
    }
    let items = found.into_iter().filter_map(|(id, item)| item.or_else(|| read.remove(&id))).collect();
    Ok((Page { items, has_previous, has_next }, company))
}

/// An item of which everything is known, its company included.
fn recall<L: List>(memory: &Memory, outline: &Outline, company: &mut Company) -> Option<L::Item> {
    let item = L::known(memory)?.find(outline.item)?;
    let people: Option<Vec<_>> = outline.people.iter().map(|at| memory.people.find(*at)).collect();
    let enrollments: Option<Vec<_>> = outline.enrollments.iter().map(|at| memory.enrollments.find(*at)).collect();
    let (people, enrollments) = (people?, enrollments?);
    company.people.extend(people);
    company.enrollments.extend(enrollments);
    Some(item)
}

/// Items with all their columns and those of their company, and takes note of them.
async fn whole<L: List>(
    store: &Store,
    sight: &Sight,
    list: &L,
    ids: &[Uuid],
    along: Along,
    places: &[Place],
    company: &mut Company,
) -> Result<HashMap<Uuid, L::Item>, StoreError> {
    let memory = &store.memory;
    let mut ids_and_versions = Vec::with_capacity(ids.len());
    let mut models = Vec::with_capacity(ids.len());
    for row in &store.pool.query_all(&wholes(sight, list, ids, along, places)).await? {
        ids_and_versions.push((row.try_get("", "id")?, row.try_get("", "version")?));
        // Where the next table's columns begin, in the order in which `wholes` names them.
        let (model, mut first) = L::leading(row)?;
        models.push(model);
        for place in places {
            if along.people {
                let person = Arc::new(people::person(next(row, &mut first)?));
                memory.people.remember((person.id, person.version), Arc::clone(&person));
                company.people.push(person);
            }
            if along.enrollments && place.enrollment.is_some() {
                let enrollment = Arc::new(enrollments::enrollment(next(row, &mut first)?)?);
                memory.enrollments.remember((enrollment.id, enrollment.version), Arc::clone(&enrollment));
                company.enrollments.push(enrollment);
            }
        }
    }
    let mut found = HashMap::with_capacity(models.len());
    for (at, item) in ids_and_versions.into_iter().zip(L::read(store, models).await?) {
        if let Some(known) = L::known(memory) {
            known.remember(at, item.clone());
        }
        found.insert(at.0, item);
    }
    Ok(found)
}

/// The next table's row, after which the one after it begins.
fn next<R: Positional>(row: &QueryResult, first: &mut usize) -> Result<R, DbErr> {
    let found = R::at(row, *first)?;
    *first += R::WIDTH;
    Ok(found)
}

/// An outline, in the order in which [`outlines`] names its columns.
fn outline(row: &QueryResult, along: Along, places: &[Place]) -> Result<Outline, DbErr> {
    let mut first = 0;
    let mut at = || {
        let at = (row.try_get_by_index(first)?, row.try_get_by_index(first + 1)?);
        first += 2;
        Ok::<At, DbErr>(at)
    };
    let mut found = Outline { item: at()?, people: Vec::new(), enrollments: Vec::new(), program: None };
    for place in places {
        if along.people {
            found.people.push(at()?);
        }
        if along.enrollments && place.enrollment.is_some() {
            found.enrollments.push(at()?);
        }
    }
    if along.programs {
        found.program = Some(at()?);
    }
    Ok(found)
}

/// The ids and versions of a page and of its company. The page is cut first and joined then, so that nothing is joined
/// that is not shown.
fn outlines<L: List>(
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: Option<(L::Of, Uuid)>,
    along: Along,
    places: &[Place],
) -> SelectStatement {
    let direction = stretch.reading_order();
    let mut page = under::<L>(select(sight, list), of)
        .filter(within::<L>(stretch))
        .order_by(L::key(stretch.order), direction.clone())
        .order_by(L::id(), direction.clone())
        .limit(stretch.probe())
        .into_query();
    page.clear_selects().column((L::Entity::default(), Asterisk));
    let mut query = Query::select();
    query.from_subquery(page, "page");
    Columns::Versions.select::<L::Entity>(&mut query, "page", "");
    join(&mut query, along, places, Columns::Versions);
    if along.programs {
        let named = Expr::col(("programs", programs::row::Column::Id)).equals(("page", "program_id"));
        query.join(JoinType::InnerJoin, "programs", named.into_condition());
        Columns::Versions.select::<programs::row::Entity>(&mut query, "programs", "");
    }
    query.order_by(("page", L::key(stretch.order)), direction.clone()).order_by(("page", L::id()), direction).to_owned()
}

/// All columns of these items and of their company.
fn wholes<L: List>(sight: &Sight, list: &L, ids: &[Uuid], along: Along, places: &[Place]) -> SelectStatement {
    let page = select(sight, list).filter(Expr::col((L::Entity::default(), L::id())).is_in(rounded(ids))).into_query();
    let mut query = Query::select();
    query.from_subquery(page, "page");
    Columns::All.select::<L::Entity>(&mut query, "page", "");
    join(&mut query, along, places, Columns::All);
    query
}

/// What is read of each table.
#[derive(Clone, Copy)]
enum Columns {
    /// Ids and versions.
    Versions,
    /// Everything, as [`Positional`] has it.
    All,
}

impl Columns {
    fn select<E: EntityTrait>(self, query: &mut SelectStatement, table: &'static str, prefix: &str) {
        match self {
            Self::Versions => {
                query.column((table, "id")).column((table, "version"));
            }
            Self::All => select_as::<E>(query, table, prefix),
        }
    }
}

/// Joins what items name, and selects from it. All of it is there (the schema sees to it) and in their organization, so no
/// row is lost.
fn join(query: &mut SelectStatement, along: Along, places: &[Place], columns: Columns) {
    for (place, ((person, person_prefix), (enrollment, enrollment_prefix))) in
        places.iter().zip(PEOPLE.iter().zip(&ENROLLMENTS))
    {
        if along.people {
            let named = Expr::col((*person, people::row::Column::Id)).eq(place.person.clone());
            query.join_as(JoinType::InnerJoin, "people", *person, named.into_condition());
            columns.select::<people::row::Entity>(query, person, person_prefix);
        }
        if let (true, Some(named)) = (along.enrollments, &place.enrollment) {
            let named = Expr::col((*enrollment, enrollments::row::Column::Id)).eq(named.clone());
            query.join_as(JoinType::InnerJoin, "enrollments", *enrollment, named.into_condition());
            columns.select::<enrollments::row::Entity>(query, enrollment, enrollment_prefix);
        }
    }
}
