//! Registered documents: which GraphQL texts an organization's front ends may run by their hash.

use std::collections::HashMap;

use serde_json::json;
use shared::{
    domain::{
        documents::{BATCH_MAX, DOCUMENTS_MAX, Document, TEXT_MAX, hash},
        refusals::RefusalCode,
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, needs_administrator, not_possible, refuse_field};
use crate::caller::Caller;

/// A text with what the schema says about it: its cost in points, or why it is not taken.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// GraphQL, perhaps.
    pub text: String,
    /// In points.
    pub checked: Result<u64, Vec<String>>,
}

/// What became of one text.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What the text is known by.
    pub hash: String,
    /// In points; `None` when it was not taken.
    pub cost: Option<u64>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Whether a text is a registered document now.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is new.
    Registered(Document),
    /// It was one already.
    Unchanged(Document),
    /// It is none, and here is why.
    Refused(Vec<String>),
}

/// Whether these texts are worth a closer look: the right, their number and their sizes.
///
/// # Errors
/// Refused to anyone but administrators, and for no texts, too many or too long ones.
pub fn may_register(caller: &Caller, texts: &[String]) -> Result<(), UseCaseError> {
    needs_administrator(caller)?;
    if !(1..=BATCH_MAX).contains(&texts.len()) {
        return Err(refuse_field(
            RefusalCode::Invalid,
            "texts",
            format!("send 1 to {BATCH_MAX} documents at one time"),
        ));
    }
    match texts.iter().position(|text| text.len() > TEXT_MAX) {
        Some(index) => {
            let message = format!("a document has at most {TEXT_MAX} bytes");
            Err(refuse_field(RefusalCode::Invalid, &format!("texts.{index}"), message))
        }
        None => Ok(()),
    }
}

/// Registers those of the texts that the schema takes, and says of each what became of it.
///
/// # Errors
/// As [`may_register`], and refused when the organization would have too many documents.
pub async fn register_documents(
    state: &State,
    caller: &Caller,
    candidates: Vec<Candidate>,
) -> Result<Vec<Registration>, UseCaseError> {
    needs_administrator(caller)?;
    let organization_id = caller.organization_id();
    let hashes: Vec<String> = candidates.iter().map(|candidate| hash(&candidate.text)).collect();
    let tx = state.store.begin().await?;
    let known = store::documents::with_hashes(&tx, organization_id, &hashes).await?;
    let mut known: HashMap<String, Document> =
        known.into_iter().map(|document| (document.hash.clone(), document)).collect();
    let before = store::documents::count(&tx, organization_id).await?;
    let mut added: u64 = 0;
    let mut rows = Vec::with_capacity(candidates.len());
    for (Candidate { text, checked }, hash) in candidates.into_iter().zip(hashes) {
        let cost = checked.as_ref().ok().copied();
        let outcome = match (checked, known.get(&hash)) {
            (Err(messages), _) => Outcome::Refused(messages),
            (Ok(_), Some(document)) => Outcome::Unchanged(document.clone()),
            (Ok(_), None) => {
                let (id, created_at) = (state.clock.new_id(), state.clock.now());
                let created_by = Some(caller.person_id());
                let document = Document { id, organization_id, hash: hash.clone(), text, created_by, created_at };
                store::documents::insert(&tx, &document).await.map_err(|error| {
                    super::duplicate(error, "texts", "somebody registers the same documents right now; try again")
                })?;
                added += 1;
                known.insert(hash.clone(), document.clone());
                Outcome::Registered(document)
            }
        };
        rows.push(Registration { hash, cost, outcome });
    }
    if before + added > DOCUMENTS_MAX {
        let message = format!("an organization has at most {DOCUMENTS_MAX} documents; delete those of old releases");
        return Err(not_possible(message));
    }
    if added > 0 {
        state.audit(&tx, caller, "registerDocuments", organization_id, json!({ "registered": added })).await?;
    }
    tx.commit().await?;
    Ok(rows)
}

/// Deletes documents and gives back the ids of those that were there.
///
/// # Errors
/// Refused to anyone but administrators, and for none or too many.
pub async fn delete_documents(state: &State, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Uuid>, UseCaseError> {
    needs_administrator(caller)?;
    if !(1..=BATCH_MAX).contains(&ids.len()) {
        return Err(refuse_field(RefusalCode::Invalid, "ids", format!("send 1 to {BATCH_MAX} ids at one time")));
    }
    let tx = state.store.begin().await?;
    let mut gone = Vec::new();
    for id in ids {
        if store::documents::delete(&tx, caller.organization_id(), *id).await? {
            gone.push(*id);
        }
    }
    if !gone.is_empty() {
        let details = json!({ "deleted": gone.len() });
        state.audit(&tx, caller, "deleteDocuments", caller.organization_id(), details).await?;
    }
    tx.commit().await?;
    Ok(gone)
}
