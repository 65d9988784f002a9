"""Which notebooks the client accepts; service and runner have the same list."""

from pathlib import Path

import pytest

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.notebook_file import read_notebook
from tests.support.notebook_forms import FORMS


@pytest.mark.parametrize("name", FORMS)
def test_the_client_accepts_what_runs(name: str, tmp_path: Path) -> None:
    form, path = FORMS[name], tmp_path / "a.ipynb"
    path.write_bytes(form.content)
    if form.problem is None:
        assert read_notebook(path) == form.content
        return
    with pytest.raises(SnapshotError) as refused:
        read_notebook(path)
    assert refused.value.message == f"{path} {form.problem}. Open it in JupyterLab, save it, and submit it again."
