"""The Jupyter server extension: it adds our endpoints. The server starts without a network and without any configuration."""

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from jupyter_scheduler_aws.connector.handlers.routes import ROUTES

__all__: list[str] = []


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add the endpoints below `<base_url>/jupyter-scheduler-aws/`."""
    base = app.web_app.settings["base_url"]
    routes = [(url_path_join(base, "jupyter-scheduler-aws", pattern), handler) for pattern, handler in ROUTES]
    app.web_app.add_handlers(".*$", routes)  # type: ignore[no-untyped-call] # of tornado
