"""Draws each newsletter before and after the gateway and compares the pictures."""

import argparse
import base64
import email
import email.policy
import io
import os
import pathlib
import re
import sys
import tempfile

from PIL import Image, ImageChops

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "clients" / "harness"), str(TESTS / "browser")]
from browser import Scripts, chromium  # noqa: E402
from copies import pairs, rightly_refused, sealed  # noqa: E402

WIDTHS = {"desktop": 1024, "phone": 390}
MODES = ("light", "dark")
HEIGHT = 900
# Beyond this a page is cut: Chromium draws no larger picture.
TALLEST = 15_000

# The footer is the last block that names its language and its direction; it begins where its outer margin does.
FOOTER = """
const box = [...document.querySelectorAll('div[lang][dir][style]')].pop();
if (!box) return null;
const rect = box.getBoundingClientRect(), style = getComputedStyle(box);
return [rect.top + scrollY - parseFloat(style.marginTop), rect.bottom + scrollY];
"""


def html(raw):
    """The HTML leaf that is shown, with the pictures that it brings."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    leaf = message.get_body(preferencelist=("html",))
    if leaf is None:
        return None
    octets = leaf.get_payload(decode=True)
    charset = leaf.get_content_charset("utf-8")
    try:
        text = octets.decode(charset)
    except (LookupError, UnicodeDecodeError):
        text = octets.decode("utf-8", "replace")
    for part in message.walk():
        name = (part.get("Content-ID") or "").strip().strip("<>")
        if name and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_payload(decode=True)).decode()
            text = text.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    # What the leaf says of its charset is no longer true.
    return re.sub(r"(?i)(<meta[^>]+charset\s*=\s*[\"']?)[\w-]+", r"\g<1>utf-8", text)


def draw(driver, file, width, mode):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": mode}]}
    )
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    driver.get(file.as_uri())
    height = driver.execute_script("return Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)")
    footer = driver.execute_script(FOOTER)
    shot = driver.execute_cdp_cmd(
        "Page.captureScreenshot",
        {
            "format": "png",
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST), "scale": 1},
        },
    )
    return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"), footer


def compare(before, after, footer):
    """What is wrong, or None."""
    if footer is None:
        return "there is no footer"
    top, bottom = int(footer[0]), int(footer[1] + 0.999)
    if before.width != after.width:
        return f"the page became {after.width} wide, from {before.width}"
    above = (0, 0, before.width, min(top, before.height, after.height))
    box = ImageChops.difference(before.crop(above), after.crop(above)).getbbox()
    if box:
        return f"above the footer (at {top}) something differs at {box}"
    if top >= TALLEST:
        return None
    # What stood where the footer is now: nothing but ground, or it stands below the footer.
    # A block may end within a row of pixels.
    rest = before.crop((0, min(above[3] + 1, before.height), before.width, before.height))
    if rest.height and any(low != high for low, high in rest.getextrema()):
        below = after.crop((0, min(bottom, after.height), after.width, after.height))
        height = min(rest.height, below.height)
        tail = (0, rest.height - height, rest.width, rest.height)
        moved = ImageChops.difference(rest.crop(tail), below.crop((0, below.height - height, below.width, below.height)))
        if height < rest.height and any(low != high for low, high in rest.crop((0, 0, rest.width, rest.height - height)).getextrema()):
            return "the footer covers what was there"
        if moved.getbbox():
            return "what stands below the footer is not what was there"
    return None


def chosen(arguments):
    if arguments.files:
        return arguments.files
    shared = os.environ.get("OPTGATE_SHARED")
    if not shared:
        sys.exit("tests/rendering/run: OPTGATE_SHARED is not set, so there are no newsletters: name some")
    corpus = pathlib.Path(shared) / "corpus"
    found = [file for file in sorted((corpus / "marketing").glob("*.eml")) if html(file.read_bytes())]
    return found if arguments.all else found[:: max(1, len(found) // 20)][:20]


def wrapped(folder):
    """The bare templates as messages."""
    corpus = pathlib.Path(os.environ["OPTGATE_SHARED"]) / "corpus" / "templates-html"
    for number, file in enumerate(sorted(corpus.rglob("*.html"))):
        text = base64.encodebytes(file.read_bytes()).decode()
        message = folder / f"template-{number:03}-{file.stem}.eml"
        message.write_text(
            "From: News <news@example.com>\nSubject: A template\nMIME-Version: 1.0\n"
            f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{text}"
        )
        yield message


def main():
    parser = argparse.ArgumentParser(prog="tests/rendering/run")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    wrong, drawn, refused = [], 0, []
    with tempfile.TemporaryDirectory(prefix="optgate-rendering-") as scratch:
        folder = pathlib.Path(scratch)
        files = list(chosen(arguments))
        if arguments.all and not arguments.files:
            files += wrapped(folder)
        pictures = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="optgate-pictures-"))
        pictures.mkdir(parents=True, exist_ok=True)
        driver = chromium(folder / "profile", Scripts.ON)
        try:
            for name, before, after in pairs(files):
                if before is None:
                    (refused if rightly_refused(after) else wrong).append(f"{name}: {after}")
                    continue
                sides = [html(before), html(after)]
                if sides[0] is None or sides[0] == sides[1]:
                    fault = "it has no HTML" if sides[0] is None else "its HTML was not touched"
                    (refused if sealed(before) else wrong).append(f"{name}: {fault}")
                    continue
                page = folder / "page.html"
                for device, width in WIDTHS.items():
                    for mode in MODES:
                        page.write_text(sides[0], encoding="utf-8")
                        first, _ = draw(driver, page, width, mode)
                        page.write_text(sides[1], encoding="utf-8")
                        second, footer = draw(driver, page, width, mode)
                        drawn += 1
                        fault = compare(first, second, footer)
                        if fault:
                            wrong.append(f"{name}, {device}, {mode}: {fault}")
                        if fault or arguments.keep:
                            stem = f"{pathlib.Path(name).stem}-{device}-{mode}"
                            first.save(pictures / f"{stem}-before.png")
                            second.save(pictures / f"{stem}-after.png")
        finally:
            driver.quit()
    for line in refused:
        print(f"left out: {line}")
    for line in wrong:
        print(line)
    compared = drawn // (len(WIDTHS) * len(MODES))
    print(f"{drawn} pairs of pictures, of {compared} of {len(files)} messages, {len(wrong)} faults, {len(refused)} rightly left out")
    if wrong or arguments.keep:
        print(f"pictures: {pictures}")
    else:
        pictures.rmdir()
    sys.exit(1 if wrong or not compared else 0)


main()
