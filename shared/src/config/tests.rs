use std::fs;
use std::iter;

use super::*;

/// What a deployed process cannot do without.
const NEEDED: [(&str, &str); 5] = [
    ("COUNTERPART_AUTH__KEYS_DIR", env!("CARGO_MANIFEST_DIR")),
    ("COUNTERPART_DATABASE__URL", "postgres://app:hunter2@db/app"),
    ("COUNTERPART_HTTP__PUBLIC_URL", "https://mentoring.example.org/"),
    ("COUNTERPART_MAIL__SMTP_HOST", "relay"),
    ("COUNTERPART_MAIL__FROM_ADDRESS", "mentoring@example.org"),
];

fn pairs(env: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let owned: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    owned.into_iter()
}

fn deployed(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(None, pairs(&NEEDED).chain(pairs(more)))
}

fn problems(outcome: Result<Config, ConfigError>) -> Vec<Problem> {
    match outcome {
        Err(ConfigError::Settings(problems)) => problems,
        other => panic!("expected refused settings, got {other:?}"),
    }
}

/// The one problem, as `field | origin | message`.
fn problem(outcome: Result<Config, ConfigError>) -> String {
    let found = problems(outcome);
    assert_eq!(found.len(), 1, "{found:?}");
    format!("{} | {} | {}", found[0].field, found[0].origin, found[0].message)
}

#[test]
fn defaults_hold_where_nothing_is_set() {
    let config = deployed(&[]).unwrap();
    assert!(!config.dev);
    assert_eq!(config.database.url.expose(), "postgres://app:hunter2@db/app");
    assert_eq!(config.database.max_connections, 10);
    assert!(config.redis.url.is_empty());
    assert_eq!((config.http.host.as_str(), config.http.port), ("127.0.0.1", 8080));
    assert_eq!(config.http.public_url, "https://mentoring.example.org", "without the slash");
    assert_eq!(config.http.body_limit_bytes, 1024 * 1024);
    assert_eq!((config.mail.transport, config.mail.smtp_security), (MailTransport::Smtp, SmtpSecurity::Starttls));
    assert_eq!((config.worker.tick_seconds, config.worker.lease_seconds), (30, 60));
    assert_eq!(config.clock.start_at, None);
    assert_eq!((config.log.format, config.log.level), (LogFormat::Text, LogLevel::Info));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("counterpart.toml");
    fs::write(&file, "[http]\nport = 1\nexplorer = true\nhost = \"0.0.0.0\"\n[log]\nlevel = \"warn\"\n").unwrap();
    let env = pairs(&NEEDED).chain(pairs(&[("COUNTERPART_HTTP__PORT", "2"), ("COUNTERPART_LOG__FORMAT", "json")]));
    let config = Config::load(Some(&file), env).unwrap();
    assert_eq!((config.http.port, config.http.host.as_str(), config.http.explorer), (2, "0.0.0.0", true));
    assert_eq!((config.log.format, config.log.level), (LogFormat::Json, LogLevel::Warn));
}

#[test]
fn the_defaults_are_a_usable_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("counterpart.toml");
    fs::write(&file, Config::defaults_toml()).unwrap();
    Config::load(Some(&file), pairs(&NEEDED)).unwrap();
}

#[test]
fn every_setting_is_documented_with_its_default_and_its_variable() {
    let mut documented = Vec::new();
    let (mut section, mut comment) = ("", String::new());
    for line in Config::defaults_toml().lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push_str(text);
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((field, value)) = line.split_once(" = ") {
            let name = format!("COUNTERPART_{}__{}", section.to_uppercase(), field.to_uppercase());
            assert!(comment.ends_with(&format!("Environment: {name}")), "{name}: {comment}");
            let value = value.trim_matches('"');
            let default = if value.is_empty() { "empty" } else { value };
            assert!(comment.contains(&format!("Default: {default}")), "{name}: {comment}");
            documented.push(name);
        } else {
            comment.clear();
        }
        if !line.starts_with('#') {
            comment.clear();
        }
    }
    documented.sort();
    assert_eq!(Config::known_settings(), documented);
    assert!(documented.contains(&"COUNTERPART_AUTH__KEYS_DIR".to_owned()));
}

#[test]
fn every_number_has_a_range_and_both_ends_of_it_are_usable() {
    let default = Config::defaults_toml();
    let numbers = default.lines().filter(|line| {
        line.split_once(" = ").is_some_and(|(name, value)| !name.starts_with('#') && value.parse::<i64>().is_ok())
    });
    assert_eq!(numbers.count(), checks::ranges().into_iter().count());
    for (field, range) in checks::ranges() {
        let name = format!("COUNTERPART_{}", field.replace('.', "__").to_uppercase());
        let load = |number: i64| {
            let text = number.to_string();
            // A lease must outlast a command, whichever of the two is at its end.
            let wide: &[(&str, &str)] = match field {
                "mail.command_timeout_seconds" => &[("COUNTERPART_WORKER__LEASE_SECONDS", "3600")],
                "worker.lease_seconds" if number > 1 => &[("COUNTERPART_MAIL__COMMAND_TIMEOUT_SECONDS", "1")],
                _ => &[],
            };
            Config::load(None, pairs(&NEEDED).chain(pairs(wide)).chain(pairs(&[(&name, &text)])))
        };
        let lowest = if field == "worker.lease_seconds" { 2 } else { *range.start() };
        load(lowest).unwrap();
        load(*range.end()).unwrap();
        assert_eq!(
            problem(load(range.end() + 1)),
            format!("{field} | {name} | {} is not between {} and {}", range.end() + 1, range.start(), range.end())
        );
        assert!(load(range.start() - 1).is_err());
    }
}

#[test]
fn unknown_settings_are_named_with_what_there_is() {
    let text = problem(deployed(&[("COUNTERPART_HTTP__PROT", "1")]));
    assert!(text.starts_with("http.prot | COUNTERPART_HTTP__PROT | there is no such setting; there are "), "{text}");
    assert!(text.contains("COUNTERPART_HTTP__PORT"));
    for name in ["COUNTERPART_HTTP_PORT", "COUNTERPART_DATABASE_URL", "COUNTERPART_HTTP__port", "COUNTERPART_WEB__PORT"]
    {
        let text = problem(deployed(&[(name, "1")]));
        assert!(text.contains(&format!("| {name} | there is no such setting")), "{text}");
    }

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("counterpart.toml");
    fs::write(&file, "port = 1\n[http]\nprot = 1\n[web]\nport = 1\n").unwrap();
    let found = problems(Config::load(Some(&file), pairs(&NEEDED)));
    let fields: Vec<&str> = found.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["http.prot", "port", "web.port"]);
    assert!(found.iter().all(|problem| problem.origin == file.display().to_string()));
    assert!(found[0].message.contains("http.address_file, http.body_limit_bytes"));
    let sections =
        "the sections are auth, clock, database, events, http, limits, log, mail, metrics, outbound, redis, worker";
    assert!(found[1].message.ends_with(sections));
}

#[test]
fn variables_of_other_tools_are_left_alone() {
    deployed(&[("COUNTERPART_TEST_REDIS", "x"), ("COUNTERPART_CONFIG", "x"), ("HTTP__PORT", "x"), ("PATH", "/bin")])
        .unwrap();
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for (name, value, expected) in [
        ("COUNTERPART_HTTP__PORT", "http", "http.port | COUNTERPART_HTTP__PORT | `http` is not a whole number"),
        ("COUNTERPART_HTTP__PORT", "", "http.port | COUNTERPART_HTTP__PORT | `` is not a whole number"),
        ("COUNTERPART_HTTP__EXPLORER", "on", "http.explorer | COUNTERPART_HTTP__EXPLORER | `on` is not true or false"),
        (
            "COUNTERPART_WORKER__TICK_SECONDS",
            "1.5",
            "worker.tick_seconds | COUNTERPART_WORKER__TICK_SECONDS | `1.5` is not a whole number",
        ),
    ] {
        assert_eq!(problem(deployed(&[(name, value)])), expected);
    }
    for (name, value, allowed) in [
        ("COUNTERPART_MAIL__TRANSPORT", "post", "`smtp` or `mailbox`"),
        ("COUNTERPART_MAIL__SMTP_SECURITY", "ssl", "`none`, `starttls`, `tls`"),
        ("COUNTERPART_LOG__LEVEL", "verbose", "`error`, `warn`, `info`, `debug`, `trace`"),
        ("COUNTERPART_LOG__FORMAT", "xml", "`text` or `json`"),
        ("COUNTERPART_CLOCK__START_AT", "yesterday", "is not an instant such as"),
    ] {
        let text = problem(deployed(&[(name, value)]));
        assert!(text.contains(name) && text.contains(value) && text.contains(allowed), "{text}");
    }

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("counterpart.toml");
    fs::write(&file, "[http]\nport = \"8080\"\nexplorer = 1\nhost = 5\n[mail]\nsmtp_password = 12345\n").unwrap();
    let found = problems(Config::load(Some(&file), pairs(&NEEDED)));
    let messages: Vec<String> = found.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
    assert_eq!(
        messages,
        [
            "http.explorer: expected true or false",
            "http.host: expected text in quotes",
            "http.port: expected a whole number",
            "mail.smtp_password: expected text in quotes",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.toml");
    let message = Config::load(Some(&missing), iter::empty()).unwrap_err().to_string();
    assert!(message.contains("missing.toml"), "{message}");
    let broken = dir.path().join("broken.toml");
    fs::write(&broken, "[mail]\nsmtp_password = hunter2\n").unwrap();
    let message = Config::load(Some(&broken), iter::empty()).unwrap_err().to_string();
    assert!(message.contains("broken.toml") && message.contains("line 2"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn settings_must_make_sense_together() {
    for (name, value, field) in [
        ("COUNTERPART_DATABASE__URL", "", "database.url"),
        ("COUNTERPART_DATABASE__URL", "mysql://db/app", "database.url"),
        ("COUNTERPART_REDIS__URL", "http://cache", "redis.url"),
        ("COUNTERPART_REDIS__URL", "redis://cache:port", "redis.url"),
        ("COUNTERPART_REDIS__URL", "cache:6379", "redis.url"),
        ("COUNTERPART_HTTP__HOST", "", "http.host"),
        ("COUNTERPART_HTTP__PUBLIC_URL", "", "http.public_url"),
        ("COUNTERPART_HTTP__PUBLIC_URL", "mentoring.example.org", "http.public_url"),
        ("COUNTERPART_HTTP__PUBLIC_URL", "https://", "http.public_url"),
        ("COUNTERPART_HTTP__PUBLIC_URL", "https://a.org/?x", "http.public_url"),
        ("COUNTERPART_MAIL__SMTP_HOST", "", "mail.smtp_host"),
        ("COUNTERPART_MAIL__SMTP_USER", "app", "mail.smtp_user"),
        ("COUNTERPART_MAIL__SMTP_PASSWORD", "hunter2", "mail.smtp_user"),
        ("COUNTERPART_MAIL__FROM_ADDRESS", "", "mail.from_address"),
        ("COUNTERPART_MAIL__FROM_ADDRESS", "Mentoring <m@example.org>", "mail.from_address"),
        ("COUNTERPART_MAIL__FROM_NAME", "a\nBcc: b@example.org", "mail.from_name"),
        ("COUNTERPART_AUTH__ISSUER", "", "auth.issuer"),
        ("COUNTERPART_AUTH__AUDIENCE", "", "auth.audience"),
        ("COUNTERPART_AUTH__KEYS_DIR", "", "auth.keys_dir"),
        ("COUNTERPART_AUTH__KEYS_DIR", "/nowhere/keys", "auth.keys_dir"),
        ("COUNTERPART_WORKER__LEASE_SECONDS", "30", "worker.lease_seconds"),
        ("COUNTERPART_CLOCK__START_AT", "2026-03-29T01:30:00Z", "clock.start_at"),
    ] {
        let text = problem(deployed(&[(name, value)]));
        assert!(text.starts_with(&format!("{field} | ")), "{name}={value}: {text}");
    }
    deployed(&[("COUNTERPART_REDIS__URL", "rediss://u:p@cache:6379/3")]).unwrap();
    let mailbox = [("COUNTERPART_MAIL__TRANSPORT", "mailbox"), ("COUNTERPART_MAIL__SMTP_HOST", "")];
    deployed(&mailbox).unwrap();
    let text = problem(deployed(&[mailbox[0], ("COUNTERPART_MAIL__MAILBOX_DIR", "")]));
    assert!(text.starts_with("mail.mailbox_dir | "), "{text}");
}

#[test]
fn a_ceiling_of_a_domain_goes_before_the_one_of_all() {
    let name = "COUNTERPART_MAIL__DOMAIN_CEILINGS";
    let all = ("COUNTERPART_MAIL__PER_DOMAIN_PER_MINUTE", "30");
    let mail = deployed(&[all, (name, " Gmail.com = 60,campus.example.org=0, ")]).unwrap().mail;
    let ceiling = |domain| mail.ceiling(domain).map(u32::from);
    assert_eq!(["gmail.com", "campus.example.org", "gmx.de"].map(ceiling), [Some(60), None, Some(30)]);
    assert_eq!(deployed(&[]).unwrap().mail.ceiling("gmail.com"), None, "none unless somebody asks for it");

    for wrong in ["gmail.com", "gmail.com=fast", "gmail.com=-1", "gmail.com=100001", "@gmail.com=60", "=60", "{}"] {
        let text = problem(deployed(&[(name, wrong)]));
        assert!(text.starts_with(&format!("mail.domain_ceilings | {name} | `{wrong}` does not look like ")), "{text}");
        assert!(text.ends_with("domain=mails a minute, 0 to 100000, such as gmail.com=60"), "{text}");
    }
    let text = problem(deployed(&[(name, "gmx.de=1, GMX.de=2")]));
    assert!(text.ends_with("`GMX.de=2` names a domain for the second time; keep one of them"), "{text}");
}

#[test]
fn all_problems_come_in_one_message() {
    let message = Config::load(None, iter::empty()).unwrap_err().to_string();
    for field in ["database.url (from the defaults)", "http.public_url", "mail.smtp_host", "mail.from_address"] {
        assert!(message.contains(&format!("\n  - {field}")), "{message}");
    }
}

#[test]
fn a_role_is_asked_only_for_what_it_needs() {
    let missing = |role| -> Vec<String> {
        match Layers::new().role(role).load() {
            Err(ConfigError::Settings(found)) => found.into_iter().map(|problem| problem.field).collect(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(missing(Role::Tool), ["database.url"]);
    assert_eq!(missing(Role::Api), ["database.url", "auth.keys_dir", "http.public_url"]);
    assert_eq!(missing(Role::Worker), ["database.url", "http.public_url", "mail.smtp_host", "mail.from_address"]);
    assert_eq!(
        missing(Role::All),
        ["database.url", "auth.keys_dir", "http.public_url", "mail.smtp_host", "mail.from_address"]
    );
}

#[test]
fn the_embedded_mode_needs_nothing_and_still_listens_to_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("50% of a?");
    let config = Config::embedded(&data, 0, iter::empty()).unwrap();
    assert!(config.dev && config.http.explorer && config.redis.url.is_empty());
    assert!(config.database.url.expose().ends_with("/50%25 of a%3F/counterpart.db?mode=rwc"));
    assert_eq!(config.mail.transport, MailTransport::Mailbox);
    assert_eq!(config.mail.mailbox_dir, data.join("mailbox"));
    assert_eq!(config.auth.keys_dir, data.join("keys"));
    assert_eq!(config.http.address_file, data.join("address").to_str().unwrap());
    assert_eq!(config.http.public_url_for(([127, 0, 0, 1], 4711).into()), "http://127.0.0.1:4711");

    let env = [
        ("COUNTERPART_DATABASE__URL", "postgres://db/app"),
        ("COUNTERPART_CLOCK__START_AT", "2030-01-01T03:00:00+02:00"),
    ];
    let config = Config::embedded(&data, 8080, pairs(&env)).unwrap();
    assert_eq!(config.http.public_url_for(([127, 0, 0, 1], 8080).into()), "http://localhost:8080");
    assert_eq!(config.database.url.expose(), "postgres://db/app");
    assert!(config.clock.clock().now() >= "2030-01-01T01:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
}

#[test]
fn the_embedded_mode_is_found_at_whatever_port_was_chosen() {
    let found = |env: &[(&str, &str)]| {
        Config::embedded(Path::new("data"), 8080, pairs(env)).unwrap().http.public_url_for(([127, 0, 0, 1], 9).into())
    };
    assert_eq!(found(&[("COUNTERPART_HTTP__PORT", "9090")]), "http://localhost:9090");
    let named = [("COUNTERPART_HTTP__PORT", "9090"), ("COUNTERPART_HTTP__PUBLIC_URL", "https://mentoring.example")];
    assert_eq!(found(&named), "https://mentoring.example");
}

#[test]
fn passwords_are_not_shown() {
    let config = deployed(&[
        ("COUNTERPART_REDIS__URL", "redis://:hunter2@cache/1"),
        ("COUNTERPART_MAIL__SMTP_USER", "app"),
        ("COUNTERPART_MAIL__SMTP_PASSWORD", "hunter2"),
    ])
    .unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("***@db/app") && !shown.contains("hunter2"), "{shown}");
    for name in ["COUNTERPART_DATABASE__URL", "COUNTERPART_REDIS__URL"] {
        let message = deployed(&[(name, "foo://:hunter2@x")]).unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
    }
}
