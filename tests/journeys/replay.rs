//! `optgate policy replay`: what other files would have changed, before they are put in place.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, on_both_databases};

/// Three people: Anna said yes, Bo bought a T-shirt, of Cia nothing is known. Each is written to about clothes, Bo of
/// office chairs too; Anna then leaves.
async fn a_week(database: &Database, upstream: &Upstream) -> Gateway {
    let gateway = Setup::new(database, upstream).start().await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
    for (to, scope) in [
        ("anna@example.se", "apparel"),
        ("bo@example.se", "apparel"),
        ("bo@example.se", "furniture.office"),
        ("cia@example.se", "apparel"),
    ] {
        let reply = gateway.submit(&[to], &newsletter(to, scope)).await;
        assert!(reply.starts_with("250"), "{reply}");
        message_id(&reply);
    }
    let reply = gateway.submit(&["cia@example.se"], &service_mail("cia@example.se")).await;
    assert!(reply.starts_with("250"), "{reply}");
    // What they say since bears on nothing that was decided before.
    gateway.withdraw("anna@example.se").await;
    gateway.opt_in("cia@example.se", &["apparel"]).await;
    gateway
}

/// A copy of the gateway's policies, with one file changed.
fn other_policies(gateway: &Gateway, name: &str, file: &str, from: &str, to: &str) -> PathBuf {
    let folder = gateway.data_dir.join(name);
    let own = gateway.data_dir.join("policies");
    for place in ["senders", "jurisdictions"] {
        fs::create_dir_all(folder.join(place)).unwrap();
        for entry in fs::read_dir(own.join(place)).unwrap().map(|entry| entry.unwrap()) {
            fs::copy(entry.path(), folder.join(place).join(entry.file_name())).unwrap();
        }
    }
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(folder.join(file), text.replace(from, to)).unwrap();
    folder
}

fn replay(gateway: &Gateway, folder: &Path, more: &[&str]) -> (i32, Value) {
    let against = folder.display().to_string();
    let ran = gateway.command(&[&["policy", "replay", "--against", &against, "--json"], more].concat());
    let told = serde_json::from_str(&ran.stdout());
    (ran.status(), told.unwrap_or_else(|_| panic!("{}{}", ran.stdout(), ran.stderr())))
}

fn counts(part: &Value) -> (i64, i64) {
    (part["messages"].as_i64().unwrap(), part["people"].as_i64().unwrap())
}

on_both_databases! {
    async fn a_replay_tells_who_would_lose_and_gain_mail(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = a_week(&database, &upstream).await;
        let same = gateway.data_dir.join("policies");
        let (status, told) = replay(&gateway, &same, &[]);
        assert_eq!((status, &told["messages"], &told["unchanged"]), (0, &5.into(), &5.into()), "{told:#}");
        assert_eq!(told["not_reproduced"], serde_json::json!([]));

        let narrower = other_policies(&gateway, "narrower", "jurisdictions/eu.toml", ", \"soft_opt_in\"", "");
        let (status, told) = replay(&gateway, &narrower, &[]);
        assert_eq!((status, counts(&told["lose"]), counts(&told["gain"])), (0, (1, 1), (0, 0)), "{told:#}");
        let by = &told["lose"]["by"][0];
        assert_eq!((&by["scope"], &by["jurisdiction"]), (&"apparel".into(), &"se".into()));
        assert_eq!((&by["from"]["ground"], &by["to"]["reason"]), (&"soft_opt_in".into(), &"no_ground".into()));
        let example = &by["examples"][0];
        assert_eq!(example["recipient"], "bo@example.se");
        let decision = example["decision"].as_str().unwrap();
        gateway.command(&["policy", "explain", "--decision", decision]).expect_success();
        // Bo's office chairs are refused all the same, but for another reason.
        assert_eq!(counts(&told["other"]), (1, 1), "{told:#}");

        let likes = "allows = [\"apparel\"]";
        let wider = other_policies(&gateway, "wider", "senders/demo-shop.toml", likes, "allows = [\"apparel\", \"furniture\"]");
        let (status, told) = replay(&gateway, &wider, &[]);
        assert_eq!((status, counts(&told["gain"]), counts(&told["lose"])), (1, (1, 1), (0, 0)), "{told:#}");
        assert_eq!(told["gain"]["by"][0]["from"]["reason"], "out_of_scope");
        let (status, again) = replay(&gateway, &wider, &["--allow-widening"]);
        assert_eq!((status, &again["gain"]), (0, &told["gain"]));
        let against = wider.display().to_string();
        let text = gateway.command(&["policy", "replay", "--against", &against]);
        assert_eq!(text.status(), 1);
        assert!(text.stdout().contains("gain mail: 1 message to 1 person"), "{}", text.stdout());

        let shadow = other_policies(&gateway, "shadow", "senders/demo-shop.toml", "mode = \"enforce\"", "mode = \"shadow\"");
        let (status, told) = replay(&gateway, &shadow, &[]);
        assert_eq!((status, counts(&told["gain"])), (1, (2, 2)), "what shadow mode lets pass leaves: {told:#}");
        let (_, told) = replay(&gateway, &shadow, &["--since", "1s"]);
        assert!(told["messages"].as_i64().unwrap() <= 5, "{told:#}");

        fs::write(wider.join("jurisdictions/se.toml"), "nonsense").unwrap();
        assert_eq!(gateway.command(&["policy", "replay", "--against", &against]).status(), 2);
    }

    async fn what_a_replay_can_not_make_again_is_counted_apart(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = a_week(&database, &upstream).await;
        let reply = gateway.submit(&["anna@example.se"], "From: a@shop.example\r\n\r\nWhat am I?\r\n").await;
        assert!(reply.contains("[unclassified]"), "{reply}");
        let same = gateway.data_dir.join("policies");
        let why = |told: &Value| -> Vec<(String, i64)> {
            let all = told["not_reproduced"].as_array().unwrap();
            all.iter().map(|one| (one["why"].as_str().unwrap().to_owned(), one["messages"].as_i64().unwrap())).collect()
        };
        let (status, told) = replay(&gateway, &same, &[]);
        assert_eq!((status, why(&told)), (0, vec![("not_classified".to_owned(), 1)]), "{told:#}");
        database.tamper("DELETE FROM policy_sets").await;
        // Compared as they were recorded: nothing changes all the same.
        let (status, told) = replay(&gateway, &same, &[]);
        let missing = vec![("not_classified".to_owned(), 1), ("set_missing".to_owned(), 5)];
        assert_eq!((status, why(&told), &told["unchanged"]), (0, missing, &5.into()), "{told:#}");
    }
}
