"""Which notebooks the service accepts; client and runner have the same list."""

import pytest

from chalicelib.domain.snapshots.snapshot import check_notebook
from chalicelib.errors import UnprocessableError
from tests.support.notebook_forms import FORMS


@pytest.mark.parametrize("name", FORMS)
def test_the_service_accepts_what_runs(name: str) -> None:
    form = FORMS[name]
    if form.problem is None:
        check_notebook(form.content, "a.ipynb", kernel="python3")
        return
    with pytest.raises(UnprocessableError) as refused:
        check_notebook(form.content, "a.ipynb", kernel="python3")
    assert refused.value.message == f"a.ipynb {form.problem}. Open it in JupyterLab, save it, and submit it again."
