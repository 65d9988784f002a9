"""Text in every language, time zones, certificates, and plots with such text."""

from collections.abc import Callable

from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

FACTS = """
import json, locale, ssl, subprocess, sys, zoneinfo
from datetime import datetime
from pathlib import Path

Path("日本語-ñ.txt").write_text("Ελληνικά 日本語 한국어")
zones = ["Europe/Berlin", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "US/Pacific", "UTC"]
summer = {zone: str(datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset()) for zone in zones}
command = ["date", "--date=2026-07-01T00:00:00Z", "+%H"]
print(json.dumps({
    "encodings": [sys.stdout.encoding, sys.getfilesystemencoding(), locale.getpreferredencoding()],
    "summer": summer,
    "system": subprocess.run(command, env={"TZ": "Asia/Tokyo"}, capture_output=True, text=True).stdout.strip(),
    "authorities": ssl.create_default_context().cert_store_stats()["x509_ca"],
    "files": sorted(path.name for path in Path().iterdir()),
}))
"""

GLYPHS = """
import json, warnings
warnings.simplefilter("error")  # a glyph that no font has is a warning
import matplotlib
import matplotlib.pyplot as plt
import numpy as np

def picture(text):
    figure = plt.figure(figsize=(2, 1), dpi=100)
    figure.text(0.1, 0.3, text, fontsize=40)
    figure.canvas.draw()
    data = np.asarray(figure.canvas.buffer_rgba()).tobytes()
    plt.close(figure)
    return data

texts = ["A", "é", "Ж", "Ω", "中", "国", "日", "語", "あ", "ア", "한", "글"]
pictures = {text: picture(text) for text in texts}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    missing = picture("\\U0010fffd")
print(json.dumps({
    "alike": [a + b for a in texts for b in texts if a < b and pictures[a] == pictures[b]],
    "boxes": [text for text in texts if pictures[text] == missing],
    "missing_is_seen": missing != picture(""),
}))
plt.title("中文 日本語 한국어"); plt.plot([1, 2]); plt.savefig("plot.png"); plt.show()
"""


def test_utf_8_time_zones_and_certificates_are_available(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook(FACTS))

    code, run = runner.run()

    assert code == 0, run.log
    facts = runner.facts(1)
    assert {name.lower().replace("-", "") for name in facts["encodings"]} == {"utf8"}
    assert service.outputs["日本語-ñ.txt"].decode() == "Ελληνικά 日本語 한국어"
    assert facts["summer"] == {
        "Europe/Berlin": "2:00:00",
        "Asia/Kolkata": "5:30:00",
        "America/Argentina/Buenos_Aires": "-1 day, 21:00:00",
        "US/Pacific": "-1 day, 17:00:00",
        "UTC": "0:00:00",
    }
    assert facts["system"] == "09"
    assert facts["authorities"] > 100


def test_plots_have_glyphs_for_chinese_japanese_and_korean(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook("print('warm')", GLYPHS))

    code, run = runner.run()

    assert code == 0, run.log
    assert runner.facts(2) == {"alike": [], "boxes": [], "missing_is_seen": True}
    assert service.outputs["plot.png"].startswith(b"\x89PNG")
    assert "image/png" in service.outputs["report-out.ipynb"].decode()


def test_plots_work_in_scripts_that_a_notebook_starts(runner: ImageRunner, service: FakeService, order: Order) -> None:
    script = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('script.png')\n"
    files: dict[str, bytes | str] = {"report.ipynb": notebook("!python plot.py"), "plot.py": script}
    order(zipped(files), packaged=True)

    code, run = runner.run()

    assert code == 0, run.log
    assert service.outputs["script.png"].startswith(b"\x89PNG")
