"""The endpoints of the Jupyter server below `jupyter-scheduler-aws/`, which our extension of JupyterLab asks."""
