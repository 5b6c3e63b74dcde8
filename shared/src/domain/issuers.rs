//! Issuers: identity providers whose tokens an organization takes, and whom their subjects stand for.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    people::{LINE_MAX, tidy_line},
    refusals::{Refusal, RefusalCode},
    states::words,
};

/// The longest `iss`, `aud`, `sub` or claim value that is taken, in bytes. `OpenID` Connect allows subjects of 255.
pub const CLAIM_MAX: usize = 255;
/// The most issuers of one organization.
pub const ISSUERS_MAX: usize = 20;
/// The claim that holds an address (`OpenID` Connect Core 1.0, section 5.1), and the only one that `email_verified` vouches
/// for.
pub const EMAIL_CLAIM: &str = "email";

words! {
    /// How somebody who signs in for the first time is found among the organization's people.
    LinkBy {
        /// By their mail address.
        Email = "EMAIL",
        /// By the institution's own id.
        ExternalId = "EXTERNAL_ID",
    }
}

/// An identity provider whose tokens an organization takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The name to show.
    pub name: String,
    /// The `iss` of its tokens, to the letter.
    pub issuer: String,
    /// Where its keys are (RFC 7517); `None`: found by `OpenID` Connect discovery.
    pub jwks_url: Option<String>,
    /// What the `aud` of its tokens must be or contain.
    pub audience: String,
    /// What links a subject to a person at the first sign-in.
    pub link_by: LinkBy,
    /// The claim that holds it.
    pub link_claim: String,
    /// Whether its addresses count without `email_verified`.
    pub trusts_email: bool,
    /// Whether its tokens are taken now.
    pub active: bool,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whom a subject of an issuer stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The issuer.
    pub issuer_id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// The `sub` of the issuer's tokens.
    pub subject: String,
    /// When the two were linked.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the day.
    pub last_seen_at: DateTime<Utc>,
}

/// Checks what administrators fill in and tidies it in place; addresses are checked by whoever calls them. Empty when all
/// is well.
pub fn check(issuer: &mut Issuer) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut refuse = |field: &str, message: &str| found.push(Refusal::field(RefusalCode::Invalid, field, message));
    issuer.name = tidy_line(&issuer.name);
    if issuer.name.is_empty() || issuer.name.chars().count() > LINE_MAX {
        refuse("name", "give a name of 1 to 200 characters");
    }
    if !fits(&issuer.issuer) {
        refuse("issuer", "give the `iss` of its tokens to the letter, 1 to 255 bytes without spaces");
    }
    if !fits(&issuer.audience) {
        refuse("audience", "give the `aud` of its tokens to the letter, 1 to 255 bytes without spaces");
    }
    if !fits(&issuer.link_claim) {
        refuse("linkClaim", "give the name of a claim, 1 to 255 bytes without spaces");
    }
    if issuer.link_by == LinkBy::Email && issuer.link_claim != EMAIL_CLAIM && !issuer.trusts_email {
        let message = "`email_verified` vouches for the claim `email` only; use that, or trust the issuer's addresses";
        refuse("linkClaim", message);
    }
    found
}

fn fits(text: &str) -> bool {
    (1..=CLAIM_MAX).contains(&text.len()) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_claim_is_refused() {
        let good = Issuer {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            name: " Our\nportal ".to_owned(),
            issuer: "https://id.example.org".to_owned(),
            jwks_url: None,
            audience: "counterpart".to_owned(),
            link_by: LinkBy::Email,
            link_claim: EMAIL_CLAIM.to_owned(),
            trusts_email: false,
            active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let fields = |change: &dyn Fn(&mut Issuer)| {
            let mut issuer = good.clone();
            change(&mut issuer);
            check(&mut issuer).into_iter().filter_map(|refusal| refusal.field).collect::<Vec<_>>()
        };
        let mut tidied = good.clone();
        assert_eq!(check(&mut tidied), []);
        assert_eq!(tidied.name, "Our portal");
        assert_eq!(fields(&|issuer| issuer.name = " ".to_owned()), ["name"]);
        assert_eq!(fields(&|issuer| issuer.issuer = "https://id.example.org ".to_owned()), ["issuer"]);
        assert_eq!(fields(&|issuer| issuer.audience = String::new()), ["audience"]);
        assert_eq!(fields(&|issuer| issuer.audience = "a".repeat(256)), ["audience"]);
        assert_eq!(fields(&|issuer| issuer.link_claim = "upn".to_owned()), ["linkClaim"], "nobody vouches for it");
        let trusted = |issuer: &mut Issuer| {
            issuer.link_claim = "upn".to_owned();
            issuer.trusts_email = true;
        };
        assert_eq!(fields(&trusted), Vec::<String>::new());
        let by_id = |issuer: &mut Issuer| {
            issuer.link_claim = "matriculation".to_owned();
            issuer.link_by = LinkBy::ExternalId;
        };
        assert_eq!(fields(&by_id), Vec::<String>::new());
    }
}
