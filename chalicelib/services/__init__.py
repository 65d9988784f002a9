"""What the service does: each class is one subject, with the stores, services and settings that it needs as fields.

`factory.py` makes them. `clock` returns the time, and tests pass another one; `settings` and `limits` are the operator's.
"""
