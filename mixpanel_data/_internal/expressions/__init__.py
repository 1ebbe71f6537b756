"""Mixpanel's expression language: parse a `where` or `on`, print it, and evaluate it."""
