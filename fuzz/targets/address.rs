//! Addresses and author fields: what is read is written anew, and means the same when it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use optgate::mail::Address;
use optgate::mail::author::authors;

fuzz_target!(|text: &str| {
    if let Ok(address) = text.parse::<Address>() {
        check(&address);
    }
    for address in authors(text).unwrap_or_default() {
        check(&address);
    }
});

fn check(address: &Address) {
    let written = address.to_string();
    assert!(written.len() <= 254, "{written:?}");
    assert!(!written.contains(|c: char| c.is_control()), "{written:?}");
    assert_eq!(written.parse::<Address>().as_ref(), Ok(address), "{written:?}");
    assert!(address.domain().is_ascii());

    let canonical = address.canonical();
    let again: Address = canonical.parse().unwrap_or_else(|_| panic!("canonical form {canonical:?}"));
    assert_eq!(again.canonical(), canonical);

    // Invariant 11: not more than the first character, and no more of one that needs quotes.
    let shown = address.redacted();
    let shown = shown.strip_suffix(address.domain()).expect("the domain is shown");
    assert!(shown.chars().count() <= "a***@".len(), "{shown:?}");
}
