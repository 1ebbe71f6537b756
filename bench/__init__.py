"""Benchmarks: CPU time and memory, as ratios side by side in one run (`make bench`)."""
