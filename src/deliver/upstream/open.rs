//! From a host name to a connection that is ready for a transaction: connect, greeting, EHLO, STARTTLS, AUTH.
//! RFC 5321, 3.1 and 3.2; RFC 3207; RFC 4954.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use smtp_proto::{
    AUTH_LOGIN, AUTH_PLAIN, EXT_8BIT_MIME, EXT_DSN, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EXT_START_TLS,
    EhloResponse,
};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::tls::Protection;
use super::wire::{Secrecy, Wire};
use super::{Settings, Tls};
use crate::deliver::response::{Failure, Lost, Stage};

/// Whether the upstream offers something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offer {
    Offered,
    #[default]
    Lacking,
}

/// What the upstream can do, by its answer to EHLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub pipelining: Offer,
    pub eight_bit_mime: Offer,
    pub smtp_utf8: Offer,
    pub dsn: Offer,
    pub size: Offer,
    pub starttls: Offer,
    pub auth_plain: Offer,
    pub auth_login: Offer,
}

/// A connection that is ready for a transaction, and what it can do.
pub async fn open(
    settings: &Settings,
    hostname: &str,
    protection: Result<Option<&Protection>, &str>,
) -> Result<(Wire, Capabilities), Failure> {
    let protection = protection.map_err(|text| Failure::Tls(text.to_owned()))?;
    let mut wire = Wire::new(connect(settings).await?, settings.timeouts);
    if settings.tls == Tls::Implicit {
        wire.protect(protection.ok_or_else(no_protection)?).await?;
    }
    wire.expect(Stage::Greeting).await?;
    let mut capabilities = greet(&mut wire, hostname).await?;
    if wants_starttls(settings.tls, capabilities.starttls)? {
        wire.write(Stage::StartTls, b"STARTTLS\r\n").await?;
        wire.expect(Stage::StartTls).await?;
        wire.protect(protection.ok_or_else(no_protection)?).await?;
        // RFC 3207, 4.2: what was learnt in plain is forgotten.
        capabilities = greet(&mut wire, hostname).await?;
    }
    if let Some((user, password)) = &settings.login {
        may_send_password(settings.tls, wire.secrecy())?;
        authenticate(&mut wire, capabilities, user, password).await?;
    }
    Ok((wire, capabilities))
}

async fn connect(settings: &Settings) -> Result<TcpStream, Failure> {
    let lost = |how| Failure::Lost(Stage::Connect, how);
    let wait = settings.timeouts.connect;
    let found = timeout(wait, lookup_host((settings.host.as_str(), settings.port))).await;
    let addresses = found.map_err(|_| lost(Lost::Unresolved))?.map_err(|_| lost(Lost::Unresolved))?;
    let mut last = lost(Lost::Unresolved);
    // A name with a dead IPv6 address first must not cost the whole time.
    for address in addresses.take(4) {
        match timeout(wait, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                // Commands are few and whole: waiting to fill packets only adds round trips.
                socket.set_nodelay(true).map_err(|error| lost(Lost::from(&error)))?;
                return Ok(socket);
            }
            Ok(Err(error)) => last = lost(Lost::from(&error)),
            Err(_) => last = lost(Lost::TimedOut),
        }
    }
    Err(last)
}

/// EHLO; HELO to a server that doesn't know it (RFC 5321, 3.2).
async fn greet(wire: &mut Wire, hostname: &str) -> Result<Capabilities, Failure> {
    wire.write(Stage::Ehlo, format!("EHLO {hostname}\r\n").as_bytes()).await?;
    let reply = wire.read(Stage::Ehlo).await?;
    if reply.response.is_wanted(Stage::Ehlo) {
        return Ok(Capabilities::parse(&reply.raw));
    }
    if !matches!(reply.response.code, 500..=504) {
        return Err(Failure::Answered(Stage::Ehlo, reply.response));
    }
    wire.write(Stage::Ehlo, format!("HELO {hostname}\r\n").as_bytes()).await?;
    wire.expect(Stage::Ehlo).await?;
    Ok(Capabilities::default())
}

fn wants_starttls(tls: Tls, starttls: Offer) -> Result<bool, Failure> {
    match (tls, starttls) {
        (Tls::Required, Offer::Lacking) => Err(Failure::NoStartTls),
        (Tls::Required | Tls::Opportunistic, Offer::Offered) => Ok(true),
        (Tls::Opportunistic, Offer::Lacking) | (Tls::Implicit | Tls::None, _) => Ok(false),
    }
}

/// In plain text a password goes only where the settings want no TLS at all: who strips STARTTLS from an
/// opportunistic upstream's offer must not be handed it.
fn may_send_password(tls: Tls, secrecy: Secrecy) -> Result<(), Failure> {
    match (tls, secrecy) {
        (Tls::None, _) | (_, Secrecy::Protected) => Ok(()),
        (_, Secrecy::Plain) => {
            Err(Failure::NoMechanism("the upstream offers no TLS to protect the password"))
        }
    }
}

async fn authenticate(
    wire: &mut Wire,
    capabilities: Capabilities,
    user: &str,
    password: &SecretString,
) -> Result<(), Failure> {
    let encode = |octets: &[u8]| Zeroizing::new(BASE64_STANDARD.encode(octets));
    let line = |before: &str, value: &str| Zeroizing::new(format!("{before}{value}\r\n"));
    if capabilities.auth_plain == Offer::Offered {
        let secret = Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()));
        wire.write(Stage::Auth, line("AUTH PLAIN ", &encode(secret.as_bytes())).as_bytes()).await?;
    } else if capabilities.auth_login == Offer::Offered {
        wire.write(Stage::Auth, b"AUTH LOGIN\r\n").await?;
        challenged(wire).await?;
        wire.write(Stage::Auth, line("", &encode(user.as_bytes())).as_bytes()).await?;
        challenged(wire).await?;
        let secret = encode(password.expose_secret().as_bytes());
        wire.write(Stage::Auth, line("", &secret).as_bytes()).await?;
    } else {
        return Err(Failure::NoMechanism("the upstream offers neither AUTH PLAIN nor AUTH LOGIN"));
    }
    wire.expect(Stage::Auth).await.map(drop)
}

/// RFC 4954, 4: 334 asks for the next part.
async fn challenged(wire: &mut Wire) -> Result<(), Failure> {
    let reply = wire.read(Stage::Auth).await?;
    if reply.response.code == 334 { Ok(()) } else { Err(Failure::Answered(Stage::Auth, reply.response)) }
}

fn no_protection() -> Failure {
    Failure::Tls("no TLS is set up".into())
}

impl Capabilities {
    /// An offer that can't be read is no offer.
    fn parse(raw: &[u8]) -> Self {
        let Ok(ehlo) = EhloResponse::parse(&mut raw.iter()) else { return Self::default() };
        let offer = |offered: bool| if offered { Offer::Offered } else { Offer::Lacking };
        let has = |capability| offer(ehlo.has_capability(capability));
        Self {
            pipelining: has(EXT_PIPELINING),
            eight_bit_mime: has(EXT_8BIT_MIME),
            smtp_utf8: has(EXT_SMTP_UTF8),
            dsn: has(EXT_DSN),
            size: has(EXT_SIZE),
            starttls: has(EXT_START_TLS),
            auth_plain: offer(ehlo.auth() & AUTH_PLAIN != 0),
            auth_login: offer(ehlo.auth() & AUTH_LOGIN != 0),
        }
    }
}
