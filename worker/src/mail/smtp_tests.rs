//! The sender against a relay that keeps to a script.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    scripted_relay::{Act, FRIENDLY, Script, Seen, Server},
    smtp::{Accepted, Class, Relay, Security, SendError, SmtpSettings},
};

const FROM: &str = "peers@alumni.example";
const TO: &str = "anna@mail.example";

async fn send(relay: &mut Relay) -> Result<Accepted, SendError> {
    relay.begin(FROM, TO).await?.finish(b"Subject: x\r\n\r\nbody\r\n").await
}

/// Sends one message to a relay with this script.
async fn send_to(script: Script) -> (Result<Accepted, SendError>, Seen) {
    let (server, settings) = Server::new(&[script]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        send(&mut relay).await
    };
    let (seen, sent) = tokio::join!(server.serve(), client);
    (sent, seen)
}

async fn class_of(script: Script) -> Class {
    send_to(script).await.0.expect_err("a failure").class
}

/// Takes an announcement in one packet.
const PIPELINING: Act = Act::Say("250-relay.test\r\n250-PIPELINING\r\n250 8BITMIME");

#[tokio::test]
async fn an_accepted_message() {
    let (sent, seen) = send_to(FRIENDLY).await;
    assert_eq!(sent.expect("accepted").reply, "250 2.0.0 queued as 42");
    // Said hello twice: the library keeps what it heard to itself.
    let commands: Vec<&str> = seen[0].iter().skip(2).map(String::as_str).collect();
    assert_eq!(commands, ["MAIL FROM:<peers@alumni.example>", "RCPT TO:<anna@mail.example>", "DATA", "."]);
}

#[tokio::test]
async fn the_connection_is_used_again_after_clean_replies() {
    let (server, settings) = Server::new(&[FRIENDLY]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        for _ in 0..3 {
            send(&mut relay).await.expect("accepted");
        }
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen[0].iter().filter(|line| *line == ".").count(), 3);
}

#[tokio::test]
async fn a_refused_recipient_does_not_cost_the_connection() {
    let (server, settings) = Server::new(&[Script { rcpt: Act::Say("550 5.1.1 no such user"), ..FRIENDLY }]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        for _ in 0..2 {
            assert_eq!(send(&mut relay).await.expect_err("refused").class, Class::BadAddress);
        }
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].iter().filter(|line| *line == "RSET").count(), 2);
}

#[tokio::test]
async fn a_connection_closed_at_rest_is_replaced() {
    let (server, settings) = Server::new(&[Script { messages: 1, ..FRIENDLY }, FRIENDLY]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        send(&mut relay).await.expect("accepted");
        send(&mut relay).await.expect("accepted over a new connection");
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_message_announced_and_dropped_is_not_sent_and_leaves_nothing_behind() {
    let (server, settings) = Server::new(&[FRIENDLY, FRIENDLY]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        drop(relay.begin(FROM, TO).await.expect("announced"));
        send(&mut relay).await.expect("accepted over a new connection");
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert!(!seen[0].contains(&String::from(".")));
    assert_eq!(seen[1].last().map(String::as_str), Some("."));
}

#[tokio::test]
async fn replies_are_told_apart() {
    let at_rcpt = |reply| Script { rcpt: Act::Say(reply), ..FRIENDLY };
    let after_dot = |reply| Script { dot: Act::Say(reply), ..FRIENDLY };
    for (script, class) in [
        (at_rcpt("451 4.7.1 greylisted"), Class::Temporary),
        (at_rcpt("421 4.3.2 going down"), Class::Temporary),
        (at_rcpt("550 5.1.1 no such user"), Class::BadAddress),
        (at_rcpt("550-5.1.1 The account\r\n550 5.1.1 does not exist"), Class::BadAddress),
        (at_rcpt("550 5.7.1 not from you"), Class::Refused),
        (at_rcpt("550 no such user"), Class::Refused),
        (at_rcpt("552 5.2.2 mailbox full, was 5.1.1"), Class::Refused),
        (Script { mail: Act::Say("530 5.7.0 log in first"), ..FRIENDLY }, Class::LoginFailed),
        (Script { mail: Act::Say("452 4.3.1 no space"), ..FRIENDLY }, Class::Temporary),
        (Script { data: Act::Say("554 5.5.1 no valid recipients"), ..FRIENDLY }, Class::Refused),
        (at_rcpt("421 4.7.0 too many mails"), Class::TooFast),
        (at_rcpt("550-5.7.28 an unusual rate\r\n550 5.7.28 of mail"), Class::TooFast),
        (Script { mail: Act::Say("421 4.7.0 not from you, now"), ..FRIENDLY }, Class::Temporary),
        (Script { data: Act::Say("450 4.7.28 an unusual rate"), ..FRIENDLY }, Class::TooFast),
        (after_dot("421 4.7.28 an unusual rate"), Class::TooFast),
        (after_dot("451 4.3.0 try later"), Class::Temporary),
        (after_dot("554 5.7.1 looks like spam"), Class::Refused),
        (after_dot("550 5.1.1 no such user"), Class::BadAddress),
    ] {
        for script in [script, Script { ehlo: PIPELINING, ..script }] {
            let (sent, _) = send_to(script).await;
            let error = sent.expect_err("a failure");
            assert_eq!(error.class, class, "{error}");
        }
    }
}

#[tokio::test]
async fn an_announcement_in_one_packet_is_answered_command_by_command() {
    let refused = Act::Say("550 5.1.1 no such user");
    let busy = Script { ehlo: PIPELINING, rcpt: refused, data: Act::Say("503 5.5.1 to whom?"), ..FRIENDLY };
    let (server, settings) = Server::new(&[busy]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        for _ in 0..2 {
            assert_eq!(send(&mut relay).await.expect_err("refused").class, Class::BadAddress);
        }
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    let ready: Vec<&str> = seen[0].iter().skip(2).map(String::as_str).collect();
    let message = ["MAIL FROM:<peers@alumni.example>", "RCPT TO:<anna@mail.example>", "DATA", "RSET"];
    assert_eq!(ready, [message, message].concat(), "the connection is of use after all replies");
}

#[tokio::test]
async fn a_relay_that_waits_for_a_message_to_nobody_gets_none() {
    let eager = Script { ehlo: PIPELINING, rcpt: Act::Say("550 5.1.1 no such user"), ..FRIENDLY };
    let (server, settings) = Server::new(&[eager, Script { ehlo: PIPELINING, ..FRIENDLY }]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        assert_eq!(send(&mut relay).await.expect_err("refused").class, Class::BadAddress);
        send(&mut relay).await.expect("accepted over a new connection");
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen[0].last().map(String::as_str), Some("DATA"));
    assert_eq!(seen[1].last().map(String::as_str), Some("."));
}

#[tokio::test]
async fn silence_before_the_content_is_temporary() {
    for quiet in [Act::Hang, Act::Drop] {
        for ehlo in [FRIENDLY.ehlo, PIPELINING] {
            assert_eq!(class_of(Script { ehlo, mail: quiet, ..FRIENDLY }).await, Class::Temporary);
            assert_eq!(class_of(Script { ehlo, rcpt: quiet, ..FRIENDLY }).await, Class::Temporary);
            assert_eq!(class_of(Script { ehlo, data: quiet, ..FRIENDLY }).await, Class::Temporary);
        }
    }
    // A positive reply of the wrong kind: replies and commands are out of step.
    assert_eq!(class_of(Script { data: Act::Say("250 2.1.5 ok"), ..FRIENDLY }).await, Class::Temporary);
}

#[tokio::test]
async fn silence_after_the_dot_is_ambiguous() {
    for dot in [Act::Hang, Act::Drop, Act::Say("gibberish"), Act::Say("354 go ahead")] {
        assert_eq!(class_of(Script { dot, ..FRIENDLY }).await, Class::Ambiguous);
    }
}

#[tokio::test]
async fn after_silence_the_next_message_gets_a_new_connection() {
    let (server, settings) = Server::new(&[Script { dot: Act::Hang, ..FRIENDLY }, FRIENDLY]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        assert_eq!(send(&mut relay).await.expect_err("silence").class, Class::Ambiguous);
        send(&mut relay).await.expect("accepted over a new connection");
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_cancelled_message_takes_its_connection_along() {
    let (server, settings) = Server::new(&[Script { dot: Act::Hang, ..FRIENDLY }, FRIENDLY]).await;
    let client = async move {
        let mut relay = Relay::new(settings);
        let handed = relay.begin(FROM, TO).await.expect("announced");
        let cancelled = timeout(Duration::from_millis(50), handed.finish(b"first")).await;
        assert!(cancelled.is_err());
        send(&mut relay).await.expect("accepted over a new connection");
    };
    let (seen, ()) = tokio::join!(server.serve(), client);
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_relay_that_cannot_be_used_is_unreachable() {
    for greeting in [Act::Hang, Act::Drop, Act::Say("421 4.3.2 too busy"), Act::Say("554 5.7.1 go away")] {
        assert_eq!(class_of(Script { greeting, ..FRIENDLY }).await, Class::RelayUnreachable);
    }
    assert_eq!(class_of(Script { ehlo: Act::Hang, ..FRIENDLY }).await, Class::RelayUnreachable);

    let (server, settings) = Server::new(&[]).await;
    drop(server);
    let error = send(&mut Relay::new(settings)).await.expect_err("nobody listens");
    assert_eq!(error.class, Class::RelayUnreachable, "{error}");
}

#[tokio::test]
async fn encryption_is_never_given_up() {
    for security in [Security::StartTls, Security::Tls] {
        let (server, settings) = Server::new(&[FRIENDLY]).await;
        let settings = SmtpSettings { security, user: Some(String::from("u")), ..settings };
        let client = async move { send(&mut Relay::new(settings)).await };
        let (seen, sent) = tokio::join!(server.serve(), client);
        let error = sent.expect_err("no encryption offered");
        assert_eq!(error.class, Class::RelayUnreachable, "{error}");
        assert!(!seen.iter().flatten().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{seen:?}");
    }
}

#[tokio::test]
async fn logins() {
    let no_login = Act::Say("250-relay.test\r\n250 8BITMIME");
    for (script, class) in [
        (FRIENDLY, None),
        (Script { auth: Act::Say("535 5.7.8 wrong password"), ..FRIENDLY }, Some(Class::LoginFailed)),
        (Script { ehlo: no_login, ..FRIENDLY }, Some(Class::LoginFailed)),
        (Script { auth: Act::Say("454 4.7.0 directory is down"), ..FRIENDLY }, Some(Class::RelayUnreachable)),
        (Script { auth: Act::Hang, ..FRIENDLY }, Some(Class::RelayUnreachable)),
    ] {
        let (server, settings) = Server::new(&[script]).await;
        let settings =
            SmtpSettings { user: Some(String::from("user")), password: Some(String::from("secret")), ..settings };
        assert!(!format!("{settings:?}").contains("secret"));
        let client = async move { send(&mut Relay::new(settings)).await };
        let (_, sent) = tokio::join!(server.serve(), client);
        assert_eq!(sent.as_ref().err().map(|error| error.class), class, "{sent:?}");
    }
}

#[tokio::test]
async fn addresses_never_carry_a_command() {
    let (server, settings) = Server::new(&[]).await;
    drop(server);
    let mut relay = Relay::new(settings);
    let to = relay.begin(FROM, "a@b.example>\r\nRCPT TO:<c@d.example").await.expect_err("no address");
    assert_eq!(to.class, Class::BadAddress);
    let from = relay.begin("nobody", TO).await.expect_err("no address");
    assert_eq!(from.class, Class::Refused);
}

#[tokio::test]
async fn long_replies_are_cut_and_stay_on_one_line() {
    let long = Box::leak(format!("554 5.7.1 {}\u{7}", "no ".repeat(300)).into_boxed_str());
    let (sent, _) = send_to(Script { rcpt: Act::Say(long), ..FRIENDLY }).await;
    let reply = sent.expect_err("refused").reply;
    assert!(reply.chars().count() <= 500 && !reply.contains('\u{7}'), "{reply}");
}
