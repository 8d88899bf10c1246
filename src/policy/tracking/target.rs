//! Where a redirect leads, as far as its address says so: steps that a policy file names, one after the other. Nothing
//! here knows a provider, and nothing is asked of the network.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::address::{WebAddress, percent_decoded};

/// A longer target is none, in octets.
const LONGEST: usize = 8 * 1024;

/// One step from an address to the address within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `query url`: the value of a parameter, percent-decoded; none where it stands twice.
    Query(String),
    /// `segment 2`: a piece of the path, from 1, percent-decoded.
    Segment(usize),
    /// `segment last`.
    LastSegment,
    /// `percent`: decoded once more.
    Percent,
    /// `base64`: of either alphabet, padded or not.
    Base64,
    /// `json href`: a text in an object.
    Json(String),
    /// `prefix https://`: put before it.
    Prefix(String),
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The address that these steps lead to, as it may stand in a mail; `None` where they lead to none of the web.
pub fn target(address: &WebAddress, steps: &[Step]) -> Option<WebAddress> {
    let mut said = String::new();
    for step in steps {
        said = follow(step, address, &said)?;
    }
    let written = written(said.trim())?;
    // Without a scheme it would lead into the mail.
    let whole = written.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
    WebAddress::parse(&written).filter(|own| whole && !own.host().is_empty())
}

fn follow(step: &Step, address: &WebAddress, said: &str) -> Option<String> {
    match step {
        Step::Query(name) => {
            let parameters = address.parameters();
            let mut own = parameters.iter().filter(|parameter| parameter.name == name);
            // Of two nobody knows which one the redirect takes.
            let (first, second) = (own.next()?, own.next());
            if second.is_some() { None } else { percent_decoded(first.value) }
        }
        Step::Segment(number) => percent_decoded(address.segments().nth(number.checked_sub(1)?)?),
        Step::LastSegment => percent_decoded(address.segments().next_back()?),
        Step::Percent => percent_decoded(said),
        Step::Base64 => {
            let standard: String = said
                .chars()
                .map(|own| match own {
                    '-' => '+',
                    '_' => '/',
                    own => own,
                })
                .collect();
            String::from_utf8(LENIENT.decode(standard).ok()?).ok()
        }
        Step::Json(name) => {
            let read: serde_json::Value = serde_json::from_str(said).ok()?;
            read.get(name)?.as_str().map(str::to_owned)
        }
        Step::Prefix(before) => Some(format!("{before}{said}")),
    }
}

/// In characters that may stand in an attribute and in a text: others are percent-encoded. `None` of what is no line.
fn written(said: &str) -> Option<String> {
    if said.len() > LONGEST || said.chars().any(char::is_control) {
        return None;
    }
    let mut out = String::with_capacity(said.len());
    for octet in said.bytes() {
        if octet.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, steps: &[Step], expected: Option<&str>) {
        let address = WebAddress::parse(address).unwrap();
        assert_eq!(target(&address, steps).as_ref().map(WebAddress::text), expected, "{address:?}");
    }

    #[test]
    fn a_target_is_found_by_the_steps_of_policy() {
        let query = |name: &str| Step::Query(name.to_owned());
        let json = |name: &str| Step::Json(name.to_owned());
        let inner = "{\"u\":1,\"url\":\"https:\\/\\/shop.example\\/a?b=1&c=å\"}";
        let outer = serde_json::json!({ "s": "x", "p": inner }).to_string();
        let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(outer);
        let whole = format!("https://t.example/click/1/shop.example?p={encoded}");
        check(
            &whole,
            &[query("p"), Step::Base64, json("p"), json("url")],
            Some("https://shop.example/a?b=1&c=%C3%A5"),
        );
        let ses = "https://x.t.example/L0/https:%2F%2Fshop.example%2Fa%3Fb=1/1/0107-000000/sig=447";
        check(ses, &[Step::Segment(2)], Some("https://shop.example/a?b=1"));
        check(
            "https://t.example/lnk/A/aHR0cHM6Ly9zaG9wLmV4YW1wbGUv?b=1",
            &[Step::LastSegment, Step::Base64],
            Some("https://shop.example/"),
        );
        let prefix = Step::Prefix("https://".to_owned());
        check(
            "https://t.example/3s/shop.example%2Fa/x",
            &[Step::Segment(2), prefix],
            Some("https://shop.example/a"),
        );
        check(
            "https://t.example/?u=https%253A%252F%252Fshop.example",
            &[query("u"), Step::Percent],
            Some("https://shop.example"),
        );
    }

    #[test]
    fn what_leads_nowhere_on_the_web_is_no_target() {
        let query = &[Step::Query("u".to_owned())];
        for none in [
            "",
            "?u=",
            "?u=shop.example",
            "?u=javascript:alert(1)",
            "?u=//shop.example/",
            "?u=https://a.example&u=https://b.example",
            "?u=https%3A//a.example/%0D%0Ab",
            "?u=%FF",
            "?v=https://a.example",
        ] {
            check(&format!("https://t.example/{none}"), query, None);
        }
        check("https://t.example/a", &[Step::Segment(2)], None);
        check("https://t.example/!!", &[Step::LastSegment, Step::Base64], None);
        check("https://t.example/?u={", &[Step::Query("u".to_owned()), Step::Json("a".to_owned())], None);
    }

    #[test]
    fn a_target_brings_nothing_into_the_mail_but_itself() {
        check(
            "https://t.example/?u=https://a.example/%22%3E%3Cimg src=x%3E'",
            &[Step::Query("u".to_owned())],
            Some("https://a.example/%22%3E%3Cimg%20src=x%3E%27"),
        );
    }
}
