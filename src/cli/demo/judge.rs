//! What a captured message must look like. CONTRACT.md, "What leaves".

use mail_parser::MessageParser;

use super::cast::{Expected, Person};
use super::signature::DemoKey;
use super::upstream::Captured;
use crate::mail::RawMessage;
use crate::policy::Stream;

/// Where the gateway's links begin, and what its footers name.
pub struct Judge<'j> {
    pub public_url: &'j str,
    pub postal_address: &'j str,
    pub key: &'j DemoKey,
}

impl Judge<'_> {
    /// What is wrong with the mail that left, person by person; nothing, when all is as it must be.
    pub async fn mail(&self, cast: &[Person], captured: &[Captured]) -> Vec<String> {
        let mut findings = Vec::new();
        for person in cast {
            let own: Vec<&Captured> =
                captured.iter().filter(|mail| mail.recipients == [person.address]).collect();
            match (person.expected, own.as_slice()) {
                (Expected::Refuse(_), []) => {}
                (Expected::Refuse(_), _) => {
                    findings.push(format!("{}: was mailed all the same", person.address))
                }
                (Expected::Deliver(_), [mail]) => {
                    let found = self.one(person, mail).await;
                    findings.extend(found.into_iter().map(|what| format!("{}: {what}", person.address)));
                }
                (Expected::Deliver(_), mails) => {
                    findings.push(format!("{}: {} copies instead of one", person.address, mails.len()));
                }
            }
        }
        let expected = |mail: &&Captured| !cast.iter().any(|person| mail.recipients == [person.address]);
        findings.extend(captured.iter().find(expected).map(|_| "somebody else was mailed".to_owned()));
        findings
    }

    async fn one(&self, person: &Person, mail: &Captured) -> Vec<String> {
        let Ok(message) = RawMessage::index(mail.bytes.clone().into()) else {
            return vec!["what left can't be read".to_owned()];
        };
        let mut findings = header(&message);
        let covered = match self.key.verify(&mail.bytes).await {
            Ok(covered) => covered,
            Err(error) => {
                findings.push(error.to_string());
                Vec::new()
            }
        };
        if person.stream == Stream::Marketing {
            findings.extend(self.pair(&message, &covered));
            findings.extend(self.footer(&mail.bytes));
        } else if message.value("List-Unsubscribe").is_some() {
            findings.push("a List-Unsubscribe on mail that is not marketing".to_owned());
        }
        findings
    }

    /// RFC 8058: the pair, and both under the signature.
    fn pair(&self, message: &RawMessage, covered: &[String]) -> Vec<String> {
        let mut findings = Vec::new();
        if message.all("List-Unsubscribe").count() != 1 || one_click_url(message, self.public_url).is_none() {
            findings.push("not exactly one List-Unsubscribe with a link of ours".to_owned());
        }
        if message.value("List-Unsubscribe-Post").as_deref() != Some("List-Unsubscribe=One-Click") {
            findings.push("no List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned());
        }
        for name in ["List-Id", "Feedback-ID"] {
            if message.all(name).count() != 1 {
                findings.push(format!("not exactly one {name}"));
            }
        }
        for name in ["list-unsubscribe", "list-unsubscribe-post", "from"] {
            if !covered.iter().any(|own| own == name) {
                findings.push(format!("{name} is not under the signature"));
            }
        }
        findings
    }

    /// Links and postal address, in the text and in the HTML.
    fn footer(&self, bytes: &[u8]) -> Vec<String> {
        let parsed = MessageParser::default().parse(bytes);
        let Some(parsed) = parsed else { return vec!["its parts can't be read".to_owned()] };
        let mut findings = Vec::new();
        let bodies = [("text", parsed.body_text(0)), ("HTML", parsed.body_html(0))];
        for (name, body) in bodies {
            let body = body.unwrap_or_default();
            for link in ["/u/", "/p/"] {
                if !body.contains(&format!("{}{link}", self.public_url)) {
                    findings.push(format!("no link to {link} in the {name}"));
                }
            }
            if !body.contains(self.postal_address) {
                findings.push(format!("no postal address in the {name}"));
            }
            if !body.contains("började") && !body.contains("börjat") {
                findings.push(format!("the {name} lost its own words"));
            }
        }
        findings
    }
}

fn header(message: &RawMessage) -> Vec<String> {
    let mut findings = Vec::new();
    for name in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"] {
        if message.all(name).count() != 1 {
            findings.push(format!("not exactly one {name}"));
        }
    }
    if message.hops() == 0 {
        findings.push("no Received field".to_owned());
    }
    let ours = message.fields().iter().map(|field| message.name(field));
    if ours.into_iter().any(|name| name.to_ascii_lowercase().starts_with(b"x-optgate-")) {
        findings.push("an X-Optgate field left".to_owned());
    }
    findings
}

/// The one-click link of a message, if it is one of ours.
pub fn one_click_url(message: &RawMessage, public_url: &str) -> Option<String> {
    let value = message.value("List-Unsubscribe")?;
    let url = value.split_once('<')?.1.split_once('>')?.0;
    (url.starts_with(public_url) && value.matches('<').count() == 1).then(|| url.to_owned())
}

/// The first link of a captured message to a page of ours, as its text shows it.
pub fn link_in_text(bytes: &[u8], prefix: &str) -> Option<String> {
    let parsed = MessageParser::default().parse(bytes)?;
    let text = parsed.body_text(0)?;
    let rest = &text[text.find(prefix)?..];
    let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | ')' | '"'));
    Some(rest[..end.unwrap_or(rest.len())].to_owned())
}
