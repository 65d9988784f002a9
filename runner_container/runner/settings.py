"""What the container is started with, and how often the runner does things."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from runner.errors import SettingsError

__all__ = ["Intervals", "Settings", "take_settings"]

_NAMES = ("RUN_URL", "LAUNCH", "LAUNCH_CODE", "RUNNER_KEY", "API_KEY")
"""Everything that the container is started with for the runner alone."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The address of the run, and what proves that the service started this container."""

    run_url: str
    """`https://…/runs/{owner_id}/{job_id}/{attempt}`, without a slash at its end."""
    launch: int
    """Which launch of the attempt this is, from 1."""
    launch_code: str = field(repr=False)
    """Made for this attempt; who may read the account sees it."""
    runner_key: str = field(repr=False)
    """The stack's secret, put into the container by ECS; never sent, and nothing of the notebook's may see it."""
    api_key: str
    """Sent with every request, so that the runner's requests are counted apart from strangers'; proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How often and how long. Tests use shorter ones; there is no reason for an operator to change them."""

    save_seconds: float = 2
    """Least time between two snapshots of the running notebook: at 2 s they cost 500 cells less than 5 %."""
    first_upload_seconds: float = 10
    """The running notebook is uploaded after this time at first …"""
    next_upload_seconds: float = 60
    """… and at most this often later (docs/runner-protocol.md)."""
    start_seconds: int = 120
    """How long a kernel may take to start: the smallest Fargate size needs some 15 s for a cold `python3`."""
    second_interrupt_seconds: float = 10
    """A kernel that goes on after an interrupt is interrupted once more after this time …"""
    kill_seconds: float = 20
    """… and killed after this, which leaves most of the grace for saving and uploading."""
    grace_seconds: float = 105
    """After SIGTERM the process is gone by then: ECS kills it after 120 s (the most that Fargate offers)."""
    reach_seconds: float = 180
    """How long check-in is tried without any answer, before the work order says how long silence may last."""
    busy_seconds: float = 1200
    """How long a request is repeated that the service answers with "later" (429, 5xx): as long as a container may take to start
    (limits.launch_deadline_minutes). The service is there then, and stops this container if it does not want it any more."""


def take_settings(environ: MutableMapping[str, str]) -> Settings:
    """Read the settings and remove them from the environment, so that no child process inherits them.

    Parameters
    ----------
    environ
        The process's environment.

    Raises
    ------
    SettingsError
        If a variable is missing or is not what the protocol says; they are removed all the same.
    """
    values = {name: environ.pop(name, "").strip() for name in _NAMES}
    if missing := [name for name in _NAMES if not values[name]]:
        raise SettingsError(f"{', '.join(missing)} not set: the service starts this container with {', '.join(_NAMES)}")
    if not values["RUN_URL"].startswith(("http://", "https://")):
        raise SettingsError(f"RUN_URL = {values['RUN_URL']!r} is not an http(s) address")
    if not values["LAUNCH"].isdecimal():
        raise SettingsError(f"LAUNCH = {values['LAUNCH']!r} is not a number")
    return Settings(
        run_url=values["RUN_URL"].rstrip("/"),
        launch=int(values["LAUNCH"]),
        launch_code=values["LAUNCH_CODE"],
        runner_key=values["RUNNER_KEY"],
        api_key=values["API_KEY"],
    )
