//! Registered documents.

use async_graphql::{Context, ID, InputObject, Object};
use shared::{domain::documents, store::lists::documents::DocumentList};

use super::{
    connections::order,
    ids::{Kind, global},
    people::Person,
    reader::{Maybe, reader},
    scalars::Instant,
};

/// How the id of a document begins that requests send.
pub(super) const SHA256: &str = "sha256:";

order! {
    /// The order of a list of documents; by default the latest first. Documents never change.
    DocumentOrder, DocumentOrderField = "shared::store::lists::documents::DocumentOrder" shared::store::lists::documents::DocumentOrder {
        /// When they were registered.
        CreatedAt,
    } default CreatedAt Desc
}

/// Which documents.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct DocumentWhere {
    /// With one of these `documentId`s.
    document_ids: Option<Vec<String>>,
}

impl DocumentWhere {
    pub(super) fn list(filter: Option<Self>) -> DocumentList {
        let ids = filter.and_then(|filter| filter.document_ids);
        let hash = |id: String| id.strip_prefix(SHA256).unwrap_or_default().to_owned();
        DocumentList { hashes: ids.map(|ids| ids.into_iter().map(hash).collect()) }
    }
}

impl From<documents::Document> for Document {
    fn from(document: documents::Document) -> Self {
        Self(document)
    }
}

/// A GraphQL document that the organization's front ends may run by its hash.
#[derive(Clone, Debug)]
pub(super) struct Document(pub(super) documents::Document);

/// A GraphQL document that the organization's front ends may run by its hash. For administrators.
#[Object]
impl Document {
    /// Its global id, for `deleteDocuments`.
    async fn id(&self) -> ID {
        global(Kind::Document, self.0.id)
    }

    /// What requests send as `documentId`: `sha256:` and the SHA-256 of the text in UTF-8, 64 lower-case hexadecimal
    /// digits.
    async fn document_id(&self) -> String {
        format!("{SHA256}{}", self.0.hash)
    }

    /// The document.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who registered it; null if they are gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let created_by = self.0.created_by?;
        let person = async { Ok(reader(ctx)?.person(created_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// When it was registered.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}
