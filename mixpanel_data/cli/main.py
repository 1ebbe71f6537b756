"""The `mp` command: what it offers, and how every call of it ends.

Everything is imported where it is needed: a call needs little of the whole.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mixpanel_data.cli.context import Lend, Tell

WORKFLOW = """
First steps:
  mp auth add NAME --username USER --secret-stdin --project ID --region us
  mp auth test                                      does Mixpanel accept it?
  mp events                                         what is there to fetch?
  mp fetch events --from 2026-01-01 --to 2026-01-31
  mp fetch profiles
  mp tables                                         what is here now?
  mp summarize events                               and what is in it?
  mp sql "SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC"
  mp funnel --steps "Sign Up,Purchase" --from 2026-01-01 --to 2026-01-31
  mp export events_flat events.parquet

No account yet? `mp demo` shows all of it on invented data, and so does
  mp --account sandbox fetch events --from 2026-01-01 --to 2026-01-31

Tables: events(event_name, event_time, distinct_id, insert_id, properties),
profiles(distinct_id, properties, last_seen). Times are UTC, properties are JSON:
  properties->>'$.country'                          text
  CAST(properties->>'$.amount' AS DOUBLE)           number
  properties->>'$."$browser"'                       a name with a dollar sign
Beside each of them, events_flat and profiles_flat have properties as typed columns:
  SELECT country, avg(amount) FROM events_flat GROUP BY country

Less to read: --limit, --columns, --max-bytes, --jq, on every command:
  mp sql "FROM events ORDER BY event_time" --columns event_name --max-bytes 2000

Which command, which option? mp help WORDS. For agents: mp skill.

Data goes to stdout; notes, progress and errors to stderr.
Exit codes: 0 done, 1 failed, 2 credentials, 3 bad arguments, 4 not found,
5 rate limit, 130 interrupted.
"""


SECTIONS = {
    "Look around in Mixpanel": {
        "events": "inspect",
        "properties": "inspect",
        "values": "inspect",
        "lexicon": "live",
        "funnels": "live",
        "cohorts": "live",
    },
    "Fetch and ask": {"fetch": "fetch", "sql": "query", "export": "export"},
    "Profile a table without SQL": {
        "summarize": "profile",
        "breakdown": "profile",
        "stats": "profile",
        "sample": "profile",
    },
    "Reports": {
        "segmentation": "segmentation",
        "segmentation-numeric": "segmentation",
        "segmentation-sum": "segmentation",
        "segmentation-average": "segmentation",
        "funnel": "funnel",
        "retention": "retention",
        "frequency": "retention",
        "flows": "flows",
        "counts": "live",
        "top": "live",
        "insights": "live",
        "activity": "live",
        "jql": "jql",
    },
    "Manage fetched tables": {
        "info": "inspect",
        "tables": "inspect",
        "schema": "inspect",
        "flatten": "inspect",
        "drop": "inspect",
    },
    "Accounts": {"auth": "auth"},
    "Without an account": {"demo": "sandbox", "sandbox": "sandbox"},
    "Learn": {"help": "help", "skill": "help"},
    "For agents": {"mcp": "mcp"},
}
"""Each command and the module that has it, as the help lists them."""


def run() -> NoReturn:
    """Run `mp`, and leave with the exit code the documentation promises."""
    from mixpanel_data.cli import streams

    streams.prepare()
    code = main(sys.argv[1:])
    if code:
        from mixpanel_data.cli import errors, stdout

        if code == errors.INTERRUPTED:
            # a thread may still wait for Mixpanel, for minutes; what had to be undone is undone
            sys.stderr.flush()
            os._exit(code)
        stdout.settle()
    sys.exit(code)


def main(args: Sequence[str], *, lend: Lend | None = None, tell: Tell | None = None) -> int:
    """Run `mp` with these arguments and return its exit code.

    A caller that has a workspace open may lend it; commands leave it open. One that has a way of
    its own to show progress is told, and nothing of it goes to stderr.
    """
    if list(args) == ["--version"]:
        from mixpanel_data.cli import version

        try:
            version.show()
        except OSError:
            pass  # it comes again below, where it is reported
        else:
            return 0
    from mixpanel_data.cli import root

    return root.call(args, SECTIONS, workflow=WORKFLOW, lend=lend, tell=tell)
