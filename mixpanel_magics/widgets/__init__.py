"""Faces of `mixpanel_magics.state`, in ipywidgets; they decide nothing."""
