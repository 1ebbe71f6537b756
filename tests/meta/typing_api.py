"""Type-checked, never run: what people write against the public API keeps its types."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any, assert_type

import pandas as pd

from mixpanel_data import (
    CohortInfo,
    Exclusion,
    ExportResult,
    Expr,
    FetchProgress,
    FetchResult,
    FunnelResult,
    FunnelStep,
    JQLResult,
    PropertyStats,
    RetentionResult,
    SegmentationResult,
    Step,
    TableInfo,
    TableSchema,
    TableSummary,
    Workspace,
    WriteResult,
    auth,
    properties,
    user,
)
from mixpanel_data.types import AcceleratedTable, AccountInfo, WorkspaceInfo


def show(rows: int) -> None:
    """A callback as the specification has it takes plain numbers."""


def watch(progress: FetchProgress) -> None:
    """One of ours sees more."""
    assert_type(progress.windows, int | None)


def use() -> None:
    with Workspace("production", project_id="1", region="eu", path=Path("ws.duckdb")) as ws:
        assert_type(ws, Workspace)
        assert_type(ws.events(), list[str])
        assert_type(ws.properties("a"), list[str])
        assert_type(ws.property_values("a", "b", limit=3), list[str])
        assert_type(ws.fetch_events(from_date="2024-01-01", to_date="2024-01-31"), FetchResult)
        day = date(2024, 1, 1)
        ws.fetch_events("events", day, day, ["a"], "x", show)
        ws.fetch_profiles("profiles", progress=watch)
        assert_type(ws.sql("SELECT 1"), pd.DataFrame)
        assert_type(ws.explain_sql("SELECT 1").tables, tuple[AcceleratedTable, ...])
        assert_type(ws.tables(), list[TableInfo])
        assert_type(ws.schema("events"), TableSchema)
        assert_type(ws.sample("events", n=3, event="a", seed=1), pd.DataFrame)
        assert_type(ws.sample_rows("events"), list[dict[str, Any]])
        assert_type(ws.summarize("events", top=20), TableSummary)
        assert_type(ws.event_breakdown("events").events[0].users, int)
        assert_type(ws.property_stats("events", "amount", event="a", top=3), PropertyStats)
        assert_type(ws.info(), WorkspaceInfo)
        written = ws.write_sql("SELECT 1", sys.stdout.buffer, format="csv", columns=["1"], limit=1)
        assert_type(written, WriteResult)
        assert_type(ws.export("events", Path("a.csv"), format="csv"), ExportResult)
        days = ("2024-01-01", day)
        assert_type(ws.segmentation("a", *days, on="b", unit="week"), SegmentationResult)
        assert_type(ws.funnel(1, *days, "day", "b"), FunnelResult)
        assert_type(ws.funnel(1, *days).steps, list[FunnelStep])
        assert_type(ws.retention("a", "b", *days), RetentionResult)
        assert_type(ws.retention("a", None, *days).cohorts, list[CohortInfo])
        local = ws.local.on("a", "b", timezone="Europe/Berlin", week_start="sunday")
        found = local.funnel(["a", ("b", "x"), Step("c")], *days, exclusions=[Exclusion("d")])
        assert_type(found, FunnelResult)
        assert_type(local.retention("a", None, *days, as_of="2024-01-09"), RetentionResult)
        assert_type(ws.local.as_sql.funnel(["a", "b"], *days), str)
        assert_type(ws.jql("main", {"a": 1}), JQLResult)
        assert_type(ws.segmentation("a", *days).df, pd.DataFrame)
        built = (properties["a"] == "b") & ~user["c"].is_in([1, date(2024, 1, 1), None])
        assert_type(built, Expr)
        assert_type(1 < properties["a"].number() % 2, Expr)  # noqa: SIM300
        assert_type(properties["a"].any(lambda item: item != "x"), Expr)
        ws.fetch_events("events", day, day, where=built)
        ws.fetch_profiles(where=user["a"].is_defined())
        ws.segmentation("a", *days, on=properties["b"], where=built)
        ws.retention("a", None, *days, born_where=built, where=built)
        funnel = ws.local.funnel(
            ["a", ("b", built), Step("c", built)],
            *days,
            where=built,
            exclusions=[Exclusion("d", built), ("e", built), "f"],
        )
        assert_type(funnel, FunnelResult)
        assert_type(Step("c", built).where, str | None)
        ws.drop("a", "b")
        assert_type(ws.drop_all(type="events"), list[str])
    assert_type(auth.list_accounts(), list[AccountInfo])
    with Workspace.ephemeral() as temporary:
        assert_type(temporary, Workspace)
