"""What `docker compose up` starts, started by hand: two nodes, their servers, the proxy, the backup (compose.yaml)."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
import redis.asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kernel.ids import new_id
from kernel.settings import Settings
from tests.support.installation import open_folder
from tests.support.region import SmallRegion, found_region, furnish
from tests.support.staging import CADDY, VARIABLES, Stage, until

SCRAPER = {"Authorization": f"Bearer {VARIABLES['HALTE_METRICS_TOKEN']}"}
needs_caddy = pytest.mark.skipif(CADDY is None, reason="no caddy on this machine (apt-get install caddy)")


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    home = open_folder("halte-compose-")
    stage = Stage(home)
    try:
        stage.postgres()
        stage.valkey()
        await stage.found()
        await asyncio.to_thread(stage.migrate)
        await asyncio.gather(stage.node("app1"), stage.node("app2"))
        stage.backup()
        yield stage
    except BaseException:
        for log in home.glob("*.log"):
            print(f"{log.name}:\n{log.read_text()[-2_000:]}")
        raise
    finally:
        await asyncio.to_thread(stage.end)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
async def region(stage: Stage) -> SmallRegion:
    settings = Settings.from_environment(stage.environment("app1"))
    region = SmallRegion(stage.address("app1"), await found_region(settings))
    await furnish(region)
    return region


@pytest.fixture(scope="module")
async def tls(stage: Stage, region: SmallRegion) -> ssl.SSLContext:
    """Run the proxy, and let the region be reached through it from here on."""
    region.address = stage.caddy()
    await until(stage.authority().is_file)
    context = ssl.create_default_context(cafile=stage.authority())
    await until(lambda: _greets(region.address, context))
    return context


def _greets(address: str, context: ssl.SSLContext) -> bool:
    try:
        return httpx.get(f"{address}/healthz", verify=context, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


async def test_valkey_keeps_what_it_is_told_and_asks_who_is_there(stage: Stage) -> None:
    url = stage.environment("app1")["REDIS_URL"]
    client = redis.asyncio.Redis.from_url(url, protocol=3)
    assert (await client.config_get("append*"))["appendonly"] == "yes"
    await client.aclose()
    stranger = redis.asyncio.Redis.from_url(url.replace(VARIABLES["HALTE_REDIS_PASSWORD"], "wrong"), protocol=3)
    with pytest.raises(redis.exceptions.AuthenticationError):
        await stranger.ping()
    await stranger.aclose()


async def test_what_one_node_is_told_the_other_one_shows(stage: Stage, region: SmallRegion) -> None:
    for name in ("app1", "app2"):
        ready = (await _get(f"{stage.address(name)}/readyz")).json()
        assert (ready["status"], ready["redis"]) == ("ready", True), ready
        assert {board["live"] for board in ready["boards"].values()} <= {"redis"}
    async with region.client("staff") as staff:
        assert (await staff.put(f"/reports/{new_id()}", json=region.report(17))).status_code == 200
    other = SmallRegion(stage.address("app2"), region.id, men=region.men, cookies=region.cookies)
    async with asyncio.timeout(10):
        while (await other.unit(region.men))["free"] != 17:  # noqa: ASYNC110 -- what is waited for is another process
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("region")
async def test_a_backup_is_whole_counts_as_new_and_can_be_restored(stage: Stage) -> None:
    backups, database = stage.folder("backups"), "restored"
    await until(lambda: bool(list(backups.glob("*.dump"))))
    (dump,) = backups.glob("*.dump")
    assert dump.stat().st_mode & 0o077 == 0
    told = (await _get(f"{stage.address('app1')}/metrics")).text
    (age,) = (line for line in told.splitlines() if line.startswith("halte_backup_timestamp_seconds "))
    assert float(age.partition(" ")[2]) == pytest.approx(dump.stat().st_mtime)
    admin = stage.environment("backup") | {"PGHOST": "127.0.0.1", "PGPORT": str(stage.ports["postgres"])}
    superuser = admin | {"PGUSER": "postgres", "PGPASSWORD": VARIABLES["HALTE_POSTGRES_PASSWORD"]}
    _run(["createdb", "-O", "halte", database], superuser)
    _run(["pg_restore", "--exit-on-error", "-d", database, dump], admin)
    count = ["psql", "-Atc", "SELECT count(*) FROM alembic_version", "-d", database]
    assert _run(count, admin).strip() == "1"


def test_the_backup_keeps_as_many_as_it_was_told(stage: Stage, tmp_path: Path) -> None:
    """The script itself, with a period of a second and three dumps of before."""
    for day in ("01", "02", "03"):
        (tmp_path / f"halte-202601{day}T000000Z.dump").touch()
    (tmp_path / "notes.txt").touch()
    stage.stop("backup")
    before = stage.services["backup"]["environment"]
    changed = {"HALTE_BACKUP_DIR": str(tmp_path), "HALTE_BACKUP_EVERY_S": "1", "HALTE_BACKUP_KEEP": "2"}
    stage.services["backup"]["environment"] = before | changed
    try:
        stage.backup()
        asyncio.run(until(lambda: not list(tmp_path.glob("halte-202601*"))))
    finally:
        stage.stop("backup")
        stage.services["backup"]["environment"] = before
    kept = sorted(one.name for one in tmp_path.iterdir() if not one.name.endswith(".part"))
    assert len(kept) in {2, 3}, kept
    assert kept[-1] == "notes.txt"


@needs_caddy
async def test_the_proxy_speaks_tls_and_keeps_the_operators_pages_in(
    stage: Stage, region: SmallRegion, tls: ssl.SSLContext
) -> None:
    async with httpx.AsyncClient(base_url=region.address, verify=tls) as client:
        page = await client.get("/")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["content-encoding"] == "gzip"
        assert "server" not in page.headers
        for path in ("/metrics", "/readyz"):
            assert (await client.get(path, headers=SCRAPER)).status_code == 404
    plain = await _get(f"http://localhost:{stage.ports['http']}/watch")
    assert plain.status_code == 308
    assert plain.headers["location"].startswith("https://localhost")


@needs_caddy
async def test_a_screen_and_a_report_go_through_the_proxy_while_a_node_dies(
    stage: Stage, region: SmallRegion, tls: ssl.SSLContext
) -> None:
    async with httpx.AsyncClient(base_url=region.address, verify=tls, headers={"Origin": region.address}) as client:
        answer = await client.post("/api/v1/sessions", json={"login": "staff", "password": "seven dry umbrellas"})
        assert answer.status_code == 201, answer.text
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        async with await _screen(region, cookie, tls) as screen:
            await _report(client, region, cookie, 8)
            await _shows(screen, region, 8)
        stage.stop("app1", signal.SIGKILL)
        await _report(client, region, cookie, 9)
        async with await _screen(region, cookie, tls) as screen:
            await _shows(screen, region, 9)
    await stage.node("app1")


async def _screen(region: SmallRegion, cookie: dict[str, str], tls: ssl.SSLContext) -> connect:
    address = region.address.replace("https", "wss") + "/live/board"
    headers = cookie | {"Origin": region.address}
    return connect(address, ssl=tls, subprotocols=[Subprotocol("halte.v1")], additional_headers=headers)


async def _report(client: httpx.AsyncClient, region: SmallRegion, cookie: dict[str, str], free: int) -> None:
    """Under one id until there is an answer, as every client does: one that dies in between leaves a 502."""
    report = new_id()
    async with asyncio.timeout(10):
        while True:
            answer = await client.put(f"/api/v1/reports/{report}", json=region.report(free), headers=cookie)
            if answer.status_code not in {502, 503, 504}:
                break
            await asyncio.sleep(0.1)
    assert answer.status_code == 200, answer.text


async def _shows(screen: ClientConnection, region: SmallRegion, free: int) -> None:
    await screen.send('{"t":"hello"}')
    async with asyncio.timeout(10):
        while True:
            frame = json.loads(await screen.recv())
            if "to" in frame or "seq" in frame:
                await screen.send(json.dumps({"t": "ack", "to": frame.get("to", frame.get("seq"))}))
            if any(one["id"] == str(region.men) and one["free"] == free for one in frame.get("units", ())):
                return


async def _get(address: str) -> httpx.Response:
    async with httpx.AsyncClient(headers=SCRAPER) as client:
        return await client.get(address)


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
