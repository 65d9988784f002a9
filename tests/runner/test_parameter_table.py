"""The table of docs/environments.md#parameters, executed: in Python, in bash, and in R by its grammar and, if it is installed, by itself."""

import ast
import json
import random
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.parameters import describe_name_problem, describe_value_problem, parse_parameter
from tests.runner.conftest import RUNNER_CONTAINER
from tests.runner.parameters import injected
from tests.runner.r_literals import read_r

KERNELS: Final = {
    language: Kernel(name=f"any-{language}", language=language, display_name=language)
    for language in ("python", "R", "bash", "julia", "scala")
}
CORPUS: Final = json.loads((RUNNER_CONTAINER.parent / "tests" / "data" / "parameters.json").read_text(encoding="utf-8"))
R: Final = shutil.which("Rscript")

_HARD: Final = [
    "'", '"', "\\", "\\\\", "\\n", "\n", "\r\n", "\t", "\v\f\x1b\x7f\x03\x04", "$x", "${x}", "$(id)", "`id`", "!!", "%s", "~", "*", "# x",
    "é", "ab\u00e9f", "\u00e9\u4f60\U0001f600", "\u2028", "\ufeff", "e\u0301", "\x85", "{x}", "{{x}}", " leading", "trailing ", "a'b\"c",
]  # fmt: skip
_RANGES: Final = ((1, 0x7F), (1, 0x7F), (0x80, 0xFF), (0x100, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF))


def _random_texts(count: int) -> list[str]:
    """Return texts of characters of every width, always the same ones."""
    chosen = random.Random(1)
    return [
        "".join(chr(chosen.randint(*chosen.choice(_RANGES))) for _ in range(chosen.randint(0, 12)))
        for _ in range(count)
    ]


def _rows() -> list[tuple[str, str, str, str]]:
    text = (RUNNER_CONTAINER.parent / "docs" / "environments.md").read_text(encoding="utf-8")
    section = text.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(.*?)` \| (.*?) \| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    assert len(rows) > 25
    return [(text, python, r, bash) for text, python, r, bash in rows]


def _value(language: str, text: str) -> str | None:
    """Return the code that sets x, without the comment and `x =`; None if it is refused."""
    try:
        code = injected(KERNELS[language], x=text)[1]
    except RunProblemError:
        return None
    return code.removeprefix("# Parameters\nx").lstrip(" =").removesuffix("\n")


def _run_bash(value: str) -> list[str]:
    script = Path("/bin/bash")
    code = f"x={value}\nprintf '%s\\0' \"${{x[@]}}\""
    output = subprocess.run([script, "--norc", "-c", code], check=True, capture_output=True, timeout=30).stdout
    return output.decode().split("\0")[:-1]


def _code(cell: str) -> str | None:
    return None if cell == "refused" else cell.removeprefix("`").removesuffix("`")


@pytest.mark.parametrize(("text", "python"), [(row[0], row[1]) for row in _rows()])
def test_python(text: str, python: str) -> None:
    value, expected = _value("python", text), _code(python)
    assert value == expected
    if value is not None:
        assert repr(ast.literal_eval(value)) == expected


@pytest.mark.parametrize(("text", "r"), [(row[0], row[2]) for row in _rows()])
def test_r(text: str, r: str) -> None:
    value, expected = _value("R", text), _code(r)
    assert (value and read_r(value)) == (expected and read_r(expected))


@pytest.mark.parametrize(("text", "bash"), [(row[0], row[3]) for row in _rows()])
def test_bash(text: str, bash: str) -> None:
    value, expected = _value("bash", text), _code(bash)
    if value is None or expected is None:
        assert value == expected
    elif value.startswith("("):
        assert _run_bash(value) == shlex.split(expected.strip("()"))
    else:
        assert _run_bash(value) == ["" if expected == "empty" else expected]


@pytest.mark.parametrize("row", CORPUS["values"], ids=lambda row: ascii(row["text"][:30]))
def test_the_corpus_of_values(row: dict[str, Any]) -> None:
    value = parse_parameter(row["text"])
    assert repr(value) == (repr(row["text"]) if row.get("is_text") else row["value"])
    assert bool(describe_value_problem(value)) is row.get("refused", False)


@pytest.mark.parametrize("row", CORPUS["names"], ids=lambda row: ascii(row["name"]))
def test_the_corpus_of_names(row: dict[str, Any]) -> None:
    languages = ("python", "R", "bash", "julia", None)
    refused = [str(language) for language in languages if describe_name_problem(row["name"], language)]
    assert refused == row["refused_in"]


@pytest.mark.parametrize("text", _HARD)
@pytest.mark.parametrize("language", ["python", "R", "bash", "julia"])
def test_text_arrives_byte_for_byte(language: str, text: str) -> None:
    _check_text(language, text)


@pytest.mark.parametrize("language", ["python", "R", "julia"])
def test_any_text_arrives(language: str) -> None:
    for text in _random_texts(1000):
        _check_text(language, text)


def test_any_text_arrives_in_bash() -> None:
    texts = _random_texts(1000)
    value = _value("bash", repr(texts))
    assert value
    assert value.isascii()
    assert value.isprintable()
    assert _run_bash(value) == texts


def _check_text(language: str, text: str) -> None:
    value = _value(language, repr(text))
    assert value
    if language == "bash":
        assert _run_bash(value) == [text]
    elif language == "python":
        assert ast.literal_eval(value) == text
    else:
        # The escapes of Julia's strings are those of R's, and of the dollar sign.
        assert value.isascii()
        assert read_r(value.replace(r"\$", "$") if language == "julia" else value) == text
        assert language == "R" or "$" not in value.replace(r"\$", "")


@pytest.mark.skipif(R is None, reason="R is not installed")
def test_r_itself_reads_what_is_written(tmp_path: Path) -> None:
    lines = ["same <- function(a, b) stopifnot(identical(a, b))"]
    for text, _, r, _ in _rows():
        if r != "refused":
            lines.append(f"same({_value('R', text)}, {_code(r)})")
    for text in [*_HARD, *_random_texts(200)]:
        codes = ", ".join(map(str, text.encode()))
        lines.append(f"same(charToRaw({_value('R', repr(text))}), as.raw(c({codes})))")
    lines.append(f"same(length({_value('R', '[' * 40 + ']' * 40)}), 1L)")
    script = tmp_path / "check.R"
    script.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run([str(R), str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("R", "9007199254740993", "R cannot represent the number 9007199254740993 exactly"),
        ("R", "{'': 1}", "R has no empty names in a list"),
        ("R", "[" * 41 + "]" * 41, "R does not read a list that is nested so deeply"),
        ("R", "{1, 2}", "R has no values of Python's type set. To pass it as text, put it in quotes"),
        ("julia", "{1: 2}", "julia has no dictionaries whose keys are not text"),
        ("bash", "[{}]", "bash has no lists inside lists"),
        ("scala", "é", "in scala, text is limited to ASCII characters"),
        ("scala", "['a$b']", "in scala, text is limited to ASCII characters"),
        ("scala", "9223372036854775808", "in scala, whole numbers are limited to 64 bits"),
    ],
)
def test_a_value_that_a_language_does_not_have_is_refused(language: str, text: str, reason: str) -> None:
    with pytest.raises(RunProblemError, match=re.escape(reason)) as caught:
        injected(KERNELS[language], x=text)
    assert str(caught.value).startswith("The parameter 'x' cannot be passed to the notebook: ")
    assert caught.value.code is Code.INPUT_PROBLEM


@pytest.mark.parametrize(
    ("language", "name"), [("python", "class"), ("R", "_x"), ("R", "next"), ("bash", "größe"), ("julia", "end")]
)
def test_a_name_that_a_language_does_not_have_is_refused(language: str, name: str) -> None:
    with pytest.raises(RunProblemError, match=f"The parameter '{name}' cannot be passed") as caught:
        injected(KERNELS[language], **{name: "1"})
    assert caught.value.code is Code.INPUT_PROBLEM


def test_other_languages_get_what_papermill_writes_correctly() -> None:
    code = injected(KERNELS["scala"], x="Anna & co.", y="[1, (2, 3)]")[1]
    assert code == '// Parameters\nval x = "Anna & co."\nval y = Seq(1, Seq(2, 3))\n'
