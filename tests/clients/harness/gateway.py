"""A gateway as ops run it: the real binary, a configuration, SQLite, credentials and recorded consent."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

CONFIGURATION = """
hostname = "gateway.test"
data_dir = "{folder}/data"
policies = "{folder}/policies"
[database]
url = "sqlite://{folder}/optgate.db"
[smtp]
listen = ["127.0.0.1:0"]
{smtp}
[web]
listen = "127.0.0.1:0"
public_url = "https://mail.test"
rate = "{rate}"
[api]
listen = "127.0.0.1:0"
[[upstream]]
name = "primary"
address = "127.0.0.1:{upstream}"
tls = "none"
[[dkim]]
domain = "shop.example"
selector = "og1"
key_file = "{dkim}"
"""

# The shipped demo-shop, but that it says 550, so that a client's error can be seen, and takes templates that nobody filled.
SENDER = """
id = "demo-shop"
name = "Demo Shop AB"
postal_address = "Storgatan 1, 111 22 Stockholm, Sweden"
from_domains = ["shop.example"]
default_jurisdiction = "se"
default_locale = "sv"
[streams.marketing]
refusal_reply = "reject"
merge_field_leak = "allow"
[scopes.apparel]
title = { en = "Clothing", sv = "Kläder" }
"""

WITH_TLS = """
implicit_tls = ["127.0.0.1:0"]
certificate = "{folder}/server.crt"
key = "{folder}/server.key"
"""

TRUSTED = """
allow_plaintext_auth = true
[[smtp.trusted]]
networks = ["127.0.0.0/8"]
credential = "demo-shop/tool"
"""


class Gateway:
    """`smtp` holds other keys of `[smtp]`; `keys` is the folder with certificates and the DKIM key; `domain` is the
    sender's From domain, with all below it; `sender` what its policy file says beside
    SENDER; `rate` how often an address may open pages."""

    def __init__(self, folder, keys, smtp, upstream, domain="shop.example", sender="", rate="60/minute"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        policies = self.folder / "policies"
        shutil.copytree(REPOSITORY / "policies" / "jurisdictions", policies / "jurisdictions")
        (policies / "senders").mkdir()
        (policies / "senders" / "demo-shop.toml").write_text(SENDER.replace("shop.example", domain) + sender)
        self.config = self.folder / "optgate.toml"
        self.config.write_text(
            CONFIGURATION.replace("shop.example", domain).format(
                folder=self.folder,
                smtp=smtp.format(folder=keys),
                upstream=upstream.port,
                rate=rate,
                dkim=keys / "dkim.pem",
            )
        )
        self.upstream = upstream
        self._process = None
        self._passwords = {}
        self._run("migrate")
        # The one that a trusted network stands for.
        self.login("tool")
        self._api_key = self._credential("api", "api")
        self._start()

    def login(self, name, streams="marketing,functional"):
        """User name and password of a tool's own credential."""
        if name not in self._passwords:
            self._passwords[name] = self._credential(name, "smtp", "--streams", streams)
        return f"demo-shop/{name}", self._passwords[name]

    def opt_in(self, address):
        """Records a double opt-in."""
        ground = {
            "email": address,
            "kind": "double_opt_in",
            "scopes": ["apparel"],
            "obtained_at": "2026-05-01T10:00:00Z",
            "jurisdiction": "se",
            "evidence": {"form": "web"},
        }
        self.call("grounds", ground)

    def call(self, path, body):
        """What the API answers to a POST."""
        request = urllib.request.Request(
            f"http://{self._api}/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._api_key}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            assert 200 <= answer.status < 300, answer.status
            return json.load(answer)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _command(self, *arguments):
        return [os.environ["OPTGATE_BINARY"], "--config", str(self.config), *arguments]

    def _run(self, *arguments):
        ran = subprocess.run(self._command(*arguments), capture_output=True, text=True, timeout=60)
        if ran.returncode != 0:
            raise RuntimeError(f"optgate {' '.join(arguments)}:\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def _credential(self, name, role, *more):
        made = self._run(
            "credential", "add", "--sender", "demo-shop", "--name", name, "--role", role, "--json", *more
        )
        return json.loads(made)["secret"]

    def _start(self):
        with open(self.folder / "log", "w") as log:
            self._process = subprocess.Popen(self._command("serve"), stdin=subprocess.DEVNULL, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until and self._process.poll() is None:
            for line in self.log().splitlines():
                if '"gateway accepts"' in line:
                    accepts = json.loads(line)
                    smtp = accepts["smtp"].strip("[]").split(", ")
                    self._api = accepts["api"]
                    self.web = f"http://{accepts['web']}"
                    self.port = int(smtp[0].rpartition(":")[2])
                    self.implicit_port = int(smtp[-1].rpartition(":")[2])
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the gateway does not start:\n{self.log()}")


def make_keys(folder):
    """An authority, a certificate for localhost, and a DKIM key. Gives the public half of that, base64."""

    def openssl(*arguments):
        ran = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
        if ran.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {ran.stderr}")
        return ran.stdout

    extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
    (folder / "extensions").write_text(extensions)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt",
            "-subj", "/CN=Test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "extensions", "-out", "server.crt")
    openssl("genrsa", "-out", "dkim.pem", "2048")
    (folder / "server.key").chmod(0o600)
    (folder / "dkim.pem").chmod(0o600)
    public = openssl("rsa", "-in", "dkim.pem", "-pubout")
    return "".join(line for line in public.splitlines() if not line.startswith("-----"))
