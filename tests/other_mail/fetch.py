"""What sources.tsv names, by the registries' own clients: `fetch.py CACHE` leaves CACHE/unpacked/NAME for each. Whatever
has another checksum than the table says is no source of ours."""

import csv
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DEBIAN = """\
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main
"""


def sources():
    with open(HERE / "sources.tsv", newline="") as table:
        return list(csv.DictReader((line for line in table if not line.startswith("#")), delimiter="\t"))


def say(*words):
    print("tests/other_mail/run:", *words, file=sys.stderr, flush=True)


def ran(command, folder):
    return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Debian:
    """Source packages. Its lists are our own, so that nobody's machine is changed."""

    def __init__(self, cache):
        self.lists = cache / "apt"
        self.ready = False

    def options(self):
        named = {
            "Dir::Etc::SourceList": self.lists / "sources.list",
            "Dir::Etc::SourceParts": "-",
            "Dir::State::Lists": self.lists / "lists",
            "Dir::Cache": self.lists / "cache",
            "APT::Sandbox::User": "root",
        }
        return [option for name, value in named.items() for option in ("-o", f"{name}={value}")]

    def fetch(self, source, folder):
        if not self.ready:
            (self.lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
            (self.lists / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
            (self.lists / "sources.list").write_text(DEBIAN)
            ran(["apt-get", *self.options(), "--quiet", "--quiet", "update"], folder)
            self.ready = True
        # Some mirrors lack Debian's own part of a source, and apt-get complains. The checksum says whether ours came.
        package = f"{source['package']}={source['version']}"
        return ran(["apt-get", *self.options(), "source", "--download-only", package], folder)


class Npm:
    def fetch(self, source, folder):
        return ran(["npm", "pack", "--silent", f"{source['package']}@{source['version']}"], folder)


class PyPi:
    def fetch(self, source, folder):
        wheel = source["file"].endswith(".whl")
        wanted = ["--only-binary", ":all:"] if wheel else ["--no-binary", source["package"]]
        package = f"{source['package']}=={source['version']}"
        return ran([sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", *wanted, package], folder)


def checked(source, folder):
    file = folder / source["file"]
    if not file.exists():
        return None
    if hashlib.sha256(file.read_bytes()).hexdigest() != source["sha256"]:
        sys.exit(f"tests/other_mail/run: {source['file']} is not what sources.tsv names")
    return file


def unpack(file, into):
    fresh = into.with_name(into.name + ".fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(fresh)
    else:
        with tarfile.open(file) as archive:
            for member in archive:
                # Neither links nor devices, and nothing beside the folder.
                if member.isfile() and ".." not in pathlib.PurePath(member.name).parts:
                    member.name = member.name.lstrip("/")
                    archive.extract(member, fresh, set_attrs=False)
    shutil.rmtree(into, ignore_errors=True)
    fresh.rename(into)


def main():
    cache = pathlib.Path(sys.argv[1])
    downloads, unpacked = cache / "downloads", cache / "unpacked"
    downloads.mkdir(parents=True, exist_ok=True)
    clients = {"debian": Debian(cache), "npm": Npm(), "pypi": PyPi()}
    missing = []
    for source in sources():
        mark = unpacked / source["name"] / ".unpacked"
        if mark.exists() and mark.read_text() == source["sha256"]:
            continue
        said = None
        if checked(source, downloads) is None:
            say("fetching", source["file"])
            said = clients[source["registry"]].fetch(source, downloads)
        file = checked(source, downloads)
        if file is None:
            missing.append(f"{source['file']}: {said.stderr.strip().splitlines()[-1:] if said else ''}")
            continue
        unpack(file, unpacked / source["name"])
        mark.write_text(source["sha256"])
    for file in missing:
        say("can't be had:", file)
    if missing:
        sys.exit(2)


if __name__ == "__main__":
    main()
