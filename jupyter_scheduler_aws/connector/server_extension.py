"""The Jupyter server extension: it adds our endpoints. The server starts without a network and without any configuration."""

from pathlib import Path
from typing import Final

from jupyter_core.paths import jupyter_path
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from jupyter_scheduler_aws.connector.handlers.routes import ROUTES

__all__: list[str] = []


_MISSING: Final = (
    "The JupyterLab extension of jupyter-scheduler-aws is not installed, so the Jobs panel has the stock options only. "
    "Node.js was missing when the package was built: install Node.js 20 or later and install the package again, or use a wheel."
)


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add the endpoints below `<base_url>/jupyter-scheduler-aws/`."""
    base = app.web_app.settings["base_url"]
    routes = [(url_path_join(base, "jupyter-scheduler-aws", pattern), handler) for pattern, handler in ROUTES]
    app.web_app.add_handlers(".*$", routes)  # type: ignore[no-untyped-call] # of tornado
    folders = jupyter_path("labextensions", "jupyter-scheduler-aws")
    if not any(Path(folder, "package.json").exists() for folder in folders):
        app.log.warning(_MISSING)
