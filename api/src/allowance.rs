//! What a caller may still ask for, and how it is counted.
//!
//! Whoever has a token pays for requests and for cost points out of buckets of their own, and points also out of their
//! organization's, so that no organization can use up what others need. Nobody in particular pays by address, and once
//! more for each call of a mutation: signing in is what an attacker would repeat.

use std::{collections::BTreeMap, fmt, time::Duration};

use shared::{
    config::LimitsConfig,
    limiter::{Bucket, Draw, Limiter, Outcome},
    metrics::METRICS,
};
use uuid::Uuid;

use crate::graphql::authorization::{ROOT_FIELDS, Root};

/// The buckets of everybody.
#[derive(Clone, Debug)]
pub(crate) struct Allowances {
    limiter: Limiter,
    rates: Rates,
}

#[derive(Clone, Copy, Debug)]
struct Rates {
    requests: Bucket,
    points: Bucket,
    organization_points: Bucket,
    anonymous_requests: Bucket,
    anonymous_mutations: Bucket,
}

impl Allowances {
    /// As the settings say; `None` when nothing is limited.
    pub(crate) fn new(limiter: Limiter, limits: &LimitsConfig) -> Option<Self> {
        let bucket = |capacity, per_minute| Bucket { capacity, per_minute };
        let rates = Rates {
            requests: bucket(limits.requests_burst, limits.requests_per_minute),
            points: bucket(limits.points_burst, limits.points_per_minute),
            organization_points: bucket(limits.organization_points_burst, limits.organization_points_per_minute),
            anonymous_requests: bucket(limits.anonymous_requests_burst, limits.anonymous_requests_per_minute),
            anonymous_mutations: bucket(limits.anonymous_mutations_burst, limits.anonymous_mutations_per_minute),
        };
        limits.enabled.then_some(Self { limiter, rates })
    }

    /// The allowance of a person with a valid token; through an API client they have another one, so that neither uses up
    /// the other's.
    pub(crate) fn of_caller(&self, organization_id: Uuid, person_id: Uuid, client: Option<Uuid>) -> Allowance {
        Allowance { all: self.clone(), whose: Whose::Caller { organization_id, person_id, client } }
    }

    /// The allowance of an address, for everybody there who has no valid token.
    pub(crate) fn of_address(&self, address: String) -> Allowance {
        Allowance { all: self.clone(), whose: Whose::Address(address) }
    }
}

/// What one caller may still ask for.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    all: Allowances,
    whose: Whose,
}

#[derive(Clone, Debug)]
enum Whose {
    Caller { organization_id: Uuid, person_id: Uuid, client: Option<Uuid> },
    Address(String),
}

/// What is left of a caller's points, and how many come back in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) remaining: u32,
    pub(crate) restore_rate: u32,
}

/// Too much was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{whose} asked for too much: this takes {asked} of the {capacity} {what} that may be used at once, and {per_minute} \
     come back in a minute; ask again in {} seconds",
    self.seconds()
)]
pub(crate) struct Exceeded {
    whose: &'static str,
    what: What,
    asked: u32,
    capacity: u32,
    per_minute: u32,
    wait: Duration,
}

impl Exceeded {
    /// When it would fit, in whole seconds, at least 1.
    pub(crate) fn seconds(&self) -> u64 {
        self.wait.as_secs().saturating_add(u64::from(self.wait.subsec_nanos() > 0)).max(1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Requests,
    Points,
    Calls(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests => f.write_str("requests"),
            Self::Points => f.write_str("cost points"),
            Self::Calls(mutation) => write!(f, "calls of {mutation} without a token"),
        }
    }
}

impl Allowance {
    /// Pays for one request of so many points that calls these mutations.
    ///
    /// # Errors
    /// [`Exceeded`] when it does not fit; nothing was paid then.
    pub(crate) async fn pay(&self, points: u64, mutations: &[String]) -> Result<Balance, Exceeded> {
        let rates = &self.all.rates;
        let points = u32::try_from(points).unwrap_or(u32::MAX);
        METRICS.cost(points);
        let draw = |key: String, bucket, amount| Draw { key, bucket, amount };
        let mut draws = Vec::new();
        let mut meanings = Vec::new();
        match &self.whose {
            Whose::Caller { organization_id, person_id, client } => {
                let organization = organization_id.simple();
                let own = match client {
                    None => person_id.simple().to_string(),
                    Some(client) => format!("{}:{}", client.simple(), person_id.simple()),
                };
                draws.push(draw(format!("{organization}:{own}:points"), rates.points, points));
                draws.push(draw(format!("{organization}:{own}:requests"), rates.requests, 1));
                draws.push(draw(format!("{organization}:points"), rates.organization_points, points));
                let yours = "this caller";
                meanings.extend([(yours, What::Points), (yours, What::Requests), ("the organization", What::Points)]);
            }
            Whose::Address(address) => {
                draws.push(draw(format!("{address}:points"), rates.points, points));
                draws.push(draw(format!("{address}:requests"), rates.anonymous_requests, 1));
                meanings.extend([("this address", What::Points), ("this address", What::Requests)]);
                for (mutation, times) in calls(mutations) {
                    draws.push(draw(format!("{address}:calls:{mutation}"), rates.anonymous_mutations, times));
                    meanings.push(("this address", What::Calls(mutation.to_owned())));
                }
            }
        }
        match self.all.limiter.draw(&draws).await {
            Outcome::Granted { remaining } => Ok(Balance {
                remaining: remaining.first().copied().unwrap_or_default(),
                restore_rate: rates.points.per_minute / 60,
            }),
            Outcome::Refused { draw, wait } => {
                let (whose, what) = meanings.get(draw).cloned().unwrap_or(("this caller", What::Requests));
                let (asked, bucket) = draws.get(draw).map_or((1, rates.requests), |draw| (draw.amount, draw.bucket));
                let Bucket { capacity, per_minute } = bucket;
                Err(Exceeded { whose, what, asked, capacity, per_minute, wait })
            }
        }
    }
}

/// How often each mutation of the schema is called. Names that are none make no buckets.
fn calls(mutations: &[String]) -> BTreeMap<&'static str, u32> {
    let mut calls = BTreeMap::new();
    for called in mutations {
        if let Some(field) = ROOT_FIELDS.iter().find(|field| field.root == Root::Mutation && field.name == *called) {
            *calls.entry(field.name).or_default() += 1;
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use shared::limiter::Limiter;
    use uuid::Uuid;

    use super::{Allowances, Balance, Bucket, Rates};

    fn allowances() -> Allowances {
        let bucket = |capacity| Bucket { capacity, per_minute: 60 };
        let rates = Rates {
            requests: bucket(10),
            points: bucket(100),
            organization_points: bucket(250),
            anonymous_requests: bucket(5),
            anonymous_mutations: bucket(2),
        };
        Allowances { limiter: Limiter::in_process(), rates }
    }

    #[tokio::test]
    async fn everybody_pays_for_themselves_and_for_their_organization() {
        let all = allowances();
        let own = |organization: u128, person: u128| {
            all.of_caller(Uuid::from_u128(organization), Uuid::from_u128(person), None)
        };
        assert_eq!(own(1, 1).pay(60, &[]).await, Ok(Balance { remaining: 40, restore_rate: 1 }));
        let refused = own(1, 1).pay(60, &[]).await.expect_err("more than 100");
        assert_eq!(refused.seconds(), 20);
        assert_eq!(
            refused.to_string(),
            "this caller asked for too much: this takes 60 of the 100 cost points that may be used at once, and 60 come \
             back in a minute; ask again in 20 seconds"
        );
        for person in 2..=3 {
            assert!(own(1, person).pay(90, &[]).await.is_ok());
        }
        let refused = own(1, 4).pay(90, &[]).await.expect_err("the organization's 250 are used up");
        assert!(refused.to_string().starts_with("the organization asked"), "{refused}");
        assert!(own(2, 4).pay(90, &[]).await.is_ok(), "another organization has its own");
        for _ in 0..9 {
            assert!(own(2, 5).pay(1, &[]).await.is_ok());
        }
        assert!(own(2, 5).pay(1, &[]).await.is_ok());
        assert!(own(2, 5).pay(1, &[]).await.expect_err("eleven").to_string().contains("10 requests"));
    }

    #[tokio::test]
    async fn mutations_without_a_token_count_each() {
        let all = allowances();
        let address = |text: &str| all.of_address(text.to_owned());
        let calls = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let thrice = calls(&["enroll", "enroll", "enroll"]);
        assert!(address("192.0.2.1").pay(1, &calls(&["enroll", "enroll", "nonsense"])).await.is_ok());
        let refused = address("192.0.2.1").pay(1, &calls(&["enroll"])).await.expect_err("the third call");
        assert!(refused.to_string().contains("calls of enroll without a token"), "{refused}");
        assert!(address("192.0.2.1").pay(1, &calls(&["answerMatch"])).await.is_ok(), "others are counted apart");
        assert!(address("192.0.2.2").pay(1, &thrice).await.is_ok(), "all that the bucket holds");
        for _ in 0..3 {
            assert!(address("192.0.2.1").pay(1, &[]).await.is_ok());
        }
        assert!(address("192.0.2.1").pay(1, &[]).await.is_err());
    }
}
