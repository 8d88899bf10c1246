//! What of a fact's evidence may stay clear: the hashes of the texts that the person was shown. Pure.
//!
//! Evidence is whatever the teller had, as JSON; its shape is ours only where a door wraps it
//! (`{"told_by", "evidence": {…}}`, `{"source": {…}}`). All of it is sealed.

use serde_json::Value;

use super::event::{ShownText, ShownTexts};
use crate::keys::sha256_hex;

/// The most that is kept of a fact's evidence, in octets of JSON.
pub const EVIDENCE_LIMIT: usize = 32 * 1024;

/// What of evidence proves the fact, without who told it and whence it was moved, which change with each telling; null if
/// nothing does.
pub fn proof(evidence: &Value) -> Value {
    let Value::Object(told) = evidence else { return evidence.clone() };
    if let Some(moved) = told.get("moved") {
        return proof(moved.get("evidence").unwrap_or(&Value::Null));
    }
    // A door's `source` is an object, which tells more than a name.
    let names_teller = |(key, value): &(&String, &Value)| {
        *key == "told_by" || *key == "source" && value.is_string() || value.is_null()
    };
    let mut rest = told.iter().filter(|field| !names_teller(field)).peekable();
    match (rest.next(), rest.peek()) {
        (None, _) => Value::Null,
        (Some((key, inner)), None) if key == "evidence" => proof(inner),
        _ => told.iter().filter(|field| !names_teller(field)).map(|(k, v)| (k.clone(), v.clone())).collect(),
    }
}

/// The hashes of the texts in evidence: `form_text`, and `notice` (`{"text"}`, or the text itself). Who keeps the
/// text elsewhere gives its hash in its place: `form_text_sha256`, `notice.sha256`.
pub fn shown_texts(evidence: &Value) -> ShownTexts {
    let wrapped = ["evidence", "source"].into_iter().filter_map(|key| evidence.get(key));
    let mut texts = ShownTexts::new();
    for given in std::iter::once(evidence).chain(wrapped) {
        let form = hashed(given.get("form_text"), given.get("form_text_sha256"));
        let notice = given
            .get("notice")
            .and_then(|notice| hashed(notice.get("text").or(Some(notice)), notice.get("sha256")));
        texts.extend(form.map(|hash| (ShownText::FormText, hash)));
        texts.extend(notice.map(|hash| (ShownText::Notice, hash)));
    }
    texts
}

/// Of the text where there is one: nobody can give another hash for it.
fn hashed(text: Option<&Value>, hash: Option<&Value>) -> Option<String> {
    let text = text.and_then(Value::as_str).filter(|text| !text.is_empty());
    let given = || hash.and_then(Value::as_str).map(str::to_ascii_lowercase).filter(|text| is_hash(text));
    text.map(|text| sha256_hex(text.as_bytes())).or_else(given)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(evidence: Value, form: Option<&str>, notice: Option<&str>) {
        let texts = shown_texts(&evidence);
        assert_eq!(texts.get(&ShownText::FormText).map(String::as_str), form, "{evidence}");
        assert_eq!(texts.get(&ShownText::Notice).map(String::as_str), notice, "{evidence}");
    }

    #[test]
    fn the_hash_of_a_text_that_was_shown_is_kept_clear() {
        let hash = sha256_hex(b"Yes, write to me");
        let hash = hash.as_str();
        check(json!({"form_text": "Yes, write to me", "ip": "192.0.2.1"}), Some(hash), None);
        check(json!({"told_by": "x", "evidence": {"form_text": "Yes, write to me"}}), Some(hash), None);
        check(json!({"source": {"channel": "till", "notice": "Yes, write to me"}}), None, Some(hash));
        check(
            json!({"notice": {"given": true, "text": "Yes, write to me", "sha256": "0"}}),
            None,
            Some(hash),
        );
    }

    #[test]
    fn proof_is_the_same_whoever_tells_it_and_wherever_it_was_moved() {
        let form = json!({"form_url": "https://shop.example/signup"});
        let moved =
            json!({"moved": {"event": "0193", "evidence": {"told_by": "x", "evidence": form}}, "notice": 1});
        for told in [
            form.clone(),
            json!({"told_by": "demo-shop/crm", "evidence": form}),
            json!({"source": "old list", "evidence": form}),
            json!({"source": "newer list", "evidence": moved}),
        ] {
            assert_eq!(proof(&told), form, "{told}");
        }
        for nothing in [json!(null), json!({"source": "old list"}), json!({"told_by": "x", "evidence": {}})] {
            assert_eq!(proof(&nothing), json!(null), "{nothing}");
        }
        let desk = json!({"told_by": "x", "source": {"channel": "phone", "agent": "Eva"}});
        assert_eq!(proof(&desk), json!({"source": {"channel": "phone", "agent": "Eva"}}));
    }

    #[test]
    fn a_text_that_is_kept_elsewhere_is_told_by_its_hash() {
        let hash = "AB".repeat(32);
        let lower = hash.to_lowercase();
        check(json!({"form_text_sha256": hash}), Some(&lower), None);
        check(json!({"notice": {"given": true, "text": null, "sha256": hash}}), None, Some(&lower));
        // Neither a hash nor anything else that may be personal gets out of the seal.
        check(
            json!({"form_text_sha256": "anna@example.se", "notice": {"sha256": "x".repeat(64)}}),
            None,
            None,
        );
        check(json!(null), None, None);
        check(json!({"notice": true}), None, None);
    }

    #[test]
    fn a_hash_beside_its_text_does_not_replace_it() {
        let own = sha256_hex(b"shown");
        check(json!({"form_text": "shown", "form_text_sha256": "00".repeat(32)}), Some(&own), None);
    }
}
