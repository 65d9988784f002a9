"""Where a local cloud keeps its things and how it is reached: chosen by two environment variables.

`LOCAL_CLOUD_DIR` (default `.local-cloud`) and `LOCAL_CLOUD_PORT` (default 4566) let several stand side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local_cloud.addresses import endpoint_url
from local_cloud.errors import LocalCloudError

__all__ = ["ACCOUNT_ID", "ADMIN", "REGION", "ROOT", "RUNNER_IMAGE", "LocalPaths"]

ROOT: Final = Path(__file__).resolve().parents[1]
"""The repository."""

REGION: Final = "us-east-1"
ACCOUNT_ID: Final = "000000000000"
"""The emulator takes an access key of twelve digits for the account's number."""

ADMIN: Final = "scheduler-admin"
"""The IAM user that the local stack's settings name as an admin."""

RUNNER_IMAGE: Final = "jupyter-scheduler-runner:local"
"""The image's name in the local stack; the engine runs the runner's sources in its place."""

_PRIVATE: Final = 0o700

_DEFAULT_PORT: Final = 4566
"""What emulators of AWS use by custom."""


@dataclass(frozen=True, kw_only=True)
class LocalPaths:
    """One local cloud's folder and port."""

    folder: Path
    port: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the two variables.

        Raises
        ------
        LocalCloudError
            If the port is not a number between 1024 and 65535.
        """
        text = environ.get("LOCAL_CLOUD_PORT") or str(_DEFAULT_PORT)
        if not text.isdecimal() or not 1024 <= int(text) <= 65535:  # noqa: PLR2004
            raise LocalCloudError(f"LOCAL_CLOUD_PORT={text} is not a port; choose a number from 1024 to 65535.")
        return cls(folder=(ROOT / (environ.get("LOCAL_CLOUD_DIR") or ".local-cloud")).resolve(), port=int(text))

    def make_private(self) -> None:
        """Create the folder and what jobs are kept in; nobody else may look there.

        A folder that exists keeps its mode: `LOCAL_CLOUD_DIR` may name one that others use, too.
        """
        self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        for each in (self.state, self.objects, self.tasks, self.temporary, self.lab):
            each.mkdir(exist_ok=True)
            each.chmod(_PRIVATE)

    @property
    def endpoint_url(self) -> str:
        """The address of every AWS service."""
        return endpoint_url(self.port)

    @property
    def state(self) -> Path:
        """What the emulator remembers."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """What lies in the emulated buckets."""
        return self.folder / "s3"

    @property
    def tasks(self) -> Path:
        """Folders and logs of the runners."""
        return self.folder / "tasks"

    @property
    def temporary(self) -> Path:
        """The emulator's own temporary files; emptied at each start."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """What the launcher writes."""
        return self.folder / "launcher.log"

    @property
    def pid(self) -> Path:
        """The launcher's process id and start time."""
        return self.folder / "launcher.pid"

    @property
    def last_port(self) -> Path:
        """The port of the last start."""
        return self.folder / "port"

    @property
    def deployed(self) -> Path:
        """What was deployed last: a fingerprint of all that went into it, and its API's address on AWS."""
        return self.folder / "deployed.json"

    @property
    def connection(self) -> Path:
        """How a program reaches the deployed stack."""
        return self.folder / "connection.json"

    @property
    def shell(self) -> Path:
        """How a shell reaches the deployed stack."""
        return self.folder / "env"

    @property
    def administrator_key(self) -> Path:
        """The access key of the emulated account's root user."""
        return self.folder / "administrator-key.json"

    @property
    def deployer_key(self) -> Path:
        """The access key of the IAM user that the CDK CLI deploys as."""
        return self.folder / "deployer-key.json"

    @property
    def user_key(self) -> Path:
        """The access key of the IAM user that demo, lab and shell use: it has the users' policy and nothing else."""
        return self.folder / "user-key.json"

    @property
    def admin_key(self) -> Path:
        """The access key of an IAM user who has the users' policy and is an admin of the scheduler."""
        return self.folder / "scheduler-admin-key.json"

    @property
    def admin_shell(self) -> Path:
        """How a shell reaches the deployed stack as an admin of the scheduler."""
        return self.folder / "scheduler-admin-env"

    @property
    def permission_record(self) -> Path:
        """Which permissions were needed so far, by whom, and whether they were granted."""
        return self.folder / "permissions.jsonl"

    @property
    def administrator_shell(self) -> Path:
        """Variables for a shell that may do everything in the emulated account."""
        return self.folder / "administrator-env"

    @property
    def lab(self) -> Path:
        """What JupyterLab keeps."""
        return self.folder / "lab"

    @property
    def workspace(self) -> Path:
        """JupyterLab's root folder."""
        return self.lab / "workspace"

    @property
    def lab_python(self) -> Path:
        """The interpreter that has JupyterLab and the connector."""
        return ROOT / ".venv" / "bin" / "python"

    @property
    def emulator_python(self) -> Path:
        """The interpreter of the emulator and of the functions; one for all local clouds."""
        return ROOT / ".local-cloud" / "venv" / "bin" / "python"

    @property
    def runner_python(self) -> Path:
        """The interpreter of the runners."""
        return ROOT / ".venv-runner" / "bin" / "python"
