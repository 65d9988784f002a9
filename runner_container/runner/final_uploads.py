"""Upload what a run produced: the notebook first, then the files, then the other formats, so that none of them can cost those before it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from runner.formats import make_format
from runner.output_selection import Selection, select_outputs
from runner.outputs import Findings
from runner.packed_outputs import pack_outputs
from runner.run_warnings import RunWarnings, WarningCode
from runner.uploads import Output, Uploads
from runner.work_order import WorkOrder

__all__ = ["FinalUploads"]

_RESERVE_FACTOR: Final = 3
"""The files leave this part of the limits, at most half, to the other formats: HTML with its template is larger than its notebook."""
_TEMPLATE_BYTES: Final = 1 << 20
"""Styles and scripts of an HTML page are smaller."""
_MIB: Final = 1 << 20


class FinalUploads:
    """Uploads the outputs of a run, and adds a warning for each kind of output that is not uploaded as it is.

    Parameters
    ----------
    order
        The formats, the limits, and the name of the results.
    uploads, warnings
        Upload the outputs, and collect what the owner of the job should know.
    """

    def __init__(self, order: WorkOrder, uploads: Uploads, warnings: RunWarnings) -> None:
        self._order = order
        self._uploads = uploads
        self._warnings = warnings
        self.format_problems: list[str] = []
        """`format: reason`, for each format that could not be made."""

    @property
    def formats(self) -> Sequence[str]:
        """The requested formats other than the notebook itself."""
        return [name for name in dict.fromkeys(self._order.output_formats) if name != "ipynb"]

    @property
    def missing(self) -> Mapping[str, str]:
        """What is missing although a successful run must have it, and why.

        This is the notebook, a requested format, or any output for which the service or the store could not be reached.
        """
        essential = {output: reason for output, reason in self._uploads.refused.items() if output.format != "files"}
        return {output.path: reason for output, reason in (essential | self._uploads.unreachable).items()}

    def upload_notebook(self, saved: bytes) -> None:
        """Upload the executed notebook."""
        path = f"{self._order.output_stem}.ipynb"
        self._uploads.upload_all([Output(format="ipynb", path=path, source=saved, size_bytes=len(saved))])

    def upload_files(self, findings: Findings, *, base: Path, notebook: bytes) -> None:
        """Upload the files, as far as the limits allow, and a zip of those beyond the limit on their number.

        Parameters
        ----------
        findings
            The files that the run created or changed.
        base
            The runner's own folder.
        notebook
            The executed notebook: the other formats, which follow, take space that depends on it.
        """
        stem, skipped = self._order.output_stem, list(findings.skipped)
        files = []
        for file in findings.files:
            if file.path.startswith((f"{stem}.", f"{stem}_files/", f"{stem}-")):
                skipped.append(f"{file.path}: outputs of the job itself have such names")
            else:
                files.append(Output(format="files", path=file.path, source=file.file, size_bytes=file.size_bytes))
        self._warn(
            WarningCode.OUTPUTS_SKIPPED,
            skipped,
            "Some outputs were left out, and nothing else has a copy: they cannot be read, are not files, or have unusable names.",
        )
        self._warn(
            WarningCode.TOOL_FOLDERS_SKIPPED,
            findings.tool_folders,
            "Some folders were left out because tools made them. If you need one, let the notebook pack it into a file.",
        )
        selection = self._select(files, notebook)
        self._uploads.upload_all(selection.separate)
        self._upload_packed(selection, base)
        self._warn_of_size(selection.left_out)

    def upload_formats(self, notebook: Path, *, timeout_seconds: float) -> None:
        """Convert the notebook to one format after the other, and upload each.

        Parameters
        ----------
        notebook
            The executed notebook, in a folder that only the runner uses.
        timeout_seconds
            The time limit of each conversion.
        """
        for name in self.formats:
            folder = notebook.with_name(name)
            made = make_format(
                notebook, name, stem=self._order.output_stem, folder=folder, timeout_seconds=timeout_seconds
            )
            self.format_problems += [made.problem] if made.problem else []
            self._uploads.upload_all(made.outputs)
            shutil.rmtree(folder, ignore_errors=True)

    def warn_of_refusals(self) -> None:
        """Warn of outputs that could not be uploaded, and of those that the service refused because of the limits."""
        self._warn_of_size(self._uploads.over_limit)
        refused = [f"{output.path}: {why}" for output, why in self._uploads.refused.items() if output.format == "files"]
        self._warn(
            WarningCode.OUTPUTS_NOT_UPLOADED,
            refused,
            "Some outputs could not be uploaded, and nothing else has a copy.",
        )

    def _select(self, files: Sequence[Output], notebook: bytes) -> Selection:
        limits, formats = self._order.limits, self.formats
        images = notebook.count(b'"image/') if "markdown" in formats else 0
        reserved_bytes = len(formats) * (_RESERVE_FACTOR * len(notebook) // 2 + _TEMPLATE_BYTES)
        return select_outputs(
            files,
            max_files=max(limits.max_output_files - len(formats) - images, limits.max_output_files // 2),
            max_bytes=max(limits.max_output_bytes - reserved_bytes, limits.max_output_bytes // 2),
        )

    def _upload_packed(self, selection: Selection, base: Path) -> None:
        if not selection.packed:
            return
        name = f"{self._order.output_stem}-more-files.zip"
        target = base / "more-files.zip"
        limit = self._order.limits.max_output_files
        try:
            self._uploads.refused |= pack_outputs(selection.packed, target)
            size = target.stat().st_size
        except OSError as error:
            problem = f"not in a zip, because that cannot be written ({error.strerror})"
            self._uploads.refused |= dict.fromkeys(selection.packed, problem)
        else:
            self._uploads.upload_all([Output(format="files", path=name, source=target, size_bytes=size)])
            message = f"Some outputs are in {name}: a run can have {limit:,} output files (limits.max_output_files)."
            self._warn(WarningCode.OUTPUTS_PACKED, [output.path for output in selection.packed], message)
        finally:
            target.unlink(missing_ok=True)

    def _warn_of_size(self, outputs: Sequence[Output]) -> None:
        limit = self._order.limits.max_output_bytes // _MIB
        self._warn(
            WarningCode.OUTPUTS_OVER_LIMIT,
            [f"{output.path}: {output.size_bytes:,} bytes" for output in outputs],
            f"Some outputs were left out, and nothing else has a copy: all outputs of a run can have {limit:,} MiB (limits.max_output_mib), "
            "one of them 5 GiB. Write less, or ask the operator for more.",
        )

    def _warn(self, code: WarningCode, names: Sequence[str], message: str) -> None:
        if names:
            self._warnings.add(code, message, names=names)
