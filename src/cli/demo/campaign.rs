//! The campaign, composed and submitted as a marketing tool does it: by SMTP, a message a person.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::cast::Person;
use crate::policy::Stream;

const FROM: &str = "Demo Shop <news@shop.example>";

/// A marketing tool with its login.
pub struct Tool {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Tool {
    pub fn new(gateway: SocketAddr, user: &str, password: &SecretString) -> Self {
        let login = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(gateway.ip().to_string())
            .port(gateway.port())
            .credentials(login)
            .authentication(vec![Mechanism::Plain])
            .build();
        Self { transport }
    }

    /// Submits a person's copy. Returns the message's id, which the reply names.
    pub async fn submit(&self, person: &Person) -> anyhow::Result<Uuid> {
        let message = compose(person)?;
        let sent = self.transport.send(message).await;
        let response = sent.with_context(|| format!("submitting to {}", person.address))?;
        let text = response.message().collect::<Vec<_>>().join(" ");
        let named = text.split_once("message ").and_then(|(_, rest)| rest.split(' ').next());
        match named.and_then(|id| id.parse().ok()) {
            Some(id) => Ok(id),
            None => bail!("the reply names no message: {text}"),
        }
    }
}

/// Without Message-ID, as some tools have it: the gateway adds one.
fn compose(person: &Person) -> anyhow::Result<Message> {
    let to: Mailbox = person.address.parse()?;
    let mut builder = Message::builder().from(FROM.parse::<Mailbox>()?).to(to);
    for (name, value) in selectors(person) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let (subject, text, html) = match person.stream {
        Stream::Marketing => ("Sommarrea: 30 % på kläder", CAMPAIGN_TEXT, CAMPAIGN_HTML),
        _ => ("Kvitto för order 1001", RECEIPT_TEXT, RECEIPT_HTML),
    };
    let body = MultiPart::alternative_plain_html(text.to_owned(), html.to_owned());
    Ok(builder.subject(subject).multipart(body)?)
}

fn selectors(person: &Person) -> Vec<(&'static str, String)> {
    let mut selectors =
        vec![("X-Optgate-Stream", person.stream.to_string()), ("X-Optgate-Scope", person.scope.to_owned())];
    if person.stream == Stream::Marketing {
        selectors.push(("X-Optgate-Campaign", "summer-sale".to_owned()));
    }
    selectors
}

const CAMPAIGN_TEXT: &str = "Hej!

Sommarrean har börjat: 30 % på T-shirts, byxor och mycket mer.
https://shop.example/sommar

Vänliga hälsningar
Demo Shop
";

const CAMPAIGN_HTML: &str = r#"<!doctype html>
<html lang="sv"><head><meta charset="utf-8"><title>Sommarrea</title></head>
<body>
<h1>Sommarrean har börjat</h1>
<p>30&nbsp;% på T-shirts, byxor och <a href="https://shop.example/sommar">mycket mer</a>.</p>
<p>Vänliga hälsningar<br>Demo Shop</p>
</body></html>
"#;

const RECEIPT_TEXT: &str = "Tack för din beställning!

Order 1001: 1 T-shirt, 199 kr.
";

const RECEIPT_HTML: &str = r#"<!doctype html>
<html lang="sv"><head><meta charset="utf-8"><title>Kvitto</title></head>
<body><p>Tack för din beställning!</p><p>Order 1001: 1 T-shirt, 199&nbsp;kr.</p></body></html>
"#;
