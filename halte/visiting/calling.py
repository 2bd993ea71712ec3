"""Calling the server: bounded retries with the same body, refusals as sentences in the reader's language.

A broken connection means unknown, never failed (I1): everything a replay sends may be sent again.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any, Protocol, TypeVar
from uuid import UUID

import httpx
import msgspec

T = TypeVar("T")

API = "/api/v1"
_TRIES = 8
_WAIT_MAX_S = 30.0
_BACKOFF_MAX_S = 5.0
_PASSING = frozenset({502, 503, 504})
_COOKIE = "__Host-halte"
# How many requests are under way at once: enough to fill the lane's batches, far too few to fill its queue.
AT_ONCE = 8


class Refused(Exception):
    """The server said no, and will say so again."""

    def __init__(self, status: int, slug: str, words: str) -> None:
        super().__init__(f"{words} [{slug}]" if slug else words)
        self.status = status
        self.slug = slug


class ServerAway(Exception):
    """The server did not answer, however often it was asked."""


class Problem(msgspec.Struct):
    """What we read of an RFC 9457 document."""

    slug: str = ""
    title: str = ""
    detail: str = ""
    status: int = 0

    def refused(self) -> Refused:
        words = " ".join(filter(None, (self.title and f"{self.title.rstrip('.')}.", self.detail)))
        return Refused(self.status, self.slug, words or f"HTTP {self.status}")


class Principal(msgspec.Struct):
    """What we read of whoever is signed in."""

    region: UUID
    role: str


class Asker(Protocol):
    """Whoever may ask the server something: a session, a key, or somebody who signs in when needed."""

    async def ask(self, method: str, path: str, kind: type[T], body: object = None) -> T: ...


class Caller:
    """One server, called by many hands: an administrator's session, and the keys of the operators."""

    def __init__(self, url: str, language: str, *, tries: int = _TRIES, agent: str = "halte-replay") -> None:
        self._url = httpx.URL(url)
        self._tries = tries
        self._room = asyncio.Semaphore(AT_ONCE)
        self._http = httpx.AsyncClient(
            base_url=self._url,
            headers={"accept-language": language, "user-agent": agent},
            timeout=httpx.Timeout(30.0, connect=5.0),
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, kind: type[T], *, headers: dict[str, str], body: object = None) -> T:
        """Send one request until it is answered; decode the answer, or raise the refusal."""
        content = None if body is None else msgspec.json.encode(body)
        sent = headers | ({"content-type": "application/json"} if content is not None else {})
        async with self._room:
            answer = await self._send(method, f"{API}{path}", sent, content)
        return _decoded(answer, kind)

    async def sign_in(self, login: str, password: str) -> tuple[Administrator, UUID]:
        """Sign in; return the session and the region it administers."""
        session, principal = await self.open_session(login, password)
        if principal.role != "administrator":
            raise Refused(403, "", f"The account is of role {principal.role}: a replay needs an administrator.")
        return session, principal.region

    async def open_session(self, login: str, password: str) -> tuple[Administrator, Principal]:
        """Sign in, as whoever it is."""
        body = msgspec.json.encode({"login": login, "password": password})
        sent = {"content-type": "application/json", "origin": self._origin}
        answer = await self._send("POST", f"{API}/sessions", sent, body)
        principal = _decoded(answer, Principal)
        token = answer.cookies.get(_COOKIE, "")
        # Sent by hand: the jar would keep it from plain http, and give it to the requests of the keys.
        self._http.cookies.clear()
        return Administrator(self, {"cookie": f"{_COOKIE}={token}", "origin": self._origin}), principal

    @property
    def _origin(self) -> str:
        return f"{self._url.scheme}://{self._url.netloc.decode()}"

    async def _send(self, method: str, path: str, headers: dict[str, str], content: bytes | None) -> httpx.Response:
        for tried in range(1, self._tries + 1):
            try:
                answer = await self._http.request(method, path, headers=headers, content=content)
            except httpx.TransportError as error:
                if tried == self._tries:
                    raise ServerAway(f"{self._origin} does not answer: {str(error) or type(error).__name__}") from None
                await asyncio.sleep(backoff_s(tried))
                continue
            if answer.status_code not in _PASSING or tried == self._tries:
                break
            await asyncio.sleep(wait_s(answer.headers.get("retry-after"), tried))
        return answer


class Administrator:
    """The session that defines things, makes keys and sets the clock."""

    def __init__(self, caller: Caller, headers: dict[str, str]) -> None:
        self._caller = caller
        self._headers = headers

    async def ask(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        return await self._caller.ask(method, path, kind, headers=self._headers, body=body)


class Key:
    """An operator's machine key."""

    def __init__(self, caller: Caller, secret: str) -> None:
        self._caller = caller
        self._headers = {"authorization": f"Bearer {secret}"}

    async def ask(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        return await self._caller.ask(method, path, kind, headers=self._headers, body=body)


def wait_s(retry_after: str | None, tried: int) -> float:
    """Wait as long as the server asks, within reason; it gives whole seconds."""
    if retry_after is not None and retry_after.strip().isdecimal():
        return min(float(retry_after), _WAIT_MAX_S)
    return backoff_s(tried)


def backoff_s(tried: int) -> float:
    most = min(_BACKOFF_MAX_S, 0.2 * 2.0**tried)
    return random.uniform(most / 2, most)  # noqa: S311 -- spreads retries, protects nothing


def _decoded(answer: httpx.Response, kind: type[T]) -> T:
    if not answer.is_success:
        raise _problem(answer).refused()
    try:
        return msgspec.json.decode(answer.content or b"null", type=kind)
    except msgspec.MsgspecError:
        raise ServerAway(f"{answer.request.url} is not Halte's: it answered something else.") from None


def _problem(answer: httpx.Response) -> Problem:
    try:
        problem: Any = msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem(title=answer.reason_phrase or "The server answered what is no problem document")
    problem.status = answer.status_code
    return problem  # type: ignore[no-any-return]
