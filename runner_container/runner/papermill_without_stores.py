"""The parts of papermill that the runner uses, imported without papermill's optional stores.

At its import papermill tries the clients of S3, Azure, Google Cloud Storage, HDFS and GitHub, and goes on without those that are
not installed. The image has some of them for notebooks; the runner moves bytes over presigned URLs and needs none. While papermill
is imported, `sys.modules` marks them as missing, as the language reference describes it ("The module cache"): a third fewer modules
and half the memory (docs/decisions/0040).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STORES: Final = ("azure", "boto3", "gcsfs", "github", "pyarrow")


@contextmanager
def _missing(names: tuple[str, ...]) -> Iterator[None]:
    """Make imports of these packages raise ModuleNotFoundError; packages that are loaded already stay."""
    marked = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(marked))  # type: ignore[arg-type] # None is allowed; typeshed leaves it out
    try:
        yield
    finally:
        for name in marked:
            del sys.modules[name]


with _missing(_STORES):
    from papermill.clientwrap import PapermillNotebookClient  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from papermill.engines import NotebookExecutionManager  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from papermill.exceptions import PapermillException  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from papermill.execute import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        ERROR_ANCHOR_MSG,
        ERROR_MARKER_TAG,
        ERROR_MESSAGE_TEMPLATE,
        ERROR_STYLE,
        remove_error_markers,
    )
    from papermill.parameterize import parameterize_notebook  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from papermill.translators import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        BashTranslator,
        JuliaTranslator,
        PythonTranslator,
        RTranslator,
        Translator,
        papermill_translators,
    )
    from papermill.version import version  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = [
    "ERROR_ANCHOR_MSG",
    "ERROR_MARKER_TAG",
    "ERROR_MESSAGE_TEMPLATE",
    "ERROR_STYLE",
    "BashTranslator",
    "JuliaTranslator",
    "NotebookExecutionManager",
    "PapermillException",
    "PapermillNotebookClient",
    "PythonTranslator",
    "RTranslator",
    "Translator",
    "papermill_translators",
    "parameterize_notebook",
    "remove_error_markers",
    "version",
]
