//! What independent parsers make of the copies.

use std::fs;

use optgate::mail::RawMessage;
use optgate::mail::message::Field;
use optgate::policy::Stream;
use optgate::rewrite::{EightBit, rewrite};

use crate::corpus::{canonical, corpus, files, rewriting};
use crate::judges::{Pair, objections};
use crate::torture;

#[test]
fn other_parsers_see_the_same_messages_before_and_after() {
    let Some(folder) = corpus() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    let messages: Vec<_> =
        paths.iter().map(|path| (path.display().to_string(), canonical(&fs::read(path).unwrap()))).collect();
    let tried = judge(&messages);
    assert!(tried > 600, "the corpus is not where it should be");
}

#[test]
fn other_parsers_see_the_same_torture_before_and_after() {
    let messages: Vec<_> =
        torture::messages().into_iter().map(|message| (message.name.clone(), message.bytes())).collect();
    judge(&messages);
}

/// Whether readers differ on where the header ends, whatever comes into it: where a name is followed by blanks, which
/// the obsolete syntax allows and some don't read (RFC 5322, 4.5), and where no empty line follows.
fn is_disputed(message: &RawMessage) -> bool {
    let blank = |field: &Field| field.name.end + 1 < field.value.start;
    let end = message.fields().last().map_or(0, |field| field.whole.end);
    message.fields().iter().any(blank) || message.body_offset() == end
}

/// So many at once: what the judges say of them is held in memory.
const AT_ONCE: usize = 400;

/// How many copies were judged.
fn judge(messages: &[(String, Vec<u8>)]) -> usize {
    let (mut judged, mut disputed, mut objected) = (0, 0, Vec::new());
    for some in messages.chunks(AT_ONCE) {
        let some = judge_some(some);
        judged += some.judged;
        disputed += some.disputed;
        objected.extend(some.objections);
    }
    println!("{judged} copies judged, {disputed} messages left out");
    for objection in objected.iter().take(60) {
        println!("{objection}");
    }
    assert!(objected.is_empty(), "{} objections", objected.len());
    assert!(disputed * 20 <= messages.len(), "too many are left out");
    judged
}

struct Judged {
    judged: usize,
    disputed: usize,
    objections: Vec<String>,
}

fn judge_some(messages: &[(String, Vec<u8>)]) -> Judged {
    let variants = [
        rewriting(Stream::Marketing, "sv", EightBit::AsIs),
        rewriting(Stream::Marketing, "de", EightBit::Encode),
    ];
    let (mut pairs, mut disputed) = (Vec::new(), 0);
    for (name, before) in messages {
        let Ok(message) = RawMessage::index(before.clone().into()) else { continue };
        if is_disputed(&message) {
            disputed += 1;
            continue;
        }
        for rewriting in &variants {
            // A copy of ASCII is the same for every upstream, but for its language.
            if rewriting.eight_bit == EightBit::Encode && before.is_ascii() {
                continue;
            }
            let Ok(copy) = rewrite(&message, rewriting) else { continue };
            let name = format!("{name} ({:?})", rewriting.eight_bit);
            pairs.push(Pair { name, before, after: copy.bytes, rewriting });
        }
    }
    Judged { judged: pairs.len(), disputed, objections: objections(&pairs).unwrap_or_default() }
}
