//! The client against upstreams that answer by a script, and against `tools/fault_upstream.py`.

mod faults;
mod scripted;

use std::sync::Arc;
use std::time::Duration;

use scripted::{Scripted, Step, hear, say};

use super::*;
use crate::deliver::response::{Failure, Lost, Meaning, Response, Stage, Trouble, Unfit};
use crate::mail::Address;
use crate::policy::decide::release_dsn;
use crate::policy::{RuleRef, Verdict, VerdictKind};

const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.dot\r\n";
const EHLO: &str = "250-up\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000\r\n";

fn settings(port: u16) -> Settings {
    let short = Duration::from_millis(500);
    Settings {
        name: "primary".into(),
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        login: None,
        connections: 2,
        priority: 0,
        weight: 1,
        region: None,
        kind: Kind::Generic,
        signs: false,
        headers: Vec::new(),
        extra_roots: Vec::new(),
        timeouts: Timeouts {
            connect: short,
            greeting: short,
            command: short,
            data: short,
            end_of_data: short,
        },
    }
}

fn login(settings: Settings) -> Settings {
    Settings { login: Some(("user".into(), "pass".to_owned().into())), ..settings }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn verdict() -> Verdict {
    Verdict {
        verdict: VerdictKind::Deliver,
        reason: None,
        ground: None,
        ground_event: None,
        scope: None,
        stream: None,
        jurisdiction: None,
        rule: RuleRef { file: "".into(), line: 0 },
        text: String::new(),
        shadow: None,
        tracking: None,
        until: None,
    }
}

async fn send_to(upstream: &Arc<Upstream>, recipient: &str, body: Body) -> Result<Response, Failure> {
    let (sender, recipient) = (address("bounces@shop.example"), address(recipient));
    let leave = release_dsn(verdict());
    let mut connection = upstream.connection(Reuse::Allowed).await?;
    let envelope = Envelope { sender: Some(&sender), recipient: &recipient, body, asked: Asked::default() };
    connection.send(leave, &envelope, &[MESSAGE]).await
}

async fn send(upstream: &Arc<Upstream>) -> Result<Response, Failure> {
    send_to(upstream, "anna@example.se", Body::SevenBit).await
}

fn start() -> Vec<Step> {
    vec![say("220 up\r\n"), hear("EHLO gateway.example.com"), say(EHLO)]
}

fn transaction() -> Vec<Step> {
    vec![
        hear("MAIL FROM:<bounces@shop.example> SIZE=24"),
        hear("RCPT TO:<anna@example.se>"),
        hear("DATA"),
        say("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"),
        Step::HearContent("Subject: x\r\n\r\n..dot\r\n.\r\n"),
        say("250 2.0.0 queued\r\n"),
    ]
}

fn upstream(scripted: &Scripted) -> Arc<Upstream> {
    Upstream::new(settings(scripted.port), "gateway.example.com")
}

#[tokio::test]
async fn commands_go_out_together_where_pipelining_is_offered() {
    let scripted = Scripted::run(vec![[start(), transaction()].concat()]).await;
    let response = send(&upstream(&scripted)).await.unwrap();
    assert_eq!((response.code, response.text.as_str()), (250, "queued"));
    scripted.ended().await;
}

#[tokio::test]
async fn without_pipelining_each_command_waits_for_its_answer() {
    let script = vec![
        say("220-up\r\n220 indeed\r\n"),
        hear("EHLO gateway.example.com"),
        say("250 up\r\n"),
        hear("MAIL FROM:<bounces@shop.example>"),
        Step::Silence,
        say("250 ok\r\n"),
        hear("RCPT TO:<anna@example.se>"),
        Step::Silence,
        say("250 ok\r\n"),
        hear("DATA"),
        say("354 go\r\n"),
        Step::HearContent("Subject: x\r\n\r\n..dot\r\n.\r\n"),
        say("250 ok\r\n"),
    ];
    let scripted = Scripted::run(vec![script]).await;
    assert!(send(&upstream(&scripted)).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn a_connection_carries_one_message_after_another() {
    let scripted = Scripted::run(vec![[start(), transaction(), transaction()].concat()]).await;
    let upstream = upstream(&scripted);
    assert!(send(&upstream).await.is_ok());
    assert!(send(&upstream).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn after_a_refusal_the_transaction_is_reset_and_the_connection_kept() {
    let refused = vec![
        hear("MAIL FROM:"),
        hear("RCPT TO:"),
        hear("DATA"),
        say("250 ok\r\n550 5.1.1 no such user\r\n503 no recipients\r\n"),
        hear("RSET"),
        hear("MAIL FROM:"),
        hear("RCPT TO:"),
        hear("DATA"),
        say("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        Step::HearContent("Subject: x\r\n\r\n..dot\r\n.\r\n"),
        say("250 ok\r\n"),
    ];
    let scripted = Scripted::run(vec![[start(), refused].concat()]).await;
    let upstream = upstream(&scripted);
    let failure = send(&upstream).await.unwrap_err();
    assert_eq!(failure.meaning(), Meaning::Never((5, 1, 1)));
    assert!(send(&upstream).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn who_waits_for_a_message_without_recipients_is_given_an_empty_one() {
    let refused = vec![
        hear("MAIL FROM:"),
        hear("RCPT TO:"),
        hear("DATA"),
        say("250 ok\r\n550 no\r\n354 go\r\n"),
        hear("."),
        say("554 5.5.1 no valid recipients\r\n"),
    ];
    let scripted = Scripted::run(vec![[start(), refused, transaction()].concat()]).await;
    let upstream = upstream(&scripted);
    let failure = send(&upstream).await.unwrap_err();
    assert_eq!(failure.meaning(), Meaning::Never((5, 0, 0)));
    assert!(send(&upstream).await.is_ok(), "the connection serves on");
    scripted.ended().await;
}

#[tokio::test]
async fn who_would_send_an_empty_message_is_hung_up_on() {
    let confused = vec![
        hear("MAIL FROM:"),
        hear("RCPT TO:"),
        hear("DATA"),
        say("451 4.3.0 later\r\n250 ok\r\n354 go\r\n"),
        Step::HearClose,
    ];
    let scripted = Scripted::run(vec![[start(), confused].concat()]).await;
    let failure = send(&upstream(&scripted)).await.unwrap_err();
    assert!(matches!(failure, Failure::Answered(Stage::Mail, Response { code: 451, .. })), "{failure}");
    scripted.ended().await;
}

#[tokio::test]
async fn each_combination_of_answers_has_its_meaning() {
    for (answers, meaning) in [
        ("250 ok\r\n250 ok\r\n451 4.3.0 later\r\n", Meaning::Later),
        ("250 ok\r\n250 ok\r\n554 5.7.1 no\r\n", Meaning::Never((5, 7, 1))),
        ("250 ok\r\n450 4.2.1 busy\r\n503 5.5.1 no recipients\r\n", Meaning::Later),
        ("250 ok\r\n550 5.1.1 unknown\r\n503 5.5.1 no recipients\r\n", Meaning::Never((5, 1, 1))),
        (
            "550 5.1.8 bad sender\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n",
            Meaning::Never((5, 1, 8)),
        ),
        ("452 4.3.1 full\r\n503 MAIL first\r\n503 RCPT first\r\n", Meaning::Later),
        ("250 ok\r\n550 5.1.1 unknown\r\n451 4.3.0 later\r\n", Meaning::Never((5, 1, 1))),
        ("250 ok\r\n552 5.2.2 too many\r\n503 no\r\n", Meaning::Later),
    ] {
        let asked = vec![hear("MAIL FROM:"), hear("RCPT TO:"), hear("DATA"), say(answers)];
        let after = vec![hear("RSET"), say("250 ok\r\n")];
        let scripted = Scripted::run(vec![[start(), asked, after, transaction()].concat()]).await;
        let upstream = upstream(&scripted);
        assert_eq!(send(&upstream).await.unwrap_err().meaning(), meaning, "{answers:?}");
        assert!(send(&upstream).await.is_ok(), "{answers:?}");
        scripted.ended().await;
    }
}

#[tokio::test]
async fn an_answer_within_the_message_is_heard_and_not_taken_for_the_last_one() {
    let early = |answer: &str| {
        let asked = vec![hear("MAIL FROM:"), hear("RCPT TO:"), hear("DATA"), say(answer)];
        [start(), asked, vec![Step::HearSome, Step::HearClose]].concat()
    };
    let large = b"0123456789012345678901234567890123456789\r\n".repeat(200_000);
    for (answer, meaning) in [
        ("250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 too large\r\n", Meaning::Never((5, 3, 4))),
        ("250 ok\r\n250 ok\r\n354 go\r\n421 4.3.2 closing\r\n", Meaning::Later),
        ("250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n", Meaning::Later),
    ] {
        let scripted = Scripted::run(vec![early(answer)]).await;
        let upstream = upstream(&scripted);
        let mut connection = upstream.connection(Reuse::Allowed).await.unwrap();
        let recipient = address("anna@example.se");
        let envelope =
            Envelope { sender: None, recipient: &recipient, body: Body::SevenBit, asked: Asked::default() };
        let leave = release_dsn(verdict());
        let failure = connection.send(leave, &envelope, &[b"Subject: x\r\n\r\n", &large]).await.unwrap_err();
        assert!(matches!(failure, Failure::Answered(Stage::Content, _)), "{answer:?}: {failure}");
        assert_eq!(failure.meaning(), meaning, "{answer:?}");
        assert!(!failure.may_have_been_taken());
        drop(connection);
        scripted.ended().await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_died_is_told_from_a_new_one() {
    let dying = [start(), transaction(), vec![hear("MAIL FROM:"), say("421 idle too long\r\n")]].concat();
    let scripted = Scripted::run(vec![dying, [start(), transaction()].concat()]).await;
    let upstream = upstream(&scripted);
    assert_eq!(upstream.connection(Reuse::Allowed).await.unwrap().origin, Origin::New);
    assert!(send(&upstream).await.is_ok());
    assert_eq!(upstream.connection(Reuse::Allowed).await.unwrap().origin, Origin::Kept);
    let failure = send(&upstream).await.unwrap_err();
    assert!(failure.is_stale(), "{failure}");
    assert_eq!(upstream.connection(Reuse::Fresh).await.unwrap().origin, Origin::New);
    assert!(send(&upstream).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let open = || [start(), vec![Step::Hold]].concat();
    let scripted = Scripted::run(vec![open(), open()]).await;
    let upstream = upstream(&scripted);
    let first = upstream.connection(Reuse::Allowed).await.unwrap();
    let _second = upstream.connection(Reuse::Allowed).await.unwrap();
    let third = tokio::time::timeout(Duration::from_millis(50), upstream.connection(Reuse::Allowed)).await;
    assert!(third.is_err());
    drop(first);
    assert_eq!(upstream.connection(Reuse::Allowed).await.unwrap().origin, Origin::Kept);
}

#[tokio::test]
async fn what_the_upstream_cannot_carry_is_not_tried() {
    let bare = vec![say("220 up\r\n"), hear("EHLO"), say("250 up\r\n"), hear("QUIT")];
    let scripted = Scripted::run(vec![bare]).await;
    let upstream = upstream(&scripted);
    let eight_bit = send_to(&upstream, "anna@example.se", Body::EightBit).await;
    assert_eq!(eight_bit.unwrap_err(), Failure::Unfit(Unfit::EightBit));
    let utf8 = send_to(&upstream, "åsa@example.se", Body::SevenBit).await;
    assert_eq!(utf8.unwrap_err(), Failure::Unfit(Unfit::Utf8));
    upstream.close().await;
    scripted.ended().await;
}

#[tokio::test]
async fn eight_bit_and_utf8_are_said_where_they_are_needed() {
    let script = vec![
        say("220 up\r\n"),
        hear("EHLO"),
        say("250-up\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"),
        hear("MAIL FROM:<bounces@shop.example> BODY=8BITMIME SMTPUTF8"),
        say("250 ok\r\n"),
        hear("RCPT TO:<åsa@example.se>"),
        say("550 5.1.1 no\r\n"),
    ];
    let scripted = Scripted::run(vec![script]).await;
    assert!(send_to(&upstream(&scripted), "åsa@example.se", Body::EightBit).await.is_err());
    scripted.ended().await;
}

#[tokio::test]
async fn an_upstream_without_ehlo_is_spoken_to_in_helo() {
    let script = vec![
        say("220 up\r\n"),
        hear("EHLO"),
        say("502 what\r\n"),
        hear("HELO gateway.example.com"),
        say("250 up\r\n"),
        hear("MAIL FROM:<bounces@shop.example>"),
        say("250 ok\r\n"),
        hear("RCPT TO:"),
        say("450 later\r\n"),
    ];
    let scripted = Scripted::run(vec![script]).await;
    let failure = send(&upstream(&scripted)).await.unwrap_err();
    assert!(matches!(failure, Failure::Answered(Stage::Rcpt, Response { code: 450, .. })));
    scripted.ended().await;
}

#[tokio::test]
async fn silence_and_noise_are_known_by_their_stage() {
    let check = async |script: Vec<Step>, expect: Failure| {
        let scripted = Scripted::run(vec![script]).await;
        assert_eq!(send(&upstream(&scripted)).await.unwrap_err(), expect);
    };
    let asked = |answer: &str| {
        let asked = vec![hear("MAIL FROM:"), hear("RCPT TO:"), hear("DATA"), say(answer)];
        [start(), asked].concat()
    };
    check(vec![Step::Silence, Step::Hold], Failure::Lost(Stage::Greeting, Lost::TimedOut)).await;
    check(vec![say("SSH-2.0\r\n"), Step::Hold], Failure::Garbled(Stage::Greeting)).await;
    check(vec![say("220 up\r\n")], Failure::Lost(Stage::Ehlo, Lost::Closed)).await;
    check(asked("250 ok\r\n250"), Failure::Lost(Stage::Rcpt, Lost::Closed)).await;
    check(asked("250 ok\r\nfoo\r\n"), Failure::Garbled(Stage::Rcpt)).await;
    let content = Step::HearContent("Subject: x\r\n\r\n..dot\r\n.\r\n");
    let lost = [asked("250 ok\r\n250 ok\r\n354 go\r\n"), vec![content.clone()]].concat();
    check(lost.clone(), Failure::Lost(Stage::EndOfData, Lost::Closed)).await;
    check([lost, vec![Step::Hold]].concat(), Failure::Lost(Stage::EndOfData, Lost::TimedOut)).await;
}

#[tokio::test]
async fn an_upstream_that_is_down_is_left_alone_for_a_while() {
    let port = {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        taken.local_addr().unwrap().port()
    };
    let upstream = Upstream::new(settings(port), "gateway.example.com");
    assert_eq!(upstream.standing(), Standing::Up);
    let refused = Failure::Lost(Stage::Connect, Lost::Refused);
    assert_eq!(send(&upstream).await.unwrap_err(), refused);
    assert_eq!(upstream.standing(), Standing::Down);
    // Whoever comes now is told at once, without a connection.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    assert_eq!(send(&upstream).await.unwrap_err(), refused);
    assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
    let (trouble, _, said) = upstream.health().trouble.unwrap();
    assert_eq!((trouble, said.as_str()), (Trouble::Connect, "the upstream refuses connections (connecting)"));
}

#[tokio::test]
async fn a_connection_finds_out_and_a_message_decides() {
    let looked_at = [start(), vec![hear("QUIT")]].concat();
    let scripted = Scripted::run(vec![vec![say("421 4.3.2 not now\r\n")], looked_at]).await;
    let upstream = upstream(&scripted);
    assert!(send(&upstream).await.is_err());
    while !upstream.looks_now() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    upstream.look().await;
    assert_eq!(upstream.standing(), Standing::Trial);
    upstream.answered();
    assert_eq!(upstream.standing(), Standing::Up);
    upstream.close().await;
    scripted.ended().await;
}

#[tokio::test]
async fn an_upstream_that_wants_fewer_connections_gets_fewer_and_is_not_down() {
    let not_now = vec![say("421 4.7.0 too many connections\r\n")];
    let scripted = Scripted::run(vec![[start(), vec![Step::Hold]].concat(), not_now]).await;
    let upstream = upstream(&scripted);
    let first = upstream.connection(Reuse::Allowed).await.unwrap();
    let second = {
        let upstream = upstream.clone();
        tokio::spawn(async move { upstream.connection(Reuse::Allowed).await.map(|lent| lent.origin) })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(first);
    assert_eq!(second.await.unwrap().unwrap(), Origin::Kept);
    assert_eq!(upstream.standing(), Standing::Up);
}

#[tokio::test]
async fn passwords_go_by_plain_or_by_login() {
    let plain = vec![
        say("220 up\r\n"),
        hear("EHLO"),
        say("250-up\r\n250 AUTH LOGIN PLAIN\r\n"),
        hear("AUTH PLAIN AHVzZXIAcGFzcw=="),
        say("235 2.7.0 welcome\r\n"),
    ];
    let by_login = vec![
        say("220 up\r\n"),
        hear("EHLO"),
        say("250-up\r\n250 AUTH LOGIN\r\n"),
        hear("AUTH LOGIN"),
        say("334 VXNlcm5hbWU6\r\n"),
        hear("dXNlcg=="),
        say("334 UGFzc3dvcmQ6\r\n"),
        hear("cGFzcw=="),
        say("535 5.7.8 wrong\r\n"),
    ];
    let scripted = Scripted::run(vec![plain, by_login]).await;
    let upstream = Upstream::new(login(settings(scripted.port)), "gateway.example.com");
    let first = upstream.connection(Reuse::Allowed).await;
    assert!(first.is_ok());
    let Err(second) = upstream.connection(Reuse::Allowed).await else { panic!("the password is wrong") };
    assert_eq!(second.meaning(), Meaning::Later);
    scripted.ended().await;
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_where_it_is_required() {
    let scripted = Scripted::run(vec![[start(), vec![Step::HearClose]].concat()]).await;
    let required = Settings { tls: Tls::Required, ..scripted.trusting(settings(scripted.port)) };
    let failure = send(&Upstream::new(required, "gateway.example.com")).await.unwrap_err();
    assert_eq!(failure, Failure::NoStartTls);
    assert_eq!(failure.meaning(), Meaning::Later);
    scripted.ended().await;
}

#[tokio::test]
async fn opportunistic_falls_back_to_plain_but_not_with_a_password() {
    let scripted =
        Scripted::run(vec![[start(), transaction()].concat(), [start(), vec![Step::HearClose]].concat()])
            .await;
    let opportunistic = Settings { tls: Tls::Opportunistic, ..settings(scripted.port) };
    assert!(send(&Upstream::new(opportunistic.clone(), "gateway.example.com")).await.is_ok());
    let failure = send(&Upstream::new(login(opportunistic), "gateway.example.com")).await.unwrap_err();
    assert!(matches!(failure, Failure::NoMechanism(_)));
    scripted.ended().await;
}

fn starttls(answer: &str) -> Vec<Step> {
    vec![
        say("220 up\r\n"),
        hear("EHLO"),
        say("250-up\r\n250 STARTTLS\r\n"),
        hear("STARTTLS"),
        say(answer),
        Step::StartTls,
    ]
}

/// The part after the handshake.
fn protected() -> Vec<Step> {
    [vec![hear("EHLO gateway.example.com"), say(EHLO)], transaction()].concat()
}

#[tokio::test]
async fn a_certificate_is_checked_where_tls_is_required() {
    let script = || [starttls("220 go\r\n"), protected()].concat();
    let scripted = Scripted::run(vec![script(), script(), script()]).await;
    let required = Settings { tls: Tls::Required, ..settings(scripted.port) };
    let unknown = send(&Upstream::new(required.clone(), "gateway.example.com")).await.unwrap_err();
    assert!(matches!(unknown, Failure::Certificate(_)), "{unknown}");
    let trusting = Upstream::new(scripted.trusting(required.clone()), "gateway.example.com");
    assert!(send(&trusting).await.is_ok());
    let unchecked = Settings { tls: Tls::Opportunistic, ..required };
    assert!(send(&Upstream::new(unchecked, "gateway.example.com")).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn implicit_tls_comes_before_the_greeting() {
    let greeted = [vec![Step::StartTls, say("220 up\r\n")], protected()].concat();
    let scripted = Scripted::run(vec![greeted]).await;
    let implicit = Settings { tls: Tls::Implicit, ..scripted.trusting(settings(scripted.port)) };
    assert!(send(&Upstream::new(implicit, "gateway.example.com")).await.is_ok());
    scripted.ended().await;
}

#[tokio::test]
async fn what_was_said_before_the_handshake_is_forgotten() {
    let injected = "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n";
    let scripted = Scripted::run(vec![[starttls(injected), protected()].concat()]).await;
    let required = Settings { tls: Tls::Required, ..scripted.trusting(settings(scripted.port)) };
    let result = send(&Upstream::new(required, "gateway.example.com")).await;
    assert!(result.is_ok(), "{result:?}");
    scripted.ended().await;
}
