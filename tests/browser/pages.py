"""Walks through every page in every language, as people do who have no mouse and no scripts."""

import argparse
import email
import email.policy
import pathlib
import re
import smtplib
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients" / "harness"))
from browser import NARROW, WCAG, WIDE, Judge, Person, Wrong, expect  # noqa: E402
from gateway import Gateway, make_keys  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from upstream import Upstream  # noqa: E402

# English from right to left: what is wrong there can be seen by who reads neither Arabic nor Hebrew.
MIRRORED = "ar-XB"
RIGHT_TO_LEFT = {"ar", "he", MIRRORED}
LOCALES = pathlib.Path(__file__).resolve().parents[2] / "src" / "locales"
LANGUAGES = [*sorted(file.stem for file in LOCALES.iterdir()), MIRRORED]
SCAN = 10

# A name, titles and texts that markup would break, and a logo.
SENDER = """
[scopes."apparel.tshirts"]
title = { en = "T-shirts <& more>", sv = "T-shirts", nl = "T-shirts", de = "T-Shirts" }
[scopes."furniture.office"]
title = { en = "Office furniture that has a very long title indeed, with Schreibtischstuhlrollenschutzmatten" }
[texts]
pages = { en = "Questions? hello@shop.example", sv = "Frågor? hej@shop.example" }
[look]
color = "#7a1fa2"
logo = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIxNjAiIGhlaWdodD0iNDAiPjxyZWN0IHdpZHRoPSIxNjAiIGhlaWdodD0iNDAiIHJ4PSI4IiBmaWxsPSIjN2ExZmEyIi8+PC9zdmc+"
"""

NEWSLETTER = """From: Demo Shop <news@shop.example>
To: {to}
Subject: Summer
X-Optgate-Stream: marketing
X-Optgate-Scope: apparel.tshirts
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Trousers.
Choose: {{{{optgate.preferences_url}}}}
"""

CONFIRMATION = """From: Demo Shop <news@shop.example>
To: {to}
Subject: Please confirm
X-Optgate-Stream: confirmation
X-Optgate-Scope: apparel.tshirts
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Press: {{{{optgate.confirm_url}}}}
"""


class World:
    def __init__(self, folder, pictures):
        self.folder, self.pictures = folder, pictures
        keys = folder / "keys"
        keys.mkdir()
        make_keys(keys)
        self.upstream = Upstream(["8BITMIME", "SMTPUTF8"])
        smtp = "allow_plaintext_auth = true"
        self.gateway = Gateway(folder / "gateway", keys, smtp, self.upstream, sender=SENDER, rate="100000/minute")
        self.person = Person(folder / "person")
        self.judge = Judge(folder)
        self.count = 0

    def stop(self):
        self.gateway.stop()
        self.person.stop()
        self.judge.stop()

    def mail(self, template, to):
        """What arrives."""
        user, password = self.gateway.login("pages", "marketing,functional,confirmation")
        with smtplib.SMTP("127.0.0.1", self.gateway.port, timeout=60) as tool:
            tool.login(user, password)
            tool.sendmail("news@shop.example", [to], template.format(to=to).replace("\n", "\r\n").encode())
        return self.arrived(to)

    def arrived(self, to, count=1):
        """The last of so many."""
        until = time.monotonic() + 30
        while len(came := self.upstream.captured(to, 1)) < count:
            expect(time.monotonic() < until, f"{len(came)} mails came for {to}")
        return email.message_from_bytes(came[count - 1].content, policy=email.policy.default)

    def newcomer(self):
        self.count += 1
        return f"reader{self.count}@inbox.example"

    def reader(self):
        """The links to leave and to choose, of somebody who gets newsletters."""
        address = self.newcomer()
        self.gateway.opt_in(address)
        came = self.mail(NEWSLETTER, address)
        leave = came["List-Unsubscribe"].strip("<> ")
        return address, self.here(leave), self.here(link(came, "Choose: "))

    def signed_up(self):
        address = self.newcomer()
        return address, self.here(link(self.mail(CONFIRMATION, address), "Press: "))

    def here(self, url):
        return url.replace("https://mail.test", self.gateway.web)

    def history(self, address):
        return self.gateway.call("subscribers/lookup", {"email": address})["history"]

    def wait_for(self, address, kind):
        """Until a fact of this kind is on record."""
        until = time.monotonic() + 30
        while kind not in [fact["kind"] for fact in self.history(address)]:
            expect(time.monotonic() < until, f"no {kind} is recorded")
            time.sleep(0.05)

    def seen(self, name, language, status=200):
        """Judges the page that the person is at."""
        source = self.person.source()
        expect(self.person.status == status, f"{name} came with status {self.person.status}")
        said = re.search(r'<html lang="([^"]+)" dir="([^"]+)"', source)
        wanted = (language, "rtl" if language in RIGHT_TO_LEFT else "ltr")
        expect(said and said.groups() == wanted, f"the page is in {said and said.groups()}")
        expect("<script" not in source, "the page has a script")
        for width in (NARROW, WIDE):
            self.person.look_at(width)
            wide = self.person.overflow()
            expect(wide <= 0, f"at {width} pixels the page is {wide} too wide")
            for mode in ("light", "dark") if self.pictures else ():
                self.person.look_at(width, mode)
                self.person.picture(self.pictures / f"{name}.{language}.{width}.{mode}.png")
        self.person.look_at(NARROW)
        complaints = self.person.complaints()
        expect(not complaints, f"the browser complains: {complaints}")
        found = self.judge.look(f"{name}.{language}", source)
        expect(not found, "\n".join(found))


    def letter(self, name, message, language):
        """Judges a letter of ours as a mail client shows it, which strips nothing from it."""
        expect(message["Auto-Submitted"] == "auto-generated" and message["DKIM-Signature"], "no letter of ours")
        source = message.get_body(preferencelist=("html",)).get_content()
        expect(f'lang="{locale(language)}"' in source or language == MIRRORED, "the letter is in another language")
        if self.pictures:
            file = self.folder / "letter.html"
            file.write_text(source)
            for mode in ("light", "dark"):
                self.person.look_at(NARROW, mode)
                self.person.open(file.as_uri())
                self.person.picture(self.pictures / f"{name}.{language}.{mode}.png")
            self.person.look_at(NARROW)
        found = self.judge.look(f"{name}.{language}", source, WCAG)
        expect(not found, "\n".join(found))


def link(message, before):
    """The address that stands behind a text of a message's plain body."""
    body = message.get_body(preferencelist=("plain",)).get_content()
    found = re.search(re.escape(before) + r"(\S+)", body)
    expect(found, f"no link behind {before!r} in {body!r}")
    return found.group(1)


def leave_and_come_back(world, language):
    address, leave, _ = world.reader()
    world.person.open(leave)
    world.seen("leave", language)
    world.person.activate("button[value=scope]")
    world.seen("left", language)
    expect(world.history(address)[-1]["kind"] == "withdrawal", "nothing was withdrawn")
    world.person.activate("form button")
    world.seen("undone", language)
    expect(world.history(address)[-1]["kind"] == "withdrawal_undone", "nothing was undone")
    world.person.open(leave)
    world.person.activate("button[value=all]")
    world.seen("left-all", language)
    last = world.history(address)[-1]
    expect(last["kind"] == "withdrawal" and not last["scopes"], f"{last}")


def choose(world, language):
    address, _, choices = world.reader()
    world.person.open(choices)
    world.seen("choose", language)
    world.person.turn("input[value='apparel.tshirts']")
    world.person.activate("button[name=save]")
    world.seen("chosen", language)
    last = world.history(address)[-1]
    expect((last["kind"], last["scopes"]) == ("withdrawal", ["apparel.tshirts"]), f"{last}")
    world.person.activate("button[value=all]")
    world.seen("chosen-none", language)


def get_less(world, language):
    address, leave, _ = world.reader()
    world.person.open(leave)
    world.person.activate("button[value=weekly]")
    world.seen("less-weekly", language)
    expect(world.history(address)[-1]["kind"] == "frequency_chosen", "nothing was chosen")
    world.person.activate("button[name=take_back]")
    world.seen("less-taken-back", language)
    world.person.open(leave)
    world.person.activate("button[value=pause-30]")
    world.seen("less-paused", language)
    expect(world.history(address)[-1]["kind"] == "paused", "nothing was paused")


def choose_how(world, language):
    address, _, choices = world.reader()
    world.person.open(choices)
    # From what is chosen to what comes after it.
    world.person.reach("input[name=frequency]:checked")
    world.person.press(Keys.ARROW_DOWN)
    world.person.reach("input[name=pause]:checked")
    world.person.press(Keys.ARROW_DOWN)
    world.person.turn("input[name=tracking]")
    world.person.turn("input[name=profiling]")
    world.person.activate("button[name=save]")
    world.seen("chosen-how", language)
    kinds = {fact["kind"] for fact in world.history(address)}
    wanted = {"frequency_chosen", "paused", "tracking_consent", "profiling_objection"}
    expect(wanted <= kinds, f"{wanted - kinds} are not recorded")


def want_more(world, language):
    """An interest without a ground is asked for by mail, and on once its link is pressed."""
    address, _, choices = world.reader()
    world.person.open(choices)
    world.person.turn("input[value='furniture.office']")
    world.person.activate("button[name=save]")
    world.seen("wanted-more", language)
    world.person.open(world.here(confirm_link(world.arrived(address, 2))))
    world.person.activate("button[name=confirm]")
    last = world.history(address)[-1]
    expect((last["kind"], last["scopes"]) == ("opt_in", ["furniture.office"]), f"{last}")


def sign_up(world, language):
    address = world.newcomer()
    source = {"channel": "web", "form_url": "https://shop.example/news", "form_text": "Yes, I want e-mail about <clothing>."}
    answer = world.gateway.call(
        "subscriptions", {"email": address, "scopes": ["apparel"], "locale": locale(language), "source": source}
    )
    expect(answer["state"] == "pending", f"{answer}")
    came = world.arrived(address)
    world.letter("letter-confirm", came, language)
    world.person.open(world.here(confirm_link(came)))
    world.person.activate("button[name=confirm]")
    expect(world.history(address)[-1]["kind"] == "opt_in", "nothing was confirmed")


def rights(world, language):
    address, _, choices = world.reader()
    world.person.open(choices)
    world.person.activate("button[name=rights]")
    world.seen("data-asked", language)
    came = world.arrived(address, 2)
    world.letter("letter-data", came, language)
    data = world.here(own_link(came, "/d/"))
    world.person.open(data)
    world.seen("data", language)
    world.person.activate("button[value=restrict]")
    world.seen("data-restricted", language)
    expect(world.history(address)[-1]["kind"] == "restricted", "nothing was restricted")
    world.person.open(data)
    world.person.activate("button[value=lift]")
    world.seen("data-lifted", language)
    world.person.open(data)
    world.person.activate("button[value=object-to-profiling]")
    world.seen("data-unprofiled", language)
    expect(world.history(address)[-1]["kind"] == "profiling_objection", "nothing was objected to")
    world.person.open(data)
    new = world.newcomer()
    world.person.reach("input[type=email]")
    world.person.write(new)
    world.person.activate("button[value=correct]")
    world.seen("data-address-asked", language)
    came = world.arrived(new)
    world.letter("letter-address", came, language)
    world.person.open(world.here(own_link(came, "/d/")))
    world.seen("data-address", language)
    expect("address_changed" not in [fact["kind"] for fact in world.history(address)], "opened is not changed")
    world.person.activate("button[value=confirm-address]")
    world.seen("data-address-changed", language)
    expect("address_changed" in [fact["kind"] for fact in world.history(new)], "the address is not changed")
    world.person.open(data)
    world.seen("data-ended", language, status=410)


def erasure(world, language):
    address, leave, _ = world.reader()
    world.person.open(leave)
    world.person.activate("button[name=rights]")
    world.person.open(world.here(own_link(world.arrived(address, 2), "/d/")))
    world.person.activate("button[value=erase]")
    world.seen("data-sure", language)
    world.person.activate("button[value=erase-for-good]")
    world.seen("data-erased", language)
    world.person.open(leave)
    world.seen("nothing-kept", language)


def locale(language):
    """What a person's record can say: nobody speaks the mirrored one."""
    return "en" if language == MIRRORED else language


def own_link(message, path):
    """The one link of ours in a letter, which stands in both of its bodies."""
    found = set()
    for kind in ("plain", "html"):
        body = message.get_body(preferencelist=(kind,)).get_content()
        found.update(re.findall(rf"https://mail\.test{path}[\w-]+", body))
    expect(len(found) == 1, f"links: {found}")
    return found.pop()


def confirm_link(message):
    return own_link(message, "/c/")


def confirm(world, language):
    address, link = world.signed_up()
    world.person.open(link)
    world.seen("confirm", language)
    expect(world.history(address)[-1]["kind"] != "opt_in", "opened is not confirmed")
    world.person.activate("button[name=confirm]")
    world.seen("confirmed", language)
    last = world.history(address)[-1]
    expect((last["kind"], last["ground"]) == ("opt_in", "double_opt_in"), f"{last}")
    world.person.open(link)
    world.seen("confirmed-again", language)


def what_is_not_there(world, language):
    world.person.open(world.gateway.web + "/u/AAAA")
    world.seen("missing", language, status=404)


JOURNEYS = (
    leave_and_come_back,
    get_less,
    choose,
    choose_how,
    want_more,
    confirm,
    sign_up,
    rights,
    erasure,
    what_is_not_there,
)


def scanners(world):
    """Whoever opens and asks after every link, again and again, has changed nothing."""
    address, *links = world.reader()
    newcomer, link = world.signed_up()
    # What is recorded once the upstream has it.
    world.wait_for(newcomer, "confirmation_sent")
    before = world.history(address), world.history(newcomer)
    for url in (*links, link):
        for method in ("GET", "HEAD") * SCAN:
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:
                expect(answer.status == 200, f"{method}: {answer.status}")
    expect((world.history(address), world.history(newcomer)) == before, "a link that was only opened changed something")


def walk(world, languages):
    failures = []

    def attempt(what, journey, *arguments):
        try:
            journey(world, *arguments)
            return "ok"
        except (Wrong, urllib.error.URLError) as error:
            failures.append(f"{what}: {error}")
            return "FAILED"

    print(f"scanners: {attempt('scanners', scanners)}", flush=True)
    for language in languages:
        world.person.prefer(language)
        world.person.look_at(NARROW)
        done = [f"{one.__name__} {attempt(f'{one.__name__}, {language}', one, language)}" for one in JOURNEYS]
        print(f"{language:<6} {', '.join(done)}", flush=True)
    failures += world.judge.html()
    for failure in failures:
        print(f"\nFAILED {failure}")
    print(f"\n{len(world.judge.pages)} pages, {len(failures)} failures")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("languages", nargs="*", choices=[*LANGUAGES, []], metavar="LANGUAGE")
    arguments = parser.parse_args()
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="optgate-browser-") as folder:
        world = World(pathlib.Path(folder), arguments.pictures)
        try:
            return walk(world, arguments.languages or LANGUAGES)
        finally:
            world.stop()


sys.exit(main())
