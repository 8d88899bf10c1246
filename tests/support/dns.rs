//! DNS with a few records in it, on loopback: TXT by UDP, as resolvers ask for it. RFC 1035, 4.1.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

/// What stands at a name.
#[derive(Clone, Debug)]
pub enum Entry {
    Txt(Vec<String>),
    /// A CNAME to this name, and what stands there.
    Alias(String, Vec<String>),
    /// The server fails.
    Failure,
}

/// A server. It ends with the test's runtime.
pub struct Dns {
    pub address: SocketAddr,
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

impl Dns {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = socket.local_addr().expect("its address");
        let entries: Arc<Mutex<HashMap<String, Entry>>> = Arc::default();
        let serving = entries.clone();
        tokio::spawn(async move {
            let mut packet = [0; 4_096];
            while let Ok((length, peer)) = socket.recv_from(&mut packet).await {
                let answer = answer(&packet[..length], &serving.lock().unwrap());
                if let Some(answer) = answer {
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
        });
        Self { address, entries }
    }

    /// From now on this stands there.
    pub fn set(&self, name: &str, entry: Entry) {
        self.entries.lock().unwrap().insert(name.to_ascii_lowercase(), entry);
    }

    /// One TXT record.
    pub fn txt(&self, name: &str, text: &str) {
        self.set(name, Entry::Txt(vec![text.to_owned()]));
    }

    pub fn remove(&self, name: &str) {
        self.entries.lock().unwrap().remove(name);
    }
}

/// NXDOMAIN where nothing stands.
fn answer(packet: &[u8], entries: &HashMap<String, Entry>) -> Option<Vec<u8>> {
    let (name, end) = name(packet)?;
    let question = packet.get(12..end + 4)?;
    let entry = entries.get(&name);
    let (code, alias, texts) = match entry {
        None => (3, None, &[][..]),
        Some(Entry::Failure) => (2, None, &[][..]),
        Some(Entry::Txt(texts)) => (0, None, texts.as_slice()),
        Some(Entry::Alias(target, texts)) => (0, Some(target), texts.as_slice()),
    };
    let count = u16::try_from(texts.len() + usize::from(alias.is_some())).ok()?;
    let mut out = packet.get(..2)?.to_vec();
    out.extend_from_slice(&[0x84, 0x80 | code, 0, 1]);
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(question);
    let mut owner = vec![0xc0, 12];
    if let Some(target) = alias {
        let target = encoded(target);
        record(&mut out, &owner, 5, &target);
        owner = target;
    }
    for text in texts {
        let mut data = Vec::new();
        for part in text.as_bytes().chunks(255) {
            data.push(u8::try_from(part.len()).ok()?);
            data.extend_from_slice(part);
        }
        record(&mut out, &owner, 16, &data);
    }
    Some(out)
}

fn record(out: &mut Vec<u8>, owner: &[u8], kind: u16, data: &[u8]) {
    out.extend_from_slice(owner);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
    out.extend_from_slice(&u16::try_from(data.len()).expect("a short record").to_be_bytes());
    out.extend_from_slice(data);
}

/// The name that is asked for, in lower case, and where it ends.
fn name(packet: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}

fn encoded(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).expect("a short label"));
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}
