"""The Jupyter face of mixpanel_data: the place of its magics and widgets, which are still to come.

Until then notebooks use `mixpanel_data.Workspace`, whose answers render as tables.
"""
