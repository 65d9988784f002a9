"""`nbjobs environments`."""

from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["environments"]


def environments(terminal: Terminal) -> None:
    """List the environments that notebooks can run in. The default compute type has a *."""
    from jupyter_scheduler_aws.cli.tables import plain_table

    with terminal.client() as client:
        found = client.environments()
    terminal.document([environment.document for environment in found])
    rows = []
    for item in found:
        sizes = [f"{name}*" if name == item.default_compute_type else name for name in item.compute_types]
        rows.append((item.name, item.description, ", ".join(sizes), ", ".join(item.output_formats)))
    terminal.view(plain_table(("ENVIRONMENT", "DESCRIPTION", "COMPUTE TYPES", "FORMATS"), rows))
