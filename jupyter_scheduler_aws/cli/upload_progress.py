"""Shows how a snapshot is packed and uploaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from jupyter_scheduler_aws.cli.formatting import format_size
from jupyter_scheduler_aws.cli.progress import ProgressLine
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.snapshots.pack import Snapshot
from jupyter_scheduler_aws.transfers.callbacks import Progress

__all__ = ["UploadCallbacks", "show_upload"]


class UploadCallbacks(TypedDict, total=False):
    """Arguments of the client's methods that pack and upload a notebook."""

    on_packed: Callable[[Snapshot], None]
    on_progress: Progress


@contextmanager
def show_upload(terminal: Terminal, notebook: Path | None) -> Iterator[UploadCallbacks]:
    """Show the progress of an upload, and which files are left out. Without a notebook, show nothing."""
    if notebook is None:
        yield {}
        return
    with ProgressLine(terminal.err) as progress:

        def on_packed(snapshot: Snapshot) -> None:
            for path in snapshot.left_out:
                terminal.note(f"left out: {path}")
            progress.start(f"uploading {_describe(snapshot)}")

        progress.start(f"packing {notebook.name}")
        yield {"on_packed": on_packed, "on_progress": progress.on_bytes}


def _describe(snapshot: Snapshot) -> str:
    others = snapshot.files - 1
    more = f" and {others} other file{'s' if others > 1 else ''}" if others else ""
    return f"{snapshot.input_filename}{more}, {format_size(snapshot.size_bytes)}"
