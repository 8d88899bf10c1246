//! What one message takes in memory while it is opened, linted and rewritten, beyond its own octets: how far the resident
//! set rises, in a process of its own for each. `docs/performance.md` has the table that the second test prints.

use std::fs;
use std::process::Command;

use data_encoding::BASE64_MIME;
use optgate::lint;
use optgate::mail::RawMessage;
use optgate::policy::Stream;
use optgate::policy::tracking::Trackers;
use optgate::rewrite::{EightBit, check, rewrite};

use crate::corpus::rewriting;

/// What a process is told of its message: a file, and one of the same kind that is small.
const FILES: [&str; 2] = ["OPTGATE_MEMORY_OF", "OPTGATE_MEMORY_AFTER"];
/// Beyond its own octets, as a multiple of them, and what is there whatever the size.
const MOST: u64 = 6;
const FLOOR: u64 = 2 << 20;

const HEAD: &str =
    "From: Shop <news@shop.example>\r\nTo: bo@example.se\r\nSubject: Sale\r\nMIME-Version: 1.0\r\n";
const ROW: &str = "<tr><td class=\"a\" style=\"color:#333\"><a href=\"https://shop.example/p?id=1\">Tröja &amp; kängor</a></td></tr>\r\n";

/// A kind of message, and one of so many octets.
type Kind = (&'static str, fn(usize) -> Vec<u8>);

const KINDS: [Kind; 7] = [
    ("HTML, 8bit", |size| leaf("text/html; charset=utf-8", "8bit", page(size).as_bytes())),
    ("HTML, quoted-printable", |size| {
        leaf("text/html; charset=utf-8", "quoted-printable", &quoted(&page(size / 6 * 5)))
    }),
    ("HTML, base64", |size| leaf("text/html; charset=utf-8", "base64", &based(&page(size / 4 * 3)))),
    ("HTML, iso-8859-1", |size| leaf("text/html; charset=iso-8859-1", "8bit", &latin(&page(size)))),
    ("text, 8bit", |size| {
        leaf(
            "text/plain; charset=utf-8",
            "8bit",
            "Hej på dig, Anna! Allt är billigare.\r\n".repeat(size / 40).as_bytes(),
        )
    }),
    ("base64 attachment", |size| parts(1, size)),
    ("1,000 parts", |size| parts(997, size)),
];

fn leaf(kind: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{HEAD}Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn page(size: usize) -> String {
    format!("<html><body><table>\r\n{}</table></body></html>\r\n", ROW.repeat(size / ROW.len()))
}

fn latin(page: &str) -> Vec<u8> {
    page.chars().map(|character| character as u32 as u8).collect()
}

fn quoted(page: &str) -> Vec<u8> {
    let escaped = page.replace('=', "=3D").replace('ö', "=C3=B6").replace('ä', "=C3=A4");
    escaped.replace(" href", " =\r\nhref").replace("\">", "\"=\r\n>").into_bytes()
}

fn based(content: &str) -> Vec<u8> {
    BASE64_MIME.encode(content.as_bytes()).into_bytes()
}

/// A text and an HTML body, and so many attachments.
fn parts(count: usize, size: usize) -> Vec<u8> {
    let line = "JVBERi0xLjQKJeLjz9MKJVBERi0xLjQKJeLjz9MKJVBERi0xLjQKJeLjz9MKJVBERi0xLjQKJeL\r\n";
    let body = line.repeat(size / count / line.len());
    let mut message = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
         --b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
    );
    for number in 0..count {
        message += &format!(
            "--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{number}.pdf\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{body}"
        );
    }
    (message + "--b--\r\n").into_bytes()
}

#[test]
fn a_message_takes_a_small_multiple_of_its_size() {
    for kind in KINDS {
        let (size, rise) = rise(kind, 1 << 20);
        assert!(rise <= size * MOST + FLOOR, "{}: {rise} octets beyond {size}", kind.0);
    }
}

#[test]
#[ignore = "by command: the table of docs/performance.md"]
fn what_messages_take() {
    for kind in KINDS {
        for wanted in [100 << 10, 1 << 20, 25 << 20] {
            let (size, rise) = rise(kind, wanted);
            let times = rise as f64 / size as f64;
            println!("| {} | {} KiB | {} KiB | {times:.1} |", kind.0, size >> 10, rise >> 10);
        }
    }
}

/// The octets of a message, and those that came to the resident set while it was dealt with.
fn rise((_, make): Kind, size: usize) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let [message, small] = ["message", "small"].map(|name| folder.path().join(name));
    let octets = make(size);
    fs::write(&message, &octets).unwrap();
    fs::write(&small, make(100 << 10)).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::one_message", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FILES[0], message)
        .env(FILES[1], small)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let rise =
        said.lines().find_map(|line| line.split_once("rise ")).map(|(_, rise)| rise.trim().parse().unwrap());
    (octets.len() as u64, rise.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr))))
}

#[test]
#[ignore = "a process of its own, for the others"]
fn one_message() {
    let [Some(message), Some(small)] = FILES.map(std::env::var_os) else { return };
    // What is made once, and code that is read in only when it runs.
    deal_with(RawMessage::index(fs::read(small).unwrap().into()).unwrap());
    let octets = fs::read(message).unwrap();
    let before = resident("VmRSS:");
    forget_the_highest();
    deal_with(RawMessage::index(octets.into()).unwrap());
    println!("rise {}", resident("VmHWM:").saturating_sub(before));
}

fn deal_with(message: RawMessage) {
    let rewriting = rewriting(Stream::Marketing, "sv", EightBit::AsIs);
    let checked = check(&message).unwrap();
    {
        let opened = checked.open();
        opened.takes_a_footer().unwrap();
        let tracked = opened.tracked(&Trackers::default(), None);
        std::hint::black_box(lint::look(
            &opened,
            Stream::Marketing,
            &rewriting.dialects,
            &tracked,
            &lint::Home::default(),
        ));
    }
    std::hint::black_box(rewrite(&message, &rewriting).unwrap());
}

/// proc(5): 5 sets the highest mark of the resident set back to what is resident now.
fn forget_the_highest() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// A line of /proc/self/status, in octets.
fn resident(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
