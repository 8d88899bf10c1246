"""What Python's email reads in each file of a folder, under its default policy and under compat32: one line a file
and policy, the name, the policy and the tree as JSON, with tabs between. The shape is judges.rs' `Node`."""

import email
import hashlib
import json
import os
import sys
from email import policy


def attempt(read, *arguments):
    """Some broken headers make Python raise: then both readings have to."""
    try:
        return read(*arguments)
    except Exception as error:  # noqa: BLE001
        return f"raised {type(error).__name__}"


def clean(found):
    """JSON for readers that take no lone surrogates, which is how Python keeps octets that are no characters."""
    if isinstance(found, str):
        return found.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(found, list):
        return [clean(one) for one in found]
    if isinstance(found, dict):
        return {name: clean(value) for name, value in found.items()}
    return found


def header(part):
    lines = []
    for name, value in part.raw_items() if hasattr(part, "raw_items") else part.items():
        lines.append([name, str(value)])
    return lines


def parsed_header(part):
    """As the policy presents it, which is where the default one folds, decodes and splits."""
    values, shown = {}, []
    for name in (key.lower() for key in part.keys()):
        if name not in values:
            found = attempt(part.get_all, name)
            values[name] = iter(found if isinstance(found, list) else [])
        shown.append([name, str(next(values[name], "raised"))])
    return shown


def parameters(part):
    found = attempt(part.get_params, [], "content-type", True)
    if isinstance(found, str):
        return found
    return [[str(name), str(value)] for name, value in found[1:]]


def node(part, nested=False):
    kind = attempt(part.get_content_type)
    own = {
        "type": kind,
        "parameters": parameters(part),
        "disposition": attempt(part.get_content_disposition),
        "filename": str(attempt(part.get_filename)),
        "header": header(part),
        "shown": parsed_header(part),
        "preamble": str(part.preamble),
        "epilogue": str(part.epilogue),
        "defects": sorted(type(defect).__name__ for defect in part.defects),
        "children": [],
    }
    if part.is_multipart():
        inside = nested or kind.startswith("message/")
        own["children"] = [node(child, inside) for child in part.get_payload()]
        return own
    octets = attempt(lambda: part.get_payload(decode=True)) or b""
    if isinstance(octets, str):
        octets = octets.encode()
    own["sha256"] = hashlib.sha256(octets).hexdigest()
    if kind.startswith("text/") and not nested:
        own["octets"] = octets.decode("latin-1")
        charset = str(part.get_param("charset", "us-ascii"))
        own["charset"] = charset.lower()
        own["text"] = attempt(lambda: octets.decode(charset, "backslashreplace"))
    return own


def main(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            octets = file.read()
        for called, chosen in (("default", policy.default), ("compat32", policy.compat32)):
            tree = attempt(lambda: node(email.message_from_bytes(octets, policy=chosen)))
            if isinstance(tree, str):
                tree = {"type": tree, "children": [], "header": []}
            print(name, called, json.dumps(clean(tree)), sep="\t")


main(sys.argv[1])
