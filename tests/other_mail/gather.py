"""Messages out of what was fetched: `gather.py CACHE` makes CACHE/corpus anew.

    real/NAME/…       people wrote it, and left no merge field unfilled
    suites/NAME/…     test suites and spam: anything may be wrong in it
    marketing/…       newsletters of our own making on other people's templates, and manifest.jsonl (newsletters.py)
    MANIFEST.tsv      path, source, path in it, licence, octets, SHA-256

Mailboxes are taken apart; what is no message, is there twice, or lies in $OPTGATE_SHARED/corpus already, is left out.
"""

import csv
import hashlib
import os
import pathlib
import re
import shutil
import sys

import newsletters
from fetch import sources

LARGEST = 2_000_000
FOLDERS = {"suite": "suites", "real": "real"}
# A field of mail's that is there in all but the oddest messages.
FIELD = re.compile(
    rb"^(received|return-path|from|to|subject|date|message-id|mime-version|content-type|reply-to|x-[\w-]+)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
FIRST = re.compile(rb"(From [^\r\n]*\r?\n)?(>From [^\r\n]*\r?\n)?[!-9;-~]+[ \t]*:")
SEPARATOR = re.compile(rb"(?m)^From \S+ +.*\d\d:\d\d.*\r?\n(?=[!-9;-~]+[ \t]*:)")
# What lies beside messages and begins like one.
NO_MESSAGES = {".html", ".py", ".pl", ".t", ".c", ".h", ".cpp", ".go", ".json", ".po", ".sh", ".at", ".rb", ".yml", ".lua"}


def taken_apart(octets):
    """A mailbox's messages, without their separators; or the one message that it is."""
    starts = [found.start() for found in SEPARATOR.finditer(octets)]
    if not octets.startswith(b"From ") or len(starts) < 2:
        yield octets
        return
    for start, end in zip(starts, [*starts[1:], len(octets)]):
        message = octets[start:end].partition(b"\n")[2]
        yield re.sub(rb"\r?\n\Z", b"", message) or message


def is_message(octets):
    return 20 < len(octets) <= LARGEST and FIRST.match(octets) and FIELD.search(octets[:100_000])


def digest(octets):
    """The same for copies that differ by line ends or an archive's separator."""
    text = re.sub(rb"\r\n?", b"\n", octets)
    text = text.partition(b"\n")[2] if text.startswith(b"From ") else text
    return hashlib.sha256(text.strip()).hexdigest()


def files(folder, where):
    wanted = re.compile(where)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if wanted.search(name) and path.is_file() and path.suffix not in NO_MESSAGES:
            yield name, path.read_bytes()


def gathered(cache, corpus):
    """Rows of the manifest."""
    seen = set()
    if shared := os.environ.get("OPTGATE_SHARED"):
        known = pathlib.Path(shared, "corpus").rglob("*")
        seen = {digest(path.read_bytes()) for path in known if path.is_file()}
    for source in sources():
        if source["kind"] not in FOLDERS:
            continue
        folder = corpus / FOLDERS[source["kind"]] / source["name"]
        folder.mkdir(parents=True)
        for name, octets in files(cache / "unpacked" / source["name"], source["where"]):
            for number, message in enumerate(taken_apart(octets)):
                if not is_message(message) or digest(message) in seen:
                    continue
                seen.add(digest(message))
                stem = re.sub(r"[^\w.-]+", "_", name)[-90:]
                path = folder / f"{len(seen):05}-{stem}{f'-{number}' if number else ''}.eml"
                path.write_bytes(message)
                yield path, source, name, message


def templates(cache):
    """(origin, licence, HTML) of each template, none twice."""
    seen = set()
    for source in sources():
        if source["kind"] != "template":
            continue
        folder, wanted = cache / "unpacked" / source["name"], re.compile(source["where"])
        for path in sorted(folder.rglob("*.html")):
            name = path.relative_to(folder).as_posix()
            text = path.read_text("utf-8", "replace")
            if wanted.search(name) and len(text) > 200 and text not in seen:
                seen.add(text)
                yield f"{source['name']}/{name}", source["licence"], text


def main():
    cache = pathlib.Path(sys.argv[1])
    corpus = cache / "corpus"
    fresh = cache / "corpus.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    counts = {}
    with open(fresh / "MANIFEST.tsv", "w", newline="") as manifest:
        table = csv.writer(manifest, delimiter="\t")
        table.writerow(["path", "source", "path in it", "licence", "octets", "sha256"])
        for path, source, name, message in gathered(cache, fresh):
            own = path.relative_to(fresh).as_posix()
            octets = path.read_bytes()
            table.writerow([own, source["name"], name, source["licence"], len(octets), hashlib.sha256(octets).hexdigest()])
            counts[source["name"]] = counts.get(source["name"], 0) + 1
    counts["newsletters"] = newsletters.write(fresh / "marketing", templates(cache))
    shutil.rmtree(corpus, ignore_errors=True)
    fresh.rename(corpus)
    print(", ".join(f"{name} {count}" for name, count in counts.items()), file=sys.stderr)
    print(f"{sum(counts.values())} messages in {corpus}", file=sys.stderr)


if __name__ == "__main__":
    main()
