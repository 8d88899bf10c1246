//! A key's life: made, published, checked, put beside the old one while mail flows, taken away.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::dns::{Dns, Entry};
use crate::support::gateway::Setup;
use crate::support::mailbox::{dkim_public, header};
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const NAME: &str = "og1._domainkey.shop.example";

/// A configuration with the key `og1` of `shop.example`; nothing runs.
async fn prepared(more: &str) -> (Gateway, Dns, Database) {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).config(more).prepare();
    let dns = Dns::start().await;
    dns.txt(NAME, &record());
    dns.txt("shop.example", "v=spf1 include:provider.example ~all");
    dns.txt("_dmarc.shop.example", "v=DMARC1; p=none");
    (gateway, dns, database)
}

fn record() -> String {
    format!("v=DKIM1; k=rsa; p={}", dkim_public())
}

/// The words of all findings, and the exit status.
fn found(gateway: &Gateway, dns: &Dns) -> (Vec<String>, i32) {
    let ran = gateway.command(&["dkim", "check", "--json", "--resolver", &dns.address.to_string()]);
    let report: Value = serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.stderr()));
    let parts =
        ["keys", "from_domains"].into_iter().flat_map(|part| report[part].as_array().expect("a list"));
    let findings = parts.flat_map(|part| part["findings"].as_array().expect("a list"));
    let words = findings.map(|finding| finding["problem"].as_str().expect("a word").to_owned());
    (words.collect(), ran.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_nobody_elses_to_read_and_never_takes_anothers_place() {
    let (gateway, dns, _database) = prepared("").await;
    let file = gateway.data_dir.join("new.pem");
    let out = file.to_str().expect("a path");
    for algorithm in ["rsa", "ed25519"] {
        let (domain, selector) = ("shop.example", format!("new-{algorithm}"));
        let generate = ["dkim", "generate", "--domain", domain, "--selector", &selector];
        let generate = [&generate[..], &["--algorithm", algorithm, "--out", out]].concat();
        let made = gateway.command(&[&generate[..], &["--json"]].concat()).json();
        let mode = std::fs::metadata(&file).expect("the key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let private = std::fs::read_to_string(&file).expect("the key");
        let middle = private.lines().nth(1).expect("a PEM");
        assert!(!made.to_string().contains(&middle[..40]), "the key was printed");

        // Never overwritten.
        let again = gateway.command(&generate);
        assert_eq!(again.status(), 2, "{}", again.stdout());
        assert_eq!(std::fs::read_to_string(&file).expect("the key"), private);

        // What was printed is what works: in the configuration, and in DNS.
        let config = std::fs::read_to_string(&gateway.config).expect("the configuration");
        std::fs::write(&gateway.config, format!("{config}\n{}", made["config"].as_str().expect("a table")))
            .expect("it is written");
        assert_eq!(found(&gateway, &dns), (vec!["missing".to_owned()], 1));
        dns.txt(made["name"].as_str().expect("a name"), made["record"].as_str().expect("a record"));
        assert_eq!(found(&gateway, &dns), (vec![], 0));

        // A zone file's strings are the record, cut.
        let zone = made["zone"].as_str().expect("a line");
        let strings: Vec<&str> = zone.split('"').skip(1).step_by(2).collect();
        assert_eq!(strings.concat(), made["record"].as_str().expect("a record"));
        assert!(strings.iter().all(|part| part.len() <= 255), "{zone}");
        std::fs::rename(&file, gateway.data_dir.join(format!("{algorithm}.pem"))).expect("it moves");
        let moved = std::fs::read_to_string(&gateway.config).expect("the configuration");
        std::fs::write(&gateway.config, moved.replace("new.pem", &format!("{algorithm}.pem")))
            .expect("written");
    }
    for wrong in [["--bits", "1024"], ["--bits", "1000000"], ["--selector", "a b"], ["--domain", "-.-"]] {
        let mut line = vec!["dkim", "generate", "--domain", "shop.example", "--out", out];
        if wrong[0] == "--domain" {
            line.drain(2..4);
        }
        if wrong[0] != "--selector" {
            line.extend(["--selector", "x"]);
        }
        line.extend(wrong);
        let ran = gateway.command(&line);
        assert_eq!(ran.status(), 2, "{wrong:?}: {}", ran.stdout());
        assert!(!file.exists(), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_in_dns_is_told() {
    let (gateway, dns, _database) = prepared("").await;
    assert_eq!(found(&gateway, &dns), (vec![], 0));
    let other = optgate::sign::key::PrivateKey::generate(optgate::sign::key::Algorithm::Rsa, 2_048);
    let other = other.expect("a key").0.record();
    let twice = Entry::Txt(vec![record(), "v=spf1 -all".to_owned()]);
    let alias = |record: String| Entry::Alias("og1.dkim.provider.example".to_owned(), vec![record]);
    let txt = |text: String| Entry::Txt(vec![text]);
    let cases = [
        (NAME, txt(other.clone()), "other_key", 1),
        (NAME, twice, "several_records", 1),
        (NAME, txt("v=DKIM1; k=rsa; p=".to_owned()), "revoked", 1),
        (NAME, txt(format!("{}; t=y", record())), "test_mode", 0),
        (NAME, txt(format!("{}; h=sha1", record())), "hash", 1),
        (NAME, txt(record().replace("k=rsa", "k=ed25519")), "key_type", 1),
        (NAME, txt("no record at all".to_owned()), "syntax", 1),
        (NAME, alias(other), "other_key", 1),
        (NAME, alias(record()), "alias", 0),
        (NAME, Entry::Failure, "no_answer", 1),
        ("_dmarc.shop.example", txt("v=DMARC1; p=none; p=none".to_owned()), "dmarc_syntax", 1),
        ("_dmarc.shop.example", txt("v=DMARC1".to_owned()), "dmarc_syntax", 1),
        ("_dmarc.shop.example", txt("hello".to_owned()), "dmarc_missing", 1),
        ("_dmarc.shop.example", Entry::Txt(vec!["v=DMARC1; p=none".to_owned(); 2]), "dmarc_several", 1),
        ("_dmarc.shop.example", Entry::Failure, "no_answer", 1),
        ("shop.example", txt("v=spf10 -all".to_owned()), "spf_missing", 0),
        ("shop.example", Entry::Txt(vec!["v=spf1 -all".to_owned(); 2]), "spf_several", 1),
    ];
    let good = [
        (NAME, record()),
        ("shop.example", "v=spf1 -all".to_owned()),
        ("_dmarc.shop.example", "v=DMARC1;p=reject; adkim=s".to_owned()),
    ];
    for (name, entry, expect, status) in cases {
        good.iter().for_each(|(name, text)| dns.txt(name, text));
        dns.set(name, entry.clone());
        assert_eq!(found(&gateway, &dns), (vec![expect.to_owned()], status), "{name} {entry:?}");
    }
    good.iter().for_each(|(name, text)| dns.txt(name, text));
    for (name, expect) in [(NAME, "missing"), ("_dmarc.shop.example", "dmarc_missing")] {
        dns.remove(name);
        assert_eq!(found(&gateway, &dns), (vec![expect.to_owned()], 1), "{name}");
        good.iter().for_each(|(name, text)| dns.txt(name, text));
    }
    // For people: what is to be published stands below what is wrong.
    dns.remove(NAME);
    let told = gateway.command(&["dkim", "check", "--resolver", &dns.address.to_string()]).stdout();
    assert!(told.contains("error: og1._domainkey.shop.example: DNS has no record there"), "{told}");
    assert!(told.contains("publish: og1._domainkey.shop.example. TXT v=DKIM1; k=rsa; p="), "{told}");
}

/// A strict DMARC record takes no signature of the domain above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_does_not_align_is_told() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let sender = include_str!("../../policies/senders/demo-shop.toml");
    let sender = sender
        .replace("from_domains = [\"shop.example\"]", "from_domains = [\"news.shop.example\"]")
        .replace("news@shop.example", "news@news.shop.example");
    let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &sender).prepare();
    let dns = Dns::start().await;
    dns.txt(NAME, &record());
    dns.txt("news.shop.example", "v=spf1 -all");
    dns.txt("_dmarc.shop.example", "v=DMARC1; p=none");
    assert_eq!(found(&gateway, &dns), (vec![], 0), "relaxed alignment takes the domain above");
    dns.txt("_dmarc.shop.example", "v=DMARC1; p=none; adkim=s");
    assert_eq!(found(&gateway, &dns), (vec!["not_aligned".to_owned()], 1));
}

on_both_databases! {
    async fn keys_are_rotated_without_a_restart(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        assert_eq!(selectors(&gateway, &upstream, "one@example.se").await, ["og1"]);

        let new = gateway.data_dir.join("og2.pem");
        let made = gateway.command(&[
            "dkim", "generate", "--domain", "shop.example", "--selector", "og2", "--out",
            new.to_str().expect("a path"), "--json",
        ]).json();
        let old = std::fs::read_to_string(&gateway.config).expect("the configuration");
        let both = format!("{old}\n{}", made["config"].as_str().expect("a table"));
        std::fs::write(&gateway.config, &both).expect("it is written");
        reload(&mut gateway, "DKIM keys are read anew", 1).await;
        assert_eq!(selectors(&gateway, &upstream, "two@example.se").await, ["og1", "og2"]);

        // A mistake leaves what was in force.
        std::fs::write(&gateway.config, both.replace("og2.pem", "gone.pem")).expect("it is written");
        reload(&mut gateway, "the DKIM keys stay as they were", 1).await;
        assert_eq!(selectors(&gateway, &upstream, "three@example.se").await, ["og1", "og2"]);

        std::fs::write(&gateway.config, both.replace("selector = \"og1\"", "selector = \"og3\"")).expect("written");
        reload(&mut gateway, "DKIM keys are read anew", 2).await;
        assert_eq!(selectors(&gateway, &upstream, "four@example.se").await, ["og3", "og2"]);
    }
}

/// SIGHUP, and its line in the log for the so-manieth time.
async fn reload(gateway: &mut Gateway, line: &str, times: usize) {
    gateway.hang_up();
    let gateway = &*gateway;
    eventually(line, || async move { (gateway.log().matches(line).count() >= times).then_some(()) }).await;
}

/// The selectors of the signatures on a message that is sent now.
async fn selectors(gateway: &Gateway, upstream: &Upstream, to: &str) -> Vec<String> {
    gateway.submit(&[to], &service_mail(to)).await;
    let captured = upstream.first_for(to).await;
    let selector = |value: &String| value.split("s=").nth(1)?.split(';').next().map(str::to_owned);
    header(&captured, "DKIM-Signature").iter().filter_map(selector).collect()
}
