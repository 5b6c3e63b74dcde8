//! How a page is read: what is asked for under its items decides what is read along with them.
//!
//! Everything works without a plan: each level gathers what it needs and loads it in one statement ([`super::batch`]). But
//! levels wait for each other. The pages that everybody looks at all day (my matches with the partners and what they
//! said; a list of enrollments with names) are therefore read with all of that in one statement.

use async_graphql::{Context, Lookahead, QueryPathSegment, parser::types::OperationType};
use shared::store::lists::Along;

/// What is selected under the items of a connection, whether by `nodes` or by `edges`.
pub(super) struct Selected<'a>([Lookahead<'a>; 2]);

impl<'a> Selected<'a> {
    /// The selection under a connection that is being resolved.
    pub(super) fn under(ctx: &'a Context<'a>) -> Self {
        let connection = ctx.look_ahead();
        Self([connection.field("nodes"), connection.field("edges").field("node")])
    }

    fn field(&self, name: &str) -> Self {
        Self([self.0[0].field(name), self.0[1].field(name)])
    }

    fn has(&self, name: &str) -> bool {
        self.has_any(&[name])
    }

    fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.iter().any(|items| items.field(name).exists()))
    }
}

/// Whether this field is resolved once in the request. A connection under the items of a list has siblings, and is read
/// together with theirs instead. Nor is anything kept in a mutation, which may change it in between.
pub(super) fn stands_alone(ctx: &Context<'_>) -> bool {
    if ctx.query_env.operation.node.ty != OperationType::Query {
        return false;
    }
    let mut step = ctx.path_node.as_ref();
    while let Some(node) = step {
        if matches!(node.segment, QueryPathSegment::Index(_)) {
            return false;
        }
        step = node.parent;
    }
    true
}

/// What matches are shown with.
pub(super) fn matches(items: &Selected<'_>) -> Along {
    let sides = items.field("sides");
    let partner_side = items.field("partnerSide");
    let answers = |side: &Selected<'_>| side.has_any(&["about", "role"]);
    Along {
        people: items.has("partner") || partner_side.has("person") || sides.has("person"),
        enrollments: answers(&sides) || answers(&partner_side),
        programs: items.has("program") || sides.has("about") || partner_side.has("about"),
        partners_only: !(sides.has("person") || answers(&sides)),
    }
}

/// What enrollments are shown with.
pub(super) fn enrollments(items: &Selected<'_>) -> Along {
    Along { people: items.has("person"), programs: items.has_any(&["program", "about", "wanted"]), ..Along::default() }
}
