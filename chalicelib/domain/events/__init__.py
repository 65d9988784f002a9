"""The events that the service sends to its event bus: what a change of a job or a definition means for those who wait for it."""
