use std::path::Path;

use api::{App, DevSamples};
use serde_json::json;
use shared::{
    auth::Signer,
    bus::Bus,
    config::{Config, Layers},
    store::Store,
};
use tokio_util::sync::CancellationToken;
use worker::Worker;

use super::*;
use crate::{cli::dev::welcome::FIRST_QUERY, seed};

#[test]
fn every_file_is_a_list_of_titled_documents() {
    for file in [ANYONE, PARTICIPANT, MENTORING, UNMATCHED, COORDINATOR, COUNTRY_COORDINATOR, ADMINISTRATOR] {
        let documents: Vec<_> = titled(file).collect();
        assert!(documents.len() >= 2);
        for (title, document) in documents {
            assert!(title.len() < 60 && !title.ends_with('.'), "{title}");
            assert!(document.starts_with("query ") || document.starts_with("mutation "), "{document}");
        }
    }
}

async fn seeded(folder: &Path) -> (Config, Worker) {
    let config = Layers::new().embedded(folder, 0).load().unwrap();
    migrations::migrate(config.database.url.expose()).await.unwrap();
    let store = Store::connect(config.database.url.expose(), 4).await.unwrap();
    let clock = config.clock.clock();
    seed::plant(&store, &clock, &seed::samples(clock.now()).unwrap()).await.unwrap();
    let worker = Worker::new(&config, store, Bus::in_process(), clock).unwrap();
    assert_eq!(worker.run_queued().await.unwrap(), 2);
    (config, worker)
}

/// Every part finds its actor in the sample data, and every example works for it, one after the other.
#[tokio::test]
async fn every_example_works_with_its_token() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().unwrap();
    let (config, worker) = seeded(folder.path()).await;
    let (store, clock) = (worker.store.clone(), worker.clock.clone());
    let signer = Signer::load_or_generate(&config.auth).unwrap();
    let cast = Cast::find(&store, &signer, clock.now()).await.unwrap();
    let (tokens, queries) = (cast.tokens(), all(&cast));
    let roles: BTreeSet<&str> = tokens.iter().map(|token| token.role.as_str()).collect();
    assert_eq!(roles.len(), 10, "{roles:?}");

    let samples = DevSamples { tokens: tokens.clone(), queries: queries.clone() };
    let app = App::build(&config, store, Bus::in_process(), clock, Some(samples)).unwrap();
    let endpoint = format!("http://{}/graphql", app.address());
    let shutdown = CancellationToken::new();
    let asked = async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |token: &str, body: Value| -> Value {
            http.post(&endpoint).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap()
        };
        let first = ask(&tokens[0].token, json!({ "query": FIRST_QUERY })).await;
        assert!(first["errors"].is_null() && first["data"]["viewer"]["matches"]["nodes"][0].is_object(), "{first:#}");
        let mut wrong = Vec::new();
        for SampleQuery { title, role, query, variables } in &queries {
            let token = tokens.iter().find(|token| token.role == *role).unwrap();
            let answer = ask(&token.token, json!({ "query": query, "variables": variables })).await;
            let payloads = answer["data"].as_object().into_iter().flatten();
            let refused =
                payloads.filter(|(_, payload)| payload["userErrors"].as_array().is_some_and(|list| !list.is_empty()));
            if !answer["errors"].is_null() || answer["data"].is_null() || refused.count() > 0 {
                wrong.push(format!("{role}: {title}\n{answer:#}"));
            }
            // A program has one run at a time, and more than one example asks for one.
            worker.run_queued().await.unwrap();
        }
        shutdown.cancel();
        wrong
    };
    let (served, wrong) = tokio::join!(app.run(shutdown.clone()), asked);
    served.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
