//! What one message takes in memory while it is opened, linted and rewritten, beyond its own octets: how far the resident
//! set rises, in a process of its own for each, with all that is done to it: placeholders are filled, trackers taken out,
//! and what is 8bit may have to be encoded. `docs/performance.md` has the table that the last test prints.

use std::fs;
use std::process::Command;

use data_encoding::BASE64_MIME;
use optgate::lint;
use optgate::mail::RawMessage;
use optgate::policy::Stream;
use optgate::policy::tracking::Trackers;
use optgate::rewrite::{EightBit, Rewriting, Tracking, check, rewrite};

use crate::corpus::{UNSUBSCRIBE, rewriting};
use crate::tracking::trackers;

/// What a process is told of its message: a file, and one of the same kind that is small.
const FILES: [&str; 2] = ["OPTGATE_MEMORY_OF", "OPTGATE_MEMORY_AFTER"];
const WORK: &str = "OPTGATE_MEMORY_WORK";
/// Beyond its own octets, as a multiple of them, and what is there whatever the size.
const MOST: u64 = 6;
const FLOOR: u64 = 2 << 20;
/// Of a smaller message the allocator's own steps would tell more than what the message takes.
const SIZE: usize = 4 << 20;

const HEAD: &str =
    "From: Shop <news@shop.example>\r\nTo: bo@example.se\r\nSubject: Sale\r\nMIME-Version: 1.0\r\n";
const ROW: &str = "<tr><td class=\"a\" style=\"color:#333\"><a href=\"https://shop.example/p?id=1\">Tröja &amp; kängor</a></td></tr>\r\n";
/// Every so many rows of a page there are a pixel and a link that tell who reads, and places for our own.
const FILLED: usize = 100;
const TOLD: &str = "<tr><td><a href=\"%unsubscribe_url%\">Leave</a> {{{ pm:unsubscribe }}}\
                    <a href=\"https://shop.example/q?utm_source=a&amp;mc_eid=0f1e2d3c\">Kängor</a>\
                    <img src=\"https://shop.list-manage.com/track/open.php?u=1&amp;id=2&amp;e=3\" width=\"1\" height=\"1\"></td></tr>\r\n";

/// What is done to a message beyond what is done to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Footer,
    TrackersTakenOut,
    /// The upstream takes no 8bit.
    AllEncoded,
}

const WORKS: [Work; 3] = [Work::Footer, Work::TrackersTakenOut, Work::AllEncoded];

impl Work {
    fn rewriting(self) -> Rewriting {
        let eight_bit = if self == Self::AllEncoded { EightBit::Encode } else { EightBit::AsIs };
        let base = rewriting(Stream::Marketing, "sv", eight_bit);
        let tracking = if self == Self::Footer { Tracking::Leave } else { Tracking::TakeOut(trackers()) };
        Rewriting { tracking, ..base }
    }
}

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
    let block = format!("{}{TOLD}", ROW.repeat(FILLED));
    format!("<html><body><table>\r\n{}</table></body></html>\r\n", block.repeat(size.div_ceil(block.len())))
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
    // What takes the most is done to all, and the least, which copies stretches as they stand, to those that it may tell.
    for kind in KINDS {
        bounded(kind, Work::AllEncoded, SIZE);
    }
    for kind in &KINDS[..3] {
        bounded(*kind, Work::Footer, SIZE);
    }
}

#[test]
fn what_is_attached_takes_no_more_the_more_it_is() {
    let attached: [Kind; 2] =
        [("base64 attachment", |size| parts(1, size)), ("1,000 parts", |size| parts(997, size))];
    for kind in attached {
        bounded(kind, Work::AllEncoded, 25 << 20);
    }
}

fn bounded(kind: Kind, work: Work, wanted: usize) {
    let (size, rise) = rise(kind, work, wanted);
    assert!(rise <= size * MOST + FLOOR, "{}, {work:?}: {rise} octets beyond {size}", kind.0);
}

#[test]
#[ignore = "by command: the table of docs/performance.md"]
fn what_messages_take() {
    for kind in KINDS {
        for work in WORKS {
            for wanted in [100 << 10, 1 << 20, 25 << 20] {
                let (size, rise) = rise(kind, work, wanted);
                let times = rise as f64 / size as f64;
                println!("| {} | {work:?} | {} KiB | {} KiB | {times:.1} |", kind.0, size >> 10, rise >> 10);
            }
        }
    }
}

/// The octets of a message, and those that came to the resident set while it was dealt with.
fn rise((_, make): Kind, work: Work, size: usize) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let [message, small] = ["message", "small"].map(|name| folder.path().join(name));
    let octets = make(size);
    fs::write(&message, &octets).unwrap();
    fs::write(&small, make(100 << 10)).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::one_message", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FILES[0], message)
        .env(FILES[1], small)
        .env(WORK, format!("{work:?}"))
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
    let named = std::env::var(WORK).unwrap();
    let work = WORKS.into_iter().find(|work| format!("{work:?}") == named).unwrap();
    // What is made once, and code that is read in only when it runs.
    deal_with(RawMessage::index(fs::read(small).unwrap().into()).unwrap(), work);
    let octets = fs::read(message).unwrap();
    let before = resident("VmRSS:");
    forget_the_highest();
    deal_with(RawMessage::index(octets.into()).unwrap(), work);
    println!("rise {}", resident("VmHWM:").saturating_sub(before));
}

fn deal_with(message: RawMessage, work: Work) {
    let rewriting = work.rewriting();
    let checked = check(&message).unwrap();
    {
        let opened = checked.open();
        opened.takes_a_footer().unwrap();
        let none = Trackers::default();
        let tracked = match &rewriting.tracking {
            Tracking::Leave => opened.tracked(&none, None),
            Tracking::TakeOut(trackers) => opened.tracked(trackers, None),
        };
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

#[test]
fn the_pages_have_what_is_filled_in_and_taken_out() {
    let (_, make) = KINDS[0];
    let message = RawMessage::index(make(100 << 10).into()).unwrap();
    let times = |text: &[u8], wanted: &str| String::from_utf8_lossy(text).matches(wanted).count();
    for work in WORKS {
        let copy = rewrite(&message, &work.rewriting()).unwrap();
        let [pixels, links] = [copy.taken_out.pixels, copy.taken_out.links];
        assert_eq!((pixels > 5, links > 5), (work != Work::Footer, work != Work::Footer), "{work:?}");
        assert_eq!(
            times(&copy.bytes, "%unsubscribe_url%") + times(&copy.bytes, "pm:unsubscribe"),
            0,
            "{work:?}"
        );
        // Encoded, an address may be broken over two lines.
        assert!(work == Work::AllEncoded || times(&copy.bytes, UNSUBSCRIBE) > 10, "{work:?}");
        assert_eq!(copy.bytes.is_ascii(), work == Work::AllEncoded, "{work:?}");
    }
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
