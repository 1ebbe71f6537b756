"""The facade, a section to a file."""

from mixpanel_data.workspace.workspace import Workspace

__all__ = ["Workspace"]
