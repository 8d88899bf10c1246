//! Places that must not meet, files that others may touch, and what the environment and commands make of keys.

use super::*;

#[test]
fn no_two_listeners_share_an_address() {
    for (smtp, other) in [
        ("listen = ['127.0.0.1:2525', '127.0.0.1:2525']", ""),
        ("listen = ['127.0.0.1:8080']", ""),
        ("listen = ['127.0.0.1:8081']", ""),
        ("", "[api]\nlisten = '0.0.0.0:8080'"),
        ("", "[api]\nlisten = '[::]:2525'"),
    ] {
        let text = SMALLEST
            .replace("[smtp]", &format!("[smtp]\n{smtp}"))
            .replace("[web]", "[web]\nlisten = '127.0.0.1:8080'");
        let text =
            text.replace("allow_plaintext_auth = true", "allow_plaintext_auth = true\nimplicit_tls = []");
        let text = if smtp.is_empty() {
            text.replace("[smtp]", "[smtp]\nlisten = ['127.0.0.1:2525']")
        } else {
            text
        };
        let other = if smtp.contains("8081") { "[api]\nlisten = '127.0.0.1:8081'" } else { other };
        let told = messages(parsed(&format!("{text}\n{other}"), &[]));
        assert!(told.contains("listens there already"), "{smtp} {other}\n{told}");
    }
    assert_eq!(told_of("[api]\nlisten = '127.0.0.1:0'"), "");
    assert!(
        told_of("[api]\nlisten = '0.0.0.0:8081'").contains("warning: keys and metrics cross the network")
    );
}

#[test]
fn a_trusted_network_that_is_never_reached_is_a_mistake() {
    let trusted =
        |networks: &str| format!("[[smtp.trusted]]\nnetworks = {networks}\ncredential = 'demo-shop/tool'\n");
    let told = told_of(&format!("{}{}", trusted("['10.0.0.0/8']"), trusted("['10.1.0.0/16']")));
    assert!(told.contains("it lies within 10.0.0.0/8 of line"), "{told}");
    assert_eq!(told_of(&format!("{}{}", trusted("['10.1.0.0/16']"), trusted("['10.0.0.0/8']"))), "");
    assert!(told_of(&trusted("['0.0.0.0/0']")).contains("this is everybody"));
}

#[test]
fn a_secret_that_others_may_change_is_refused_and_one_that_they_may_read_is_told_of() {
    let folder = folder();
    let open = |file: u32, place: u32| {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(place)).unwrap();
        fs::set_permissions(folder.path().join("password"), fs::Permissions::from_mode(file)).unwrap();
        let text = format!("{SMALLEST}username = 'me'\npassword_file = 'password'\n");
        messages(parse(&folder.path().join("optgate.toml"), &text, []))
    };
    assert_eq!(open(0o600, 0o755), "");
    assert_eq!(open(0o640, 0o755), "", "a service reads by its group");
    assert!(open(0o644, 0o755).contains("warning: everybody on this machine may read"));
    assert_eq!(open(0o444, 0o700), "", "nobody else gets into the folder");
    assert!(open(0o660, 0o755).contains("others may write"));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_environment_adds_tables_to_lists_in_their_order() {
    let without = SMALLEST.replace("[[upstream]]\naddress = \"127.0.0.1:2500\"\ntls = \"none\"\n", "");
    let upstream = |number: usize, key: &str, value: &str| {
        (format!("OPTGATE__UPSTREAM__{number}__{key}"), value.to_owned())
    };
    let mut all = Vec::new();
    for number in 0..11 {
        all.push(upstream(number, "ADDRESS", &format!("127.0.0.1:{}", 2500 + number)));
        all.push(upstream(number, "NAME", &format!("u{number}")));
        all.push(upstream(number, "TLS", "none"));
    }
    let folder = folder();
    let (config, _) = parse(&folder.path().join("optgate.toml"), &without, all).ok().unwrap();
    let names: Vec<&str> = config.upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
    assert_eq!(names, ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10"]);
}

#[test]
fn commands_read_what_they_need_and_pass_over_the_rest() {
    let folder = folder();
    let file = folder.path().join("optgate.toml");
    let text = "data_dir = 'data'\n[database]\nurl_file = 'database.url'\n[smtp]\nlisten = 7\n\
                [[upstream]]\npassword_file = 'none'\n";
    fs::write(&file, text).unwrap();
    assert!(load(&file, []).is_err());
    let essentials = load_essentials(&file, []).ok().unwrap();
    assert_eq!(essentials.data_dir, folder.path().join("data"));
    assert_eq!(essentials.database.expose_secret(), "postgres://og:hunter2@db.example/og");
    // A slip in what they need is theirs; so is a name that may have been meant for it.
    for text in ["[databse]\nurl = 'sqlite:///x'\n", "[database]\nurl = 'mysql://x'\n", "data_dir = \n"] {
        fs::write(&file, text).unwrap();
        assert!(load_essentials(&file, []).is_err(), "{text}");
    }
}

/// All that is shown to people of a configuration that can't be used, or that draws warnings.
fn rendered(environment: &[(&str, &str)]) -> String {
    // Whatever it names, nothing is there but the policies.
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mistakes = match parse(&folder.path().join("optgate.toml"), SMALLEST, environment) {
        Ok((_, warnings)) => warnings,
        Err(mistakes) => mistakes,
    };
    mistakes.iter().map(|mistake| format!("{}\n", mistake.rendered)).collect()
}

#[test]
fn of_the_environment_only_what_is_known_to_be_harmless_is_shown() {
    for name in [
        "OPTGATE__UPSTREM__0__KEY",
        "OPTGATE__NOPE__PASSWORD",
        "OPTGATE__UPSTREAM__0__PASSWRD",
        "OPTGATE__UPSTREAM__0__PASSWORD",
        "OPTGATE__UPSTREAM__0__HEADERS__X",
        "OPTGATE__UPSTREAM",
        "OPTGATE__DATABASE__PASSWORD",
        "OPTGATE__PASSWORD",
    ] {
        for value in ["topsecret2", "[{ key = 'topsecret2' }]", "{ a = { b = 'topsecret2' } }"] {
            let shown = rendered(&[(name, value)]);
            assert!(!shown.contains("topsecret2"), "{name}={value}\n{shown}");
            assert!(shown.is_empty() || shown.contains(&format!("{name} = ***")), "{name}={value}\n{shown}");
        }
    }
    let shown = rendered(&[("OPTGATE__SMTP__MAX_RECIPIENTS", "many")]);
    assert!(shown.contains("OPTGATE__SMTP__MAX_RECIPIENTS = many"), "{shown}");
    let shown = rendered(&[("OPTGATE__UPSTREAM__0__HEADERS", "{ X-A = 'topsecret2', Date = 'x' }")]);
    assert!(
        shown.contains("`Date` is not for an upstream to set") && !shown.contains("topsecret2"),
        "{shown}"
    );
}

#[test]
fn a_password_in_the_databases_address_draws_a_warning_wherever_it_stands() {
    for url in ["postgres://u:topsecret2@db.example/og", "postgres://u@db.example/og?password=topsecret2"] {
        let shown = rendered(&[("OPTGATE__DATABASE__URL", url)]);
        assert!(shown.contains("warning: the password would be safer in a file"), "{shown}");
        assert!(!shown.contains("topsecret2"), "{shown}");
        assert!(told_of(&format!("[database]\nurl = '{url}'\n")).contains("would be safer in a file"));
    }
    assert_eq!(rendered(&[("OPTGATE__DATABASE__URL", "postgres://u@db.example/og")]), "");
}

#[test]
fn a_variable_gives_a_table_as_toml() {
    let environment = [
        ("OPTGATE__UPSTREAM__0__HEADERS", "{ X-SES-CONFIGURATION-SET = 'main' }"),
        ("OPTGATE__UPSTREAM__0__TIMEOUTS", "{ connect = '7s' }"),
    ];
    for file in [SMALLEST.to_owned(), format!("{SMALLEST}headers = {{ X-Other = 'file' }}\n")] {
        let (config, warnings) = parsed(&file, &environment).ok().unwrap();
        assert_eq!(warnings, []);
        let upstream = &config.upstreams[0];
        assert_eq!(upstream.headers, [("X-SES-CONFIGURATION-SET".to_owned(), "main".to_owned())]);
        assert_eq!(upstream.timeouts.connect, Duration::from_secs(7));
    }
    let told = messages(parsed(SMALLEST, &[("OPTGATE__UPSTREAM__0__HEADERS", "{ Date = 'x' }")]));
    assert!(told.starts_with("1:35: `Date`"), "the place within the variable: {told}");
    let told = messages(parsed(SMALLEST, &[("OPTGATE__UPSTREAM", "primary")]));
    assert!(told.contains("names no key"), "{told}");
}

#[test]
fn what_is_no_toml_is_told_alone_and_shows_no_value() {
    for line in
        ["hostname = ", "[[dkim]]\nselector = 's\n", "[database]\nurl = postgres://u:topsecret2@db/og"]
    {
        let folder = folder();
        let text = format!("{line}\n{}", SMALLEST.replace("hostname =", "hostnam ="));
        let mistakes = parse(&folder.path().join("optgate.toml"), &text, []).err().unwrap();
        assert!(mistakes.iter().all(|mistake| mistake.line <= 2), "{line}: {mistakes:#?}");
        assert!(mistakes.iter().all(|mistake| !mistake.rendered.contains("topsecret2")), "{mistakes:#?}");
    }
    for environment in [&[][..], &[("OPTGATE__SMTP__LISTEN", "127.0.0.1:0")]] {
        let mistakes = parsed("data_dir = 'data'\nhostname = ", environment).err().unwrap();
        let place = |mistake: &Mistake| (mistake.file.ends_with("optgate.toml"), mistake.line);
        assert!(mistakes.iter().all(|mistake| place(mistake) == (true, 2)), "{mistakes:#?}");
    }
}
