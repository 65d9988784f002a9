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


def test_the_api_has_exactly_the_routes_of_the_service(stack: Synthesized) -> None:
    assert sorted(route for route in methods(stack) if route.method != "OPTIONS") == read_routes()


def test_the_service_has_routes_for_users_and_for_runners() -> None:
    assert {route.audience for route in read_routes()} == {"users", "runners"}
    assert all(route.path.startswith(("/scheduler/", "/runs/")) for route in read_routes())


@pytest.mark.parametrize("route", read_routes(), ids=str)
def test_users_sign_requests_and_runners_send_a_token(route: Route, stack: Synthesized) -> None:
    method = methods(stack)[route]
    assert method["AuthorizationType"] == ("NONE" if route.path.startswith("/runs/") else "AWS_IAM")
    assert method["Integration"]["Type"] == "AWS_PROXY"
    assert stack.id_of("AWS::Lambda::Function", "FunctionsApi") in flat(method["Integration"]["Uri"])


def test_routes_for_users_allow_preflight_requests(stack: Synthesized) -> None:
    option_paths = {route.path for route in methods(stack) if route.method == "OPTIONS"}
    assert option_paths == {route.path for route in read_routes() if route.audience == "users"}


def test_a_preflight_response_allows_the_headers_of_signed_requests(stack: Synthesized) -> None:
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


def test_gateway_errors_have_the_format_of_the_service(stack: Synthesized) -> None:
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


def test_a_missing_api_key_gets_the_same_response_as_a_missing_proof(stack: Synthesized) -> None:
    responses = {each["ResponseType"]: each for each in stack.all("AWS::ApiGateway::GatewayResponse").values()}
    response, refusal = responses["INVALID_API_KEY"], NotAllowedError.for_runner()
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert (body["message"], body["code"]) == (refusal.message, refusal.code)
    assert response.get("StatusCode", "403") == str(refusal.status), "API Gateway's own status is 403"


def test_a_throttled_response_has_a_retry_after_header(stack: Synthesized) -> None:
    responses = {each["ResponseType"]: each for each in stack.all("AWS::ApiGateway::GatewayResponse").values()}
    assert responses["THROTTLED"]["ResponseParameters"]["gatewayresponse.header.Retry-After"] == "'2'"


def test_only_routes_for_runners_require_an_api_key(stack: Synthesized) -> None:
    for route, method in methods(stack).items():
        assert method.get("ApiKeyRequired", False) is route.path.startswith("/runs/"), route


def test_runners_have_their_own_throttle(stack: Synthesized, operators: Synthesized) -> None:
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


def test_runners_send_the_api_key_of_the_gateway(stack: Synthesized) -> None:
    """Letters and digits, of which API Gateway takes 20 to 128: the stack's UUID without hyphens."""
    key = stack.one("AWS::ApiGateway::ApiKey")
    uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    parts = [{"Fn::Select": [place, {"Fn::Split": ["-", uuid]}]} for place in range(5)]
    assert key["Value"] == {"Fn::Join": ["", parts]}
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["Environment"] == [{"Name": "API_KEY", "Value": key["Value"]}]


def test_unauthenticated_requests_cannot_use_up_the_throttle_of_runners(
    stack: Synthesized, operators: Synthesized
) -> None:
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


def test_the_heartbeats_of_all_runners_fit_into_the_throttle() -> None:
    assert all(runner_requests_per_second(jobs) > jobs / 15 + 18 * 8 for jobs in (1, 100, 5000))
    assert runner_requests_per_second(5000) < 1250, (
        "the most that the settings allow stays below the stage's own throttle"
    )


def test_the_access_log_contains_no_field_with_secrets(stack: Synthesized) -> None:
    logged = json.loads(stack.one("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"])
    assert {"request_id", "route", "status", "caller"} <= set(logged)
    assert not [
        value for value in logged.values() if any(word in value for word in ("header", "query", "body", "authorizer"))
    ]


@pytest.mark.parametrize("route", read_routes(), ids=str)
def test_method_settings_repeat_the_settings_of_the_stage(route: Route, stack: Synthesized) -> None:
    """A method with settings of its own inherits none of the stage's."""
    api_stage = stack.one("AWS::ApiGateway::Stage")
    by_method = {(each["ResourcePath"], each["HttpMethod"]): each for each in api_stage["MethodSettings"]}
    own = by_method.get((f"/{route.path.replace('/', '~1')}", route.method), by_method["/*", "*"])
    assert (own["LoggingLevel"], own["DataTraceEnabled"], own["MetricsEnabled"]) == ("ERROR", False, False)
    assert own["ThrottlingRateLimit"] > 0
    assert own["ThrottlingBurstLimit"] > 0
    assert api_stage["TracingEnabled"] is True


def test_a_resource_policy_exists_only_for_callers_of_other_accounts(
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


def test_the_accounts_log_role_is_not_set_if_another_stack_owns_it(stack: Synthesized, operators: Synthesized) -> None:
    assert len(stack.all("AWS::ApiGateway::Account")) == 1
    assert not operators.all("AWS::ApiGateway::Account")


def test_api_and_stack_stay_below_the_quotas_of_aws(stack: Synthesized) -> None:
    assert len(stack.all("AWS::ApiGateway::Resource")) < 300
    assert len(stack.template["Resources"]) < 400
