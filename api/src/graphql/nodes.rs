//! Anything that can be looked up by its global id.

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Result};
use shared::store::lists::{
    self,
    check_ins::CheckInList,
    constraints::ConstraintList,
    enrollments::EnrollmentList,
    events::EventList,
    match_runs::MatchRunList,
    matches::MatchList,
    people::PersonList,
    programs::ProgramList,
    rounds::RoundList,
    sessions::SessionList,
    webhooks::{WebhookDeliveryList, WebhookEndpointList},
};
use uuid::Uuid;

use super::{
    check_ins::CheckIn,
    constraints::Constraint,
    enrollments::Enrollment,
    errors::{ErrorCode, fail},
    events::Event,
    ids::{self, Kind},
    match_runs::MatchRun,
    matches::Match,
    organizations::Organization,
    people::Person,
    programs::Program,
    reader::{Reader, Shown, reader},
    rounds::Round,
    sessions::Session,
    webhooks::{WebhookDelivery, WebhookEndpoint},
};

/// Anything that can be looked up by its global id.
#[derive(Interface, Clone, Debug)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id: opaque, and of one kind of thing."))]
pub(super) enum Node {
    CheckIn(CheckIn),
    Constraint(Constraint),
    Enrollment(Enrollment),
    Event(Event),
    Match(Match),
    MatchRun(MatchRun),
    Organization(Organization),
    Person(Person),
    Program(Program),
    Round(Round),
    Session(Session),
    WebhookDelivery(WebhookDelivery),
    WebhookEndpoint(WebhookEndpoint),
}

/// The things with these ids, in their order: one statement per kind of thing. None for what is absent, hidden, of
/// another tenant, or of a kind that is not looked up.
///
/// # Errors
/// `BAD_USER_INPUT` for a text that is no id.
pub(super) async fn nodes(ctx: &Context<'_>, name: &str, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    let reader = reader(ctx)?;
    let read = |id: &ID| {
        ids::read(id).ok_or_else(|| fail(ErrorCode::BadUserInput, format!("`{name}` holds a text that is no id")))
    };
    let wanted = ids.iter().map(read).collect::<Result<Vec<_>>>()?;
    let mut found = Found { reader, wanted: &wanted, nodes: HashMap::new() };
    found.load::<CheckInList>(Kind::CheckIn, Node::CheckIn).await?;
    found.load::<ConstraintList>(Kind::Constraint, Node::Constraint).await?;
    found.load::<EnrollmentList>(Kind::Enrollment, Node::Enrollment).await?;
    found.load::<EventList>(Kind::Event, Node::Event).await?;
    found.load::<MatchList>(Kind::Match, Node::Match).await?;
    found.load::<MatchRunList>(Kind::MatchRun, Node::MatchRun).await?;
    found.load::<PersonList>(Kind::Person, Node::Person).await?;
    found.load::<ProgramList>(Kind::Program, Node::Program).await?;
    found.load::<RoundList>(Kind::Round, Node::Round).await?;
    found.load::<SessionList>(Kind::Session, Node::Session).await?;
    found.load::<WebhookDeliveryList>(Kind::WebhookDelivery, Node::WebhookDelivery).await?;
    found.load::<WebhookEndpointList>(Kind::WebhookEndpoint, Node::WebhookEndpoint).await?;
    let own = &reader.caller.organization;
    found.nodes.insert((Kind::Organization.name(), own.id), Node::Organization(Organization(own.clone())));
    Ok(wanted.iter().map(|(kind, id)| found.nodes.get(&(kind.name(), *id)).cloned()).collect())
}

struct Found<'r> {
    reader: &'r Reader,
    wanted: &'r [(Kind, Uuid)],
    nodes: HashMap<(&'static str, Uuid), Node>,
}

impl Found<'_> {
    async fn load<L: Shown>(&mut self, kind: Kind, node: impl Fn(L::Node) -> Node) -> Result<()> {
        let mut ids: Vec<Uuid> = self.wanted.iter().filter(|(wanted, _)| *wanted == kind).map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        let items = lists::find_visible(&self.reader.state.store, &self.reader.sight, &L::lookup(), &ids).await?;
        self.nodes.extend(items.into_iter().map(|item| ((kind.name(), L::id_of(&item)), node(item.into()))));
        Ok(())
    }
}
