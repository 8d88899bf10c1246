//! Where links lead, and whether they say so.

use std::net::IpAddr;

use super::Findings;
use super::document::Document;
use super::merge_field::{self, Certainty, Reading};
use crate::policy::finding::FindingName as Name;
use crate::rewrite::FILLED;

/// Public shorteners that anybody may use.
const SHORTENERS: &[&str] = &[
    "bit.ly",
    "bitly.com",
    "tinyurl.com",
    "goo.gl",
    "t.co",
    "ow.ly",
    "is.gd",
    "v.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "shorturl.at",
    "t.ly",
    "rb.gy",
    "tiny.cc",
    "bl.ink",
    "short.io",
    "s.id",
    "u.to",
    "qr.ae",
    "adf.ly",
    "soo.gd",
    "clck.ru",
];
/// Schemes that lead nowhere on the web, and are right.
const OTHERS: &[&str] =
    &["mailto:", "tel:", "sms:", "cid:", "webcal:", "geo:", "whatsapp:", "market:", "itms-apps:", "maps:"];
const SCRIPTS: &[&str] = &["javascript:", "vbscript:", "data:"];
/// The most addresses that are looked at in a plain text.
const MOST: usize = 500;

/// The domain that an owner registers.
pub fn registrable(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

/// What is wrong with an address.
pub fn in_document(document: &Document, source: &str, place: &str, findings: &mut Findings) {
    for link in &document.links {
        let at = Some((source, link.at));
        let href = link.href.trim();
        if leaks(href, place, at, findings) || is_filled(href) {
            continue;
        }
        let lower = super::start_of(href, 16).to_ascii_lowercase();
        if SCRIPTS.iter().any(|own| lower.starts_with(own)) {
            findings.add(Name::ScriptInMail, place, at, href);
        } else if OTHERS.iter().any(|own| lower.starts_with(own)) || href.starts_with('#') && href.len() > 1 {
        } else if let Some(host) = host(href) {
            address(href, host, place, at, findings);
            let text = document.text.get(link.text.clone()).unwrap_or_default();
            if let Some(shown) = shown_domain(text)
                && registrable(&shown) != registrable(&host.to_ascii_lowercase())
            {
                let excerpt = format!("{} leads to {host}", text.trim());
                findings.add(Name::LinkTextMisleads, place, at, &excerpt);
            }
        } else {
            findings.add(Name::LinkBroken, place, at, href);
        }
    }
}

/// Addresses in a plain text.
pub fn in_text(text: &str, place: &str, findings: &mut Findings) {
    for (at, _) in text.match_indices("://").take(MOST) {
        let Some(start) = ["https", "http"].iter().find_map(|scheme| {
            let start = at.checked_sub(scheme.len())?;
            text.get(start..at)?.eq_ignore_ascii_case(scheme).then_some(start)
        }) else {
            continue;
        };
        let rest = &text[start..];
        let end = rest.find(|own: char| own.is_whitespace() || "<>\"".contains(own)).unwrap_or(rest.len());
        let href = &rest[..end];
        if let Some(host) = host(href).filter(|_| !is_filled(href)) {
            address(href, host, place, Some((text, start)), findings);
        }
    }
}

/// Merge fields in an address, as it stands and as a browser reads it.
fn leaks(href: &str, place: &str, at: Option<super::At<'_>>, findings: &mut Findings) -> bool {
    let read = percent_decoded(href);
    let found = [href, &read].into_iter().find_map(|text| {
        let leak = merge_field::find(text, Reading::Address)
            .into_iter()
            .find(|leak| leak.certainty == Certainty::Sure)?;
        Some(text.get(leak.at).unwrap_or_default().to_owned())
    });
    if let Some(excerpt) = &found {
        findings.add(Name::MergeFieldLeak, place, at, excerpt);
    }
    found.is_some()
}

fn address(href: &str, host: &str, place: &str, at: Option<super::At<'_>>, findings: &mut Findings) {
    let lower = host.to_ascii_lowercase();
    let bare = lower.trim_start_matches('[').trim_end_matches(']');
    let number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    if bare.parse::<IpAddr>().is_ok() || number {
        findings.add(Name::LinkToIp, place, at, href);
    } else if SHORTENERS.contains(&lower.trim_start_matches("www.")) {
        findings.add(Name::LinkShortened, place, at, href);
    }
    if href.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:")) {
        findings.add(Name::LinkNotHttps, place, at, href);
    }
}

/// Whether our own address will stand there.
fn is_filled(href: &str) -> bool {
    let bare = href.trim_start_matches("https://").trim_start_matches("http://");
    bare.len() > 8 && bare.bytes().all(|byte| byte == FILLED)
}

/// The host of an absolute address of the web. RFC 3986, 3.2.2.
fn host(href: &str) -> Option<&str> {
    let (scheme, rest) = href.split_once("://")?;
    let web = ["http", "https"].iter().any(|own| scheme.eq_ignore_ascii_case(own));
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next()?,
        None => host.split(':').next()?,
    };
    let plain = !host.is_empty() && !host.contains(|own: char| own.is_whitespace() || own.is_control());
    (web && plain && (host.contains(['.', ':']) || host == "localhost")).then_some(host)
}

/// The domain that a link's text shows, if that is all it shows.
fn shown_domain(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['.', ',', '!']).to_ascii_lowercase();
    let named = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.");
    if text.contains(char::is_whitespace) || text.contains('@') {
        return None;
    }
    let bare = text.trim_start_matches("https://").trim_start_matches("http://");
    let host = bare.split(['/', '?', '#', ':']).next()?;
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    // `node.js` and `e.g.` are words; a name below a known suffix is a domain.
    (plain && host.contains('.') && (named || known) && psl::domain_str(host).is_some())
        .then(|| host.to_owned())
}

/// Percent-encoded octets read; what is no UTF-8 then is replaced.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let octet = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(octet.unwrap_or(byte));
        at += if octet.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
