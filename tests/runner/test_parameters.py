from pathlib import Path

import pytest

from runner.errors import RunProblemError
from runner.execution import parameterized
from runner.kernels import Kernel
from runner.outcomes import Code
from runner.parameters import typed, typed_parameters
from runner.snapshot import read_notebook
from runner.work_order import WorkOrder
from tests.runner.conftest import notebook


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-2.5", -2.5),
        ("True", True),
        ("None", None),
        ('"5"', "5"),
        ("'a'", "a"),
        ("[1, 'a', (2,)]", [1, "a", [2]]),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        (" 5 ", 5),
        ("", ""),
        ("Anna", "Anna"),
        ("true", "true"),
        ("2026-10-01", "2026-10-01"),
        ("007", "007"),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("{1, 2}", "{1, 2}"),
        ("{1: 2}", "{1: 2}"),
        ("b'x'", "b'x'"),
        ("1+2j", "1+2j"),
        ("__import__('os')", "__import__('os')"),
        ("'unfinished", "'unfinished"),
        ("'\\d'", "\\d"),
        ("9" * 5000, "9" * 5000),
        ("(" * 5000, "(" * 5000),
        ("a\0b", "a\0b"),
    ],
)
def test_typed(text: str, value: object) -> None:
    made = typed(text)

    assert (made, type(made)) == (value, type(value))


def test_order_and_names_stay() -> None:
    assert list(typed_parameters({"b": "1", "a": "2"}).items()) == [("b", 1), ("a", 2)]


def order(**parameters: str) -> WorkOrder:
    limits = dict.fromkeys(("max_unpacked_bytes", "max_unpacked_files", "max_output_bytes", "max_output_files"), 1)
    return WorkOrder.from_json(
        {
            "job_id": "j",
            "attempt": 1,
            "input": {"url": "http://a", "filename": "a.ipynb", "packaged": False, "size_bytes": 1},
            "parameters": parameters,
            "environment": {"name": "e", "kernel": None},
            "output_formats": [],
            "output_stem": "a",
            "timeout_seconds": 1,
            "heartbeat_seconds": 1,
            "self_fencing_seconds": 1,
            "limits": limits,
        }
    )


def injected(tmp_path: Path, kernel: Kernel, **parameters: str) -> list[str]:
    path = tmp_path / "a.ipynb"
    path.write_bytes(
        notebook("x <- 0", "print(x)", kernel=kernel.name, language=kernel.language, tags={0: "parameters"})
    )
    return [cell.source for cell in parameterized(read_notebook(path), order(**parameters), kernel).cells]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("R", '# Parameters\nlimit = 5\nname = "Anna"\non = TRUE\n'),
        ("julia", '# Parameters\nlimit = 5\nname = "Anna"\non = true\n'),
        ("python", '# Parameters\nlimit = 5\nname = "Anna"\non = True\n'),
    ],
)
def test_parameters_are_written_in_the_kernels_language(tmp_path: Path, language: str, source: str) -> None:
    kernel = Kernel(name="any", language=language, display_name="Any")

    sources = injected(tmp_path, kernel, limit="5", name="Anna", on="True")

    assert sources == ["x <- 0", source, "print(x)"]


def test_a_language_that_papermill_does_not_write(tmp_path: Path) -> None:
    kernel = Kernel(name="cobol", language="cobol", display_name="COBOL")

    assert injected(tmp_path, kernel) == ["x <- 0", "print(x)"]
    with pytest.raises(RunProblemError, match="Parameters cannot be given to the kernel 'cobol'") as caught:
        injected(tmp_path, kernel, limit="5")
    assert caught.value.code is Code.ENVIRONMENT_PROBLEM
