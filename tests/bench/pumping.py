"""Reports over bare keep-alive connections: a client library would cost more than the server that is measured."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kernel.ids import new_id
from tests.support.estate import CAPACITY, Estate


@dataclass(slots=True)
class Pumped:
    """What one round came to. A report counts when it is acknowledged within the round."""

    seconds: float
    took_s: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def per_s(self) -> float:
        return len(self.took_s) / self.seconds

    def percentile_ms(self, share: float) -> float:
        return sorted(self.took_s)[int(share * (len(self.took_s) - 1))] * 1_000


async def pump(estate: Estate, address: str, clients: int, seconds: float) -> Pumped:
    """Let each client report one unit after the other, the next as soon as the last is answered."""
    pumped = Pumped(seconds)
    until = time.monotonic() + seconds
    await asyncio.gather(*(_client(estate, address, number, until, pumped) for number in range(clients)))
    return pumped


async def _client(estate: Estate, address: str, number: int, until: float, pumped: Pumped) -> None:
    shelter = estate.shelters[number % len(estate.shelters)]
    chance, key = random.Random(number), estate.key_headers(shelter)["Authorization"]
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        while (sent := time.monotonic()) < until:
            line = {"unit": str(chance.choice(estate.units[shelter])), "free": chance.randint(0, CAPACITY)}
            body = json.dumps({"shelter": str(shelter), "units": [line]}).encode()
            head = (
                f"PUT /api/v1/reports/{new_id()} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            status = await _answer(reader)
            answered = time.monotonic()
            if status != 200:
                pumped.refused += 1
            elif answered < until:
                pumped.took_s.append(answered - sent)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole, and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, after = head.partition(b"content-length:")
    await reader.readexactly(int(after.partition(b"\r\n")[0]))
    return int(head[9:12])
