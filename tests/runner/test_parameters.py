import pytest

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.notebooks import parameterized, read_notebook
from runner.parameters import typed, typed_parameters
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
def test_a_text_that_is_a_literal_gets_its_type(text: str, value: object) -> None:
    result = typed(text)

    assert (result, type(result)) == (value, type(value))


def test_names_and_their_order_are_kept() -> None:
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
            "finish_seconds": 1,
            "result_form": {"url": "http://a", "fields": {}},
            "limits": limits,
        }
    )


def injected(kernel: Kernel, **parameters: str) -> list[str]:
    data = notebook("x <- 0", "print(x)", kernel=kernel.name, language=kernel.language, tags={0: "parameters"})
    return [cell.source for cell in parameterized(read_notebook(data, "a.ipynb"), order(**parameters), kernel).cells]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("R", '# Parameters\nlimit = 5\nname = "Anna"\non = TRUE\n'),
        ("julia", '# Parameters\nlimit = 5\nname = "Anna"\non = true\n'),
        ("python", '# Parameters\nlimit = 5\nname = "Anna"\non = True\n'),
    ],
)
def test_parameters_are_written_in_the_kernels_language(language: str, source: str) -> None:
    kernel = Kernel(name="any", language=language, display_name="Any")

    sources = injected(kernel, limit="5", name="Anna", on="True")

    assert sources == ["x <- 0", source, "print(x)"]


def test_parameters_for_a_language_that_papermill_does_not_support() -> None:
    kernel = Kernel(name="cobol", language="cobol", display_name="COBOL")

    assert injected(kernel) == ["x <- 0", "print(x)"]
    with pytest.raises(RunProblemError, match=r"The kernel 'cobol' \(cobol\) does not support parameters") as caught:
        injected(kernel, limit="5")
    assert caught.value.code is Code.ENVIRONMENT_PROBLEM
