//! What is told of slips that people make, and what is not told where it would only lead astray.

use super::*;

/// The mistakes of a sender's file that goes on with these lines (from line 7 on), without the file's name.
fn told_of(more: &str) -> Vec<String> {
    let told = mistakes_of(&[("senders/demo-shop.toml", &format!("{SENDER}{more}"))]);
    told.iter().map(|one| one.trim_start_matches("senders/demo-shop.toml:").to_owned()).collect()
}

#[track_caller]
fn tells(more: &str, expected: &[&str]) {
    assert_eq!(told_of(more), expected, "{more}");
}

#[test]
fn a_key_of_the_whole_sender_below_a_table_is_told_where_it_stands() {
    let above = |key| {
        format!("`{key}` is a key of the whole sender: it stands before the first table, above the first `[`")
    };
    for (table, key) in [
        ("[[similar]]\nbought = \"toys\"\nallows = []", "mode"),
        ("[caps]", "time_zone"),
        ("[caps.toys]", "default_locale"),
        ("[quiet_hours]", "name"),
        ("[retention]", "mode"),
        ("[texts]", "privacy_notice"),
        ("", "time_zone"),
    ] {
        let told = told_of(&format!("[scopes.toys]\n{table}\n{key} = \"shadow\"\n"));
        assert!(told.len() == 1 && told[0].ends_with(&above(key)), "{table}: {told:#?}");
    }
    let pack = "id = \"fi\"\ntitle = \"Finland\"\nextends = \"eu\"\n[marketing]\ncountries = [\"FI\"]\n";
    let told = mistakes_of(&[("jurisdictions/fi.toml", pack)]);
    assert!(told.len() == 1 && told[0].contains("a key of the whole pack"), "{told:#?}");
}

#[test]
fn a_default_that_judges_nobody_or_is_no_pack_says_what_would_be_right() {
    let told = |code: &str| {
        let sender = SENDER.replace("\"se\"", &format!("\"{code}\""));
        mistakes_of(&[("senders/demo-shop.toml", &sender)])
    };
    let eu = told("eu");
    assert!(eu.len() == 1 && eu[0].contains("`eu` has no `countries`: it is a base"), "{eu:#?}");
    for (code, said) in [
        ("SE", "there is no pack `SE` in jurisdictions/; did you mean `se`?"),
        ("gb", "there is no pack `gb` in jurisdictions/; did you mean `uk`, which judges GB?"),
        ("sverige", "in jurisdictions/: there are au, ca, de, eu, fr, it, nl, se, uk, unknown, us"),
    ] {
        let told = told(code);
        assert!(told.len() == 1 && told[0].ends_with(said), "{code}: {told:#?}");
    }
    assert_eq!(told("unknown"), Vec::<String>::new());
}

#[test]
fn a_cap_that_outlasts_the_deadline_says_that_mail_is_dropped() {
    let caps = "[caps]\nmarketing = [\"1/day\", \"3/week\"]\n";
    tells(
        caps,
        &[
            "8:23 what comes too soon is dropped, not kept for the next week: marketing waits 24 hours at most \
           ([streams.marketing] deadline)",
        ],
    );
    tells(&format!("{caps}[streams.marketing]\ndeadline = \"7d\"\n"), &[]);
}

#[test]
fn quiet_hours_without_a_time_zone_are_told_whose_they_are() {
    let quiet = "[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";
    tells(
        quiet,
        &["8:1 the sender says no `time_zone`: for whoever has none of their own these hours are UTC's"],
    );
    tells(&format!("time_zone = \"Europe/Stockholm\"\n{quiet}"), &[]);
}

#[test]
fn what_was_nearly_right_is_shown_right() {
    tells("[caps]\nmarketing = \"2/day\"\n", &["8:13 this must be a list in [ ]: [\"2/day\"]"]);
    tells(
        "[texts]\nfooter = \"Hello\"\n",
        &["8:10 this must be a table of texts by language, such as { en = \"…\" }"],
    );
    for (scope, plain) in [("kläder", "klader"), ("T Shirts", "t-shirts")] {
        let told = told_of(&format!("[scopes.\"{scope}\"]\n"));
        let said = format!(
            "7:9 `{scope}` is not a scope: names of a-z, 0-9, `-` and `_`, dots between them, 100 octets at most; \
             write `{plain}`"
        );
        assert_eq!(told, [said]);
    }
    let deep = "[scopes.klader]\n[scopes.klader.jackor.skal]\ntitle = { en = \"Shells\" }\n\
                [scopes.klader.jackor.dun]\n";
    let told = told_of(deep);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].ends_with("is [scopes.\"klader.jackor.dun\"], [scopes.\"klader.jackor.skal\"]"),
        "{told:#?}"
    );
}

#[test]
fn a_level_that_is_nearly_another_is_doubted() {
    tells(
        "[scopes.\"klader.jackor\"]\n[scopes.\"klader.jakcor.dun\"]\n",
        &["8:9 `klader.jakcor` is declared nowhere; did you mean `klader.jackor`? (if not, declare \
           [scopes.\"klader.jakcor\"])"],
    );
    tells("[scopes.\"shoes.women\"]\n[scopes.\"shoes.men.boots\"]\n[scopes.\"hats.women.warm\"]\n", &[]);
}

#[test]
fn a_language_is_one_that_there_is_and_the_one_that_is_meant() {
    tells(
        "default_locale = \"fi\"\n[texts]\nfooter = { fi = \"Hei\", se = \"Hej\" }\n",
        &[
            "7:18 the words of pages and footers are not there in `fi` but in en, ar, da, de, es, fr, he, it, nb, nl, pl, sv, uk, \
             zh: who reads none of these gets English, and only words of your own in `fi`",
            "9:24 `se` is Northern Sami; did you mean `sv`?",
        ],
    );
    tells(
        "[scopes.toys]\ntitle = { svenska = \"Leksaker\", dk = \"Legetøj\", EN = \"Toys\" }\n",
        &[
            "8:11 `svenska` is not a language tag such as `sv` or `de-AT`; did you mean `sv`?",
            "8:33 `dk` is not a language tag such as `sv` or `de-AT`; did you mean `da`?",
        ],
    );
    tells(
        "default_locale = \"sv\"\n[scopes.toys]\ntitle = { en = \"Toys\" }\n",
        &["9:9 this is not there in `sv`, the sender's `default_locale`"],
    );
}

#[test]
fn countries_are_those_that_there_are_in_either_case() {
    let pack =
        |code: &str| format!("id = \"xy\"\ntitle = \"T\"\nextends = \"eu\"\ncountries = [\"{code}\"]\n");
    let (policy, _) = load_with(&[("jurisdictions/xy.toml", &pack("at"))]);
    assert_eq!(policy.jurisdictions["xy"].countries, ["AT"]);
    let told = mistakes_of(&[("jurisdictions/xy.toml", &pack("UK"))]);
    assert!(told[0].ends_with("did you mean `GB`?"), "{told:#?}");
}

#[test]
fn what_a_pack_says_without_effect_is_told() {
    let pack = |more: &str| format!("id = \"xy\"\ntitle = \"T\"\nextends = \"eu\"\n{more}");
    for (more, said) in [
        ("[marketing]\ngrounds = []\n", "nothing may carry marketing: everybody is refused"),
        (
            "[marketing]\ngrounds = [\"double_opt_in\"]\n[marketing.soft_opt_in]\nnotice_required = false\n",
            "this has no effect: `soft_opt_in` is not among the `grounds`",
        ),
        (
            "[marketing.soft_opt_in]\nexpires = { negotiation = \"6 months\" }\n",
            "`negotiation` is not in `from`: there is nothing to end",
        ),
    ] {
        let told = mistakes_of(&[("jurisdictions/xy.toml", &pack(more))]);
        assert!(told.len() == 1 && told[0].ends_with(said), "{told:#?}");
    }
    // A base may say it for those that extend it.
    let base = "id = \"base\"\ntitle = \"T\"\nextends = \"unknown\"\n[marketing.soft_opt_in]\n\
                from = [\"purchase\"]\n";
    let on_it = "id = \"xy\"\ntitle = \"T\"\nextends = \"base\"\n[marketing]\n\
                 grounds = [\"double_opt_in\", \"soft_opt_in\"]\n";
    let files = [("jurisdictions/base.toml", base), ("jurisdictions/xy.toml", on_it)];
    assert_eq!(mistakes_of(&files), Vec::<String>::new());
    let sender = format!("{SENDER}[soft_opt_in]\nexpires = {{ negotiation = \"6 months\" }}\n");
    let mut files = with(&[("senders/demo-shop.toml", &sender)]);
    files.retain(|(name, _)| name != "jurisdictions/uk.toml");
    let (_, warnings) = parse(&files).unwrap();
    assert!(
        shown(&warnings).contains("no pack takes `negotiation` for a soft opt-in"),
        "{}",
        shown(&warnings)
    );
}

#[test]
fn what_stands_twice_is_named_with_its_first_place_and_hides_nothing() {
    let more = "[caps]\nmarketing = [\"2/day\"]\n[texts]\nfoter = {}\n[caps]\nfunctional = []\nmode = 1\n\
                [quiet_hours]\nmarketing = 1\nmarketing = 2\n";
    let told = told_of(more);
    for wanted in [
        "10:1 `foter` is not a key that belongs here; did you mean `footer`?",
        "11:2 `[caps]` stands at line 7 already: put the two into one",
        "13:1 `mode` is a key of the whole sender",
        "15:13 this must be a table",
        "16:1 `marketing` stands at line 15 already: put the two into one",
    ] {
        assert!(told.iter().any(|one| one.starts_with(wanted)), "{wanted}: {told:#?}");
    }
    // And that only marketing is ever held.
    assert_eq!(told.len(), 6, "{told:#?}");
}

#[test]
fn curly_quotes_are_told() {
    let told = told_of("mode = “shadow”\n");
    assert!(told[0].ends_with("these are curly quotes; texts stand in straight ones: \"…\""), "{told:#?}");
}

#[test]
fn a_file_that_can_not_be_read_hides_no_mistake_of_the_others() {
    let other = "id = \"other\"\nname = \"O\"\npostal_address = \"S\"\nfrom_domains = [\"o.example\"]\n\
                 default_jurisdiction = \"atlantis\"\n";
    let fi = "id = \"fi\"\ntitle = \"Finland\"\nextends = \"nordic\"\n";
    let both = [("senders/other.toml", other), ("jurisdictions/fi.toml", fi)];
    let missing = |told: &[String]| told.iter().filter(|one| one.contains("there is no pack")).count();
    assert_eq!(missing(&mistakes_of(&both)), 2);
    // A broken sender declares no pack: all else is told as before.
    let told = mistakes_of(&[both[0], both[1], ("senders/broken.toml", "id = \n")]);
    assert_eq!(missing(&told), 2, "{told:#?}");
    // A broken pack may be the one that is missed.
    let told = mistakes_of(&[both[0], both[1], ("jurisdictions/broken.toml", "id = \n")]);
    assert_eq!(missing(&told), 0, "{told:#?}");
}

#[test]
fn a_folder_that_is_not_there_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let told = load(&folder.path().join("absent")).unwrap_err();
    assert_eq!(told.len(), 1, "{}", shown(&told));
    // Nor is a folder without senders where one is that can't be read.
    fs::create_dir_all(folder.path().join("senders")).unwrap();
    fs::write(folder.path().join("senders/a.toml"), b"id = \"a\"\nname = \"Kl\xe4der\"\n").unwrap();
    let told = load(folder.path()).unwrap_err();
    let errors: Vec<_> = told.iter().filter(|one| one.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{}", shown(&told));
    assert!(errors[0].message.starts_with("the file is not UTF-8 (line 2, octet 0xe4)"), "{}", shown(&told));
    assert!(!shown(&told).contains("there is no sender"), "{}", shown(&told));
}

#[test]
fn a_policy_folder_within_another_is_told_once() {
    let inner: Vec<NamedText> =
        shipped().into_iter().map(|(name, text)| (format!("my/policies/{name}"), text)).collect();
    let files: Vec<NamedText> = shipped().into_iter().chain(inner).collect();
    let told = parse(&files).unwrap_err();
    assert_eq!(told.len(), 1, "{}", shown(&told));
    assert!(told[0].rendered.contains("a policy folder lies inside this one"), "{}", shown(&told));
    assert_eq!(told[0].file, Path::new("my/policies"));
}

#[test]
fn a_right_that_could_not_be_used_in_time_is_told() {
    for (more, told) in [
        ("[rights]\nfresh_link = \"5m\"\n", "ten minutes at least"),
        ("[rights]\nfresh_link = \"2d\"\n", "a day at most"),
        ("[rights]\ndue = \"4 months\"\n", "within three at most"),
        ("[rights]\ndue = \"100d\"\n", "90 days at most"),
        ("[rights]\ndue = \"90m\"\n", "neither calendar months"),
    ] {
        let said = told_of(more).join("\n");
        assert!(said.contains(told), "{more}: {said}");
    }
}
