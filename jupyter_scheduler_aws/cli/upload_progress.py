"""Shows how a snapshot is packed and uploaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.cli.formatting import size
from jupyter_scheduler_aws.cli.progress import Activity
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.snapshots.pack import Snapshot
from jupyter_scheduler_aws.transfers.upload import Progress, ignore_progress

__all__ = ["NOBODY", "Watch", "watched"]


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a client calls while it packs and uploads."""

    on_packed: Callable[[Snapshot], None]
    on_progress: Progress


NOBODY: Final = Watch(on_packed=lambda _: None, on_progress=ignore_progress)
"""Watches where nothing is uploaded."""


@contextmanager
def watched(terminal: Terminal, notebook: Path) -> Iterator[Watch]:
    """Show what happens to a notebook, and what stays behind, until the block ends."""
    with Activity(terminal.err) as activity:

        def tell_size(snapshot: Snapshot) -> None:
            for left_out in snapshot.left_out:
                terminal.note(f"left out: {left_out}")
            activity.begin(f"uploading {_what(snapshot)}")

        activity.begin(f"packing {notebook.name}")
        yield Watch(on_packed=tell_size, on_progress=activity.on_bytes)


def _what(snapshot: Snapshot) -> str:
    others = snapshot.files - 1
    more = f" and {others} other file{'s' if others > 1 else ''}" if others else ""
    return f"{snapshot.input_filename}{more}, {size(snapshot.size_bytes)}"
