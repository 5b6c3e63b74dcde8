//! Issuers whose tokens are taken, and the accounts people sign in with.

use async_graphql::{Context, ID, Object};
use shared::domain::issuers;

use super::{
    connections::order,
    ids::{Kind, global},
    people::Person,
    reader::{Maybe, reader},
    scalars::Instant,
    words::LinkBy,
};

order! {
    /// The order of a list of issuers; by default by name.
    IssuerOrder, IssuerOrderField = "shared::store::lists::issuers::IssuerOrder" shared::store::lists::issuers::IssuerOrder {
        /// Their name.
        Name,
        /// When they last changed.
        UpdatedAt,
    } default Name Asc
}

order! {
    /// The order of a list of identities; by default the latest first.
    IdentityOrder, IdentityOrderField = "shared::store::lists::identities::IdentityOrder" shared::store::lists::identities::IdentityOrder {
        /// When they were linked.
        CreatedAt,
    } default CreatedAt Desc
}

/// An identity provider whose tokens are taken.
#[derive(Clone, Debug)]
pub(super) struct Issuer(issuers::Issuer);

impl From<issuers::Issuer> for Issuer {
    fn from(issuer: issuers::Issuer) -> Self {
        Self(issuer)
    }
}

/// An identity provider whose access or id tokens (JWT, signed with RS256, ES256 or `EdDSA`) the organization takes as bearer
/// tokens. For administrators.
#[Object]
impl Issuer {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::Issuer, self.0.id)
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The `iss` of its tokens, to the letter.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The address of its JSON Web Key Set; null if it is found by `OpenID` Connect discovery, below `issuer`.
    async fn jwks_url(&self) -> Option<&str> {
        self.0.jwks_url.as_deref()
    }

    /// What the `aud` of its tokens must be or contain.
    async fn audience(&self) -> &str {
        &self.0.audience
    }

    /// How somebody who signs in for the first time is found among the people.
    async fn link_by(&self) -> LinkBy {
        self.0.link_by.into()
    }

    /// The claim that holds the address or the external id.
    async fn link_claim(&self) -> &str {
        &self.0.link_claim
    }

    /// Whether its addresses count without `email_verified`.
    async fn trusts_email(&self) -> bool {
        self.0.trusts_email
    }

    /// Whether its tokens are taken now.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// An account of an issuer that a person signs in with.
#[derive(Clone, Debug)]
pub(super) struct Identity(issuers::Identity);

impl From<issuers::Identity> for Identity {
    fn from(identity: issuers::Identity) -> Self {
        Self(identity)
    }
}

/// An account of an issuer that a person signs in with: linked at the first sign-in, and from then on the same person
/// whatever the account's claims say. For the person themselves and administrators.
#[Object]
impl Identity {
    /// Its global id, for `deleteIdentity`.
    async fn id(&self) -> ID {
        global(Kind::Identity, self.0.id)
    }

    /// Who signs in with it.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// The name of its issuer.
    async fn issuer_name(&self, ctx: &Context<'_>) -> Maybe<String> {
        let issuer = async { Ok(reader(ctx)?.issuer(self.0.issuer_id).await?.map(|issuer| issuer.name)) };
        issuer.await.transpose()
    }

    /// The account's id with its issuer, the `sub` of its tokens.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// When it was linked.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it was last used, to the day.
    async fn last_seen_at(&self) -> Instant {
        Instant(self.0.last_seen_at)
    }
}
