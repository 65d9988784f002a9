"""Snapshots: pack a notebook or its folder for upload."""
