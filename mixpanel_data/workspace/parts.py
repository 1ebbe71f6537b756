"""What a workspace is made of, each part built when it is first needed.

A workspace that only runs SQL never imports httpx, and one that only lists events never imports
DuckDB.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from mixpanel_data._internal.config import SANDBOX, Credentials, Settings
from mixpanel_data._internal.utils import expanded
from mixpanel_data.exceptions import AuthenticationError, ConfigError, InvalidArgumentError, command

if TYPE_CHECKING:
    import duckdb

    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.services.discovery import DiscoveryService
    from mixpanel_data._internal.services.fetcher import FetcherService
    from mixpanel_data._internal.services.live_query import LiveQueryService
    from mixpanel_data._internal.services.streaming import StreamingService
    from mixpanel_data._internal.services.unfinished import UnfinishedFetches
    from mixpanel_data._internal.storage import StorageEngine
    from mixpanel_data.sandbox import Sandbox
    from mixpanel_data.workspace.local import LocalReports

Q = TypeVar("Q")


class Parts:
    """Credentials, settings and services; the sections of `Workspace` build on it."""

    _settings: Settings
    _credentials: Credentials | None
    _path: Path
    _app: Sandbox | None = None
    _twin: MixpanelAPIClient | None = None
    _is_limited = False

    @property
    def read_only(self) -> bool:
        """Whether it changes nothing: no table, no file, nothing that SQL can change."""
        return self._settings.read_only

    def _check_can_change(self, what: str, *, hint: str | None = None) -> None:
        """Refuse it in a read-only workspace, which `what` it does not do."""
        if self.read_only:
            raise InvalidArgumentError(
                f"this workspace is read-only: it {what}",
                hint=hint
                or "MP_READ_ONLY, read_only in the settings, or Workspace(read_only=True) says so",
            )

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection itself, for one thread at a time."""
        self._check_can_change("lends no connection", hint="ws.sql, ws.sql_rows, ws.sql_scalar")
        return self._storage.connection

    def _question(self, kind: type[Q], args: Sequence[Any], keywords: Mapping[str, Any]) -> Q:
        """What the methods of `asking` ask; `ws.local.on(…)` adds its own options."""
        return kind(*args, **keywords)

    @property
    def account(self) -> str | None:
        """The account that it asks as; None with credentials of the environment, or without any."""
        return None if self._credentials is None else self._credentials.account

    @cached_property
    def api(self) -> MixpanelAPIClient:
        """The client for Mixpanel's API."""
        if self._credentials is None:
            raise AuthenticationError(
                "this workspace was opened from a file, without credentials",
                hint="Workspace(account=…, path=…) has both",
            )
        if self._twin is not None:
            return self._twin.sibling()
        from mixpanel_data._internal.api_client import MixpanelAPIClient

        if self._credentials.account == SANDBOX:
            from mixpanel_data.sandbox import Sandbox

            self._app = Sandbox()
        ledger = None if self._app is not None else _data_folder() / "quota"
        return MixpanelAPIClient(
            self._credentials, settings=self._settings, app=self._app, ledger=ledger
        )

    @property
    def path(self) -> Path | None:
        """The database file."""
        return self._storage.path if "_storage" in self.__dict__ else self._path

    @property
    def source(self) -> str:
        """Where data comes from: "mixpanel", or "sandbox" when it is invented."""
        if self._credentials is not None and self._credentials.account == SANDBOX:
            return SANDBOX
        return self.api.source if "api" in self.__dict__ else "mixpanel"

    @cached_property
    def _storage(self) -> StorageEngine:
        from mixpanel_data._internal.storage import StorageEngine

        return self._within_limits(
            StorageEngine.open_existing(self._path) if self.read_only else StorageEngine(self._path)
        )

    def _within_limits(self, storage: StorageEngine) -> StorageEngine:
        gigabytes = self._settings.memory_limit_gb, self._settings.temp_limit_gb
        memory, temp = (size * 1e9 for size in gigabytes)
        storage.limit(memory, temp, always=self.read_only or self._is_limited)
        return storage

    def limit_resources(self) -> None:
        """Keep all work on the database within `memory_limit_gb` and `temp_limit_gb`.

        Read-only SQL, and so a read-only workspace, is kept within them anyway.
        """
        self._is_limited = True
        if "_storage" in self.__dict__:
            self._within_limits(self._storage)

    @cached_property
    def _discovery(self) -> DiscoveryService:
        from mixpanel_data._internal.services.discovery import DiscoveryService

        return DiscoveryService(self.api)

    @cached_property
    def _live(self) -> LiveQueryService:
        from mixpanel_data._internal.services.live_query import LiveQueryService

        return LiveQueryService(self.api, self._discovery)

    @cached_property
    def _fetcher(self) -> FetcherService:
        from mixpanel_data._internal.services.fetcher import FetcherService

        return FetcherService(
            self.api, self._storage, settings=self._settings, legacy_zone=self._legacy_zone
        )

    @cached_property
    def local(self) -> LocalReports:
        """Reports on fetched tables: `ws.local.funnel(["Sign Up", "Purchase"], …)`."""
        from mixpanel_data._internal.services.local_query import LocalQueryService
        from mixpanel_data.workspace.local import LocalReports

        who = self._credentials
        service = LocalQueryService(
            self._storage, zone=self._legacy_zone or "UTC", today=self._today
        )
        return LocalReports(service, timezone=who.timezone if who else None)

    def _today(self) -> date:
        """The last day of which there are exports; asks no server."""
        return datetime.now(UTC).date() if self._credentials is None else self.api.today()

    @cached_property
    def _unfinished(self) -> UnfinishedFetches:
        from mixpanel_data._internal.services.unfinished import UnfinishedFetches

        return UnfinishedFetches(self._storage)

    @cached_property
    def _streaming(self) -> StreamingService:
        from mixpanel_data._internal.services.streaming import StreamingService

        return StreamingService(self.api, settings=self._settings)

    @property
    def _legacy_zone(self) -> str | None:
        who = self._credentials
        if who is None or not who.legacy_time:
            return None
        if who.timezone is None:
            raise ConfigError(
                f"account {who.account!r} has legacy_time but no timezone",
                hint=command("auth", "test", who.account, "--save-timezone"),
            )
        return who.timezone


def default_path(credentials: Credentials) -> Path:
    """One file per project; data that came from elsewhere never mixes with Mixpanel's own."""
    name = credentials.project_id
    if credentials.account == SANDBOX:
        name = SANDBOX
    elif credentials.base_url:
        origin = urlsplit(credentials.base_url).netloc
        name = f"{name}-{re.sub(r'[^A-Za-z0-9.]', '-', origin)}"
    return _data_folder() / f"{name}.duckdb"


def _data_folder() -> Path:
    folder = os.environ.get("MP_DATA_DIR")
    return expanded(folder, "MP_DATA_DIR") if folder else Path.home() / ".mp" / "data"
