//! `/unsubscribe?t=<token>`: people switch mail off without signing in. A POST of a mail program does it at once (RFC 8058);
//! a GET only shows a page, because whoever scans links of mails follows them all.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes},
};
use serde::Deserialize;
use shared::{
    domain::{
        mail::{MailCategory, MailPreference},
        people::Person,
    },
    store::{self, StoreError},
};

use super::{Service, access_log::request_id};
use crate::use_cases::mail_preferences;

/// No honest form is longer, in bytes.
const LONGEST: usize = 4 * 1024;

/// Styles from here, forms to here, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// The query of a link; paths are logged, queries are not.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    t: String,
}

/// The page, with what the person wants now.
pub(super) async fn show(service: web::Data<Service>, link: web::Query<Link>) -> HttpResponse {
    let found = async {
        let Some((person, category)) = mail_preferences::by_link(&service.state, &link.t).await? else {
            return Ok(None);
        };
        let wishes = store::mail_preferences::of_person(&service.store, person.organization_id, person.id).await?;
        Ok::<_, StoreError>(Some((person, category, wishes)))
    };
    match found.await {
        Ok(Some((person, category, wishes))) => page(StatusCode::OK, &sheet(&person, category, &wishes, false)),
        Ok(None) => unknown(),
        Err(error) => unavailable(&error),
    }
}

/// A mail program's one click, or the page's form. Done twice it is done once.
pub(super) async fn change(
    request: HttpRequest,
    service: web::Data<Service>,
    link: web::Query<Link>,
    body: Bytes,
) -> HttpResponse {
    let (person, category) = match mail_preferences::by_link(&service.state, &link.t).await {
        Ok(Some(found)) => found,
        Ok(None) => return unknown(),
        Err(error) => return unavailable(&error),
    };
    let Some((wishes, action)) = asked(&body, category) else {
        return page(StatusCode::BAD_REQUEST, &framed("en", "Counterpart", "<p>Open the link again, please.</p>"));
    };
    match mail_preferences::set(&service.state, &person, &wishes, action, &request_id(&request)).await {
        Ok(now) => page(StatusCode::OK, &sheet(&person, category, &now, true)),
        Err(error) => unavailable(&error),
    }
}

/// What a body asks for; `None` for anything else than the two forms.
fn asked(body: &[u8], category: MailCategory) -> Option<(Vec<(MailCategory, bool)>, &'static str)> {
    if body.len() > LONGEST {
        return None;
    }
    let form =
        std::str::from_utf8(body).ok().and_then(|text| web::Query::<Vec<(String, String)>>::from_query(text).ok());
    let fields = form.map(web::Query::into_inner).unwrap_or_default();
    let has = |name: &str, value: &str| fields.iter().any(|(field, found)| field == name && found == value);
    if has("form", "preferences") {
        let wish = |&category: &MailCategory| (category, has("wanted", category.as_str()));
        return Some((MailCategory::ALL.iter().map(wish).collect(), "setMailPreferences"));
    }
    // RFC 8058, section 3.2: the form may also come as multipart/form-data.
    let text = String::from_utf8_lossy(body);
    let multipart = text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click");
    (has("List-Unsubscribe", "One-Click") || multipart).then(|| (vec![(category, false)], "unsubscribe"))
}

/// The words of the page in one language.
struct Words {
    code: &'static str,
    title: &'static str,
    offer: &'static str,
    kept: &'static str,
    essential: &'static str,
    save: &'static str,
    categories: fn(MailCategory) -> &'static str,
}

const ENGLISH: Words = Words {
    code: "en",
    title: "Which mails do you want?",
    offer: "Nothing changes before you press the button.",
    kept: "Your choice is saved.",
    essential: "Introductions, proposals and requests of other people, the end of a match and links to sign in are always \
                sent.",
    save: "Save",
    categories: |category| match category {
        MailCategory::Reminders => "Reminders",
        MailCategory::News => "News, such as that there is no partner for you yet",
        MailCategory::StaffNotes => "Notes for coordinators about their programs",
        MailCategory::Prompts => "Topics to talk about, and questions how it goes",
    },
};

const GERMAN: Words = Words {
    code: "de",
    title: "Welche E-Mails möchten Sie bekommen?",
    offer: "Es ändert sich nichts, bevor Sie auf den Knopf drücken.",
    kept: "Ihre Wahl ist gespeichert.",
    essential: "Vorstellungen, Vorschläge und Anfragen anderer, das Ende einer Begegnung und Links zum Anmelden werden \
                immer verschickt.",
    save: "Speichern",
    categories: |category| match category {
        MailCategory::Reminders => "Erinnerungen",
        MailCategory::News => "Neuigkeiten, etwa dass noch niemand zu Ihnen passt",
        MailCategory::StaffNotes => "Hinweise zu Programmen, die Sie betreuen",
        MailCategory::Prompts => "Gesprächsthemen und Fragen, wie es läuft",
    },
};

/// The form. It holds nothing about the person but their wishes: whoever has the mail has the link.
fn sheet(person: &Person, category: MailCategory, wishes: &[MailPreference], saved: bool) -> String {
    let german = person.locale.get(..2).is_some_and(|language| language.eq_ignore_ascii_case("de"));
    let words = if german { &GERMAN } else { &ENGLISH };
    let boxes: Vec<String> = wishes
        .iter()
        .filter(|wish| wish.category != MailCategory::StaffNotes || category == MailCategory::StaffNotes)
        .map(|wish| {
            let checked = if wish.off_since.is_none() { " checked" } else { "" };
            let (value, label) = (wish.category.as_str(), (words.categories)(wish.category));
            format!(
                "<p><label><input type=\"checkbox\" name=\"wanted\" value=\"{value}\"{checked}> {label}</label></p>"
            )
        })
        .collect();
    let hidden: Vec<String> = wishes
        .iter()
        .filter(|wish| wish.category == MailCategory::StaffNotes && category != MailCategory::StaffNotes)
        .filter(|wish| wish.off_since.is_none())
        .map(|wish| format!("<input type=\"hidden\" name=\"wanted\" value=\"{}\">", wish.category))
        .collect();
    let (boxes, hidden) = (boxes.concat(), hidden.concat());
    let told = if saved { words.kept } else { words.offer };
    let body = format!(
        "<p class=\"notice\" role=\"status\">{told}</p><form method=\"post\"><input type=\"hidden\" name=\"form\" \
         value=\"preferences\">{hidden}{boxes}<p><button class=\"primary\">{}</button></p></form><p \
         class=\"soft\">{}</p>",
        words.save, words.essential
    );
    framed(words.code, words.title, &body)
}

fn framed(language: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta \
         name=\"referrer\" content=\"no-referrer\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title><link \
         rel=\"icon\" href=\"/assets/mark.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" \
         href=\"/assets/theme.css\"><link rel=\"stylesheet\" href=\"/sign-in/assets/sign-in.css\"></head><body><main \
         id=\"sheet\"><h2>{title}</h2>{body}</main></body></html>\n"
    )
}

fn unknown() -> HttpResponse {
    page(StatusCode::NOT_FOUND, &framed("en", "Counterpart", "<p>This link does not lead anywhere (any more).</p>"))
}

fn unavailable(error: &StoreError) -> HttpResponse {
    tracing::error!(%error, "somebody's wishes about mail cannot be read or kept");
    let body = "<p>Please try again in a moment.</p>";
    page(StatusCode::SERVICE_UNAVAILABLE, &framed("en", "Counterpart", body))
}

fn page(status: StatusCode, html: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .content_type("text/html; charset=utf-8")
        .body(html.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_forms_are_understood() {
        let one = |body: &str| asked(body.as_bytes(), MailCategory::News);
        let off = Some((vec![(MailCategory::News, false)], "unsubscribe"));
        assert_eq!(one("List-Unsubscribe=One-Click"), off);
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--";
        assert_eq!(one(multipart), off);
        let (wishes, _) = one("form=preferences&wanted=NEWS").unwrap();
        assert_eq!(wishes.iter().filter(|(_, wanted)| *wanted).count(), 1);
        for other in ["", "List-Unsubscribe=yes", "form=other", "{}"] {
            assert_eq!(one(other), None, "{other}");
        }
        assert_eq!(asked(&vec![b'x'; LONGEST + 1], MailCategory::News), None);
    }
}
