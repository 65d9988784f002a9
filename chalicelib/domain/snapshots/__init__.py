"""Snapshots: the notebook or zip archive that a job runs, checked without executing or unpacking it."""
