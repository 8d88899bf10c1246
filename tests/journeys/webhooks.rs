//! What providers tell by webhook, through the real gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::header;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, on_both_databases};

const ANNA: &str = "anna@example.se";

async fn through_postmark(database: &Database, upstream: &Upstream) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("postmark.login");
    std::fs::write(&file, "hooks:a long secret\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let webhook =
        format!("[[webhook]]\nname = \"pm\"\nkind = \"postmark\"\nkey_file = {:?}\n", file.to_str().unwrap());
    let gateway = Setup::new(database, upstream)
        .upstream("tls = \"none\"\nkind = \"postmark\"\n")
        .config(&webhook)
        .start()
        .await;
    gateway.opt_in(ANNA, &["apparel"]).await;
    (gateway, folder)
}

async fn tell(gateway: &Gateway, login: &str, record: &Value) -> u16 {
    let authorization = format!("Basic {}", STANDARD.encode(login));
    reqwest::Client::new()
        .post(format!("http://{}/hooks/pm", gateway.web()))
        .header("Authorization", authorization)
        .json(record)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

on_both_databases! {
    async fn what_a_provider_proves_blocks_or_withdraws_and_nothing_else_does(database: Database) {
        let upstream = Upstream::start().await;
        let (gateway, _folder) = through_postmark(&database, &upstream).await;
        let id = message_id(&gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await);
        gateway.until(&id, "relayed").await;
        let copy = upstream.first_for(ANNA).await;
        // The provider puts its own in place of the return path: the tool's stays.
        assert_eq!(copy.sender, "bounce@shop.example");
        let delivery = header(&copy, "X-PM-Metadata-optgate-delivery").remove(0);
        let record = |kind: &str, more: Value| {
            let mut record = json!({ "RecordType": kind, "Metadata": { "optgate-delivery": delivery }, "Email": ANNA });
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            record
        };
        let complaint = record("SpamComplaint", json!({ "Type": "SpamComplaint" }));
        assert_eq!(tell(&gateway, "hooks:wrong", &complaint).await, 401);
        let unknown = json!({ "RecordType": "SpamComplaint", "Metadata": { "optgate-delivery": uuid::Uuid::new_v4() } });
        assert_eq!(tell(&gateway, "hooks:a long secret", &unknown).await, 200);
        let soft = record("Bounce", json!({ "Type": "SoftBounce", "Details": "452 4.2.2 mailbox full" }));
        assert_eq!(tell(&gateway, "hooks:a long secret", &soft).await, 200);
        assert!(!gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await.contains("refused"));
        for _ in 0..2 {
            assert_eq!(tell(&gateway, "hooks:a long secret", &complaint).await, 200);
        }
        assert!(gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await.contains("refused [withdrawn]"));
        assert!(!gateway.submit(&[ANNA], &service_mail(ANNA)).await.contains("refused"));
        let hard = record("Bounce", json!({ "Type": "HardBounce", "Details": "smtp;550 5.1.1 no such user" }));
        assert_eq!(tell(&gateway, "hooks:a long secret", &hard).await, 200);
        assert!(gateway.submit(&[ANNA], &service_mail(ANNA)).await.contains("[suppressed_bounce]"));
        let (_, person) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({ "email": ANNA }))).await;
        let told = person["history"].as_array().unwrap().iter().filter(|event| event.to_string().contains("\"webhook\"")).count();
        assert_eq!(told, 2, "each once: {person}");
        let log = gateway.log();
        assert!(!log.contains("a long secret") && !log.contains(ANNA), "{log}");
    }
}
