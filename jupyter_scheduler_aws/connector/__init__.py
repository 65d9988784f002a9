"""The connector: implements jupyter-scheduler's extension points with the stack instead of the Jupyter server.

jupyter-scheduler calls `scheduler.py`, `environments.py` and `job_files_manager.py`. They send requests through
`connection.py`, in threads (`async_adapter.py`), so that the event loop of the server never blocks.
"""
