//! Signing in by mailed links, going on with refresh tokens, and signing out.

use std::{collections::HashSet, fs};

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{
    bus::Bus,
    domain::{
        messages::MessageStatus,
        people::Person,
        sign_ins::{LINK_LIFE, LINKS_PER_ORGANIZATION, SignInLink, WINDOW},
    },
    store,
};
use tokio_util::sync::CancellationToken;

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation, with_form},
        house::House,
    },
};

on_both_databases!(
    a_person_signs_in_goes_on_and_signs_out,
    a_link_works_once_even_at_the_same_moment,
    a_link_ends,
    strangers_learn_nothing,
    links_are_limited,
    links_of_an_organization_are_limited,
    mass_guessing_ends_the_link,
    a_reused_refresh_token_ends_the_sign_in,
    a_lost_answer_may_be_asked_for_again,
    parallel_refreshes_leave_one_token,
    a_sign_in_ends_by_itself,
    signing_out_everywhere,
    the_code_is_kept_no_longer_than_needed,
    links_lead_to_the_portal_only,
    without_a_signing_key_nobody_signs_in,
);

const TOKENS: &str = "tokens { personId accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }";

fn asking(house: &House, email: &str) -> Value {
    json!({ "input": { "organization": house.organization.slug, "email": email } })
}

/// Asks for a link and gives back its code, out of the mail.
async fn code(house: &House, person: &Person) -> String {
    let before = house.relay.messages_to(&person.email).len();
    house.anonymous().mutate(&mutation("requestSignIn", "accepted"), asking(house, &person.email)).await;
    house.work().await;
    let mails = house.relay.messages_to(&person.email);
    assert_eq!(mails.len(), before + 1, "one mail");
    code_in(&mails.last().unwrap().text())
}

fn code_in(text: &str) -> String {
    let (_, rest) = text.split_once("#code=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The first tokens of somebody.
async fn sign_in(house: &House, person: &Person) -> Value {
    let code = code(house, person).await;
    house.anonymous().mutate(&mutation("signIn", TOKENS), json!({ "input": { "code": code } })).await["tokens"].clone()
}

/// The next tokens, or nothing.
async fn refresh(house: &House, token: &Value) -> Option<Value> {
    let variables = json!({ "input": { "refreshToken": token } });
    let data = house.anonymous().query(&mutation("refreshSession", TOKENS), variables).await;
    let tokens = data["refreshSession"]["tokens"].clone();
    assert_eq!(tokens.is_null(), data["refreshSession"]["userErrors"][0]["code"] == "INVALID", "{data}");
    (!tokens.is_null()).then_some(tokens)
}

async fn is_in(house: &House, tokens: &Value) -> bool {
    let client = Client::new(house.base(), tokens["accessToken"].as_str().unwrap());
    client.raw("{ viewer { person { id } } }", json!({})).await.status == StatusCode::OK
}

async fn a_person_signs_in_goes_on_and_signs_out(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let first = sign_in(&house, &person).await;
    assert_eq!(first["personId"], House::id("Person", person.id));
    assert_eq!(first["accessTokenExpiresAt"], "2026-03-02T08:15:00Z");
    assert_eq!(first["refreshTokenExpiresAt"], "2026-03-09T08:00:00Z");
    let mail = house.relay.messages_to(&person.email).remove(0);
    assert_eq!(mail.subject(), "Sign in to harbour university");
    assert!(mail.text().contains("https://portal.harbour.example.org/#code=cpc_"), "{}", mail.text());
    assert!(mail.html().contains("#code=cpc_"));
    assert!(is_in(&house, &first).await);
    house.clock.advance(TimeDelta::minutes(15) + TimeDelta::seconds(30));
    assert!(!is_in(&house, &first).await, "15 minutes, and the leeway");
    let second = refresh(&house, &first["refreshToken"]).await.expect("the next tokens");
    assert!(is_in(&house, &second).await);
    let out = mutation("signOut", "signedOut");
    let variables = json!({ "input": { "refreshToken": second["refreshToken"] } });
    assert_eq!(house.anonymous().mutate(&out, variables.clone()).await["signedOut"], true);
    assert!(!is_in(&house, &second).await, "at once");
    assert_eq!(refresh(&house, &second["refreshToken"]).await, None);
    assert_eq!(house.anonymous().mutate(&out, variables).await["signedOut"], true, "once more does no harm");
    let garbage = json!({ "input": { "refreshToken": "nonsense" } });
    assert_eq!(house.anonymous().mutate(&out, garbage).await["signedOut"], true);
}

async fn a_link_works_once_even_at_the_same_moment(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let code = code(&house, &person).await;
    let document = mutation("signIn", TOKENS);
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (client, document, variables) =
                (house.anonymous(), document.clone(), json!({ "input": { "code": code } }));
            tokio::spawn(async move { client.query(&document, variables).await["signIn"].clone() })
        })
        .collect();
    let mut lucky = 0;
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        lucky += i32::from(answer["tokens"].is_object());
        assert!(answer["tokens"].is_object() || answer["userErrors"][0]["code"] == "INVALID", "{answer}");
    }
    assert_eq!(lucky, 1);
    assert_eq!(
        house.anonymous().user_errors(&document, json!({ "input": { "code": code } })).await[0]["code"],
        "INVALID"
    );
}

async fn a_link_ends(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let document = mutation("signIn", TOKENS);
    let works = async |code: &str| {
        let answer = house.anonymous().query(&document, json!({ "input": { "code": code } })).await;
        answer["signIn"]["tokens"].is_object()
    };
    let first = code(&house, &person).await;
    let second = code(&house, &person).await;
    assert!(!works(&first).await, "a newer link ends older ones");
    house.clock.advance(TimeDelta::minutes(15));
    assert!(!works(&second).await, "15 minutes");
    let third = code(&house, &person).await;
    house.leave(&person).await;
    assert!(!works(&third).await, "the person left");
    for garbage in ["", "nonsense", "cpc_x_y", &third.replace("cpc_", "cpr_")] {
        assert!(!works(garbage).await, "{garbage}");
    }
}

async fn strangers_learn_nothing(house: House) {
    let known = house.person("Paula Participant", "DE").await;
    let inactive = house.person("Gina Gone", "DE").await;
    house.leave(&inactive).await;
    let document = mutation("requestSignIn", "accepted");
    let mut answers = HashSet::new();
    for email in [known.email.as_str(), &inactive.email, "nobody@example.org", &known.email.to_uppercase()] {
        answers.insert(house.anonymous().query(&document, asking(&house, email)).await.to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    house.work().await;
    assert_eq!(house.relay.messages().len(), 1, "the known address gets the latest link only");
    assert_eq!(house.relay.messages_to(&known.email).len(), 1);
    for email in ["", "x", "no address", "a@b\r\nBcc: c@d"] {
        let code = house.anonymous().query(&document, asking(&house, email)).await;
        let refused = &code["requestSignIn"]["userErrors"];
        assert!(
            refused.as_array().unwrap().len() == usize::from(!email.contains('@') || email.contains('\n')),
            "{email}: {code}"
        );
    }
    let elsewhere = json!({ "input": { "organization": "nowhere", "email": known.email } });
    assert_eq!(house.anonymous().user_errors(&document, elsewhere).await[0]["code"], "NOT_FOUND");
    // An address of one tenant is unknown to another.
    let (island, _) = house.other_organization("island").await;
    let input = json!({ "input": { "organization": island.slug, "email": known.email } });
    house.anonymous().mutate(&document, input).await;
    house.work().await;
    assert_eq!(house.relay.messages().len(), 1);
}

async fn links_are_limited(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let document = mutation("requestSignIn", "accepted");
    for email in [person.email.as_str(), "nobody@example.org"] {
        let requests: Vec<_> = (0..12)
            .map(|_| {
                let (client, document, variables) = (house.anonymous(), document.clone(), asking(&house, email));
                tokio::spawn(async move { client.query(&document, variables).await["requestSignIn"].clone() })
            })
            .collect();
        let mut accepted = 0;
        for request in requests {
            let answer = request.await.unwrap();
            accepted += i32::from(answer["accepted"] == true);
            assert!(answer["accepted"] == true || answer["userErrors"][0]["code"] == "TOO_MANY", "{answer}");
        }
        assert_eq!(accepted, 5, "{email}: known or not, also at the same moment");
    }
    house.work().await;
    assert_eq!(house.relay.messages_to(&person.email).len(), 1, "one mail, with the latest link");
    house.clock.advance(TimeDelta::hours(1));
    let code = code(&house, &person).await;
    assert!(code.starts_with("cpc_"));
}

async fn links_of_an_organization_are_limited(house: House) {
    let (island, islander) = house.other_organization("island").await;
    let tx = house.store.begin().await.unwrap();
    for number in 0..LINKS_PER_ORGANIZATION {
        let link = SignInLink {
            id: house.clock.new_id(),
            organization_id: house.organization.id,
            address_hash: format!("{number:064x}"),
            person_id: Some(house.administrator.id),
            page: "https://portal.example.org".to_owned(),
            code_hash: None,
            failures: 0,
            expires_at: house.clock.now() + LINK_LIFE,
            ended_at: None,
            created_at: house.clock.now(),
        };
        store::sign_in_links::insert(&tx, link).await.unwrap();
    }
    tx.commit().await.unwrap();
    let ask = async |slug: &str, person: &Person| {
        let input = json!({ "input": { "organization": slug, "email": person.email } });
        house.anonymous().query(&mutation("requestSignIn", "accepted"), input).await["requestSignIn"].take()
    };
    let refused = ask(&house.organization.slug, &house.administrator).await;
    assert_eq!(refused["userErrors"][0]["code"], "TOO_MANY", "{refused}");
    assert_eq!(ask(&island.slug, &islander).await["accepted"], true, "others go on");
    house.clock.advance(WINDOW);
    assert_eq!(ask(&house.organization.slug, &house.administrator).await["accepted"], true);
}

async fn mass_guessing_ends_the_link(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let code = code(&house, &person).await;
    let document = mutation("signIn", TOKENS);
    for guess in 0..5 {
        let wrong = format!("{}{guess:064x}", &code[..code.len() - 64]);
        let errors = house.anonymous().user_errors(&document, json!({ "input": { "code": wrong } })).await;
        assert_eq!(errors[0]["code"], "INVALID");
    }
    let errors = house.anonymous().user_errors(&document, json!({ "input": { "code": code } })).await;
    assert_eq!(errors[0]["code"], "INVALID", "the right one comes too late");
}

async fn a_reused_refresh_token_ends_the_sign_in(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let first = sign_in(&house, &person).await;
    let elsewhere = sign_in(&house, &person).await;
    let second = refresh(&house, &first["refreshToken"]).await.unwrap();
    let third = refresh(&house, &second["refreshToken"]).await.unwrap();
    assert!(is_in(&house, &third).await);
    // A secret that was never right is no reuse.
    let token = third["refreshToken"].as_str().unwrap();
    let wrong = json!(format!("{}{}", &token[..token.len() - 64], "0".repeat(64)));
    assert_eq!(refresh(&house, &wrong).await, None);
    assert!(is_in(&house, &third).await);
    assert_eq!(refresh(&house, &first["refreshToken"]).await, None, "it was exchanged long ago");
    assert!(!is_in(&house, &third).await, "everything of this sign-in ends at once");
    assert_eq!(refresh(&house, &third["refreshToken"]).await, None);
    assert!(is_in(&house, &elsewhere).await, "another one goes on");
}

async fn a_lost_answer_may_be_asked_for_again(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let first = sign_in(&house, &person).await;
    let lost = refresh(&house, &first["refreshToken"]).await.unwrap();
    house.clock.advance(TimeDelta::seconds(10));
    let again = refresh(&house, &first["refreshToken"]).await.expect("a retry at once");
    let next = refresh(&house, &again["refreshToken"]).await.expect("the sign-in goes on");
    assert_eq!(refresh(&house, &lost["refreshToken"]).await, None, "nobody should have this one");
    assert!(!is_in(&house, &next).await, "so somebody else has: it ends");

    let first = sign_in(&house, &person).await;
    let second = refresh(&house, &first["refreshToken"]).await.unwrap();
    house.clock.advance(TimeDelta::seconds(11));
    assert_eq!(refresh(&house, &first["refreshToken"]).await, None, "too late for a retry");
    assert!(!is_in(&house, &second).await);
}

async fn parallel_refreshes_leave_one_token(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let first = sign_in(&house, &person).await;
    let document = mutation("refreshSession", TOKENS);
    let attempts: Vec<_> = (0..6)
        .map(|_| {
            let variables = json!({ "input": { "refreshToken": first["refreshToken"] } });
            let (client, document) = (house.anonymous(), document.clone());
            tokio::spawn(async move { client.query(&document, variables).await["refreshSession"]["tokens"].clone() })
        })
        .collect();
    let mut tokens = Vec::new();
    for attempt in attempts {
        tokens.push(attempt.await.unwrap());
    }
    let mut went_on = 0;
    for token in tokens.iter().filter(|token| token.is_object()) {
        went_on += i32::from(refresh(&house, &token["refreshToken"]).await.is_some());
    }
    assert!(went_on <= 1, "at most one of them is the latest: {went_on}");
}

async fn a_sign_in_ends_by_itself(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let idle = sign_in(&house, &person).await;
    house.clock.advance(TimeDelta::days(7));
    assert_eq!(refresh(&house, &idle["refreshToken"]).await, None, "seven days without a refresh");
    let mut tokens = sign_in(&house, &person).await;
    for _ in 0..5 {
        house.clock.advance(TimeDelta::days(6) - TimeDelta::hours(1));
        tokens = refresh(&house, &tokens["refreshToken"]).await.expect("used within seven days");
    }
    house.clock.advance(TimeDelta::hours(5) - TimeDelta::minutes(1));
    assert!(refresh(&house, &tokens["refreshToken"]).await.is_some_and(|last| {
        tokens = last;
        tokens["accessTokenExpiresAt"] == tokens["refreshTokenExpiresAt"]
    }));
    house.clock.advance(TimeDelta::minutes(1));
    assert_eq!(refresh(&house, &tokens["refreshToken"]).await, None, "thirty days in all");
    assert!(!is_in(&house, &tokens).await, "no leeway beyond the sign-in");
    let link = code(&house, &person).await;
    house.clock.advance(TimeDelta::days(2));
    house.work().await;
    assert!(
        house.anonymous().user_errors(&mutation("signIn", ""), json!({ "input": { "code": link } })).await.len() == 1
    );
    assert_eq!(refresh(&house, &tokens["refreshToken"]).await, None, "gone, and told the same");
}

async fn signing_out_everywhere(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let other = house.person("Olaf Other", "DE").await;
    let document = mutation("signOutEverywhere", "ended");
    let (one, two) = (sign_in(&house, &person).await, sign_in(&house, &person).await);
    let link = code(&house, &person).await;
    let him = sign_in(&house, &other).await;
    let his = Client::new(house.base(), him["accessToken"].as_str().unwrap());
    let at_her = json!({ "input": { "personId": House::id("Person", person.id) } });
    assert_eq!(his.user_errors(&document, at_her.clone()).await[0]["code"], "FORBIDDEN");
    let (_, stranger) = house.other_organization("island").await;
    assert_eq!(house.client(&stranger).user_errors(&document, at_her.clone()).await[0]["code"], "NOT_FOUND");
    assert!(is_in(&house, &one).await);
    assert_eq!(house.admin().mutate(&document, at_her).await["ended"], 2);
    assert!(!is_in(&house, &one).await && !is_in(&house, &two).await);
    let errors = house.anonymous().user_errors(&mutation("signIn", ""), json!({ "input": { "code": link } })).await;
    assert_eq!(errors[0]["code"], "INVALID", "links on their way end, too");
    assert!(is_in(&house, &him).await);
    assert_eq!(his.mutate(&document, json!({ "input": {} })).await["ended"], 1);
    assert!(!is_in(&house, &him).await);
}

async fn the_code_is_kept_no_longer_than_needed(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let kept = async || store::messages::of_person(&house.store, house.organization.id, person.id, 9).await.unwrap();
    code(&house, &person).await;
    let messages = kept().await;
    assert_eq!(messages[0].status, MessageStatus::Sent);
    assert!(!format!("{messages:?}").contains("cpc_"), "{messages:?}");
    let id = House::id("Person", person.id);
    let document = "query($id: ID!) { node(id: $id) { ... on Person { messages(first: 9) { totalCount } } } }";
    let seen = house.admin().query(document, json!({ "id": id })).await;
    assert_eq!(seen["node"]["messages"]["totalCount"], 0, "staff do not see who signs in when");

    // While the relay is away the mail waits; a newer link replaces it, and time ends it.
    house.relay.go_away().await;
    let ask = async || {
        house.anonymous().mutate(&mutation("requestSignIn", "accepted"), asking(&house, &person.email)).await;
        house.work().await;
    };
    ask().await;
    ask().await;
    let messages = kept().await;
    assert_eq!(messages[0].status, MessageStatus::Pending);
    assert_eq!(messages[1].status, MessageStatus::Suppressed);
    assert!(!format!("{:?}", messages[1]).contains("cpc_"));
    house.clock.advance(TimeDelta::minutes(16));
    house.relay.come_back().await;
    house.work().await;
    let messages = kept().await;
    assert_eq!(messages[0].status, MessageStatus::Suppressed, "its time is over");
    assert!(!format!("{messages:?}").contains("cpc_"));
    assert_eq!(house.relay.messages_to(&person.email).len(), 1);
}

async fn links_lead_to_the_portal_only(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let document = mutation("requestSignIn", "accepted");
    let to =
        |redirect: &str| json!({ "input": { "organization": "harbour", "email": person.email, "redirect": redirect } });
    for outside in ["https://evil.example/", "http://portal.harbour.example.org/", "javascript:alert(1)", "//x"] {
        let errors = house.anonymous().user_errors(&document, to(outside)).await;
        assert_eq!((&errors[0]["code"], &errors[0]["field"]), (&json!("INVALID"), &json!(["redirect"])), "{outside}");
    }
    house.anonymous().mutate(&document, to("https://portal.harbour.example.org/welcome?to=matches")).await;
    house.work().await;
    let text = house.relay.messages_to(&person.email).remove(0).text();
    assert!(text.contains("https://portal.harbour.example.org/welcome?to=matches#code=cpc_"), "{text}");
}

async fn without_a_signing_key_nobody_signs_in(house: House) {
    let person = house.person("Paula Participant", "DE").await;
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&house.config.auth.keys_dir).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".signing.pem") {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut config = house.config.clone();
    config.auth.keys_dir = folder.path().to_path_buf();
    let app = api::App::build(&config, house.store.clone(), Bus::in_process(), house.clock.clone(), None).unwrap();
    let base = format!("http://{}", app.address());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(app.run(shutdown.clone()));
    let anonymous = Client::anonymous(&base);
    for (name, input) in [
        ("requestSignIn", asking(&house, &person.email)),
        ("signIn", json!({ "input": { "code": "x" } })),
        ("refreshSession", json!({ "input": { "refreshToken": "x" } })),
    ] {
        let errors = anonymous.user_errors(&mutation(name, ""), input).await;
        assert_eq!(errors[0]["code"], "NOT_POSSIBLE", "{name}");
        assert!(errors[0]["message"].as_str().unwrap().contains("counterpart keys generate"), "{name}");
    }
    let http = crate::support::graphql::http();
    assert_eq!(http.get(format!("{base}/readyz")).send().await.unwrap().status(), 200, "it still serves others");
    let input = json!({ "name": "Portal", "scopes": ["ON_BEHALF"] });
    let issued = house.admin().mutate(&mutation("createApiClient", "issued { key }"), json!({ "input": input })).await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", person.external_id.as_deref().unwrap()),
        ("subject_token_type", "urn:counterpart:params:oauth:token-type:external-id"),
    ];
    let key = issued["issued"]["key"].as_str().unwrap();
    let answer = with_form(http.post(format!("{base}/token")).bearer_auth(key), &form).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("signing key"));
    shutdown.cancel();
    running.await.unwrap().unwrap();
}
