"""Prints `docs/llms.txt`."""

from reference import index

print(index())
