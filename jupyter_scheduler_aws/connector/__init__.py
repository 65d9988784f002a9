"""The connector: jupyter-scheduler's plug-in points, served by the stack instead of by the Jupyter server.

`scheduler.py` is what jupyter-scheduler calls; `jobs.py`, `definitions.py`, `environments.py` and `job_files_manager.py` do
what it asks, over HTTP through `connection.py`, and in threads (`twins.py`), so that the server never waits.
"""
