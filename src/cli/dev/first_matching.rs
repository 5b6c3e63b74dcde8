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
    let worker = Worker::new(config, process.store.clone(), process.bus.clone(), process.clock.clone())?;
    let step = Step::begin("Matching");
    if worker.run_queued().await? > 0 {
        step.done(&matched(&process.store).await?);
    }
    if store::messages::every_next_due(&process.store).await?.is_some_and(|due| due <= process.clock.now()) {
        let step = Step::begin("Mail");
        let before = sent(&process.store).await?;
        deliver(&worker, &step, before).await?;
        step.done(&format!("{} delivered", sent(&process.store).await?.saturating_sub(before)));
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
async fn deliver(worker: &Worker, step: &Step, before: u64) -> Result<(), Failure> {
    let watch = async {
        loop {
            if let Ok(sent) = sent(&worker.store).await {
                step.note(&format!("{} delivered", sent.saturating_sub(before)));
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

async fn sent(store: &Store) -> Result<u64, StoreError> {
    let counts = store::messages::every_count(store).await?;
    Ok(counts.into_iter().filter(|(status, _)| *status == MessageStatus::Sent).map(|(_, count)| count).sum())
}
