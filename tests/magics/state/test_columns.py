"""What is typed for a column or property, where both have one name."""

from __future__ import annotations

import json
from pathlib import Path

from mixpanel_data import Workspace
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import ConfigManager, Credentials
from mixpanel_magics.state.tables import Tables
from tests.loopback import Reply, Server
from tests.waiting import HANG


def test_a_value_has_the_type_of_the_column_that_hides_a_property(tmp_path: Path) -> None:
    ids = {"time": 1_704_110_400, "distinct_id": "u"}
    events = [
        {"event": "A", "properties": {**ids, "$insert_id": "007", "insert_id": 7}},
        {"event": "A", "properties": {**ids, "$insert_id": "x", "insert_id": 8}},
    ]
    body = "".join(json.dumps(event) + "\n" for event in events).encode()
    with Server(Reply(body=body)) as server:
        client = MixpanelAPIClient(Credentials("u", "s", "1", "us", base_url=server.url))
        config = ConfigManager(tmp_path / "config.toml")
        with Workspace(
            path=tmp_path / "ws.duckdb", _api_client=client, _config_manager=config
        ) as workspace:
            workspace.fetch_events("events", "2024-01-01", "2024-01-01")
            tables = Tables(workspace, lambda: None)
            tables.refresh("events")
            assert tables.wait(HANG)
            tables.rows.narrow("insert_id", tables.columns.meant("insert_id", "007"))
            assert tables.wait(HANG)
            assert tables.rows.problem is None
            assert tables.rows.where == "insert_id = '007'"
            assert len(tables.rows.page.rows) == 1
            tables.close()
