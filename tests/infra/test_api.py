"""One method for each of the service's routes, signed by users, and errors in one shape."""

import json
from typing import Any

import pytest

from chalicelib.errors import NotAllowedError
from infra.api import runner_requests_per_second
from infra.routes import Route, read_routes
from tests.infra.synthesized import Synthesized, flat


def paths(stack: Synthesized) -> dict[str, str]:
    """Path of each API Gateway resource, by logical id."""
    resources = stack.all("AWS::ApiGateway::Resource")

    def path(name: str) -> str:
        parent = resources[name]["ParentId"]
        before = path(parent["Ref"]) if "Ref" in parent else ""
        return f"{before}/{resources[name]['PathPart']}"

    return {name: path(name) for name in resources}


def methods(stack: Synthesized) -> dict[Route, dict[str, Any]]:
    by_id = paths(stack)
    return {
        Route(by_id[each["ResourceId"]["Ref"]], each["HttpMethod"]): each
        for each in stack.all("AWS::ApiGateway::Method").values()
    }


def test_the_routes_are_the_service_s(stack: Synthesized) -> None:
    assert sorted(route for route in methods(stack) if route.method != "OPTIONS") == read_routes()


def test_the_service_has_both_kinds_of_routes() -> None:
    assert {route.audience for route in read_routes()} == {"users", "runners"}
    assert all(route.path.startswith(("/scheduler/", "/runs/")) for route in read_routes())


@pytest.mark.parametrize("route", read_routes(), ids=str)
def test_users_sign_and_runners_bring_a_token(route: Route, stack: Synthesized) -> None:
    method = methods(stack)[route]
    assert method["AuthorizationType"] == ("NONE" if route.path.startswith("/runs/") else "AWS_IAM")
    assert method["Integration"]["Type"] == "AWS_PROXY"
    assert stack.id_of("AWS::Lambda::Function", "FunctionsApi") in flat(method["Integration"]["Uri"])


def test_a_browser_may_ask_before_it_calls_what_users_call(stack: Synthesized) -> None:
    asked = {route.path for route in methods(stack) if route.method == "OPTIONS"}
    assert asked == {route.path for route in read_routes() if route.audience == "users"}


def test_a_preflight_allows_what_signing_needs(stack: Synthesized) -> None:
    (response,) = methods(stack)[Route("/scheduler/jobs", "OPTIONS")]["Integration"]["IntegrationResponses"]
    headers = {name.rpartition(".")[2]: value for name, value in response["ResponseParameters"].items()}
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    assert set(headers["Access-Control-Allow-Methods"].strip("'").split(",")) == {"GET", "POST", "OPTIONS"}
    allowed = set(headers["Access-Control-Allow-Headers"].strip("'").split(","))
    assert {"authorization", "content-type", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"} <= allowed


RESPONSES = {
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "MISSING_AUTHENTICATION_TOKEN",
    "UNAUTHORIZED",
    "INVALID_SIGNATURE",
    "EXPIRED_TOKEN",
    "ACCESS_DENIED",
    "INVALID_API_KEY",
    "THROTTLED",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_TIMEOUT",
    "INTEGRATION_FAILURE",
}


def test_every_error_of_the_gateway_has_the_service_s_shape(stack: Synthesized) -> None:
    responses = {each["ResponseType"]: each for each in stack.all("AWS::ApiGateway::GatewayResponse").values()}
    assert set(responses) == RESPONSES
    for response in responses.values():
        body = response["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"said"')
        read = json.loads(body)
        assert list(read) == ["message", "reason", "code", "request_id"]
        assert read["message"]
        assert read["reason"] is None
        assert read["request_id"] == "$context.requestId"
        assert response["ResponseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"


def test_who_has_no_api_key_learns_as_little_as_who_has_no_proof(stack: Synthesized) -> None:
    responses = {each["ResponseType"]: each for each in stack.all("AWS::ApiGateway::GatewayResponse").values()}
    response, refusal = responses["INVALID_API_KEY"], NotAllowedError.for_runner()
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert (body["message"], body["code"]) == (refusal.message, refusal.code)
    assert response.get("StatusCode", "403") == str(refusal.status), "API Gateway's own status is 403"


def test_a_throttled_caller_is_told_when_to_come_again(stack: Synthesized) -> None:
    responses = {each["ResponseType"]: each for each in stack.all("AWS::ApiGateway::GatewayResponse").values()}
    assert responses["THROTTLED"]["ResponseParameters"]["gatewayresponse.header.Retry-After"] == "'2'"


def test_runners_bring_an_api_key_and_users_do_not(stack: Synthesized) -> None:
    for route, method in methods(stack).items():
        assert method.get("ApiKeyRequired", False) is route.path.startswith("/runs/"), route


def test_runners_have_a_bucket_of_their_own(stack: Synthesized, operators: Synthesized) -> None:
    for found, jobs in ((stack, 100), (operators, 1500)):
        plan = found.one("AWS::ApiGateway::UsagePlan")
        assert plan["Throttle"] == {
            "RateLimit": runner_requests_per_second(jobs),
            "BurstLimit": 2 * runner_requests_per_second(jobs),
        }
        assert "Quota" not in plan
        ((stage,),) = (plan["ApiStages"],)
        assert flat(stage["Stage"]) == f"<{found.id_of('AWS::ApiGateway::Stage', 'Api')}>"
        joined = found.one("AWS::ApiGateway::UsagePlanKey")
        assert flat(joined["KeyId"]) == f"<{found.id_of('AWS::ApiGateway::ApiKey', 'Api')}>"
        assert flat(joined["UsagePlanId"]) == f"<{found.id_of('AWS::ApiGateway::UsagePlan', 'Api')}>"


def test_runners_send_the_key_that_the_gateway_knows(stack: Synthesized) -> None:
    """Letters and digits, of which API Gateway takes 20 to 128: the stack's UUID without hyphens."""
    key = stack.one("AWS::ApiGateway::ApiKey")
    uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    parts = [{"Fn::Select": [place, {"Fn::Split": ["-", uuid]}]} for place in range(5)]
    assert key["Value"] == {"Fn::Join": ["", parts]}
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["Environment"] == [{"Name": "API_KEY", "Value": key["Value"]}]


def test_strangers_cannot_empty_a_bucket_that_runners_need(stack: Synthesized, operators: Synthesized) -> None:
    """AWS does not say whether requests without a key take from the stage's buckets: those of runners are the smallest account's own."""
    for found in (stack, operators):
        limits = {
            each["ResourcePath"].replace("~1", "/").replace("//", "/"): (
                each["ThrottlingRateLimit"],
                each["ThrottlingBurstLimit"],
            )
            for each in found.one("AWS::ApiGateway::Stage")["MethodSettings"]
        }
        assert limits.pop("/*") == (100, 200)
        assert set(limits) == {route.path for route in read_routes() if route.audience == "runners"}
        assert set(limits.values()) == {(2500, 1250)}


def test_every_runner_s_beats_fit_into_the_throttle() -> None:
    assert all(runner_requests_per_second(jobs) > jobs / 15 + 18 * 8 for jobs in (1, 100, 5000))
    assert runner_requests_per_second(5000) < 1250, (
        "the most that the settings allow stays below the stage's own throttle"
    )


def test_the_access_log_has_no_place_for_secrets(stack: Synthesized) -> None:
    logged = json.loads(stack.one("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"])
    assert {"request_id", "route", "status", "caller"} <= set(logged)
    assert not [
        value for value in logged.values() if any(word in value for word in ("header", "query", "body", "authorizer"))
    ]


@pytest.mark.parametrize("route", read_routes(), ids=str)
def test_every_method_s_own_settings_say_what_the_stage_s_say(route: Route, stack: Synthesized) -> None:
    """A method with settings of its own inherits none of the stage's."""
    api_stage = stack.one("AWS::ApiGateway::Stage")
    by_method = {(each["ResourcePath"], each["HttpMethod"]): each for each in api_stage["MethodSettings"]}
    own = by_method.get((f"/{route.path.replace('/', '~1')}", route.method), by_method["/*", "*"])
    assert (own["LoggingLevel"], own["DataTraceEnabled"], own["MetricsEnabled"]) == ("ERROR", False, False)
    assert own["ThrottlingRateLimit"] > 0
    assert own["ThrottlingBurstLimit"] > 0
    assert api_stage["TracingEnabled"] is True


def test_callers_of_other_accounts_need_the_api_s_policy_and_others_do_not(
    stack: Synthesized, operators: Synthesized
) -> None:
    assert "Policy" not in stack.one("AWS::ApiGateway::RestApi")
    others, everybody = operators.one("AWS::ApiGateway::RestApi")["Policy"]["Statement"]
    assert {flat(each) for each in others["Principal"]["AWS"]} == {
        "arn:<AWS::Partition>:iam::210987654321:root",
        "arn:<AWS::Partition>:iam::012345678901:root",
    }
    assert others["Resource"] == "execute-api:/v1/*/scheduler/*"
    assert (others["Effect"], others["Action"]) == ("Allow", "execute-api:Invoke")
    # A resource policy decides alone about methods without authorization: these must stay open, and only these.
    assert everybody["Principal"] == {"AWS": "*"}
    open_methods = {
        f"execute-api:/v1/{'*' if route.method != 'OPTIONS' else 'OPTIONS'}/{route.path.split('/')[1]}/*"
        for route, method in methods(operators).items()
        if method["AuthorizationType"] == "NONE"
    }
    assert set(everybody["Resource"]) == open_methods


def test_the_account_s_log_role_is_left_to_whoever_owns_it(stack: Synthesized, operators: Synthesized) -> None:
    assert len(stack.all("AWS::ApiGateway::Account")) == 1
    assert not operators.all("AWS::ApiGateway::Account")


def test_there_is_room_in_the_api_and_in_the_stack(stack: Synthesized) -> None:
    assert len(stack.all("AWS::ApiGateway::Resource")) < 300
    assert len(stack.template["Resources"]) < 400
