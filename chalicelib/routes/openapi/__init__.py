"""The OpenAPI document of the API, made of the routes and the wire models. Nothing that serves requests imports it."""
