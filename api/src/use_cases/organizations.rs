//! The organization itself: its name, where it is reached, and what its front ends may do.

use serde_json::json;
use shared::{
    domain::{
        organizations::{ORIGINS_MAX, Organization, OrganizationSettings, origin},
        people::{LINE_MAX, plausible_email, tidy_line},
        refusals::{Refusal, RefusalCode},
    },
    store,
};

use super::{State, UseCaseError, needs_administrator, not_found, passed};
use crate::caller::Caller;

/// Changes to an organization; `None` leaves a field as it is, an empty text clears it.
#[derive(Clone, Debug, Default)]
pub struct OrganizationPatch {
    /// The name people know.
    pub name: Option<String>,
    /// The mail address where participants ask questions.
    pub contact: Option<String>,
    /// The organization's own portal.
    pub portal_url: Option<String>,
    /// The origins whose pages may read answers; the whole list.
    pub allowed_origins: Option<Vec<String>>,
    /// Whether participants may only run registered documents.
    pub documents_only: Option<bool>,
}

/// Changes the caller's organization.
///
/// # Errors
/// Refused to anyone but administrators, for invalid fields, and when somebody else changes it at the same time.
pub async fn update_organization(
    state: &State,
    caller: &Caller,
    patch: OrganizationPatch,
) -> Result<Organization, UseCaseError> {
    needs_administrator(caller)?;
    let tx = state.store.begin().await?;
    let id = caller.organization_id();
    let found = store::organizations::find(&tx, id).await?;
    let mut organization = found.ok_or_else(|| not_found("id", "organization"))?;
    let read_at = organization.updated_at;
    let now = state.clock.now();
    let settings = store::organization_settings::find(&tx, id).await?;
    let mut settings = settings.unwrap_or_else(|| OrganizationSettings::new(id, now));
    passed(apply(patch, &mut organization, &mut settings))?;
    (organization.updated_at, settings.updated_at) = (now, now);
    store::organizations::update(&tx, &organization, read_at).await?;
    store::organization_settings::save(&tx, &settings).await?;
    let details = json!({ "allowedOrigins": settings.allowed_origins, "documentsOnly": settings.documents_only });
    state.audit(&tx, caller, "updateOrganization", id, details).await?;
    tx.commit().await?;
    Ok(organization)
}

fn apply(
    patch: OrganizationPatch,
    organization: &mut Organization,
    settings: &mut OrganizationSettings,
) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut invalid = |field: &str, message: String| found.push(Refusal::field(RefusalCode::Invalid, field, message));
    let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(name) = patch.name {
        organization.name = tidy_line(&name);
        if organization.name.is_empty() || organization.name.chars().count() > LINE_MAX {
            invalid("name", format!("give a name of 1 to {LINE_MAX} characters"));
        }
    }
    if let Some(contact) = patch.contact {
        organization.contact = some(contact);
        if organization.contact.as_deref().is_some_and(|contact| !plausible_email(contact)) {
            invalid("contact", "give a mail address like mentoring@example.org".to_owned());
        }
    }
    if let Some(url) = patch.portal_url {
        organization.portal_url = some(url);
        if organization.portal_url.as_deref().is_some_and(|url| !is_portal(url)) {
            invalid("portalUrl", "give an address like https://portal.example.org/mentoring".to_owned());
        }
    }
    if let Some(origins) = patch.allowed_origins {
        let mut allowed = Vec::with_capacity(origins.len().min(ORIGINS_MAX));
        if origins.len() > ORIGINS_MAX {
            invalid("allowedOrigins", format!("list at most {ORIGINS_MAX} origins"));
        } else {
            for (index, text) in origins.iter().enumerate() {
                match origin(text) {
                    Some(origin) => allowed.push(origin),
                    None => invalid(
                        &format!("allowedOrigins.{index}"),
                        "give exactly what a browser sends, like https://portal.example.org or http://localhost:3000"
                            .to_owned(),
                    ),
                }
            }
        }
        allowed.sort();
        allowed.dedup();
        settings.allowed_origins = allowed;
    }
    if let Some(documents_only) = patch.documents_only {
        settings.documents_only = documents_only;
    }
    found
}

/// A web address that a mail can link to: of an origin that could be listed, and without anything that ends a link.
fn is_portal(url: &str) -> bool {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| url.len() - rest.len() + at));
    let (own, path) = url.split_at(path.unwrap_or(url.len()));
    origin(own).is_some()
        && url.len() <= 2_000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_portal;

    #[test]
    fn a_portal_is_a_web_address() {
        for url in ["https://portal.example.org", "https://portal.example.org/a/b?c=d#e", "http://localhost:3000/x"] {
            assert!(is_portal(url), "{url}");
        }
        for url in ["portal.example.org", "http://portal.example.org", "javascript:alert(1)", "https://", "https://a b"]
        {
            assert!(!is_portal(url), "{url}");
        }
        assert!(!is_portal("https://portal.example.org/\"onclick=x"));
    }
}
