//! The exchanges of AUTH: PLAIN and LOGIN. Pure: what comes out is a user and a password that somebody else
//! checks. Never shows a secret. RFC 4954; RFC 4616; LOGIN as everybody does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// What AUTH offers, as EHLO says it.
pub const MECHANISMS: &str = "PLAIN LOGIN";

/// An exchange that waits for a line.
#[derive(Debug)]
pub enum Exchange {
    Plain,
    LoginName,
    LoginPassword { user: String },
}

/// What a line of an exchange leads to.
#[derive(Debug)]
pub enum Next {
    /// 334 with this challenge (base64), then another line.
    Challenge(&'static str, Exchange),
    /// To be checked.
    Check(Login),
}

/// What a peer says it is.
#[derive(Clone, Debug)]
pub struct Login {
    /// `SENDER/NAME`, as it came.
    pub user: String,
    pub password: SecretString,
}

/// Why an exchange ended without a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error("no such mechanism")]
    UnknownMechanism,
    #[error("cancelled")]
    Cancelled,
    #[error("not base64, or not what the mechanism wants")]
    Malformed,
    /// An identity to act as that is not the user's own.
    #[error("acting for others is not served")]
    ActsForOthers,
}

/// Base64 of `Username:` and `Password:`; clients match these texts.
const USERNAME: &str = "VXNlcm5hbWU6";
const PASSWORD: &str = "UGFzc3dvcmQ6";

/// Begins an exchange: the arguments of the AUTH command.
pub fn begin(mechanism: &str, initial: Option<&str>) -> Result<Next, Failed> {
    let (exchange, challenge) = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => (Exchange::Plain, ""),
        "LOGIN" => (Exchange::LoginName, USERNAME),
        _ => return Err(Failed::UnknownMechanism),
    };
    match initial {
        None => Ok(Next::Challenge(challenge, exchange)),
        // RFC 4954, 4: an initial response of no octets.
        Some("=") => exchange.answer_decoded(Zeroizing::new(Vec::new())),
        Some(initial) => exchange.answer(initial.as_bytes()),
    }
}

impl Exchange {
    /// Goes on with a line of the peer.
    pub fn answer(self, line: &[u8]) -> Result<Next, Failed> {
        if line == b"*" {
            return Err(Failed::Cancelled);
        }
        let octets = STANDARD.decode(line).map_err(|_| Failed::Malformed)?;
        self.answer_decoded(Zeroizing::new(octets))
    }

    fn answer_decoded(self, octets: Zeroizing<Vec<u8>>) -> Result<Next, Failed> {
        match self {
            Self::Plain => plain(&octets).map(Next::Check),
            Self::LoginName => {
                let user = text(&octets)?.to_owned();
                Ok(Next::Challenge(PASSWORD, Self::LoginPassword { user }))
            }
            Self::LoginPassword { user } => Ok(Next::Check(Login { user, password: text(&octets)?.into() })),
        }
    }
}

/// `[authzid] NUL authcid NUL passwd`. RFC 4616, 2.
fn plain(octets: &[u8]) -> Result<Login, Failed> {
    let mut parts = text(octets)?.split('\0');
    let (Some(acts_as), Some(user), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Failed::Malformed);
    };
    if !acts_as.is_empty() && acts_as != user {
        return Err(Failed::ActsForOthers);
    }
    Ok(Login { user: user.to_owned(), password: password.into() })
}

fn text(octets: &[u8]) -> Result<&str, Failed> {
    std::str::from_utf8(octets).map_err(|_| Failed::Malformed)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn base64(text: &str) -> String {
        STANDARD.encode(text)
    }

    fn checked(next: Result<Next, Failed>) -> (String, String) {
        match next {
            Ok(Next::Check(login)) => (login.user, login.password.expose_secret().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    fn waits(next: Result<Next, Failed>) -> (&'static str, Exchange) {
        match next {
            Ok(Next::Challenge(challenge, exchange)) => (challenge, exchange),
            other => panic!("{other:?}"),
        }
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.to_owned(), password.to_owned())
    }

    #[test]
    fn plain_takes_its_response_at_once_or_after_an_empty_challenge() {
        let response = base64("\0shop/tool\0secret");
        assert_eq!(checked(begin("plain", Some(&response))), pair("shop/tool", "secret"));
        let (challenge, exchange) = waits(begin("PLAIN", None));
        assert_eq!(challenge, "");
        assert_eq!(checked(exchange.answer(response.as_bytes())), pair("shop/tool", "secret"));
    }

    #[test]
    fn login_asks_for_name_and_password() {
        let (challenge, exchange) = waits(begin("LOGIN", None));
        assert_eq!(STANDARD.decode(challenge).unwrap(), b"Username:");
        let (challenge, exchange) = waits(exchange.answer(base64("shop/tool").as_bytes()));
        assert_eq!(STANDARD.decode(challenge).unwrap(), b"Password:");
        assert_eq!(checked(exchange.answer(base64("secret").as_bytes())), pair("shop/tool", "secret"));
        let (_, exchange) = waits(begin("Login", Some(&base64("shop/tool"))));
        assert_eq!(checked(exchange.answer(base64("p").as_bytes())), pair("shop/tool", "p"));
    }

    #[test]
    fn nobody_acts_for_others() {
        assert_eq!(checked(begin("PLAIN", Some(&base64("a/b\0a/b\0p")))), pair("a/b", "p"));
        assert_eq!(begin("PLAIN", Some(&base64("x/y\0a/b\0p"))).unwrap_err(), Failed::ActsForOthers);
    }

    #[test]
    fn what_is_no_response_is_malformed() {
        for response in ["=", "%%%", "QQ", &base64("a\0b"), &base64("a\0b\0c\0d"), &STANDARD.encode([0xff])] {
            assert_eq!(begin("PLAIN", Some(response)).unwrap_err(), Failed::Malformed, "{response}");
        }
        assert_eq!(begin("CRAM-MD5", None).unwrap_err(), Failed::UnknownMechanism);
        assert_eq!(Exchange::Plain.answer(b"*").unwrap_err(), Failed::Cancelled);
    }

    #[test]
    fn a_login_never_shows_its_password() {
        let Ok(Next::Check(login)) = begin("PLAIN", Some(&base64("\0a/b\0hunter2"))) else { panic!() };
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
