//! Connections in all, of an address, and of a trusted network.

use super::{HERE, NEXT_DOOR, limited};
use crate::support::gateway::Setup;
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, Tool, Upstream, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_connections_and_others_are_not_disturbed() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = limited(&database, &upstream, "max_connections_per_address = 3").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let (tool, greeting) = Tool::hear(gateway.smtp(), HERE).await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        held.push(tool);
    }
    let (mut tool, reply) = Tool::hear(gateway.smtp(), HERE).await;
    assert_eq!(reply, "421 4.3.2 too many connections from your address, try again later");
    assert_eq!(tool.reply().await, "", "and it is hung up on");
    let (_other, greeting) = Tool::hear(gateway.smtp(), NEXT_DOOR).await;
    assert!(greeting.starts_with("220 "), "{greeting}");
    held.pop().expect("one of them").say("QUIT").await;
    eventually("a place comes free", || async {
        let (_tool, reply) = Tool::hear(gateway.smtp(), HERE).await;
        reply.starts_with("220 ").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_places_are_kept_for_functional_mail() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "max_connections = 3\nkept_for_functional = 1";
    let mut gateway = limited(&database, &upstream, keys).await;
    gateway.add_credential("demo-shop", "campaigns", "smtp", &["--streams", "marketing"]);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(enter(&gateway, "demo-shop/campaigns").await.expect("a common place"));
    }
    let reply = enter(&gateway, "demo-shop/campaigns").await.err().expect("the last place is kept");
    assert_eq!(reply, "421 4.3.2 too many connections, the last are kept for functional mail");
    let mut tool =
        eventually("the place is free again", || async { enter(&gateway, "demo-shop/tool").await.ok() })
            .await;
    let reply = tool.submit("b@shop.example", &["a@example.se"], &service_mail("a@example.se")).await;
    assert!(reply.starts_with("250 "), "{reply}");
    let (_, reply) = Tool::hear(gateway.smtp(), NEXT_DOOR).await;
    assert_eq!(reply, "421 4.3.2 too many connections, try again later");
}

async fn enter(gateway: &Gateway, credential: &str) -> Result<Tool, String> {
    let (mut tool, greeting) = Tool::hear(gateway.smtp(), HERE).await;
    if !greeting.starts_with("220 ") {
        return Err(greeting);
    }
    tool.say("EHLO tool.test").await;
    let reply = tool.try_authenticate(credential, gateway.secret(credential)).await;
    if reply.starts_with("235 ") { Ok(tool) } else { Err(reply) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_network_has_a_limit_of_its_own() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "max_connections_per_address = 1\n[[smtp.trusted]]\nnetworks = [\"127.0.0.2\"]\n\
                credential = \"demo-shop/tool\"\nmax_connections = 3";
    let gateway = limited(&database, &upstream, keys).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let (tool, greeting) = Tool::hear(gateway.smtp(), NEXT_DOOR).await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        held.push(tool);
    }
    let (_, reply) = Tool::hear(gateway.smtp(), NEXT_DOOR).await;
    assert_eq!(reply, "421 4.3.2 too many connections from your network, try again later");
    let (_stranger, greeting) = Tool::hear(gateway.smtp(), HERE).await;
    assert!(greeting.starts_with("220 "), "{greeting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_too_many_under_implicit_tls_is_told_under_tls() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let made = rcgen::generate_simple_self_signed(vec!["gateway.test".to_owned()]).expect("a certificate");
    let (certificate, key) = (database.folder().join("tls.crt"), database.folder().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).expect("it is written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("it is written");
    let keys = format!(
        "implicit_tls = [\"127.0.0.1:0\"]\nmax_connections_per_address = 1\ncertificate = \"{}\"\nkey = \"{}\"",
        certificate.display(),
        key.display()
    );
    let gateway = Setup::new(&database, &upstream).smtp(keys).start().await;
    let root = made.cert.der().clone();
    let (_held, greeting) = Tool::hear_tls(gateway.implicit_tls(), &root).await;
    assert!(greeting.starts_with("220 "), "{greeting}");
    let (_, reply) = Tool::hear_tls(gateway.implicit_tls(), &root).await;
    assert!(reply.starts_with("421 4.3.2 "), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_on_this_machine_may_open_a_hundred() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).start().await;
    let mut held = Vec::new();
    for _ in 0..100 {
        let (tool, greeting) = Tool::hear(gateway.smtp(), HERE).await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        held.push(tool);
    }
}
