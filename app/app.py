"""The entry point of the API function: the Chalice app and its routes.

The services that the routes use are imported here, while Lambda initializes the function, rather than by the first request.
"""

import chalicelib.services.definition_runs
import chalicelib.services.definitions
import chalicelib.services.jobs
import chalicelib.services.outputs
import chalicelib.services.owners
import chalicelib.services.runs
import chalicelib.services.take_over
import chalicelib.services.uploads
from chalicelib.routes.chalice_app import SchedulerApp
from chalicelib.routes.definitions import definitions
from chalicelib.routes.jobs import jobs
from chalicelib.routes.owners import owners
from chalicelib.routes.runs import runs
from chalicelib.routes.service_info import about

__all__ = ["app"]

app = SchedulerApp(app_name="jupyter-scheduler-aws")
app.register_blueprint(jobs)
app.register_blueprint(definitions)
app.register_blueprint(owners)
app.register_blueprint(about)
app.register_blueprint(runs)
