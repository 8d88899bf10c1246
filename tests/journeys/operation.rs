//! What ops do: start, stop, look, and make mistakes in files.

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Upstream, eventually, on_both_databases};

on_both_databases! {
    async fn sigterm_finishes_what_is_in_hand_and_leaves_the_rest_spooled(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let mut tool = gateway.tool().await;
        let reply = tool.submit("b@shop.example", &["a@example.se"], &service_mail("a@example.se")).await;
        assert!(reply.starts_with("250"), "{reply}");
        upstream.somebody_waits().await;
        // A tool in the middle of its message gets its reply.
        for line in ["MAIL FROM:<b@shop.example>", "RCPT TO:<b@example.se>", "DATA"] {
            tool.say(line).await;
        }
        let ending = gateway.terminate();
        let finish = async {
            tool.send(format!("{}\r\n.\r\n", service_mail("b@example.se")).as_bytes()).await;
            tool.reply().await
        };
        let (status, reply) = tokio::join!(ending, finish);
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply:?}");
        assert_eq!(status.code(), Some(0));
        upstream.open();
        gateway.start().await;
        upstream.first_for("a@example.se").await;
        upstream.first_for("b@example.se").await;
    }

    async fn the_queue_can_be_read_by_scripts(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("a@example.se", Script::Rcpt("450 4.2.1 later"));
        let gateway = Setup::new(&database, &upstream).start().await;
        let message = message_id(&gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await);
        let asked = || async { gateway.deliveries(&message).await.remove(0) };
        let own = eventually("it was tried", || async {
            let own = asked().await;
            own["last_response"].is_string().then_some(own)
        })
        .await;
        let id = own["delivery"].as_str().unwrap();
        for (verb, state) in [("list", "queued"), ("show", "queued"), ("hold", "held"), ("release", "queued"), ("retry", "queued"), ("cancel", "cancelled")] {
            // A released delivery may be in a worker's hand for a moment.
            let rows = eventually("it is there to be ordered about", || async {
                let ran = gateway.command(&["queue", verb, id, "--json"]);
                (ran.status() == 0).then(|| ran.json())
            })
            .await;
            let row = &rows.as_array().expect("a list")[0];
            for key in ["delivery", "message", "recipient", "stream", "scope", "state", "reason", "attempts", "next_attempt_at", "last_response"] {
                assert!(row.get(key).is_some(), "{key} in {row}");
            }
            assert_eq!((&row["message"], &row["state"]), (&message.as_str().into(), &state.into()), "{verb}");
            // Who may run it holds the keys; the API shows the same to whom may see it.
            assert_eq!((&row["recipient"], &own["recipient"]), (&"a@example.se".into(), &"a@example.se".into()), "{verb}");
        }
        let none = gateway.command(&["queue", "list", "--state", "held", "--json"]).json();
        assert_eq!(none, serde_json::json!([]));
    }

    async fn a_decision_can_be_asked_for_without_sending(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let body = serde_json::json!({"stream": "marketing", "scope": "apparel.trousers", "recipients": ["anna@example.se", "bo@example.se"]});
        let (status, answer) = gateway.api("POST", "/v1/decisions", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        let verdicts = answer["verdicts"].as_array().unwrap();
        assert_eq!(verdicts[0]["verdict"], "deliver");
        assert_eq!(verdicts[0]["ground"], "double_opt_in");
        assert!(verdicts[0]["reason"].is_null() && verdicts[0]["decision"].is_null());
        assert_eq!(verdicts[1]["verdict"], "refuse");
        assert_eq!(verdicts[1]["reason"], "no_ground");
        assert!(verdicts[1]["rule"]["line"].as_u64().unwrap() > 0, "{}", verdicts[1]);
        let explained = gateway.command(&["policy", "explain", "--sender", "demo-shop", "--to", "anna@example.se", "--scope", "apparel.trousers", "--json"]).json();
        assert_eq!(explained["verdict"], "deliver", "{explained}");
        gateway.command(&["consent", "withdraw", "anna@example.se", "--sender", "demo-shop", "--scope", "apparel.trousers"]).expect_success();
        let explained = gateway.command(&["policy", "explain", "--sender", "demo-shop", "--to", "anna@example.se", "--scope", "apparel.trousers", "--json"]).json();
        assert_eq!(explained["reason"], "withdrawn", "{explained}");
        let nothing = gateway.command(&["policy", "explain", "--sender", "demo-shop", "--to", "anna@example.se", "--json"]).json();
        assert_eq!((&nothing["verdict"], &nothing["reason"]), (&"refuse".into(), &"unknown_scope".into()));
        let shown = gateway.command(&["consent", "show", "anna@example.se", "--sender", "demo-shop"]);
        assert!(shown.expect_success().stdout().contains("apparel.trousers"), "{}", shown.stdout());
    }

    async fn i15_senders_never_see_each_others_people(database: Database) {
        let upstream = Upstream::start().await;
        let other = "id = \"other\"\nname = \"Other\"\nfrom_domains = [\"other.example\"]\ndefault_jurisdiction = \"se\"\n[scopes.news]\ntitle = { en = \"News\" }\n";
        let mut gateway = Setup::new(&database, &upstream).policy("senders/other.toml", other).start().await;
        gateway.add_credential("other", "api", "compliance", &[]);
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let lookup = serde_json::json!({"email": "anna@example.se"});
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(lookup.clone())).await;
        let (status, _) = gateway.api_as("other/api", "POST", "/v1/subscribers/lookup", Some(lookup)).await;
        assert_eq!(status, 404);
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        for method in ["GET", "DELETE"] {
            let (status, _) = gateway.api_as("other/api", method, &path, None).await;
            assert_eq!(status, 404, "{method}");
        }
        let reply = gateway.submit(&["anna@example.se"], &newsletter("a", "apparel")).await;
        let (status, _) = gateway.api_as("other/api", "GET", &format!("/v1/messages/{}", message_id(&reply)), None).await;
        assert_eq!(status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_in_files_are_told_all_at_once_with_file_and_line() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let broken = "id = \"broken\"\nnmae = \"Typo\"\nname = \"Broken\"\nfrom_domains = [\"b.example\"]\ndefault_jurisdiction = \"atlantis\"\n";
    let gateway = Setup::new(&database, &upstream).policy("senders/broken.toml", broken).prepare();
    let checked = gateway.command(&["policy", "check"]);
    assert_eq!(checked.status(), 1, "{}{}", checked.stdout(), checked.stderr());
    let said = format!("{}{}", checked.stdout(), checked.stderr());
    assert!(said.contains("senders/broken.toml:2:1"), "{said}");
    assert!(said.contains("senders/broken.toml:5:"), "{said}");
    let text = std::fs::read_to_string(&gateway.config).unwrap();
    std::fs::write(&gateway.config, text.replace("hostname =", "hostnam =")).unwrap();
    let checked = gateway.command(&["check"]);
    assert_ne!(checked.status(), 0);
    let said = format!("{}{}", checked.stdout(), checked.stderr());
    assert!(said.contains("optgate.toml:2:1") && said.contains("hostname"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_judges_itself() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_optgate"))
        .args(["demo", "--once", "--dir"])
        .arg(folder.path())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for reason in ["out_of_scope", "unconfirmed", "withdrawn", "ground_expired", "no_ground"] {
        assert!(said.contains(reason), "{reason} in\n{said}");
    }
    let captured = folder.path().canonicalize().unwrap().join("captured");
    assert!(said.contains(&format!("kept in {}.", captured.display())) && captured.exists(), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_in_a_folder_of_its_own_leaves_nothing_and_promises_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_optgate"))
        .args(["demo", "--once"])
        .env("TMPDIR", folder.path())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("messages left for the upstream.\n"), "{said}");
    let readme = include_str!("../../README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(said.contains(shown), "README shows another table than the demo:\n{shown}\n{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
