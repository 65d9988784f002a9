"""The HTTP API: blueprints whose views are two to four lines, and the wire models."""
