//! Case files: what is read, what can't be, and which rules cases touch.

use super::super::{Folder, Severity, parse, shipped, untouched};
use super::*;
use crate::policy::case::coverage;

const HEAD: &str = "sender = \"demo-shop\"\nat = 2026-11-21T12:00:00Z\n";

/// The shipped files without their cases.
fn policy() -> PolicySet {
    parse(&shipped()).unwrap().0
}

fn named(text: &str) -> Vec<NamedText> {
    vec![("cases/a.toml".to_owned(), text.to_owned())]
}

/// Cases of one file, which has no mistakes.
#[track_caller]
fn read(text: &str) -> Vec<Case> {
    let (cases, mistakes) = cases(&named(text), Some(&policy()));
    assert_eq!(mistakes, []);
    cases
}

/// A case with these facts, this message and this `expect`, on line 3 and the following.
fn one(facts: &str, message: &str, expect: &str) -> String {
    format!(
        "{HEAD}[[case]]\nname = \"n\"\nfacts = [{facts}]\nmessage = {{ {message} }}\nexpect = {{ {expect} }}\n"
    )
}

/// The mistakes of one file, as `line:column message`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (_, mistakes) = cases(&named(text), Some(&policy()));
    let told: Vec<String> =
        mistakes.iter().map(|one| format!("{}:{} {}", one.line, one.column, one.message)).collect();
    assert_eq!(told, expected);
}

#[test]
fn the_contracts_example_is_read_and_comes_out_as_it_says() {
    let cases = read(include_str!("../../../../tests/vectors/contract-cases.toml"));
    let policy = policy();
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let outcome = case.run(&policy);
        assert!(outcome.is_as_expected(), "{}: {}", case.name, outcome.verdict.text);
    }
    assert_eq!((cases[1].rule.line, &*cases[1].rule.file), (9, "cases/a.toml"));
}

#[test]
fn every_kind_of_fact_is_read() {
    let facts = r#"
        { purchase = "apparel", notice = true, at = 2026-01-01T00:00:00Z, country = "SE" },
        { inquiry = "apparel", at = 2026-01-01T00:00:00Z },
        { negotiation = "apparel", notice = false, at = 2026-01-01T00:00:00+01:00 },
        { ground = "double_opt_in", scopes = ["apparel", "furniture"], at = 2026-01-01T00:00:00Z },
        { signup = "apparel.tshirts", at = 2026-01-01T00:00:00Z, time_zone = "Asia/Tokyo" },
        { confirmation_sent = true, at = 2026-01-01T00:00:00Z },
        { unconfirmed = ["apparel"], at = 2026-01-01T00:00:00Z },
        { withdrawal = [], at = 2026-01-01T00:00:00Z },
        { withdrawal = "apparel", at = 2026-01-01T00:00:00Z, jurisdiction = "de" },
        { complaint = true, at = 2026-01-01T00:00:00Z },
        { suppression = "operator", at = 2026-01-01T00:00:00Z },
        { restricted = true, at = 2026-01-01T00:00:00Z },
        { erasure = true, at = 2026-01-01T00:00:00Z },
        { delivered = "apparel", at = 2026-11-21T12:00:00Z },
    "#;
    let text = one(facts, "scope = \"apparel\"", "verdict = \"refuse\", jurisdiction = \"unknown\"");
    let cases = read(&text);
    assert_eq!((cases[0].facts.len(), cases[0].deliveries.len()), (13, 1));
    assert_eq!(cases[0].stream, Stream::Marketing);
    assert_eq!(cases[0].facts[0].jurisdiction.as_deref(), Some("SE"));
    assert_eq!(cases[0].facts[4].time_zone.as_deref(), Some("Asia/Tokyo"));
}

#[test]
fn only_what_a_case_names_is_compared() {
    let text = one("", "scope = \"apparel\"", "jurisdiction = \"se\"");
    let policy = policy();
    assert!(read(&text)[0].run(&policy).is_as_expected());
    for (expect, came) in [
        ("verdict = \"deliver\"", "refuse, reason no_ground"),
        ("reason = \"withdrawn\"", "refuse, reason no_ground"),
        ("ground = \"double_opt_in\"", "refuse, reason no_ground"),
        ("scope = \"apparel.tshirts\"", "refuse, reason no_ground, scope apparel"),
        ("stream = \"functional\"", "refuse, reason no_ground, stream marketing"),
        ("jurisdiction = \"de\"", "refuse, reason no_ground, jurisdiction se"),
    ] {
        let cases = read(&one("", "scope = \"apparel\"", expect));
        let outcome = cases[0].run(&policy);
        assert!(!outcome.is_as_expected(), "{expect}");
        assert_eq!(outcome.came().to_string(), came);
    }
}

#[test]
fn what_could_never_be_is_a_mistake() {
    let deliver = "verdict = \"deliver\"";
    check(
        &one("{ purchase = \"apparel\", at = 2026-11-21T12:00:01Z }", "scope = \"apparel\"", deliver),
        &["5:39 this is later than the case's own `at`, 2026-11-21T12:00:00Z: nobody knows of it yet"],
    );
    check(
        &one("{ purchase = \"aparel\", at = 2026-11-01T12:00:01Z }", "scope = \"toys\"", deliver),
        &[
            "5:23 the taxonomy of `demo-shop` has no scope `aparel`; did you mean `apparel`?",
            "6:21 the taxonomy of `demo-shop` has no scope `toys` (a case of that expects reason `unknown_scope`)",
        ],
    );
    check(&one("", "scope = \"toys\"", "reason = \"unknown_scope\""), &[]);
    check(
        &one("{ withdrawal = [], notice = true, at = 2026-01-01T00:00:00Z }", "scope = \"apparel\"", deliver),
        &["5:38 `notice` belongs to a `purchase`, an `inquiry` or a `negotiation`"],
    );
    check(
        &one(
            "{ withdrawal = [], restricted = true, at = 2026-01-01T00:00:00Z }",
            "stream = \"functional\"",
            deliver,
        ),
        &["5:42 a fact is one thing: what else happened is a { } of its own in the list"],
    );
    check(
        &one("{ purchas = \"apparel\", at = 2026-01-01T00:00:00Z }", "stream = \"functional\"", ""),
        &[
            "5:12 `purchas` is not a key that belongs here; did you mean `purchase`?",
            "7:10 an empty `expect` is met by every verdict: name at least `verdict`",
        ],
    );
    check(
        &one("", "scope = \"apparel\"", "verdict = \"deliver\", reason = \"no_ground\""),
        &["7:42 a `deliver` has no reason: it has a `ground`"],
    );
    check(
        &one("", "scope = \"apparel\"", "verdict = \"refuse\", reason = \"no_grounds\""),
        &["7:41 `no_grounds` is not a reason; did you mean `no_ground`?"],
    );
}

#[test]
fn a_case_names_a_sender_and_a_pack_that_are_there() {
    let text = "[[case]]\nname = \"n\"\nsender = \"demoshop\"\nmessage = { stream = \"functional\" }\n\
                expect = { jurisdiction = \"sx\" }\n";
    check(
        text,
        &[
            "1:1 `at` is missing, here and at the top of the file",
            "3:10 no file in senders/ has the id `demoshop`; did you mean `demo-shop`?",
        ],
    );
    let somewhere = "{ purchase = \"apparel\", at = 2026-01-01T00:00:00Z, jurisdiction = \"sweden\" }";
    check(
        &one(somewhere, "scope = \"apparel\"", "jurisdiction = \"sx\""),
        &[
            "5:76 no pack judges `sweden`, so `unknown` does (a case of that expects jurisdiction `unknown`)",
            "7:27 there is no pack `sx` in jurisdictions/; did you mean `se`?",
        ],
    );
    check(&one(somewhere, "scope = \"apparel\"", "jurisdiction = \"unknown\""), &[]);
}

#[test]
fn two_cases_of_a_file_have_two_names() {
    let text = format!("{}{}", one("", "scope = \"apparel\"", "reason = \"no_ground\""), {
        one("", "scope = \"apparel\"", "reason = \"no_ground\"").replace(HEAD, "")
    });
    check(&text, &["9:8 a case of this name stands at line 4 already"]);
}

#[test]
fn a_mistake_in_a_case_keeps_no_policy_from_coming_into_force() {
    let mut files = shipped();
    files.push(("cases/broken.toml".to_owned(), "[[case]\n".to_owned()));
    let (policy, warnings) = parse(&files).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(policy.hash, self::policy().hash);
    let (_, mistakes) = cases(&files, Some(&policy));
    assert!(!mistakes.is_empty() && mistakes.iter().all(|one| one.severity == Severity::Error));
}

#[test]
fn what_a_gateway_never_reads_can_not_keep_it_from_reading_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in shipped() {
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let before = Folder::read(folder.path());
    std::fs::write(folder.path().join("cases/latin1.toml"), b"name = \"Kl\xe4der\"").unwrap();
    let read = Folder::read(folder.path());
    assert_eq!(read.hash(), before.hash());
    let (policy, warnings) = read.check().unwrap();
    assert_eq!(warnings, []);
    let (_, mistakes) = read.cases(Some(&policy));
    assert_eq!((mistakes.len(), &*mistakes[0].message), (1, "the file is not UTF-8"));
}

#[test]
fn of_policies_that_can_not_be_read_a_case_says_what_it_can() {
    let text =
        one("{ purchas = \"toys\", at = 2026-01-01T00:00:00Z }", "scope = \"toys\"", "verdict = \"hold\"");
    let (cases, mistakes) = cases(&named(&text), None);
    assert_eq!((cases.len(), mistakes.len()), (0, 1));
}

/// The shipped files with other cases, and one pack that isn't shipped.
fn with_own_pack(cases: &str) -> Vec<NamedText> {
    let mut files = shipped();
    files.retain(|(name, _)| !holds_cases(name));
    let own = "id = \"no\"\ntitle = \"Norway\"\ncountries = [\"NO\"]\n[marketing]\n\
               grounds = [\"double_opt_in\", \"soft_opt_in\"]\n[marketing.soft_opt_in]\n\
               from = [\"purchase\", \"inquiry\"]\nnotice_required = true\n\
               expires = { purchase = \"24 months\", inquiry = \"6 months\" }\n";
    files.push(("jurisdictions/no.toml".to_owned(), own.to_owned()));
    files.extend(named(cases));
    files
}

#[track_caller]
fn check_untouched(cases: &str, expected: &[&str]) {
    let files = with_own_pack(cases);
    let policy = parse(&files).unwrap().0;
    let told = untouched(&files, &policy);
    let told: Vec<String> =
        told.iter().map(|one| format!("{}:{} {}", one.file.display(), one.line, one.message)).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_rule_that_no_case_touches_is_told_where_it_stands() {
    check_untouched(
        "",
        &["cases:0 there are no cases, so nothing shows that the policies say what is meant"],
    );
    let bought = "{ purchase = \"apparel\", notice = true, at = 2026-01-01T00:00:00Z, country = \"NO\" }";
    let case = one(bought, "scope = \"apparel\"", "ground = \"soft_opt_in\"");
    check_untouched(
        &case,
        &[
            "jurisdictions/no.toml:5 no case touches the ground `double_opt_in`",
            "jurisdictions/no.toml:7 no case touches a soft opt-in from `inquiry`",
            "jurisdictions/no.toml:8 no case touches the notice that a soft opt-in needs, or not",
            "jurisdictions/no.toml:9 no case touches the expiry of `purchase`",
            "jurisdictions/no.toml:9 no case touches the expiry of `inquiry`",
        ],
    );
    let all = [
        case,
        one(
            &bought.replace("purchase", "inquiry").replace("01-01", "10-01"),
            "scope = \"apparel\"",
            "verdict = \"deliver\"",
        ),
        one(&bought.replace("true", "false"), "scope = \"apparel\"", "verdict = \"refuse\""),
        one(&bought.replace("2026", "2023"), "scope = \"apparel\"", "verdict = \"refuse\""),
        one(&bought.replace("purchase", "inquiry"), "scope = \"apparel\"", "verdict = \"refuse\""),
        one(
            "{ ground = \"double_opt_in\", scopes = [\"apparel\"], at = 2026-01-01T00:00:00Z, country = \"NO\" }",
            "scope = \"apparel\"",
            "verdict = \"deliver\"",
        ),
    ];
    let numbered = all.iter().enumerate().map(|(at, case)| {
        let case = case.replace("\"n\"", &format!("\"{at}\""));
        if at == 0 { case } else { case.replace(HEAD, "") }
    });
    check_untouched(&numbered.collect::<String>(), &[]);
}

#[test]
fn the_shipped_cases_come_out_as_they_say_and_leave_no_shipped_rule_untried() {
    let policy = policy();
    let (cases, mistakes) = cases(&shipped(), Some(&policy));
    assert_eq!(mistakes, []);
    assert!(cases.len() > 100, "{}", cases.len());
    let outcomes: Vec<_> = cases.iter().map(|case| case.run(&policy)).collect();
    let wrong = outcomes.iter().filter(|outcome| !outcome.is_as_expected());
    let wrong: Vec<_> = wrong.map(|outcome| format!("{}: {}", outcome.case.name, outcome.came())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(coverage::untouched(&policy, &outcomes), []);
}
