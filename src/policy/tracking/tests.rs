//! What policy makes of addresses, by files as teams write them.

use super::address::WebAddress;
use super::*;
use crate::policy::file::{parse, shipped};

const SENDER: &str = "id = \"x\"\nname = \"X\"\npostal_address = \"S\"\nprivacy_notice = \"https://x.example/privacy\"\n\
                      from_domains = [\"x.example\", \"*.x.example\"]\ndefault_jurisdiction = \"se\"\n";

/// The shipped files, with this below a sender's own.
fn trackers(own: &str) -> Arc<Trackers> {
    let mut files = shipped();
    files.push(("senders/x.toml".to_owned(), format!("{SENDER}{own}")));
    let policy = parse(&files).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).0;
    policy.sender("x").unwrap().trackers.clone()
}

fn address(text: &str) -> WebAddress {
    WebAddress::parse(text).unwrap_or_else(|| panic!("{text}"))
}

/// What a link becomes; itself where nothing changes.
fn becomes(trackers: &Trackers, text: &str) -> (String, bool) {
    let link = address(text);
    let Untracked { change, opaque } = trackers.untrack(&link, |own| own.host() == "mail.example.com");
    let left = match change {
        None => text.to_owned(),
        Some(Change::Target(target)) => target,
        Some(Change::Without(goes)) => without(text, &goes),
    };
    (left, opaque)
}

#[test]
fn the_shipped_file_knows_the_pixels_of_providers() {
    let trackers = trackers("");
    for pixel in [
        "https://u123.ct.sendgrid.net/wf/open?upn=x",
        "http://url42.shop.example/WF/open?upn=x",
        "https://shop.us1.list-manage.com/track/open.php?u=1&id=2&e=3",
        "https://mandrillapp.com/track/open.php?u=1&id=2",
        "http://email.mg.shop.example/o/eJwNzEEOwiAQ",
        "https://abc.r.eu-west-1.awstrack.me/I0/0102019-000000/x=1",
        "https://pstmrk.it/open?m=x",
        "https://r.shop.example/tr/op/abc",
        "https://xyz.mjt.lu/oo/AAA/x/e.gif",
        "https://go.sparkpostmail2.com/q/abc",
        "https://d1.hubspot.shop.example/e2t/o/abc",
        "https://lists.shop.example/campaign/a-b/c-d/px.png",
        "https://e.customeriomail.com/e/o/eyJlbWFp",
        "https://www.google-analytics.com/collect?v=1&cid=2",
        "https://click.news.shop.example/open.aspx?x=1",
        "https://r20.rs6.net/on.jsp?ca=1",
        "https://abc.emltrk.com/abc?p",
    ] {
        assert!(trackers.is_pixel(&address(pixel)), "{pixel}");
    }
    for picture in [
        "https://shop.example/img/open.png",
        "https://cdn.shop.example/o/logo.png",
        "https://shop.example/track-and-field.jpg",
        "https://list-manage.com.shop.example/logo.gif",
        "https://gallery.mailchimp.com/5d8f1fe8c2/images/logo.png",
        "https://shop.example/campaign/summer/px.png",
    ] {
        assert!(!trackers.is_pixel(&address(picture)), "{picture}");
    }
}

#[test]
fn what_tells_the_person_goes_and_what_tells_the_campaign_stays() {
    let trackers = trackers("");
    for (link, left) in [
        (
            "https://shop.example/?utm_source=news&mc_cid=1&mc_eid=2#x",
            "https://shop.example/?utm_source=news&mc_cid=1#x",
        ),
        ("https://shop.example/?_hsenc=a&_hsmi=b", "https://shop.example/"),
        ("https://shop.example/?VERO_id=1&q=mc_eid", "https://shop.example/?q=mc_eid"),
        ("https://shop.example/?xmc_eid=1&mc_eidx=2", "https://shop.example/?xmc_eid=1&mc_eidx=2"),
    ] {
        assert_eq!(becomes(&trackers, link), (left.to_owned(), false));
    }
}

#[test]
fn a_redirect_gives_way_to_its_target_and_one_that_hides_it_stays() {
    let trackers = trackers("");
    let ses =
        "https://x.r.us-east-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fa%3Fmc_eid=1%26b=2/1/0107-0/sig=447";
    assert_eq!(becomes(&trackers, ses), ("https://shop.example/a?b=2".to_owned(), false));
    let postmark = "https://click.pstmrk.it/3s/shop.example%2Fa/I54/omO0AQ/AQ/fc4996d3/5/iK88tSr3VM";
    assert_eq!(becomes(&trackers, postmark), ("https://shop.example/a".to_owned(), false));
    let mailjet = "http://gtpx.mjt.lu/lnk/APsAAAXt/4/zonyPf/aHR0cHM6Ly9zaG9wLmV4YW1wbGUvYQ";
    assert_eq!(becomes(&trackers, mailjet), ("https://shop.example/a".to_owned(), false));
    for opaque in [
        "https://u123.ct.sendgrid.net/ls/click?upn=abc&mc_eid=1",
        "https://shop.us1.list-manage.com/track/click?u=1&id=2&e=3",
        "https://email.mg.shop.example/c/eJwN",
        "https://x.r.us-east-1.awstrack.me/L0/nowhere/1/0107-0/sig=447",
    ] {
        assert_eq!(
            becomes(&trackers, opaque),
            (opaque.to_owned(), true),
            "its parameters may be what it goes by"
        );
    }
    // Through one that says its target to one that doesn't.
    let both = "https://x.awstrack.me/L0/https:%2F%2Fu.ct.sendgrid.net%2Fls%2Fclick%3Fupn=1/1/a/b";
    assert_eq!(becomes(&trackers, both), ("https://u.ct.sendgrid.net/ls/click?upn=1".to_owned(), true));
}

#[test]
fn a_way_out_and_our_own_links_are_never_touched() {
    let trackers = trackers("");
    for link in [
        "https://shop.example/unsubscribe?mc_eid=1",
        "https://shop.us1.list-manage.com/unsubscribe?u=1&id=2&e=3",
        "https://x.awstrack.me/L0/https:%2F%2Fshop.example%2Funsubscribe%3Fid=1/1/a/b",
        "https://x.awstrack.me/L0/https:%2F%2Fmail.example.com%2Fu%2Fabc/1/a/b",
        "https://mail.example.com/u/abc?mc_eid=1",
        "https://shop.example/nyhetsbrev/Avregistrera?mc_eid=1",
    ] {
        assert_eq!(becomes(&trackers, link), (link.to_owned(), false));
    }
}

#[test]
fn redirects_within_redirects_come_to_an_end() {
    let trackers = trackers("[[tracking.redirect]]\nhosts = [\"t.example\"]\ntarget = [\"query u\"]\n");
    let wrap = |times: usize| {
        let encode = |text: &str| text.replace('%', "%25").replace(':', "%3A").replace('&', "%26");
        (0..times).fold("https://shop.example/".to_owned(), |inner, _| {
            format!("https://t.example/?u={}", encode(&inner))
        })
    };
    assert_eq!(becomes(&trackers, &wrap(4)), ("https://shop.example/".to_owned(), false));
    assert_eq!(becomes(&trackers, &wrap(5)), (wrap(5), true), "a second pass would find no less");
}

#[test]
fn a_sender_names_its_own_and_what_it_trusts() {
    let own = "[tracking]\nharmless = [\"img.cdn.example\"]\n[[tracking.pixel]]\nhosts = [\"mautic.x.example\"]\npath = \"/email/*.gif\"\n\
               [[tracking.parameter]]\nname = \"cust\"\nhosts = [\"*.x.example\"]\n";
    let (trackers, others) = (trackers(own), trackers(""));
    let pixel = address("https://mautic.x.example/email/60af.gif");
    assert!(trackers.is_pixel(&pixel) && !others.is_pixel(&pixel));
    assert!(!trackers.is_pixel(&address("https://mautic.x.example/email/a/b.gif")), "* ends at a slash");
    assert_eq!(becomes(&trackers, "https://www.x.example/?cust=1").0, "https://www.x.example/");
    assert_eq!(becomes(&trackers, "https://y.example/?cust=1").0, "https://y.example/?cust=1");
    assert!(trackers.is_harmless(&address("https://img.cdn.example/a.gif?u=1")));
    assert!(!others.is_harmless(&address("https://img.cdn.example/a.gif")));
    assert!(
        trackers.knows("img.cdn.example")
            && trackers.knows("www.x.example")
            && trackers.knows("u.awstrack.me")
    );
    assert!(!others.knows("img.cdn.example") && !others.knows("t.example"));
}

#[test]
fn a_spacer_is_the_same_for_all_readers() {
    let trackers = trackers("");
    for (text, harmless) in [
        ("https://shop.example/images/Spacer.gif", true),
        ("https://shop.example/images/spacer.gif?u=1", false),
        ("https://shop.example/o/0191c2aa7be94f3d8c/spacer.gif", false),
        ("https://shop.example/images/open.gif", false),
    ] {
        assert_eq!(trackers.is_harmless(&address(text)), harmless, "{text}");
    }
}
