//! The first matching of the sample organizations, done before anybody looks; and whatever an interrupted start left.

use std::time::Duration;

use shared::{
    config::Config,
    domain::messages::MessageStatus,
    store::{self, Store, StoreError},
};
use worker::Worker;

use super::super::{Failure, process::Process, progress::Step};

/// How often the count of delivered mails is looked up.
const GLANCE: Duration = Duration::from_millis(100);

/// Plans what is queued and delivers what is due. Does and says nothing when there is neither.
pub(super) async fn run(config: &Config, process: &Process) -> Result<(), Failure> {
    let worker = Worker::new(config, process.store.clone(), process.bus.clone(), process.clock.clone());
    let step = Step::begin("Matching");
    if worker.run_queued().await? > 0 {
        step.done(&matched(&process.store).await?);
    }
    let step = Step::begin("Mail");
    if waiting(&process.store).await? > 0 {
        deliver(&worker, &step).await?;
        step.done(&format!("{} delivered", count(&process.store, MessageStatus::Sent).await?));
    }
    Ok(())
}

/// What every program has now: pairs, and people who were told why they have none.
async fn matched(store: &Store) -> Result<String, StoreError> {
    let mut lines = Vec::new();
    for program in store::programs::every_living(store).await? {
        let organization_id = program.organization_id;
        for round in store::rounds::of_program(store, organization_id, program.id).await? {
            let pairs = store::matches::living_of_round(store, organization_id, round.id).await?;
            let Some(run_id) = pairs.iter().find_map(|pair| pair.run_id) else { continue };
            let without = store::non_matches::of_run(store, organization_id, run_id).await?.len();
            lines.push(format!("{}: {} pairs, {without} people without", program.name, pairs.len()));
        }
    }
    Ok(lines.join("\n                   "))
}

/// Delivers and shows how far it is.
async fn deliver(worker: &Worker, step: &Step) -> Result<(), Failure> {
    let all = waiting(&worker.store).await?;
    let watch = async {
        loop {
            if let Ok(left) = waiting(&worker.store).await {
                step.at(all.saturating_sub(left), all);
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::select! {
        sent = worker.send_due() => { sent?; }
        () = watch => {}
    }
    Ok(())
}

async fn waiting(store: &Store) -> Result<u64, StoreError> {
    Ok(count(store, MessageStatus::Pending).await? + count(store, MessageStatus::Sending).await?)
}

async fn count(store: &Store, status: MessageStatus) -> Result<u64, StoreError> {
    let counts = store::messages::every_count(store).await?;
    Ok(counts.into_iter().filter(|(found, _)| *found == status).map(|(_, count)| count).sum())
}
