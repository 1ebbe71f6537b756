"""Numbers by segment and bucket, as JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import bad_request, json_response

Values = Mapping[str, Mapping[str, float]]
"""By segment and bucket."""


def series_response(context: RequestContext, buckets: Sequence[str], values: Values) -> Response:
    """`buckets` are all there are, `values` may lack some."""
    match context.params.text("format") or "json":
        case "json":
            data = {"series": list(buckets), "values": values}
            return json_response({"data": data, "legend_size": len(values)})
        case "csv":
            return Response(_csv(sorted(buckets), values), mimetype="text/csv")
    raise bad_request("Error in format: must be json or csv")


def sparse(values: Values) -> dict[str, dict[str, float]]:
    """Without the buckets in which nothing happened."""
    return {
        name: {bucket: value for bucket, value in found.items() if value}
        for name, found in values.items()
    }


def _csv(buckets: Sequence[str], values: Values) -> str:
    """A row per bucket, a column per segment."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["date", *values])
    for bucket in buckets:
        writer.writerow([bucket, *(found.get(bucket, 0) for found in values.values())])
    return text.getvalue()
