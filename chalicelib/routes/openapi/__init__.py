"""The OpenAPI document of the API, generated from the routes and the wire models. Modules that serve requests do not import it."""
