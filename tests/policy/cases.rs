//! `optgate policy test`, and what `policy check` says of cases.

use super::{json, policy, replace, shipped_folder, warnings, write};

const CHAIRS: &str = r#"
[[case]]
name = "chairs for all"
sender = "demo-shop"
at = 2026-11-21T12:00:00Z
facts = [{ purchase = "apparel.tshirts", at = 2026-05-01T10:00:00Z, notice = true }]
message = { stream = "marketing", scope = "furniture.office" }
expect = { verdict = "deliver", ground = "soft_opt_in" }
"#;

#[test]
fn the_shipped_cases_come_out_as_they_say() {
    let folder = shipped_folder();
    let (status, said) = policy(&["test"], folder.path());
    assert_eq!(status, 0, "{said}");
    assert!(said.ends_with("all as expected\n"), "{said}");
}

#[test]
fn a_case_that_fails_says_what_was_expected_what_came_and_by_which_rule() {
    let folder = shipped_folder();
    write(folder.path(), "cases/chairs.toml", CHAIRS);
    let (status, said) = policy(&["test"], folder.path());
    assert_eq!(status, 1, "{said}");
    let line = said.lines().next().unwrap();
    for part in [
        "cases/chairs.toml:2: \"chairs for all\": expected deliver, ground soft_opt_in, came refuse, reason out_of_scope: ",
        "furniture.office is not among its likes",
        "(senders/demo-shop.toml:",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(said.trim_end().ends_with("1 not as expected"), "{said}");
    let all = json(&["test"], folder.path());
    let failed: Vec<_> = all.as_array().unwrap().iter().filter(|one| one["passed"] == false).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["file"], "cases/chairs.toml");
    assert_eq!(failed[0]["expect"], serde_json::json!({"verdict": "deliver", "ground": "soft_opt_in"}));
    assert_eq!(failed[0]["verdict"]["reason"], "out_of_scope");
}

#[test]
fn cases_are_chosen_by_their_names() {
    let folder = shipped_folder();
    write(folder.path(), "cases/chairs.toml", CHAIRS);
    let (status, said) = policy(&["test", "--name", "CHAIRS FOR"], folder.path());
    assert_eq!((status, said.lines().last()), (1, Some("1 case, 1 not as expected")));
    let (status, said) = policy(&["test", "--name", "sofas"], folder.path());
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("has `sofas` in its name"), "{said}");
}

#[test]
fn a_rule_that_changed_fails_the_cases_that_rest_on_it() {
    let folder = shipped_folder();
    replace(folder.path(), "senders/demo-shop.toml", "allows = [\"apparel\"]", "allows = [\"furniture\"]");
    let (status, said) = policy(&["test"], folder.path());
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("cases/similar-goods.toml:"), "{said}");
}

#[test]
fn a_case_that_can_not_be_is_told_with_its_line_and_nothing_is_run() {
    let folder = shipped_folder();
    write(folder.path(), "cases/chairs.toml", &CHAIRS.replace("furniture.office", "furniture.ofice"));
    for verb in ["test", "check"] {
        let (status, said) = policy(&[verb], folder.path());
        assert_eq!(status, 1, "{said}");
        assert!(said.contains("--> cases/chairs.toml:7:") && said.contains("^^^^"), "{said}");
        assert!(said.contains("did you mean `furniture.office`?"), "{said}");
    }
}

#[test]
fn a_rule_of_ones_own_that_no_case_touches_draws_a_warning() {
    let folder = shipped_folder();
    let (status, said) = policy(&["check"], folder.path());
    assert!(status == 0 && said.contains("\nnote: jurisdictions/se.toml:13: `se`"), "{said}");
    assert_eq!(warnings(folder.path()), [""; 0]);
    let like = "\n[[similar]]\nbought = \"furniture.office\"\nallows = [\"furniture\"]\n";
    let sender = std::fs::read_to_string(folder.path().join("senders/demo-shop.toml")).unwrap();
    write(folder.path(), "senders/demo-shop.toml", &format!("{sender}{like}"));
    let (status, said) = policy(&["check"], folder.path());
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("warning: no case touches this [[similar]]"), "{said}");
    assert_eq!(warnings(folder.path()), ["warning no case touches this [[similar]]"]);
}

const SPACED_OUT: &str = r#"
id = "club"
name = "Club"
postal_address = "Storgatan 1"
from_domains = ["club.example"]
default_jurisdiction = "us"
time_zone = "Europe/Stockholm"

[scopes.apparel]
[scopes.furniture]
[streams.marketing]
deadline = "8d"

[caps]
marketing = ["2/day"]

[caps.apparel]
marketing = ["1/week"]

[quiet_hours]
marketing = { from = "21:00", to = "08:00" }
"#;

const SPACED_OUT_CASES: &str = r#"
sender = "club"
at = 2026-11-20T12:00:00Z
[[case]]
name = "one a week about clothes"
facts = [{ delivered = "apparel", at = 2026-11-16T12:00:00Z }]
message = { scope = "apparel" }
expect = { verdict = "hold", reason = "frequency_cap" }
[[case]]
name = "counted from Monday"
facts = [{ delivered = "apparel", at = 2026-11-15T12:00:00Z }]
message = { scope = "apparel" }
expect = { verdict = "deliver" }
[[case]]
name = "two a day in all"
facts = [
    { delivered = "furniture", at = 2026-11-20T09:00:00Z },
    { delivered = "furniture", at = 2026-11-20T10:00:00Z },
]
message = { scope = "furniture" }
expect = { verdict = "hold", reason = "frequency_cap" }
[[case]]
name = "nothing at night"
at = 2026-11-20T20:30:00Z
message = { scope = "apparel" }
expect = { verdict = "hold", reason = "quiet_hours" }
[[case]]
name = "which in New York it is not"
at = 2026-11-20T20:30:00Z
facts = [{ signup = "furniture", at = 2026-11-01T12:00:00Z, time_zone = "America/New_York" }]
message = { scope = "apparel" }
expect = { verdict = "deliver" }
[[case]]
name = "a receipt may come at any time"
at = 2026-11-20T20:30:00Z
message = { stream = "functional" }
expect = { verdict = "deliver" }
[[case]]
name = "and from who has not objected"
message = { scope = "furniture" }
expect = { verdict = "deliver", ground = "no_objection" }
"#;

#[test]
fn caps_and_quiet_hours_are_tried_like_any_rule() {
    let folder = shipped_folder();
    write(folder.path(), "senders/club.toml", SPACED_OUT);
    let (status, said) = policy(&["check"], folder.path());
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("senders/club.toml:15:1") && said.contains("the cap of 2/day"), "{said}");
    assert!(said.contains("senders/club.toml:21:1") && said.contains("these quiet hours"), "{said}");
    write(folder.path(), "cases/club.toml", SPACED_OUT_CASES);
    let (status, said) = policy(&["test"], folder.path());
    assert_eq!(status, 0, "{said}");
    assert_eq!(warnings(folder.path()), [""; 0]);
}

#[test]
fn a_sender_that_lacks_what_its_pack_asks_is_told_and_may_send_no_marketing() {
    let folder = shipped_folder();
    let sweden = std::fs::read_to_string(folder.path().join("jurisdictions/se.toml")).unwrap();
    write(folder.path(), "jurisdictions/se.toml", &format!("{sweden}\n[content]\nprivacy_notice = true\n"));
    assert_eq!(policy(&["test"], folder.path()).0, 0);
    replace(
        folder.path(),
        "senders/demo-shop.toml",
        "privacy_notice = \"https://shop.example/privacy\"\n",
        "",
    );
    let (status, said) = policy(&["check"], folder.path());
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("`privacy_notice` is missing, and `se` asks for it: marketing is refused"),
        "{said}"
    );
    let (status, said) = policy(&["test", "--name", "Sweden: who confirmed may be mailed"], folder.path());
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("came refuse, reason content_missing,"), "{said}");
    assert!(said.contains("`se` asks for a privacy notice"), "{said}");
}

#[test]
fn a_case_may_expect_what_shadow_mode_lets_pass() {
    let folder = shipped_folder();
    let sender = "senders/demo-shop.toml";
    let case = |passes: &str| {
        format!(
            "sender = \"demo-shop\"\nat = 2026-11-21T12:00:00Z\n[[case]]\nname = \"nobody\"\n\
             message = {{ scope = \"apparel\" }}\nexpect = {{ reason = \"no_ground\"{passes} }}\n"
        )
    };
    write(folder.path(), "cases/shadow.toml", &case(", passes = false"));
    assert_eq!(policy(&["test", "--name", "nobody"], folder.path()).0, 0);
    replace(folder.path(), sender, "mode = \"enforce\"", "mode = \"shadow\"");
    let (status, said) = policy(&["test", "--name", "nobody"], folder.path());
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("expected reason no_ground, does not pass, came refuse, reason no_ground, passes:"),
        "{said}"
    );
    for passes in ["", ", passes = true"] {
        write(folder.path(), "cases/shadow.toml", &case(passes));
        let (status, said) = policy(&["test", "--name", "nobody"], folder.path());
        assert_eq!(status, 0, "{said}");
    }
}
