//! How many statements a request takes: as many for twenty things as for one, whatever is asked about them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::people::Person;

use crate::{
    on_both_databases,
    support::{graphql::Client, house::House},
};

on_both_databases!(
    every_list_takes_as_many_statements_for_twenty_things_as_for_two,
    the_pages_of_every_day_take_few_statements,
    what_changed_shows_at_once_and_only_that_is_read_again,
    what_was_undone_is_never_shown,
    a_changed_program_shows_at_once,
);

const TYPES: &str = "{ __schema { types { kind name fields { name
    args { name type { kind } defaultValue } type { ...of } } possibleTypes { name } } } }
    fragment of on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The schema as it is served, as far as it takes to ask for everything in it.
struct Schema(BTreeMap<String, Value>);

impl Schema {
    async fn of(client: &Client) -> Self {
        let mut data = client.query(TYPES, json!({})).await;
        let types = data["__schema"]["types"].take();
        let named = |found: &Value| (found["name"].as_str().unwrap().to_owned(), found.clone());
        Self(types.as_array().unwrap().iter().map(named).collect())
    }

    /// The type inside lists and promises of being there.
    fn named(mut kind: &Value) -> String {
        while !kind["ofType"].is_null() {
            kind = &kind["ofType"];
        }
        kind["name"].as_str().unwrap().to_owned()
    }

    fn fields(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0[name]["fields"].as_array().into_iter().flatten()
    }

    /// Everything there is to ask about a type, so many levels deep: two items of each list.
    fn selection(&self, name: &str, levels: u32) -> String {
        let mut selected = vec!["__typename".to_owned()];
        for field in self.fields(name) {
            let inner = Self::named(&field["type"]);
            let needs = |argument: &Value| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
            if field["args"].as_array().unwrap().iter().any(needs) {
                continue;
            }
            let field = field["name"].as_str().unwrap();
            match self.0[&inner]["kind"].as_str() {
                // Without a level left there is no saying how many.
                Some("OBJECT") if inner.ends_with("Connection") && levels == 0 => {}
                Some("OBJECT") if inner.ends_with("Connection") => {
                    let items = self.selection(&Self::item(&inner), levels - 1);
                    selected.push(format!("{field}(first: 2) {{ totalCount nodes {{ {items} }} }}"));
                }
                Some("OBJECT") => {
                    // Lists of plain things, such as answers and reasons, have no ids and take no level.
                    let plain = self.fields(&inner).all(|field| field["name"] != "id");
                    if levels > 0 || plain {
                        let levels = levels.saturating_sub(u32::from(!plain));
                        selected.push(format!("{field} {{ {} }}", self.selection(&inner, levels)));
                    }
                }
                Some("SCALAR" | "ENUM") => selected.push(field.to_owned()),
                _ => {}
            }
        }
        selected.join(" ")
    }

    fn item(connection: &str) -> String {
        connection.strip_suffix("Connection").unwrap().to_owned()
    }

    /// The fields of a type that are connections, with the type of their items. Those that need to be told of what are the
    /// same under that thing.
    fn connections(&self, name: &str) -> Vec<(String, String)> {
        let named = |field: &Value| (field["name"].as_str().unwrap().to_owned(), Self::named(&field["type"]));
        let is_free = |field: &&Value| {
            field["args"].as_array().unwrap().iter().all(|argument| argument["type"]["kind"] != "NON_NULL")
        };
        let found = self.fields(name).filter(is_free).map(named).filter(|(_, kind)| kind.ends_with("Connection"));
        found.map(|(field, kind)| (field, Self::item(&kind))).collect()
    }
}

/// The statements that a document took, and its data.
async fn taken(house: &House, client: &Client, document: &str, variables: Value) -> (u64, Value) {
    let before = house.store.statements();
    let data = client.query(document, variables).await;
    (house.store.statements() - before, data)
}

async fn every_list_takes_as_many_statements_for_twenty_things_as_for_two(house: House) {
    let (program, round, people) = house.peers(45).await;
    house.night().await;
    let client = house.admin();
    let schema = Schema::of(&client).await;
    let mut lists = Vec::new();
    for (field, item) in schema.connections("Query") {
        lists.push((format!("{{ list: {field}(first: $first) {{"), "} }", item));
    }
    for (kind, id) in [("Person", people[0].id), ("Program", program.id), ("Round", round.id)] {
        for (field, item) in schema.connections(kind) {
            let id = House::id(kind, id);
            lists.push((
                format!("{{ node(id: \"{id}\") {{ ... on {kind} {{ list: {field}(first: $first) {{"),
                "} } } }",
                item,
            ));
        }
    }
    for (field, item) in schema.connections("Viewer") {
        lists.push((format!("{{ viewer {{ list: {field}(first: $first) {{"), "} } }", item));
    }
    let mut long = 0;
    for (begin, end, item) in lists {
        let document =
            format!("query ($first: Int!) {begin} totalCount nodes {{ {} }} {end}", schema.selection(&item, 1));
        // What is remembered of programs is so after the first time.
        taken(&house, &client, &document, json!({ "first": 20 })).await;
        let (for_two, _) = taken(&house, &client, &document, json!({ "first": 2 })).await;
        let (for_twenty, data) = taken(&house, &client, &document, json!({ "first": 20 })).await;
        // What is asked for at the same moment is gathered, and whether two are the same moment is up to the scheduler; one
        // statement a thing would be eighteen more.
        assert!(for_two.abs_diff(for_twenty) <= 3, "{for_two} for two, {for_twenty} for twenty: {document}");
        long += usize::from(data.to_string().matches("\"id\":").count() > 20);
    }
    assert!(long >= 7, "only {long} lists have anything in them");
}

const HOME: &str = "{ viewer { person { name } matches(first: 10) { nodes { id status score proposedAt
    partner { name headline country languages } partnerSide { about { label values } }
    explanation { score contributions { points sentence } } } } } }";

async fn the_pages_of_every_day_take_few_statements(house: House) {
    let (_, _, people) = house.peers(40).await;
    house.night().await;
    let client = house.client(&people[0]);
    taken(&house, &client, HOME, json!({})).await;
    let (statements, data) = taken(&house, &client, HOME, json!({})).await;
    assert_eq!(statements, 2, "who asks, and the page");
    let found = &data["viewer"]["matches"]["nodes"][0];
    assert!(found["partner"]["name"].as_str().is_some_and(|name| name.starts_with("Peer ")), "{data:#}");
    assert_eq!(found["partnerSide"]["about"], json!([{ "label": "Topics", "values": ["python"] }]), "{data:#}");

    let list = "{ enrollments(first: 20, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount
        nodes { id status person { name country } about { label values } program { name } } } }";
    let (statements, _) = taken(&house, &house.admin(), list, json!({})).await;
    assert_eq!(statements, 4, "who asks, the page, how many there are, and whatever nobody looked at lately");
    let (statements, data) = taken(&house, &house.admin(), list, json!({})).await;
    assert_eq!(statements, 3, "who asks, the page, and how many there are");
    assert_eq!(data["enrollments"]["totalCount"], 40);
}

/// Rows are remembered by version, so a change must never be missed, whoever makes it.
async fn what_changed_shows_at_once_and_only_that_is_read_again(house: House) {
    let (_, _, people) = house.peers(2).await;
    house.night().await;
    let replica = shared::store::Store::connect(house.config.database.url.expose(), 2).await.unwrap();
    let [client, partner] = [house.client(&people[0]), house.client(&people[1])];
    let home = async || {
        let (statements, mut data) = taken(&house, &client, HOME, json!({})).await;
        (statements, data["viewer"]["matches"]["nodes"][0].take())
    };
    home().await;
    assert_eq!(home().await.0, 2, "nothing is new");

    let mut changed = people[1].clone();
    "Renamed".clone_into(&mut changed.name);
    let tx = replica.begin().await.unwrap();
    shared::store::people::update(&tx, &mut changed).await.unwrap();
    tx.commit().await.unwrap();
    let (statements, found) = home().await;
    assert_eq!((statements, &found["partner"]["name"]), (3, &json!("Renamed")), "the partner is new");
    assert_eq!(home().await, (2, found.clone()));

    let id = found["id"].clone();
    partner.query("mutation ($id: ID!) { pauseMatch(input: { id: $id }) { match { id } } }", json!({ "id": id })).await;
    let (statements, found) = home().await;
    assert_eq!((statements, &found["status"]), (3, &json!("PAUSED")), "the match is new");

    let enrollment = shared::store::enrollments::of_person(&replica, house.organization.id, people[1].id).await;
    let mut enrollment = enrollment.unwrap().remove(0);
    enrollment.about.insert("topics".to_owned(), vec!["rust".to_owned()]);
    let tx = replica.begin().await.unwrap();
    shared::store::enrollments::update(&tx, &mut enrollment).await.unwrap();
    tx.commit().await.unwrap();
    let (statements, found) = home().await;
    assert_eq!((statements, &found["partnerSide"]["about"][0]["values"]), (3, &json!(["rust"])), "the answers are new");
    assert_eq!(home().await.0, 2);
}

/// A version that was never committed is counted again, for something else.
async fn what_was_undone_is_never_shown(house: House) {
    let (_, _, people) = house.peers(2).await;
    house.night().await;
    let client = house.client(&people[0]);
    let name = async || client.query(HOME, json!({})).await["viewer"]["matches"]["nodes"][0]["partner"]["name"].clone();
    name().await;
    for (new, is_committed) in [("Undone", false), ("Done", true)] {
        let mut changed = people[1].clone();
        new.clone_into(&mut changed.name);
        let tx = house.store.begin().await.unwrap();
        shared::store::people::update(&tx, &mut changed).await.unwrap();
        let read = shared::store::people::find(&tx, house.organization.id, people[1].id).await.unwrap().unwrap();
        assert_eq!((read.name.as_str(), read.version), (new, people[1].version + 1));
        if is_committed {
            tx.commit().await.unwrap();
            assert_eq!(name().await, new);
        } else {
            drop(tx);
            assert_eq!(name().await, people[1].name);
        }
    }
}

/// Programs are remembered by version, so a change must never be missed: not here, and not by another replica.
async fn a_changed_program_shows_at_once(house: House) {
    let (program, _, people) = house.peers(2).await;
    house.night().await;
    let replica = shared::store::Store::connect(house.config.database.url.expose(), 2).await.unwrap();
    let label = async |person: &Person| {
        let data = house.client(person).query(HOME, json!({})).await;
        data["viewer"]["matches"]["nodes"][0]["partnerSide"]["about"][0]["label"].clone()
    };
    assert_eq!(label(&people[0]).await, "Topics");
    let current = async |store: &shared::store::Store| {
        shared::store::programs::current(store, house.organization.id, &[program.id]).await.unwrap().remove(0)
    };
    assert_eq!(current(&replica).await.questions[0].label, "Topics");

    let mut changed = (*current(&house.store).await).clone();
    "Subjects".clone_into(&mut changed.questions[0].label);
    let tx = house.store.begin().await.unwrap();
    shared::store::programs::update(&tx, &mut changed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(label(&people[0]).await, "Subjects");
    assert_eq!(current(&replica).await.questions[0].label, "Subjects");
    let (other, _) = house.other_organization("elsewhere").await;
    let foreign = shared::store::programs::at_versions(&house.store, other.id, &[(program.id, changed.version)]).await;
    assert!(foreign.unwrap().is_empty(), "what is remembered belongs to its organization");
}
