//! Where things come into HTML, and how they look there.

use super::body::html;
use super::*;

#[test]
fn the_html_footer_stands_before_the_real_end_of_the_body() {
    let decoys = "<body><!-- </body> --><script>a = '</body>'</script><p title='</body>'>Hi</p>";
    let copy = copy(&html(&format!("{decoys}</BODY></html>\n")), &marketing());
    assert!(body(&copy).starts_with(&format!("{decoys}\r\n<div lang")));
    assert!(copy.ends_with("</div>\r\n</BODY></html>\r\n"));
    let twice = super::copy(&html("<body>a</body><body>b</body>\n"), &marketing());
    assert_eq!(twice.matches(UNSUBSCRIBE).count(), 2, "once in the header, once in the body");
    let bare = super::copy(&html("<p>a</p>\n"), &marketing());
    assert!(body(&bare).starts_with("<p>a</p>\r\n<div") && bare.ends_with("</div>\r\n"));
}

#[test]
fn a_comment_that_never_ends_hides_no_footer() {
    assert!(
        body(&copy(&html("<p>a</p><!-- b\n"), &marketing())).starts_with("<p>a</p><!-- b\r\n-->\r\n<div")
    );
}

#[test]
fn an_element_that_never_ends_hides_no_footer() {
    for (open, close) in
        [("<style>b\n", "</style>"), ("<a title=\"b\n", "\">"), ("<textarea>b\n", "</textarea>")]
    {
        let copy = copy(&html(&format!("<p>a</p>{open}</body></html>\n")), &marketing());
        assert!(body(&copy).contains(&format!("</html>\r\n{close}\r\n<div lang")), "{copy}");
    }
}

#[test]
fn what_is_left_open_gets_its_footer_once_however_often_it_passes() {
    const HIDDEN: [&str; 3] = ["<div style='display:none'>", "<td hidden>", "<p class=h>"];
    const TAGS: [&str; 8] =
        ["", "<table>", "<tr>", "<td>", "<table><tr><td>", "</td>", "</table>", "<table><caption>"];
    for (before, hidden) in TAGS.iter().flat_map(|own| HIDDEN.map(|hidden| (own, hidden))) {
        for (within, after) in TAGS.iter().flat_map(|own| TAGS.map(|after| (own, after))) {
            let document = format!("<style>.h{{display:none}}</style>{before}{hidden}{within}a{after}\n");
            let first = copy(&html(&document), &marketing());
            let second = copy_of(&bytes(first.clone().into_bytes()), &marketing());
            assert_eq!(body(&second), body(&first), "{document}");
            assert_eq!(first.matches("/p/").count(), 1, "{document}");
        }
    }
}

#[test]
fn what_is_filled_makes_no_tag_of_what_stands_around_it() {
    let filled = |document: &str, rewriting: &Rewriting| body(&copy(&html(document), rewriting)).to_owned();
    for (document, left) in [
        ("<p>Out: <{{optgate.unsubscribe_url}}></p>\n", format!("<p>Out: < {UNSUBSCRIBE}></p>\r\n")),
        ("<p><{{optgate.postal_address}}></p>\n", format!("<p>< {ADDRESS}></p>\r\n")),
        (
            "<!--[if mso]><a href=x<{{optgate.unsubscribe_url}}><{{optgate.unsubscribe_url}}><![endif]-->\n",
            format!("<!--[if mso]><a href=x<{UNSUBSCRIBE}>< {UNSUBSCRIBE}><![endif]-->\r\n"),
        ),
        ("<p title=<{{optgate.unsubscribe_url}}>x\n", format!("<p title=<{UNSUBSCRIBE}>x\r\n")),
        // Else this would be a picture, which another pass would take out.
        (
            "<{{optgate.unsubscribe_url}}<!--<td style='background:url(https://named.example/a)'>\n",
            format!("< {UNSUBSCRIBE}<!--<td style='background:url(https://named.example/a)'>\r\n"),
        ),
    ] {
        assert_eq!(filled(document, &functional()), left);
    }
    let nowhere = Rewriting { postal_address: None, ..functional() };
    assert_eq!(filled("<{{optgate.postal_address}}b>x\n", &nowhere), "< b>x\r\n");
}

#[test]
fn what_is_filled_with_nothing_makes_no_boundary_of_what_follows() {
    let nowhere = Rewriting { postal_address: None, ..functional() };
    for kind in ["html\n\nx", "html\n\n<!--x", "plain\n\nx"] {
        let text = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/{kind}\n{{{{optgate.postal_address}}}}--b--\ny\n--b--\n"
        );
        let copy = copy(&text, &nowhere);
        assert!(body(&copy).contains("x\r\n --b--\r\ny\r\n"), "{copy}");
    }
}

#[test]
fn a_link_that_nobody_sees_is_none() {
    let hidden = format!("<body><!-- {UNSUBSCRIBE} {{{{optgate.unsubscribe_url}}}} --></body>\n");
    assert!(body(&copy(&html(&hidden), &marketing())).contains("<div lang"));
}

#[test]
fn whoever_sees_the_content_sees_the_footer() {
    let footer = |html: &str, before: &str, after: &str| {
        let copy = copy(&super::body::html(html), &marketing());
        assert!(body(&copy).contains(&format!("{before}\r\n<div lang")), "{copy}");
        assert!(copy.contains(&format!("</div>{after}")), "{copy}");
        assert_eq!(body(&copy).matches(UNSUBSCRIBE).count(), 1, "{copy}");
    };
    let (open, close) = ("<!--[if !mso]><!-->", "<!--<![endif]-->");
    footer(&format!("<body>x{open}y</body>{close}\n"), &format!("y{close}"), &format!("{open}\r\n</body>"));
    footer("<body><table><tr><td>x</body>\n", "x</table>", "\r\n</body>");
    footer("<body><div style='display:none'>x</body>\n", "x</div>", "\r\n</body>");
    footer("<body><template></body></template>x</body>\n", "x", "\r\n</body>");
    footer("<html><p>x\n</html>\n", "<p>x\r\n", "\r\n</html>");
}

#[test]
fn a_link_that_few_see_does_not_count() {
    for hidden in [
        "<!--[if mso]><a href='LINK'>out</a><![endif]-->",
        "<div style='display: none'>LINK</div>",
        "<img src='LINK'>",
    ] {
        for link in [UNSUBSCRIBE, "{{optgate.unsubscribe_url}}"] {
            let text = html(&format!("<body>{}</body>\n", hidden.replace("LINK", link)));
            let copy = copy(&text, &marketing());
            assert_eq!(body(&copy).matches(UNSUBSCRIBE).count(), 2, "{copy}");
            assert!(copy.contains("<div lang"), "{copy}");
        }
    }
}

/// A template's rules may colour any element: `a { color: #fff !important }` must not take ours out of sight.
#[test]
fn each_element_of_the_footer_has_both_its_colours_twice() {
    let demands = Demands {
        postal_address: true,
        advertising_label: true,
        privacy_notice: Some("https://shop.example/privacy".to_owned()),
    };
    let footer_text = Some(OwnText { language: "ar".to_owned(), text: "أهلا".to_owned() });
    let copy = copy(&html("<body></body>\n"), &Rewriting { demands, footer_text, ..marketing() });
    let ours = &copy[copy.find("<div lang").unwrap()..copy.find("</body>").unwrap()];
    let tags: Vec<&str> =
        ours.split('<').filter(|tag| tag.starts_with(|first: char| first.is_ascii_lowercase())).collect();
    assert_eq!(tags.iter().filter(|tag| tag.starts_with("a ")).count(), 3, "{ours}");
    for tag in tags.into_iter().filter(|tag| !tag.starts_with("br")) {
        let tag = tag.split('>').next().unwrap();
        for colour in ["background-color:#ffffff;", "background-color:#ffffff !important;", " !important\""] {
            assert!(tag.contains(colour), "{colour} in {tag}");
        }
        assert!(!tag.contains("class=") && !tag.contains("id="), "{tag}");
    }
    assert!(!ours.contains("<table") && !ours.contains("<style"), "{ours}");
}

#[test]
fn the_way_out_stands_above_what_is_cut_off_where_policy_says_so() {
    let top = Rewriting { clipped_footer: ClippedFooter::Top, ..marketing() };
    let long = |before: &str, after: &str| {
        let line = format!("<p>{}</p>\n", "x".repeat(60));
        html(&format!(
            "<!doctype html><html><head><style>p {{ }}</style></head><body class=\"a\">{before}{}{after}</body></html>\n",
            line.repeat(CLIPPED_FROM / line.len() + 1)
        ))
    };
    let start = "<body class=\"a\">";
    let copy = super::copy(&long("", ""), &top);
    assert!(copy.contains(&format!("{start}\r\n<div lang=\"en\" dir=\"ltr\"")), "{}", &copy[..2000]);
    assert_eq!(body(&copy).matches(UNSUBSCRIBE).count(), 2, "above and below");
    let again = super::copy(&copy.replace("\r\n", "\n"), &top);
    assert_eq!(body(&again), body(&copy));
    // A link of the template's own that everybody sees is enough; one that is cut off is not.
    let placeholder = "<a href=\"{{optgate.unsubscribe_url}}\">Out</a>";
    assert_eq!(body(&super::copy(&long(placeholder, ""), &top)).matches(UNSUBSCRIBE).count(), 1);
    let copy = super::copy(&long("", placeholder), &top);
    assert!(
        body(&copy).matches(UNSUBSCRIBE).count() == 2 && copy.contains(&format!("{start}\r\n<div")),
        "both"
    );
    for rewriting in [marketing(), Rewriting { stream: Stream::Functional, ..top.clone() }] {
        let copy = super::copy(&long("", ""), &rewriting);
        assert!(copy.contains(&format!("{start}<p>")), "nothing comes to the top");
    }
    assert!(super::copy(&html("<body>x</body>\n"), &top).contains("<body>x\r\n<div"), "nothing is cut off");
}
