"""Workspace: the facade. It assembles the parts and forwards; nothing else does."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from mixpanel_data._internal.config import SANDBOX, ConfigManager, Credentials, Settings
from mixpanel_data.exceptions import AuthenticationError, ConfigError, InvalidArgumentError
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.types import (
    FetchPlan,
    FetchProgress,
    FetchResult,
    FetchStatus,
    Format,
    TableInfo,
    TableSchema,
    TableType,
    WorkspaceInfo,
    Writable,
)

# The parts are imported when they are first needed: who only queries never loads HTTP, and who
# only discovers never loads DuckDB.
if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.services.discovery import DiscoveryService
    from mixpanel_data._internal.services.fetcher import FetcherService
    from mixpanel_data._internal.services.streaming import StreamingService
    from mixpanel_data._internal.services.unfinished import UnfinishedFetches
    from mixpanel_data._internal.storage import StorageEngine
    from mixpanel_data._internal.storage.engine import Mode
    from mixpanel_data.sandbox import Sandbox

Params = Sequence[Any] | Mapping[str, Any] | None


class Workspace:
    """One project and one DuckDB file: fetch once, query many times.

    Credentials come from the environment, the named account or the default one, and are fixed
    from then on. The account "sandbox" is built in: invented data of a small shop, in process.
    Without `path` the database is `<project>.duckdb` under MP_DATA_DIR or `~/.mp/data`; it is
    opened when first needed. Times are UTC. Use it as a context manager, or `close()` it.
    """

    _app: Sandbox | None = None

    def __init__(
        self,
        account: str | None = None,
        project_id: str | None = None,
        region: str | None = None,
        path: str | Path | None = None,
        *,
        _config_manager: ConfigManager | None = None,
        _api_client: MixpanelAPIClient | None = None,
        _storage: StorageEngine | None = None,
    ) -> None:
        config = _config_manager or ConfigManager()
        self._settings = config.settings()
        self._credentials: Credentials | None
        if _api_client is not None:
            self._credentials = _api_client.credentials
            self.__dict__["api"] = _api_client
        elif config.named_account(account) == SANDBOX:
            from mixpanel_data.sandbox.project import Project

            self._credentials = Project().credentials()
        else:
            self._credentials = config.resolve_credentials(
                account, project_id=project_id, region=region
            )
        self._path = Path(path) if path is not None else _default_path(self._credentials)
        if _storage is not None:
            self.__dict__["_storage"] = _storage

    @classmethod
    def ephemeral(
        cls, account: str | None = None, project_id: str | None = None, region: str | None = None
    ) -> Self:
        """A workspace whose database is deleted when it is closed; made for `with`."""
        from mixpanel_data._internal.storage import StorageEngine

        self = cls(account, project_id, region)
        self.__dict__["_storage"] = StorageEngine.ephemeral()
        return self

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The database of an existing file, to query; no credentials are needed or used."""
        from mixpanel_data._internal.storage import StorageEngine

        self = cls.__new__(cls)
        self._settings = Settings()
        self._credentials = None
        self._path = Path(path)
        self.__dict__["_storage"] = StorageEngine.open_existing(self._path)
        return self

    @classmethod
    def sandbox(cls, path: str | Path | None = None) -> Self:
        """The same as `Workspace("sandbox")`: a project with invented data, without an account."""
        return cls(SANDBOX, path=path)

    # -- discovery ------------------------------------------------------------------------------

    def events(self) -> list[str]:
        """Names of the events that Mixpanel has, sorted; one query of the hourly quota."""
        return self._discovery.list_events()

    def properties(self, event: str) -> list[str]:
        """Names of the properties that an event carries in Mixpanel, sorted; one query."""
        return self._discovery.list_properties(event)

    def property_values(self, event: str, prop: str, limit: int = 100) -> list[str]:
        """The most common values of a property in Mixpanel, as text; one query."""
        return self._discovery.list_property_values(event, prop, limit)

    # -- fetching -------------------------------------------------------------------------------

    def fetch_events(
        self,
        name: str = "events",
        from_date: str | date | None = None,
        to_date: str | date | None = None,
        events: Sequence[str] | None = None,
        where: str | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
        *,
        limit: int | None = None,
        append: bool = False,
        replace: bool = False,
        lookback_days: int = 0,
        dedupe: bool = True,
        window_days: int | None = None,
        concurrency: int | None = None,
        max_wait: float | None = None,
    ) -> FetchResult:
        """Fetch events into a table: all of them, or no change and an error.

        What was downloaded before an error or an interrupt is kept beside the database; the same
        call goes on from there.

        Args:
            name: of the table; it must not exist yet, unless `append` or `replace` says so.
            from_date: first day, `YYYY-MM-DD`, in UTC (in the project's zone for projects from
                before 2023). With `append` it may be left out: the day after the last one that
                was over when it was fetched.
            to_date: last day, included. With `append` it may be left out: yesterday.
            events: names of the events wanted; all when left out.
            where: a Mixpanel expression, such as `properties["country"] == "US"`.
            progress: called a few times a second with the rows so far.
            limit: a sample of at most so many events (1..100,000), in one request.
            append: add days to the table; days that it has come again as a whole.
            replace: put a new table in the place of the one that is there, in one step.
            lookback_days: with `append`, fetch so many days before again, for late events.
            dedupe: leave out copies, by Mixpanel's key (event, distinct_id, time, $insert_id).
            window_days: days per request; the settings and the quota decide when left out.
            concurrency: requests at once.
            max_wait: the longest single wait for the quota, in seconds; past it RateLimitError.
        """
        with self.api.tuned(max_wait=max_wait, export_concurrency=concurrency):
            return self._fetcher.fetch_events(
                name,
                from_date,
                to_date,
                events,
                where,
                progress,
                limit=limit,
                mode=_mode(append=append, replace=replace),
                lookback_days=lookback_days,
                dedupe=dedupe,
                window_days=window_days,
                concurrency=concurrency,
            )

    def plan_events(
        self,
        name: str = "events",
        from_date: str | date | None = None,
        to_date: str | date | None = None,
        events: Sequence[str] | None = None,
        where: str | None = None,
        *,
        limit: int | None = None,
        append: bool = False,
        replace: bool = False,
        lookback_days: int = 0,
        window_days: int | None = None,
    ) -> FetchPlan:
        """What the same `fetch_events` would ask for, and how long the quota makes it wait.

        Nothing is asked. The quota is what this machine has used and learned of it.
        """
        return self._fetcher.plan_events(
            name,
            from_date,
            to_date,
            events,
            where,
            limit=limit,
            mode=_mode(append=append, replace=replace),
            lookback_days=lookback_days,
            window_days=window_days,
        )

    def fetches(self) -> list[FetchStatus]:
        """Fetches of events that did not end, and what is kept of them."""
        return self._unfinished.list()

    def clean(self, *tables: str) -> list[str]:
        """Forget what unfinished fetches into these tables downloaded (of all, without names)."""
        return list(self._unfinished.clean(*tables))

    def fetch_profiles(
        self,
        name: str = "profiles",
        where: str | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
        *,
        cohort_id: int | None = None,
        include_all_users: bool | None = None,
        distinct_ids: Sequence[str] | None = None,
        output_properties: Sequence[str] | None = None,
        group: str | None = None,
        behaviors: Sequence[dict[str, Any]] | None = None,
        as_of_timestamp: int | None = None,
        replace: bool = False,
    ) -> FetchResult:
        """Fetch user profiles into a new table, one row per user.

        Args:
            name: of the table; it must not exist yet, unless `replace` puts this in its place.
            where: a Mixpanel expression over profile properties.
            progress: called a few times a second with the rows so far.
            cohort_id: members of a saved cohort only.
            include_all_users: with a cohort, also members without a profile (Mixpanel's default).
            distinct_ids: these users only.
            output_properties: these properties only, which is much faster.
            group: `data_group_id` of a group key, for profiles of companies and the like.
            behaviors: event conditions that `where` refers to; not with a cohort.
            as_of_timestamp: epoch seconds at which `behaviors` are judged.
            replace: put a new table in the place of the one that is there, in one step.
        """
        query = Profiles.of(
            where=where,
            distinct_ids=distinct_ids,
            output_properties=output_properties,
            data_group_id=group,
            cohort_id=cohort_id,
            include_all_users=include_all_users,
            behaviors=behaviors,
            as_of_timestamp=as_of_timestamp,
        )
        mode = _mode(append=False, replace=replace)
        return self._fetcher.fetch_profiles(
            name, progress_callback=progress, query=query, mode=mode
        )

    # -- streaming ------------------------------------------------------------------------------

    def stream_events(
        self,
        from_date: str | date,
        to_date: str | date,
        events: Sequence[str] | None = None,
        where: str | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Events one by one, in whole and checked windows; nothing is stored or deduplicated."""
        return self._streaming.events(Export.of(from_date, to_date, events, where, limit))

    def stream_profiles(
        self,
        where: str | None = None,
        *,
        cohort_id: int | None = None,
        output_properties: Sequence[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Profiles one by one, as `$distinct_id` and `$properties`; nothing is stored."""
        query = Profiles.of(where=where, cohort_id=cohort_id, output_properties=output_properties)
        return self._streaming.profiles(query)

    def write_events(
        self,
        file: Writable,
        from_date: str | date,
        to_date: str | date,
        events: Sequence[str] | None = None,
        where: str | None = None,
        *,
        limit: int | None = None,
    ) -> int:
        """Write events to `file` as Mixpanel sent them, NDJSON, in whole and checked windows."""
        query = Export.of(from_date, to_date, events, where, limit)
        return self._streaming.write_events(query, file)

    # -- local queries --------------------------------------------------------------------------

    def sql(self, query: str, params: Params = None) -> pd.DataFrame:
        """Run SQL (DuckDB's dialect) and return all rows; `params` are bound to `?` or `$name`."""
        return self._storage.execute_df(query, params)

    def sql_scalar(self, query: str, params: Params = None) -> Any:
        """Run SQL and return the first value of the first row; None when there is no row."""
        return self._storage.execute_scalar(query, params)

    def sql_rows(self, query: str, params: Params = None) -> list[tuple[Any, ...]]:
        """Run SQL and return all rows as tuples."""
        return self._storage.execute_rows(query, params)

    def write_sql(
        self,
        query: str,
        file: Writable,
        format: Format = "json",  # noqa: A002 - the name of the CLI's option
        params: Params = None,
    ) -> None:
        """Run SQL and write its rows to `file` as text, in flat memory whatever their number."""
        self._storage.write(query, file, format=format, params=params)

    # -- introspection --------------------------------------------------------------------------

    def info(self) -> WorkspaceInfo:
        """Whose data this is, where it lies and which tables it has."""
        tables = tuple(self.tables())
        path = self._storage.path
        who = self._credentials
        return WorkspaceInfo(
            path=path,
            size_bytes=path.stat().st_size if path is not None else None,
            account=who.account if who else None,
            project_id=who.project_id if who else None,
            region=who.region if who else None,
            source=self.source,
            tables=tables,
        )

    def tables(self) -> list[TableInfo]:
        """All local tables, by name."""
        return self._storage.list_tables()

    def schema(self, table: str) -> TableSchema:
        """The columns of a local table."""
        return self._storage.get_schema(table)

    # -- table management -----------------------------------------------------------------------

    def drop(self, *names: str) -> None:
        """Drop tables: all of them, or none when one is unknown."""
        for name in names:
            self._storage.get_schema(name)
        for name in dict.fromkeys(names):
            self._storage.drop_table(name)

    def drop_all(self, type: TableType | None = None) -> list[str]:  # noqa: A002 - spec.md
        """Drop all tables, or those of one type, and say which."""
        names = [table.name for table in self.tables() if type in {None, table.type}]
        self.drop(*names)
        return names

    # -- escape hatches -------------------------------------------------------------------------

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection itself, for one thread at a time."""
        return self._storage.connection

    @cached_property
    def api(self) -> MixpanelAPIClient:
        """The client for Mixpanel's API."""
        if self._credentials is None:
            raise AuthenticationError(
                "this workspace was opened from a file, without credentials",
                hint="Workspace(account=…, path=…) has both",
            )
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

    # -- life -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the database and the network; an ephemeral database is deleted."""
        if "api" in self.__dict__:
            self.api.close()
        if self._app is not None:
            self._app.close()
        if "_storage" in self.__dict__:
            self._storage.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        who = self._credentials
        project = f" project {who.project_id} ({who.account or who.region})" if who else ""
        return f"<Workspace{project} at {self.path}>"

    def _repr_html_(self) -> str:
        return self.info()._repr_html_()

    # -- parts ----------------------------------------------------------------------------------

    @cached_property
    def _storage(self) -> StorageEngine:
        from mixpanel_data._internal.storage import StorageEngine

        return StorageEngine(self._path)

    @cached_property
    def _discovery(self) -> DiscoveryService:
        from mixpanel_data._internal.services.discovery import DiscoveryService

        return DiscoveryService(self.api)

    @cached_property
    def _fetcher(self) -> FetcherService:
        from mixpanel_data._internal.services.fetcher import FetcherService

        return FetcherService(
            self.api, self._storage, settings=self._settings, legacy_zone=self._legacy_zone
        )

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
                hint=f"mp auth test {who.account} --save-timezone",
            )
        return who.timezone


def _mode(*, append: bool, replace: bool) -> Mode:
    if append and replace:
        raise InvalidArgumentError("append and replace can't be combined", hint="choose one")
    return "append" if append else "replace" if replace else "create"


def _default_path(credentials: Credentials) -> Path:
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
    return Path(folder).expanduser() if folder else Path.home() / ".mp" / "data"
