"""/cohorts/list: the saved cohorts (contract, section 5)."""

from __future__ import annotations

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import json_response


def cohorts_list(context: RequestContext) -> Response:
    """The saved cohorts, counted now."""
    return json_response(
        [
            {
                "count": context.data.rows(f"SELECT count(*) FROM ({cohort.members})")[0][0],
                "is_visible": int(cohort.is_visible),
                "description": cohort.description,
                "created": cohort.created,
                "project_id": context.project.id,
                "id": cohort.id,
                "name": cohort.name,
                "data_group_id": None,
            }
            for cohort in context.project.cohorts
        ]
    )
