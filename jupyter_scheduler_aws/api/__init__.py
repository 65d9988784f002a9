"""The HTTP API: signed requests, retries, endpoints and the models of their responses."""
