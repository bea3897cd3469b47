"""A mail server and a web server of the test's own, on loopback: each keeps what it is given."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class MailServer:
    """Speaks as much SMTP as a client needs to log in and hand a message over (RFC 5321, RFC 4954 PLAIN)."""

    port: int = 0
    password: str = ""  # wanted, if not empty
    refuses: str = ""  # said instead of taking the message
    waits_for: asyncio.Event | None = None  # before it says anything
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.waits_for is not None:
            await self.waits_for.wait()
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            command, _, rest = line.partition(" ")
            match command.upper():
                case "EHLO":
                    writer.write(b"250-test\r\n250 AUTH PLAIN\r\n")
                case "AUTH":
                    given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[-1]
                    writer.write(b"235 yes\r\n" if given == self.password else b"535 5.7.8 wrong password\r\n")
                case "RCPT":
                    self.recipients.append(rest)
                    writer.write(b"250 yes\r\n")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    raw = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                    if self.refuses:
                        writer.write(f"554 {self.refuses}\r\n".encode())
                        continue
                    mail = message_from_bytes(raw, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                    writer.write(b"250 taken\r\n")
                case "QUIT":
                    writer.write(b"221 goodbye\r\n")
                    break
                case _:
                    writer.write(b"250 yes\r\n")
        writer.close()


@dataclass
class WebServer:
    """Answers every POST with `status`, and keeps its JSON."""

    port: int = 0
    status: str = "200 OK"
    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        self.posts.append(json.loads(await reader.readexactly(length)))
        self.headers.append(head)
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(server: MailServer | WebServer) -> AsyncIterator[None]:
    """Serve on a port of its own for as long as the context lasts."""
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield
