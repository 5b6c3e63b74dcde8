//! Sign-ins without an identity provider: a mailed link is redeemed once, and what follows is a chain of refresh tokens.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use uuid::Uuid;

/// How long a mailed link works.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long an access token of a sign-in works.
pub const ACCESS_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a sign-in can be refreshed at most.
pub const SIGN_IN_LIFE: TimeDelta = TimeDelta::days(30);
/// How long a sign-in may go without being refreshed.
pub const IDLE_LIFE: TimeDelta = TimeDelta::days(7);
/// For how long the token before may come again, because its answer got lost.
pub const RETRY: TimeDelta = TimeDelta::seconds(10);
/// How often one address may ask for a link in [`WINDOW`].
pub const LINKS_PER_ADDRESS: u64 = 5;
/// How many links an organization sends in [`WINDOW`].
pub const LINKS_PER_ORGANIZATION: u64 = 1_000;
/// The time over which links are counted.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);
/// How many wrong secrets end a link.
pub const GUESSES: i32 = 5;

/// Somebody asked for a link by which they can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// `UUIDv7`; also the first half of its code.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// SHA-256 of the address that was typed, in lower case.
    pub address_hash: String,
    /// Whose address it is; `None` when nobody active has it.
    pub person_id: Option<Uuid>,
    /// Where the link leads, without the code.
    pub page: String,
    /// SHA-256 of the secret half of the code; `None` until the mail is written.
    pub code_hash: Option<String>,
    /// How often a wrong secret was tried.
    pub failures: i32,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was used, replaced by a newer one, or guessed at too often.
    pub ended_at: Option<DateTime<Utc>>,
    /// When somebody asked.
    pub created_at: DateTime<Utc>,
}

/// A person's signing in somewhere, until it ends: what RFC 9700 calls a family of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Who.
    pub person_id: Uuid,
    /// The latest end.
    pub expires_at: DateTime<Utc>,
    /// The end unless it is refreshed.
    pub idle_until: DateTime<Utc>,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
    /// When the link was redeemed.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl SignIn {
    /// Whether it can be refreshed.
    pub fn lives(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.idle_until && now < self.expires_at
    }
}

/// A token that is exchanged for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// `UUIDv7`; also its first half.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// What it prolongs.
    pub sign_in_id: Uuid,
    /// SHA-256 of its secret half.
    pub token_hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was exchanged.
    pub replaced_at: Option<DateTime<Utc>>,
    /// For which one it was exchanged; `None` for one whose own answer got lost: nobody should have it.
    pub replaced_by: Option<Uuid>,
}

/// What presenting a refresh token amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The usual case.
    Next,
    /// The same again, at once: the answer with the next token got lost, so that one is replaced, too.
    Retry,
    /// A token that was exchanged comes back: two hold it, and one of them stole it (RFC 9700, section 4.14.2).
    Reuse,
}

/// What presenting `token` amounts to, when the token it was exchanged for is `next`.
///
/// Whichever way it goes, one token of the chain works at a time, so a thief and the owner cannot both go on unnoticed,
/// not even within the time for a retry.
pub fn refresh(token: &RefreshToken, next: Option<&RefreshToken>, now: DateTime<Utc>) -> Refresh {
    let Some(replaced_at) = token.replaced_at else { return Refresh::Next };
    let is_unused = next.is_some_and(|next| next.replaced_at.is_none());
    if is_unused && now - replaced_at <= RETRY { Refresh::Retry } else { Refresh::Reuse }
}

/// Where a link with a code may lead: `wanted`, if it is a page of the portal, or else the portal itself.
///
/// # Errors
/// What is wrong with `wanted`.
pub fn page(portal_url: Option<&str>, wanted: Option<&str>) -> Result<Option<String>, &'static str> {
    let portal =
        portal_url.map(Url::parse).transpose().map_err(|_| "the organization's portal has no usable address")?;
    let Some(wanted) = wanted else { return Ok(portal.map(|portal| without_fragment(portal).to_string())) };
    let portal = portal.ok_or("the organization has no portal to lead to; leave it out")?;
    let wanted = Url::parse(wanted).map_err(|_| "use a whole address, such as https://portal.example.org/welcome")?;
    if wanted.origin() != portal.origin() || !portal.origin().is_tuple() {
        return Err("it must have the scheme, host and port of the organization's portal");
    }
    if !wanted.username().is_empty() || wanted.password().is_some() || wanted.fragment().is_some() {
        return Err("leave out user, password and fragment; the code becomes the fragment");
    }
    Ok(Some(wanted.to_string()))
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use uuid::Uuid;

    use super::{Refresh, RefreshToken, page, refresh};

    const PORTAL: Option<&str> = Some("https://portal.example.org/app");

    #[test]
    fn a_link_leads_to_the_portal_or_a_page_of_it() {
        assert_eq!(page(PORTAL, None), Ok(Some("https://portal.example.org/app".to_owned())));
        assert_eq!(page(None, None), Ok(None));
        let inside = "https://portal.example.org/welcome?next=%2Fmatches";
        assert_eq!(page(PORTAL, Some(inside)), Ok(Some(inside.to_owned())));
        assert_eq!(
            page(PORTAL, Some("HTTPS://Portal.Example.ORG:443/x")),
            Ok(Some("https://portal.example.org/x".to_owned()))
        );
        assert!(page(None, Some(inside)).is_err());
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        for outside in [
            "",
            "/welcome",
            "//evil.example",
            "https://evil.example/",
            "http://portal.example.org/",
            "https://portal.example.org:444/",
            "https://portal.example.org.evil.example/",
            "https://portal.example.org@evil.example/",
            "https://evil.example\\@portal.example.org/",
            "https://evil.example#@portal.example.org/",
            "https://user@portal.example.org/",
            "https://portal.example.org/#here",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert!(page(PORTAL, Some(outside)).is_err(), "{outside}");
        }
    }

    fn token(replaced_at: Option<DateTime<Utc>>) -> RefreshToken {
        RefreshToken {
            id: Uuid::from_u128(1),
            organization_id: Uuid::nil(),
            sign_in_id: Uuid::nil(),
            token_hash: String::new(),
            created_at: DateTime::UNIX_EPOCH,
            replaced_at,
            replaced_by: replaced_at.map(|_| Uuid::from_u128(2)),
        }
    }

    #[test]
    fn only_a_retry_at_once_is_no_reuse() {
        let then = DateTime::UNIX_EPOCH;
        let (unused, used) = (token(None), token(Some(then)));
        let later = |seconds| then + TimeDelta::seconds(seconds);
        assert_eq!(refresh(&unused, None, later(0)), Refresh::Next);
        assert_eq!(refresh(&used, Some(&unused), later(10)), Refresh::Retry);
        assert_eq!(refresh(&used, Some(&unused), later(11)), Refresh::Reuse);
        assert_eq!(refresh(&used, Some(&used), later(1)), Refresh::Reuse, "the next one was used already");
        assert_eq!(refresh(&used, None, later(1)), Refresh::Reuse, "its own answer got lost");
    }
}
