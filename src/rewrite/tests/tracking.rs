//! What tracks goes, by shape and by name, and nothing else does.

use proptest::prelude::*;

use super::body::html;
use super::*;
use crate::policy::file::NamedText;
use crate::policy::tracking::Trackers;

const OWN: &str = "[tracking]\nharmless = [\"img.shop.example\"]\n[[tracking.pixel]]\nhosts = [\"named.example\"]\n\
                   [[tracking.parameter]]\nname = \"who\"\n[[tracking.redirect]]\nhosts = [\"go.example\"]\ntarget = [\"query to\"]\n\
                   [[tracking.redirect]]\nhosts = [\"dark.example\"]\n";

/// Those of the demo's sender, with some of its own.
pub fn trackers() -> Arc<Trackers> {
    static TRACKERS: LazyLock<Arc<Trackers>> = LazyLock::new(|| {
        let mut files: Vec<NamedText> = file::shipped();
        files
            .iter_mut()
            .filter(|(name, _)| name == "senders/demo-shop.toml")
            .for_each(|(_, text)| text.push_str(OWN));
        file::parse(&files).unwrap().0.sender("demo-shop").unwrap().trackers.clone()
    });
    TRACKERS.clone()
}

fn taking_out() -> Rewriting {
    Rewriting { tracking: Tracking::TakeOut(trackers()), ..functional() }
}

/// What a document becomes, and what was taken out of it.
fn taken(document: &str) -> (String, TakenOut) {
    let message = message(&html(&document.replace("\r\n", "\n")));
    let rewritten = rewrite(&message, &taking_out()).unwrap();
    (body(&String::from_utf8(rewritten.bytes).unwrap()).to_owned(), rewritten.taken_out)
}

#[track_caller]
fn becomes(document: &str, left: &str) {
    assert_eq!(taken(document).0, left, "{document}");
}

#[track_caller]
fn stays(document: &str) {
    let (left, taken_out) = taken(document);
    assert_eq!((&*left, taken_out), (document, TakenOut::default()));
}

const PIXEL: &str = "<img src=\"https://t.example/o?u=1\" width=\"1\" height=\"1\">";

#[test]
fn a_picture_that_nobody_sees_goes_with_its_element_and_nothing_else_does() {
    for pixel in [
        PIXEL,
        "<IMG HEIGHT=1 WIDTH=1 SRC=http://t.example/o/abc>",
        "<img alt='' src='//t.example/o' style='width:1px;height:1px'/>",
        "<img src=\"https://t.example/o\" width=\"0\" height=\"0\" border=\"0\" >",
        "<img src=\"https://t.example/o\" style=\"display:none\">",
        "<img\nsrc=\" https://t.exam\nple/o \"\nstyle=\"Visibility : Hidden\">",
        "<img src=\"https&#58;//t.example/o?a=1&amp;b=2\" hidden>",
        "<img src=https://t.example/o style=opacity:0>",
        "<img class=\"px\" src=\"https://t.example/o\" style=\"display:none\">",
        "<image src=\"https://t.example/o\" width=1 height=1>",
        "<amp-pixel src=\"https://t.example/o\" layout=\"nodisplay\"></amp-pixel>",
        "<amp-img src=\"https://t.example/o\" width=1 height=1><noscript><img src=\"https://t.example/o\" width=1 height=1></noscript></amp-img>",
        "<img src=\"https://named.example/banner.png\" width=600 height=200>",
        "<img src=\"https://u1.ct.sendgrid.net/wf/open?upn=x\" alt=\"\">",
    ] {
        let pixel = pixel.replace('\n', "\r\n");
        let left = taken(&format!("<p>a</p>\r\n{pixel}<p>b</p>\r\n"));
        assert_eq!(
            left,
            ("<p>a</p>\r\n<p>b</p>\r\n".to_owned(), TakenOut { pixels: 1, ..TakenOut::default() }),
            "{pixel}"
        );
    }
}

#[test]
fn a_picture_that_somebody_may_see_stays() {
    for picture in [
        "<img src=\"https://shop.example/hero.png\" width=\"600\" height=\"200\">\r\n",
        "<img src=\"https://shop.example/hero.png?u=1\">\r\n",
        "<img src=\"https://shop.example/line.gif\" width=\"1\" height=\"20\">\r\n",
        "<img src=\"https://shop.example/rule.gif\" width=\"600\" height=\"1\">\r\n",
        "<img src=\"https://shop.example/i/spacer.gif\" width=\"1\" height=\"1\">\r\n",
        "<img src=\"https://img.shop.example/x?u=1\" width=\"1\" height=\"1\">\r\n",
        "<img src=\"cid:logo@shop\" width=\"1\" height=\"1\"><img src=\"data:image/gif;base64,R0\" width=1 height=1>\r\n",
        "<img src=\"o.gif\" width=\"1\" height=\"1\"><img width=1 height=1><img src=\"\" width=1 height=1>\r\n",
        "<img src=\"https://mail.example.com/o\" width=\"1\" height=\"1\">\r\n",
        "<style>@media (max-width:600px){ .phone { display:block !important } }</style>\
         <img class=\"big phone\" src=\"https://shop.example/p.png\" style=\"display:none;width:0;height:0\">\r\n",
        "<style>#phone{display:block}</style><div id=phone style=\"display:none\"><img src=\"https://shop.example/p.png\"></div>\r\n",
        "<div style=\"display:none\"><img src=\"https://shop.example/p.png\" width=600 height=200></div>\r\n",
        "<!-- <img src=\"https://t.example/o\" width=1 height=1> -->\r\n",
        "<script>'<img src=\"https://t.example/o\" width=1 height=1>'</script>\r\n",
        "<p title='<img src=\"https://named.example/o\">'>x</p>\r\n",
    ] {
        stays(picture);
    }
}

#[test]
fn what_stands_in_what_is_hidden_is_hidden() {
    becomes(
        "<div style=\"display:none\">Pre<div>x</div><img src=\"https://t.example/o\"></div><p>y</p>\r\n",
        "<div style=\"display:none\">Pre<div>x</div></div><p>y</p>\r\n",
    );
    // Where a template forgets to end it, what follows its cell is seen again.
    stays(
        "<table><tr><td><span style=\"display:none\">Pre</td><td><img src=\"https://shop.example/p.png\"></td></tr></table>\r\n",
    );
    becomes(
        "<div style='display:none'><table><tr><td>x</td></tr></table><img src=https://t.example/o></div>\r\n",
        "<div style='display:none'><table><tr><td>x</td></tr></table></div>\r\n",
    );
}

#[test]
fn what_only_outlook_reads_is_read() {
    becomes(
        "<!--[if mso]><v:roundrect href=\"https://go.example/?to=https://shop.example/a\"><v:fill src=\"https://named.example/x\"/></v:roundrect>\
         <img src=\"https://t.example/o\" width=1 height=1><![endif]--><!--[if !mso]><!--><a href='https://x.example/?who=1'>x</a><!--<![endif]-->\r\n",
        "<!--[if mso]><v:roundrect href=\"https://shop.example/a\"><v:fill src=\"\"/></v:roundrect>\
         <![endif]--><!--[if !mso]><!--><a href='https://x.example/'>x</a><!--<![endif]-->\r\n",
    );
}

#[test]
fn what_goes_on_and_on_is_read_once() {
    for piece in [
        "<!--[if mso]>",
        "<amp-img src=https://t.example/o width=1 height=1>",
        "<div style='display:none'>",
        "<img class='a b' style=display:none src=//t.example/o>",
        "<td style='background:url(",
        "<a href='https://go.example/?to=",
        "&amp",
        "<svg><img src=//t.example/o width=1>",
        "<base href=//t.example/>",
        "<style>.a{b:url(",
        "<style>@import '",
        "<img srcset='//t.example/o 1x,",
    ] {
        let (_, taken_out) = taken(&format!("{piece}\n").repeat(20_000));
        assert!(taken_out.pixels <= 20_000);
    }
}

#[test]
fn a_background_that_policy_names_is_taken_out_of_its_attribute() {
    becomes(
        "<td background=\"https://named.example/o\" style=\"background:#fff URL( 'https://named.example/o?a=1&amp;b=2' ) no-repeat\">\r\n",
        "<td background=\"\" style=\"background:#fff none no-repeat\">\r\n",
    );
    becomes("<body background=https://named.example/o class=x>\r\n", "<body background=\"\" class=x>\r\n");
    becomes(
        "<div style=\"width:1px;height:1px;background-image:url(https://t.example/o)\"></div>\r\n",
        "<div style=\"width:1px;height:1px;background-image:none\"></div>\r\n",
    );
    becomes(
        "<style>body{background:url(\"https://named.example/o\")} @import url(https://named.example/a.css);</style>\r\n",
        "<style>body{background:none} @import none;</style>\r\n",
    );
    let rules = "a{b:rgb(1,2,3)}\r\n".repeat(5_000);
    becomes(
        &format!("<style>({rules}c{{b:URL(https://named.example/o)}}{rules}url(</style>\r\n"),
        &format!("<style>({rules}c{{b:none}}{rules}url(</style>\r\n"),
    );
    stays(
        "<td background=\"https://shop.example/bg.png\" style=\"background:url(https://shop.example/bg.png)\">\r\n",
    );
}

#[test]
fn a_style_is_read_with_its_escapes() {
    becomes(
        "<td style=\"background:u\\72l(https://named\\2e example/o)\">x</td><p style='w\\69 dth:1px;height:1px;background:url(//t.example/o'>\r\n",
        "<td style=\"background:none\">x</td><p style='w\\69 dth:1px;height:1px;background:none'>\r\n",
    );
    becomes(
        "<style>a{b:\\55 rl(\"//n\\61med.example/)o\")} @\\69mport 'https://n\\61med.example/a.css'; c{d:url(\\68ttps://named.example/o</style>\r\n",
        "<style>a{b:none} @\\69mport ''; c{d:none</style>\r\n",
    );
    becomes("<p>a</p><img src=\"https://t.example/o\" style=\"d\\69splay:none\">\r\n", "<p>a</p>\r\n");
    stays("<td style=\"background:url\\28https://named.example/o)\">x</td>\r\n");
}

#[test]
fn whatever_loads_what_policy_names_loads_it_no_more() {
    for (loads, left) in [
        ("<video src=a.mp4 poster=\"https://named.example/o\">", "<video src=a.mp4 poster=\"\">"),
        ("<iframe src='//named.example/o'></iframe>", "<iframe src=''></iframe>"),
        ("<input type=image src=https://named.example/o>", "<input type=image src=\"\">"),
        ("<object data=\"https://named.example/o\"></object>", "<object data=\"\"></object>"),
        (
            "<link rel=stylesheet href=\"https://named.example/o.css\"><link href=\"https://x.example/a.css\">",
            "<link rel=stylesheet href=\"\"><link href=\"https://x.example/a.css\">",
        ),
        (
            "<picture><source srcset=\"https://x.example/a 1x, https://named.example/o 2x\"><img src=a.png></picture>",
            "<picture><source srcset=\"\"><img src=a.png></picture>",
        ),
        (
            "<img width=600 src=a.png srcset='https://named.example/o 600w,https://x.example/b 2x'>",
            "<img width=600 src=a.png srcset=''>",
        ),
        ("<p><img srcset=\"https://t.example/o?u=1 1x\" width=1 height=1>", "<p>"),
        (
            "<style>@import \"https://named.example/a.css\"; @IMPORT\t'https://named.example/b.css' screen;</style>",
            "<style>@import \"\"; @IMPORT\t'' screen;</style>",
        ),
    ] {
        becomes(&format!("{loads}\r\n"), &format!("{left}\r\n"));
    }
    stays(
        "<img src=a.png srcset=\"https://x.example/a 1x, b.png 2x\"><video poster=https://x.example/p></video>\r\n",
    );
    stays("<style>@import 'https://x.example/a.css'; @import \"https://named.example/never ends</style>\r\n");
    stays("<a href=\"https://x.example/\" data=https://named.example/o>x</a>\r\n");
}

#[test]
fn an_address_without_a_host_is_the_bases() {
    becomes(
        "<base href=\"https://t.example/a/b\"><img src=\"o?u=1\" width=1 height=1><img src=\"/logo.png\">\r\n",
        "<base href=\"https://t.example/a/b\"><img src=\"/logo.png\">\r\n",
    );
}

#[test]
fn a_link_changes_in_its_address_alone() {
    for (link, left) in [
        (
            "<a href=\"https://x.example/?a=1&amp;who=2&amp;b=3#f\" title=\"who=2\">",
            "<a href=\"https://x.example/?a=1&amp;b=3#f\" title=\"who=2\">",
        ),
        ("<A HREF = 'https://x.example/?who=2&b=3&who=4'>", "<A HREF = 'https://x.example/?b=3'>"),
        (
            "<a href=\"https://x.example/?who=2&b=<'é'>&amp;who=3&who=4&c=&lt;\">",
            "<a href=\"https://x.example/?b=<'é'>&c=&lt;\">",
        ),
        ("<a href=https://x.example/?who=2 class=x>", "<a href=https://x.example/ class=x>"),
        ("<a href=\"https://x.example/?a=1&amp;\r\nwho=2\">", "<a href=\"https://x.example/?a=1\">"),
        (
            "<area href=\"https://go.example/?to=https%3A%2F%2Fshop.example%2F%3Fa%3D1%26who%3D2%26b%3D%22\">",
            "<area href=\"https://shop.example/?a=1&amp;b=%22\">",
        ),
        (
            "<form action=https://go.example/?to=https://shop.example/&x=1>",
            "<form action=https://shop.example/>",
        ),
    ] {
        let (text, taken_out) = taken(&format!("{link}x</a>\r\n"));
        assert_eq!(
            (text, taken_out),
            (format!("{left}x</a>\r\n"), TakenOut { links: 1, ..TakenOut::default() })
        );
    }
    for link in [
        "#who",
        "mailto:a@x.example?who=1",
        "tel:+461",
        "/x?who=1",
        "https://x.example/?whose=1",
        "https://x.example/unsubscribe?who=1",
        UNSUBSCRIBE,
        "https://mail.example.com/p/x?who=1",
        "https://go.example/?to=https://mail.example.com/u/x",
        "https://go.example/?u=1&to=%FF",
    ] {
        assert_eq!(
            taken(&format!("<a href=\"{link}\">x</a>\r\n")).0,
            format!("<a href=\"{link}\">x</a>\r\n")
        );
    }
}

#[test]
fn a_redirect_that_hides_its_target_stays_and_is_counted_apart() {
    let dark = "<a href=\"https://dark.example/?who=1\">x</a>\r\n";
    assert_eq!(taken(dark), (dark.to_owned(), TakenOut { opaque_links: 1, ..TakenOut::default() }));
}

#[test]
fn links_of_a_plain_text_change_too() {
    let rewritten = rewrite(
        &message("Content-Type: text/plain\n\nSee <https://x.example/?who=1&a=2>, (https://go.example/?to=https://shop.example/b).\nWho=1\n"),
        &taking_out(),
    )
    .unwrap();
    let copy = String::from_utf8(rewritten.bytes).unwrap();
    assert_eq!(body(&copy), "See <https://x.example/?a=2>, (https://shop.example/b).\r\nWho=1\r\n");
    assert_eq!(rewritten.taken_out.links, 2);
}

#[test]
fn a_link_that_is_joined_to_a_word_is_one_all_the_same() {
    let twice = |text: &str| {
        let first = rewrite(&message(text), &taking_out()).unwrap();
        let second = rewrite(&bytes(first.bytes.clone()), &taking_out()).unwrap();
        assert_eq!(second.taken_out, TakenOut::default());
        String::from_utf8(first.bytes).unwrap()
    };
    let copy = twice("Content-Type: text/plain\n\n3https://x.example/?who=1&a=2\n");
    assert_eq!(body(&copy), "3https://x.example/?a=2\r\n");
    let copy = twice(
        "Content-Type: text/plain\n\n3{{optgate.unsubscribe_url}}https://x.example/?who=1&a=2=https://x.example/?who=1&a=2\n",
    );
    assert_eq!(body(&copy), format!("3{UNSUBSCRIBE}https://x.example/?a=2=https://x.example/?who=1&a=2\r\n"));
}

#[test]
fn a_link_that_is_filled_is_ours() {
    let rewriting = Rewriting { tracking: Tracking::TakeOut(trackers()), ..marketing() };
    let document = "<a href=\"https://go.example/?to={{optgate.unsubscribe_url}}\">out</a>\
                    <img src=\"https://t.example/{{optgate.unsubscribe_url}}\" width=1 height=1><p data-msys-unsubscribe=\"1\">\n";
    let copy = copy(&html(document), &rewriting);
    assert!(body(&copy).contains("https://go.example/?to=https"), "{copy}");
    assert!(!copy.contains("t.example"), "{copy}");
}

#[test]
fn where_tracking_is_left_nothing_goes() {
    let document = format!("{PIXEL}<a href=\"https://x.example/?who=1\">x</a>\n");
    let rewritten = rewrite(&message(&html(&document)), &functional()).unwrap();
    assert_eq!(rewritten.taken_out, TakenOut::default());
    assert!(rewritten.bytes.ends_with(document.replace('\n', "\r\n").as_bytes()));
}

#[test]
fn every_transfer_encoding_and_charset_gives_its_pixels() {
    let part = |encoding: &str, charset: &str, content: &[u8]| {
        let header = format!(
            "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        );
        [header.as_bytes(), content].concat()
    };
    let document = format!("<p>Grüße</p>{PIXEL}<p>Ende</p>\r\n");
    let utf16: Vec<u8> = document.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let base64 =
        |octets: &[u8]| format!("{}\r\n", data_encoding::BASE64_MIME.encode(octets).trim_end()).into_bytes();
    let quoted =
        document.replace('=', "=3D").replace('ü', "=FC").replace('ß', "=DF").replace("/o?", "/=\r\no?");
    let japanese = "<p>\u{1B}$B$3\u{1B}(B</p><img alt=\"\u{1B}$B$3\u{1B}(B\" src=\"https://t.example/o\" width=1 height=1>\r\n";
    let utf7 = format!("<p>+AOQ-</p>{}\r\n", PIXEL.replace('=', "+AD0-"));
    for (text, left) in [
        (part("8bit", "utf-8", document.as_bytes()), "<p>Grüße</p><p>Ende</p>\r\n"),
        (part("base64", "utf-8", &base64(document.as_bytes())), "<p>Grüße</p><p>Ende</p>\r\n"),
        (part("quoted-printable", "iso-8859-1", quoted.as_bytes()), "<p>Grüße</p><p>Ende</p>\r\n"),
        (part("base64", "utf-16be", &base64(&utf16)), "<p>Grüße</p><p>Ende</p>\r\n"),
        (part("7bit", "iso-2022-jp", japanese.as_bytes()), "<p>こ</p>\r\n"),
        (part("7bit", "utf-7", utf7.as_bytes()), "<p>ä</p>\r\n"),
    ] {
        let message = bytes(text.clone());
        let rewritten = rewrite(&message, &taking_out()).unwrap();
        assert_eq!(rewritten.taken_out.pixels, 1, "{}", String::from_utf8_lossy(&text));
        let read = bytes(rewritten.bytes);
        let checked = super::super::check(&read).unwrap();
        assert_eq!(checked.open().shown(None).leaves[0].text, left);
    }
}

#[test]
fn i7_what_is_signed_or_attached_keeps_its_trackers() {
    let pixel = format!("<p>x</p>{PIXEL}\n");
    let signed = format!(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"\n\n--s\nContent-Type: text/html\n\n{pixel}\n--s\n\
         Content-Type: application/pkcs7-signature\n\nMII=\n--s--\n"
    );
    let attached = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: text/html\n\
         Content-Disposition: attachment; filename=a.html\n\n{pixel}\n--b\nContent-Type: message/rfc822\n\nContent-Type: text/html\n\n{pixel}\n--b--\n"
    );
    for text in [signed, attached] {
        let rewritten = rewrite(&message(&text), &taking_out()).unwrap();
        assert_eq!(rewritten.taken_out, TakenOut::default());
        let whole = text.replace('\n', "\r\n");
        assert!(
            String::from_utf8(rewritten.bytes).unwrap().ends_with(whole.split_once("\r\n\r\n").unwrap().1)
        );
    }
}

#[test]
fn what_stands_in_a_picture_by_mistake_does_not_go_with_it() {
    becomes(
        "<amp-img src=https://t.example/o width=1 height=1><a href=https://shop.example/>x</a></amp-img>\r\n",
        "<a href=https://shop.example/>x</a></amp-img>\r\n",
    );
    let rewriting = Rewriting { tracking: Tracking::TakeOut(trackers()), ..marketing() };
    let copy = copy(
        &html("<body><amp-img src=https://t.example/o width=1 height=1></body></amp-img>\n"),
        &rewriting,
    );
    assert!(body(&copy).starts_with("<body>\r\n<div lang"), "{copy}");
}

#[test]
fn a_picture_ends_on_its_side_of_a_comment() {
    let (opens, other) =
        ("<amp-img src=https://t.example/o width=1 height=1>", "<img src=https://x.example/a.png>");
    becomes(
        &format!("{opens}<!--[if mso]>{other}</amp-img><![endif]-->x</amp-img>\r\n"),
        &format!("<!--[if mso]>{other}</amp-img><![endif]-->x</amp-img>\r\n"),
    );
    becomes(
        &format!("<!--[if mso]>{opens}<![endif]--></amp-img>{other}\r\n"),
        &format!("<!--[if mso]><![endif]--></amp-img>{other}\r\n"),
    );
    // Else the comment would lose its start, and what it held would be read.
    becomes(
        &format!("{opens}<!--[if mso]></amp-img><!--[if mso]>{PIXEL}\r\n"),
        &format!("<!--[if mso]></amp-img><!--[if mso]>{PIXEL}\r\n"),
    );
}

#[test]
fn a_picture_that_ends_a_drawing_leaves_one_that_asks_for_nothing() {
    becomes(&format!("<svg>{PIXEL}<style>p{{}}</style>\r\n"), "<svg><img alt=\"\"><style>p{}</style>\r\n");
    becomes(
        &format!("<svg><img src='https://named.example/x'/><script>{PIXEL}\r\n"),
        &format!("<svg><img alt=\"\"><script>{PIXEL}\r\n"),
    );
    let opens = "<amp-img src=https://t.example/o width=1 height=1>";
    becomes(
        &format!("<svg>{opens}{PIXEL}x</amp-img><style>{PIXEL}\r\n"),
        &format!("<svg><img alt=\"\">x</amp-img><style>{PIXEL}\r\n"),
    );
}

#[test]
fn a_removal_makes_no_tag_and_no_boundary_of_what_stands_around_it() {
    becomes(
        &format!("<{PIXEL}img src=\"https://t.example/o\" width=1 height=1>\r\n"),
        "< img src=\"https://t.example/o\" width=1 height=1>\r\n",
    );
    let text = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n{PIXEL}--b--\ny\n--b--\n"
    );
    let copy = copy(&text, &taking_out());
    assert!(body(&copy).contains("x\r\n --b--\r\ny\r\n"), "{copy}");
}

#[test]
fn what_would_go_is_told_with_the_hosts_that_policy_does_not_know() {
    let tracked = |text: &str| {
        let message = message(text);
        let checked = super::super::check(&message).unwrap();
        checked.open().tracked(&trackers(), Some(UNSUBSCRIBE))
    };
    let document = format!(
        "{PIXEL}<img src=https://named.example/x><a href=https://Shop.Example/><a href=https://other.example/?who=1><a href=https://dark.example/>\
         <a href=\"{UNSUBSCRIBE}\"><a href=https://www.facebook.com/x>\n"
    );
    let told = tracked(&html(&document));
    assert_eq!(told.would, TakenOut { pixels: 2, links: 1, opaque_links: 1 });
    assert_eq!(told.seal, BodySeal::Open);
    assert_eq!(told.unknown_pixel_hosts.into_iter().collect::<Vec<_>>(), ["t.example"]);
    assert_eq!(told.unknown_link_hosts.into_iter().collect::<Vec<_>>(), ["other.example"]);
    let many: String = (0..500).map(|at| format!("<a href=https://h{at}.example/>")).collect();
    assert_eq!(tracked(&html(&format!("{many}\n"))).unknown_link_hosts.len(), MOST_HOSTS);
    let pgp = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{PIXEL}\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
    );
    let told = tracked(&html(&pgp));
    assert_eq!((told.seal, told.would.pixels), (BodySeal::Sealed, 1));
}

/// Markup made of what trackers are made of.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "<img src=\"https://t.example/o\" width=1 height=1>",
        "<img src='https://named.example/x'",
        ">",
        "<",
        "/>",
        "\"",
        "'",
        " ",
        "<amp-img src=https://t.example/o width=1 height=1>",
        "</amp-img>",
        "<amp-pixel src=https://t.example/>",
        "<a href=\"",
        "<a href=",
        "https://x.example/?who=1&a=2",
        "https://go.example/?to=https%3A%2F%2Fshop.example%2F%3Fwho=1",
        "https://dark.example/x",
        "&amp;who=3",
        "#f",
        "<!--",
        "-->",
        "<!--[if mso]>",
        "<![endif]-->",
        "<style>",
        "</style>",
        ".px{}",
        "<div class=px style=\"display:none\">",
        "</div>",
        "<td style='background:url(https://named.example/a)'>",
        "</td>",
        "\r\n",
        "--b",
        "text ",
        "{{optgate.unsubscribe_url}}",
        "vår",
        "=",
        "<base href=https://t.example/>",
        "<script>",
        "</script>",
        "url(https://named.example/",
        ")",
        "<svg>",
        "</svg>",
        "<v:fill src=https://named.example/x>",
        "(",
        ".",
    ];
    proptest::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

/// Whether one text is the other with nothing but stretches left out and some of these put in.
fn is_left_of(left: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    left.chars().filter(|own| !own.is_whitespace()).all(|own| rest.any(|other| other == own))
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_second_pass_finds_nothing_to_take_out(
        soup in soup(),
        kind in prop::sample::select(vec!["html", "plain", "x-amp-html"]),
        stream in prop::sample::select(vec![Stream::Functional, Stream::Marketing]),
    ) {
        let text = format!(
            "Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}\n",
            soup.replace("\r\n", "\n")
        );
        let base = if stream == Stream::Functional { functional() } else { marketing() };
        let rewriting = Rewriting { tracking: Tracking::TakeOut(trackers()), ..base };
        let Ok(first) = rewrite(&message(&text), &rewriting) else { return Ok(()) };
        let again = bytes(first.bytes.clone());
        let second = rewrite(&again, &rewriting).unwrap();
        prop_assert_eq!(
            (second.taken_out.pixels, second.taken_out.links), (0, 0), "{}", String::from_utf8_lossy(&first.bytes)
        );
        // Where a footer stands is for other tests to say.
        if stream == Stream::Functional {
            prop_assert_eq!(
                String::from_utf8_lossy(&second.bytes[rewriting.received.len()..]),
                String::from_utf8_lossy(&first.bytes)
            );
        }
    }

    #[test]
    fn nothing_comes_in_but_a_target(soup in soup()) {
        let document = format!("{}\r\n", soup.replace("{{", "(("));
        let (left, taken_out) = taken(&document);
        let targets = ["https://shop.example/", "none", "<img alt=\"\">", "\"\""];
        let plain = targets.iter().fold(left.clone(), |left, target| left.replace(target, ""));
        let whole = targets.iter().fold(document.clone(), |whole, target| whole.replace(target, ""));
        prop_assert!(is_left_of(&plain, &whole), "{document}\n{left}");
        if taken_out.pixels + taken_out.links == 0 {
            prop_assert_eq!(left, document);
        }
    }
}
