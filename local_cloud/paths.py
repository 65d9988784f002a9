"""The folder, the files and the port of a local cloud, from two environment variables.

With `LOCAL_CLOUD_DIR` (default `.local-cloud`) and `LOCAL_CLOUD_PORT` (default 4566) several can run on one machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local_cloud.addresses import endpoint_url
from local_cloud.errors import LocalCloudError

__all__ = ["ACCOUNT_ID", "ADMIN", "REGION", "ROOT", "RUNNER_IMAGE", "LocalPaths"]

ROOT: Final = Path(__file__).resolve().parents[1]
"""The root folder of the repository."""

REGION: Final = "us-east-1"
ACCOUNT_ID: Final = "000000000000"
"""The emulator uses an access key of twelve digits as the account number."""

ADMIN: Final = "scheduler-admin"
"""The IAM user who is an admin of the local stack."""

RUNNER_IMAGE: Final = "jupyter-scheduler-runner:local"
"""The name of the image in the local stack; the process engine runs the sources of the runner instead."""

_PRIVATE: Final = 0o700

_DEFAULT_PORT: Final = 4566
"""The usual port of AWS emulators."""


@dataclass(frozen=True, kw_only=True)
class LocalPaths:
    """The files and the port of one local cloud."""

    folder: Path
    port: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment variables.

        Raises
        ------
        LocalCloudError
            If the port is not a number between 1024 and 65533: the two ports after it are used, too.
        """
        text = environ.get("LOCAL_CLOUD_PORT") or str(_DEFAULT_PORT)
        if not text.isdecimal() or not 1024 <= int(text) <= 65533:  # noqa: PLR2004
            raise LocalCloudError(f"LOCAL_CLOUD_PORT={text} is not a port; choose a number from 1024 to 65533.")
        return cls(folder=(ROOT / (environ.get("LOCAL_CLOUD_DIR") or ".local-cloud")).resolve(), port=int(text))

    def make_private(self) -> None:
        """Create the folders, those with the files of jobs for this user only.

        An existing folder keeps its mode, because `LOCAL_CLOUD_DIR` may be shared with others.
        """
        self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        for folder in (self.state, self.objects, self.tasks, self.temporary, self.lab):
            folder.mkdir(exist_ok=True)
            folder.chmod(_PRIVATE)

    @property
    def endpoint_url(self) -> str:
        """The address of every AWS service."""
        return endpoint_url(self.port)

    @property
    def mail_port(self) -> int:
        """Where the emulated SES hands over mails, by SMTP."""
        return self.port + 1

    @property
    def webhook_port(self) -> int:
        """Where the webhook of the local stack points to."""
        return self.port + 2

    @property
    def state(self) -> Path:
        """The saved state of the emulator."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """The objects in the emulated buckets."""
        return self.folder / "s3"

    @property
    def tasks(self) -> Path:
        """The folders and logs of the runners."""
        return self.folder / "tasks"

    @property
    def temporary(self) -> Path:
        """The temporary files of the emulator; removed at each start."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """The log of the launcher."""
        return self.folder / "launcher.log"

    @property
    def pid(self) -> Path:
        """The process id and the start time of the launcher."""
        return self.folder / "launcher.pid"

    @property
    def last_port(self) -> Path:
        """The port of the last start."""
        return self.folder / "port"

    @property
    def deployed(self) -> Path:
        """The last deployment: a fingerprint of its inputs, and the outputs of the stack."""
        return self.folder / "deployed.json"

    @property
    def connection(self) -> Path:
        """The connection to the deployed stack, for programs."""
        return self.folder / "connection.json"

    @property
    def shell(self) -> Path:
        """Environment variables for a shell of a user."""
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
        """The access key of the IAM user for `make demo`, `make lab` and shells, who has the user policy only."""
        return self.folder / "user-key.json"

    @property
    def admin_key(self) -> Path:
        """The access key of an IAM user who has the user policy and is an admin of the scheduler."""
        return self.folder / "scheduler-admin-key.json"

    @property
    def admin_shell(self) -> Path:
        """Environment variables for a shell of an admin of the scheduler."""
        return self.folder / "scheduler-admin-env"

    @property
    def permission_record(self) -> Path:
        """The evaluated permissions: who needed which, and whether they were granted."""
        return self.folder / "permissions.jsonl"

    @property
    def administrator_shell(self) -> Path:
        """Environment variables for a shell with all permissions in the emulated account."""
        return self.folder / "administrator-env"

    @property
    def lab(self) -> Path:
        """The files of JupyterLab."""
        return self.folder / "lab"

    @property
    def workspace(self) -> Path:
        """The root folder of JupyterLab."""
        return self.lab / "workspace"

    @property
    def lab_python(self) -> Path:
        """The Python with JupyterLab and the connector."""
        return ROOT / ".venv" / "bin" / "python"

    @property
    def emulator_python(self) -> Path:
        """The Python of the emulator and of the functions; shared by all local clouds."""
        return ROOT / ".local-cloud" / "venv" / "bin" / "python"

    @property
    def runner_python(self) -> Path:
        """The Python of the runners."""
        return ROOT / ".venv-runner" / "bin" / "python"
