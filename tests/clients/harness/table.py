"""The clients: what each needs, what it can, and how its example is run. One entry a client."""

import dataclasses
import pathlib

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"

CLEAR, STARTTLS, IMPLICIT = "none", "starttls", "implicit"


@dataclasses.dataclass(frozen=True)
class Client:
    name: str
    # The example's command; `{cache}` is where packages were put.
    command: tuple
    debian: tuple = ()
    # Debian packages that would displace others: unpacked into `{cache}/unpacked`, not installed.
    unpacked: tuple = ()
    python: tuple = ()
    node: tuple = ()
    # Folders under `examples` that are Rust packages: built into `{cache}/rust`.
    rust: tuple = ()
    # Whether it runs in CI.
    ci: bool = False
    tls: tuple = (CLEAR, STARTTLS, IMPLICIT)
    mechanisms: tuple = ("plain", "login")
    parts: tuple = ("text", "html", "attachment")
    # It writes `>From ` where a line begins with `From `, as mailboxes need it.
    quotes_from: bool = False
    # It sends lines that begin with a dot as they are, so that the dot is lost (RFC 5321, 4.5.2).
    loses_dots: bool = False
    # It leaves a CR at the end of each line of an encoded text.
    doubles_cr: bool = False
    # What it makes of a wrong password, where it does not show the server's words.
    wrong_password: str = "535"


def script(interpreter, file):
    return (interpreter, str(EXAMPLES / file))


PYTHON = "{cache}/python/bin/python"

CLIENTS = (
    Client("smtplib", script(PYTHON, "python-smtplib.py"), ci=True, quotes_from=True),
    Client("django", script(PYTHON, "django-mail.py"), python=("django==5.2.19",), mechanisms=("plain",)),
    Client("aiosmtplib", script(PYTHON, "python-aiosmtplib.py"), python=("aiosmtplib==5.1.3",)),
    Client("nodemailer", script("node", "nodemailer.mjs"), node=("nodemailer@10.6.0",), ci=True),
    # It shows the enhanced code alone.
    Client("emailjs", script("node", "emailjs.mjs"), node=("emailjs@5.0.3",), wrong_password="5.7.8"),
    Client(
        "phpmailer",
        script("php", "phpmailer.php"),
        debian=("php-cli", "php-mbstring", "libphp-phpmailer"),
        ci=True,
    ),
    # It takes LOGIN where both are offered.
    Client(
        "symfony",
        script("php", "symfony-mailer.php"),
        debian=("php-cli", "php-mbstring", "php-symfony-mailer"),
        mechanisms=("login",),
    ),
    Client(
        "javamail",
        script("sh", "javamail/run"),
        debian=("default-jdk-headless", "libjakarta-mail-java"),
    ),
    Client("ruby", script("ruby", "ruby-mail.rb"), debian=("ruby", "ruby-mail"), doubles_cr=True),
    # Its library has no LOGIN.
    Client("go", script("sh", "go-smtp/run"), debian=("golang-go",), mechanisms=("plain",)),
    Client(
        "perl",
        script("perl", "perl-email-sender.pl"),
        debian=("libemail-sender-perl", "libemail-mime-perl", "libio-socket-ssl-perl", "libauthen-sasl-perl"),
        mechanisms=("plain",),
    ),
    Client(
        "swaks",
        script("sh", "swaks.sh"),
        debian=("swaks", "libnet-ssleay-perl"),
        parts=("text", "attachment"),
        ci=True,
    ),
    Client("curl", script("sh", "curl.sh"), debian=("curl",), ci=True),
    Client("msmtp", script("sh", "msmtp.sh"), debian=("msmtp", "ca-certificates")),
    Client(
        "mutt",
        (*script("sh", "mutt.sh"), "mutt"),
        debian=("mutt", "libsasl2-modules"),
        parts=("text", "attachment"),
        wrong_password="SASL authentication failed",
    ),
    Client(
        "neomutt",
        (*script("sh", "mutt.sh"), "neomutt"),
        debian=("neomutt",),
        parts=("text", "attachment"),
        wrong_password="SASL authentication failed",
    ),
    Client("s-nail", script("sh", "s-nail.sh"), debian=("s-nail",), parts=("text", "attachment")),
    Client(
        "nullmailer",
        script("sh", "nullmailer.sh"),
        debian=("libgnutls30",),
        unpacked=("nullmailer",),
    ),
    Client(
        "postfix",
        script(PYTHON, "postfix/relay.py"),
        debian=("postfix", "libsasl2-modules"),
    ),
    Client(
        "exim",
        script(PYTHON, "exim/relay.py"),
        debian=("libgnutls-dane0", "libidn12", "libpcre2-8-0"),
        unpacked=("exim4-daemon-light",),
    ),
    # It knows LOGIN and CRAM-MD5.
    Client(
        "ssmtp",
        script("sh", "ssmtp.sh"),
        debian=("libgnutls-openssl27",),
        unpacked=("ssmtp",),
        mechanisms=("login",),
    ),
    # Its library takes the mechanism that it thinks the better one.
    Client(
        "esmtp", script("sh", "esmtp.sh"), debian=("esmtp",), tls=(CLEAR, STARTTLS), mechanisms=("plain",),
        # It goes on without, and shows what that brings.
        wrong_password="530",
    ),
    # It takes LOGIN where both are offered, and has no implicit TLS.
    Client(
        "sendemail",
        script("sh", "sendemail.sh"),
        debian=("sendemail", "libio-socket-ssl-perl", "libnet-ssleay-perl"),
        tls=(CLEAR, STARTTLS),
        mechanisms=("login",),
        parts=("text", "attachment"),
        loses_dots=True,
        wrong_password="LOGIN authenticaion failed",
    ),
    Client("mailutils", script("sh", "mailutils.sh"), debian=("mailutils",), parts=("text", "attachment")),
    Client("nmh", script("sh", "nmh.sh"), debian=("nmh", "libsasl2-modules")),
    Client(
        "git",
        script("sh", "git-send-email.sh"),
        debian=("git", "libauthen-sasl-perl", "libio-socket-ssl-perl"),
        unpacked=("git-email",),
        parts=("text",),
    ),
    Client(
        "pear",
        script("php", "pear-mail.php"),
        debian=("php-cli", "php-mail", "php-mail-mime", "php-net-smtp"),
    ),
    Client("swiftmailer", script("php", "swiftmailer.php"), debian=("php-cli", "php-mbstring", "php-swiftmailer")),
    # JavaMail takes LOGIN where both are offered.
    Client(
        "commons-email",
        script("sh", "commons-email/run"),
        debian=("default-jdk-headless", "libcommons-email-java"),
        mechanisms=("login",),
    ),
    Client("twisted", script(PYTHON, "python-twisted.py"), python=("twisted[tls]==26.10.0",), mechanisms=("login",)),
    Client(
        "luasocket",
        script("lua5.3", "luasocket.lua"),
        debian=("lua5.3", "lua-socket", "lua-sec"),
        tls=(CLEAR, IMPLICIT),
        mechanisms=("login",),
    ),
    Client(
        "go-message",
        script("sh", "go-message/run"),
        debian=("golang-go", "golang-github-emersion-go-smtp-dev", "golang-github-emersion-go-sasl-dev",
                "golang-github-emersion-go-message-dev"),
    ),
    Client("lettre", ("{cache}/rust/debug/lettre-client",), debian=("libssl-dev", "pkg-config"), rust=("lettre",)),
    Client("smtp-client", script("node", "smtp-client.mjs"), node=("smtp-client@0.4.0",)),
)


def chosen(names):
    if names == ["--ci"]:
        return [client for client in CLIENTS if client.ci]
    if not names or names == ["--list"]:
        return list(CLIENTS)
    known = {client.name: client for client in CLIENTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such client: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]
