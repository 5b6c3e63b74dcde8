//! Events: what happened in an organization, for the systems around it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{global_ids, states::words};

words! {
    /// The closed list of what is told, `<noun>.<past participle>`. New ones are added at the end of their noun;
    /// receivers leave out what they do not know.
    EventKind {
        /// A person was created.
        PersonCreated = "person.created",
        /// A person's data changed, or the person came back.
        PersonUpdated = "person.updated",
        /// A person left, or changed after that.
        PersonDeactivated = "person.deactivated",
        /// Somebody asked to join a round.
        EnrollmentApplied = "enrollment.applied",
        /// The enrollment was accepted; required answers are missing.
        EnrollmentAccepted = "enrollment.accepted",
        /// The person's country reached its share of the round.
        EnrollmentWaitlisted = "enrollment.waitlisted",
        /// Staff did not accept the enrollment.
        EnrollmentDeclined = "enrollment.declined",
        /// The enrollment is complete: the next night looks for a partner.
        EnrollmentActivated = "enrollment.activated",
        /// Required answers became missing.
        EnrollmentReopened = "enrollment.reopened",
        /// The person takes no new partner for a while.
        EnrollmentPaused = "enrollment.paused",
        /// The pause is over.
        EnrollmentResumed = "enrollment.resumed",
        /// The round ended with this person in it.
        EnrollmentCompleted = "enrollment.completed",
        /// The person left the round.
        EnrollmentWithdrawn = "enrollment.withdrawn",
        /// Staff removed the person from the round.
        EnrollmentRemoved = "enrollment.removed",
        /// A round was created.
        RoundCreated = "round.created",
        /// A round takes enrollments (again).
        RoundOpened = "round.opened",
        /// A round takes no enrollments any more.
        RoundClosed = "round.closed",
        /// Matched pairs are at work.
        RoundStarted = "round.started",
        /// A round is over.
        RoundCompleted = "round.completed",
        /// A round was called off.
        RoundCanceled = "round.canceled",
        /// Two people were proposed to each other, or one asked the other.
        MatchProposed = "match.proposed",
        /// Two people are introduced.
        MatchActivated = "match.activated",
        /// The two take a break.
        MatchPaused = "match.paused",
        /// The break is over.
        MatchResumed = "match.resumed",
        /// The match ended as planned.
        MatchCompleted = "match.completed",
        /// The match ended before its time.
        MatchEndedEarly = "match.ended_early",
        /// One side declined.
        MatchDeclined = "match.declined",
        /// Nobody answered in time.
        MatchExpired = "match.expired",
        /// The match was taken back before it began.
        MatchWithdrawn = "match.withdrawn",
        /// One side suggests a time to meet, or another time.
        SessionProposed = "session.proposed",
        /// Both agreed on the time.
        SessionScheduled = "session.scheduled",
        /// The session took place, as one of the two or staff told us.
        SessionHeld = "session.held",
        /// The session did not take place.
        SessionMissed = "session.missed",
        /// The session was called off.
        SessionCanceled = "session.canceled",
        /// A run waits for a worker.
        MatchRunQueued = "match_run.queued",
        /// A worker plans.
        MatchRunStarted = "match_run.started",
        /// The run is planned; it waits for approval, or is a preview.
        MatchRunReady = "match_run.ready",
        /// The run could not be planned.
        MatchRunFailed = "match_run.failed",
        /// The run's pairs became matches.
        MatchRunPublished = "match_run.published",
        /// The run was put away.
        MatchRunDiscarded = "match_run.discarded",
        /// An endpoint was switched off after failing for too long.
        WebhookEndpointDisabled = "webhook_endpoint.disabled",
        /// Somebody tries an endpoint out; delivered to that endpoint only.
        WebhookTest = "webhook.test",
    }
}

impl EventKind {
    /// What a step of a thing with states is called; `None` for a step that is not told.
    pub fn of_step(thing: Thing, from: &str, to: &str) -> Option<Self> {
        Some(match (thing, from, to) {
            (Thing::Enrollment, _, "APPLIED") => Self::EnrollmentApplied,
            (Thing::Enrollment, "ACTIVE", "ACCEPTED") => Self::EnrollmentReopened,
            (Thing::Enrollment, _, "ACCEPTED") => Self::EnrollmentAccepted,
            (Thing::Enrollment, _, "WAITLISTED") => Self::EnrollmentWaitlisted,
            (Thing::Enrollment, _, "DECLINED") => Self::EnrollmentDeclined,
            (Thing::Enrollment, "PAUSED", "ACTIVE") => Self::EnrollmentResumed,
            (Thing::Enrollment, _, "ACTIVE") => Self::EnrollmentActivated,
            (Thing::Enrollment, _, "PAUSED") => Self::EnrollmentPaused,
            (Thing::Enrollment, _, "COMPLETED") => Self::EnrollmentCompleted,
            (Thing::Enrollment, _, "WITHDRAWN") => Self::EnrollmentWithdrawn,
            (Thing::Enrollment, _, "REMOVED") => Self::EnrollmentRemoved,
            (Thing::Round, _, "DRAFT") => Self::RoundCreated,
            (Thing::Round, _, "OPEN") => Self::RoundOpened,
            (Thing::Round, _, "CLOSED") => Self::RoundClosed,
            (Thing::Round, _, "RUNNING") => Self::RoundStarted,
            (Thing::Round, _, "COMPLETED") => Self::RoundCompleted,
            (Thing::Round, _, "CANCELED") => Self::RoundCanceled,
            (Thing::Match, _, "PROPOSED") => Self::MatchProposed,
            (Thing::Match, "PAUSED", "ACTIVE") => Self::MatchResumed,
            (Thing::Match, _, "ACTIVE") => Self::MatchActivated,
            (Thing::Match, _, "PAUSED") => Self::MatchPaused,
            (Thing::Match, _, "COMPLETED") => Self::MatchCompleted,
            (Thing::Match, _, "ENDED_EARLY") => Self::MatchEndedEarly,
            (Thing::Match, _, "DECLINED") => Self::MatchDeclined,
            (Thing::Match, _, "EXPIRED") => Self::MatchExpired,
            (Thing::Match, _, "WITHDRAWN") => Self::MatchWithdrawn,
            (Thing::Session, _, "PROPOSED") => Self::SessionProposed,
            (Thing::Session, _, "SCHEDULED") => Self::SessionScheduled,
            (Thing::Session, _, "HELD") => Self::SessionHeld,
            (Thing::Session, _, "MISSED") => Self::SessionMissed,
            (Thing::Session, _, "CANCELED") => Self::SessionCanceled,
            (Thing::MatchRun, _, "QUEUED") => Self::MatchRunQueued,
            (Thing::MatchRun, _, "RUNNING") => Self::MatchRunStarted,
            (Thing::MatchRun, _, "READY") => Self::MatchRunReady,
            (Thing::MatchRun, _, "FAILED") => Self::MatchRunFailed,
            (Thing::MatchRun, _, "PUBLISHED") => Self::MatchRunPublished,
            (Thing::MatchRun, _, "DISCARDED") => Self::MatchRunDiscarded,
            _ => return None,
        })
    }

    /// The thing it happens to.
    pub fn thing(self) -> Thing {
        let noun = self.as_str().split('.').next().unwrap_or_default();
        match noun {
            "person" => Thing::Person,
            "enrollment" => Thing::Enrollment,
            "round" => Thing::Round,
            "match" => Thing::Match,
            "match_run" => Thing::MatchRun,
            "session" => Thing::Session,
            _ => Thing::WebhookEndpoint,
        }
    }
}

/// What events happen to, and what they mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// See the table `people`.
    Person,
    /// See the table `enrollments`.
    Enrollment,
    /// See the table `programs`.
    Program,
    /// See the table `rounds`.
    Round,
    /// See the table `matches`.
    Match,
    /// See the table `match_runs`.
    MatchRun,
    /// See the table `sessions`.
    Session,
    /// See the table `webhook_endpoints`.
    WebhookEndpoint,
}

impl Thing {
    /// The name of its type in the API, as global ids carry it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Enrollment => "Enrollment",
            Self::Program => "Program",
            Self::Round => "Round",
            Self::Match => "Match",
            Self::MatchRun => "MatchRun",
            Self::Session => "Session",
            Self::WebhookEndpoint => "WebhookEndpoint",
        }
    }

    /// Its table, as the history names it.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Enrollment => "enrollments",
            Self::Program => "programs",
            Self::Round => "rounds",
            Self::Match => "matches",
            Self::MatchRun => "match_runs",
            Self::Session => "sessions",
            Self::WebhookEndpoint => "webhook_endpoints",
        }
    }
}

/// The things that an event's thing belongs to: enough to look further, and nothing about anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relatives {
    /// The program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_id: Option<Uuid>,
    /// The round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_id: Option<Uuid>,
    /// The people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person_ids: Vec<Uuid>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `UUIDv7`; the same in the log and in every delivery.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// What happened. Kept as a text: an older version reads the kinds of a newer one.
    pub kind: String,
    /// The thing it happened to.
    pub entity_id: Uuid,
    /// What that belongs to.
    pub relatives: Relatives,
    /// When.
    pub at: DateTime<Utc>,
    /// Its place in the organization's log, from 1; `None` until it has one.
    pub position: Option<i64>,
}

impl Event {
    /// The thing it happened to; `None` for a kind this version does not know.
    pub fn thing(&self) -> Option<Thing> {
        self.kind.parse::<EventKind>().ok().map(EventKind::thing)
    }

    /// The global id of the thing it happened to; `None` for a kind this version does not know.
    pub fn global_entity_id(&self) -> Option<String> {
        self.thing().map(|thing| global_ids::encode(thing.type_name(), self.entity_id))
    }

    /// What a webhook carries, always the same bytes: `type`, `timestamp` (RFC 3339) and `data` with global ids only
    /// (Standard Webhooks, "thin" payloads).
    pub fn payload(&self) -> Vec<u8> {
        let ids = |thing: Thing, id: Uuid| Value::from(global_ids::encode(thing.type_name(), id));
        let Relatives { program_id, round_id, person_ids } = &self.relatives;
        let mut data = Map::new();
        data.insert("eventId".to_owned(), self.global_id().into());
        data.insert("organizationId".to_owned(), global_ids::encode("Organization", self.organization_id).into());
        data.insert("entityId".to_owned(), self.global_entity_id().map_or(Value::Null, Value::from));
        if let Some(id) = program_id {
            data.insert("programId".to_owned(), ids(Thing::Program, *id));
        }
        if let Some(id) = round_id {
            data.insert("roundId".to_owned(), ids(Thing::Round, *id));
        }
        if !person_ids.is_empty() {
            let people = person_ids.iter().map(|id| ids(Thing::Person, *id)).collect();
            data.insert("personIds".to_owned(), Value::Array(people));
        }
        let payload = BTreeMap::from([
            ("type", Value::from(self.kind.as_str())),
            ("timestamp", Value::from(self.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))),
            ("data", Value::Object(data)),
        ]);
        // A map of texts cannot fail to be written.
        serde_json::to_vec(&payload).unwrap_or_default()
    }

    /// Its global id, which is also its `webhook-id`.
    pub fn global_id(&self) -> String {
        global_ids::encode("Event", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        enrollments::EnrollmentStatus, match_runs::RunStatus, matches::MatchStatus, rounds::RoundStatus,
        sessions::SessionStatus,
    };

    #[test]
    fn every_step_of_every_machine_is_told() {
        fn told<S: std::fmt::Display, E>(thing: Thing, table: &[(S, E, S)]) {
            for (from, _, to) in table {
                let kind = EventKind::of_step(thing, &from.to_string(), &to.to_string());
                assert_eq!(kind.expect("a kind").thing(), thing, "{from} -> {to}");
            }
        }
        told(Thing::Enrollment, EnrollmentStatus::TABLE);
        told(Thing::Round, RoundStatus::TABLE);
        told(Thing::Match, MatchStatus::TABLE);
        told(Thing::MatchRun, RunStatus::TABLE);
        told(Thing::Session, SessionStatus::TABLE);
        assert_eq!(EventKind::of_step(Thing::Round, "-", "DRAFT"), Some(EventKind::RoundCreated));
        assert_eq!(EventKind::of_step(Thing::Person, "-", "ACTIVE"), None);
    }

    #[test]
    fn a_payload_has_ids_and_nothing_else_and_is_the_same_every_time() {
        let event = Event {
            id: Uuid::from_u128(1),
            organization_id: Uuid::from_u128(2),
            kind: "match.activated".to_owned(),
            entity_id: Uuid::from_u128(3),
            relatives: Relatives {
                program_id: Some(Uuid::from_u128(4)),
                round_id: None,
                person_ids: vec![Uuid::nil()],
            },
            at: "2026-11-25T08:00:00Z".parse().expect("an instant"),
            position: Some(7),
        };
        let payload: Value = serde_json::from_slice(&event.payload()).expect("JSON");
        assert_eq!(payload["type"], "match.activated");
        assert_eq!(payload["timestamp"], "2026-11-25T08:00:00Z");
        let entity = payload["data"]["entityId"].as_str().expect("an id");
        assert_eq!(global_ids::decode(entity), Some(("Match".to_owned(), Uuid::from_u128(3))));
        assert_eq!(payload["data"]["personIds"].as_array().map(Vec::len), Some(1));
        assert!(payload["data"].get("roundId").is_none());
        assert_eq!(event.payload(), event.clone().payload());
        let newer = Event { kind: "planet.found".to_owned(), ..event };
        assert!(serde_json::from_slice::<Value>(&newer.payload()).expect("JSON")["data"]["entityId"].is_null());
    }
}
