"""Signed messages before verifiers that had no part in signing them: dkimpy, opendkim and Mail::DKIM.

    verify.py FOLDER

`keys` in the folder has a line for each DNS record: name, blank, text. Each message lies in a file `*.eml` and carries
one signature for each of the keys; of the others that it may carry nothing is asked. In a file `broken-*.eml` none of
them may verify. Mail::DKIM knows RSA alone. Prints what is not as it must be, then how many verdicts there were;
exit status 1 if there was anything.
"""

import pathlib
import re
import subprocess
import sys

import dkim
from dkim.util import parse_tag_value

HERE = pathlib.Path(__file__).parent


def by_dkimpy(file, keys):
    """Selector → whether it verifies."""
    said = {}
    try:
        message = dkim.DKIM(file.read_bytes())
    except dkim.MessageFormatError:
        return unreadable(file)
    fields = [value for name, value in message.headers if name.lower() == b"dkim-signature"]
    for index, value in enumerate(fields):
        try:
            tags = parse_tag_value(value)
        except (dkim.DKIMException, dkim.util.InvalidTagValueList):
            continue  # A broken one that the tool brought.
        name = b"%s._domainkey.%s" % (tags.get(b"s", b""), tags.get(b"d", b""))
        if name.decode("utf-8", "replace") not in keys:
            continue
        try:
            passes = message.verify(idx=index, dnsfunc=lambda name, timeout=5: keys.get(name.decode().rstrip(".")))
        except dkim.DKIMException as error:
            passes = str(error)
        said[name.decode()] = passes
    return said


def unreadable(file):
    """None where dkimpy could read the message no better before it was signed."""
    unsigned = re.sub(rb"\ADKIM-Signature:.*\r\n(?:[ \t].*\r\n)*", b"", file.read_bytes())
    unsigned = re.sub(rb"\ADKIM-Signature:.*\r\n(?:[ \t].*\r\n)*", b"", unsigned)
    try:
        dkim.DKIM(unsigned)
    except dkim.MessageFormatError as error:
        print(f"{file.name}: dkimpy can't read the message itself: {error}")
        return None
    return "signed it can't be read"


def by_opendkim(file, keys, conf):
    """It reads `a=…` results of all signatures into one Authentication-Results."""
    run = subprocess.run(
        ["opendkim", "-f", "-x", str(conf), "-t", str(file), "-vv"], capture_output=True, timeout=60, check=False
    )
    text = (run.stdout + run.stderr).decode("utf-8", "replace")
    said = {}
    for result, selector in re.findall(r"\bdkim=(\w+)(?:[^;]*?)header\.s=([\w.-]+)", text):
        for name in keys:
            if name.startswith(f"{selector}._domainkey."):
                said[name] = result == "pass" or " ".join(line for line in text.splitlines() if "mlfi_" not in line)
    return said or " ".join(line for line in text.splitlines() if "mlfi_" not in line)


def by_mail_dkim(files, folder):
    """File → selector → result, for all files at once."""
    run = subprocess.run(
        ["perl", str(HERE / "verify.pl"), str(folder / "keys"), *map(str, files)],
        capture_output=True,
        timeout=600,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stderr.decode("utf-8", "replace"))
    said = {str(file): {} for file in files}
    for line in run.stdout.decode("utf-8", "replace").splitlines():
        file, selector, domain, result = line.split("\t")
        said[file][f"{selector}._domainkey.{domain}"] = result == "pass" or result
    return said


def main():
    folder = pathlib.Path(sys.argv[1])
    lines = (folder / "keys").read_text().splitlines()
    keys = {name: text.encode() for name, text in (line.split(" ", 1) for line in lines)}
    rsa = {name for name, text in keys.items() if b"k=rsa" in text}
    conf = folder / "opendkim.conf"
    conf.write_text(f"Mode v\nTestPublicKeys {folder / 'keys'}\nSocket local:{folder / 'socket'}\n")
    files = sorted(folder.glob("*.eml"))
    perl = by_mail_dkim(files, folder)
    wrong, verdicts, left_out = 0, 0, 0
    for file in files:
        broken = file.name.startswith("broken-")
        judges = [
            ("dkimpy", set(keys), by_dkimpy(file, keys)),
            ("opendkim", set(keys), by_opendkim(file, keys, conf)),
            ("Mail::DKIM", rsa, perl[str(file)]),
        ]
        for judge, expected, said in judges:
            if said is None:
                left_out += 1
                continue
            for name in sorted(expected):
                verdicts += 1
                verdict = said.get(name, "there is no such signature") if isinstance(said, dict) else said
                if (verdict is True) == broken:
                    wrong += 1
                    print(f"{file.name}: {judge}: {name}: {verdict}")
    print(f"{verdicts} verdicts on {len(files)} messages, {wrong} not as they must be, {left_out} not to be had")
    # A few real messages are too broken for a verifier; many would hide something.
    sys.exit(1 if wrong or not files or left_out > 1 + len(files) // 50 else 0)


main()
