"""Bare HTTP over kept connections: what a client library spares us costs more than the servers that are tried."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


def request_of(method: str, path: str, host: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} /api/v1{path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {said}" for name, said in headers.items()),
    ]
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" not in head:
        _, _, after = head.partition(b"content-length:")
        return status, await reader.readexactly(int(after.partition(b"\r\n")[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return status, body


@dataclass(slots=True)
class Line:
    """A kept connection of somebody who is signed in, or has a key."""

    host: str
    headers: Mapping[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, address: str, headers: Mapping[str, str]) -> Line:
        parts = urlsplit(address)
        return cls(parts.netloc, headers, *await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        self.writer.write(request_of(method, path, self.host, self.headers, body))
        status, told = await read_answer(self.reader)
        return status, json.loads(told) if told else None

    def close(self) -> None:
        self.writer.close()
