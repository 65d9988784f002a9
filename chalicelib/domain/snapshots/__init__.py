"""Snapshots: the notebook or zip archive that a job runs, checked without running or unpacking it."""
