//! The configuration: what is taken, and what is told of what is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::Ed25519KeyPair;
use secrecy::ExposeSecret as _;

use super::*;

/// A folder with all that texts here name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    let put = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    put("password", "hunter2\n");
    put("login", "post:hunter2\n");
    put("empty", "\n");
    put("database.url", "postgres://og:hunter2@db.example/og\n");
    let own = rcgen::generate_simple_self_signed(["gateway.example".to_owned()]).unwrap();
    put("tls.crt", &own.cert.pem());
    put("tls.key", &own.signing_key.serialize_pem());
    put("other.key", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    put("rsa.pem", &pem(der.as_ref()));
    let edwards = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    put("ed25519.pem", &pem(edwards.as_ref()));
    folder
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// What becomes of a text in such a folder.
fn parsed(text: &str, environment: &[(&str, &str)]) -> Loaded {
    let folder = folder();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    parse(&folder.path().join("optgate.toml"), text, environment)
}

fn messages(loaded: Loaded) -> String {
    let mistakes = match loaded {
        Ok((_, warnings)) => warnings,
        Err(mistakes) => mistakes,
    };
    let line = |mistake: &Mistake| {
        let severity = if mistake.severity == Severity::Error { "" } else { "warning: " };
        format!("{}:{}: {severity}{}\n", mistake.line, mistake.column, mistake.message)
    };
    mistakes.iter().map(line).collect()
}

const SMALLEST: &str = r#"
hostname = "gateway.example.com"
policies = "policies"
[smtp]
allow_plaintext_auth = true
[web]
public_url = "https://mail.example.com/"
[[upstream]]
address = "127.0.0.1:2500"
tls = "none"
"#;

#[test]
fn defaults_are_those_of_the_contract() {
    let (config, warnings) = parsed(SMALLEST, &[]).ok().unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.smtp.listen, ["127.0.0.1:2525".parse().unwrap()]);
    assert_eq!((config.smtp.max_message_size, config.smtp.max_recipients), (25 << 20, 1000));
    assert_eq!(config.web.public_url, "https://mail.example.com");
    assert_eq!(config.web.body_limit, 65_536);
    assert_eq!(config.web.trusted_proxies, ["127.0.0.1/32".parse().unwrap()]);
    assert_eq!(config.queue.lease, Duration::from_secs(60));
    assert_eq!((config.upstreams[0].name.as_str(), config.upstreams[0].connections), ("primary", 10));
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let text = r#"
hostnam = "gateway.example.com"
policies = "policies"
[smtp]
listen = ["0.0.0.0:2525", "localhost"]
allow_plaintext_auth = true
max_message_size = 25
implicit_tls = ["0.0.0.0:465"]
[web]
public_url = "http://mail.example.com"
[[upstream]]
address = "smtp.provider.example"
tls = "yes"
username = "me"
password = "hunter2"
"#;
    let told = messages(parsed(text, &[]));
    for wanted in [
        "0:0: `hostname` is missing",
        "2:1: `hostnam` is not a key that belongs here; did you mean `hostname`?",
        "5:11: no passwords in clear over a network",
        "5:27: `localhost` is not an IP address with a port",
        "7:20: this must be a text in quotes, not a TOML integer",
        "8:16: `implicit_tls` needs `certificate` and `key`",
        "10:14: links in mail must be https",
        "12:11: `smtp.provider.example` is not HOST:PORT",
        "13:7: `yes` is none of `required`, `implicit`, `opportunistic`, `none`",
        "15:1: a secret never stands here: put it into a file of its own and name that with `password_file`",
    ] {
        assert!(told.contains(wanted), "{wanted}\n in \n{told}");
    }
    assert!(!told.contains("hunter2"));
}

#[test]
fn a_mistake_shows_its_line_and_a_caret_but_no_secret() {
    let mistakes = parsed("[smtp]\nlisen = []\n", &[]).err().unwrap();
    let lisen = mistakes.iter().find(|mistake| mistake.message.contains("lisen")).unwrap();
    assert!(lisen.rendered.contains("2 | lisen = **") && lisen.rendered.contains("^^^^^"));
    let mistakes = parsed("[[upstream]]\npassword = \"hunter2\"\n", &[]).err().unwrap();
    assert!(mistakes.iter().all(|mistake| !mistake.rendered.contains("hunter2")));
}

#[test]
fn the_environment_overrides_keys() {
    let environment = [
        ("OPTGATE__SMTP__LISTEN", "127.0.0.1:0, [::1]:0"),
        ("OPTGATE__SMTP__MAX_RECIPIENTS", "7"),
        ("OPTGATE__UPSTREAM__0__ADDRESS", "127.0.0.1:26"),
        ("OPTGATE__HOSTNAME", "other.example"),
        ("OPTGATE_LOG", "debug"),
    ];
    let (config, _) = parsed(SMALLEST, &environment).ok().unwrap();
    assert_eq!(config.smtp.listen.len(), 2);
    assert_eq!((config.smtp.max_recipients, config.upstreams[0].port), (7, 26));
    assert_eq!(config.hostname, "other.example");
    let told =
        messages(parsed(SMALLEST, &[("OPTGATE__SMTP__LISEN", "x"), ("OPTGATE__UPSTREAM__9__NAME", "x")]));
    assert!(told.contains("`lisen` is not a key that belongs here; did you mean `listen`?"), "{told}");
    assert!(told.contains("names no key"), "{told}");
}

#[test]
fn every_key_of_the_contract_is_known() {
    let text = include_str!("sample.toml");
    let told = messages(parsed(text, &[]));
    assert!(!told.contains("is not a key"), "{told}");
    let missing_files = ["can't be read", "is not there", "No such file", "/etc/optgate/"];
    let errors = told.lines().filter(|line| !line.contains("warning: "));
    for error in errors {
        assert!(missing_files.iter().any(|text| error.contains(text)), "{error}");
    }
}

#[test]
fn a_webhook_has_what_its_provider_proves_itself_with() {
    let hook = |lines: &str| parsed(&format!("{SMALLEST}\n[[webhook]]\nname = 'feed'\n{lines}"), &[]);
    let sound = [
        "kind = 'mailgun'\nkey_file = 'password'",
        "kind = 'postmark'\nkey_file = 'login'",
        "kind = 'ses'\ntopic = 'arn:aws:sns:eu-north-1:123456789012:optgate'",
    ];
    for lines in sound {
        let (config, warnings) = hook(lines).map_err(|told| format!("{lines}: {told:?}")).unwrap();
        assert_eq!((config.webhooks.len(), warnings.len()), (1, 0), "{lines}");
    }
    for (lines, expect) in [
        ("kind = 'mailgun'", "`key_file` is missing"),
        ("kind = 'mailgun'\nkey_file = 'none'", "none can't be read"),
        ("kind = 'mailgun'\nkey_file = 'password'\ntopic = 'x'", "`topic` belongs to `ses`"),
        ("kind = 'postmark'\nkey_file = 'password'", "password holds no USER:PASSWORD"),
        ("kind = 'sendgrid'\nkey_file = 'password'", "password holds no public key"),
        ("kind = 'ses'", "`topic` is missing"),
        ("kind = 'ses'\ntopic = 'x'", "`x` is not a topic"),
        ("kind = 'ses'\ntopic = 'x'\nkey_file = 'password'", "`ses` has no `key_file`"),
        (
            "kind = 'ses'\ntopic = 'arn:aws:sns:a:1:b'\ncertificate_file = 'tls.crt'",
            "tls.crt: its key is not RSA",
        ),
        ("kind = 'generic'", "generic"),
        ("key_file = 'password'", "`kind` is missing"),
    ] {
        let told = messages(hook(lines));
        assert!(told.contains(expect), "{lines}: {told}");
    }
    let twice = "kind = 'mailgun'\nkey_file = 'password'\n[[webhook]]\nname = 'feed'\nkind = 'mailgun'\nkey_file = 'password'";
    assert!(messages(hook(twice)).contains("a webhook named `feed` stands above"));
    let odd = hook(
        "kind = 'mailgun'\nkey_file = 'password'\n[[webhook]]\nname = 'a/b'\nkind = 'mailgun'\nkey_file = 'password'",
    );
    assert!(messages(odd).contains("`a/b` can't be part of a URL"));
}

#[test]
fn broken_toml_is_a_mistake_with_a_place() {
    let told = messages(parsed("hostname = \n[smtp\nlisten = [\n", &[]));
    assert!(told.contains("1:"), "{told}");
}

/// The smallest configuration with these lines added, each to its section, which a line names first.
fn told_of(more: &str) -> String {
    messages(parsed(&format!("{SMALLEST}{more}"), &[]))
}

#[test]
fn certificate_and_key_belong_together() {
    let smallest = SMALLEST.replace("allow_plaintext_auth = true", "");
    let with = |lines: &str| messages(parsed(&smallest.replace("[smtp]", &format!("[smtp]\n{lines}")), &[]));
    assert_eq!(with("certificate = 'tls.crt'\nkey = 'tls.key'\nimplicit_tls = ['0.0.0.0:465']"), "");
    assert!(with("").contains("warning: nobody can log in"));
    assert!(with("certificate = 'tls.crt'").contains("`certificate` and `key` belong together"));
    assert!(with("certificate = 'tls.crt'\nkey = 'other.key'").contains("tls.crt: "));
    assert!(with("certificate = 'password'\nkey = 'tls.key'").contains("password: holds no certificate"));
    assert!(with("certificate = 'tls.crt'\nkey = 'none'").contains("none: "));
}

#[test]
fn secrets_are_read_from_files_of_their_own() {
    let login = |lines: &str| parsed(&format!("{SMALLEST}{lines}"), &[]);
    let (config, warnings) = login("username = 'me'\npassword_file = 'password'").ok().unwrap();
    assert_eq!(warnings, []);
    let (user, password) = config.upstreams[0].login.clone().unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("me", "hunter2"));
    assert!(messages(login("username = 'me'\npassword_file = 'empty'")).contains("empty is empty"));
    assert!(messages(login("username = 'me'\npassword_file = 'none'")).contains("none can't be read"));
    assert!(messages(login("username = 'me'")).contains("`username` needs `password_file`"));
    let (config, _) = login("[database]\nurl_file = 'database.url'").ok().unwrap();
    assert_eq!(config.database.expose_secret(), "postgres://og:hunter2@db.example/og");
    let shown = login("[database]\nurl = 'postgres://og:hunter2@db.example/og'").ok().unwrap().1;
    assert!(shown[0].message.contains("`url_file`") && !shown[0].rendered.contains("hunter2"));
}

#[test]
fn dkim_keys_are_read_and_ed25519_alone_draws_a_warning() {
    let named = |selector: &str, file: &str| {
        format!("[[dkim]]\ndomain = 'shop.example'\nselector = '{selector}'\nkey_file = '{file}'\n")
    };
    let key = |file: &str| named("s", file);
    assert_eq!(told_of(&key("rsa.pem")), "");
    assert!(told_of(&key("ed25519.pem")).contains("warning: Ed25519 alone"));
    assert_eq!(told_of(&format!("{}{}", key("ed25519.pem"), named("t", "rsa.pem"))), "");
    let twice = told_of(&format!("{}{}", key("ed25519.pem"), named("S", "rsa.pem")));
    assert!(twice.contains("DNS can name only one key there"), "{twice}");
    assert!(told_of(&key("password")).contains("no PEM of an unencrypted private key"));
    assert!(told_of(&key("other.key")).contains("shop.example"), "an EC key signs no mail");
    assert!(told_of("[[dkim]]\ndomain = 'shop.example'\n").contains("`selector` is missing"));
}

#[test]
fn an_upstream_is_named_once_and_warned_of_where_mail_could_be_read() {
    let more = "[[upstream]]\nname = 'primary'\naddress = 'smtp.provider.example:25'\ntls = 'none'\n";
    let told =
        told_of(&format!("name = 'primary'\n{more}headers = {{ 'List-Id' = 'x', 'X-A' = \"a\\nb\" }}\n"));
    for wanted in [
        "an upstream named `primary` stands above",
        "warning: mail to this upstream can be read and changed on its way",
        "`List-Id` is not for an upstream to set",
        "`X-A` can't be made a header field",
    ] {
        assert!(told.contains(wanted), "{wanted}\n in \n{told}");
    }
    let nameless = "[[upstream]]\naddress = '127.0.0.1:25'\ntls = 'none'\n";
    assert!(told_of(nameless).contains("each of several upstreams needs a `name` of its own"));
    assert!(told_of("region = 'eu'\n").contains("warning: `region` is kept but routes nothing"));
    assert!(told_of("weight = 65536\n").contains("a whole number from 0 to 65535"));
    let hasty = "timeouts = { command = '2h', end_of_data = '1m' }\n";
    let told = told_of(hasty);
    assert!(told.contains("this must be from 1s to 3600s"), "{told}");
    assert!(told.contains("gets the message twice"), "{told}");
    assert!(told_of("ca_file = 'password'").contains("holds no certificate"));
    assert_eq!(told_of("ca_file = 'tls.crt'"), "");
}

#[test]
fn each_limit_has_a_default_and_bounds() {
    let (config, _) = parsed(SMALLEST, &[]).ok().unwrap();
    let limits = &config.smtp.limits;
    assert_eq!((limits.connections, limits.per_address, limits.kept), (1_000, 50, 100));
    assert_eq!((limits.per_loopback_address, limits.in_hand), (500, 512 << 20));
    assert_eq!((config.web.rate.permits, config.logins.failures), (60, 10));
    let sample = include_str!("sample.toml");
    for key in ["max_connections", "session_timeout", "max_in_hand", "max_failures", "max_errors"] {
        assert!(sample.contains(key), "{key}");
    }
    let wrong = [
        ("[smtp]", "max_connections = 0", "a whole number from 1"),
        ("[smtp]", "max_connections = 1000000", "from 1 to 100000 connections"),
        ("[smtp]", "kept_for_functional = 1000", "all of `max_connections` would be kept"),
        ("[smtp]", "idle_timeout = '2h'", "from 1s to 3600s"),
        ("[smtp]", "max_in_hand = '1 MiB'", "twice `max_message_size`"),
        ("[smtp]", "max_command_length = '1177 B'", "from 1178 to 65536 octets"),
        ("[smtp]", "max_line_length = '1 MiB'", "from 998 to 65536 octets"),
        ("[smtp]", "loopback = { most = 3 }", "`most` is not a key"),
        ("[web]", "rate = '60 per minute'", "is not a rate"),
    ];
    for (section, line, expected) in wrong {
        let text = SMALLEST.replace(section, &format!("{section}\n{line}"));
        let told = messages(parsed(&text, &[]));
        assert!(told.contains(expected), "{line}: {told}");
    }
    let told = told_of("[api]\nsignups_per_ip = '20/week'\n");
    assert!(told.contains("is not a rate"), "{told}");
    let told = told_of("[logins]\nmax_delay = '1m'\n");
    assert!(told.contains("from 1s to 10s"), "{told}");
    let told = told_of("[logins]\nlog_peer = 'half'\n");
    assert!(told.contains("network") && told.contains("none"), "{told}");
}

#[test]
fn a_limit_of_each_address_that_was_typed_holds_for_this_machine_too() {
    let with = |lines: &str| {
        let text = SMALLEST.replace("[smtp]", &format!("[smtp]\n{lines}"));
        let (config, _) = parsed(&text, &[]).ok().unwrap();
        (config.smtp.limits.per_address, config.smtp.limits.per_loopback_address)
    };
    assert_eq!(with("max_connections_per_address = 3"), (3, 3));
    assert_eq!(with("max_connections = 100"), (50, 50));
    assert_eq!(with("max_connections_per_address = 3\nloopback = { max_connections = 90 }"), (3, 90));
}

mod places;

#[test]
fn mail_comes_back_where_configuration_says_where() {
    let (config, _) = parsed(SMALLEST, &[]).ok().unwrap();
    assert!(config.feedback.is_none());
    let with = |lines: &str| parsed(&format!("{SMALLEST}\n[feedback]\n{lines}"), &[]);
    let (config, _) = with("listen = ['127.0.0.1:2526']\ndomain = 'Bounces.Example.COM'").ok().unwrap();
    let feedback = config.feedback.unwrap();
    assert_eq!((feedback.domain.as_str(), feedback.listen.len()), ("bounces.example.com", 1));
    let told = |lines: &str| messages(with(lines));
    assert!(told("listen = ['127.0.0.1:2526']").contains("`domain`"));
    assert!(told("domain = 'b.example'").contains("`listen`"));
    assert!(told("listen = []\ndomain = 'b.example'").contains("needs a listener"));
    assert!(told("listen = ['127.0.0.1:2526']\ndomain = 'a b'").contains("is not a domain name"));
    let twice = told("listen = ['127.0.0.1:2526', '0.0.0.0:2526']\ndomain = 'b.example'");
    assert!(twice.contains("listens there already"), "{twice}");
}
