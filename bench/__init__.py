"""Benchmarks against the peers: every row measures both sides in the same run, on the same data, alternating."""
