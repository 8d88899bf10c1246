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
