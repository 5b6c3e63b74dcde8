use super::*;

#[tokio::test]
async fn a_server_is_alive_and_ready() {
    let server = Server::start().await;
    let alive = Answer::to(server.get("/healthz")).await;
    assert_eq!((alive.status.as_u16(), alive.json()), (200, json!({ "status": "ok" })));
    let ready = Answer::to(server.get("/readyz")).await;
    let expected =
        json!({ "status": "ready", "database": "ok", "schema": "current", "redis": "unused", "reasons": [] });
    assert_eq!((ready.status.as_u16(), ready.json()), (200, expected));
}

#[tokio::test]
async fn missing_migrations_keep_requests_away_until_they_are_there() {
    let server = Server::start().await;
    server.readiness.set_missing_migrations(vec!["m0002_more".to_owned()]);
    let unready = Answer::to(server.get("/readyz")).await;
    assert_eq!((unready.status.as_u16(), &unready.json()["schema"]), (503, &json!("behind")));
    assert!(unready.json()["reasons"][0].as_str().unwrap().contains("m0002_more"));
    assert_eq!(Answer::to(server.get("/healthz")).await.status, 200);
    server.readiness.set_missing_migrations(Vec::new());
    assert_eq!(Answer::to(server.get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn the_address_file_says_where() {
    let server = Server::start().await;
    let told = std::fs::read_to_string(server.folder.path().join("address")).unwrap();
    assert_eq!(format!("http://{}", told.trim()), server.base);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let server = Server::start().await;
    let port: u16 = server.base.rsplit_once(':').unwrap().1.parse().unwrap();
    let config = Config::embedded(server.folder.path(), port, std::iter::empty()).unwrap();
    let store = Store::connect("sqlite::memory:", 1).await.unwrap();
    let error = App::build(&config, store, Bus::in_process(), Clock::system(), None).unwrap_err();
    assert!(error.to_string().contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
}
