from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloud.fingerprint import fingerprint


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in {
        "app/app.py": "app",
        "chalicelib/domain/job.py": "job",
        "infra/stack.py": "stack",
        "scheduler.toml": "[limits]",
        "requirements/function.txt": "chalice",
        "runner_container/runner/run.py": "run",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "app/app.py").write_text("other", encoding="utf-8"),
        lambda root: (root / "infra/stack.py").rename(root / "infra/stacks.py"),
        lambda root: (root / "chalicelib/domain/job.py").unlink(),
        lambda root: (root / "scheduler.toml").write_text("[limits]\n", encoding="utf-8"),
        lambda root: (root / "cdk.json").write_text("{}", encoding="utf-8"),
        lambda root: (root / "chalicelib/new.json").write_text("", encoding="utf-8"),
    ],
    ids=["content", "name", "gone", "settings", "new file at the root", "new empty file"],
)
def test_each_change_of_an_input_changes_the_fingerprint(root: Path, change: Callable[[Path], object]) -> None:
    before = fingerprint(root)
    change(root)
    assert fingerprint(root) != before


def test_changes_of_other_files_do_not_change_the_fingerprint(root: Path) -> None:
    before = fingerprint(root)
    (root / "app/__pycache__").mkdir()
    (root / "app/__pycache__/app.pyc").write_bytes(b"compiled")
    (root / "runner_container/runner/run.py").write_text("the runner is run from its sources", encoding="utf-8")
    assert fingerprint(root) == before
