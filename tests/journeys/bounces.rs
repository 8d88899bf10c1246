//! Mail that comes back: whom it blocks, whom it slows, who hears of it, and what it never does.

use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{header, unsubscribe_path};
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::{Captured, Script};
use crate::support::{Database, Gateway, Tool, Upstream, eventually, on_both_databases};

const ANNA: &str = "anna@example.se";
const FEEDBACK: &str = "[feedback]\nlisten = [\"127.0.0.1:0\"]\ndomain = \"bounces.test\"\n";
const TOOLS: &str = "bounces+77@shop.example";

async fn listening(database: &Database, upstream: &Upstream) -> Gateway {
    let gateway = Setup::new(database, upstream).config(FEEDBACK).start().await;
    gateway.opt_in(ANNA, &["apparel", "furniture.office"]).await;
    gateway
}

/// A newsletter of a tool that keeps a bounce mailbox, and the copy that left.
async fn sent(gateway: &Gateway, upstream: &Upstream, to: &str, scope: &str) -> Captured {
    let before = upstream.captured_for(to).len();
    let reply = gateway.tool().await.submit(TOOLS, &[to], &newsletter(to, scope)).await;
    assert!(reply.starts_with("250") && !reply.contains("refused"), "{reply}");
    eventually("the copy", || async { upstream.captured_for(to).into_iter().nth(before) }).await
}

fn report(to: &str, action: &str, status: &str, said: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.se\r\nTo: <x@bounces.test>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.se\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; {said}\r\n\r\n--b--\r\n"
    )
}

/// A mail of the null sender to this address of ours.
async fn comes_back(gateway: &Gateway, to: &str, message: &str) -> String {
    let mut peer = Tool::connect(gateway.feedback()).await;
    peer.say("EHLO mx.example.se").await;
    peer.submit("", &[to], message).await
}

async fn bounces(gateway: &Gateway, copy: &Captured, status: &str, said: &str) {
    let reply = comes_back(gateway, &copy.sender, &report(&copy.recipient, "failed", status, said)).await;
    assert!(reply.starts_with("250 2.0.0"), "{reply}");
}

async fn next_is(gateway: &Gateway, to: &str, mail: &str, expected: &str) {
    let reply = gateway.submit(&[to], mail).await;
    match expected {
        "delivered" => assert!(reply.starts_with("250") && !reply.contains("refused"), "{reply}"),
        reason => assert!(reply.contains(&format!("[{reason}]")), "{reply}"),
    }
}

async fn history(gateway: &Gateway, email: &str) -> Vec<Value> {
    let (_, person) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({ "email": email }))).await;
    person["history"].as_array().cloned().unwrap_or_default()
}

fn kinds(history: &[Value], kind: &str) -> usize {
    history.iter().filter(|event| event.to_string().contains(&format!("\"{kind}\""))).count()
}

on_both_databases! {
    async fn an_address_that_does_not_exist_is_blocked_for_all_mail_and_the_tool_hears_of_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        let (local, domain) = copy.sender.split_once('@').unwrap();
        assert!(local.starts_with("b+") && local.len() <= 64 && domain == "bounces.test", "{}", copy.sender);
        // Case is lost on the way.
        let shouted = format!("{}@{domain}", local.to_uppercase());
        let told = report(ANNA, "failed", "5.1.1", "550 5.1.1 <anna@example.se>: no such user");
        assert!(comes_back(&gateway, &shouted, &told).await.starts_with("250 2.0.0"));
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "suppressed_bounce").await;
        next_is(&gateway, ANNA, &service_mail(ANNA), "suppressed_bounce").await;
        let facts = history(&gateway, ANNA).await;
        let block = facts.iter().find(|event| event.to_string().contains("\"suppressed\"")).expect("a block");
        let text = block.to_string();
        assert!(text.contains("\"report\"") && text.contains("hard") && text.contains("5.1.1"), "{text}");
        // Followers hear of it a moment after its commit.
        let told = eventually("the event", || async {
            let (_, page) = gateway.api("GET", "/v1/events?limit=1000", None).await;
            page["events"].as_array().unwrap().iter().find(|own| own["type"] == "bounced").cloned()
        }).await;
        assert_eq!(told["class"], "hard", "{told}");
        assert!(told["delivery"].is_string() && !told.to_string().contains(ANNA), "{told}");
        // As it came, to whom the tool named, from nobody.
        let passed = upstream.first_for(TOOLS).await;
        assert_eq!(passed.sender, "");
        assert!(passed.text().contains("Diagnostic-Code: smtp; 550 5.1.1 <anna@example.se>"), "{}", passed.text());
        assert_eq!(header(&passed, "Subject"), ["Undelivered"]);
        let log = gateway.log();
        assert!(!log.contains(local) && !log.contains(ANNA), "no token and no address in the log");
        let metrics = gateway.metrics().await;
        assert!(metrics.contains("optgate_returns_total{sender=\"demo-shop\",what=\"hard\",by=\"report\"} 1"), "{metrics}");
    }

    async fn a_report_that_comes_again_is_one_fact(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        for _ in 0..3 {
            bounces(&gateway, &copy, "5.1.1", "550 5.1.1 no such user").await;
        }
        assert_eq!(kinds(&history(&gateway, ANNA).await, "suppressed"), 1);
    }

    async fn soft_bounces_block_after_so_many_mails_and_never_two_of_one_mail(database: Database) {
        let upstream = Upstream::start().await;
        let shaping = "[bounces]\nsoft = 3\nwithin = \"14d\"\n";
        let clock = Clock::driven(Clock::system().now());
        let gateway =
            Setup::new(&database, &upstream).config(FEEDBACK).policy("shaping.toml", shaping).start_on_both(&clock).await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let full = ("4.2.2", "452 4.2.2 mailbox full");
        let first = sent(&gateway, &upstream, ANNA, "apparel").await;
        for _ in 0..4 {
            bounces(&gateway, &first, full.0, full.1).await;
        }
        // Fifteen days later that one is forgotten.
        database.advance(&clock, std::time::Duration::from_secs(15 * 86_400)).await;
        for _ in 0..2 {
            let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
            bounces(&gateway, &copy, full.0, full.1).await;
        }
        let third = sent(&gateway, &upstream, ANNA, "apparel").await;
        bounces(&gateway, &third, full.0, full.1).await;
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "suppressed_bounce").await;
    }

    async fn what_is_laid_on_the_sender_blocks_no_person(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        for said in [
            "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using Spamhaus",
            "550 5.7.26 unauthenticated email is not accepted due to domain's DMARC policy",
            "552 5.3.4 message too large",
            "550 5.1.8 sender address rejected",
        ] {
            let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
            let status = said.split(' ').nth(1).unwrap();
            bounces(&gateway, &copy, status, said).await;
        }
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "delivered").await;
        let metrics = gateway.metrics().await;
        for (what, count) in [("spam_block", 1), ("policy", 2), ("content", 1), ("hard", 0)] {
            let line = format!("optgate_returns_total{{sender=\"demo-shop\",what=\"{what}\",by=\"report\"}} {count}");
            assert!(metrics.contains(&line), "{line}\n{metrics}");
        }
    }

    async fn delays_told_later_of_several_peoples_mail_slow_their_provider_and_one_persons_word_does_not(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        for other in ["anna@gmail.com", "cia@gmail.com"] {
            gateway.opt_in(other, &["apparel"]).await;
            let copy = sent(&gateway, &upstream, other, "apparel").await;
            let told = report(other, "delayed", "4.7.28", "421 4.7.28 unusual rate of mail");
            for _ in 0..3 {
                assert!(comes_back(&gateway, &copy.sender, &told).await.starts_with("250"));
            }
        }
        assert_eq!(gateway.command(&["queue", "throttles", "--json"]).json(), json!([]));
        gateway.opt_in("bo@gmail.com", &["apparel"]).await;
        let copy = sent(&gateway, &upstream, "bo@gmail.com", "apparel").await;
        let told = report("bo@gmail.com", "delayed", "4.7.28", "421 4.7.28 unusual rate of mail from bo@gmail.com");
        assert!(comes_back(&gateway, &copy.sender, &told).await.starts_with("250"));
        let slowed = gateway.command(&["queue", "throttles", "--json"]).json();
        let google = slowed.as_array().unwrap().iter().find(|own| own["name"] == "google").expect("google is slowed");
        assert!(google["cause"].as_str().unwrap().contains("421 4.7.28"), "{google}");
        assert!(!google.to_string().contains("bo@"), "{google}");
        next_is(&gateway, "bo@gmail.com", &newsletter("bo@gmail.com", "apparel"), "delivered").await;
    }

    async fn a_no_at_once_counts_as_one_that_comes_back(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        upstream.script(ANNA, Script::Rcpt("550 5.1.1 no such user here"));
        let id = message_id(&gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await);
        gateway.until(&id, "rejected").await;
        eventually("the block", || async { (kinds(&history(&gateway, ANNA).await, "suppressed") == 1).then_some(()) }).await;
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "suppressed_bounce").await;
    }

    async fn who_has_another_address_by_now_is_not_blocked_for_the_old_one(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        gateway.command(&["consent", "address", "--sender", "demo-shop", ANNA, "anna@new.example"]).expect_success();
        bounces(&gateway, &copy, "5.1.1", "550 5.1.1 no such user").await;
        let changed = history(&gateway, "anna@new.example").await;
        assert_eq!(kinds(&changed, "suppressed"), 0, "{changed:?}");
    }

    async fn whatever_is_no_report_of_our_mail_changes_nothing(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        let hard = report(ANNA, "failed", "5.1.1", "550 5.1.1 no such user");
        // Forged, and of an address that unsubscribes.
        let (local, _) = copy.sender.split_once('@').unwrap();
        let mut forged = local.to_owned();
        let last = if forged.pop() == Some('a') { 'b' } else { 'a' };
        forged.push(last);
        let page = unsubscribe_path(&copy);
        for to in [format!("{forged}@bounces.test"), format!("u+{}@bounces.test", &local[2..]), format!("{local}@elsewhere.test")] {
            assert!(comes_back(&gateway, &to, &hard).await.starts_with("550 5.1.1"), "{to}");
        }
        // Somebody's own words, who found the address in the header.
        let mut peer = Tool::connect(gateway.feedback()).await;
        peer.say("EHLO mx.example.se").await;
        let reply = peer.submit(ANNA, &[&copy.sender], "From: anna@example.se\r\nSubject: hello\r\n\r\nuser unknown").await;
        assert!(reply.starts_with("550 5.7.1"), "{reply}");
        // An absence is passed on and means nothing.
        let away = "From: anna@example.se\r\nSubject: Away\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.";
        assert!(comes_back(&gateway, &copy.sender, away).await.starts_with("250"));
        assert!(upstream.first_for(TOOLS).await.text().contains("Back on Monday."));
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "delivered").await;
        assert_eq!(gateway.get(&page).await.0, 200);
    }

    async fn a_complaint_is_a_no_that_nobody_takes_back_and_counts_with_a_token_of_ours_alone(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        let complaint = |kind: &str, enclosed: &str| format!(
            "From: fbl@mailbox.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n\
             --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: x/1\r\nVersion: 1\r\n\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\n{enclosed}\r\n--b--\r\n"
        );
        let to = "complaints@bounces.test";
        let mail = copy.text();
        let foreign = "From: a@b.example\r\nSubject: x\r\n\r\nhttps://mail.test/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
        assert!(comes_back(&gateway, to, &complaint("abuse", foreign)).await.starts_with("550 5.7.1 no mail of ours"));
        assert!(comes_back(&gateway, to, "Subject: you spam\r\n\r\nstop").await.starts_with("550 5.7.1"));
        assert!(comes_back(&gateway, to, &complaint("not-spam", &mail)).await.starts_with("250"));
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "delivered").await;
        for _ in 0..2 {
            assert!(comes_back(&gateway, to, &complaint("abuse", &mail)).await.starts_with("250"));
        }
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "withdrawn").await;
        next_is(&gateway, ANNA, &newsletter(ANNA, "furniture.office"), "withdrawn").await;
        next_is(&gateway, ANNA, &service_mail(ANNA), "delivered").await;
        let facts = history(&gateway, ANNA).await;
        let noes: Vec<_> = facts.iter().filter(|event| event.to_string().contains("\"complaint\":true")).collect();
        assert_eq!(noes.len(), 1, "{facts:?}");
    }

    async fn a_report_survives_kill_9_once_it_was_answered(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = listening(&database, &upstream).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        bounces(&gateway, &copy, "5.1.1", "550 5.1.1 no such user").await;
        gateway.kill();
        gateway.start().await;
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "suppressed_bounce").await;
        upstream.first_for(TOOLS).await;
    }

    async fn a_senders_own_feedback_domain_is_in_its_return_paths(database: Database) {
        let upstream = Upstream::start().await;
        let shop = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/senders/demo-shop.toml")).unwrap();
        let own = shop.replacen("name = ", "feedback_domain = \"bounce.shop.example\"\nname = ", 1);
        let gateway =
            Setup::new(&database, &upstream).config(FEEDBACK).policy("senders/demo-shop.toml", &own).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let copy = sent(&gateway, &upstream, ANNA, "apparel").await;
        assert!(copy.sender.ends_with("@bounce.shop.example"), "{}", copy.sender);
        bounces(&gateway, &copy, "5.1.1", "550 5.1.1 no such user").await;
        next_is(&gateway, ANNA, &newsletter(ANNA, "apparel"), "suppressed_bounce").await;
    }
}
