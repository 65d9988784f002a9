"""The deployed entry points: one Chalice app for the HTTP API, one function for each kind of event."""

from chalicelib import events
from chalicelib.observability import observed
from chalicelib.routes.chalice_app import SchedulerApp
from chalicelib.routes.definitions import definitions
from chalicelib.routes.jobs import jobs
from chalicelib.routes.owners import owners
from chalicelib.routes.runs import runs
from chalicelib.routes.service_info import about

__all__ = ["app", "cleanup", "dispatch", "sweep", "task_events", "ticks"]

app = SchedulerApp(app_name="jupyter-scheduler-aws")
app.register_blueprint(jobs)
app.register_blueprint(definitions)
app.register_blueprint(owners)
app.register_blueprint(about)
app.register_blueprint(runs)

dispatch = app.lambda_function(name="dispatch")(observed(events.dispatch, name="dispatch"))
task_events = app.lambda_function(name="task-events")(observed(events.task_events, name="task-events"))
sweep = app.lambda_function(name="sweep")(observed(events.sweep, name="sweep"))
cleanup = app.lambda_function(name="cleanup")(observed(events.cleanup, name="cleanup"))
ticks = app.lambda_function(name="ticks")(observed(events.ticks, name="ticks"))
