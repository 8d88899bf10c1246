//! What the bulk-sender rules ask of a From domain beside a key: SPF, and a DMARC policy that our signature can align
//! with. RFC 7208, 3 and 4.5; RFC 7489, 3.1 and 6.6.3. (docs/dkim.md names the rules.)

use super::check::{Finding, Severity};
use super::dns::{Answer, Dns};
use crate::sign::is_within;
use crate::sign::record::tags;

/// A From domain, and the domain of the key that signs for it.
pub(super) struct FromDomain {
    pub domain: String,
    pub signed_by: Option<String>,
}

/// All that is wrong with it.
pub(super) async fn findings(dns: &Dns, from: &FromDomain) -> Vec<Finding> {
    let (spf, dmarc) = tokio::join!(spf(dns, &from.domain), dmarc(dns, from));
    spf.into_iter().chain(dmarc).collect()
}

async fn spf(dns: &Dns, domain: &str) -> Option<Finding> {
    let publish = Some(format!("{domain}. TXT \"v=spf1 include:… ~all\", with what your provider names"));
    match dns.texts(domain).await {
        Answer::Silence(why) => Some(Finding::silence(domain, &why)),
        Answer::Nothing => Some(missing_spf(domain, publish)),
        Answer::Found { texts, .. } => {
            match texts.iter().filter(|text| is_version(text, b"v=spf1")).count() {
                0 => Some(missing_spf(domain, publish)),
                1 => None,
                several => Some(Finding {
                    severity: Severity::Error,
                    problem: "spf_several",
                    text: format!(
                        "{domain} has {several} SPF records: receivers take none of them (RFC 7208, 4.5)"
                    ),
                    publish: Some("one record that says what both say".to_owned()),
                }),
            }
        }
    }
}

/// The envelope is often of another domain, whose record then counts.
fn missing_spf(domain: &str, publish: Option<String>) -> Finding {
    Finding {
        severity: Severity::Warning,
        problem: "spf_missing",
        text: format!(
            "{domain} has no SPF record: Gmail, Yahoo and Outlook.com want one of the domain in the envelope \
             (this one, unless the provider has its own there)"
        ),
        publish,
    }
}

async fn dmarc(dns: &Dns, from: &FromDomain) -> Option<Finding> {
    let domain = from.domain.as_str();
    let organisation = psl::domain_str(domain).unwrap_or(domain);
    let mut found = records(dns, domain).await;
    if matches!(&found, Ok(records) if records.is_empty()) && organisation != domain {
        found = records(dns, organisation).await;
    }
    let records = match found {
        Ok(records) => records,
        Err(silence) => return Some(silence),
    };
    let publish = || Some(format!("_dmarc.{organisation}. TXT \"v=DMARC1; p=none; rua=mailto:…\""));
    let wrong =
        |problem, text| Some(Finding { severity: Severity::Error, problem, text, publish: publish() });
    let [record] = records.as_slice() else {
        return match records.len() {
            0 => wrong(
                "dmarc_missing",
                format!(
                    "{domain} has no DMARC record: Gmail, Yahoo and Outlook.com refuse bulk mail without one"
                ),
            ),
            several => {
                wrong("dmarc_several", format!("{domain} has {several} DMARC records: receivers take none"))
            }
        };
    };
    let tags = match tags(record) {
        Ok(tags) => tags,
        Err(why) => {
            return wrong("dmarc_syntax", format!("the DMARC record of {domain} can't be read: {why}"));
        }
    };
    let value = |name: &str| {
        let found = tags.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_ascii_lowercase())
    };
    if !matches!(value("p").as_deref(), Some("none" | "quarantine" | "reject")) {
        return wrong("dmarc_syntax", format!("the DMARC record of {domain} has no `p=` that is a policy"));
    }
    let signed_by = from.signed_by.as_deref()?;
    // A key's domain is the From domain or above it, so that relaxed alignment can't fail but for a public suffix.
    let strict = value("adkim").as_deref() == Some("s");
    let aligned = if strict { signed_by == domain } else { is_within(signed_by, organisation) };
    (!aligned).then(|| Finding {
        severity: Severity::Error,
        problem: "not_aligned",
        text: format!(
            "mail from {domain} is signed by {signed_by}, which its DMARC record{} does not take for its own",
            if strict { " (`adkim=s`)" } else { "" }
        ),
        publish: Some(format!("a key of {domain} itself: optgate dkim generate --domain {domain} …")),
    })
}

/// The DMARC records at a domain; what else stands there doesn't count.
async fn records(dns: &Dns, domain: &str) -> Result<Vec<Vec<u8>>, Finding> {
    let name = format!("_dmarc.{domain}");
    match dns.texts(&name).await {
        Answer::Silence(why) => Err(Finding::silence(&name, &why)),
        Answer::Nothing => Ok(Vec::new()),
        Answer::Found { texts, .. } => {
            Ok(texts.into_iter().filter(|text| is_version(text, b"v=DMARC1")).collect())
        }
    }
}

/// Whether the record begins with this, and nothing that makes it another word.
fn is_version(text: &[u8], version: &[u8]) -> bool {
    let rest = text.get(..version.len()).filter(|start| start.eq_ignore_ascii_case(version));
    rest.is_some() && !matches!(text.get(version.len()), Some(byte) if byte.is_ascii_alphanumeric())
}
