"""The Jupyter face of mixpanel_data."""
