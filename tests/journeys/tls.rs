//! Submission under TLS: what was said in clear counts for nothing.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;

use crate::support::gateway::Setup;
use crate::support::tool::newsletter;
use crate::support::{Database, Gateway, Tool, Upstream};

async fn gateway(database: &Database, upstream: &Upstream) -> (Gateway, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["gateway.test".to_owned()]).expect("a certificate");
    let (certificate, key) = (database.folder().join("tls.crt"), database.folder().join("tls.key"));
    std::fs::write(&certificate, cert.pem()).expect("it is written");
    std::fs::write(&key, signing_key.serialize_pem()).expect("it is written");
    let keys = format!(
        "implicit_tls = [\"127.0.0.1:0\"]\ncertificate = \"{}\"\nkey = \"{}\"",
        certificate.display(),
        key.display()
    );
    (Setup::new(database, upstream).smtp(keys).start().await, cert.der().clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_logs_in_under_tls_alone() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = gateway(&database, &upstream).await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    let hello = tool.say("EHLO x.test").await;
    assert!(hello.contains("STARTTLS") && !hello.contains("AUTH"), "{hello}");
    let reply = tool.say("AUTH PLAIN AGEAYg==").await;
    assert!(reply.starts_with("538 5.7.11"), "{reply}");
    let reply = tool.say("STARTTLS").await;
    assert!(reply.starts_with("220"), "{reply}");
    let mut tool = tool.upgrade(&root).await;
    let reply = tool.say("MAIL FROM:<a@shop.example>").await;
    assert!(reply.starts_with("503") || reply.starts_with("530"), "the session begins anew: {reply}");
    let hello = tool.say("EHLO x.test").await;
    assert!(!hello.contains("STARTTLS") && hello.contains("AUTH PLAIN LOGIN"), "{hello}");
    tool.authenticate("demo-shop/tool", gateway.secret("demo-shop/tool")).await;
    let reply = tool.submit("b@shop.example", &["anna@example.se"], &newsletter("a", "apparel")).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    let copy = upstream.first_for("anna@example.se").await;
    let received = &crate::support::mailbox::header(&copy, "Received")[0];
    assert!(received.contains("with ESMTPSA"), "{received}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pipelined_before_starttls_is_dropped() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = gateway(&database, &upstream).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    tool.say("EHLO x.test").await;
    tool.send(b"STARTTLS\r\nNOOP injected\r\nMAIL FROM:<injected@shop.example>\r\n").await;
    let reply = tool.reply().await;
    assert!(reply.starts_with("220"), "{reply}");
    let mut tool = tool.upgrade(&root).await;
    // The first reply under TLS answers the first command under TLS.
    let hello = tool.say("EHLO x.test").await;
    assert!(hello.starts_with("250-gateway.test"), "{hello}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn implicit_tls_and_auth_login_work() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = gateway(&database, &upstream).await;
    let mut tool = Tool::connect_tls(gateway.implicit_tls(), &root).await;
    tool.say("EHLO x.test").await;
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    assert!(tool.say("AUTH LOGIN").await.starts_with("334 "));
    assert!(tool.say(&base64("demo-shop/tool")).await.starts_with("334 "));
    let reply = tool.say(&base64(gateway.secret("demo-shop/tool"))).await;
    assert!(reply.starts_with("235 2.7.0"), "{reply}");
}
