//! Whatever a stranger sends, cut into blocks anyhow: the conversation is the same, nothing is kept beyond its
//! bounds, and what is handed over is canonical (invariant 8).
//!
//! The first octet says who the peer is, the second how the rest is cut.
#![no_main]

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use optgate::classify::Grant;
use optgate::mail::{Address, Envelope, Reply};
use optgate::policy::Stream;
use optgate::smtp::session::{
    AuthOver, Bounds, Channel, Door, Effect, Fate, Holder, MAX_AUTH_LINE, Position, Session, StartTls, Step,
    Terms, Verified,
};
use optgate::smtp::wire::{ChunkReader, DataReader, EndOfData, LineReader, skip};

const LIMIT: usize = 600;
const RECIPIENTS: usize = 3;

fuzz_target!(|octets: &[u8]| {
    let [peer, cut, octets @ ..] = octets else { return };
    let whole = Peer::new(*peer).hear(std::iter::once(octets));
    let cut = Peer::new(*peer).hear(blocks(octets, *cut));
    assert_eq!(whole, cut, "how the network cut the octets shows");
});

/// Blocks of 1 to 16 octets, differently for each seed.
fn blocks(octets: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut state) = (octets, u32::from(seed) | 0x1_0000);
    std::iter::from_fn(move || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let length = (1 + (state >> 16) as usize % 16).min(rest.len());
        let (block, left) = rest.split_at(length);
        rest = left;
        (!block.is_empty()).then_some(block)
    })
}

/// What came of it all: replies, and messages.
type Heard = Vec<String>;

struct Peer {
    session: Session,
    lines: LineReader,
    reading: Reading,
    gathering: Option<ChunkReader>,
    /// Whether its credential goes while it is connected.
    revoked: bool,
    heard: Heard,
}

enum Reading {
    Lines,
    Data(DataReader),
    Chunk { left: u64, fate: Fate, position: Position },
    Nothing,
}

impl Peer {
    fn new(kind: u8) -> Self {
        let bit = |at: u8| kind >> at & 1 == 1;
        let terms = Terms {
            door: Door::Submission,
            hostname: "gateway.example".into(),
            max_message_size: LIMIT,
            max_recipients: RECIPIENTS,
            starttls: if bit(0) { StartTls::Offered } else { StartTls::Absent },
            auth: if bit(1) { AuthOver::TlsAlone } else { AuthOver::Anything },
            bounds: Bounds::default(),
        };
        let channel = if bit(2) { Channel::Tls } else { Channel::Clear };
        let session = Session::new(Arc::new(terms), channel, (!bit(3)).then(holder));
        let (lines, reading) = (LineReader::default(), Reading::Lines);
        Self { session, lines, reading, gathering: None, revoked: bit(7), heard: Vec::new() }
    }

    fn hear<'o>(mut self, blocks: impl Iterator<Item = &'o [u8]>) -> Heard {
        let mut input = BytesMut::new();
        for block in blocks {
            input.extend_from_slice(block);
            while self.read(&mut input) {}
            if matches!(self.reading, Reading::Lines) {
                assert!(input.len() <= MAX_AUTH_LINE, "{} octets of a line were kept", input.len());
            }
        }
        self.heard
    }

    /// Whether there may be more to read in what has come.
    fn read(&mut self, input: &mut BytesMut) -> bool {
        match std::mem::replace(&mut self.reading, Reading::Lines) {
            Reading::Nothing => {
                self.reading = Reading::Nothing;
                false
            }
            Reading::Lines => self.line(input),
            Reading::Data(mut reader) => {
                let ended = reader.read(input);
                assert!(reader.held_with(0) <= LIMIT);
                match ended {
                    None => self.reading = Reading::Data(reader),
                    Some(ended) => return self.ended(ended),
                }
                false
            }
            Reading::Chunk { mut left, fate, position } => {
                match (&fate, &mut self.gathering) {
                    (Fate::Begin { .. } | Fate::Continue, Some(reader)) => {
                        reader.read(input, &mut left);
                        assert!(reader.held_with(0) <= LIMIT);
                    }
                    (Fate::Drop(_), _) => skip(input, &mut left),
                    (_, None) => panic!("a chunk goes on that never began"),
                }
                if left > 0 {
                    assert!(input.is_empty());
                    self.reading = Reading::Chunk { left, fate, position };
                    return false;
                }
                self.chunk_ended(fate, position)
            }
        }
    }

    fn line(&mut self, input: &mut BytesMut) -> bool {
        let step = match self.lines.next(input, self.session.line_limit()) {
            None => return false,
            Some(Ok(line)) => self.session.line(&line),
            Some(Err(bad)) => self.session.bad_line(bad),
        };
        if !self.session.is_gathering() {
            self.gathering = None;
        }
        self.carry_out(step);
        true
    }

    fn carry_out(&mut self, step: Step) {
        if matches!(step.effect, Effect::Confirm) && self.revoked {
            let reply = self.session.revoked();
            assert!(self.session.holder().is_none());
            return self.say(Some(reply));
        }
        self.say(step.reply);
        match step.effect {
            Effect::Nothing | Effect::Confirm => {}
            // What the peer says after STARTTLS is not looked at; how much of it has come, the network decides.
            Effect::Close | Effect::StartTls => self.reading = Reading::Nothing,
            Effect::Verify(login) => {
                let right = login.user == "shop/tool";
                let verified = if right { Verified::Holder(holder()) } else { Verified::Wrong };
                let step = self.session.verified(verified);
                assert!(step.reply.is_some());
                self.carry_out(step);
            }
            Effect::Ask(_) => unreachable!("tools' recipients are never asked about"),
            Effect::ReadData { hint } => self.reading = Reading::Data(DataReader::new(LIMIT, hint)),
            Effect::ReadChunk(chunk) => {
                if let Fate::Begin { hint } = chunk.fate {
                    self.gathering = Some(ChunkReader::new(LIMIT, hint));
                }
                let (left, fate, position) = (chunk.size, chunk.fate, chunk.position);
                self.reading = Reading::Chunk { left, fate, position };
            }
        }
    }

    fn chunk_ended(&mut self, fate: Fate, position: Position) -> bool {
        if let Fate::Drop(reply) = fate {
            self.say(Some(reply));
            return true;
        }
        let dropped = self.gathering.as_ref().is_some_and(|reader| reader.dropped().is_some());
        match position {
            _ if dropped => {
                self.gathering = None;
                self.session.chunk_refused(position);
                self.heard.push("refused".into());
            }
            Position::Within => self.heard.push("chunk".into()),
            Position::Last => {
                let ended = self.gathering.take().expect("it is being gathered").end();
                return self.ended(ended);
            }
        }
        true
    }

    fn ended(&mut self, ended: EndOfData) -> bool {
        let handed = self.session.hand_over().expect("there was a transaction");
        match ended {
            EndOfData::Complete(content) => {
                canonical(&content);
                check(&handed.envelope);
                assert!(!handed.helo.contains(|c: char| c.is_control() || c == ' '), "{:?}", handed.helo);
                self.heard.push(format!("{:?} {} {content:?}", handed.envelope, handed.protocol));
            }
            EndOfData::TooLarge | EndOfData::NoRoom => self.heard.push("too large".into()),
        }
        true
    }

    fn say(&mut self, reply: Option<Reply>) {
        let Some(reply) = reply else { return };
        let text = reply.to_string();
        assert!((220..=559).contains(&reply.code), "{text:?}");
        let lines = text.strip_suffix("\r\n").expect("a reply ends in CRLF");
        for line in lines.split("\r\n") {
            // RFC 5321, 4.5.3.1.5.
            assert!(line.len() <= 510, "{line:?}");
            assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        }
        self.heard.push(text);
    }
}

fn holder() -> Holder {
    let grant = Grant { sender: "shop".into(), name: "tool".into(), streams: vec![Stream::Marketing] };
    Holder { id: uuid::Uuid::from_u128(7), grant }
}

fn canonical(content: &Bytes) {
    assert!(content.len() <= LIMIT);
    assert!(content.is_empty() || content.ends_with(b"\r\n"), "{content:?}");
    let text = content.iter().zip(content.iter().skip(1));
    let (mut pairs, mut cr, mut lf) = (0, 0, 0);
    for (first, second) in text {
        pairs += usize::from((*first, *second) == (b'\r', b'\n'));
    }
    for octet in content {
        cr += usize::from(*octet == b'\r');
        lf += usize::from(*octet == b'\n');
    }
    assert_eq!((cr, lf), (pairs, pairs), "a CR or LF stands alone: {content:?}");
}

fn check(envelope: &Envelope) {
    assert!((1..=RECIPIENTS).contains(&envelope.recipients.len()));
    assert_eq!(envelope.recipients.len(), envelope.asked_for_each.len());
    for address in envelope.recipients.iter().chain(&envelope.sender) {
        let written = address.to_string();
        assert_eq!(written.parse::<Address>().as_ref(), Ok(address), "{written:?}");
        assert!(!written.contains(|c: char| c.is_control()), "{written:?}");
    }
}
