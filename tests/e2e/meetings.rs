//! Sessions: from a suggested time to one that was held, with what the two are told and their calendars get.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::domain::people::Person;

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
        smtp::Received,
    },
};

on_both_databases!(
    two_people_agree_on_a_time_and_meet,
    a_moved_session_asks_again_and_its_old_reminders_are_not_sent,
    a_session_that_is_called_off_leaves_both_calendars,
    a_match_that_ends_takes_its_coming_sessions_along,
    what_is_not_possible_is_refused_as_data,
    others_see_nothing_of_it,
    sessions_come_in_pages_and_in_events,
    a_pair_sets_its_rhythm_and_says_how_it_goes,
);

/// Two peers who are introduced.
struct Two {
    found: String,
    ann: Person,
    ben: Person,
    ann_client: Client,
    ben_client: Client,
}

const SESSION: &str = "session { id status startsAt endsAt minutes place agenda isMyTurn agreedAt cancelReason version
    proposedBy { name } match { id } history { from to } }";

async fn two(house: &House) -> Two {
    let (_, round, people) = house.peers(2).await;
    house.night().await;
    let found = house.living(&round).await.remove(0);
    let (ann, ben) = (people[0].clone(), people[1].clone());
    let (ann_client, ben_client) = (house.client(&ann), house.client(&ben));
    Two { found: House::id("Match", found.id), ann, ben, ann_client, ben_client }
}

fn in_hours(house: &House, hours: i64) -> DateTime<Utc> {
    house.clock.now() + TimeDelta::hours(hours)
}

async fn act(client: &Client, name: &str, input: Value) -> Value {
    client.mutate(&mutation(name, SESSION), json!({ "input": input })).await["session"].clone()
}

async fn refusal(client: &Client, name: &str, input: Value) -> (String, String) {
    let errors = client.user_errors(&mutation(name, SESSION), json!({ "input": input })).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&errors[0]["code"]), text(&errors[0]["field"][0]))
}

impl Two {
    async fn propose(&self, starts_at: DateTime<Utc>) -> Value {
        let input = json!({ "matchId": self.found, "startsAt": starts_at, "minutes": 45,
            "place": "https://meet.example.org/ab", "agenda": "Maps; and, then\n\nmore maps" });
        act(&self.ann_client, "proposeSession", input).await
    }

    async fn scheduled(&self, starts_at: DateTime<Utc>) -> Value {
        let id = self.propose(starts_at).await["id"].clone();
        act(&self.ben_client, "agreeToSession", json!({ "id": id })).await
    }
}

/// The calendar parts of all mail to a person, oldest first.
fn calendars(house: &House, person: &Person) -> Vec<String> {
    house.relay.messages_to(&person.email).iter().filter_map(Received::calendar).collect()
}

fn line<'t>(calendar: &'t str, name: &str) -> &'t str {
    calendar.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {calendar}"))
}

async fn two_people_agree_on_a_time_and_meet(house: House) {
    let two = two(&house).await;
    let starts_at = in_hours(&house, 72);
    let proposed = two.propose(starts_at).await;
    assert_eq!((&proposed["status"], &proposed["isMyTurn"]), (&json!("PROPOSED"), &json!(false)));
    assert_eq!(proposed["match"]["id"], json!(two.found));
    house.work().await;
    assert_eq!(house.subjects(&two.ann).len(), 1, "whoever suggests needs no mail");
    assert!(house.subjects(&two.ben)[1].contains("suggests a time to meet"), "{:?}", house.subjects(&two.ben));
    assert!(calendars(&house, &two.ben).is_empty(), "nothing is in a calendar before both agreed");

    let coming = "{ viewer { sessions(first: 5) { totalCount nodes { id isMyTurn } } } }";
    let before = two.ben_client.query(coming, json!({})).await;
    assert_eq!(before["viewer"]["sessions"]["nodes"], json!([{ "id": proposed["id"], "isMyTurn": true }]));
    let agreed = act(&two.ben_client, "agreeToSession", json!({ "id": proposed["id"] })).await;
    assert_eq!(agreed["status"], "SCHEDULED");
    assert!(agreed["agreedAt"].is_string());
    house.work().await;
    for person in [&two.ann, &two.ben] {
        let calendars = calendars(&house, person);
        assert_eq!(calendars.len(), 1);
        assert_eq!(line(&calendars[0], "METHOD:"), "REQUEST");
        assert_eq!(line(&calendars[0], "STATUS:"), "CONFIRMED");
        assert_eq!(line(&calendars[0], "DTSTART:"), starts_at.format("%Y%m%dT%H%M00Z").to_string());
        let other = if person.id == two.ann.id { &two.ben } else { &two.ann };
        assert!(!calendars[0].contains(&other.email), "an address of the partner in a calendar: {}", calendars[0]);
    }

    // Whoever agrees on a time is in touch, so nobody is reminded to be.
    let document = "query($id: ID!) { match(id: $id) { firstContactAt sessions(first: 5) { totalCount } } }";
    let found = two.ann_client.query(document, json!({ "id": two.found })).await;
    assert!(found["match"]["firstContactAt"].is_string());
    assert_eq!(found["match"]["sessions"]["totalCount"], 1);

    house.clock.set(starts_at - TimeDelta::hours(24));
    house.work().await;
    house.clock.set(starts_at - TimeDelta::hours(1));
    house.work().await;
    let last = |person: &Person| house.subjects(person).split_off(house.subjects(person).len() - 2);
    for (person, other) in [(&two.ann, &two.ben), (&two.ben, &two.ann)] {
        let local = starts_at.with_timezone(&chrono_tz::Europe::Berlin).format("%H:%M");
        let [day, hour] = &last(person)[..] else { panic!() };
        assert!(day.starts_with(&format!("You meet {}: ", other.name)) && day.ends_with(&local.to_string()), "{day}");
        assert_eq!(hour, &format!("In an hour: you and {}, {local}", other.name));
    }

    house.clock.set(starts_at + TimeDelta::hours(1));
    let after = two.ben_client.query(coming, json!({})).await;
    assert_eq!(after["viewer"]["sessions"]["totalCount"], 0, "it is not before them any more");
    let held = act(&two.ann_client, "recordSession", json!({ "id": proposed["id"], "held": true })).await;
    assert_eq!(held["status"], "HELD");
    let steps: Vec<&Value> = held["history"].as_array().unwrap().iter().map(|step| &step["to"]).collect();
    assert_eq!(steps, ["PROPOSED", "SCHEDULED", "HELD"]);
}

async fn a_moved_session_asks_again_and_its_old_reminders_are_not_sent(house: House) {
    let two = two(&house).await;
    let old = in_hours(&house, 72);
    let session = two.scheduled(old).await;
    house.work().await;
    let new = old + TimeDelta::hours(96);
    let input = json!({ "id": session["id"], "startsAt": new, "place": "" });
    let moved = act(&two.ben_client, "moveSession", input).await;
    assert_eq!((&moved["status"], &moved["place"]), (&json!("PROPOSED"), &Value::Null));
    assert_eq!((&moved["minutes"], &moved["proposedBy"]["name"]), (&json!(45), &json!(two.ben.name)));
    let code = refusal(&two.ben_client, "agreeToSession", json!({ "id": session["id"] })).await.0;
    assert_eq!(code, "NOT_POSSIBLE", "whoever moved it cannot agree for both");
    house.work().await;
    for person in [&two.ann, &two.ben] {
        let calendars = calendars(&house, person);
        assert_eq!(calendars.len(), 2, "{:?}", house.subjects(person));
        assert_eq!(line(&calendars[0], "UID:"), line(&calendars[1], "UID:"));
        assert_eq!((line(&calendars[0], "SEQUENCE:"), line(&calendars[1], "SEQUENCE:")), ("1", "2"));
        assert_eq!(line(&calendars[1], "STATUS:"), "TENTATIVE");
        assert_eq!(line(&calendars[1], "DTSTART:"), new.format("%Y%m%dT%H%M00Z").to_string());
        assert!(!calendars[1].contains("LOCATION"));
    }
    // The old time comes, and nobody is reminded of it.
    let counted = house.relay.messages().len();
    for hours in [24, 1] {
        house.clock.set(old - TimeDelta::hours(hours));
        house.work().await;
    }
    assert_eq!(house.relay.messages().len(), counted);
    act(&two.ann_client, "agreeToSession", json!({ "id": session["id"] })).await;
    house.clock.set(new - TimeDelta::hours(24));
    house.work().await;
    house.clock.set(new - TimeDelta::hours(1));
    house.work().await;
    assert_eq!(house.relay.messages().len(), counted + 6, "two invitations and two times two reminders");
    assert_eq!(line(&calendars(&house, &two.ann)[2], "SEQUENCE:"), "3");

    // Another room is no other time: both are told, and nobody is asked.
    let input = json!({ "id": session["id"], "startsAt": new, "place": "Library" });
    let changed = act(&two.ann_client, "moveSession", input).await;
    assert_eq!(changed["status"], "SCHEDULED");
    house.work().await;
    let newest = calendars(&house, &two.ben).pop().unwrap();
    assert_eq!((line(&newest, "STATUS:"), line(&newest, "LOCATION:")), ("CONFIRMED", "Library"));
}

async fn a_session_that_is_called_off_leaves_both_calendars(house: House) {
    let two = two(&house).await;
    let starts_at = in_hours(&house, 72);
    let session = two.scheduled(starts_at).await;
    house.work().await;
    let input = json!({ "id": session["id"], "reason": "ill,\r\nsorry" });
    let canceled = act(&two.ann_client, "cancelSession", input).await;
    assert_eq!((&canceled["status"], &canceled["cancelReason"]), (&json!("CANCELED"), &json!("ill, sorry")));
    house.work().await;
    for person in [&two.ann, &two.ben] {
        let newest = calendars(&house, person).pop().unwrap();
        assert_eq!((line(&newest, "METHOD:"), line(&newest, "STATUS:")), ("CANCEL", "CANCELLED"));
        assert_eq!(line(&newest, "SEQUENCE:"), "2");
    }
    let text = house.relay.messages_to(&two.ben.email).pop().unwrap().text();
    assert!(text.contains("> ill, sorry"), "{text}");
    let counted = house.relay.messages().len();
    house.clock.set(starts_at - TimeDelta::minutes(30));
    house.work().await;
    assert_eq!(house.relay.messages().len(), counted, "nobody is reminded of it");

    // A mere suggestion stands in no calendar, and only the other one has to know.
    let proposed = two.propose(in_hours(&house, 48)).await;
    house.work().await;
    act(&two.ann_client, "cancelSession", json!({ "id": proposed["id"], "reason": "no time" })).await;
    house.work().await;
    assert_eq!(house.relay.messages().len(), counted + 2);
    assert_eq!(calendars(&house, &two.ben).len(), 2);
}

async fn a_match_that_ends_takes_its_coming_sessions_along(house: House) {
    let two = two(&house).await;
    let agreed = two.scheduled(in_hours(&house, 72)).await;
    let proposed = two.propose(in_hours(&house, 100)).await;
    house.work().await;
    let end = json!({ "input": { "id": two.found, "reason": "moving away" } });
    two.ben_client.mutate(&mutation("endMatch", "match { status }"), end).await;
    house.work().await;
    for id in [&agreed["id"], &proposed["id"]] {
        let document = "query($id: ID!) { node(id: $id) { ... on Session { status cancelReason } } }";
        let seen = two.ann_client.query(document, json!({ "id": id })).await;
        assert_eq!(seen["node"], json!({ "status": "CANCELED", "cancelReason": null }), "no reason is told");
    }
    for person in [&two.ann, &two.ben] {
        assert_eq!(line(&calendars(&house, person).pop().unwrap(), "METHOD:"), "CANCEL");
    }
    let input = json!({ "matchId": two.found, "startsAt": in_hours(&house, 48) });
    assert_eq!(refusal(&two.ann_client, "proposeSession", input).await.0, "NOT_POSSIBLE");
}

async fn what_is_not_possible_is_refused_as_data(house: House) {
    let two = two(&house).await;
    let propose = |starts_at: DateTime<Utc>, minutes: i32| json!({ "matchId": two.found, "startsAt": starts_at, "minutes": minutes });
    let refused = async |name: &str, input: Value| refusal(&two.ann_client, name, input).await;
    let field = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    assert_eq!(refused("proposeSession", propose(in_hours(&house, -1), 60)).await, field("INVALID", "startsAt"));
    assert_eq!(refused("proposeSession", propose(in_hours(&house, 24 * 900), 60)).await, field("INVALID", "startsAt"));
    assert_eq!(refused("proposeSession", propose(in_hours(&house, 1), 0)).await, field("INVALID", "minutes"));
    assert_eq!(refused("proposeSession", propose(in_hours(&house, 1), -60)).await, field("INVALID", "minutes"));
    let absent = json!({ "matchId": House::id("Match", uuid::Uuid::from_u128(7)), "startsAt": in_hours(&house, 1) });
    assert_eq!(refused("proposeSession", absent).await, field("NOT_FOUND", "matchId"));

    let id = two.propose(in_hours(&house, 2)).await["id"].clone();
    assert_eq!(refused("agreeToSession", json!({ "id": id })).await.0, "NOT_POSSIBLE", "it is their own suggestion");
    assert_eq!(refused("recordSession", json!({ "id": id, "held": true })).await.0, "NOT_POSSIBLE", "not begun yet");
    assert_eq!(refused("cancelSession", json!({ "id": id, "reason": " " })).await, field("INVALID", "reason"));
    let same = json!({ "id": id, "startsAt": in_hours(&house, 2) });
    assert_eq!(refused("moveSession", same).await.0, "NOT_POSSIBLE", "nothing would change");
    assert_eq!(
        refusal(&house.admin(), "agreeToSession", json!({ "id": id })).await.0,
        "FORBIDDEN",
        "staff do not agree for others"
    );
    house.clock.advance(TimeDelta::hours(3));
    let late = refusal(&two.ben_client, "agreeToSession", json!({ "id": id })).await;
    assert_eq!(late.0, "NOT_POSSIBLE", "its time is over");
    assert_eq!(refused("recordSession", json!({ "id": id, "held": false })).await.0, "NOT_POSSIBLE", "never agreed");
    act(&house.admin(), "recordSession", json!({ "id": id, "held": true })).await;
    assert_eq!(refused("recordSession", json!({ "id": id, "held": true })).await.0, "NOT_POSSIBLE");
    let pause = json!({ "input": { "id": two.found } });
    two.ann_client.mutate(&mutation("pauseMatch", "match { status }"), pause).await;
    assert_eq!(refused("proposeSession", propose(in_hours(&house, 5), 60)).await.0, "NOT_POSSIBLE", "a break");
}

async fn others_see_nothing_of_it(house: House) {
    let two = two(&house).await;
    let id = two.propose(in_hours(&house, 50)).await["id"].clone();
    let stranger = house.client(&house.person("Sam Stranger", "DE").await);
    let elsewhere = house.coordinator("Pawel Poland", Some(&["PL"])).await;
    for client in [&stranger, &house.client(&elsewhere)] {
        let seen = client.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(seen["node"], Value::Null);
        let later = in_hours(&house, 60);
        for (name, input) in [
            ("proposeSession", json!({ "matchId": two.found, "startsAt": later })),
            ("agreeToSession", json!({ "id": id })),
            ("moveSession", json!({ "id": id, "startsAt": later })),
            ("cancelSession", json!({ "id": id, "reason": "x" })),
            ("recordSession", json!({ "id": id, "held": true })),
        ] {
            assert_eq!(refusal(client, name, input).await.0, "NOT_FOUND", "{name}");
        }
    }
    let seen = house.admin().query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(seen["node"]["id"], id);
}

async fn sessions_come_in_pages_and_in_events(house: House) {
    let two = two(&house).await;
    for hours in [40, 20, 30] {
        two.propose(in_hours(&house, hours)).await;
    }
    let document = "query($id: ID!, $after: String) { match(id: $id) { sessions(first: 2, after: $after) {
        nodes { startsAt } pageInfo { hasNextPage endCursor } } } }";
    let mut starts = Vec::new();
    let mut after = Value::Null;
    loop {
        let found = two.ben_client.query(document, json!({ "id": two.found, "after": after })).await;
        let page = &found["match"]["sessions"];
        starts.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["startsAt"].clone()));
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let hours = [20, 30, 40].map(|hours| json!(in_hours(&house, hours)));
    assert_eq!(starts, hours);

    house.worker.fan_out().await.expect("events are numbered");
    let events = house.admin().query("{ events(first: 50) { nodes { kind } } }", json!({})).await;
    let proposed = events.to_string().matches("session.proposed").count();
    assert_eq!(proposed, 3, "{events}");
}

async fn a_pair_sets_its_rhythm_and_says_how_it_goes(house: House) {
    let two = two(&house).await;
    let find = "{ programs(first: 1) { nodes { id stalledDays } } }";
    let program = house.admin().query(find, json!({})).await["programs"]["nodes"][0]["id"].clone();
    let update = mutation("updateProgram", "program { stalledDays firstCheckInDays checkInDays topicDays topics }");
    let refused = json!({ "input": { "id": program, "topicDays": 366 } });
    assert_eq!(house.admin().user_errors(&update, refused).await[0]["field"], json!(["topicDays"]));
    let days = json!({ "input": { "id": program, "stalledDays": 21, "firstCheckInDays": 30, "topicDays": 14 } });
    let updated = house.admin().mutate(&update, days).await;
    let expected =
        json!({ "stalledDays": 21, "firstCheckInDays": 30, "checkInDays": 60, "topicDays": 14, "topics": [] });
    assert_eq!(updated["program"], expected);
    let cadence = |days: i32| json!({ "input": { "id": two.found, "days": days } });
    let document = mutation("setMatchCadence", "match { cadenceDays }");
    let set = two.ann_client.mutate(&document, cadence(30)).await;
    assert_eq!(set["match"]["cadenceDays"], 30);
    for days in [0, 731, -1] {
        assert_eq!(two.ann_client.user_errors(&document, cadence(days)).await[0]["field"], json!(["days"]));
    }
    for _ in 0..31 {
        house.days_later(1).await;
    }
    let about = |person: &Person, words: &str| house.subjects(person).iter().filter(|it| it.contains(words)).count();
    assert_eq!(about(&two.ben, "still in touch"), 0, "their own rhythm is a month");
    assert_eq!(about(&two.ben, "How is it going"), 1);
    assert_eq!(about(&two.ben, "Something to talk about"), 3);

    let asked = "query($id: ID!) { match(id: $id) { lastContactAt checkIns(first: 5) { totalCount
        nodes { id kind satisfaction note person { name } } } } }";
    let seen = two.ben_client.query(asked, json!({ "id": two.found })).await;
    assert_eq!(seen["match"]["checkIns"]["totalCount"], 1, "only what they were asked themselves");
    let id = seen["match"]["checkIns"]["nodes"][0]["id"].clone();
    let answer =
        |satisfaction: i32| json!({ "input": { "id": id, "satisfaction": satisfaction, "note": "Ann writes seldom" } });
    let document = mutation("answerCheckIn", "checkIn { satisfaction answeredAt }");
    assert_eq!(two.ann_client.user_errors(&document, answer(1)).await[0]["code"], "NOT_FOUND", "it is Ben's");
    assert_eq!(two.ben_client.user_errors(&document, answer(6)).await[0]["field"], json!(["satisfaction"]));
    let answered = two.ben_client.mutate(&document, answer(4)).await;
    assert_eq!(answered["checkIn"]["satisfaction"], 4);
    let partner = two.ann_client.query(asked, json!({ "id": two.found })).await;
    assert!(!partner.to_string().contains("seldom"), "{partner}");
    assert!(partner["match"]["lastContactAt"].is_string(), "an answer is a sign of life");
    let staff = house.admin().query(asked, json!({ "id": two.found })).await;
    assert_eq!(staff["match"]["checkIns"]["totalCount"], 2);
    assert!(staff.to_string().contains("Ann writes seldom"));

    for _ in 0..46 {
        house.days_later(1).await;
    }
    assert_eq!(about(&two.ben, "still in touch"), 1, "a month and a half without a sign");
    let input = json!({ "input": { "id": two.found } });
    two.ann_client.mutate(&mutation("noteContact", "match { lastContactAt }"), input).await;
    let end = json!({ "input": { "id": two.found, "reason": "all done", "completed": true } });
    two.ann_client.mutate(&mutation("endMatch", "match { status }"), end).await;
    house.days_later(1).await;
    house.days_later(1).await;
    assert_eq!(about(&two.ben, "How was it with"), 1);
}
