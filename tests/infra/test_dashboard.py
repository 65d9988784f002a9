"""The dashboard shows what the service measures, by the names that the service uses, and costs nothing."""

import ast
import json
import re
from typing import Any

import pytest

from tests.infra.synthesized import Synthesized, flat
from tests.infra.test_alarms import alarms
from tests.structure.sources import sources

MOST_METRICS = 50
"""Metrics of a dashboard in the free tier (CloudWatch pricing)."""

QUERY_WORDS = {"filter", "fields", "stats", "sort", "desc", "by", "as", "and", "message", "in"}
FUNCTIONS = {"sum", "count", "max", "pct", "bin", "strcontains", "ispresent"}


def widgets(found: Synthesized) -> dict[str, dict[str, Any]]:
    """Return the properties of the dashboard's widgets by title."""
    body = json.loads(flat(found.one("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    titled = {each["properties"]["title"]: each["properties"] for each in body["widgets"]}
    assert len(titled) == len(body["widgets"])
    return titled


def metrics(found: Synthesized) -> list[tuple[str, ...]]:
    """Return every metric on the dashboard: namespace, name, and dimensions."""
    rows = (row for each in widgets(found).values() for row in each.get("metrics", []))
    return [tuple(cell for cell in row if isinstance(cell, str)) for row in rows]


def queries(found: Synthesized) -> dict[str, str]:
    """Return the queries of logs by title, without the groups that they read."""
    logs = {title: each["query"] for title, each in widgets(found).items() if "query" in each}
    return {title: re.sub(r"SOURCE '[^']*' \| ", "", query) for title, query in logs.items()}


def calls(function: str) -> list[ast.Call]:
    """Find the calls of a function of the service."""
    nodes = (node for source in sources("chalicelib") for node in ast.walk(source.tree))
    return [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == function]


def measured() -> dict[str, set[str]]:
    """Return the fields of every line that the service measures, by its message."""
    return {ast.literal_eval(call.args[0]): {str(each.arg) for each in call.keywords} for call in calls("measure")}


def written_names() -> set[str]:
    """Return every text of the service that can be the name of a metric."""
    nodes = (node for source in sources("chalicelib") for node in ast.walk(source.tree))
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def test_the_dashboard_is_within_the_free_tier(stack: Synthesized) -> None:
    assert len(metrics(stack)) <= MOST_METRICS


def test_every_line_that_the_service_measures_is_on_the_dashboard(stack: Synthesized) -> None:
    shown = {match for query in queries(stack).values() for match in re.findall(r'message = "([^"]+)"', query)}
    assert shown == measured().keys()


def test_queries_use_only_fields_that_the_service_writes(stack: Synthesized) -> None:
    for title, query in queries(stack).items():
        message = re.search(r'message = "([^"]+)"', query)
        written = measured()[message[1]] if message else {"service", "work"}
        named = set(re.findall(r"(?<= as )\w+", query))
        words = set(re.findall(r"(?<!\w)[a-z][a-z_0-9]*", re.sub(r'"[^"]*"', "", query)))
        assert words - named - QUERY_WORDS - FUNCTIONS <= written, title


def test_the_services_own_metrics_are_those_that_it_counts(stack: Synthesized) -> None:
    own = {metric for metric in metrics(stack) if metric[0] == "JupyterScheduler"}
    variables = (each["Environment"]["Variables"] for each in stack.all("AWS::Lambda::Function").values())
    services = {each["POWERTOOLS_SERVICE_NAME"] for each in variables} | {"background"}
    assert {name for _, name, *_ in own} <= written_names()
    assert {(metric[2], metric[3] in services) for metric in own} == {("service", True)}


@pytest.mark.parametrize("name", ["Errors", "Throttles"])
def test_every_function_has_its_errors_and_throttles(name: str, stack: Synthesized) -> None:
    shown = {metric[3] for metric in metrics(stack) if metric[:2] == ("AWS/Lambda", name)}
    assert shown == {f"<{each}>" for each in stack.all("AWS::Lambda::Function")}


def test_every_dead_letter_queue_is_shown(stack: Synthesized) -> None:
    shown = {metric[3] for metric in metrics(stack) if metric[0] == "AWS/SQS"}
    assert shown == {f"<{name}.QueueName>" for name in stack.all("AWS::SQS::Queue") if name.startswith("QueuesDead")}


def test_requests_and_their_latency_are_those_of_the_stage(stack: Synthesized) -> None:
    rows = [row for each in widgets(stack).values() for row in each.get("metrics", []) if row[0] == "AWS/ApiGateway"]
    stage = stack.id_of("AWS::ApiGateway::Stage", "Api")
    assert {tuple(row[2:6]) for row in rows} == {("ApiName", "jupyter-scheduler", "Stage", f"<{stage}>")}
    shown = sorted((row[1], row[6]["stat"]) for row in rows)
    assert shown == [
        ("4XXError", "Sum"),
        ("5XXError", "Sum"),
        ("Count", "Sum"),
        ("Latency", "p50"),
        ("Latency", "p99"),
    ]


def test_queries_read_log_groups_of_functions_that_write_the_lines(stack: Synthesized) -> None:
    groups = set(stack.all("AWS::Logs::LogGroup"))
    for title, each in widgets(stack).items():
        read = set(re.findall(r"SOURCE '<(\w+)>'", each.get("query", "")))
        assert read <= groups, title
        if title == "Background failures, by work":
            assert len(read) == len(stack.all("AWS::Lambda::Function"))


def test_all_alarms_are_shown_and_the_threshold_of_waiting_jobs(stack: Synthesized, operators: Synthesized) -> None:
    for found, seconds in ((stack, 3600), (operators, 1800)):
        assert len(widgets(found)["Alarms"]["alarms"]) == len(alarms(found))
        chart = widgets(found)["Oldest job that waits for the stack or for AWS [s]"]
        assert [each["value"] for each in chart["annotations"]["horizontal"]] == [seconds]


def test_names_of_dashboards_differ_by_stack_and_region(stack: Synthesized, operators: Synthesized) -> None:
    """An account has one list of dashboards for all regions."""
    names = [flat(found.one("AWS::CloudWatch::Dashboard")["DashboardName"]) for found in (stack, operators)]
    assert names == ["jupyter-scheduler-<AWS::Region>", "theirs-<AWS::Region>"]


def test_an_operator_can_do_without(first: Synthesized) -> None:
    assert first.all("AWS::CloudWatch::Dashboard") == {}
