"""Benchmarks that compare variants side by side in one run; they are not timed tests."""
