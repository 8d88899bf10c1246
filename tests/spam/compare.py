"""Scores of each newsletter before and after the gateway, by SpamAssassin and rspamd, and the rules by which they differ."""

import collections
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients" / "harness"))
from copies import pairs, rightly_refused  # noqa: E402

# The last hop, as a mailbox provider writes it: the same for both, so that neither looks as if it came from nowhere.
HOP = (
    b"Received: from mta.provider.example (mta.provider.example [192.0.2.25])\r\n"
    b"\tby mx.mailbox.example (Postfix) with ESMTPS id 4Zx1\r\n"
    b"\tfor <reader@example.se>; Sat, 21 Nov 2026 12:00:05 +0000 (UTC)\r\n"
)
# Anything that would ask somebody else, or remember.
OFF = "arc asn bimi dkim dkim_signing dmarc fuzzy_check greylist history_redis mx_check neural once_received phishing " \
    "ratelimit rbl replies reputation rspamd_update spf surbl url_redirector external_relay".split()
GROWS = 0.005


class Rspamd:
    """A scanner on a free loopback port, with the rules that it was shipped with."""

    def __init__(self, folder):
        local = folder / "rspamd"
        (local / "local.d").mkdir(parents=True)
        for name in ("db", "run", "log"):
            (local / name).mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        disabled = "enabled = false;\n"
        for module in OFF:
            (local / "local.d" / f"{module}.conf").write_text(disabled)
        for worker in ("worker-controller", "worker-proxy", "worker-fuzzy"):
            (local / "local.d" / f"{worker}.inc").write_text(disabled)
        (local / "local.d" / "options.inc").write_text('dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }\n')
        (local / "local.d" / "classifier-bayes.conf").write_text(disabled)
        (local / "override.d").mkdir()
        (local / "override.d" / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{self.port}";\ncount = 1;\n')
        paths = {"LOCAL_CONFDIR": local, "DBDIR": local / "db", "RUNDIR": local / "run", "LOGDIR": local / "log"}
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "_rspamd", str(local)], check=True)
            folder.chmod(0o755)
        command = ["rspamd", "--no-fork", "--config", "/etc/rspamd/rspamd.conf"]
        command += [f"--var={name}={path}" for name, path in paths.items()]
        command += ["--user", "_rspamd", "--group", "_rspamd"] if os.geteuid() == 0 else []
        self.log = local / "log"
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # It compiles its patterns first, which takes a minute where others compile too.
        until = time.monotonic() + 300
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    logs = "".join(file.read_text(errors="replace")[-3000:] for file in self.log.glob("*"))
                    sys.exit(f"tests/spam/run: rspamd does not start\n{logs}")
                time.sleep(0.1)

    def score(self, message):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", message)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            said = json.load(answer)
        symbols = {name: symbol["score"] for name, symbol in said["symbols"].items()}
        return said["score"], symbols

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def by_spamassassin(files, folder):
    """File → score and rules."""
    environment = {**os.environ, "OPTGATE_SCRATCH": str(folder)}
    run = subprocess.run(
        ["perl", str(HERE / "score.pl"), *map(str, files)], capture_output=True, text=True, env=environment, check=False
    )
    if run.returncode:
        sys.exit(f"tests/spam/run: SpamAssassin: {run.stderr}")
    said = {}
    for line in run.stdout.splitlines():
        file, score, rules = line.split("\t")
        said[file] = (float(score), dict.fromkeys(filter(None, rules.split(","))))
    return said


def report(judge, results):
    """Prints what changed; gives how many grew."""
    grew, rules, changes = 0, collections.Counter(), []
    for name, (before, old), (after, new) in results:
        for rule in set(new) - set(old):
            rules[f"+{rule}"] += 1
        for rule in set(old) - set(new):
            rules[f"-{rule}"] += 1
        if abs(after - before) >= GROWS:
            changes.append(f"  {name}: {before:.2f} → {after:.2f}  " + " ".join(
                sorted([f"+{rule}" for rule in set(new) - set(old)] + [f"-{rule}" for rule in set(old) - set(new)]))
                + "".join(f" {rule} {old[rule]}→{new[rule]}" for rule in sorted(set(old) & set(new)) if old[rule] != new[rule]))
        grew += after - before >= GROWS
    mean = [sum(side) / max(1, len(results)) for side in zip(*((one[1][0], one[2][0]) for one in results))]
    print(f"{judge}: {len(results)} messages, mean {mean[0]:.2f} before and {mean[1]:.2f} after, {grew} grew")
    print("\n".join(changes))
    print("  rules that came (+) and went (-): " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))
    return grew


def main():
    files = sys.argv[1:]
    if not files:
        shared = os.environ.get("OPTGATE_SHARED")
        if not shared:
            sys.exit("tests/spam/run: OPTGATE_SHARED is not set, so there are no newsletters: name some")
        files = sorted((pathlib.Path(shared) / "corpus" / "marketing").glob("*.eml"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="optgate-spam-"))
    rspamd = Rspamd(folder)
    try:
        names, rows, refused, lost = [], [], 0, 0
        for name, before, after in pairs(files):
            if before is None:
                rightly = rightly_refused(after)
                refused, lost = refused + rightly, lost + (not rightly)
                print(f"{'left out' if rightly else 'LOST'}: {name}: {after}")
                continue
            names.append(name)
            sides = []
            for side, message in (("before", before), ("after", after)):
                file = folder / f"{len(names):03}-{side}.eml"
                # SpamAssassin reads files of the system's line ends.
                file.write_bytes((HOP + message).replace(b"\r\n", b"\n"))
                sides.append((file, rspamd.score(HOP + message)))
            rows.append(sides)
        said = by_spamassassin([file for row in rows for file, _ in row], folder)
        grew = report("SpamAssassin", [(name, said[str(a)], said[str(b)]) for name, ((a, _), (b, _)) in zip(names, rows)])
        grew += report("rspamd", [(name, a, b) for name, ((_, a), (_, b)) in zip(names, rows)])
    finally:
        rspamd.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(names)} of {len(files)} messages were judged, {refused} rightly left out, {lost} lost")
    sys.exit(1 if grew or lost or not names else 0)


main()
