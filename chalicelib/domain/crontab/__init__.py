"""Crontabs: parsing, due minutes in a time zone, and the EventBridge expressions for them."""
