"""Crontabs: parsing, due times in a time zone, and the equivalent EventBridge expressions."""
