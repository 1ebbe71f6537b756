"""Questions whose answer is defined elsewhere: a saved report, a script."""

from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any

from mixpanel_data.queries.question import Option, Question, question

if TYPE_CHECKING:
    from mixpanel_data.types import InsightsResult, JQLResult


@question
class Insights(Question["InsightsResult"]):
    """A saved report of any kind: insights, funnel or retention."""

    bookmark_id: Annotated[
        int,
        Option(
            "The id of a saved report, from its address in Mixpanel.",
            metavar="ID",
            least=1,
            most=2**63,
        ),
    ]


@question
class JQL(Question["JQLResult"]):
    """A script in JavaScript. Mixpanel keeps JQL in maintenance mode, and it warns of that."""

    script: Annotated[str, Option("The script itself.")]
    params: Annotated[
        dict[str, Any] | None, Option("The script's global `params`.", metavar="NAME=VALUE")
    ] = field(default=None, hash=False)
