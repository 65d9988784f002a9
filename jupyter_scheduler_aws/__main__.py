"""Run `nbjobs` as `python -m jupyter_scheduler_aws`."""

from jupyter_scheduler_aws.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
