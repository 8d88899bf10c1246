//! Each provider's own headers, as its documentation and clients write them, through the shipped `dialects.toml`.

use bytes::Bytes;
use jiff::Timestamp;

use crate::classify::{Grant, Unfit, classify};
use crate::mail::RawMessage;
use crate::policy::decide::decide;
use crate::policy::{Facts, PolicySet, Scope, Stream, file};

/// What the sender's file says of names of providers.
const NAMES: &str = "
[dialect.sendgrid.groups]
7 = \"apparel\"
[dialect.ses.topics]
Shirts = \"apparel.tshirts\"
[dialect.ses.lists]
Everybody = \"apparel\"
[dialect.postmark.streams]
outbound = \"furniture.office\"
receipts = { stream = \"functional\" }
news = { stream = \"marketing\", scope = \"apparel\" }
[dialect.postmark.tags]
welcome = { stream = \"functional\" }
[dialect.mailgun.tags]
\"summer sale\" = \"apparel.trousers\"
";

fn policy(names: &str) -> PolicySet {
    let mut files = file::shipped();
    let sender = files.iter_mut().find(|(name, _)| name.starts_with("senders/")).unwrap();
    sender.1.push_str(names);
    file::parse(&files).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).0
}

fn classified(policy: &PolicySet, header: &str) -> Result<Facts, Unfit> {
    let text = format!("From: news@shop.example\r\n{}\r\n\r\nbody\r\n", header.replace('\n', "\r\n"));
    let message = RawMessage::index(Bytes::from(text)).unwrap();
    let streams = vec![Stream::Marketing, Stream::Functional, Stream::Confirmation];
    let grant = Grant { sender: "demo-shop".to_owned(), name: "test".to_owned(), streams };
    classify(&message, &grant, policy)
}

/// `STREAM SCOPE CAMPAIGN` (`-` for none), or why there is nothing of it.
fn heard(policy: &PolicySet, header: &str) -> String {
    match classified(policy, header) {
        Ok(facts) => format!(
            "{} {} {}",
            facts.stream,
            facts.scope.as_ref().map_or("-", Scope::as_str),
            facts.campaign.as_deref().unwrap_or("-")
        ),
        Err(unfit) => unfit.reason.to_string(),
    }
}

#[track_caller]
fn check(header: &str, expected: &str) {
    assert_eq!(heard(&policy(""), header), expected, "{header}");
}

#[track_caller]
fn check_mapped(header: &str, expected: &str) {
    assert_eq!(heard(&policy(NAMES), header), expected, "{header}");
}

/// The text of the verdict.
fn said(policy: &PolicySet, header: &str) -> String {
    match classified(policy, header) {
        Ok(facts) => {
            let verdict =
                decide(policy, &facts, &Default::default(), &Default::default(), Timestamp::UNIX_EPOCH);
            format!("[{}] {}", verdict.reason.unwrap(), verdict.text)
        }
        Err(unfit) => format!("[{}] {}", unfit.reason, unfit.text),
    }
}

#[test]
fn ses_names_a_topic_or_a_list() {
    check("X-SES-LIST-MANAGEMENT-OPTIONS: MyList; topic=apparel.tshirts", "marketing apparel.tshirts -");
    check("X-SES-LIST-MANAGEMENT-OPTIONS: contactListName=L;topicName=apparel", "marketing apparel -");
    check("x-ses-list-management-options:\n contactListName=L;\n topicName=apparel", "marketing apparel -");
    check("X-SES-LIST-MANAGEMENT-OPTIONS: L; topic=Shirts", "marketing - -");
    check_mapped("X-SES-LIST-MANAGEMENT-OPTIONS: L; topic=Shirts", "marketing apparel.tshirts -");
    check_mapped("X-SES-LIST-MANAGEMENT-OPTIONS: Everybody", "marketing apparel -");
    check_mapped("X-SES-LIST-MANAGEMENT-OPTIONS: contactListName=Everybody", "marketing apparel -");
    check("X-SES-CONFIGURATION-SET: main", "unclassified");
}

#[test]
fn sendgrid_names_a_group_and_categories() {
    check_mapped("X-SMTPAPI: {\"asm_group_id\": 7, \"category\": \"autumn\"}", "marketing apparel autumn");
    check_mapped(
        "X-SMTPAPI: {\"asm_group_id\":\n \"7\", \"category\":\n\t[\"autumn\", \"sale\"]}",
        "marketing apparel autumn",
    );
    check_mapped("X-SMTPAPI: {\"asm_group_id\": 8}", "marketing - -");
    check("X-SMTPAPI: {\"category\": [\"newsletter\", \"apparel\"]}", "marketing apparel newsletter");
    check("X-SMTPAPI: {\"category\": \"receipts\", \"unique_args\": {\"order\": \"1\"}}", "unclassified");
    check_mapped(
        "X-SMTPAPI: {\"asm_group_id\": 7, \"asm_groups_to_display\": [7, 8], \"to\": [], \"sub\": {}, \"send_at\": 0, \"filters\": []}",
        "marketing apparel -",
    );
}

#[test]
fn a_group_that_stands_for_nothing_is_told_with_its_header_and_its_key() {
    let policy = policy(NAMES);
    let text = said(&policy, "X-SMTPAPI: {\"asm_group_id\": 8}");
    let expected = "[unknown_scope] X-SMTPAPI asm_group_id says 8, which is no scope: say what it stands for in \
                    senders/demo-shop.toml, as 8 = \"SCOPE\" below [dialect.sendgrid.groups]";
    assert_eq!(text, expected);
    let near = said(&policy, "X-SES-LIST-MANAGEMENT-OPTIONS: L; topic=aparel");
    assert!(near.contains("did you mean `apparel`?") && near.contains("[dialect.ses.topics]"), "{near}");
    let personal = said(&policy, "X-PM-Message-Stream: anna@example.se \"x\"");
    assert!(personal.contains("says a***@example.se") && personal.contains("\\\"x\\\"\" = "), "{personal}");
}

#[test]
fn postmark_names_a_stream() {
    check("X-PM-Message-Stream: outbound", "functional - -");
    check("X-PM-Message-Stream: outbound\nX-PM-Tag: password-reset", "functional - password-reset");
    check("X-PM-Message-Stream: broadcast", "marketing - -");
    check("X-PM-Message-Stream: broadcast\nX-PM-Tag: apparel", "marketing apparel apparel");
    check("X-PM-Message-Stream: apparel", "marketing apparel -");
    check("X-PM-Message-Stream: receipts", "marketing - -");
    check_mapped("X-PM-Message-Stream: receipts", "functional - -");
    check_mapped("X-PM-Message-Stream: news", "marketing apparel -");
    // The sender's word goes before what such a name usually means.
    check_mapped("X-PM-Message-Stream: outbound", "marketing furniture.office -");
    check_mapped("X-PM-Tag: welcome", "functional - welcome");
}

#[test]
fn labels_are_scopes_only_where_they_are_known() {
    check("X-Mailgun-Tag: newsletter\nX-Mailgun-Tag: apparel", "marketing apparel newsletter");
    check("X-Mailgun-Tag: newsletter", "unclassified");
    check_mapped("X-Mailgun-Tag: summer sale", "marketing apparel.trousers summer sale");
    check("X-MC-Tags: welcome, furniture.office ,x", "marketing furniture.office welcome");
    check("X-MC-Subaccount: apparel", "marketing apparel -");
    check("X-MC-Subaccount: customer-7", "unclassified");
    check("X-Mailin-Tag: apparel", "marketing apparel apparel");
    check("X-Mailjet-Campaign: apparel", "marketing apparel apparel");
    check("X-Listmonk-Campaign: 0b7a\nX-Optgate-Scope: apparel", "marketing apparel 0b7a");
    // They name no stream.
    check("X-Mailgun-Tag: apparel\nX-Optgate-Stream: functional", "functional apparel apparel");
}

#[test]
fn sparkpost_says_what_is_transactional() {
    check(
        "X-MSYS-API: {\"options\": {\"transactional\": true}, \"campaign_id\": \"receipts\"}",
        "functional - receipts",
    );
    check(
        "X-MSYS-API: {\"options\": {\"transactional\": false}, \"campaign_id\": \"apparel\"}",
        "marketing apparel apparel",
    );
    check("X-MSYS-API: {\"options\": {\"transactional\": \"perhaps\"}}", "marketing - -");
    check(
        "X-MSYS-API: {\"options\": {\"open_tracking\": true}, \"tags\": [\"apparel\"]}",
        "marketing apparel apparel",
    );
}

#[test]
fn our_own_headers_go_before_and_the_senders_rules_after() {
    check_mapped(
        "X-SMTPAPI: {\"asm_group_id\": 7}\nX-Optgate-Scope: furniture.office",
        "marketing furniture.office -",
    );
    check_mapped("X-SMTPAPI: {\"asm_group_id\": 7}\nX-Optgate-Stream: functional", "functional apparel -");
    check_mapped("X-SMTPAPI: {\"asm_group_id\": 7}\nX-Campaign: summer-26", "marketing apparel -");
    check("X-Mailgun-Tag: newsletter\nX-Campaign: summer-26", "marketing apparel newsletter");
    // What is not known is left to the next that says it.
    check("X-SMTPAPI: {\"asm_group_id\": 8}\nX-Campaign: summer-26", "marketing apparel -");
    check("X-SMTPAPI: {\"asm_group_id\": 8}\nX-Optgate-Scope: Toys", "marketing - -");
}

#[test]
fn nothing_is_functional_because_a_header_could_not_be_read() {
    let from = "[[classify]]\nheader = \"From\"\nmatches = \"news@\"\nstream = \"functional\"\n";
    let policy = policy(from);
    let check = |header: &str, expected: &str| assert_eq!(heard(&policy, header), expected, "{header}");
    check("Subject: x", "functional - -");
    for broken in [
        "X-SMTPAPI: {\"asm_group_id\": 7",
        "X-SMTPAPI: 7",
        "X-SMTPAPI: {\"asm_group_id\": {\"id\": 7}}",
        "X-SMTPAPI: {\"asm_group_id\": 7}\nX-SMTPAPI: {\"asm_group_id\": 8}",
        "X-MSYS-API: {\"options\": \"none\"}",
        "X-PM-Message-Stream: outbound\nX-PM-Message-Stream: broadcast",
        "X-SES-LIST-MANAGEMENT-OPTIONS: L; topic=a\nX-SES-LIST-MANAGEMENT-OPTIONS: L; topic=b",
    ] {
        check(broken, "unclassified");
        check(&format!("{broken}\nX-Optgate-Stream: functional"), "functional - -");
        check(&format!("{broken}\nX-Optgate-Campaign: x"), "unclassified");
    }
    check("X-SMTPAPI: {\"asm_group_id\": 8}", "marketing - -");
    // Where two disagree the message is what asks for more.
    check(
        "X-PM-Message-Stream: outbound\nX-SES-LIST-MANAGEMENT-OPTIONS: L; topic=apparel",
        "marketing apparel -",
    );
    check("X-SMTPAPI:", "functional - -");
}

#[test]
fn what_only_the_provider_can_do_is_refused_and_says_so() {
    let policy = policy("");
    for (header, told) in [
        ("X-SMTPAPI: {\"to\": [\"a@example.com\"]}", "X-SMTPAPI to: recipients are those of the envelope"),
        ("X-SMTPAPI: {\"sub\": {\"-name-\": [\"Anna\"]}}", "X-SMTPAPI sub"),
        ("X-SMTPAPI: {\"send_at\": 1790000000}", "X-SMTPAPI send_at"),
        ("X-SMTPAPI: {\"filters\": {\"templates\": {\"settings\": {\"enable\": 1}}}}", "templates"),
        ("X-Mailgun-Drop-Message: yes", "not to be delivered"),
        ("X-Mailgun-Deliver-By: Fri, 14 Oct 2011 23:10:10 -0000", "X-Mailgun-Deliver-By"),
        ("X-Mailgun-Recipient-Variables: {\"a@example.com\": {\"name\": \"A\"}}", "variables"),
        ("X-MC-MergeVars: {\"NAME\": \"Anna\"}", "merge tags"),
        ("X-MC-Template: welcome|main", "templates"),
        ("X-MC-SendAt: 2026-11-22 18:00:00", "X-MC-SendAt"),
        ("X-MC-BccAddress: a@example.com", "X-MC-BccAddress"),
        ("X-MSYS-API: {\"cc\": [{\"email\": \"a@example.com\"}]}", "X-MSYS-API cc"),
        ("X-MJ-TemplateID: 12", "X-MJ-TemplateID"),
    ] {
        let text = said(&policy, &format!("{header}\nX-Optgate-Stream: functional"));
        assert!(text.starts_with("[unclassified]") && text.contains(told), "{header}: {text}");
    }
    check(
        "X-Mailgun-Drop-Message: no\nX-Mailgun-Recipient-Variables: {}\nX-Optgate-Scope: apparel",
        "marketing apparel -",
    );
}

#[test]
fn a_campaign_keeps_no_address_and_one_that_is_too_long_is_none() {
    check(
        "X-Mailgun-Tag: to anna@example.se\nX-Optgate-Scope: apparel",
        "marketing apparel to a***@example.se",
    );
    check(&format!("X-Mailgun-Tag: {}\nX-Optgate-Scope: apparel", "x".repeat(101)), "marketing apparel -");
}

#[test]
fn a_verdict_names_the_line_that_told_the_stream() {
    let policy = policy(NAMES);
    let facts = classified(&policy, "X-SMTPAPI: {\"asm_group_id\": 7}").unwrap();
    assert_eq!(policy.line(&facts.rule), Some("7 = \"apparel\""));
    let facts = classified(&policy, "X-PM-Message-Stream: broadcast").unwrap();
    assert_eq!((&*facts.rule.file, policy.line(&facts.rule)), ("dialects.toml", Some("[[selector]]")));
}

#[test]
fn a_selector_without_a_table_looks_into_all_of_the_senders() {
    let mut files = file::shipped();
    for (name, text) in &mut files {
        match name.as_str() {
            "dialects.toml" => {
                *text = include_str!("../../../tests/vectors/contract-dialects.toml").to_owned()
            }
            "senders/demo-shop.toml" => text.push_str(NAMES),
            _ => {}
        }
    }
    let policy = file::parse(&files).unwrap().0;
    assert_eq!(
        heard(&policy, "X-SES-LIST-MANAGEMENT-OPTIONS: L; topicName=Shirts"),
        "marketing apparel.tshirts -"
    );
}

#[test]
fn hostile_json_is_survived() {
    let policy = policy("");
    let deep = format!("X-SMTPAPI: {{\"asm_group_id\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(heard(&policy, &deep), "unclassified");
    let wide = format!("X-SMTPAPI: {{\"category\": [{}\"x\"]}}", "\"a\", ".repeat(10_000));
    assert_eq!(heard(&policy, &wide), "unclassified");
}
