"""The environment variables of the kernel."""

from collections.abc import Callable

from tests.runner.conftest import Runner, notebook


def test_a_notebook_and_its_children_learn_which_run_it_is(runner: Runner, order: Callable[..., None]) -> None:
    name = "JUPYTER_SCHEDULER_SCHEDULED_TIME"
    order(
        notebook(f"import os\nprint(os.environ['{name}'])", f"!echo ${name}"),
        variables={name: "2026-11-23T20:00:00+01:00"},
    )

    assert runner.run()[0] == 0

    assert (runner.text(1).strip(), runner.text(2).strip()) == 2 * ("2026-11-23T20:00:00+01:00",)
