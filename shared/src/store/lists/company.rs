//! What is read along with a page, in the same statement.
//!
//! A page of matches is shown with the people and answers behind them, and a page of enrollments with its people. Level
//! by level that takes a statement each, one after the other; joined to the page it takes none.

use sea_orm::{
    ConnectionTrait, DbErr, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, IntoCondition, JoinType, Query, SelectStatement},
};
use uuid::Uuid;

use super::{List, Page, Sight, Stretch, select, under, within};
use crate::{
    domain::{enrollments::Enrollment, people::Person},
    store::{
        Reads, StoreError, enrollments, people,
        positions::{Positional, select_as},
        programs,
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
    pub people: Vec<Person>,
    /// Enrollments.
    pub enrollments: Vec<Enrollment>,
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

/// One stretch of a list, as [`super::page`] reads it, with its company.
///
/// # Errors
/// When the database is gone.
pub async fn page_along<L: List>(
    reads: &impl Reads,
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: Option<(L::Of, Uuid)>,
    along: Along,
) -> Result<(Page<L::Item>, Company), StoreError> {
    let places = L::places(sight, along);
    let query = statement(sight, list, stretch, of, along, &places);
    let rows = reads.conn().query_all(&query).await?;
    let mut models = Vec::with_capacity(rows.len());
    let mut company = Company::default();
    for row in &rows {
        // Where the next table's columns begin, in the order in which `statement` names them.
        let (model, mut first) = L::leading(row)?;
        models.push(model);
        for place in &places {
            if along.people {
                company.people.push(people::person(next(row, &mut first)?));
            }
            if along.enrollments && place.enrollment.is_some() {
                company.enrollments.push(enrollments::enrollment(next(row, &mut first)?)?);
            }
        }
        if along.programs {
            let program = (row.try_get("", "program_id")?, row.try_get_by_index(first)?);
            if !company.programs.contains(&program) {
                company.programs.push(program);
            }
        }
    }
    Ok((stretch.page(L::read(reads, models).await?), company))
}

/// The next table's row, after which the one after it begins.
fn next<R: Positional>(row: &QueryResult, first: &mut usize) -> Result<R, DbErr> {
    let found = R::at(row, *first)?;
    *first += R::WIDTH;
    Ok(found)
}

/// The page is cut first and joined then, so that nothing is joined that is not shown. What items name is there (the
/// schema sees to it) and in their organization, so no row is lost.
fn statement<L: List>(
    sight: &Sight,
    list: &L,
    stretch: &Stretch<L::Order>,
    of: Option<(L::Of, Uuid)>,
    along: Along,
    places: &[Place],
) -> SelectStatement {
    let direction = stretch.reading_order();
    let page = under::<L>(select(sight, list), of)
        .filter(within::<L>(stretch))
        .order_by(L::key(stretch.order), direction.clone())
        .order_by(L::id(), direction.clone())
        .limit(stretch.probe())
        .into_query();
    let mut query = Query::select();
    select_as::<L::Entity>(&mut query, "page", "");
    query.from_subquery(page, "page");
    for (place, ((person, person_prefix), (enrollment, enrollment_prefix))) in
        places.iter().zip(PEOPLE.iter().zip(&ENROLLMENTS))
    {
        if along.people {
            let named = Expr::col((*person, people::row::Column::Id)).eq(place.person.clone());
            query.join_as(JoinType::InnerJoin, "people", *person, named.into_condition());
            select_as::<people::row::Entity>(&mut query, person, person_prefix);
        }
        if let (true, Some(named)) = (along.enrollments, &place.enrollment) {
            let named = Expr::col((*enrollment, enrollments::row::Column::Id)).eq(named.clone());
            query.join_as(JoinType::InnerJoin, "enrollments", *enrollment, named.into_condition());
            select_as::<enrollments::row::Entity>(&mut query, enrollment, enrollment_prefix);
        }
    }
    if along.programs {
        let named = Expr::col(("programs", programs::row::Column::Id)).equals(("page", "program_id"));
        query.join(JoinType::InnerJoin, "programs", named.into_condition());
        query.expr_as(Expr::col(("programs", programs::row::Column::Version)), "program_version");
    }
    query.order_by(("page", L::key(stretch.order)), direction.clone()).order_by(("page", L::id()), direction).to_owned()
}
