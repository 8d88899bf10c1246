//! What leaves the real gateway, before other people's verifiers.

use crate::support::gateway::Setup;
use crate::support::mailbox::dkim_public;
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::verifiers::Verifiers;
use crate::support::{Database, Upstream, on_both_databases};

const EDWARDS: &str = "e1._domainkey.shop.example";

/// Newsletters and service mail, each with its trap.
fn mail(to: &dyn Fn(usize) -> String) -> Vec<String> {
    let scope = "X-Optgate-Stream: marketing\r\nX-Optgate-Scope: apparel\r\n";
    let bare = |number: usize, head: &str, body: &str| {
        format!("From: Demo Shop <news@shop.example>\r\nTo: {}\r\n{scope}{head}\r\n{body}", to(number))
    };
    vec![
        newsletter(&to(0), "apparel"),
        service_mail(&to(1)),
        marketing_with(
            &to(2),
            &format!("{scope}List-Unsubscribe: <mailto:old@shop.example>\r\nPrecedence: bulk\r\n"),
        ),
        bare(
            3,
            "Subject: Gr\u{fc}\u{df}e \u{2013} neu\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            "Sch\u{f6}ne Hosen \r\n\r\n\r\n",
        ),
        bare(
            4,
            "Subject: x\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n",
            "PGh0bWw+PGJvZHk+PHA+SGVsbG88L3A+PC9ib2R5PjwvaHRtbD4=\r\n",
        ),
        bare(
            5,
            "Subject: x\r\nDKIM-Signature: v=1; a=rsa-sha256; d=tool.example; s=a; h=from; bh=eA==; b=eA==\r\n",
            ".\r\n..\r\n a \t\r\n",
        ),
        bare(
            6,
            "subject : obsolete\r\nReply-To:\r\n <a@shop.example>,\r\n\t<b@shop.example>\r\nCc:\r\n",
            "Hello\r\n",
        ),
        bare(7, "", &format!("{}\r\n", "x".repeat(2_000))),
    ]
}

on_both_databases! {
    async fn whatever_leaves_verifies_before_other_peoples_verifiers(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let key = gateway.data_dir.join("e1.pem");
        let made = gateway.command(&[
            "dkim", "generate", "--domain", "shop.example", "--selector", "e1", "--algorithm", "ed25519",
            "--out", key.to_str().expect("a path"), "--json",
        ]).json();
        let config = std::fs::read_to_string(&gateway.config).expect("the configuration");
        let both = format!("{config}\n{}", made["config"].as_str().expect("a table"));
        std::fs::write(&gateway.config, both).expect("it is written");
        gateway.terminate().await;
        gateway.start().await;

        let records = [
            ("og1._domainkey.shop.example".to_owned(), format!("v=DKIM1; k=rsa; p={}", dkim_public())),
            (EDWARDS.to_owned(), made["record"].as_str().expect("a record").to_owned()),
        ];
        let Some(verifiers) = Verifiers::with(&records) else { return };
        let to = |number: usize| format!("reader{number}@example.se");
        for (number, message) in mail(&to).into_iter().enumerate() {
            let to = to(number);
            gateway.opt_in(&to, &["apparel"]).await;
            let reply = gateway.submit(&[&to], &message).await;
            assert!(reply.starts_with("250 "), "{number}: {reply}");
            let captured = upstream.first_for(&to).await;
            // What dkimpy can't read unsigned it can't read signed.
            verifiers.add(&format!("{number}"), &captured.content);
            if number == 0 {
                let text = captured.text().replace("Soft trousers", "Hard trousers");
                verifiers.add_broken("body", text.as_bytes());
            }
        }
        verifiers.judge();
    }
}
