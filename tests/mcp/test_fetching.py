"""A fetch: its plan, the word that confirms it, how far it is, and that it can be stopped."""

from __future__ import annotations

import anyio
import pytest

from mixpanel_data import Workspace
from mixpanel_data.mcp.call import Call, Stopped
from mixpanel_data.mcp.pool import WorkspacePool
from tests.waiting import HANG

TWO_MONTHS = {"from_date": "2026-01-01", "to_date": "2026-02-28"}
ENDLESS = "SELECT count(*) FROM range(1000000000000) AS t(i) WHERE md5(i::VARCHAR) = 'x'"


def names(agent) -> list[str]:
    return [table["name"] for table in agent("tables").data.get("tables", ())]


def test_nothing_is_here_before_a_fetch(empty):
    said = empty("tables")
    assert "tables" not in said.data
    assert said.notes == "nothing is fetched yet: discover, then plan_fetch"


def test_a_small_fetch_is_made_at_once(empty):
    plan = empty("plan_fetch", table="days", from_date="2026-01-01", to_date="2026-01-02").data
    assert (plan["requests"], plan["wait_seconds"]) == (1, 0)
    assert "confirm" not in plan
    done = empty("fetch", table="days", from_date="2026-01-01", to_date="2026-01-02")
    assert done.data["rows"] > 0
    assert "exports an hour are left" in done.notes


def test_a_larger_fetch_is_a_plan_until_it_is_confirmed(empty):
    asked = {"table": "larger", "events": ["Sign Up"], **TWO_MONTHS}
    plan = empty("plan_fetch", **asked).data
    assert plan["requests"] == 9
    unconfirmed = empty("fetch", **asked)
    assert unconfirmed.data == plan
    assert unconfirmed.notes.startswith("nothing was fetched")
    other = empty("fetch", **{**asked, "events": None}, confirm=plan["confirm"])
    assert "the one given is of another plan" in other.notes
    assert empty("fetch", **asked, confirm="9-00000000").data == plan
    assert empty("fetch", **asked, confirm="yes").data == plan
    assert "larger" not in names(empty)
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(*told) -> None:
        heard.append(told)

    assert empty("fetch", **asked, confirm=plan["confirm"], progress=hear).data["rows"] > 0
    assert heard[-1][:2] == (9, 9)
    assert "rows" in heard[-1][2]
    assert "larger" in names(empty)


def test_a_confirmation_does_not_authorise_more_requests_than_its_plan_named(empty):
    asked = {"table": "grows", "append": True, "to_date": "2026-02-28"}
    assert empty("fetch", table="grows", from_date="2026-01-10", to_date="2026-01-12").data["rows"]
    plan = empty("plan_fetch", **asked).data
    assert plan["requests"] == 7
    # The same call takes more requests now, for the table ends earlier.
    swapped = {
        "table": "grows", "replace": True, "from_date": "2025-12-10", "to_date": "2025-12-11",
    }  # fmt: skip
    word = empty("plan_fetch", **swapped).data["confirm"]
    assert empty("fetch", **swapped, confirm=word).data["date_range"]
    refused = empty("fetch", **asked, confirm=plan["confirm"])
    assert refused.data["requests"] > plan["requests"]
    assert "nothing was fetched" in refused.notes
    # Fewer are covered by it.
    swapped |= {"from_date": "2026-01-10", "to_date": "2026-01-20"}
    word = empty("plan_fetch", **swapped).data["confirm"]
    assert empty("fetch", **swapped, confirm=word).data["rows"]
    assert empty("fetch", **asked, confirm=plan["confirm"]).data["rows"]


def test_replace_is_never_done_without_confirmation(empty):
    asked = {"table": "swapped", "from_date": "2026-01-01", "to_date": "2026-01-01"}
    before = empty("fetch", **asked).data
    plan = empty("fetch", **asked, replace=True, events=["Sign Up"])
    assert plan.notes.startswith("nothing was fetched")
    assert empty("sql", query="SELECT count(*) AS n FROM swapped").text == f"n\n{before['rows']}"
    confirm = plan.data["confirm"]
    after = empty("fetch", **asked, replace=True, events=["Sign Up"], confirm=confirm).data
    assert after["rows"] < before["rows"]


def test_profiles_need_a_word_too(empty):
    plan = empty("fetch", what="profiles", table="people")
    assert plan.data["queries"] == 1
    assert empty("fetch", what="profiles", table="people", confirm=plan.data["confirm"]).data[
        "rows"
    ]
    again = empty("plan_fetch", what="profiles", table="People")
    assert again.error["type"] == "TableExistsError"


def test_a_fetch_that_is_cancelled_leaves_no_table_and_can_go_on(empty):
    asked = {"table": "stopped", **TWO_MONTHS}
    confirm = empty("plan_fetch", **asked).data["confirm"]

    async def give_up() -> bool:
        with anyio.CancelScope() as scope:

            async def hear(*_) -> None:
                scope.cancel()

            await empty.client.call_tool(
                "fetch", {**asked, "confirm": confirm}, progress_callback=hear
            )
        return scope.cancelled_caught

    assert empty.portal.call(give_up)
    assert "stopped" not in names(empty)
    done = empty("fetch", **asked, confirm=empty("plan_fetch", **asked).data.get("confirm"))
    assert done.data["rows"] == 96_863


def test_other_calls_are_answered_while_a_query_runs(empty):
    async def both() -> bool:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(empty.client.call_tool, "sql", {"query": ENDLESS})
                answer = await empty.client.call_tool("sql", {"query": "SELECT 1 AS one"})
                assert answer.content[0].text == "one\n1"
                scope.cancel()
        return scope.cancelled_caught

    assert empty.portal.call(both)
    assert empty("sql", query="SELECT 2 AS two").text == "two\n2"


@pytest.fixture
def pool():
    with Workspace.ephemeral("sandbox") as workspace:
        pool = WorkspacePool(workspace)
        yield pool
        pool.close()


def test_a_query_that_nobody_waits_for_is_interrupted(pool):
    calls: list[Call] = []

    async def give_up() -> bool:
        started = anyio.Event()

        def work(call: Call) -> str:
            calls.append(call)
            anyio.from_thread.run_sync(started.set)
            return str(call.workspace.sql_scalar(ENDLESS))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pool.do, work, lambda *_: None)
            await started.wait()
            tasks.cancel_scope.cancel()
        return await anyio.to_thread.run_sync(calls[0].done.wait, HANG)

    assert anyio.run(give_up)
    assert calls[0].answer == ""


def test_calls_at_the_same_time_have_workspaces_of_their_own(pool):
    async def three() -> list[str]:
        together = anyio.Event()
        seen: list[int] = []

        async def arrived(workspace: Workspace) -> None:
            seen.append(id(workspace))
            if len(seen) == 3:
                together.set()
            await together.wait()

        def work(call: Call) -> str:
            anyio.from_thread.run(arrived, call.workspace)
            return str(call.workspace.sql_scalar("SELECT 1"))

        calls = []

        async def do() -> None:
            calls.append(await pool.do(work, lambda *_: None))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(do)
        assert len(set(seen)) == 3
        return [call.answer for call in calls]

    assert anyio.run(three) == ["1", "1", "1"]


def test_work_that_looks_around_ends_when_it_is_stopped(pool):
    call = Call(lambda *_: None)
    call.stop()
    with pytest.raises(Stopped):
        call.check()
    call.done.set()


def test_a_name_that_no_event_has_is_told_beside_the_answer(empty):
    days = {"from_date": "2026-01-01", "to_date": "2026-01-01"}
    done = empty("fetch", table="slip", events=["Purchse"], **days)
    assert done.data["rows"] == 0
    assert "Mixpanel has no event 'Purchse'; did you mean 'Purchase'?" in done.notes
    assert "warnings" not in done.data


@pytest.mark.parametrize("tool", ["plan_fetch", "fetch"])
def test_days_that_have_not_begun_are_refused_by_the_plan_too(empty, tool):
    said = empty(tool, table="later", from_date="2026-02-01", to_date="2026-03-02")
    assert said.error["message"] == "to_date 2026-03-02 is in the future: in UTC it is 2026-03-01"


def test_a_table_that_has_every_day_is_told_until_when(empty):
    days = {"from_date": "2026-02-27", "to_date": "2026-02-28"}
    empty("fetch", table="whole", events=["Sign Up"], **days)
    more = empty("fetch", table="whole", events=["Sign Up"], append=True)
    assert more.data["complete_until"] == "2026-02-28"
    assert "every day until 2026-02-28 is here: nothing was to be fetched" in more.notes
