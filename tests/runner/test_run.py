import io
import json
import zipfile
from collections.abc import Callable
from itertools import pairwise

from tests.runner.conftest import FAST, Runner, notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def test_a_run_from_check_in_to_report(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook(
            "who = 'nobody'",
            "print('hello', who)",
            "open('result.csv', 'w').write('a,b\\n1,2\\n')",
            tags={0: "parameters"},
        ),
        parameters={"who": "Anna"},
        output_formats=["ipynb", "html"],
    )

    code, running = runner.run()

    assert (code, runner.outcome) == (0, {"code": "succeeded"}), running.log
    assert runner.text(3) == "hello Anna\n"
    assert sorted(service.outputs) == ["report-out.html", "report-out.ipynb", "result.csv"]
    assert service.outputs["result.csv"] == b"a,b\n1,2\n"
    assert b"hello Anna" in service.outputs["report-out.html"]
    assert {path: file["format"] for path, file in service.declared.items()} == {
        "report-out.html": "html",
        "report-out.ipynb": "ipynb",
        "result.csv": "files",
    }
    assert service.declared["report-out.ipynb"]["content_type"] == "application/x-ipynb+json"
    assert service.reports[0]["files_count"] == 3
    assert service.reports[0]["files_bytes"] == sum(map(len, service.outputs.values()))
    assert service.phases() == ["starting_kernel", "running", "uploading", "converting"]
    assert service.requests_to("report")[0] is service.requests[-1], "no request follows the report"


def test_the_log_shows_the_start_of_each_cell_and_what_it_prints(runner: Runner, order: Order) -> None:
    order(notebook("print('one')\nprint('\\x1b[31mtwo\\x1b[0m', end='')", "import os; os.system('echo three')"))

    code, running = runner.run()

    assert code == 0
    lines = [line for line in running.lines if line.startswith(("| ", "runner: cell"))]
    assert lines[lines.index("runner: cell 1 of 2") :] == [
        "runner: cell 1 of 2",
        "| one",
        "| two",
        "runner: cell 2 of 2",
        "| three",
    ]


def test_the_log_begins_with_what_the_job_does(runner: Runner, order: Order) -> None:
    order(notebook("print('one')"))

    code, running = runner.run()

    assert (code, running.lines[0]) == (0, "runner: job 0199-1, attempt 1, environment analysis")
    assert not any("WARNING" in line or "warn" in line.lower() for line in running.lines), running.log


def test_heartbeats_count_code_cells(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1", "import time; time.sleep(1)", "3"), heartbeat_seconds=0.1)

    assert runner.run()[0] == 0

    cells = [
        (heartbeat.json["cell"], heartbeat.json["cells"])
        for heartbeat in service.requests_to("heartbeat")
        if heartbeat.json["phase"] == "running"
    ]
    assert (2, 3) in cells
    assert all(earlier <= later for earlier, later in pairwise(cells))


def test_a_notebook_gets_typed_parameters(runner: Runner, order: Order) -> None:
    order(
        notebook("pass", "print(repr([limit, month, names, when, on]))", tags={0: "parameters"}),
        parameters={"limit": "5", "month": '"2026-10"', "names": "('a', 'b')", "when": "2026-10-01", "on": "True"},
    )

    assert runner.run()[0] == 0

    assert runner.text(3) == "[5, '2026-10', ('a', 'b'), '2026-10-01', True]\n"


def test_a_folder_becomes_the_working_directory_and_only_changed_files_are_uploaded(
    runner: Runner, service: FakeService, order: Order
) -> None:
    source = """
        import os, pathlib, helper
        print(helper.answer, sorted(os.listdir()), pathlib.Path('data/in.csv').read_text())
        pathlib.Path('data/in.csv').touch()                       # unchanged except for its times
        state = os.stat('same-size.txt')
        pathlib.Path('same-size.txt').write_text('after!')
        os.utime('same-size.txt', ns=(state.st_atime_ns, state.st_mtime_ns))
        pathlib.Path('data/out').mkdir()
        pathlib.Path('data/out/é.txt').write_text('')
        pathlib.Path('.cache').mkdir()
        pathlib.Path('.cache/kept.txt').write_text('')
        os.symlink('/etc/passwd', 'link')
    """
    order(
        zipped(
            {
                "report.ipynb": notebook(source),
                "helper.py": "answer = 42",
                "data/in.csv": "1,2",
                "same-size.txt": "before",
            }
        ),
        packaged=True,
    )

    code, running = runner.run()

    assert code == 0, running.log
    assert runner.text(1) == "42 ['__pycache__', 'data', 'helper.py', 'report.ipynb', 'same-size.txt'] 1,2\n"
    assert sorted(service.outputs) == [".cache/kept.txt", "data/out/é.txt", "report-out.ipynb", "same-size.txt"]
    assert (service.outputs["same-size.txt"], service.outputs["data/out/é.txt"]) == (b"after!", b"")
    (warning,) = service.reports[0]["warnings"]
    assert (warning["code"], warning["names"]) == ("outputs_skipped", ["link: a link, not a file"])


def test_every_format_is_converted_and_uploaded(runner: Runner, service: FakeService, order: Order) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    order(notebook("print('hi')", plot), output_formats=["html", "markdown", "script"], output_stem="my report")

    code, running = runner.run()

    assert code == 0, running.log
    assert sorted(service.outputs) == [
        "my report.html",
        "my report.ipynb",
        "my report.md",
        "my report.py",
        "my report_files/my report_1_0.png",
    ]
    assert b"my%20report_files/my%20report_1_0.png" in service.outputs["my report.md"]
    assert service.declared["my report_files/my report_1_0.png"]["format"] == "files"
    assert service.declared["my report.py"]["format"] == "script"
    assert b"print('hi')" in service.outputs["my report.py"]


def test_an_unsupported_format_is_an_environment_problem(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("print('hi')"), output_formats=["pdf", "html"])

    code, _ = runner.run()

    assert (code, runner.outcome["code"]) == (16, "environment_problem")
    assert "pdf: this environment's image has neither xelatex" in runner.outcome["message"]
    assert sorted(service.outputs) == ["report-out.html", "report-out.ipynb"]


def test_the_notebook_is_uploaded_while_it_runs(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook("print('fir' + 'st')", "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)")
    )
    running = runner.start(script=FAST, first_upload_seconds="0.2", next_upload_seconds="0.2", save_seconds="0.1")

    service.wait_for(lambda fake: any(b"first" in version for version in fake.versions.get("report-out.ipynb", [])))
    partial = json.loads(service.outputs["report-out.ipynb"])
    assert [cell["metadata"]["papermill"]["status"] for cell in partial["cells"]] == ["completed", "running"]
    uploads = len(service.versions["report-out.ipynb"])
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()

    assert running.end() == 0, running.log
    assert [cell.metadata.papermill.status for cell in runner.output().cells] == ["completed", "completed"]
    assert len(service.versions["report-out.ipynb"]) <= uploads + 2, "an unchanged notebook is not uploaded again"


def test_the_output_of_a_cell_that_prints_nothing_more_is_uploaded_while_it_runs(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("import time\nprint('ear' + 'ly', flush=True)\ntime.sleep(600)"), heartbeat_seconds=0.2)
    service.stop_at = lambda _: b"early" in service.outputs.get("report-out.ipynb", b"")

    code, _ = runner.run(script=FAST, first_upload_seconds="0.2", next_upload_seconds="0.2", save_seconds="0.5")

    assert code == 12


def test_a_notebook_without_a_kernel_runs_with_the_environments_kernel(runner: Runner, order: Order) -> None:
    order(notebook("print('ok')", kernel=None))

    code, running = runner.run()

    assert code == 0
    assert "names no kernel: it runs with 'python3', the environment's kernel" in running.log
    assert runner.output().metadata.kernelspec.name == "python3"


def test_a_cell_that_may_raise_does_not_fail_the_run(runner: Runner, order: Order) -> None:
    order(notebook("1 / 0", "print('after')", tags={0: "raises-exception"}))

    assert runner.run()[0] == 0
    assert runner.text(2) == "after\n"


def test_sys_exit_0_is_success(runner: Runner, order: Order) -> None:
    order(notebook("import sys; sys.exit(0)", "print('never')"))

    assert runner.run()[0] == 0
    assert runner.text(2) == ""


def test_what_exceeds_the_limits_is_packed_or_named(runner: Runner, service: FakeService, order: Order) -> None:
    source = """
        open('a-large.bin', 'wb').write(bytes(13_000_000))
        for n in range(40): open(f'small-{n:02}.txt', 'w').write(str(n))
        open('zz-result.csv', 'w').write('a,b')
    """
    order(notebook(source), output_formats=["html"], limits={"max_output_bytes": 12_000_000, "max_output_files": 12})

    code, _ = runner.run()

    assert code == 0, "limits do not fail the run"
    assert sorted(service.outputs) == [
        "report-out-more-files.zip",
        "report-out.html",
        "report-out.ipynb",
        *(f"small-{n:02}.txt" for n in range(9)),
        "zz-result.csv",
    ]
    with zipfile.ZipFile(io.BytesIO(service.outputs["report-out-more-files.zip"])) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"small-{n:02}.txt": str(n).encode() for n in range(9, 40)
        }
    warnings = {warning["code"]: warning for warning in service.reports[0]["warnings"]}
    assert warnings["outputs_packed"]["count"] == 31
    assert warnings["outputs_packed"]["message"] == (
        "Some outputs are in report-out-more-files.zip: a run can have 12 output files (limits.max_output_files)."
    )
    assert warnings["outputs_over_limit"]["names"] == ["a-large.bin: 13,000,000 bytes"]
    assert len(warnings) == 2


def test_a_path_that_is_too_long_for_the_system_costs_no_other_output(
    runner: Runner, service: FakeService, order: Order
) -> None:
    source = """
        import os
        open('a.csv', 'w').write('a')
        here = os.getcwd()
        for _ in range(20):
            os.mkdir('d' * 250)
            os.chdir('d' * 250)
            open('file', 'w').write('deep')
        os.chdir(here)
        open('z.csv', 'w').write('z')
    """
    order(notebook(source))

    code, running = runner.run()

    assert (code, runner.outcome) == (0, {"code": "succeeded"}), running.log
    assert {"a.csv", "report-out.ipynb", "z.csv"} < set(service.outputs)
    (warning,) = service.reports[0]["warnings"]
    assert (warning["code"], warning["count"]) == ("outputs_skipped", 1)
    assert warning["names"][0].startswith("dddd")


def test_files_are_requested_in_batches(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("for n in range(230): open(f'{n}.txt', 'w').write(str(n))"), limits={"max_output_files": 1000})

    assert runner.run()[0] == 0

    assert [len(request.json["files"]) for request in service.requests_to("output-urls")] == [1, 100, 100, 30]
    assert all(service.outputs[f"{n}.txt"] == str(n).encode() for n in range(230))


def test_processes_that_a_notebook_leaves_running_are_killed(runner: Runner, order: Order) -> None:
    source = """
        import subprocess
        print('left', subprocess.Popen(['sleep', '600'], start_new_session=True).pid)
    """
    order(notebook(source))

    code, running = runner.run()

    assert code == 0
    pid = int(runner.text(1).split()[1])
    assert f"killing process {pid}" in running.log
