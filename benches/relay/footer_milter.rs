//! The cheapest footer that Postfix can be given: a milter that puts a line before `</body>` and at the end of the
//! text, and adds the one-click pair. It looks at no consent, no encodings and no signatures. A process of its
//! own (the bench calls itself), so that its CPU time can be counted.
//!
//! The protocol is libmilter's, version 6: packets of a length, a command and its data.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;

use anyhow::{Result, ensure};
use regex::bytes::Regex;

const ADD_HEADERS: u32 = 0x01;
const CHANGE_BODY: u32 = 0x02;
/// All steps but the body are left out, and chunks of the body want no reply.
const STEPS: u32 = 0x01 | 0x02 | 0x04 | 0x08 | 0x20 | 0x40 | 0x100 | 0x200 | 0x80000;
/// The longest packet that a milter may be sent.
const CHUNK: usize = 65_535;

const TEXT: &[u8] =
    b"\r\n-- \r\nDemo Shop AB, Storgatan 1, 111 22 Stockholm\r\nhttps://mail.shop.example/u/x\r\n";
const HTML: &[u8] = b"<p>Demo Shop AB, Storgatan 1, 111 22 Stockholm<br>\r\n\
                      <a href=3D\"https://mail.shop.example/u/x\">unsubscribe</a></p>\r\n";

/// Serves until it is killed.
pub fn serve(port: u16) -> Result<()> {
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        let stream = stream?;
        thread::spawn(move || session(stream).ok());
    }
    Ok(())
}

fn session(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut body = Vec::new();
    loop {
        let (command, data) = read_packet(&mut stream)?;
        match command {
            b'O' => {
                let answer = [6, ADD_HEADERS | CHANGE_BODY, STEPS].map(u32::to_be_bytes).concat();
                write_packet(&mut stream, b'O', &answer)?;
            }
            b'B' => body.extend_from_slice(&data),
            b'E' => {
                body.extend_from_slice(&data);
                finish(&mut stream, &std::mem::take(&mut body))?;
            }
            b'A' => body.clear(),
            b'Q' => return Ok(()),
            // Macros, and the next connection over this one: nothing to say.
            b'D' | b'K' => {}
            _ => write_packet(&mut stream, b'c', &[])?,
        }
    }
}

fn finish(stream: &mut TcpStream, body: &[u8]) -> Result<()> {
    write_packet(stream, b'h', b"List-Unsubscribe\0<https://mail.shop.example/u/x>\0")?;
    write_packet(stream, b'h', b"List-Unsubscribe-Post\0List-Unsubscribe=One-Click\0")?;
    for chunk in with_footer(body).chunks(CHUNK) {
        write_packet(stream, b'b', chunk)?;
    }
    write_packet(stream, b'c', &[])
}

fn with_footer(body: &[u8]) -> Vec<u8> {
    static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\r\n--=_bench\r\n").unwrap());
    static BODY_END: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)</body>").unwrap());
    let text_end = BOUNDARY.find(body).map_or(0, |found| found.start());
    let html_end = BODY_END.find_at(body, text_end).map_or(body.len(), |found| found.start());
    let (text, rest) = body.split_at(text_end);
    let (html, rest) = rest.split_at(html_end - text_end);
    [text, TEXT, html, HTML, rest].concat()
}

fn read_packet(stream: &mut TcpStream) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [length @ .., command] = head;
    let length = u32::from_be_bytes(length) as usize;
    ensure!((1..=1 << 20).contains(&length), "a packet of {length} bytes");
    let mut data = vec![0; length - 1];
    stream.read_exact(&mut data)?;
    Ok((command, data))
}

fn write_packet(stream: &mut TcpStream, command: u8, data: &[u8]) -> Result<()> {
    let mut packet = u32::try_from(data.len() + 1)?.to_be_bytes().to_vec();
    packet.push(command);
    packet.extend_from_slice(data);
    Ok(stream.write_all(&packet)?)
}
