"""The settings that the container is started with, and how often and how long the runner does things."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from runner.errors import SettingsError

__all__ = ["Intervals", "Settings", "read_settings"]

_NAMES = ("RUN_URL", "LAUNCH", "LAUNCH_CODE", "RUNNER_KEY", "API_KEY")
"""The variables that only the runner may see."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The URL of the run, and what proves that the service started this container."""

    run_url: str
    """`https://…/runs/{owner_id}/{job_id}/{attempt}`, without a slash at the end."""
    launch: int
    """Which launch of the attempt this is, from 1."""
    launch_code: str = field(repr=False)
    """Created for this attempt. Whoever can read the account can see it."""
    runner_key: str = field(repr=False)
    """The stack's secret, which ECS puts into the container. It is never sent, and the notebook must not see it."""
    api_key: str
    """Sent with every request, so that runners have a throttle of their own. It proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How often and how long to do things. Tests use shorter intervals; operators have no reason to change them."""

    save_seconds: float = 2
    """The shortest time between two saves of the running notebook."""
    first_upload_seconds: float = 10
    """The running notebook is uploaded for the first time after this time …"""
    next_upload_seconds: float = 60
    """… and then at most once in this time (docs/runner-protocol.md)."""
    start_seconds: int = 120
    """How long a kernel may take to start. The smallest Fargate size needs some 15 s for a cold `python3`."""
    iopub_seconds: int = 60
    """How long to wait for the rest of a cell's output once the cell has ended. nbclient's 4 s lose output on a busy machine."""
    second_interrupt_seconds: float = 10
    """A kernel that ignores an interrupt is interrupted again after this time …"""
    kill_seconds: float = 20
    """… and killed after this one, which leaves most of the grace period for saving and uploading."""
    grace_seconds: float = 105
    """After SIGTERM the process exits within this time. ECS kills it after 120 s (the maximum on Fargate)."""
    retry_seconds: float = 1200
    """How long a request is retried while the service is unreachable or busy (429, 5xx): as long as a container may take to start
    (limits.launch_deadline_minutes). After the last cell the work order sets the time."""
    hurry_seconds: float = 75
    """After SIGTERM no request is retried for longer than this, so that 30 s of the grace period are left for the result."""
    report_seconds: float = 180
    """How long the report is retried once the result object is stored: the service reads that when the container has ended."""


def read_settings(environ: MutableMapping[str, str]) -> Settings:
    """Read the settings and remove them from the environment, so that no child process inherits them.

    Parameters
    ----------
    environ
        The process's environment.

    Raises
    ------
    SettingsError
        If a variable is missing or does not match the protocol. The variables are removed even then.
    """
    values = {name: environ.pop(name, "").strip() for name in _NAMES}
    if missing := [name for name in _NAMES if not values[name]]:
        raise SettingsError(f"{', '.join(missing)} not set: the service starts this container with {', '.join(_NAMES)}")
    if not values["RUN_URL"].startswith(("http://", "https://")):
        raise SettingsError(f"RUN_URL = {values['RUN_URL']!r} is not an http(s) URL")
    if not values["LAUNCH"].isdecimal():
        raise SettingsError(f"LAUNCH = {values['LAUNCH']!r} is not a number")
    return Settings(
        run_url=values["RUN_URL"].rstrip("/"),
        launch=int(values["LAUNCH"]),
        launch_code=values["LAUNCH_CODE"],
        runner_key=values["RUNNER_KEY"],
        api_key=values["API_KEY"],
    )
