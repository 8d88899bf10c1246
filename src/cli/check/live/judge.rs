//! Whether what arrived still carries the pair under a valid signature of the From domain, and if not, what was done to
//! it. RFC 8058, 3 and 4; RFC 6376, 6.
//!
//! What is repeated of the message is short: it has been through strangers' hands.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use mail_auth::common::headers::HeaderStream as _;
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::dkim::DkimError;
use mail_auth::{AuthenticatedMessage, DkimResult, Error, Parameters, ResolverCache, Txt};
use serde::Serialize;

use super::super::super::dkim::dns::Dns;
use super::super::super::dkim::{Finding, Severity, key_findings};
use super::arrival::Arrival;
use super::probe::Gateway;
use crate::mail::author::authors;
use crate::sign::{Fields, Signers};

const PAIR: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
/// What is repeated of a line, in characters.
const SHOWN: usize = 60;

/// A signature that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Signed {
    pub domain: String,
    pub selector: String,
    /// In words.
    pub result: String,
    valid: bool,
    covers_pair: bool,
    /// Of the From domain's organisation, as DMARC asks.
    aligned: bool,
    ours: bool,
    /// What `h=` names, each once.
    #[serde(skip)]
    covered: Vec<String>,
}

/// The signatures, and all that is wrong. `sent` is what left, without signatures.
pub async fn judge(
    gateway: &Gateway,
    dns: &Dns,
    sent: Option<&[u8]>,
    arrival: &Arrival,
) -> (Vec<Signed>, Vec<Finding>) {
    let mut findings = pair(sent, arrival);
    let from = arrival.values("From").first().and_then(|value| authors(value)).unwrap_or_default();
    let from_domain = from.first().map(|author| author.domain().to_owned()).unwrap_or_default();
    let signatures = verified(gateway, dns, &from_domain, &arrival.bytes).await;
    let proof = signatures.iter().find(|own| own.valid && own.covers_pair && own.aligned);
    match proof {
        None => {
            findings.extend(not_covered(&signatures, &from_domain));
            findings.extend(changes(sent, &arrival.bytes, &signatures, Severity::Error));
        }
        // Somebody else's signature proves it; what became of ours is worth knowing.
        Some(_) => findings.extend(changes(sent, &arrival.bytes, &signatures, Severity::Warning)),
    }
    for (domain, selector, key) in gateway.signers.keys() {
        if signatures.iter().any(|own| own.domain == domain && own.selector == selector) {
            findings.extend(key_findings(dns, domain, selector, key).await.1);
        }
    }
    (signatures, findings)
}

fn error(problem: &'static str, text: String) -> Finding {
    Finding { severity: Severity::Error, problem, text, publish: None }
}

/// Each field of the pair is there once, as it left.
fn pair(sent: Option<&[u8]>, arrival: &Arrival) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in PAIR {
        let values = arrival.values(name);
        match values.as_slice() {
            [] => findings.push(error("pair_missing", format!("{name} was taken out on the way"))),
            [value] => {
                let left = sent.and_then(|sent| relaxed(sent, name).into_iter().next());
                if left.is_some_and(|left| left != blanks(value)) {
                    let text = format!("{name} was written anew on the way: {}", clipped(value));
                    findings.push(error("pair_changed", text));
                }
            }
            several => {
                findings.push(error("pair_repeated", format!("{name} arrived {} times", several.len())))
            }
        }
    }
    findings
}

async fn verified(gateway: &Gateway, dns: &Dns, from_domain: &str, message: &[u8]) -> Vec<Signed> {
    let Some(parsed) = AuthenticatedMessage::parse(message) else { return Vec::new() };
    let known = OwnKeys(&gateway.signers);
    let outputs = dns.authenticator().verify_dkim(Parameters::new(&parsed).with_txt_cache(&known)).await;
    let organisation = |domain: &str| psl::domain_str(domain).unwrap_or(domain).to_ascii_lowercase();
    let signed = outputs.iter().filter_map(|output| {
        let signature = output.signature()?;
        let covers = |name: &&str| signature.h.iter().any(|own| own.eq_ignore_ascii_case(name));
        let own = gateway.signers.keys().any(|(domain, selector, _)| {
            signature.d.eq_ignore_ascii_case(domain) && signature.s.eq_ignore_ascii_case(selector)
        });
        Some(Signed {
            domain: clipped(&signature.d),
            selector: clipped(&signature.s),
            result: in_words(output.result()),
            valid: *output.result() == DkimResult::Pass,
            covers_pair: PAIR.iter().all(covers),
            aligned: organisation(&signature.d) == organisation(from_domain),
            ours: own,
            covered: distinct(&signature.h),
        })
    });
    signed.take(20).collect()
}

/// Each name once.
fn distinct(names: &[String]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names.iter().take(200) {
        if !distinct.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            distinct.push(clipped(name));
        }
    }
    distinct
}

fn in_words(result: &DkimResult) -> String {
    match result {
        DkimResult::Pass => "valid".to_owned(),
        DkimResult::Neutral(Error::Dkim(DkimError::FailedBodyHashMatch))
        | DkimResult::Fail(Error::Dkim(DkimError::FailedBodyHashMatch)) => {
            "broken: the body was changed".to_owned()
        }
        DkimResult::Fail(Error::Crypto(_)) => "broken: a header field that it covers was changed".to_owned(),
        DkimResult::TempError(error) => {
            format!("its key can't be asked for now: {}", clipped(&error.to_string()))
        }
        DkimResult::Neutral(error) | DkimResult::Fail(error) | DkimResult::PermError(error) => {
            format!("not valid: {}", clipped(&error.to_string()))
        }
        DkimResult::None => "none".to_owned(),
    }
}

/// Why no signature proves the pair.
fn not_covered(signatures: &[Signed], from_domain: &str) -> Vec<Finding> {
    if signatures.is_empty() {
        let text = "it arrived without a DKIM signature: is there a [[dkim]] key of the From domain, or does the \
                    provider sign, and was ours taken out?";
        return vec![error("unsigned", text.to_owned())];
    }
    let mut findings = Vec::new();
    for own in signatures {
        let name = format!("{}._domainkey.{}", own.selector, own.domain);
        if !own.valid {
            findings.push(error("signature_broken", format!("{name}: {}", own.result)));
        } else if !own.covers_pair {
            findings.push(error("pair_not_covered", format!("{name} is valid and does not cover the pair")));
        } else if !own.aligned {
            let text = format!("{name} is valid and covers the pair, but is not of {}", clipped(from_domain));
            findings.push(error("not_aligned", text));
        }
    }
    findings
}

/// What a broken signature of ours covers and is other than it left: fields, and the body.
fn changes(sent: Option<&[u8]>, arrived: &[u8], signatures: &[Signed], severity: Severity) -> Vec<Finding> {
    let Some(broken) = signatures.iter().find(|own| own.ours && !own.valid) else { return Vec::new() };
    let Some(sent) = sent else { return Vec::new() };
    let mut findings = Vec::new();
    let is_pair = |name: &&String| PAIR.iter().any(|own| name.eq_ignore_ascii_case(own));
    for name in broken.covered.iter().filter(|name| !is_pair(name)) {
        let (left, came) = (relaxed(sent, name), relaxed(arrived, name));
        let how = match (left.len(), came.len()) {
            _ if left == came => continue,
            (_, 0) => "was taken out",
            (0, _) => "was added",
            (before, after) if before < after => "was added once more",
            _ => "was written anew",
        };
        findings.push(Finding {
            severity,
            problem: "header_changed",
            text: format!("{name} {how} on the way"),
            publish: None,
        });
    }
    findings.extend(body_change(sent, arrived).map(|text| Finding {
        severity,
        problem: "body_changed",
        text,
        publish: None,
    }));
    findings
}

fn body_change(sent: &[u8], arrived: &[u8]) -> Option<String> {
    let (left, came) = (body_lines(sent), body_lines(arrived));
    let at = (0..left.len().max(came.len())).find(|at| left.get(*at) != came.get(*at))?;
    Some(match (left.get(at), came.get(at)) {
        (None, Some(line)) => format!("something was put below the body: `{}`", clipped(line)),
        (Some(_), None) => format!("the body ends after line {at}"),
        (before, after) => format!(
            "line {} of the body was `{}` and is `{}`",
            at + 1,
            clipped(before.map(String::as_str).unwrap_or_default()),
            clipped(after.map(String::as_str).unwrap_or_default())
        ),
    })
}

/// As relaxed canonicalization has them; blank lines at the end don't count. RFC 6376, 3.4.4.
fn body_lines(message: &[u8]) -> Vec<String> {
    let mut fields = Fields::of(message);
    while fields.next_header().is_some() {}
    let text = String::from_utf8_lossy(fields.body()).into_owned();
    let mut lines: Vec<String> =
        text.split("\r\n").map(|line| squeezed(line).trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The values of a field, as relaxed canonicalization has them. RFC 6376, 3.4.2.
fn relaxed(message: &[u8], name: &str) -> Vec<String> {
    let mut fields = Fields::of(message);
    let own = std::iter::from_fn(|| fields.next_header());
    let own = own.filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
    own.map(|(_, value)| blanks(&String::from_utf8_lossy(value))).collect()
}

fn blanks(value: &str) -> String {
    squeezed(&value.replace("\r\n", "")).trim().to_owned()
}

/// A run of blanks as one.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let blank = matches!(letter, ' ' | '\t');
        if !(blank && out.ends_with(' ')) {
            out.push(if blank { ' ' } else { letter });
        }
    }
    out
}

fn clipped(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Our own keys need no DNS to tell whether a signature of ours still holds; all others are asked for.
struct OwnKeys<'a>(&'a Signers);

impl ResolverCache<Box<str>, Txt> for OwnKeys<'_> {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.keys().find_map(|(domain, selector, key)| {
            let own: Box<str> = format!("{selector}._domainkey.{domain}.").into();
            let asked = <Box<str> as Borrow<Q>>::borrow(&own) == name;
            let parsed = || DomainKey::parse(key.record().as_bytes()).ok();
            asked.then(parsed).flatten().map(|parsed| Txt::DomainKey(Arc::new(parsed)))
        })
    }

    fn remove<Q>(&self, _name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _name: Box<str>, _record: Txt, _valid_until: Instant) {}
}
