//! The binary as an operator meets it: what it refuses, and what it says then.

use crate::support::{
    postgres::TestDatabase,
    process::{Launch, migrate},
};

const DATABASE: &str = "COUNTERPART_DATABASE__URL";

fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}?mode=rwc", folder.path().join("counterpart.db").display())
}

#[tokio::test]
async fn an_unknown_setting_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let finished =
        Launch::new(["migrate"]).env(DATABASE, sqlite(&folder)).env("COUNTERPART_DATABASE__POOL", "3").run().await;
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("COUNTERPART_DATABASE__POOL"), "{}", finished.stderr);
}

#[tokio::test]
async fn an_invalid_setting_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let finished = Launch::new(["migrate"])
        .env(DATABASE, sqlite(&folder))
        .env("COUNTERPART_DATABASE__MAX_CONNECTIONS", "many")
        .run()
        .await;
    assert_eq!(finished.status.code(), Some(2));
    let stderr = finished.stderr.to_lowercase();
    assert!(stderr.contains("max_connections"), "{stderr}");
}

#[tokio::test]
async fn a_missing_file_of_settings_is_named() {
    let finished = Launch::new(["--config", "absent.toml", "migrate"]).run().await;
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("absent.toml"), "{}", finished.stderr);
}

#[tokio::test]
async fn servers_refuse_a_stale_schema() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["api", "worker"] {
        let launch = match command {
            "api" => {
                let keys = folder.path().join("keys").display().to_string();
                Launch::new(["keys", "generate", "--dir", &keys]).run().await.successfully();
                Launch::api(&sqlite(&folder)).env("COUNTERPART_AUTH__KEYS_DIR", &keys)
            }
            _ => Launch::worker(&sqlite(&folder))
                .env("COUNTERPART_MAIL__SMTP_HOST", "127.0.0.1")
                .env("COUNTERPART_MAIL__FROM_ADDRESS", "mentoring@example.org"),
        };
        let finished = launch.run().await;
        assert_eq!(finished.status.code(), Some(1), "{command}: {}", finished.stderr);
        for words in ["m20261123_000001_initial", "counterpart migrate"] {
            assert!(finished.stderr.contains(words), "{command} does not say `{words}`: {}", finished.stderr);
        }
    }
}

#[tokio::test]
async fn migrate_says_what_it_did_and_check_says_what_is_missing() {
    let Some(database) = TestDatabase::create().await else { return };
    let check = Launch::new(["migrate", "--check"]).env(DATABASE, database.url()).run().await;
    assert_eq!(check.status.code(), Some(1), "{}", check.stderr);
    migrate(database.url()).await;
    Launch::new(["migrate", "--check"]).env(DATABASE, database.url()).run().await.successfully();
}

/// An organization, its administrator and a token come from three commands.
#[tokio::test]
async fn a_first_tenant_and_a_token_come_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let (url, keys) = (sqlite(&folder), folder.path().join("keys").display().to_string());
    migrate(&url).await;
    Launch::new(["keys", "generate", "--dir", &keys]).run().await.successfully();
    let create = |slug: &'static str| {
        Launch::new([
            "organization",
            "create",
            "--slug",
            slug,
            "--name",
            "Harbour University",
            "--contact",
            "mentoring@harbour.example.org",
            "--administrator-name",
            "Ada Admin",
            "--administrator-email",
            "ada@harbour.example.org",
        ])
        .env(DATABASE, &url)
    };
    create("harbour").run().await.successfully();
    create("harbour").run().await.successfully();
    let token = Launch::new(["token", "--organization", "harbour", "--person", "ada@harbour.example.org"])
        .env(DATABASE, &url)
        .env("COUNTERPART_AUTH__KEYS_DIR", &keys)
        .run()
        .await
        .successfully();
    assert_eq!(token.trim().split('.').count(), 3, "a JWT and nothing else: {token}");
    let nobody = Launch::new(["token", "--organization", "harbour", "--person", "nobody@harbour.example.org"])
        .env(DATABASE, &url)
        .env("COUNTERPART_AUTH__KEYS_DIR", &keys)
        .run()
        .await;
    assert_eq!(nobody.status.code(), Some(1));
    assert!(nobody.stderr.contains("nobody@harbour.example.org"), "{}", nobody.stderr);
}

#[tokio::test]
async fn a_file_is_a_whole_roster_if_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder);
    migrate(&url).await;
    let found = [
        "organization",
        "create",
        "--slug=harbour",
        "--name=Harbour",
        "--contact=m@harbour.example.org",
        "--administrator-name=Ada",
        "--administrator-email=ada@harbour.example.org",
    ];
    Launch::new(found).env(DATABASE, &url).run().await.successfully();
    let roster = folder.path().join("roster.csv");
    let import = async |csv: &str, options: &[&str]| {
        std::fs::write(&roster, csv).unwrap();
        let launch = Launch::new(["import", "--organization", "harbour"]).env(DATABASE, &url);
        let launch = options.iter().fold(launch, |launch, option| launch.arg(option));
        launch.arg(&roster.display().to_string()).run().await
    };
    let all = import("externalId\n1\n2\n3\n", &["--deactivate-missing"]).await.successfully();
    assert!(all.contains("3 new"), "{all}");
    let fewer = "externalId\n1\n2\n";
    let shown = import(fewer, &["--deactivate-missing", "--dry-run"]).await.successfully();
    assert!(shown.contains("1 deactivated") && shown.contains("would be refused"), "{shown}");
    let refused = import(fewer, &["--deactivate-missing"]).await;
    assert!(refused.stderr.contains("1 of the 3"), "{}", refused.stderr);
    let done = import(fewer, &["--deactivate-missing=50"]).await.successfully();
    assert!(done.contains("1 deactivated"), "{done}");
}
