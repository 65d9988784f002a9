"""Transfers: upload snapshots, download outputs."""
