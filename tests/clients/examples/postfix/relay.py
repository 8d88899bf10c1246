"""Postfix with the gateway as its relayhost: a private instance beside the installed one, for one message that a
local program hands it. Shows what its log says of the message."""

import grp
import os
import pathlib
import pwd
import re
import smtplib
import socket
import subprocess
import sys
import time

env = os.environ
folder = pathlib.Path.cwd()

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = tool.shop.example
mydestination =
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
alias_maps =
alias_database =
local_recipient_maps =
smtp_host_lookup = native

relayhost = [{host}]:{port}
smtp_tls_security_level = {level}
smtp_tls_wrappermode = {wrapped}
smtp_tls_CAfile = {ca}
smtp_sasl_auth_enable = {auth}
smtp_sasl_password_maps = texthash:{folder}/sasl_passwd
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = {mechanism}
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
postlog unix-dgram n - n - 1 postlogd
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


def main():
    # Its daemons are not root, and have to get in.
    for parent in (folder, *folder.parents):
        if os.stat(parent).st_uid == os.getuid() and not os.stat(parent).st_mode & 0o001:
            parent.chmod(0o755)
    port = free_port()
    write_files(port)
    subprocess.run(["postfix", "-c", folder, "start"], check=True, capture_output=True)
    try:
        inject(port)
        return watch()
    finally:
        subprocess.run(["postfix", "-c", folder, "stop"], check=False, capture_output=True)


def write_files(port):
    daemons = subprocess.run(["postconf", "-d", "-h", "daemon_directory"], check=True, capture_output=True, text=True)
    implicit = env["SMTP_TLS"] == "implicit"
    (folder / "main.cf").write_text(
        MAIN.format(
            folder=folder,
            daemons=daemons.stdout.strip(),
            host=env["SMTP_HOST"],
            port=env["SMTP_PORT"],
            level="none" if env["SMTP_TLS"] == "none" else "secure",
            wrapped="yes" if implicit else "no",
            ca=env["SMTP_CA"],
            auth="no" if env["SMTP_AUTH"] == "none" else "yes",
            mechanism=env["SMTP_AUTH"].replace("none", ""),
        )
    )
    (folder / "sasl_passwd").write_text(
        f"[{env['SMTP_HOST']}]:{env['SMTP_PORT']} {env['SMTP_USER']}:{env['SMTP_PASSWORD']}\n"
    )
    (folder / "master.cf").write_text(MASTER.format(port=port))
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)


def inject(port):
    until = time.monotonic() + 20
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port) as smtp:
                content = pathlib.Path(env["MAIL_EML"]).read_bytes()
                smtp.sendmail(env["MAIL_FROM"], [env["MAIL_TO"]], content, ["BODY=8BITMIME"])
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def watch():
    """0 when the gateway took it; else 1, with what the log says."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        log = (folder / "log").read_text(errors="replace") if (folder / "log").exists() else ""
        for line in log.splitlines():
            if f"to=<{env['MAIL_TO']}>" in line and (status := re.search(r"status=(\w+)", line)):
                if status.group(1) == "sent":
                    return 0
                print("\n".join(line for line in log.splitlines() if "smtp[" in line), file=sys.stderr)
                return 1
        time.sleep(0.1)
    print("nothing in its log:\n" + log, file=sys.stderr)
    return 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


sys.exit(main())
