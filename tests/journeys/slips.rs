//! Slips of the hand that must harm nobody: a variable that a script forgot, a name with a letter too few.

use serde_json::json;

use crate::support::gateway::Setup;
use crate::support::tool::service_mail;
use crate::support::{Database, Upstream, on_both_databases};

on_both_databases! {
    async fn a_filter_that_is_empty_takes_no_mail(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
        for verb in ["hold", "cancel", "retry", "release", "list"] {
            for filter in ["--campaign", "--provider", "--sender", "--to", "--state"] {
                let ran = gateway.command(&["queue", verb, filter, ""]);
                assert_eq!(ran.status(), 2, "{verb} {filter}: {}", ran.stdout());
            }
        }
        let rows = gateway.command(&["queue", "list", "--state", "queued", "--json"]).json();
        assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
        for filter in ["campaign", "provider", "state", "stream", "message", "since", "until", "after"] {
            let (status, answer) = gateway.api("GET", &format!("/v1/deliveries?{filter}="), None).await;
            assert_eq!((status, &answer["type"]), (400, &json!("urn:problem-type:optgate:parameter")), "{filter}");
        }
    }

    async fn a_no_for_a_sender_that_nobody_knows_is_refused_and_not_lost(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let noes = [&["consent", "withdraw"][..], &["suppression", "add"]];
        let run = |verb: &[&str], sender: &str, more: &[&str]| {
            gateway.command(&[verb, &["anna@example.se", "--sender", sender], more].concat())
        };
        for verb in noes {
            let ran = run(verb, "demo-shp", &[]);
            assert_eq!(ran.status(), 2, "{verb:?}: {}", ran.stdout());
            for told in ["nothing was recorded", "no policy knows the sender `demo-shp`; known: demo-shop", "--force"] {
                assert!(ran.stderr().contains(told), "{}", ran.stderr());
            }
        }
        for question in [&["suppression", "list"][..], &["suppression", "remove"], &["consent", "show"]] {
            assert_eq!(run(question, "demo-shp", &[]).status(), 2, "{question:?}");
        }
        assert_eq!(database.count("SELECT count(*) FROM subscribers").await, 0);
        // A no is taken though the policies can't be read, of whom anything is known.
        let policy = gateway.data_dir.join("policies/senders/demo-shop.toml");
        let text = std::fs::read_to_string(&policy).unwrap();
        std::fs::write(&policy, "id = ").unwrap();
        for verb in noes {
            let ran = run(verb, "demo-shp", &[]);
            assert!(ran.status() == 2 && ran.stderr().contains("senders/demo-shop.toml:1"), "{}", ran.stderr());
            run(verb, "demo-shop", &[]).expect_success();
        }
        std::fs::write(&policy, text).unwrap();
        assert_eq!(database.count("SELECT count(*) FROM subscribers").await, 1);
        // A sender whose policy is gone for good, and who insists.
        run(noes[0], "old-shop", &["--force"]).expect_success();
        run(noes[1], "old-shop", &[]).expect_success();
        run(&["consent", "show"], "old-shop", &[]).expect_success();
    }
}
