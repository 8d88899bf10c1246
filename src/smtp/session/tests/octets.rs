//! The state machine under octets as they may come: commands, chunks and data, cut anywhere. The loop here does what
//! the server does, without its sockets.

use bytes::BytesMut;

use super::*;
use crate::smtp::wire::{ChunkReader, DataReader, EndOfData, LineReader, skip};

/// What came of the octets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    /// Codes and texts, in order.
    replies: Vec<String>,
    messages: Vec<(usize, Vec<u8>)>,
    closed: bool,
    commands: usize,
}

/// What the octets that come next are.
enum Reading {
    Commands,
    Data(DataReader),
    Chunk(Chunk, u64),
}

struct Machine {
    session: Session,
    lines: LineReader,
    input: BytesMut,
    reading: Reading,
    chunks: Option<ChunkReader>,
    heard: Heard,
}

impl Machine {
    fn new() -> Self {
        let trusted = Some(holder("tool"));
        let session = Session::new(Arc::new(terms()), Channel::Tls, trusted);
        let (lines, input, heard) = (LineReader::default(), BytesMut::new(), Heard::default());
        Self { session, lines, input, reading: Reading::Commands, chunks: None, heard }
    }

    fn say(&mut self, reply: impl Into<String>) {
        self.heard.replies.push(reply.into());
    }

    fn take(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        while !self.heard.closed && self.step() {}
    }

    /// Whether there was enough for something to happen.
    fn step(&mut self) -> bool {
        match std::mem::replace(&mut self.reading, Reading::Commands) {
            Reading::Commands => {
                let Some(line) = self.lines.next(&mut self.input, self.session.line_limit()) else {
                    return false;
                };
                self.heard.commands += 1;
                let step = match line {
                    Ok(line) => self.session.line(&line),
                    Err(bad) => self.session.bad_line(bad),
                };
                if !self.session.is_gathering() {
                    self.chunks = None;
                }
                self.carry_out(step);
                true
            }
            Reading::Data(mut reader) => match reader.read(&mut self.input) {
                Some(ended) => {
                    self.end(ended);
                    true
                }
                None => {
                    self.reading = Reading::Data(reader);
                    false
                }
            },
            Reading::Chunk(chunk, mut left) => {
                match (&chunk.fate, &mut self.chunks) {
                    (Fate::Drop(_), _) | (_, None) => skip(&mut self.input, &mut left),
                    (Fate::Begin { .. } | Fate::Continue, Some(reader)) => {
                        reader.read(&mut self.input, &mut left);
                    }
                }
                if left > 0 {
                    self.reading = Reading::Chunk(chunk, left);
                    return false;
                }
                self.end_chunk(chunk);
                true
            }
        }
    }

    fn carry_out(&mut self, step: Step) {
        if let Some(reply) = &step.reply {
            assert!(!matches!(step.effect, Effect::ReadChunk(_)), "the chunk's reply comes after its octets");
            self.say(reply.to_string());
        }
        match step.effect {
            Effect::Close => self.heard.closed = true,
            Effect::ReadData { hint } => self.reading = Reading::Data(DataReader::new(1_000, hint)),
            Effect::ReadChunk(chunk) => {
                match chunk.fate {
                    Fate::Begin { hint } => self.chunks = Some(ChunkReader::new(1_000, hint)),
                    Fate::Continue => assert!(self.chunks.is_some(), "what goes on has begun"),
                    Fate::Drop(_) => {}
                }
                let size = chunk.size;
                self.reading = Reading::Chunk(chunk, size);
            }
            Effect::Verify(_) => {
                let step = self.session.verified(Verified::Wrong);
                self.carry_out(step);
            }
            _ => {}
        }
    }

    fn end_chunk(&mut self, chunk: Chunk) {
        match (chunk.fate, chunk.position) {
            (Fate::Drop(reply), _) => self.say(reply.to_string()),
            (_, position) if self.chunks.as_ref().is_none_or(|reader| reader.dropped().is_some()) => {
                self.session.chunk_refused(position);
                self.chunks = None;
                self.say("552 chunk");
            }
            (_, Position::Within) => self.say("250 chunk"),
            (_, Position::Last) => {
                let reader = self.chunks.take().expect("it was gathered");
                self.end(reader.end());
            }
        }
    }

    fn end(&mut self, ended: EndOfData) {
        let handed = self.session.hand_over().expect("content has a transaction");
        assert!(!handed.envelope.recipients.is_empty(), "and a recipient");
        assert_eq!(handed.envelope.recipients.len(), handed.envelope.asked_for_each.len());
        match ended {
            EndOfData::Complete(content) => {
                self.heard.messages.push((handed.envelope.recipients.len(), content.to_vec()));
                self.say("250 message");
            }
            _ => self.say("552 message"),
        }
    }
}

fn hear(blocks: &[Vec<u8>]) -> Heard {
    let mut machine = Machine::new();
    for block in blocks {
        machine.take(block);
    }
    machine.heard
}

/// What peers may say, with contents that look like commands.
fn utterance() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::sample::select(vec![
        "EHLO x\r\n",
        "HELO x\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "MAIL FROM:<å@b.example> SMTPUTF8 RET=FULL\r\n",
        "MAIL FROM:<> SIZE=5000\r\n",
        "RCPT TO:<a@b.example>\r\n",
        "RCPT TO:<c@b.example> NOTIFY=NEVER\r\n",
        "RCPT TO:<\"a> b\"@b.example>\r\n",
        "DATA\r\n",
        "DATA\r\n.\r\n",
        "DATA\r\nMAIL FROM:<evil@b.example>\r\n.\r\n",
        ".\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "NO\nOP\r\n",
        "BDAT 0 LAST\r\n",
        "BDAT 6 LAST\r\nNOOP\r\n",
        "BDAT 6\r\nRSET\r\n",
        "BDAT 7\r\nQUIT\r\n\rBDAT 1\r\n\n",
        "BDAT 24 LAST\r\nMAIL FROM:<e@b.example>\r\nBDAT 2\r\n",
        "AUTH LOGIN\r\nAAAA\r\nAAAA\r\n",
        "VRFY å\r\n",
    ]);
    let large = (900..1_200_usize).prop_map(|size| {
        let last = if size.is_multiple_of(2) { " LAST" } else { "" };
        format!("BDAT {size}{last}\r\n{}", "x".repeat(size)).into_bytes()
    });
    prop_oneof![
        12 => lines.prop_map(|text| text.as_bytes().to_vec()),
        1 => large,
        1 => prop::collection::vec(prop::sample::select(b"\r\n.\0aB \xff".as_slice()), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    /// Whatever comes, and however it is cut: the same replies, one for each command and one for each message,
    /// and never a message without sender, recipient and end.
    #[test]
    fn i8_what_peers_say_is_heard_the_same_however_it_is_cut(
        said in prop::collection::vec(utterance(), 0..30),
        cuts in prop::collection::vec(1..40_usize, 1..60),
    ) {
        let whole = said.concat();
        let expected = hear(std::slice::from_ref(&whole));
        let (mut blocks, mut rest) = (Vec::new(), &whole[..]);
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (block, after) = rest.split_at(rest.len().min(*size));
            blocks.push(block.to_vec());
            rest = after;
        }
        prop_assert_eq!(&hear(&blocks), &expected);
        let go_aheads = expected.replies.iter().filter(|reply| reply.starts_with("354")).count();
        let ends = expected.replies.iter().filter(|reply| reply.ends_with("message")).count();
        let all = expected.replies.len();
        // DATA is answered twice, a chunk once; the last of either may be still on its way.
        prop_assert!(all <= expected.commands + go_aheads && all + 1 >= expected.commands);
        prop_assert!(ends >= expected.messages.len());
        for (_, content) in &expected.messages {
            let text = String::from_utf8_lossy(content).replace("\r\n", "");
            prop_assert!(!text.contains(['\r', '\n']));
            prop_assert!(content.is_empty() || content.ends_with(b"\r\n"));
        }
    }

    /// A chunk's octets are content, whatever they look like.
    #[test]
    fn octets_of_a_chunk_are_never_commands(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
    ) {
        let mut said = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n".to_vec();
        for chunk in &chunks {
            said.extend_from_slice(format!("BDAT {}\r\n", chunk.len()).as_bytes());
            said.extend_from_slice(chunk);
        }
        said.extend_from_slice(b"BDAT 0 LAST\r\nNOOP\r\n");
        let heard = hear(&[said]);
        prop_assert_eq!(heard.commands, 3 + chunks.len() + 2);
        prop_assert_eq!(heard.messages.len(), 1);
        prop_assert_eq!(heard.replies.last().map(String::as_str), Some("250 2.0.0 ok\r\n"));
    }
}
