"""/schemas: the Lexicon, which describes events and profiles (contract, 17)."""

from __future__ import annotations

from werkzeug import Response

from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.refusals import RefusalError, app_response


def schemas(ask: Ask, project_id: int) -> Response:
    """The Lexicon: what somebody described, which is not all that was sent."""
    if project_id != ask.project.id:
        raise RefusalError(403, "You do not have permission to access this project")
    return app_response(list(ask.project.schemas))
