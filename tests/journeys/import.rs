//! A move from another system: opt-out lists first, then grounds, with all that real files have in them.

use std::path::PathBuf;

use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::ran::Ran;
use crate::support::tool::newsletter;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const HEADER: &str = "email,kind,scopes,obtained_at,jurisdiction,locale,evidence\n";

fn file(database: &Database, name: &str, text: &[u8]) -> PathBuf {
    let path = database.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn import(gateway: &Gateway, file: &std::path::Path, more: &[&str]) -> Ran {
    let file = file.display().to_string();
    let fixed = ["consent", "import", &file, "--sender", "demo-shop", "--source", "old system", "--json"];
    gateway.command(&[&fixed, more].concat())
}

fn tally(ran: &Ran) -> [u64; 4] {
    let told: Value = serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.stderr()));
    ["rows", "recorded", "unchanged", "rejected"].map(|what| told[what].as_u64().unwrap())
}

fn reason(gateway: &Gateway, who: &str, scope: &str) -> Value {
    let asked = ["policy", "explain", "--sender", "demo-shop", "--to", who, "--scope", scope, "--json"];
    let verdict = gateway.command(&asked).json();
    if verdict["verdict"] == "deliver" { verdict["ground"].clone() } else { verdict["reason"].clone() }
}

on_both_databases! {
    async fn i5_a_file_full_of_traps_gets_in_what_is_sound_and_no_more(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.withdraw("gone@example.se").await;
        gateway.opt_in("erased@example.se", &["apparel"]).await;
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": "erased@example.se"}))).await;
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        gateway.api_as("demo-shop/officer", "DELETE", &path, None).await;
        let yes = |who: &str| format!("{who},double_opt_in,apparel,2026-05-01T10:00:00Z,se,sv,\n");
        let mut text = format!("\u{feff}{HEADER}").into_bytes();
        // Lines 2 to 8: taken.
        text.extend(yes("anna@example.se").bytes());
        text.extend(yes("ANNA@Example.SE").bytes());
        text.extend(b"\"bo@example.se\",soft_opt_in,apparel.tshirts,2026-05-01T12:00:00+02:00,SE,,\"{\"\"notice\"\": {\"\"text\"\": \n\"\"We may write, and you may object.\"\"}}\"\r\n");
        text.extend(yes("gr\u{fc}n@b\u{fc}cher.example").bytes());
        text.extend(yes("gr\u{fc}n@xn--bcher-kva.example").bytes());
        text.extend(yes("gone@example.se").bytes());
        // Lines 9 on: not.
        text.extend(yes("erased@example.se").bytes());
        text.extend(yes("no address").bytes());
        text.extend(b"a@example.se,double_opt_in,apparel,2026-05-01 10:00:00,se,sv,\n");
        text.extend(b"b@example.se,double_opt_in,apparel,2099-05-01T10:00:00Z,se,sv,\n");
        text.extend(b"c@example.se,double_opt_in,aparel,2026-05-01T10:00:00Z,se,sv,\n");
        text.extend(b"d@example.se,double_opt_in,apparel,2026-05-01T10:00:00Z,Sverige,sv,\n");
        text.extend(b"j\xf6rgen@example.se,double_opt_in,apparel,2026-05-01T10:00:00Z,se,sv,\n");
        text.extend(b"=1+1,+double,@apparel,-1,\t,\"\r\",x\n");
        text.extend(b"e@example.se,double_opt_in\n");
        let csv = file(&database, "traps.csv", &text);
        let rejects = database.folder().join("rejects.csv");
        let named = rejects.display().to_string();
        let ran = import(&gateway, &csv, &["--rejects", &named, "--dry-run"]);
        assert_eq!((ran.status(), tally(&ran)), (1, [15, 4, 2, 9]), "{}", ran.stderr());
        let rehearsed = std::fs::read(&rejects).unwrap();
        assert_eq!(reason(&gateway, "anna@example.se", "apparel"), "no_ground");

        let ran = import(&gateway, &csv, &["--rejects", &named]);
        assert_eq!((ran.status(), tally(&ran)), (1, [15, 4, 2, 9]), "{}", ran.stderr());
        let told: Value = serde_json::from_str(&ran.stdout()).unwrap();
        assert_eq!(told["withdrawn_since"], 1);
        let octets = std::fs::read(&rejects).unwrap();
        assert_eq!(rehearsed, octets, "a dry run tells the same rejects");
        let text = String::from_utf8_lossy(&octets);
        let wrong = [
            (9, "the person was erased"), (10, "email is no mail address"), (11, "no time zone"),
            (12, "dated more than five minutes ahead"), (13, "did you mean `apparel`?"),
            (14, "jurisdiction is neither"), (15, "iconv -f WINDOWS-1252"), (16, "email is no mail address"),
            (17, "2 cells, the first line 7"),
        ];
        for (line, why) in wrong {
            let row = text.lines().find(|row| row.starts_with(&format!("{line},"))).unwrap_or_else(|| panic!("{line} in {text}"));
            assert!(row.contains(why), "{row}");
        }
        assert!(text.contains(",'=1+1,'+double,'@apparel,'-1,"), "{text}");
        assert!(octets.windows(4).any(|part| part == b"j\xf6rg"), "its own cells, octet by octet");

        assert_eq!(reason(&gateway, "anna@example.se", "apparel.tshirts"), "double_opt_in");
        assert_eq!(reason(&gateway, "bo@example.se", "apparel.trousers"), "soft_opt_in");
        assert_eq!(reason(&gateway, "gone@example.se", "apparel"), "withdrawn");
        assert_eq!(reason(&gateway, "erased@example.se", "apparel"), "erased");
        assert_eq!(reason(&gateway, "gr\u{fc}n@b\u{fc}cher.example", "apparel"), "double_opt_in");
        let shown = gateway.command(&["consent", "show", "bo@example.se", "--sender", "demo-shop"]);
        let shown = shown.expect_success().stdout();
        for part in ["purchase in apparel.tshirts, with notice", "by import, recorded", "source: old system", "notice of SHA-256", "notice.text: We may"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }

        // Mended, the rejects are imported as they are; what was taken is taken no second time.
        let mended = text.replace("2026-05-01 10:00:00", "2026-05-01T10:00:00Z").replace("aparel", "apparel");
        let kept: Vec<&str> = mended.lines().filter(|row| ["line,", "11,", "13,"].iter().any(|start| row.starts_with(start))).collect();
        let again = file(&database, "mended.csv", kept.join("\n").as_bytes());
        assert_eq!(tally(&import(&gateway, &again, &[])), [2, 2, 0, 0]);
        assert_eq!(tally(&import(&gateway, &csv, &[])), [15, 0, 6, 9]);
    }

    async fn a_legacy_list_is_unconfirmed_and_an_opt_out_list_stops_mail(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let noes = format!("{HEADER}left@example.se,withdrawal,,,,,\nsome@example.se,withdrawal,apparel.tshirts,2026-01-01T00:00:00Z,,,\nspam@example.se,complaint,,,,,\ndead@example.se,bounce,,,,,\nblock@example.se,suppression,,,,,\n");
        let noes = file(&database, "noes.csv", noes.as_bytes());
        assert_eq!(tally(&import(&gateway, &noes, &[])), [5, 5, 0, 0]);
        let list = ["left", "some", "spam", "dead", "block", "list"].map(|who| format!("{who}@example.se,unconfirmed,apparel,,,,\n")).concat();
        let yank = "yank@example.com,no_objection,apparel,,us,,\n";
        let list = file(&database, "list.csv", format!("{HEADER}{list}{yank}").as_bytes());
        assert_eq!(tally(&import(&gateway, &list, &[])), [7, 7, 0, 0]);
        let expected = [
            ("left", "withdrawn"), ("some", "withdrawn"), ("spam", "withdrawn"), ("dead", "suppressed_bounce"),
            ("block", "suppressed_operator"), ("list", "unconfirmed"),
        ];
        for (who, why) in expected {
            assert_eq!(reason(&gateway, &format!("{who}@example.se"), "apparel.tshirts"), why, "{who}");
        }
        assert_eq!(reason(&gateway, "yank@example.com", "apparel"), "no_objection");
        // Said once, whenever the same lists come again.
        assert_eq!(tally(&import(&gateway, &noes, &[])), [5, 0, 5, 0]);
        assert_eq!(tally(&import(&gateway, &list, &[])), [7, 0, 7, 0]);
        // But it is told where such a no stops nothing any more; and of what there is no proof.
        let anew = json!({
            "email": "left@example.se", "kind": "double_opt_in", "scopes": ["apparel"],
            "obtained_at": Clock::system().now().to_string(), "evidence": {"form": "web"},
        });
        assert_eq!(gateway.api("POST", "/v1/grounds", Some(anew)).await.0, 201);
        let again: Value = serde_json::from_str(&import(&gateway, &noes, &[]).stdout()).unwrap();
        assert_eq!(again["lifted_since"], 1, "{again}");
        let bought = |evidence: &str| format!("{HEADER}buyer@example.se,purchase,apparel,2026-01-01T00:00:00Z,se,,\"{evidence}\"\n");
        let marked = file(&database, "marked.csv", bought("{\"\"notice\"\": true}").as_bytes());
        let told: Value = serde_json::from_str(&import(&gateway, &marked, &[]).stdout()).unwrap();
        assert_eq!((&told["recorded"], &told["notice_unproved"]), (&1.into(), &1.into()), "{told}");
        let shown = gateway.command(&["consent", "show", "buyer@example.se", "--sender", "demo-shop"]);
        assert!(shown.expect_success().stdout().contains("the notice's text is not kept"));
        let proved = file(&database, "proved.csv", bought("{\"\"notice\"\": {\"\"given\"\": true, \"\"text\"\": \"\"We may write.\"\"}}").as_bytes());
        let told: Value = serde_json::from_str(&import(&gateway, &proved, &[]).stdout()).unwrap();
        assert_eq!((&told["recorded"], &told["notice_unproved"]), (&1.into(), &0.into()), "{told}");
        assert_eq!(tally(&import(&gateway, &proved, &[])), [1, 0, 1, 0]);
    }

    async fn i3_an_imported_no_stops_mail_that_is_queued(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.opt_in("bo@example.se", &["apparel"]).await;
        upstream.script("anna@example.se", crate::support::upstream::Script::Rcpt("450 4.2.1 later"));
        upstream.open();
        let id = message_id(&gateway.submit(&["anna@example.se"], &newsletter("a", "apparel")).await);
        eventually("it was tried", || async {
            gateway.deliveries(&id).await.remove(0)["last_response"].is_string().then_some(())
        })
        .await;
        let noes = file(&database, "noes.csv", format!("{HEADER}anna@example.se,withdrawal,,,,,\n").as_bytes());
        assert_eq!(tally(&import(&gateway, &noes, &[])), [1, 1, 0, 0]);
        // The gateway beside it meets the no at once, not when the next try is due.
        let ended = gateway.until(&id, "withheld").await;
        assert_eq!(ended["recipient"], "anna@example.se");
    }

    async fn i10_an_import_that_was_killed_goes_on_to_the_same_end(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let rows = (0..1700).map(|n| match n % 4 {
            0 => format!("p{n}@example.se,withdrawal,,,,,\n"),
            1 => format!("p{n}@example.se,suppression,,2026-01-01T00:00:00Z,,,\n"),
            _ => format!("p{n}@example.se,double_opt_in,apparel,2026-05-01T10:00:00Z,se,,\n"),
        });
        let csv = file(&database, "many.csv", format!("{HEADER}{}", rows.collect::<String>()).as_bytes());
        let rejects = database.folder().join("rejects.csv").display().to_string();
        for point in ["import_before_commit=1*off->return", "import_after_commit=1*off->return"] {
            gateway.set_failpoints(point);
            let ran = import(&gateway, &csv, &["--rejects", &rejects]);
            assert_ne!(ran.status(), 0, "{}", ran.stdout());
            assert!(!std::path::Path::new(&rejects).exists(), "rejects are whole or not there");
        }
        gateway.set_failpoints("");
        // The gateway beside it may be replaying noes that got into the journal alone.
        let half = database.count("SELECT count(*) FROM consent_events").await;
        assert!(half > 0 && half < 1700, "{half}");
        let ran = import(&gateway, &csv, &["--rejects", &rejects]);
        let [rows, recorded, unchanged, rejected] = tally(&ran);
        assert_eq!((rows, rejected, ran.status()), (1700, 0, 0));
        assert!(unchanged as i64 >= half, "{unchanged} of {half}");
        assert_eq!(recorded + unchanged, 1700);
        assert_eq!(database.count("SELECT count(*) FROM consent_events").await, 1700);
        assert_eq!(database.count("SELECT count(*) FROM subscribers").await, 1700);
        // Every no is in the journal too, and once it is in step it has brought nothing twice.
        gateway.command(&["journal", "verify"]).expect_success();
        eventually("the journal is in step", || async {
            (gateway.command(&["journal", "show"]).status() == 0).then_some(())
        })
        .await;
        assert_eq!(database.count("SELECT count(*) FROM consent_events").await, 1700);
    }

    async fn a_move_to_another_sender_keeps_every_no_and_every_ground(database: Database) {
        let upstream = Upstream::start().await;
        let shop = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/senders/demo-shop.toml")).unwrap();
        let other = shop.replace("\"demo-shop\"", "\"new-shop\"").replace("\"shop.example\"", "\"new.example\"").replace("news@shop.example", "news@new.example");
        let gateway = Setup::new(&database, &upstream).policy("senders/new-shop.toml", &other).start().await;
        gateway.opt_in("anna@example.se", &["apparel", "furniture.office"]).await;
        gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        gateway.withdraw("bo@example.se").await;
        gateway.opt_in("=x+@example.se", &["apparel"]).await;
        gateway.command(&["suppression", "add", "cia@example.se", "--sender", "demo-shop"]).expect_success();
        gateway.command(&["suppression", "add", "dan@example.se", "--sender", "demo-shop"]).expect_success();
        gateway.command(&["suppression", "remove", "dan@example.se", "--sender", "demo-shop"]).expect_success();
        gateway.opt_in("erased@example.se", &["apparel"]).await;
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": "erased@example.se"}))).await;
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        gateway.api_as("demo-shop/officer", "DELETE", &path, None).await;

        let table = gateway.command(&["consent", "export", "--sender", "demo-shop", "--csv"]);
        assert!(table.expect_success().stderr().contains("1 erased"), "{}", table.stderr());
        let arguments = ["consent", "import", "-", "--sender", "new-shop", "--source", "demo-shop", "--json"];
        let moved = gateway.command_with(&arguments, table.stdout().as_bytes());
        assert_eq!(tally(&moved), [5, 5, 0, 0], "{}{}", table.stdout(), moved.stderr());
        for who in ["anna@example.se", "bo@example.se", "=x+@example.se", "cia@example.se", "dan@example.se"] {
            for scope in ["apparel.trousers", "furniture.office"] {
                let ask = |sender: &str| {
                    let verdict = gateway.command(&["policy", "explain", "--sender", sender, "--to", who, "--scope", scope, "--json"]).json();
                    (verdict["verdict"].clone(), verdict["reason"].clone(), verdict["ground"].clone())
                };
                assert_eq!(ask("demo-shop"), ask("new-shop"), "{who} {scope}");
            }
        }

        let lines = gateway.command(&["consent", "export", "--sender", "demo-shop"]).expect_success().stdout();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 6);
        let anna = lines.iter().find(|line| line["email"] == "anna@example.se").unwrap();
        assert_eq!(anna["history"][0]["evidence"]["evidence"]["form"], "web");
        assert!(anna.get("lookup_hash").is_none());
        let erased = lines.iter().find(|line| line["state"] == "erased").unwrap();
        assert!(erased["email"].is_null() && erased["lookup_hash"].as_str().unwrap().len() == 64);
        assert!(erased["history"].as_array().unwrap().iter().all(|event| event["evidence"].is_null()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_table_is_told_at_once() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).prepare();
    gateway.command(&["migrate"]).expect_success();
    let told = |text: &[u8], part: &str| {
        let csv = file(&database, "table.csv", text);
        let ran = import(&gateway, &csv, &[]);
        assert_eq!(ran.status(), 2, "{}", ran.stdout());
        assert!(ran.stderr().contains(part), "{part} in {}", ran.stderr());
    };
    told(b"email;kind\na@b.se;withdrawal\n", "separated by `;`");
    told(b"emial,kind\na@b.se,withdrawal\n", "did you mean `email`?");
    told(b"\xff\xfee\0", "UTF-16");
    told(b"", "it is empty");
    let csv = file(&database, "table.csv", b"email,kind\na@b.se,withdrawal\n");
    let same = csv.display().to_string();
    assert_eq!(import(&gateway, &csv, &["--rejects", &same]).status(), 2);
    let unknown = ["consent", "import", &same, "--sender", "demo-shp", "--source", "x"];
    assert_eq!(gateway.command(&unknown).status(), 2);
    // By a pipe, and a dry run leaves no folder behind.
    let dry = ["consent", "import", "-", "--sender", "demo-shop", "--source", "x", "--dry-run"];
    let ran = gateway.command_with(&dry, b"email,kind\r\na@b.se,withdrawal\r\n");
    assert!(ran.expect_success().stdout().contains("1 row: 1 recorded"), "{}", ran.stdout());
    let left = std::fs::read_dir(&gateway.data_dir).unwrap();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with("dry-run")));
    assert_eq!(database.count("SELECT count(*) FROM subscribers").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_by_command_says_why() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    let withdraw =
        ["consent", "withdraw", "anna@example.se", "--sender", "demo-shop", "--note", "recorded by mistake"];
    gateway.command(&withdraw).expect_success();
    let shown = gateway.command(&["consent", "show", "anna@example.se", "--sender", "demo-shop"]);
    assert!(shown.expect_success().stdout().contains("note: recorded by mistake"), "{}", shown.stdout());
}
