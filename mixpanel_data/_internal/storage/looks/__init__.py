"""Looks at a table without SQL: a sample, a summary, its events, one property.

Each is a function of a `Source`, a table on one snapshot, and counts all rows. `source` knows the
table, `values` finds those of one property, `measures` counts values.
"""
