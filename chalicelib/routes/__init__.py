"""The HTTP API: blueprints with views of two to four lines, and the wire models."""
