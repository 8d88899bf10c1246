"""Exim with the gateway as its smarthost: one message that a local program hands it, delivered at once. Shows what its
log says of it. It comes unpacked, since its package would take the place of Postfix."""

import grp
import os
import pathlib
import pwd
import subprocess
import sys

env = os.environ
folder = pathlib.Path.cwd()
EXIM = folder / "exim4"

CONFIGURATION = """
primary_hostname = tool.shop.example
exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
exim_user = daemon
exim_group = daemon
never_users =
domainlist local_domains =
keep_environment =
add_environment = PATH=/usr/bin:/bin
message_size_limit = 50M
disable_ipv6 = true
dns_dnssec_ok = 0
local_from_check = false
untrusted_set_sender = *

begin routers
bounces:
  driver = redirect
  senders = :
  data = :blackhole:
smarthost:
  driver = manualroute
  route_list = * {host}::{port} byname
  self = send
  host_find_failed = fail
  transport = gateway

begin transports
gateway:
  driver = smtp
  protocol = {protocol}
  allow_localhost
  helo_data = tool.shop.example
  hosts_require_tls = {requires_tls}
  hosts_avoid_tls = {avoids_tls}
  hosts_require_auth = {requires_login}
  tls_verify_certificates = {ca}
  tls_verify_hosts = {requires_tls}
  tls_verify_cert_hostnames = {requires_tls}

begin retry
* * F,1h,15m

begin authenticators
{authenticator}
"""

LOGINS = {
    "none": "",
    "plain": "plain:\n  driver = plaintext\n  public_name = PLAIN\n  client_send = ^{user}^{password}\n",
    "login": "login:\n  driver = plaintext\n  public_name = LOGIN\n  client_send = : {user} : {password}\n",
}


def main():
    # Its deliveries are not root, and have to get in.
    for parent in (folder, *folder.parents):
        if os.stat(parent).st_uid == os.getuid() and not os.stat(parent).st_mode & 0o001:
            parent.chmod(0o755)
    lay_out()
    write_configuration()
    command = [EXIM, "-C", folder / "exim.conf", "-odf", "-i", "-f", env["MAIL_FROM"], env["MAIL_TO"]]
    with open(env["MAIL_EML"], "rb") as message:
        ran = subprocess.run(command, stdin=message, capture_output=True, text=True, timeout=60)
    log = "".join(file.read_text(errors="replace") for file in sorted((folder / "log").iterdir()))
    if f"=> {env['MAIL_TO']}" in log and "Completed" in log:
        return 0
    print(ran.stdout, ran.stderr, log, file=sys.stderr)
    return 1


def write_configuration():
    tls = env["SMTP_TLS"]
    user, password = (text.replace("^", "^^").replace(":", "::") for text in (env["SMTP_USER"], env["SMTP_PASSWORD"]))
    (folder / "exim.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            exim=EXIM,
            host=env["SMTP_HOST"],
            port=env["SMTP_PORT"],
            protocol="smtps" if tls == "implicit" else "smtp",
            requires_tls="" if tls == "none" else "*",
            avoids_tls="*" if tls == "none" else "",
            requires_login="" if env["SMTP_AUTH"] == "none" else "*",
            ca=env["SMTP_CA"],
            authenticator=LOGINS[env["SMTP_AUTH"]].format(user=user, password=password),
        )
    )
    (folder / "exim.conf").chmod(0o644)


def lay_out():
    """A copy of the program that runs as a user who is there: its package would have made one, and it calls itself again
    as that user, who may not look into the cache."""
    program = pathlib.Path(env["CLIENT_CACHE"], "unpacked/usr/sbin/exim4").read_bytes()
    own = b"Debian-exim\0"
    EXIM.write_bytes(program.replace(own, b"daemon".ljust(len(own), b"\0")))
    EXIM.chmod(0o755)
    (folder / "log").mkdir()
    os.chown(folder / "log", pwd.getpwnam("daemon").pw_uid, grp.getgrnam("daemon").gr_gid)


sys.exit(main())
