"""`%pip install` affects the notebook, not the runner."""

import io
import zipfile
from collections.abc import Callable

from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def wheel(name: str, version: str, source: str) -> bytes:
    """Return a wheel with one module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return data.getvalue()


def test_a_notebook_installs_packages_only_for_itself(runner: ImageRunner, service: FakeService, order: Order) -> None:
    files = {
        "report.ipynb": notebook(
            "%pip install --no-index --no-deps ./greet-1.0-py3-none-any.whl ./nbconvert-99.0-py3-none-any.whl",
            "import greet; print(greet.hello())",
            "import tqdm, nbformat\nfrom importlib.metadata import version\nprint(version('nbconvert'))",
            "!greet_pip=$(command -v pip); $greet_pip --version | cut -d' ' -f1; python -c 'import greet; print(greet.hello())'",
        ),
        "greet-1.0-py3-none-any.whl": wheel("greet", "1.0", "def hello():\n    return 'grüß dich'\n"),
        "nbconvert-99.0-py3-none-any.whl": wheel("nbconvert", "99.0", "raise SystemExit('the notebook\\'s own')\n"),
    }
    order(zipped(files), packaged=True, output_formats=["html", "markdown", "script"])

    code, run = runner.run()

    assert code == 0, run.log
    assert runner.text(2) == "grüß dich\n"
    assert runner.text(3) == "99.0\n"
    assert runner.text(4).splitlines() == ["pip", "grüß dich"]
    assert "grüß dich" in service.outputs["report-out.html"].decode(), "converted by the image's nbconvert"
    assert {"report-out.md", "report-out.py"} <= set(service.outputs)
