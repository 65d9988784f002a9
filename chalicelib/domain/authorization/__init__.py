"""Authorization: callers, owners, and who may do what."""
