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
    let cases = cases(&named(text), Some(&policy()));
    assert_eq!(cases.mistakes, []);
    cases.all
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
    let mistakes = cases(&named(text), Some(&policy())).mistakes;
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
fn one_mistake_in_a_fact_is_told_once() {
    let fact = |what: &str| format!("{{ {what}, at = 2026-01-01T00:00:00Z }}");
    for what in [
        "ground = \"doubble_opt_in\", scopes = \"apparel\"",
        "ground = \"double_opt_in\", scopes = []",
        "suppression = \"bounced\"",
        "restricted = false",
        "purchase = 7",
    ] {
        let text = one(&fact(what), "scope = \"apparel\"", "verdict = \"deliver\"");
        let told = cases(&named(&text), Some(&policy())).mistakes;
        assert_eq!(told.len(), 1, "{what}: {told:#?}");
    }
}

#[test]
fn a_country_is_known_in_either_case() {
    let somewhere = "{ purchase = \"apparel\", at = 2026-01-01T00:00:00Z, country = \"se\" }";
    assert_eq!(read(&one(somewhere, "scope = \"apparel\"", "jurisdiction = \"se\"")).len(), 1);
}

#[test]
fn a_sender_that_only_cases_know_is_none_of_the_folders() {
    let club = "id = \"club\"\nname = \"C\"\npostal_address = \"S\"\nfrom_domains = [\"c.example\"]\n\
                [scopes.events]\n";
    let case = one("", "scope = \"events\"", "jurisdiction = \"unknown\"").replace("demo-shop", "club");
    let mut files = shipped();
    files.extend([
        ("cases/senders/club.toml".to_owned(), club.to_owned()),
        ("cases/club.toml".to_owned(), case),
    ]);
    let (policy, warnings) = parse(&files).unwrap();
    assert_eq!((warnings, policy.hash.clone()), (vec![], self::policy().hash));
    assert!(policy.sender("club").is_none());
    let tried = cases(&files, Some(&policy));
    assert_eq!(tried.mistakes, []);
    assert!(tried.outcomes().iter().all(Outcome::is_as_expected));
    let clash = ("cases/senders/shop.toml".to_owned(), club.replace("\"club\"", "\"demo-shop\""));
    let told = cases(&[clash], Some(&policy)).mistakes;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].message.starts_with("the id `demo-shop` stands at senders/demo-shop.toml:2"),
        "{told:#?}"
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
    let mistakes = cases(&files, Some(&policy)).mistakes;
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
    let mistakes = read.cases(Some(&policy)).mistakes;
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].message.starts_with("the file is not UTF-8 (line 1, octet 0xe4)"), "{mistakes:?}");
}

#[test]
fn of_policies_that_can_not_be_read_a_case_says_what_it_can() {
    let text =
        one("{ purchas = \"toys\", at = 2026-01-01T00:00:00Z }", "scope = \"toys\"", "verdict = \"hold\"");
    let cases = cases(&named(&text), None);
    assert_eq!((cases.all.len(), cases.mistakes.len()), (0, 1));
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
fn check_untouched(text: &str, expected: &[&str]) {
    let files = with_own_pack(text);
    let policy = parse(&files).unwrap().0;
    let told = untouched(&files, &cases(&files, Some(&policy)));
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
fn while_a_case_has_a_mistake_no_rule_is_called_untouched() {
    check_untouched(&one("", "scope = \"toys\"", "verdict = \"refuse\""), &[]);
}

#[test]
fn a_pack_of_ones_own_that_judges_nobody_in_any_case_is_told() {
    let mut files = shipped();
    let own = "id = \"at\"\nextends = \"eu\"\ntitle = \"Austria\"\ncountries = [\"AT\"]\n";
    files.push(("jurisdictions/at.toml".to_owned(), own.to_owned()));
    let policy = parse(&files).unwrap().0;
    let told = untouched(&files, &cases(&files, Some(&policy)));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].message, "no case touches the pack `at`: none is of a person whom it judges");
    assert_eq!((told[0].file.to_str(), told[0].line), (Some("jurisdictions/at.toml"), 1));
}

#[test]
fn each_cap_of_a_line_and_the_senders_own_end_want_a_case_of_their_own() {
    let club = "id = \"club\"\nname = \"C\"\npostal_address = \"S\"\nfrom_domains = [\"c.example\"]\n\
                default_jurisdiction = \"us\"\n[scopes.events]\n[streams.marketing]\ndeadline = \"8d\"\n\
                [caps]\nmarketing = [\"1/day\", \"3/week\"]\n[soft_opt_in]\nexpires = { purchase = \"12 months\" }\n";
    let delivered = "{ delivered = \"events\", at = 2026-11-21T08:00:00Z }";
    let case =
        one(delivered, "scope = \"events\"", "reason = \"frequency_cap\"").replace("demo-shop", "club");
    let mut files = shipped();
    files.extend([("senders/club.toml".to_owned(), club.to_owned()), ("cases/club.toml".to_owned(), case)]);
    let policy = parse(&files).unwrap().0;
    let told = untouched(&files, &cases(&files, Some(&policy)));
    let told: Vec<String> = told.iter().map(|one| format!("{} {}", one.line, one.message)).collect();
    assert_eq!(told, ["10 no case touches the cap of 3/week", "12 no case touches the expiry of `purchase`"]);
}

#[test]
fn the_shipped_cases_come_out_as_they_say_and_leave_no_shipped_rule_untried() {
    let policy = policy();
    let cases = cases(&shipped(), Some(&policy));
    assert_eq!(cases.mistakes, []);
    assert!(cases.all.len() > 100, "{}", cases.all.len());
    let outcomes = cases.outcomes();
    let wrong = outcomes.iter().filter(|outcome| !outcome.is_as_expected());
    let wrong: Vec<_> = wrong.map(|outcome| format!("{}: {}", outcome.case.name, outcome.came())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(coverage::untouched(cases.policy.as_ref().unwrap(), &outcomes), []);
}
