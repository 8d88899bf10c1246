//! What providers tell by webhook, through the real gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::header;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, on_both_databases};

const ANNA: &str = "anna@example.se";

/// A gateway in front of a provider of this kind, who tells at `/hooks/told` what became of its mail.
async fn through(
    database: &Database,
    upstream: &Upstream,
    kind: &str,
    key: &str,
) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{key}\n")).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    let webhook = format!("[[webhook]]\nname = \"told\"\nkind = \"{kind}\"\nkey_file = {file:?}\n");
    let gateway = Setup::new(database, upstream)
        .upstream(&format!("tls = \"none\"\nkind = \"{kind}\"\n"))
        .config(&webhook)
        .start()
        .await;
    gateway.opt_in(ANNA, &["apparel"]).await;
    (gateway, folder)
}

fn hook(gateway: &Gateway) -> reqwest::RequestBuilder {
    reqwest::Client::new().post(format!("http://{}/hooks/told", gateway.web()))
}

async fn tell(gateway: &Gateway, login: &str, record: &Value) -> u16 {
    let authorization = format!("Basic {}", STANDARD.encode(login));
    let request = hook(gateway).header("Authorization", authorization).json(record);
    request.send().await.unwrap().status().as_u16()
}

on_both_databases! {
    async fn what_a_provider_proves_blocks_or_withdraws_and_nothing_else_does(database: Database) {
        let upstream = Upstream::start().await;
        let (gateway, _folder) = through(&database, &upstream, "postmark", "hooks:a long secret").await;
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

    async fn a_copy_whose_id_a_provider_lost_is_found_by_its_message_id_and_recipient(database: Database) {
        let upstream = Upstream::start().await;
        let (gateway, _folder) = through(&database, &upstream, "mailgun", "key-of-mailguns").await;
        gateway.opt_in("bo@example.se", &["apparel"]).await;
        let id = message_id(&gateway.submit(&[ANNA, "bo@example.se"], &newsletter(ANNA, "apparel")).await);
        gateway.until(&id, "relayed").await;
        let sent = header(&upstream.first_for(ANNA).await, "Message-ID").remove(0);
        let complained = |message_id: &str, token: &str| {
            let now = optgate::clock::Clock::system().now().as_second();
            let signature = optgate::keys::hmac(b"key-of-mailguns", format!("{now}{token}").as_bytes());
            let headers = json!({ "message-id": message_id.trim_matches(['<', '>']) });
            hook(&gateway).json(&json!({
                "signature": { "timestamp": now.to_string(), "token": token, "signature": data_encoding::HEXLOWER.encode(&signature) },
                "event-data": { "event": "complained", "recipient": ANNA, "message": { "headers": headers } },
            }))
        };
        let other = complained("<somebody.elses@shop.example>", "t1").send().await.unwrap();
        assert_eq!(other.status().as_u16(), 200);
        assert!(!gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await.contains("refused"));
        assert_eq!(complained(&sent, "t2").send().await.unwrap().status().as_u16(), 200);
        assert!(gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await.contains("refused [withdrawn]"));
        assert!(!gateway.submit(&["bo@example.se"], &newsletter("bo@example.se", "apparel")).await.contains("refused"));
    }
}
