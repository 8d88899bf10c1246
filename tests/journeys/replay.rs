//! `optgate policy replay`: what other files would have changed, before they are put in place.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use optgate::clock::Clock;
use serde_json::Value;

use crate::support::gateway::Setup;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");
const LIKES: &str = "allows = [\"apparel\"]";
const ALL_LIKES: &str = "allows = [\"apparel\", \"furniture\"]";

/// Six days under three policy sets. Anna said yes, Bo bought a T-shirt, of Cia nothing is known. Six days ago, when a
/// T-shirt allowed furniture too, Anna is written to about clothes and Bo about both; three days ago, under
/// the shipped files, Bo about both; yesterday, under other words for the same, Cia about clothes and about her order.
/// Anna then leaves, and Cia says yes.
async fn a_week(database: &Database, upstream: &Upstream) -> Gateway {
    let clock = Clock::driven(days_ago(6));
    let generous = SHOP.replace(LIKES, ALL_LIKES);
    let setup = Setup::new(database, upstream).policy("senders/demo-shop.toml", &generous);
    let gateway = setup.start_on_both(&clock).await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
    // One after the other, since what is decided in one moment has no order.
    let submit = async |to: &str, scope: &str| {
        let reply = gateway.submit(&[to], &newsletter(to, scope)).await;
        assert!(reply.starts_with("250"), "{reply}");
        database.advance(&clock, Duration::from_secs(1)).await;
    };
    submit("anna@example.se", "apparel").await;
    submit("bo@example.se", "furniture.office").await;
    submit("bo@example.se", "apparel").await;
    for (ago, text) in [(3, SHOP.to_owned()), (1, format!("{SHOP}\n# Nothing else.\n"))] {
        database.set(&clock, days_ago(ago)).await;
        let sets = database.count("SELECT count(*) FROM policy_sets").await;
        fs::write(gateway.data_dir.join("policies/senders/demo-shop.toml"), text).unwrap();
        eventually("the new set is in force", || async {
            (database.count("SELECT count(*) FROM policy_sets").await > sets).then_some(())
        })
        .await;
        if ago == 3 {
            submit("bo@example.se", "apparel").await;
            submit("bo@example.se", "furniture.office").await;
        }
    }
    submit("cia@example.se", "apparel").await;
    let reply = gateway.submit(&["cia@example.se"], &service_mail("cia@example.se")).await;
    assert!(reply.starts_with("250"), "{reply}");
    // What they say since bears on nothing that was decided before.
    gateway.withdraw("anna@example.se").await;
    gateway.opt_in("cia@example.se", &["apparel"]).await;
    gateway
}

fn days_ago(days: i64) -> Timestamp {
    Clock::system().now() - SignedDuration::from_hours(24 * days)
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
        assert_eq!((status, &told["messages"], &told["unchanged"]), (0, &7.into(), &6.into()), "{told:#}");
        assert_eq!(told["not_reproduced"], serde_json::json!([]), "each under the files of its own day");
        // What the generous files let go is lost under those of today.
        assert_eq!((counts(&told["lose"]), counts(&told["gain"])), ((1, 1), (0, 0)), "{told:#}");
        assert_eq!(told["lose"]["by"][0]["scope"], "furniture.office");
        for (since, messages) in [("4d", 4), ("2d", 2), ("12h", 0)] {
            let (status, told) = replay(&gateway, &same, &["--since", since]);
            assert_eq!((status, &told["messages"], &told["unchanged"]), (0, &messages.into(), &messages.into()), "{told:#}");
        }

        let narrower = other_policies(&gateway, "narrower", "jurisdictions/eu.toml", ", \"soft_opt_in\"", "");
        let (status, told) = replay(&gateway, &narrower, &["--since", "4d"]);
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

        let wider = other_policies(&gateway, "wider", "senders/demo-shop.toml", LIKES, ALL_LIKES);
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

        fs::write(wider.join("jurisdictions/se.toml"), "nonsense").unwrap();
        assert_eq!(gateway.command(&["policy", "replay", "--against", &against]).status(), 2);
    }

    async fn what_a_new_cap_would_make_wait_is_told(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = a_week(&database, &upstream).await;
        // Both of Bo's six days ago might go by these likes, but by this cap one the day after.
        let capped = format!("{ALL_LIKES}\n[caps]\nmarketing = [\"1/day\"]");
        let file = "senders/demo-shop.toml";
        let folder = other_policies(&gateway, "capped", file, LIKES, &capped);
        let (_, told) = replay(&gateway, &folder, &[]);
        assert_eq!((counts(&told["wait"]), &told["wait"]["never_left"]), ((1, 1), &0.into()), "{told:#}");
        assert_eq!((counts(&told["lose"]), counts(&told["gain"])), ((0, 0), (0, 0)), "{told:#}");
        assert_eq!(told["wait"]["by"][0]["to"]["reason"], "frequency_cap");
        let text = gateway.command(&["policy", "replay", "--against", &folder.display().to_string()]).stdout();
        assert!(text.contains("would have waited: 1 message to 1 person"), "{text}");
    }

    async fn what_was_refused_for_what_it_is_is_compared_too(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let shoes = service_mail("cia@example.se").replace("Subject:", "X-Optgate-Scope: shoes\r\nSubject:");
        let reply = gateway.submit(&["cia@example.se"], &shoes).await;
        assert!(reply.starts_with("550 5.7.1 [unknown_scope] "), "{reply}");
        let (file, scope) = ("senders/demo-shop.toml", "[scopes.apparel]");
        let declared = other_policies(&gateway, "declared", file, scope, &format!("[scopes.shoes]\ntitle = {{ en = \"Shoes\" }}\n{scope}"));
        let (status, told) = replay(&gateway, &declared, &[]);
        assert_eq!((status, counts(&told["gain"])), (1, (1, 1)), "{told:#}");
        assert_eq!(told["gain"]["by"][0]["from"]["reason"], "unknown_scope");
        assert_eq!(told["not_reproduced"], serde_json::json!([]));

        let reply = gateway.submit(&["cia@example.se"], "From: a@shop.example\r\nX-Mailer: shop 2\r\n\r\nWhat am I?\r\n").await;
        assert!(reply.contains("[unclassified]"), "{reply}");
        let rule = "[[classify]]\nheader = \"X-Mailer\"\nmatches = \"^shop\"\nstream = \"functional\"\n";
        let telling = other_policies(&gateway, "telling", file, scope, &format!("{rule}{scope}"));
        let (status, told) = replay(&gateway, &telling, &[]);
        assert_eq!((status, &told["may_widen"], counts(&told["gain"])), (1, &1.into(), (0, 0)), "{told:#}");
        assert_eq!(told["not_reproduced"][0]["why"], "might_be_classified");
        assert_eq!(replay(&gateway, &telling, &["--allow-widening"]).0, 0);
        let (status, told) = replay(&gateway, &gateway.data_dir.join("policies"), &[]);
        assert_eq!((status, &told["may_widen"]), (0, &0.into()), "{told:#}");
    }

    async fn what_a_replay_can_not_make_again_is_counted_apart(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = a_week(&database, &upstream).await;
        let reply = gateway.submit(&["anna@example.se"], "From: a@shop.example\r\n\r\nWhat am I?\r\n").await;
        assert!(reply.contains("[unclassified]"), "{reply}");
        let same = gateway.data_dir.join("policies");
        let why = |told: &Value| -> Vec<(String, i64)> {
            let all = told["not_reproduced"].as_array().unwrap();
            all.iter().map(|one| (one["why"].as_str().unwrap().to_owned(), one["messages"].as_i64().unwrap())).collect()
        };
        let (status, told) = replay(&gateway, &same, &["--since", "4d"]);
        assert_eq!((status, why(&told)), (0, vec![("not_classified".to_owned(), 1)]), "{told:#}");
        gateway.kill();
        database.tamper("DELETE FROM policy_sets").await;
        // Compared as they were recorded: nothing changes all the same. What it might have been classified as by rules
        // that are gone nobody can tell.
        let (status, told) = replay(&gateway, &same, &["--since", "4d"]);
        let missing = vec![("might_be_classified".to_owned(), 1), ("set_missing".to_owned(), 4)];
        assert_eq!((status, why(&told), &told["unchanged"]), (1, missing, &4.into()), "{told:#}");
    }
}
