"""The typed columns beside the JSON: `<table>_flat`, and the catalog of what it holds.

`survey` counts what all rows have, `columns` decides names and types from that, `table` builds the
flat table and keeps it in step, `catalog` remembers.
"""
