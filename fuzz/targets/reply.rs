//! What a hostile upstream answers, cut into blocks anyhow: the same replies, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use optgate::deliver::upstream::reply::{Garbled, Replies, Reply};

fuzz_target!(|octets: &[u8]| {
    let [cut, octets @ ..] = octets else { return };
    let size = 1 + usize::from(*cut) % 32;
    let (whole, cut) = (hear(octets, 16 * 1024), hear(octets, size));
    // Cut finely, garbage may be seen for what it is before the rest of it has come; never the other way round.
    assert_eq!(whole.0, cut.0);
    assert_eq!(whole.1, cut.1, "{octets:?}");
});

fn hear(octets: &[u8], size: usize) -> (Vec<Reply>, Option<Garbled>) {
    let (mut replies, mut heard) = (Replies::default(), Vec::new());
    for block in octets.chunks(size) {
        replies.push(block);
        loop {
            match replies.take() {
                Ok(Some(reply)) => {
                    assert!((200..600).contains(&reply.response.code));
                    assert!(reply.response.text.len() <= 4 * 1024);
                    heard.push(reply);
                }
                Ok(None) => break,
                Err(garbled) => return (heard, Some(garbled)),
            }
        }
    }
    (heard, None)
}
