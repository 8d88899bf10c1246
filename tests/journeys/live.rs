//! `optgate check --live`: a probe through providers that leave it alone, and through some that don't.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::dns::Dns;
use crate::support::gateway::Setup;
use crate::support::mailbox::dkim_public;
use crate::support::ran::Ran;
use crate::support::upstream::{Nowhere, Script};
use crate::support::{Database, Gateway, Upstream};

const TO: &str = "ops@mailbox.example";

/// What a provider does to the message on its way.
type Change = fn(String) -> String;

/// A provider that hands what it takes on to `target`, changed. It ends with the test's runtime.
async fn provider(target: SocketAddr, change: Change) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(relay(stream, target, change));
        }
    });
    address
}

/// Command by command; the content is changed in between.
async fn relay(tool: TcpStream, target: SocketAddr, change: Change) -> std::io::Result<()> {
    let mut tool = BufReader::new(tool);
    let mut target = BufReader::new(TcpStream::connect(target).await?);
    let mut last = String::new();
    loop {
        let mut reply = String::new();
        while !(reply.ends_with("\r\n")
            && reply.lines().last().is_some_and(|line| line.as_bytes()[3] == b' '))
        {
            if target.read_line(&mut reply).await? == 0 {
                return Ok(());
            }
        }
        tool.write_all(reply.as_bytes()).await?;
        let mut said = String::new();
        if last.starts_with("DATA") && reply.starts_with("354") {
            while said != ".\r\n" && !said.ends_with("\r\n.\r\n") {
                if tool.read_line(&mut said).await? == 0 {
                    return Ok(());
                }
            }
            said = change(said);
        } else if tool.read_line(&mut said).await? == 0 {
            return Ok(());
        }
        target.write_all(said.as_bytes()).await?;
        last = said;
    }
}

/// A gateway's configuration that leads to this provider, DNS with its key, and a free address to wait at.
async fn prepared(keys: &str, change: Change) -> (Gateway, Dns, Nowhere, Database) {
    let database = Database::sqlite();
    let mailbox = Nowhere::new();
    let address = provider(mailbox.address, change).await;
    let gateway = Setup::towards(&database, address).upstream(&format!("tls = \"none\"\n{keys}")).prepare();
    let dns = Dns::start().await;
    dns.txt("og1._domainkey.shop.example", &format!("v=DKIM1; k=rsa; p={}", dkim_public()));
    (gateway, dns, mailbox, database)
}

fn live(gateway: &Gateway, dns: &Dns, listen: SocketAddr, more: &[&str]) -> Ran {
    let (listen, dns) = (listen.to_string(), dns.address.to_string());
    let line = ["check", "--live", "--to", TO, "--listen", &listen, "--resolver", &dns, "--wait", "20s"];
    gateway.command(&[&line[..], more].concat())
}

/// The words of the findings of the only upstream, and the exit status.
async fn found(keys: &str, change: Change) -> (Vec<String>, i32, String) {
    let (gateway, dns, mailbox, _database) = prepared(keys, change).await;
    let listen = mailbox.address;
    drop(mailbox);
    let ran = live(&gateway, &dns, listen, &["--json"]);
    let reports: Value = serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.stderr()));
    let findings = reports[0]["findings"].as_array().expect("a list");
    let words = findings.iter().map(|own| own["problem"].as_str().expect("a word").to_owned());
    (words.collect(), ran.status(), reports.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_leaves_mail_alone_is_proved() {
    let traces: [(&str, Change); 3] = [
        ("", |message| message),
        ("", |message| format!("Received: by provider\r\n\tid 1\r\nX-Trace: 1\r\n{message}")),
        // SES writes these anew, and adds its own.
        ("kind = \"ses\"", |message| {
            let message = message.replacen("\r\nDate: ", "\r\nDate: Sun, 1 Nov 2026 00:00:00 +0000 (was ", 1);
            format!(
                "Feedback-ID: 1.eu-west-1:AmazonSES\r\n{}",
                message.replacen("\r\nMessage-ID: <", "\r\nMessage-ID: <ses", 1)
            )
        }),
    ];
    for (keys, change) in traces {
        assert_eq!(found(keys, change).await.0, Vec::<String>::new());
        assert_eq!(found(keys, change).await.1, 0);
    }
}

/// Without a field.
fn gone(message: String, name: &str) -> String {
    let mut within = false;
    let keep = |line: &&str| {
        within = line.starts_with(name) || within && line.starts_with([' ', '\t']);
        !within
    };
    message.split_inclusive("\r\n").filter(keep).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_provider_does_to_the_pair_is_told() {
    let cases: [(&str, Change, &[&str], &str); 8] = [
        (
            "",
            |text| gone(text, "List-Unsubscribe-Post:"),
            &["pair_missing", "signature_broken"],
            "List-Unsubscribe-Post was taken out",
        ),
        (
            "",
            |text| gone(text, "List-Unsubscribe:"),
            &["pair_missing", "signature_broken"],
            "List-Unsubscribe was taken out",
        ),
        (
            "",
            |text| text.replacen("<https://mail.test/u/", "<https://provider.example/t/", 1),
            &["pair_changed", "signature_broken"],
            "provider.example",
        ),
        (
            "",
            |text| format!("List-Unsubscribe: <https://provider.example/u>\r\n{text}"),
            &["pair_repeated", "signature_broken"],
            "arrived 2 times",
        ),
        ("", |text| gone(text, "DKIM-Signature:"), &["unsigned"], "without a DKIM signature"),
        (
            "",
            |text| text.replacen("</body>", "<img src=\"https://provider.example/open\"></body>", 1),
            &["signature_broken", "body_changed"],
            "provider.example/open",
        ),
        (
            "",
            |text| text.replacen("\r\nSubject: ", "\r\nSubject: [Bulk] ", 1),
            &["signature_broken", "header_changed"],
            "Subject was written anew",
        ),
        ("signs = true", |text| text, &["unsigned"], "without a DKIM signature"),
    ];
    for (keys, change, expect, told) in cases {
        let (words, status, all) = found(keys, change).await;
        assert_eq!(
            (words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), status),
            (expect, 1),
            "{all}"
        );
        assert!(all.contains(told), "{told}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_dns_does_not_have_proves_nothing() {
    let (gateway, dns, mailbox, _database) = prepared("", |message| message).await;
    dns.remove("og1._domainkey.shop.example");
    let listen = mailbox.address;
    drop(mailbox);
    let ran = live(&gateway, &dns, listen, &[]);
    assert_eq!(ran.status(), 1, "{}", ran.stdout());
    assert!(ran.stdout().contains("DNS has no record there"), "{}", ran.stdout());
    assert!(ran.stdout().contains("publish: og1._domainkey.shop.example. TXT v=DKIM1"), "{}", ran.stdout());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_in_a_mailbox_is_judged_from_its_file() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).prepare();
    let dns = Dns::start().await;
    dns.txt("og1._domainkey.shop.example", &format!("v=DKIM1; k=rsa; p={}", dkim_public()));
    let sent = gateway.command(&["check", "--live", "--to", TO]);
    assert_eq!(sent.status(), 0, "{}{}", sent.stdout(), sent.stderr());
    assert!(sent.stdout().contains("nothing is proved yet"), "{}", sent.stdout());
    let message = upstream.first_for(TO).await;
    assert_eq!(message.sender, "optgate-check@shop.example");

    let file = gateway.data_dir.join("arrived.eml");
    let path = file.to_str().expect("a path").to_owned();
    let judged = |text: String| {
        std::fs::write(&file, text).expect("it is written");
        gateway.command(&["check", "--arrived", &path, "--resolver", &dns.address.to_string()])
    };
    let ran = judged(format!("From mbox Sat Nov 21\n{}", message.text().replace("\r\n", "\n")));
    assert_eq!(ran.status(), 0, "{}{}", ran.stdout(), ran.stderr());
    assert!(ran.stdout().contains("proved: List-Unsubscribe and List-Unsubscribe-Post arrive as they left"));
    let ran = judged(message.text().replace("through.</p>", "through!</p>"));
    assert_eq!(ran.status(), 1);
    assert!(ran.stdout().contains("error: line"), "{}", ran.stdout());
    let ran = judged("Subject: hello\r\n\r\nno probe\r\n".to_owned());
    assert_eq!(ran.status(), 1, "{}", ran.stdout());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_that_is_refused_or_lost_is_told_in_time() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    upstream.script(TO, Script::Rcpt("550 5.1.1 nobody of that name"));
    let gateway = Setup::new(&database, &upstream).prepare();
    let ran = gateway.command(&["check", "--live", "--to", TO]);
    assert_eq!(ran.status(), 1);
    assert!(ran.stdout().contains("550 5.1.1"), "{}", ran.stdout());
    upstream.script(TO, Script::Hang);
    let ran = gateway.command(&["check", "--live", "--to", TO, "--wait", "1s"]);
    assert_eq!(ran.status(), 1, "{}", ran.stdout());
    upstream.mend(TO);
    // Taken, and never brought to us.
    let ran = gateway.command(&["check", "--live", "--to", TO, "--listen", "127.0.0.1:0", "--wait", "1s"]);
    assert_eq!(ran.status(), 1);
    assert!(ran.stdout().contains("did not arrive within 1s"), "{}", ran.stdout());
    for wrong in [
        &["check", "--live"][..],
        &["check", "--to", TO],
        &["check", "--live", "--to", "nobody"],
        &["check", "--live", "--to", TO, "--from", "a@elsewhere.example"],
        &["check", "--live", "--to", TO, "--upstream", "other"],
    ] {
        assert_eq!(gateway.command(wrong).status(), 2, "{wrong:?}");
    }
}
