from collections.abc import Callable

from tests.runner.conftest import Runner, notebook
from tests.runner.fake_service import FakeService


def test_a_run_from_check_in_to_report(runner: Runner, service: FakeService, order: Callable[..., None]) -> None:
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

    assert (code, runner.outcome["code"]) == (0, "succeeded"), running.log
    assert runner.text(3) == "hello Anna\n"
    assert sorted(service.outputs) == ["report-out.html", "report-out.ipynb", "result.csv"]
    assert service.phases() == ["starting_kernel", "running", "converting", "uploading"]
