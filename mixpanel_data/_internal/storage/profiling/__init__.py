"""Statistics of a table without SQL: a summary, its events, one property, a sample.

Each is a function of a `TableSnapshot` and counts all rows. `values` finds those of one property,
`measures` counts them.
"""
