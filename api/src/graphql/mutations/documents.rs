//! Mutations of registered documents.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        documents::{Document, SHA256},
        ids::{Kind, global},
        reader::{Maybe, Reader, reader},
        validate,
    },
    use_cases::documents::{self, Candidate, Registration},
};

/// Documents to register.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RegisterDocumentsInput {
    /// Their texts, 1 to 100 of at most 64 KiB each. Whitespace counts: send the very texts that the front end was built
    /// with.
    texts: Vec<String>,
}

/// Documents to delete.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DeleteDocumentsInput {
    /// Their ids (not their `documentId`s), 1 to 100.
    ids: Vec<ID>,
}

/// What became of one text.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentOutcome {
    /// It was registered.
    Registered,
    /// It was registered already.
    Unchanged,
    /// It was not registered: `messages` say why.
    Refused,
}

/// What became of one text, in the order they were sent.
#[derive(SimpleObject, Debug)]
pub(super) struct DocumentRow {
    /// What requests would send as `documentId`.
    document_id: String,
    /// What became of it.
    outcome: DocumentOutcome,
    /// The registered document; null when it was refused.
    document: Option<Document>,
    /// What it costs in points, lists whose size is a variable counted as 100; null when it was refused. A request is
    /// costed with its own variables.
    cost: Option<i32>,
    /// Why it was refused; empty when it was not.
    messages: Vec<String>,
}

/// What a registration did, text by text.
#[derive(SimpleObject, Debug)]
pub(super) struct DocumentReport {
    /// One row a text.
    rows: Vec<DocumentRow>,
}

payload! {
    /// What became of `registerDocuments`.
    RegisterDocumentsPayload as "registerDocuments" {
        /// What was done, text by text; null when all of it was refused.
        report: DocumentReport
    } RegisterDocumentsUserError RegisterDocumentsErrorCode: Invalid Forbidden NotPossible AlreadyExists
}

payload! {
    /// What became of `deleteDocuments`.
    DeleteDocumentsPayload as "deleteDocuments" {
        /// The ids of those that were there and are gone now; null when it was refused.
        deleted_document_ids: Vec<ID>
    } DeleteDocumentsUserError DeleteDocumentsErrorCode: Invalid Forbidden
}

impl DocumentRow {
    fn of(Registration { hash, cost, outcome }: Registration) -> Self {
        let (outcome, document, messages) = match outcome {
            documents::Outcome::Registered(document) => (DocumentOutcome::Registered, Some(document), Vec::new()),
            documents::Outcome::Unchanged(document) => (DocumentOutcome::Unchanged, Some(document), Vec::new()),
            documents::Outcome::Refused(messages) => (DocumentOutcome::Refused, None, messages),
        };
        let cost = cost.filter(|_| document.is_some()).map(|cost| i32::try_from(cost).unwrap_or(i32::MAX));
        Self { document_id: format!("{SHA256}{hash}"), outcome, document: document.map(Document), cost, messages }
    }
}

/// Mutations of registered documents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DocumentMutations;

#[Object]
impl DocumentMutations {
    /// Registers documents for the organization's front ends: each is parsed, validated and measured, and those that
    /// pass can be run by their hash at once. For administrators.
    async fn register_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The documents.")] input: RegisterDocumentsInput,
    ) -> Maybe<RegisterDocumentsPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            documents::may_register(caller, &input.texts)?;
            let mut candidates = Vec::with_capacity(input.texts.len());
            for text in input.texts {
                let checked = validate(&text).await;
                candidates.push(Candidate { text, checked });
            }
            let rows = documents::register_documents(state, caller, candidates).await?;
            Ok(DocumentReport { rows: rows.into_iter().map(DocumentRow::of).collect() })
        })
        .await
    }

    /// Deletes registered documents. Requests that name them fail within half a minute. For administrators.
    async fn delete_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The documents.")] input: DeleteDocumentsInput,
    ) -> Maybe<DeleteDocumentsPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let mut ids = Vec::with_capacity(input.ids.len());
            for (index, id) in input.ids.iter().enumerate() {
                ids.push(take(Kind::Document, &format!("ids.{index}"), id)?);
            }
            let gone = documents::delete_documents(state, caller, &ids).await?;
            Ok(gone.into_iter().map(|id| global(Kind::Document, id)).collect())
        })
        .await
    }
}
