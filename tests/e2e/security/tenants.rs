//! One tenant attacks another, with every id in every place where an id can stand.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    domain::{
        check_ins::{CheckIn, CheckInKind},
        global_ids,
        sessions::{Appointment, Session},
    },
    store,
};

use super::shape::{RootField, Shape};
use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
    },
};

on_both_databases!(
    cross_tenant_reads_by_every_id_and_filter,
    cross_tenant_writes_by_every_id,
    forged_and_tampered_ids,
    cursors_of_another_tenant,
    timing_of_absent_versus_forbidden,
);

/// What every text of a tenant holds, so that a leak is seen wherever it happens.
const VICTIM: &str = "Zyxwvut";

/// Everything a tenant has, as its administrator sees it.
const EVERYTHING: &str = "{
    organization { id slug name contact portalUrl updatedAt staff { id role countries person { id name email } } }
    people(first: 20) { nodes { id name email headline country externalId updatedAt messages(first: 20) { nodes { id kind status attempts } } } }
    programs(first: 3) { nodes { id name updatedAt version archivedAt
        rounds(first: 5) { nodes { id name status updatedAt } }
        matchRuns(first: 5) { nodes { id status updatedAt plannedPairs(first: 20) { nodes { id score } } nonMatches(first: 20) { nodes { id } } } }
        constraints(first: 5) { nodes { id kind reason } } } }
    issuers(first: 5) { nodes { id name issuer audience active updatedAt } }
    events(first: 1) { nodes { id } }
    enrollments(first: 50) { nodes { id status version updatedAt about { values } } }
    matches(first: 50) { nodes { id status version updatedAt sessions(first: 5) { nodes { id status version agenda } } checkIns(first: 5) { nodes { id note answeredAt } } } } }";

/// A tenant with something of everything.
struct Tenant {
    admin: Client,
    /// Ids by the GraphQL type's name.
    ids: BTreeMap<&'static str, String>,
}

async fn made(client: &Client, name: &str, entity: &str, selection: &str, input: Value) -> Value {
    let document = mutation(name, &format!("{entity} {{ {selection} }}"));
    client.mutate(&document, json!({ "input": input })).await[entity].clone()
}

impl Tenant {
    /// Fills an organization through the API alone; every text holds `mark`.
    async fn furnish(house: &House, admin: Client, mark: &str) -> Self {
        let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        let program = made(&admin, "createProgram", "program", "id", json!({
            "name": format!("{mark} peers"), "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "Europe/Berlin",
            "matchAt": "02:00", "questions": [{ "key": "topics", "label": mark, "prompt": mark, "kind": "TAGS", "asks": "BOTH" }],
        }))
        .await;
        let round =
            made(&admin, "createRound", "round", "id", json!({ "programId": program["id"], "name": mark })).await;
        made(&admin, "openRound", "round", "id", json!({ "id": round["id"] })).await;
        let (mut people, mut enrollments) = (Vec::new(), Vec::new());
        for index in 0..5 {
            let person = made(
                &admin,
                "createPerson",
                "person",
                "id",
                json!({
                    "externalId": format!("{mark}-{index}"), "name": format!("{mark} {index}"), "headline": mark,
                    "email": format!("{mark}.{index}@example.org"), "country": "FR",
                }),
            )
            .await;
            let about = json!([{ "key": "topics", "values": [mark] }]);
            let input = json!({ "roundId": round["id"], "personId": person["id"], "about": about });
            enrollments.push(id(&made(&admin, "enroll", "enrollment", "id", input).await));
            people.push(id(&person));
        }
        made(&admin, "closeRound", "round", "id", json!({ "id": round["id"] })).await;
        let role =
            made(&admin, "grantRole", "staffRole", "id", json!({ "personId": people[4], "role": "COORDINATOR" })).await;
        let constraint = made(&admin, "createConstraint", "constraint", "id", json!({
            "programId": program["id"], "kind": "FORBID", "personA": people[0], "personB": people[1], "reason": mark,
        }))
        .await;
        let issuer = made(
            &admin,
            "createIssuer",
            "issuer",
            "id",
            json!({
                "name": mark, "issuer": "https://id.example.org", "audience": mark, "linkBy": "EMAIL",
            }),
        )
        .await;
        let client =
            made(&admin, "createApiClient", "issued", "apiClient { id }", json!({ "name": mark, "scopes": ["READ"] }));
        let client = client.await["apiClient"].clone();
        let url = format!("http://127.0.0.1:9/{mark}");
        let endpoint = made(&admin, "createWebhookEndpoint", "issued", "endpoint { id }", json!({ "url": url }));
        let endpoint = endpoint.await["endpoint"].clone();
        let run =
            made(&admin, "requestMatchRun", "matchRun", "id", json!({ "programId": program["id"], "dryRun": false }))
                .await;
        house.work().await;
        meet(house, &admin, mark).await;
        house.worker.fan_out().await.expect("deliveries are made");
        let deliveries =
            "query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deliveries(first: 1) { nodes { id } } } } }";
        let mut deliveries = admin.query(deliveries, json!({ "id": endpoint["id"] })).await;
        let delivery = deliveries["node"]["deliveries"]["nodes"][0].take();
        let all = admin.query(EVERYTHING, json!({})).await;
        let planned = &all["programs"]["nodes"][0]["matchRuns"]["nodes"][0];
        let messages = all["people"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|person| person["messages"]["nodes"].as_array().unwrap());
        let ids = BTreeMap::from([
            ("Organization", id(&all["organization"])),
            ("Program", id(&program)),
            ("Round", id(&round)),
            ("Person", people[0].clone()),
            ("Enrollment", enrollments[0].clone()),
            ("Constraint", id(&constraint)),
            ("StaffRole", id(&role)),
            ("MatchRun", id(&run)),
            ("PlannedPair", id(&planned["plannedPairs"]["nodes"][0])),
            ("NonMatch", id(&planned["nonMatches"]["nodes"][0])),
            ("Match", id(&all["matches"]["nodes"][0])),
            ("CheckIn", id(&all["matches"]["nodes"][0]["checkIns"]["nodes"][0])),
            ("Session", id(&all["matches"]["nodes"][0]["sessions"]["nodes"][0])),
            ("Issuer", id(&issuer)),
            ("ApiClient", id(&client)),
            ("WebhookEndpoint", id(&endpoint)),
            ("WebhookDelivery", id(&delivery)),
            ("Event", id(&all["events"]["nodes"][0])),
            ("Message", id(messages.collect::<Vec<_>>()[0])),
        ]);
        Self { admin, ids }
    }

    async fn everything(&self) -> Value {
        self.admin.query(EVERYTHING, json!({})).await
    }
}

/// Puts a session and a check-in into the tenant's newest match: its two people have no say in it yet.
async fn meet(house: &House, admin: &Client, mark: &str) {
    let seen = admin.query("{ organization { id } matches(first: 1) { nodes { id } } }", json!({})).await;
    let read = |value: &Value| global_ids::decode(value["id"].as_str().unwrap()).expect("an id").1;
    let (organization_id, match_id) = (read(&seen["organization"]), read(&seen["matches"]["nodes"][0]));
    let tx = house.store.begin().await.unwrap();
    let found = store::matches::find(&tx, organization_id, match_id).await.unwrap().unwrap();
    let now = house.clock.now();
    let appointment =
        Appointment { starts_at: now + TimeDelta::days(3), minutes: 60, place: None, agenda: Some(mark.to_owned()) };
    let session = Session::proposed(house.clock.new_id(), &found, appointment, found.a.person_id, now);
    store::sessions::insert(&tx, &session).await.unwrap();
    let check_in = CheckIn {
        id: house.clock.new_id(),
        organization_id,
        match_id,
        person_id: found.a.person_id,
        kind: CheckInKind::Pulse,
        ordinal: 0,
        asked_at: now,
        answered_at: None,
        satisfaction: None,
        again: None,
        note: Some(mark.to_owned()),
    };
    assert!(store::check_ins::insert(&tx, &check_in).await.unwrap());
    tx.commit().await.unwrap();
}

/// Two tenants in one house: the attacker administers one, the victim is the other.
async fn tenants(house: &House) -> (Tenant, Tenant) {
    let (_, stranger) = house.other_organization("island").await;
    let victim = Tenant::furnish(house, house.client(&stranger), VICTIM).await;
    let attacker = Tenant::furnish(house, house.admin(), "Own").await;
    (attacker, victim)
}

/// A well-formed id of nothing.
fn absent(kind: &str) -> String {
    House::id(kind, uuid::Uuid::from_u128(7))
}

/// An answer without what differs from request to request, and with the id that was asked for made anonymous; and how
/// many statements it took, which is what its time depends on.
async fn told(house: &House, client: &Client, document: &str, variables: Value, id: &str) -> (String, u64) {
    let before = house.store.statements();
    let answer = answer(client, document, variables, id).await;
    (answer, house.store.statements() - before)
}

async fn answer(client: &Client, document: &str, variables: Value, id: &str) -> String {
    let mut body = client.raw(document, variables).await.body;
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"]["requestId"].take();
    }
    // What is left to the attacker depends on how much they asked for already.
    if let Some(cost) = body.pointer_mut("/extensions/cost/remaining") {
        cost.take();
    }
    body.to_string().replace(id, "<id>")
}

/// What kind of id a slot seems to want, by its name and the field's.
fn likely_kind(ids: &BTreeMap<&'static str, String>, field: &RootField, slot: &str) -> Option<&'static str> {
    let slot = slot.rsplit('.').next().unwrap_or_default().to_lowercase();
    let field = field.name.to_lowercase();
    let fits = |word: &str| {
        let mut kinds: Vec<&&'static str> = ids.keys().filter(|kind| word.contains(&kind.to_lowercase())).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.len()));
        kinds.first().map(|kind| **kind)
    };
    fits(&slot).or_else(|| fits(&field))
}

async fn cross_tenant_reads_by_every_id_and_filter(house: House) {
    let (attacker, victim) = tenants(&house).await;
    let shape = Shape::of(&attacker.admin).await;
    let mut tried = 0;
    for field in shape.root_fields("Query") {
        for slot in shape.id_slots(&field) {
            for (kind, foreign) in &victim.ids {
                // The other slots hold ids of the attacker's own, so that nothing else stops the attack.
                let ask = async |id: &str| {
                    let fill = |path: &str| {
                        if path == slot {
                            return Some(id.to_owned());
                        }
                        let own = likely_kind(&attacker.ids, &field, path)?;
                        (!path.contains('.')).then(|| attacker.ids[own].clone())
                    };
                    let (document, variables) = shape.call("query", &field, &fill);
                    told(&house, &attacker.admin, &document, variables, id).await
                };
                let (with_foreign, with_absent) =
                    settled(async || (ask(foreign).await, ask(&absent(kind)).await)).await;
                assert!(!with_foreign.0.contains(VICTIM), "{} leaks through {slot}: {with_foreign:?}", field.name);
                assert_eq!(with_foreign, with_absent, "{} tells a foreign {kind} from none in {slot}", field.name);
                tried += 1;
            }
        }
        let (document, variables) = shape.call("query", &field, &|path| {
            likely_kind(&attacker.ids, &field, path).map(|kind| attacker.ids[kind].clone())
        });
        let own = answer(&attacker.admin, &document, variables, "-").await;
        assert!(!own.contains(VICTIM), "{} shows another tenant: {own}", field.name);
    }
    assert!(tried > 150, "only {tried} attacks: is the schema read as it should be?");
}

async fn cross_tenant_writes_by_every_id(house: House) {
    let (attacker, victim) = tenants(&house).await;
    let shape = Shape::of(&attacker.admin).await;
    let before = victim.everything().await;
    let mut tried = 0;
    for field in shape.root_fields("Mutation") {
        for slot in shape.id_slots(&field) {
            for (kind, foreign) in &victim.ids {
                let try_it = async |id: &str| {
                    let fill = |path: &str| {
                        if path == slot {
                            return Some(id.to_owned());
                        }
                        likely_kind(&attacker.ids, &field, path).map(|kind| attacker.ids[kind].clone())
                    };
                    let (document, variables) = shape.call("mutation", &field, &fill);
                    told(&house, &attacker.admin, &document, variables, id).await
                };
                let (with_absent, with_foreign) =
                    settled(async || (try_it(&absent(kind)).await, try_it(foreign).await)).await;
                assert!(!with_foreign.0.contains(VICTIM), "{} leaks through {slot}: {with_foreign:?}", field.name);
                assert_eq!(with_foreign, with_absent, "{} tells a foreign {kind} from none in {slot}", field.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} attacks: is the schema read as it should be?");
    house.work().await;
    assert_eq!(victim.everything().await, before, "the victim's things are as they were");
}

async fn forged_and_tampered_ids(house: House) {
    let (attacker, victim) = tenants(&house).await;
    let document = "query($id: ID!) { node(id: $id) { id } match(id: $id) { id } }";
    let foreign = &victim.ids["Match"];
    let mut forged = vec![
        String::new(),
        "1".to_owned(),
        "../../etc/passwd".to_owned(),
        "' OR '1'='1".to_owned(),
        "%00".to_owned(),
        format!("{foreign}="),
        format!(" {foreign}"),
        foreign.to_uppercase(),
        foreign.chars().rev().collect(),
        "A".repeat(100_000),
    ];
    // Every character of an honest id changed, one at a time.
    for index in 0..foreign.len() {
        let other = if foreign.as_bytes()[index] == b'A' { "B" } else { "A" };
        let mut tampered = foreign.clone();
        tampered.replace_range(index..=index, other);
        forged.push(tampered);
    }
    for id in forged {
        let body = attacker.admin.raw(document, json!({ "id": id })).await.body;
        assert!(body["data"]["node"].is_null() && body["data"]["match"].is_null(), "{id}: {body}");
        let codes = body["errors"].as_array().cloned().unwrap_or_default();
        let is_clean = |error: &Value| error["extensions"]["code"] == "BAD_USER_INPUT";
        assert!(codes.iter().all(is_clean), "{}: {body}", id.get(..80.min(id.len())).unwrap_or_default());
    }
}

async fn cursors_of_another_tenant(house: House) {
    let (attacker, victim) = tenants(&house).await;
    let cursors = "{ people(first: 50) { edges { cursor } } matches(first: 50) { edges { cursor } } }";
    let stolen = victim.admin.query(cursors, json!({})).await;
    for list in ["people", "matches"] {
        for edge in stolen[list]["edges"].as_array().unwrap() {
            for argument in ["after", "before"] {
                let document = format!(
                    "query($cursor: String!) {{ {list}(first: 50, {argument}: $cursor) {{ totalCount nodes {{ id }} }} }}"
                );
                let seen = attacker.admin.query(&document, json!({ "cursor": edge["cursor"] })).await.to_string();
                assert!(!victim.ids.values().any(|id| seen.contains(id.as_str())), "{list} after {edge}: {seen}");
            }
        }
    }
}

/// How long an answer takes must not tell either what the answer itself does not: whoever may not see a thing is
/// answered with as many statements as if there were no such thing.
async fn timing_of_absent_versus_forbidden(house: House) {
    let (own, _) = tenants(&house).await;
    let participant = house.client(&house.person("Mallory", "FR").await);
    let shape = Shape::of(&own.admin).await;
    let mut hidden = 0;
    for root in ["Query", "Mutation"] {
        for field in shape.root_fields(root) {
            for slot in shape.id_slots(&field) {
                for (kind, id) in &own.ids {
                    let ask = async |id: &str| {
                        let fill = |path: &str| (path == slot).then(|| id.to_owned());
                        let (document, variables) = shape.call(&root.to_lowercase(), &field, &fill);
                        told(&house, &participant, &document, variables, id).await
                    };
                    let (of_absent, of_present) = settled(async || (ask(&absent(kind)).await, ask(id).await)).await;
                    if of_absent.0 == of_present.0 {
                        assert_eq!(of_absent, of_present, "{} tells by its time whether a {kind} is there", field.name);
                        hidden += 1;
                    }
                }
            }
        }
    }
    assert!(hidden > 500, "only {hidden} were hidden: is the schema read as it should be?");
}

/// What two questions are told, asked again if they differ: what is remembered for some seconds is read anew now and then.
async fn settled<T: PartialEq>(ask: impl AsyncFn() -> (T, T)) -> (T, T) {
    let pair = ask().await;
    if pair.0 == pair.1 { pair } else { ask().await }
}
