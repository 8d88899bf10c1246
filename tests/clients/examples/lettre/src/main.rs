//! lettre, which Rust services send with.

use std::error::Error;
use std::path::Path;
use std::{env, fs, process};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

fn message() -> Result<Message, Box<dyn Error>> {
    let from = Mailbox::new(Some("Demo Shop".to_owned()), env::var("MAIL_FROM")?.parse()?);
    let to = Mailbox::new(None, env::var("MAIL_TO")?.parse()?);
    let both = MultiPart::alternative_plain_html(
        fs::read_to_string(env::var("MAIL_TEXT")?)?,
        fs::read_to_string(env::var("MAIL_HTML")?)?,
    );
    let file = env::var("MAIL_ATTACHMENT")?;
    let name = Path::new(&file).file_name().ok_or("no name")?.to_string_lossy().into_owned();
    let file = Attachment::new(name).body(fs::read(&file)?, ContentType::parse("application/octet-stream")?);
    let mut message = Message::builder()
        .from(from)
        .to(to)
        .subject(env::var("MAIL_SUBJECT")?)
        .multipart(MultiPart::mixed().multipart(both).singlepart(file))?;
    for (name, value) in [("X-Optgate-Stream", "MAIL_STREAM"), ("X-Optgate-Scope", "MAIL_SCOPE")] {
        let name = HeaderName::new_from_ascii_str(name);
        message.headers_mut().insert_raw(HeaderValue::new(name, env::var(value)?));
    }
    Ok(message)
}

fn send() -> Result<(), Box<dyn Error>> {
    let host = env::var("SMTP_HOST")?;
    let authority = Certificate::from_pem(&fs::read(env::var("SMTP_CA")?)?)?;
    let parameters = TlsParameters::builder(host.clone()).add_root_certificate(authority).build()?;
    let tls = match env::var("SMTP_TLS")?.as_str() {
        "implicit" => Tls::Wrapper(parameters),
        "starttls" => Tls::Required(parameters),
        _ => Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous(host).port(env::var("SMTP_PORT")?.parse()?).tls(tls);
    let mechanism = match env::var("SMTP_AUTH")?.as_str() {
        "plain" => Some(Mechanism::Plain),
        "login" => Some(Mechanism::Login),
        _ => None,
    };
    if let Some(mechanism) = mechanism {
        let credentials = Credentials::new(env::var("SMTP_USER")?, env::var("SMTP_PASSWORD")?);
        transport = transport.credentials(credentials).authentication(vec![mechanism]);
    }
    transport.build().send(&message()?)?;
    Ok(())
}

fn main() {
    if let Err(error) = send() {
        eprintln!("{error}");
        process::exit(1);
    }
}
