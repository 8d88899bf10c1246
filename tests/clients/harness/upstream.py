"""The provider behind the gateway: takes everything, keeps it, and notes what it never offered but was used."""

import asyncio
import dataclasses
import threading
import time


@dataclasses.dataclass(frozen=True)
class Captured:
    sender: str
    recipient: str
    parameters: str
    content: bytes


class Upstream:
    """Listens on a free loopback port in a thread of its own. `extensions` is what EHLO names."""

    def __init__(self, extensions):
        self.extensions = extensions
        self.port = None
        self._captured = []
        self._violations = []
        self._changed = threading.Condition()
        ready = threading.Event()
        threading.Thread(target=asyncio.run, args=(self._serve(ready),), daemon=True).start()
        ready.wait(10)

    def captured(self, recipient, within=0.0):
        """All for this recipient; waits until there is one, or the time is over."""
        until = time.monotonic() + within
        with self._changed:
            while True:
                found = [one for one in self._captured if one.recipient == recipient]
                left = until - time.monotonic()
                if found or left <= 0:
                    return found
                self._changed.wait(left)

    def violations(self):
        with self._changed:
            return list(self._violations)

    async def _serve(self, ready):
        server = await asyncio.start_server(self._session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    async def _session(self, reader, writer):
        def say(text):
            writer.write(text.encode() + b"\r\n")

        say("220 upstream.test ESMTP")
        sender = parameters = recipient = ""
        try:
            while line := await reader.readline():
                command = line.decode("utf-8", "replace").rstrip("\r\n")
                verb = command.split(" ")[0].split(":")[0].upper()
                if verb == "EHLO":
                    lines = ["upstream.test", *self.extensions]
                    for index, text in enumerate(lines):
                        say(f"250{' ' if index == len(lines) - 1 else '-'}{text}")
                elif verb == "MAIL":
                    sender, _, parameters = command.partition("<")[2].rpartition(">")
                    self._check(parameters)
                    say("250 2.1.0 ok")
                elif verb == "RCPT":
                    recipient = command.partition("<")[2].rpartition(">")[0]
                    say("250 2.1.5 ok")
                elif verb == "DATA":
                    say("354 go on")
                    content = await self._data(reader)
                    with self._changed:
                        self._captured.append(Captured(sender, recipient, parameters, content))
                        self._changed.notify_all()
                    say("250 2.0.0 queued")
                elif verb == "QUIT":
                    say("221 2.0.0 bye")
                    break
                else:
                    say("250 2.0.0 ok")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _check(self, parameters):
        for word, extension in (("8BITMIME", "8BITMIME"), ("SMTPUTF8", "SMTPUTF8")):
            if word in parameters.upper() and extension not in self.extensions:
                with self._changed:
                    self._violations.append(f"{word} was used and not offered")

    @staticmethod
    async def _data(reader):
        content = bytearray()
        while True:
            line = await reader.readuntil(b"\n")
            if line == b".\r\n":
                return bytes(content)
            content += line[1:] if line.startswith(b".") else line
