"""Settings and environment variables, with the defaults that the code has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import mixpanel_data
from mixpanel_data._internal.config.checks import Settings

SETTINGS = {
    "connect_timeout": "seconds",
    "query_timeout": "seconds; Mixpanel's own deadline is 488",
    "export_timeout": "seconds between two reads, not in total",
    "answer_limit_mb": "largest answer to a query, and largest page of profiles, decompressed",
    "line_limit_mb": "longest line of an export, decompressed",
    "attempts": "tries of a request, and of a body that breaks off",
    "max_wait": "seconds: the longest single wait for a rate limit",
    "queries_per_hour": "Mixpanel's own quotas, for projects with others",
    "query_concurrency": "queries at once",
    "exports_per_hour": "",
    "exports_per_second": "",
    "export_concurrency": "windows downloaded at once",
    "window_days": "days per export request; more when a range is long",
    "spool_limit_gb": "disk that downloads may take until their table is complete",
    "flat_columns": "properties that get a typed column, the most used first",
    "read_only": "true: nothing is fetched, dropped, written or changed by SQL",
    "memory_limit_gb": "memory that read-only SQL and `mp mcp` may take",
    "temp_limit_gb": "and disk for what does not fit in memory",
}
ENVIRONMENT = {
    "MP_USERNAME": "credentials: a service account's name",
    "MP_SECRET": "and its secret",
    "MP_PROJECT_ID": "and the project",
    "MP_REGION": "where its data lives: `us` (when unset), `eu` or `in`",
    "MP_ACCOUNT": "account to use",
    "MP_BASE_URL": "origin for every API, instead of the account's",
    "MP_CONFIG_PATH": "config file, instead of `~/.mp/config.toml`",
    "MP_DATA_DIR": "folder of the databases, instead of `~/.mp/data`",
    "MP_FORMAT": "output format of `mp`",
    "MP_MAX_BYTES": "most bytes that a call of `mp` prints",
    "MP_JQ_SECONDS": "CPU seconds that `--jq` may take for an answer, or for some rows of jsonl (60)",
    "MP_READ_ONLY": "1: nothing is fetched, dropped, written or changed by SQL",
    "MP_MEMORY_LIMIT_GB": "memory that read-only SQL and `mp mcp` may take, instead of the setting",
    "MP_TEMP_LIMIT_GB": "disk that they may take for what does not fit in memory, likewise",
}
"""What each is for; names and defaults are the code's."""


def settings() -> str:
    """The section of the config file, as it is without one."""
    named = {field.name: field.default for field in fields(Settings)}
    if list(named) != list(SETTINGS):
        raise ValueError(f"settings are {list(named)}")
    lines = [f"{name} = {str(value).lower()}" for name, value in named.items()]
    width = max(map(len, lines))
    told = zip(lines, SETTINGS.values(), strict=True)
    rows = [f"{line:<{width}}  # {text}" if text else line for line, text in told]
    return "\n".join(["```toml", "[settings]", *rows, "```"])


def environment() -> str:
    """A table of the variables that the code reads."""
    package = Path(mixpanel_data.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    if (read := set(re.findall(r"\bMP_[A-Z_]+\b", source))) != set(ENVIRONMENT):
        raise ValueError(f"the code reads {sorted(read)}")
    rows = [f"| `{name}` | {text} |" for name, text in ENVIRONMENT.items()]
    return "\n".join(["| variable | |", "|---|---|", *rows])
