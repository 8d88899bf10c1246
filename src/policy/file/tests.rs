//! Policy files: what loads, and what is told of what does not.

use std::fs;
use std::time::Duration;

use super::super::jurisdiction::Acquaintance;
use super::super::look::Ground;
use super::super::sender::{Mode, OneClick, RefusalReply};
use super::super::shaping::{Per, Rate};
use super::super::{GroundKind, RuleRef, Scope, Stream};
use super::*;

const SENDER: &str = r#"
id = "demo-shop"
name = "Demo Shop AB"
postal_address = "Storgatan 1"
from_domains = ["shop.example"]
default_jurisdiction = "se"
"#;

/// The shipped files with these in their place or beside them.
fn with(files: &[(&str, &str)]) -> Vec<NamedText> {
    let own: Vec<NamedText> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let kept = shipped().into_iter().filter(|(name, _)| !files.iter().any(|(own, _)| own == name));
    kept.chain(own).collect()
}

fn load_with(files: &[(&str, &str)]) -> (PolicySet, Vec<Mistake>) {
    parse(&with(files)).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)))
}

fn shown(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{}\n", mistake.rendered)).collect()
}

/// Every mistake that these files draw, as `file:line:column message`.
fn mistakes_of(files: &[(&str, &str)]) -> Vec<String> {
    let mistakes = match parse(&with(files)) {
        Ok((_, warnings)) => warnings,
        Err(mistakes) => mistakes,
    };
    mistakes.iter().map(|m| format!("{}:{}:{} {}", m.file.display(), m.line, m.column, m.message)).collect()
}

#[track_caller]
fn check(file: &str, text: &str, expected: &[&str]) {
    assert_eq!(mistakes_of(&[(file, text)]), expected);
}

#[test]
fn the_embedded_files_are_those_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let (files, mistakes) = folder::read(&folder);
    assert_eq!(mistakes, []);
    assert_eq!(files, shipped());
}

#[test]
fn the_shipped_files_load_without_a_warning() {
    let (policy, warnings) = parse(&shipped()).unwrap();
    assert_eq!(shown(&warnings), "");
    assert_eq!(
        policy.jurisdictions.keys().collect::<Vec<_>>(),
        ["au", "ca", "de", "eu", "fr", "it", "nl", "se", "uk", "unknown", "us"]
    );
    let shop = policy.sender("demo-shop").unwrap();
    assert_eq!(shop.rule, RuleRefAt("senders/demo-shop.toml", 2).into());
    for language in ["en", "sv", "nl", "de"] {
        assert!(shop.scopes.values().all(|scope| scope.title.contains_key(language)));
    }
    let (again, _) = parse(&shipped()).unwrap();
    assert_eq!(policy.hash, again.hash);
    assert_eq!(policy.hash.len(), 64);
}

struct RuleRefAt(&'static str, u32);

impl From<RuleRefAt> for super::super::RuleRef {
    fn from(RuleRefAt(file, line): RuleRefAt) -> Self {
        Self { file: file.into(), line }
    }
}

#[test]
fn a_sender_has_defaults_for_what_it_leaves_out() {
    let (policy, warnings) = load_with(&[("senders/demo-shop.toml", SENDER)]);
    assert_eq!(shown(&warnings), "");
    let shop = policy.sender("demo-shop").unwrap();
    assert_eq!((shop.mode, shop.default_locale.as_str()), (Mode::Enforce, "en"));
    let stream = |stream| (shop.stream(stream).deadline.as_secs() / 3600, shop.stream(stream).refusal_reply);
    assert_eq!(stream(Stream::Marketing), (24, RefusalReply::Accept));
    assert_eq!(stream(Stream::Functional), (120, RefusalReply::Reject));
    assert_eq!(stream(Stream::Confirmation), (120, RefusalReply::Reject));
}

#[test]
fn streams_limits_and_packs_say_what_their_files_say() {
    let sender = format!("{SENDER}[streams.marketing]\ndeadline = \"90m\"\none_click = \"scope\"\n");
    let shaping = r#"
[[provider]]
id = "google"
domains = ["GMAIL.com"]
[[limit]]
name = "all"
match = { stream = "marketing" }
rate = ["20/s", "500000/day"]
"#;
    let (policy, warnings) = load_with(&[("senders/demo-shop.toml", &sender), ("shaping.toml", shaping)]);
    assert_eq!(shown(&warnings), "");
    let marketing = policy.sender("demo-shop").unwrap().stream(Stream::Marketing);
    assert_eq!((marketing.deadline, marketing.one_click), (Duration::from_secs(5400), OneClick::Scope));
    assert_eq!(marketing.rule, RuleRefAt("senders/demo-shop.toml", 7).into());
    assert_eq!(policy.shaping.provider("gmail.com"), "google");
    let limit = &policy.shaping.limits[0];
    assert_eq!(limit.matches.stream, Some(Stream::Marketing));
    assert_eq!(
        limit.rates,
        [Rate { permits: 20, per: Per::Second }, Rate { permits: 500_000, per: Per::Day }]
    );
    let ca = &policy.jurisdictions["ca"];
    assert_eq!(ca.soft_opt_in.expires.months[&Acquaintance::Inquiry], 6);
}

#[test]
fn a_limit_by_credential_is_in_force_and_one_of_nobodys_is_told() {
    let limit = |credential: &str| {
        format!("[[limit]]\nname = \"tool\"\nmatch = {{ credential = \"{credential}\" }}\nrate = [\"1/s\"]\n")
    };
    let (policy, warnings) = load_with(&[("shaping.toml", &limit("demo-shop/mautic"))]);
    assert_eq!(policy.shaping.limits[0].matches.credential.as_deref(), Some("demo-shop/mautic"));
    assert!(warnings.is_empty(), "{}", shown(&warnings));
    let (_, warnings) = load_with(&[("shaping.toml", &limit("demoshop/mautic"))]);
    assert!(warnings[0].line == 3 && warnings[0].message.contains("demo-shop"), "{}", shown(&warnings));
}

#[test]
fn a_pack_says_what_its_base_says_and_names_the_line_where_it_stands() {
    let fi = "id = \"fi\"\nextends = \"se\"\ntitle = \"Finland\"\ncountries = [\"FI\"]\n[marketing]\n\
              grounds = [\"double_opt_in\", \"single_opt_in\", \"soft_opt_in\"]\n";
    let (policy, _) = load_with(&[("jurisdictions/fi.toml", fi)]);
    let fi = &policy.jurisdictions["fi"];
    assert!(fi.grounds.contains(&GroundKind::SingleOptIn));
    assert_eq!(fi.grounds_rule, RuleRefAt("jurisdictions/fi.toml", 6).into());
    assert_eq!(&*fi.soft_opt_in.notice_rule.file, "jurisdictions/eu.toml");
    assert!(fi.content.postal_address && fi.content.identity);
    assert_eq!(fi.rule, RuleRefAt("jurisdictions/fi.toml", 1).into());
}

#[test]
fn all_mistakes_are_told_at_once_with_line_and_column() {
    let text = "id = \"demo-shop\"\nnmae = \"x\"\nfrom_domains = []\nmode = \"shadows\"\n[streams.marketing]\n  deadline = \"soon\"\n";
    check(
        "senders/demo-shop.toml",
        text,
        &[
            "senders/demo-shop.toml:1:1 `name` is missing",
            "senders/demo-shop.toml:1:6 `postal_address` is missing, and `unknown` asks for it: marketing is refused",
            "senders/demo-shop.toml:2:1 `nmae` is not a key that belongs here; did you mean `name`?",
            "senders/demo-shop.toml:3:16 a sender needs at least one domain to send from",
            "senders/demo-shop.toml:4:8 `shadows` is none of `enforce`, `shadow`; did you mean `shadow`?",
            "senders/demo-shop.toml:6:14 `soon` is not a duration such as `24h`, `5d`, `90m` or `30s`",
        ],
    );
}

#[test]
fn a_text_of_the_senders_own_comes_in_the_readers_language_or_the_senders() {
    let texts = "[texts]\nfooter = { sv = \"Du är kund hos oss.\", en = \"You are a customer.\" }\n";
    let (policy, warnings) = load_with(&[("senders/demo-shop.toml", &format!("{SENDER}{texts}"))]);
    assert_eq!(shown(&warnings), "");
    let sender = policy.sender("demo-shop").unwrap();
    let spoken = |language| sender.in_language(&sender.texts.footer, language);
    assert_eq!(spoken("en"), Some(("en", "You are a customer.")));
    let own = if sender.default_locale == "sv" { "sv" } else { "en" };
    assert_eq!(spoken("de").map(|(tag, _)| tag), Some(own));
    assert_eq!(sender.in_language(&sender.texts.pages, "sv"), None);
}

#[test]
fn a_color_that_nobody_could_read_is_told_of_and_shaded() {
    let look = "[look]\ncolor = \"#ffcc00\"\ndark_color = \"#123\"\n";
    let (policy, warnings) = load_with(&[("senders/demo-shop.toml", &format!("{SENDER}{look}"))]);
    let told = shown(&warnings);
    assert!(told.contains("its contrast with the page (#ffffff) is 1.51:1, and text needs 4.5:1"), "{told}");
    assert!(told.contains("(#1d2025)"), "{told}");
    let look = &policy.sender("demo-shop").unwrap().look;
    let suggested = look.shown(Ground::Light).unwrap();
    assert!(told.contains(&format!("the pages show {suggested} instead")), "{told}");

    let text = format!("{SENDER}[look]\ncolor = \"blue\"\nlogo = \"logo.png\"\n");
    let told = mistakes_of(&[("senders/demo-shop.toml", &text)]).join("\n");
    assert!(told.contains("`blue` is not a color such as `#0b57d0`"), "{told}");
    assert!(told.contains("this must be a picture as `data:image/png;base64,…`"), "{told}");
}

#[test]
fn a_text_of_the_senders_own_is_short_and_plain() {
    let long = "x".repeat(501);
    let text = format!("{SENDER}[texts]\nfooter = {{ sv = \"{long}\", x_y = \"a\" }}\npage = {{ }}\n");
    let told = mistakes_of(&[("senders/demo-shop.toml", &text)]).join("\n");
    for wanted in [
        "500 characters at most",
        "`x_y` is not a language tag",
        "`page` is not a key that belongs here; did you mean `pages`?",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
}

#[test]
fn a_mistake_shows_its_line_and_a_caret() {
    let text = format!("{SENDER}mode = \"shadows\"\n");
    let mistakes = parse(&with(&[("senders/demo-shop.toml", &text)])).unwrap_err();
    let expected = "error: `shadows` is none of `enforce`, `shadow`; did you mean `shadow`?\n --> senders/demo-shop.toml:7:8\n  |\n\
                    7 | mode = \"shadows\"\n  |        ^^^^^^^^^";
    assert_eq!(mistakes[0].rendered, expected);
}

#[test]
fn what_toml_can_not_read_is_told_by_line_too() {
    let text = format!("{SENDER}mode = \n[streams\n");
    let mistakes = parse(&with(&[("senders/demo-shop.toml", &text)])).unwrap_err();
    assert_eq!(mistakes[0].line, 7, "{}", shown(&mistakes));
    assert!(mistakes.iter().any(|mistake| mistake.line == 8), "{}", shown(&mistakes));
}

#[test]
fn of_a_file_that_is_no_toml_nothing_else_is_told() {
    let sender = SENDER.replace("from_domains = [\"shop.example\"]", "from_domains = [\"shop.example");
    let told = mistakes_of(&[("senders/demo-shop.toml", &sender)]);
    assert!(told[0].starts_with("senders/demo-shop.toml:5:"), "{told:#?}");
    assert!(told.iter().all(|one| one.starts_with("senders/demo-shop.toml:")), "{told:#?}");
    assert!(!told.iter().any(|one| one.contains("is missing") || one.contains("no sender")), "{told:#?}");
    // Nor of what rests on it; but the mistakes of other files are.
    let files = [("jurisdictions/se.toml", "id = se\n"), ("senders/other.toml", "id = \"other\"\nx = 1\n")];
    let told = mistakes_of(&files);
    assert!(told.iter().any(|one| one.starts_with("jurisdictions/se.toml:1:")), "{told:#?}");
    assert!(told.iter().any(|one| one.contains("`x` is not a key")), "{told:#?}");
    for led_astray in ["no pack", "lacks this pack", "already"] {
        assert!(!told.iter().any(|one| one.contains(led_astray)), "{told:#?}");
    }
}

#[test]
fn references_between_files_must_hold() {
    check(
        "senders/demo-shop.toml",
        &format!("{}[[similar]]\nbought = \"toys\"\nallows = []\n", SENDER.replace("\"se\"", "\"atlantis\"")),
        &[
            "senders/demo-shop.toml:6:24 there is no pack `atlantis` in jurisdictions/: there are au, ca, de, eu, fr, it, nl, se, uk, \
             unknown, us",
            "senders/demo-shop.toml:8:10 the taxonomy has no scope `toys`: declare it as [scopes.\"toys\"]",
        ],
    );
    check(
        "senders/other.toml",
        SENDER,
        &["senders/other.toml:2:6 the id `demo-shop` stands at senders/demo-shop.toml:2 already"],
    );
    check(
        "jurisdictions/fi.toml",
        "id = \"fi\"\ntitle = \"Finland\"\nextends = \"nordic\"\ncountries = [\"SE\"]\n",
        &[
            "jurisdictions/fi.toml:3:11 there is no pack `nordic` to extend",
            "jurisdictions/se.toml:6:14 jurisdictions/fi.toml:4 judges `SE` already",
        ],
    );
}

#[test]
fn bases_may_not_go_in_circles() {
    let pack = |id: &str, base: &str| format!("id = \"{id}\"\ntitle = \"T\"\nextends = \"{base}\"\n");
    let files = [("jurisdictions/x.toml", &*pack("x", "y")), ("jurisdictions/y.toml", &*pack("y", "x"))];
    assert_eq!(
        mistakes_of(&files),
        [
            "jurisdictions/x.toml:3:11 `x` extends itself, by way of `y`",
            "jurisdictions/y.toml:3:11 `y` extends itself, by way of `x`"
        ]
    );
}

mod told;

#[test]
fn a_place_says_what_a_file_is() {
    let mistakes = mistakes_of(&[("sender/demo.toml", SENDER)]);
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with("sender/demo.toml:0:0 a policy file lies in senders/"));
    let (policy, _) = load_with(&[("senders/brands/other.toml", &SENDER.replace("demo-shop", "other"))]);
    assert!(policy.sender("other").is_some());
}

#[test]
fn a_scope_below_another_is_declared_in_quotes() {
    let text = format!("{SENDER}[scopes.apparel.tshirts]\ntitle = {{ en = \"T-shirts\" }}\n");
    let mistakes = mistakes_of(&[("senders/demo-shop.toml", &text)]);
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].contains("[scopes.\"apparel.tshirts\"]"), "{mistakes:?}");
}

#[test]
fn what_spaces_marketing_out_names_its_lines() {
    let text = format!(
        "{SENDER}time_zone = \"europe/stockholm\"\nmode = \"shadow\"\n[scopes.apparel]\nmode = \"enforce\"\n\
         [scopes.\"apparel.tshirts\"]\n[scopes.toys]\n[caps]\nmarketing = [\"1/day\", \"3/week\"]\n\
         [caps.\"apparel\"]\nmarketing = [\n\"2/month\"]\n[streams.marketing]\ndeadline = \"30d\"\n\
         [quiet_hours]\nmarketing = {{ from = \"21:00\", to = \"08:00\" }}\n"
    );
    let (policy, warnings) = load_with(&[("senders/demo-shop.toml", &text)]);
    assert_eq!(shown(&warnings), "");
    let shop = policy.sender("demo-shop").unwrap();
    assert_eq!(shop.time_zone.iana_name(), Some("Europe/Stockholm"));
    let caps: Vec<String> = shop
        .caps
        .iter()
        .map(|cap| {
            let scope = cap.scope.as_ref().map_or("all", Scope::as_str);
            format!("{scope} {}/{} {}", cap.most, cap.per, cap.rule.line)
        })
        .collect();
    assert_eq!(caps, ["all 1/day 14", "all 3/week 14", "apparel 2/month 17"]);
    assert_eq!(
        shop.quiet_hours.as_ref().map(|quiet| (quiet.hours.minutes(), quiet.rule.line)),
        Some((660, 21))
    );
    let mode = |text: &str| {
        let scope = text.parse().ok();
        let (mode, rule) = shop.mode_in(scope.as_ref());
        (mode, rule.line)
    };
    assert_eq!(mode("apparel.tshirts"), (Mode::Enforce, 10));
    assert_eq!(mode("toys"), (Mode::Shadow, 8));
    assert_eq!(shop.mode_in(None).0, Mode::Shadow);
}

#[test]
fn what_can_not_space_marketing_out_is_a_mistake() {
    let text = format!(
        "{SENDER}time_zone = \"Europe/Atlantis\"\n[scopes.apparel]\nmode = \"off\"\n[caps]\n\
         marketing = [\"0/day\", \"1/fortnight\", 3]\nfunctional = [\"1/day\"]\nmarketting = []\n\
         [caps.toys]\nmarketing = []\n[caps.apparel.tshirts]\nmarketing = []\n\
         [quiet_hours]\nmarketing = {{ from = \"21:00\", to = \"9pm\" }}\n\
         confirmation = {{ from = \"08:00\", to = \"08:00\" }}\nmarketin = {{}}\n"
    );
    check(
        "senders/demo-shop.toml",
        &text,
        &[
            "senders/demo-shop.toml:7:13 `Europe/Atlantis` is not a time zone such as `Europe/Stockholm`",
            "senders/demo-shop.toml:9:8 `off` is none of `enforce`, `shadow`",
            "senders/demo-shop.toml:11:14 `0/day` would let no marketing through, ever",
            "senders/demo-shop.toml:11:23 `1/fortnight` is not a cap such as `1/day`, `3/week` or `10/month`",
            "senders/demo-shop.toml:11:38 this must be a text in quotes, not a TOML integer",
            "senders/demo-shop.toml:12:14 only marketing is ever held: on functional mail this has no effect",
            "senders/demo-shop.toml:13:1 `marketting` is neither a stream nor a table of a scope's caps; did you mean `marketing`?",
            "senders/demo-shop.toml:14:7 the taxonomy has no scope `toys`: declare it as [scopes.\"toys\"]",
            "senders/demo-shop.toml:16:15 `tshirts` is no stream; a scope below it is [caps.\"apparel.tshirts\"]",
            "senders/demo-shop.toml:19:36 `9pm` is not a time of day such as `21:00`",
            "senders/demo-shop.toml:20:16 only marketing is ever held: on confirmation mail this has no effect",
            "senders/demo-shop.toml:20:16 `from` and `to` are the same: that is either no time at all or all day",
            "senders/demo-shop.toml:21:1 `marketin` is not a key that belongs here; did you mean `marketing`?",
        ],
    );
}

#[test]
fn quiet_hours_that_outlast_the_deadline_draw_a_warning() {
    let text = format!(
        "{SENDER}time_zone = \"Europe/Stockholm\"\n[streams.marketing]\ndeadline = \"8h\"\n[quiet_hours]\n\
         marketing = {{ from = \"22:00\", to = \"06:00\" }}\n"
    );
    let (_, warnings) = load_with(&[("senders/demo-shop.toml", &text)]);
    assert_eq!((warnings.len(), warnings[0].line), (1, 11), "{}", shown(&warnings));
}

#[test]
fn a_pack_that_is_rested_on_and_not_there_is_the_shipped_one() {
    let files = [
        ("senders/demo-shop.toml".to_owned(), SENDER.to_owned()),
        (
            "jurisdictions/se.toml".to_owned(),
            "id = \"se\"\nextends = \"eu\"\ntitle = \"Sweden\"\ncountries = [\"SE\"]\n".to_owned(),
        ),
    ];
    let (policy, warnings) = parse(&files).unwrap();
    assert_eq!(policy.jurisdictions.keys().collect::<Vec<_>>(), ["eu", "se", "unknown"]);
    assert_eq!(&*policy.jurisdictions["se"].grounds_rule.file, "shipped:jurisdictions/eu.toml");
    let named: Vec<String> = warnings.iter().map(|warning| warning.file.display().to_string()).collect();
    assert_eq!(named, ["jurisdictions/eu.toml", "jurisdictions/unknown.toml"]);
}

#[test]
fn a_folder_is_read_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (name, text) in shipped() {
        write(&name, text.as_bytes());
    }
    write("README.md", b"not a policy");
    write("..data/senders/demo-shop.toml", b"Kubernetes' own");
    assert_eq!(load(folder.path()).unwrap().0.hash, parse(&shipped()).unwrap().0.hash);
    write("senders/latin1.toml", b"name = \"Kl\xe4der\"");
    write("senders/large.toml", &vec![b'#'; (1 << 20) + 1]);
    let mistakes = load(folder.path()).unwrap_err();
    assert_eq!(mistakes.len(), 2, "{}", shown(&mistakes));
    assert!(load(&folder.path().join("absent")).is_err());
}

/// CONTRACT.md, "Policy files", word for word where a word is a key.
#[test]
fn every_key_of_the_contract_is_accepted() {
    let later = [
        ("senders/demo-shop.toml", include_str!("../../../tests/vectors/contract-sender.toml")),
        ("jurisdictions/se.toml", include_str!("../../../tests/vectors/contract-jurisdiction.toml")),
        ("shaping.toml", include_str!("../../../tests/vectors/contract-shaping.toml")),
        ("dialects.toml", include_str!("../../../tests/vectors/contract-dialects.toml")),
    ];
    let (_, warnings) = load_with(&later);
    let later = warnings.iter().filter(|warning| warning.message.ends_with("not in force in this version"));
    let keys: Vec<&str> = later.filter_map(|warning| warning.message.split('`').nth(1)).collect();
    let expected: [&str; 0] = [];
    assert_eq!(keys, expected, "{}", shown(&warnings));
    assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
}

#[test]
fn a_set_is_recalled_from_its_own_files_and_lends_nothing_new() {
    let own: Vec<NamedText> = vec![("senders/a.toml".to_owned(), SENDER.to_owned())];
    let (set, _) = parse(&own).unwrap();
    assert!(set.files.iter().any(|(name, _)| name == "shipped:jurisdictions/se.toml"));
    let (again, mistakes) = recall(&set.files);
    assert_eq!((mistakes, &again.hash), (vec![], &set.hash));
    assert_eq!(again.jurisdictions.keys().collect::<Vec<_>>(), set.jurisdictions.keys().collect::<Vec<_>>());
    let rule = RuleRef { file: "senders/a.toml".into(), line: 2 };
    assert_eq!(again.line(&rule), Some("id = \"demo-shop\""));
    assert_eq!(again.line(&RuleRef { line: 0, ..rule.clone() }), None);
    assert_eq!(again.line(&RuleRef { line: 99, ..rule }), None);
}

#[test]
fn a_set_is_recalled_though_this_version_would_refuse_it() {
    let old = SENDER.replace("name = ", "slogan = \"Of old\"\nname = ")
        + "[streams.marketing]\ndeadline = \"99d\"\n";
    let files = with(&[("senders/demo-shop.toml", &old), ("jurisdictions/xx.toml", "nonsense")]);
    assert!(parse(&files).is_err());
    let (set, mistakes) = recall(&files);
    assert_eq!(set.sender("demo-shop").map(|own| own.name.as_str()), Some("Demo Shop AB"));
    let told: Vec<String> =
        mistakes.iter().map(|own| format!("{}:{}", own.file.display(), own.line)).collect();
    assert_eq!(told, ["jurisdictions/xx.toml:1", "senders/demo-shop.toml:3", "senders/demo-shop.toml:9"]);
}

#[test]
fn an_error_that_is_not_shown_is_an_error_all_the_same() {
    let many: String = (0..120)
        .map(|at| format!("[[classify]]\nheader = \"X\"\nmatches = \"{at}\"\nstream = \"no\"\n"))
        .collect();
    let mistakes = parse(&with(&[("senders/demo-shop.toml", &format!("{SENDER}{many}"))])).unwrap_err();
    assert_eq!(mistakes.len(), 101);
    assert!(mistakes[0].message.starts_with("more than 100 mistakes"), "{}", mistakes[0].message);
    // Warnings before it do not hide it.
    let doubts: String = (0..120)
        .map(|at| format!("[[limit]]\nname = \"l{at}\"\nmatch = {{ sender = \"x\" }}\nconcurrency = 1\n"))
        .collect();
    let (_, warnings) = load_with(&[("shaping.toml", &doubts)]);
    assert_eq!(warnings.len(), 101);
    let last =
        format!("{doubts}[[limit]]\nname = \"last\"\nmatch = {{ provider = \"x\" }}\nconcurrency = 0\n");
    assert!(parse(&with(&[("shaping.toml", &last)])).is_err());
}

#[test]
fn what_a_file_lacks_is_told_where_it_begins() {
    check(
        "senders/other.toml",
        "#:schema x\n\n# nothing yet\nid = \"other\"\nname = \"O\"\npostal_address = \"S\"\n",
        &["senders/other.toml:4:1 `from_domains` is missing"],
    );
}
