use std::io;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: LogFormat, level: LogLevel, events: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let config = LogConfig { format, level };
    tracing::subscriber::with_default(subscriber(&config, move || writer.clone()), events);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn statements() {
    tracing::info!(target: "sqlx::query", "select secret");
    tracing::info!(target: "sea_orm::driver", "select secret");
    tracing::debug!(target: "sqlx::query", "select secret");
}

#[test]
fn statements_are_never_logged_below_trace() {
    for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug] {
        assert_eq!(logged(LogFormat::Text, level, statements), "", "{level:?}");
    }
    assert_eq!(logged(LogFormat::Text, LogLevel::Trace, statements).lines().count(), 3);
}

#[test]
fn the_level_is_a_threshold_for_libraries_too() {
    let warn = || tracing::warn!(target: "sqlx::pool", "slow");
    assert!(logged(LogFormat::Text, LogLevel::Info, warn).contains("slow"));
    assert_eq!(logged(LogFormat::Text, LogLevel::Error, warn), "");
}

#[test]
fn json_lines_hold_the_fields_and_the_span() {
    let text = logged(LogFormat::Json, LogLevel::Info, || {
        tracing::info_span!("request", request_id = "req-1234").in_scope(|| {
            tracing::info!(to = %Masked("ana.silva@example.org"), "sent\nforged");
        });
    });
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["to"], "a***@example.org");
    assert_eq!(line["span"]["request_id"], "req-1234");
}

#[test]
fn text_has_no_colors_and_stays_on_one_line() {
    let text = logged(LogFormat::Text, LogLevel::Info, || tracing::info!(name = ?"a\nb", "sent"));
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn addresses_are_masked() {
    for (address, shown) in [
        ("ana.silva@example.org", "a***@example.org"),
        ("ébène@example.org", "é***@example.org"),
        ("a@example.org", "a***@example.org"),
        ("\"odd@local\"@example.org", "***@example.org"),
        ("@example.org", "***@example.org"),
        ("ana.silva", "***"),
        ("ana@", "***"),
        ("ana@example.org\nforged line", "***"),
        ("", "***"),
    ] {
        assert_eq!(mask_address(address), shown);
        assert_eq!(format!("{:?}", Masked(address)), shown);
    }
}

#[test]
fn request_ids_are_kept_only_when_harmless() {
    let clock = Clock::system();
    for id in ["abcd1234", "A_b-c_d-9", &"x".repeat(64)] {
        assert_eq!(request_id(Some(id), &clock), id);
    }
    for id in ["short12", &"x".repeat(65), "with space", "line\nbreak", "ünïcödé-id", "a\"quote\"", ""] {
        let made = request_id(Some(id), &clock);
        assert_ne!(made, id);
        assert_eq!(made.len(), 32);
    }
    assert_ne!(request_id(None, &clock), request_id(None, &clock));
}
