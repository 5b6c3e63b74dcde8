//! How many deliveries are under way, and who gets the free places: pure arithmetic.

use std::collections::{BTreeMap, HashMap};

use shared::store::webhook_endpoints::DueEndpoint;
use uuid::Uuid;

/// The most deliveries of one worker at a time.
const PLACES: usize = 64;
/// Of these, the most of one organization.
const OF_ORGANIZATION: usize = 16;
/// Of these, the most to one endpoint.
const OF_ENDPOINT: usize = 4;

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Flight {
    endpoints: HashMap<Uuid, usize>,
    organizations: HashMap<Uuid, usize>,
    all: usize,
    turn: usize,
}

impl Flight {
    pub(super) fn has_room(&self) -> bool {
        self.all < PLACES
    }

    pub(super) fn take_off(&mut self, due: &DueEndpoint, count: usize) {
        *self.endpoints.entry(due.id).or_default() += count;
        *self.organizations.entry(due.organization_id).or_default() += count;
        self.all += count;
    }

    pub(super) fn land(&mut self, due: &DueEndpoint) {
        for (counts, id) in [(&mut self.endpoints, due.id), (&mut self.organizations, due.organization_id)] {
            if let Some(count) = counts.get_mut(&id) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&id);
                }
            }
        }
        self.all = self.all.saturating_sub(1);
    }

    /// Shares the free places out, one at a time: first one endpoint of each organization, then the next ones, beginning
    /// with another one at each call. An endpoint that fails gets a single place, to see whether it is back.
    pub(super) fn share(&mut self, due: &[DueEndpoint]) -> Vec<(DueEndpoint, u64)> {
        let mut order: Vec<(usize, usize)> = Vec::with_capacity(due.len());
        let mut ranks: BTreeMap<Uuid, usize> = BTreeMap::new();
        for (index, due) in due.iter().enumerate() {
            let rank = ranks.entry(due.organization_id).or_default();
            order.push((*rank, index));
            *rank += 1;
        }
        order.sort_unstable();
        if !order.is_empty() {
            let begin = self.turn % order.len();
            order.rotate_left(begin);
        }
        self.turn = self.turn.wrapping_add(1);

        let mut given = vec![0; due.len()];
        let mut of_organization = self.organizations.clone();
        let mut free = PLACES.saturating_sub(self.all);
        let mut more = true;
        while more {
            more = false;
            for &(_, index) in &order {
                let (Some(due), Some(given)) = (due.get(index), given.get_mut(index)) else { continue };
                let most = if due.failing { 1 } else { OF_ENDPOINT };
                let under_way = self.endpoints.get(&due.id).copied().unwrap_or_default() + *given;
                let organization = of_organization.entry(due.organization_id).or_default();
                if free > 0 && under_way < most && *organization < OF_ORGANIZATION {
                    *given += 1;
                    *organization += 1;
                    free -= 1;
                    more = true;
                }
            }
        }
        let given = due.iter().copied().zip(given.into_iter().map(|count| u64::try_from(count).unwrap_or(0)));
        given.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(organization: u128, endpoint: u128, failing: bool) -> DueEndpoint {
        let id = Uuid::from_u128(organization * 1_000 + endpoint);
        DueEndpoint { id, organization_id: Uuid::from_u128(organization), failing }
    }

    fn total(shares: &[(DueEndpoint, u64)], organization: u128) -> u64 {
        let own = shares.iter().filter(|(due, _)| due.organization_id == Uuid::from_u128(organization));
        own.map(|(_, count)| count).sum()
    }

    #[test]
    fn a_large_organization_leaves_room_for_a_small_one() {
        let mut all: Vec<DueEndpoint> = (0..200).map(|endpoint| due(1, endpoint, false)).collect();
        all.push(due(2, 0, false));
        let shares = Flight::default().share(&all);
        assert_eq!((total(&shares, 1), total(&shares, 2)), (16, 4));
    }

    #[test]
    fn an_endpoint_that_fails_takes_one_place_and_keeps_it() {
        let mut flight = Flight::default();
        let all = [due(1, 0, true), due(1, 1, false)];
        assert_eq!(flight.share(&all), [(all[0], 1), (all[1], 4)]);
        flight.take_off(&all[0], 1);
        flight.take_off(&all[1], 4);
        assert_eq!(flight.share(&all), []);
        flight.land(&all[1]);
        assert_eq!(flight.share(&all), [(all[1], 1)]);
    }

    #[test]
    fn the_last_place_goes_to_another_one_each_time() {
        let mut flight = Flight::default();
        for organization in 10..14 {
            flight.take_off(&due(organization, 0, false), 16);
        }
        flight.land(&due(10, 0, false));
        assert!(flight.has_room());
        let all: Vec<DueEndpoint> = (1..5).map(|organization| due(organization, 0, false)).collect();
        let mut winners: Vec<Uuid> = (0..4).map(|_| flight.share(&all)[0].0.id).collect();
        winners.sort();
        winners.dedup();
        assert_eq!(winners.len(), 4);
    }
}
