"""Draws, plans and rules where it turns out otherwise: places are taken meanwhile, a link leaves people out, others
lose by other rules, the line is cut, a secret is lost. Each time the page says what Postgres holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, Route, expect

from halte.embedded import EmbeddedServers
from orientation.distributing.applying import placement_of
from orientation.distributing.cases import keep_case
from orientation.model.household import Household, Urgency
from orientation.planning.case import decode, encode
from tests.support.queue import Queue, family, man, queueing
from tests.support.screens import Screens, assert_same_document, keep_in_sight, open_tool

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_CANAL = "Everyone, Canal Court"
_MEN_FIRST = [{"urgency": [], "parties": ["man"], "turned_away": False}]
_VIOLENCE_THEN_COLD = [
    {"urgency": ["violence"], "parties": [], "turned_away": False},
    {"urgency": ["cold"], "parties": [], "turned_away": False},
]
# Only the live stream: whatever else the page asks is answered. The constructor is asked again by every attempt.
_STREAM_TO_CUT = """(() => {
    const open = new Set();
    window.WebSocket = class extends window.WebSocket {
        constructor(...said) {
            super(...said);
            open.add(this);
            if (window.streamIsCut) this.close();
        }
    };
    window.cutStream = (cut) => {
        window.streamIsCut = cut;
        if (cut) open.forEach((one) => one.close());
        open.clear();
    };
})()"""


@pytest.fixture(scope="module")
async def queue(servers: EmbeddedServers, template: str) -> AsyncIterator[Queue]:
    async with queueing(servers, template, nodes=1) as queue:
        yield queue


async def _asks(queue: Queue, *households: Household) -> list[str]:
    return [str(await queue.ask(one)) for one in households]


async def _making(page: Page) -> Locator:
    """Return the form for a plan; it is closed where there are plans to look at."""
    form = page.locator("form").filter(has=page.get_by_role("button", name="Make a plan", include_hidden=True))
    summary = page.locator("summary", has_text="Make a plan")
    await expect(summary).to_be_visible()
    if not await form.is_visible():
        await summary.click()
    await form.get_by_label("Seconds it may take").fill("5")
    return form


async def _plan(page: Page, *links: list[str]) -> Locator:
    """Make a plan, with these households kept together, and return its draft."""
    form = await _making(page)
    for number, link in enumerate(links, start=1):
        await form.get_by_role("button", name=re.compile("^Keep households together|^One more group")).click()
        for request in link:
            await form.get_by_label(f"Group {number}").select_option(request)
    await form.get_by_role("button", name="Make a plan").click()
    return await _state(page, "draft")


async def _state(page: Page, state: str) -> Locator:
    """Wait until the plan that is shown has come so far; return it."""
    plan = page.get_by_role("article")
    await expect(plan.get_by_role("heading", name=re.compile(f"^Plan of .*: {state}$"))).to_be_visible()
    return plan


async def _connection(page: Page, words: str) -> None:
    await expect(page.get_by_role("banner").get_by_text(words, exact=True)).to_be_visible()


async def _apply(plan: Locator, holds: int) -> None:
    await plan.get_by_role("button", name="Apply the plan").click()
    await plan.get_by_role("button", name=f"Make {holds} hold{'' if holds == 1 else 's'}").click()


async def _row(queue: Queue, plan: Locator, request: str) -> Locator:
    return plan.get_by_role("row").filter(has_text=await queue.code(request))


async def _shows_only(queue: Queue, plan: Locator, *requests: str) -> None:
    """These households stand in the list as it is filtered, and no others."""
    many = len(requests)
    await expect(plan.get_by_role("status").filter(has_text=re.compile(f"^{many} households?$"))).to_be_visible()
    for request in requests:
        await expect(await _row(queue, plan, request)).to_be_visible()


async def test_what_was_taken_meanwhile_is_told_and_planned_again(queue: Queue, screens: Screens) -> None:
    """Two places are gone when a plan lands: the page says whose, and the plan for the rest gives them others."""
    await queue.begin_anew(men=4, women=0, canal_unit=2, secret_unit=0)
    asked = await _asks(queue, *[man()] * 6)
    desk = await open_tool(screens, queue.region, "Plan")
    plan = await _plan(desk)
    await expect(plan.get_by_text("6 of 6 people placed")).to_be_visible()
    for newcomer in await _asks(queue, man(), man()):
        await queue.place(newcomer, queue.region.men)
    await queue.count("canal_unit", 4)

    await plan.get_by_role("button", name="Apply the plan").click()
    again = plan.get_by_role("checkbox", name="Plan again for those whose place was taken meanwhile")
    await expect(again).to_be_checked()
    await plan.get_by_role("button", name="Make 6 holds").click()
    await expect(plan.get_by_text("4 held, 2 taken meanwhile.")).to_be_visible()
    held = await queue.held()
    lost = [one for one in asked if one not in held]
    assert len(lost) == 2
    for request in lost:
        await expect(await _row(queue, plan, request)).to_contain_text("taken meanwhile")
    await expect(plan.get_by_text("What was taken meanwhile has a plan of its own.")).to_be_visible()

    await plan.get_by_role("button", name="To the plan for the rest").click()
    rest = await _state(desk, "draft")
    await desk.get_by_role("combobox", name="Show").select_option("moved")
    await _shows_only(queue, rest, *lost)
    for request in lost:
        await expect(await _row(queue, rest, request)).to_contain_text(_CANAL)
    await _apply(rest, 2)
    await expect(rest.get_by_text("2 held.")).to_be_visible()
    assert await queue.held() == held | dict.fromkeys(lost, str(queue.region.canal_unit))
    plans = await queue.pool.fetch("SELECT id, state, after, followed_by FROM plan ORDER BY made_at DESC LIMIT 2")
    second, first = plans
    assert (first["state"], second["state"]) == ("applied", "applied")
    assert (first["followed_by"], second["after"], second["followed_by"]) == (second["id"], first["id"], None)


async def test_linked_households_go_to_one_shelter(queue: Queue, screens: Screens) -> None:
    """All three could have a place; the two who are linked go together, and the third goes without."""
    await queue.begin_anew(men=0, women=1, canal_unit=2, secret_unit=0)
    third, he, she = await _asks(queue, man(), man(), family())
    desk = await open_tool(screens, queue.region, "Plan")
    plan = await _plan(desk)
    await expect(plan.get_by_text("3 of 3 people placed")).to_be_visible()
    await expect(await _row(queue, plan, she)).to_contain_text("Women, Linden House")

    plan = await _plan(desk, [he, she])
    await expect(plan.get_by_text("2 of 3 people placed")).to_be_visible()
    await expect(plan.get_by_text("No family is split.")).to_be_visible()
    for request in (he, she):
        row = await _row(queue, plan, request)
        await expect(row.get_by_role("cell", name=_CANAL, exact=True)).to_have_count(1)
    await desk.get_by_role("combobox", name="Show").select_option("unplaced")
    await _shows_only(queue, plan, third)
    await _apply(plan, 2)
    await expect(plan.get_by_text("2 held.")).to_be_visible()
    assert await queue.held() == dict.fromkeys((he, she), str(queue.region.canal_unit))


async def test_the_page_says_that_a_link_is_why_two_have_no_place(queue: Queue, screens: Screens) -> None:
    """Each has a place where it fits alone; together they fit nowhere, and nothing is held for either."""
    await queue.begin_anew(men=0, women=1, canal_unit=1, secret_unit=0)
    he, she = await _asks(queue, man(), family())
    desk = await open_tool(screens, queue.region, "Plan")
    plan = await _plan(desk)
    await expect(plan.get_by_text("2 of 2 people placed")).to_be_visible()

    plan = await _plan(desk, [he, she])
    await expect(plan.get_by_text("0 of 2 people placed")).to_be_visible()
    await plan.get_by_role("button", name=f"Why {await queue.code(he)}").click()
    why = plan.get_by_role("row").filter(has_text="With 1 household more, they must go to the same shelter")
    await expect(why).to_contain_text(re.compile(rf"{_CANAL} \(.*\): no room for all of them\."))
    await expect(plan.get_by_text("It holds nothing new.")).to_be_visible()
    await expect(plan.get_by_role("button", name="Apply the plan")).to_have_count(0)
    assert await queue.held() == {}


async def test_who_loses_by_new_rules_stands_beside_the_plan(queue: Queue, screens: Screens) -> None:
    """For the one place: men come first since today, who fled violence did until then. Nobody loses to first come."""
    await queue.begin_anew(men=0, women=0, canal_unit=1, secret_unit=0)
    await queue.rule(tiers=_MEN_FIRST)
    he, she = await _asks(queue, man(), family(urgency=(Urgency.VIOLENCE,)))
    desk = await open_tool(screens, queue.region, "Plan")
    plan = await _plan(desk)
    first_come, before = (
        plan.locator("section").filter(has=desk.get_by_role("heading", name=name, exact=True))
        for name in ("First come", "Rules before")
    )
    await expect(first_come).to_contain_text("Nobody loses a place by this plan.")
    await expect(before).to_contain_text("As many people as by the rules before: 1.")
    await expect(before).to_contain_text("1 household with a place only by this plan")
    await expect(before).to_contain_text("women on their own")
    await expect(before.get_by_role("button", name=await queue.code(she), exact=True)).to_be_visible()
    await expect(before.get_by_role("button", name=await queue.code(he), exact=True)).to_have_count(0)

    await before.get_by_role("button", name="1 household loses a place by this plan").click()
    await expect(desk.get_by_role("combobox", name="Show")).to_have_value("yesterday-losers")
    await _shows_only(queue, plan, she)
    row = await _row(queue, plan, she)
    # Nowhere by this plan and by first come; by the rules before she would be there.
    await expect(row.get_by_role("cell", name="no place", exact=True)).to_have_count(2)
    await expect(row.get_by_role("cell", name=_CANAL, exact=True)).to_have_count(1)
    women = plan.get_by_role("row").filter(has=desk.get_by_role("rowheader", name="women on their own"))
    await expect(women.get_by_role("cell")).to_have_text(["1", re.compile(r"^0 \(0"), "0", "1"])
    await _apply(plan, 1)
    await expect(plan.get_by_text("1 held.")).to_be_visible()
    assert await queue.held() == {he: str(queue.region.canal_unit)}


async def test_a_plan_goes_on_where_the_stream_is_lost(queue: Queue, screens: Screens) -> None:
    """Cut off while it is worked out: the page says so, hears by asking that it is done, and what a colleague does."""
    await queue.begin_anew(men=3, women=0, canal_unit=0, secret_unit=0)
    asked = await _asks(queue, *[man()] * 3)
    screens.beforehand = _STREAM_TO_CUT
    desk = await open_tool(screens, queue.region, "Plan")
    await keep_in_sight(desk)
    form = await _making(desk)
    await queue.retire_workers()
    await form.get_by_role("button", name="Make a plan").click()
    worker = await queue.freeze_worker()
    try:
        await _state(desk, "is being computed")
        await desk.evaluate("() => cutStream(true)")
        lost = desk.get_by_text("The live connection is lost.")
        await expect(lost).to_be_visible()
        await _connection(desk, "Reconnecting")
    finally:
        worker.resume()
    plan = await _state(desk, "draft")
    await expect(plan.get_by_text("3 of 3 people placed")).to_be_visible()
    plan_id = await queue.pool.fetchval("SELECT id FROM plan WHERE state = 'draft'")
    assert (await queue.apply(str(plan_id), who="admin")).status_code == 202
    await expect(plan.get_by_text("3 held.")).to_be_visible()
    await expect(lost).to_be_visible()
    assert await queue.held() == dict.fromkeys(asked, str(queue.region.men))

    await desk.evaluate("() => cutStream(false)")
    await _connection(desk, "Live")
    await expect(lost).to_have_count(0)
    await assert_same_document(desk)


async def test_applying_counts_once_where_its_answer_is_lost(queue: Queue, screens: Screens) -> None:
    """The network goes when the server has heard it: the page says it again, and each household is held once."""
    await queue.begin_anew(men=3, women=0, canal_unit=0, secret_unit=0)
    asked = await _asks(queue, *[man()] * 3)
    desk = await open_tool(screens, queue.region, "Plan")
    await keep_in_sight(desk)
    plan = await _plan(desk)
    plan_id: UUID = await queue.pool.fetchval("SELECT id FROM plan WHERE state = 'draft'")
    said: list[str] = []

    async def lose_the_answer(route: Route) -> None:
        """The server hears it from us, and the page hears nothing any more: not by the stream either."""
        body = json.loads(route.request.post_data or "")
        said.append(body["id"])
        if len(said) == 1:
            await desk.context.set_offline(True)
            await queue.expect(202, "desk", "POST", route.request.url.partition("/api/v1")[2], body)
            await route.abort("connectionfailed")
        else:
            await route.continue_()

    await desk.route("**/api/v1/plans/*/apply", lose_the_answer)
    await _apply(plan, 3)
    await expect(plan.get_by_text("No answer. It may or may not have arrived;")).to_be_visible()
    await expect(desk.get_by_text("The live connection is lost.")).to_be_visible()
    await queue.until(str(plan_id), "applied")
    await expect(plan.get_by_role("heading", name=re.compile(": draft$"))).to_be_visible()

    await desk.context.set_offline(False)
    await _state(desk, "applied")
    await _connection(desk, "Live")
    await expect(plan.get_by_text("3 held.")).to_be_visible()
    await expect(plan.get_by_text("No answer.")).to_have_count(0)
    await expect(desk.get_by_text("The live connection is lost.")).to_have_count(0)
    await assert_same_document(desk)
    rows = await queue.pool.fetch("SELECT id, request_id FROM placement WHERE state <> 'ended'")
    assert {row["id"] for row in rows} == {placement_of(plan_id, UUID(request)) for request in asked}
    acts = "SELECT id FROM sharing_event WHERE subject_id = $1 AND verb LIKE 'apply%'"
    assert [str(row["id"]) for row in await queue.pool.fetch(acts, plan_id)] == said[:1]
    assert set(said) == {said[0]}


async def test_a_draw_is_given_up_and_another_begins(queue: Queue, screens: Screens) -> None:
    """A secret is lost: both screens say why, nobody goes on with it, and another asks for two new commitments."""
    await queue.begin_anew(men=1)
    await queue.pool.execute("DELETE FROM draw_entry; DELETE FROM draw")
    await queue.ask(man())
    pages = [await open_tool(screens, queue.region, "Draw", login) for login in ("desk", "supervisor")]
    desk, supervisor = pages
    await desk.get_by_label("For whom").select_option("man")
    await desk.get_by_role("button", name="Begin a draw").click()
    for page, missing in ((desk, 1), (supervisor, 0)):
        await page.get_by_role("button", name="Commit", exact=True).click()
        await expect(desk.get_by_text("1 more person must commit.")).to_have_count(missing)
    for _ in range(2):  # asked, then done
        await desk.get_by_role("button", name="Freeze the list now").click()
    await expect(supervisor.get_by_role("button", name="Reveal my secret")).to_be_visible()

    abandon = desk.get_by_role("button", name="Abandon this draw")
    await abandon.click()
    await abandon.click()  # a reason is asked for first
    await expect(supervisor.get_by_role("button", name="Reveal my secret")).to_be_visible()
    await desk.get_by_label(re.compile(r"^Why\?")).fill("The note was lost")
    await abandon.click()
    for page in pages:
        draw = page.get_by_role("article")
        await expect(draw.get_by_role("heading", name=re.compile("^men on their own.*abandoned"))).to_be_visible()
        await expect(draw.get_by_text("Abandoned: The note was lost")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Reveal|^Freeze|^Abandon"))).to_have_count(0)

    await desk.get_by_label("For whom").select_option("man")
    await desk.get_by_role("button", name="Begin a draw").click()
    await expect(desk.get_by_text("Two people must commit.")).to_be_visible()
    listed = supervisor.get_by_role("region", name="Tonight’s draws").get_by_role("button")
    await expect(listed).to_have_count(2)
    await listed.filter(has_text="commitments are awaited").click()
    await expect(supervisor.get_by_role("button", name="Commit", exact=True)).to_be_visible()
    await listed.filter(has_text="abandoned").click()
    await expect(supervisor.get_by_text("Abandoned: The note was lost")).to_be_visible()
    rows = await queue.pool.fetch("SELECT audience, state, why, commitments, list_hash FROM draw ORDER BY made_at")
    told = [(row["audience"], row["state"], row["why"], len(json.loads(row["commitments"]))) for row in rows]
    assert told == [("man", "abandoned", "The note was lost", 2), ("man", "open", None, 0)]
    assert [row["list_hash"] is not None for row in rows] == [True, False]


async def _keep_last_night(queue: Queue) -> tuple[str, str]:
    """Keep a night on which two wanted the last place, as a plan read it; return what they were called."""
    await queue.begin_anew(men=0, women=0, canal_unit=1, secret_unit=0)
    asked = await _asks(queue, family(urgency=(Urgency.VIOLENCE,)), man(Urgency.COLD))
    plan = await queue.draft()
    fled, cold = [await queue.code(request) for request in asked]
    for request in asked:
        await queue.close(request)
    case = decode(await queue.pool.fetchval("SELECT content FROM plan WHERE id = $1", UUID(plan["id"])))
    night = case.night - timedelta(days=1)
    # Tonight's own is none that is past, and nobody waits any more for whom it would be kept again.
    await queue.pool.execute("DELETE FROM night_case")
    await keep_case(queue.pool, queue.region.id, night, case.now, encode(replace(case, night=night)))
    return fled, cold


async def test_rules_are_tried_on_a_past_night(queue: Queue, screens: Screens) -> None:
    """One place, kept as of last night: who was in the cold would have had it, and who fled violence would not."""
    await queue.rule(tiers=_VIOLENCE_THEN_COLD)
    fled, cold = await _keep_last_night(queue)
    version = "SELECT max(version) FROM orientation_policy"
    before = await queue.pool.fetchval(version)
    desk = await open_tool(screens, queue.region, "Rules", "supervisor")
    tiers = desk.get_by_role("group", name="Who comes first in a plan")
    await tiers.get_by_role("button", name="Remove number 1").click()
    await expect(desk.get_by_text("1 rule changed")).to_be_visible()
    await desk.get_by_role("button", name="Try it on past nights").click()
    night = desk.get_by_role("article")
    await expect(night).to_have_count(1)
    await expect(night).to_contain_text("1 person placed by both.")
    await night.locator("summary", has_text="1 household would have had a place").click()
    gains, loses = night.locator("li", has_text=cold), night.locator("li", has_text=fled)
    await expect(gains).to_have_text(f"{cold}: men on their own, 1 person, tier 1")
    await expect(loses).to_have_text(f"{fled}: women on their own, 1 person, all others")
    would_lose = night.locator("details", has_text="1 household would have had none")
    await expect(would_lose).to_contain_text(fled)
    await expect(would_lose).not_to_contain_text(cold)
    await expect(night).to_contain_text("men on their own: 1 of 1; 0 by the rules that hold")
    await expect(night).to_contain_text("women on their own: 0 of 1; 1 by the rules that hold")
    # It was tried, and nothing more: the rules are those of before, and nobody is held a place.
    assert (await queue.pool.fetchval(version), await queue.held()) == (before, {})
