"""/api/app/me: who asks (contract, 1.2)."""

from __future__ import annotations

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import app_response


def me(context: RequestContext) -> Response:
    """Who asks, and the organisations, projects and workspaces open to them."""
    project = context.project
    organization_id, organization = project.organization
    workspace_id, workspace = project.workspace
    return app_response(
        {
            "user_id": 123,
            "user_email": "sandbox@example.com",
            "user_name": "Sandbox",
            "organizations": {
                str(organization_id): {
                    "id": organization_id,
                    "name": organization,
                    "role": context.role,
                    "permissions": ["query", "export"],
                }
            },
            "projects": {
                str(project.id): {
                    "name": project.name,
                    "organization_id": organization_id,
                    "timezone": project.timezone,
                    "has_workspaces": True,
                    "domain": "mixpanel.com",
                    "type": "PROJECT",
                }
            },
            "workspaces": {
                str(workspace_id): {
                    "id": workspace_id,
                    "name": workspace,
                    "project_id": project.id,
                    "is_default": True,
                    "is_global": True,
                    "is_restricted": False,
                    "is_visible": True,
                    "description": "",
                    "creator_name": "Sandbox",
                }
            },
        }
    )
