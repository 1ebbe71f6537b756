"""Workspace: the facade. It assembles the parts and forwards; nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mixpanel_data._internal.config import SANDBOX, ConfigManager, Settings
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.workspace.browsing import Paging
from mixpanel_data.workspace.discovery import Discovery
from mixpanel_data.workspace.fetching import Fetching
from mixpanel_data.workspace.parts import default_path
from mixpanel_data.workspace.profiling import Looking
from mixpanel_data.workspace.querying import Querying
from mixpanel_data.workspace.reports import Reports
from mixpanel_data.workspace.tables import Tables

if TYPE_CHECKING:
    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.storage import StorageEngine
    from mixpanel_data.sandbox import Sandbox


@checked_keywords()
class Workspace(Discovery, Reports, Fetching, Querying, Looking, Paging, Tables):
    """One project and one DuckDB file: fetch once, query many times.

    Credentials come from the environment, the named account or the default one, and are fixed
    from then on. The account "sandbox" is built in: invented data of a small shop, in process.
    Without `path` the database is `<project>.duckdb` under MP_DATA_DIR or `~/.mp/data`; it is
    opened when first needed. Times are UTC. Use it as a context manager, or `close()` it.

    With `read_only`, MP_READ_ONLY=1 or the setting `read_only` it changes nothing: SQL is one
    SELECT at a time, and what fetches, flattens, drops or writes files is refused.
    """

    def __init__(
        self,
        account: str | None = None,
        project_id: str | None = None,
        region: str | None = None,
        path: str | Path | None = None,
        *,
        read_only: bool = False,
        _config_manager: ConfigManager | None = None,
        _api_client: MixpanelAPIClient | None = None,
        _storage: StorageEngine | None = None,
    ) -> None:
        config = _config_manager or ConfigManager()
        self._settings = _settings(config, read_only=read_only)
        if _api_client is not None:
            self._credentials = _api_client.credentials
            self.__dict__["api"] = _api_client
        elif config.named_account(account) == SANDBOX:
            from mixpanel_data.sandbox.project import credentials

            self._credentials = credentials()
        else:
            self._credentials = config.resolve_credentials(
                account, project_id=project_id, region=region
            )
        self._path = Path(path) if path is not None else default_path(self._credentials)
        if _storage is not None:
            self.__dict__["_storage"] = self._within_limits(_storage)

    @classmethod
    def ephemeral(
        cls, account: str | None = None, project_id: str | None = None, region: str | None = None
    ) -> Self:
        """A workspace whose database is deleted when it is closed; made for `with`."""
        from mixpanel_data._internal.storage import StorageEngine

        self = cls(account, project_id, region)
        self.__dict__["_storage"] = self._within_limits(StorageEngine.ephemeral())
        return self

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> Self:
        """The database of an existing file, to query; no credentials are needed or used."""
        from mixpanel_data._internal.storage import StorageEngine

        self = cls.__new__(cls)
        stored = _settings(ConfigManager(), read_only=read_only)
        self._settings = Settings(
            read_only=stored.read_only,
            memory_limit_gb=stored.memory_limit_gb,
            temp_limit_gb=stored.temp_limit_gb,
        )
        self._credentials = None
        self._path = Path(path)
        self.__dict__["_storage"] = self._within_limits(StorageEngine.open_existing(self._path))
        return self

    @classmethod
    def sandbox(cls, path: str | Path | None = None, *, app: Sandbox | None = None) -> Self:
        """The same as `Workspace("sandbox")`: a project with invented data, without an account.

        With `app` it asks that one instead, which its owner closes; then the database is
        ephemeral unless it has a path.
        """
        if app is None:
            return cls(SANDBOX, path=path)
        from mixpanel_data._internal.api_client import MixpanelAPIClient
        from mixpanel_data._internal.storage import StorageEngine

        config = ConfigManager()
        return cls(
            path=path,
            _config_manager=config,
            _api_client=MixpanelAPIClient(app.credentials(), settings=config.settings(), app=app),
            _storage=StorageEngine.ephemeral() if path is None else None,
        )

    # -- life -----------------------------------------------------------------------------------

    def sibling(self) -> Self:
        """The same account and database on connections of its own, for another thread.

        Neither waits for the other, and each is closed for itself. Temporary tables and open
        transactions are not shared.
        """
        other = type(self).__new__(type(self))
        vars(other).update(
            _settings=self._settings,
            _credentials=self._credentials,
            _path=self._path,
            _storage=self._storage.sibling(),
            _twin=self.__dict__.get("api") if self._app is None else None,
        )
        return other

    def interrupt(self) -> None:
        """Stop what the database runs for this workspace, from another thread, and wait for that.

        The interrupted call raises QueryInterruptedError; a statement that was about to commit may
        still have changed data.
        """
        if "_storage" in self.__dict__:
            self._storage.interrupt()

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


def _settings(config: ConfigManager, *, read_only: bool) -> Settings:
    stored = config.settings()
    return replace(stored, read_only=stored.read_only or read_only)
