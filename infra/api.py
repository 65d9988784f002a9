"""The HTTP API: one method for each of the service's routes."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Fn, RemovalPolicy, Size, Stack
from aws_cdk.aws_apigateway import (
    AccessLogFormat,
    ApiKey,
    AuthorizationType,
    Cors,
    EndpointType,
    LambdaIntegration,
    LogGroupLogDestination,
    MethodDeploymentOptions,
    MethodLoggingLevel,
    Resource,
    RestApi,
    StageOptions,
    ThrottleSettings,
    UsagePlan,
)
from aws_cdk.aws_iam import AccountPrincipal, AnyPrincipal, IPrincipal, PolicyDocument, PolicyStatement
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from infra.gateway_responses import add_gateway_responses
from infra.log_groups import LogGroups
from infra.nag_acknowledgments import acknowledge
from infra.routes import Route
from infra.settings import ApiSection

__all__ = ["STAGE", "Api", "runner_requests_per_second"]

STAGE: Final = "v1"
"""Name of the stage: the first part of every path."""

_HEARTBEAT_SECONDS: Final = 15
"""Interval of a runner's heartbeats [s] (docs/runner-protocol.md)."""

_LOGGING_LEVEL: Final = MethodLoggingLevel.ERROR
"""Log only requests that the gateway could not serve."""

_RUNNER_METHOD_THROTTLE: Final = (2500, 1250)
"""Rate and burst of each runner method: the account's quota in the regions where it is lowest (API Gateway Developer Guide, "Amazon API
Gateway quotas"). AWS does not document whether requests without a valid API key count against a method's throttle. If they do, nobody
can use up this throttle without using up the account's. The usage plan limits the runners."""

_AUTHORIZATION: Final = {"users": AuthorizationType.IAM, "runners": AuthorizationType.NONE}

_CORS_HEADERS: Final = (
    "authorization",
    "content-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
)

_ACCESS_LOG: Final[Mapping[str, str]] = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "caller": "$context.identity.userArn",
    "source_ip": "$context.identity.sourceIp",
}
"""Fields of the access log. Query, headers, and body are left out because they may contain secrets."""


_FINDINGS: Final[Mapping[str, str]] = {
    "APIG2": "The service validates every field of a request itself, with error messages that help the caller.",
    "APIG3": "Requests are signed by known users and throttled. A web ACL costs more a month than the rest of an idle stack."
    " Operators who need one can attach it to the stage.",
    "APIG4": "Containers, which deliberately have no AWS identity, call the routes under /runs. Each proves two factors, then sends"
    " a session token that the service checks. Preflight requests are never signed.",
    "COG4": "Users sign in with IAM, as everywhere else in their account; there is no second user directory.",
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]": "The account's role for"
    " API Gateway logs, as AWS defines it. All APIs of the region share it.",
}
"""Findings of cdk-nag about the API that are acknowledged, with their reasons."""


class Api(Construct):
    """The REST API, its stage `v1`, its logs, and its throttles.

    Parameters
    ----------
    function
        Handles every request.
    routes
        The routes that the service declares.
    settings
        The section `[api]`.
    max_running_jobs
        Maximum number of concurrent runners, which determines their throttle.
    runner_api_key
        Value of the API key that runners send. It is not a credential: it keeps others out of the runners' usage plan.
    log_groups
        Creates the log groups.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: IFunction,
        routes: Sequence[Route],
        settings: ApiSection,
        max_running_jobs: int,
        runner_api_key: str,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.access_log = log_groups.make(self, "AccessLog")
        runner_routes = [route for route in routes if route.audience == "runners"]
        self.rest_api = RestApi(
            self,
            "RestApi",
            rest_api_name=Stack.of(self).stack_name,
            description="Notebook jobs: /scheduler for users, /runs for the containers that execute them",
            endpoint_types=[EndpointType.REGIONAL],
            policy=_resource_policy(settings.accounts) if settings.accounts else None,
            cloud_watch_role=settings.account_log_role,
            # Other APIs of the region may use the role, so it stays when the stack is destroyed.
            cloud_watch_role_removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.account_log_role else None
            ),
            min_compression_size=Size.kibibytes(1),
            deploy_options=self._stage_options(runner_routes),
        )
        self._add_methods(routes, function)
        self._add_usage_plan(runner_api_key, runner_requests_per_second(max_running_jobs))
        add_gateway_responses(self.rest_api)
        self._keep_execution_logs_short(log_groups)
        self.rest_api.node.try_remove_child("Endpoint")  # CDK's output of the URL; the stack has its own outputs
        self._acknowledge_findings()

    @property
    def url(self) -> str:
        """The stage's URL, without a trailing slash."""
        stack = Stack.of(self)
        return f"https://{self.rest_api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}/{STAGE}"

    def invoke_scheduler(self) -> PolicyStatement:
        """Return the statement that allows a user to call the routes under /scheduler."""
        return PolicyStatement(
            sid="UseTheScheduler",
            actions=["execute-api:Invoke"],
            resources=[self.rest_api.arn_for_execute_api("*", "/scheduler/*", STAGE)],
        )

    def _stage_options(self, runner_routes: Sequence[Route]) -> StageOptions:
        # A method with its own settings inherits none from the stage (API Gateway, MethodSetting), so all are repeated here.
        of_runners = MethodDeploymentOptions(
            logging_level=_LOGGING_LEVEL,
            data_trace_enabled=False,
            metrics_enabled=False,
            throttling_rate_limit=_RUNNER_METHOD_THROTTLE[0],
            throttling_burst_limit=_RUNNER_METHOD_THROTTLE[1],
        )
        return StageOptions(
            stage_name=STAGE,
            access_log_destination=LogGroupLogDestination(self.access_log),
            access_log_format=AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
            logging_level=_LOGGING_LEVEL,
            data_trace_enabled=False,
            metrics_enabled=False,
            tracing_enabled=True,
            throttling_rate_limit=self._settings.throttle_rate,
            throttling_burst_limit=self._settings.throttle_burst,
            method_options={f"{route.path}/{route.method}": of_runners for route in runner_routes},
        )

    def _add_methods(self, routes: Sequence[Route], function: IFunction) -> None:
        # One permission for the whole API: one for each method would exceed the 20 KB limit of a function's policy.
        integration = LambdaIntegration(function, proxy=True, scope_permission_to_method=False)
        for route in routes:
            resource = self.rest_api.root.resource_for_path(route.path)
            resource.add_method(
                route.method,
                integration,
                authorization_type=_AUTHORIZATION[route.audience],
                api_key_required=route.audience == "runners",
            )
        users_routes = [route for route in routes if route.audience == "users"]
        for path in {route.path: None for route in users_routes}:
            methods = [route.method for route in users_routes if route.path == path]
            self._add_preflight(self.rest_api.root.resource_for_path(path), methods)

    def _add_usage_plan(self, runner_api_key: str, rate: int) -> None:
        """Throttle runners separately. The gateway rejects requests without their API key before it calls the function."""
        key = ApiKey(self, "RunnerApiKey", value=runner_api_key, description="Sent by runners; not a secret")
        plan = UsagePlan(
            self,
            "RunnerPlan",
            description="Requests of runners",
            throttle=ThrottleSettings(rate_limit=rate, burst_limit=2 * rate),
        )
        plan.add_api_stage(api=self.rest_api, stage=self.rest_api.deployment_stage)
        plan.add_api_key(key)

    def _add_preflight(self, resource: Resource, methods: Sequence[str]) -> None:
        resource.add_cors_preflight(
            allow_origins=Cors.ALL_ORIGINS if "*" in self._settings.cors_origins else list(self._settings.cors_origins),
            allow_methods=[*methods, "OPTIONS"],
            allow_headers=list(_CORS_HEADERS),
        )

    def _acknowledge_findings(self) -> None:
        for finding, reason in _FINDINGS.items():
            acknowledge(self, finding, reason)

    def _keep_execution_logs_short(self, log_groups: LogGroups) -> None:
        """Create the log group that API Gateway would otherwise create without a retention."""
        group = log_groups.make(
            self,
            "ExecutionLog",
            name=Fn.join("", ["API-Gateway-Execution-Logs_", self.rest_api.rest_api_id, "/", STAGE]),
        )
        self.rest_api.deployment_stage.node.add_dependency(group)


def _resource_policy(accounts: Sequence[str]) -> PolicyDocument:
    """Allow callers of other accounts whose own policies allow them, too.

    A caller of another account needs both: its own policy and the API's resource policy. For methods without authorization the resource
    policy alone decides, so it allows the runners' routes and preflight requests (API Gateway Developer Guide, "How API Gateway
    resource policies affect authorization workflow"). Callers of the stack's own account need only their own policy.
    """
    return PolicyDocument(
        statements=[
            _allow_invoke([AccountPrincipal(account) for account in accounts], "*/scheduler/*"),
            _allow_invoke([AnyPrincipal()], "*/runs/*", "OPTIONS/scheduler/*"),
        ]
    )


def _allow_invoke(principals: Sequence[IPrincipal], *methods: str) -> PolicyStatement:
    # The short form, which API Gateway expands: the API's ARN is not known before the API exists.
    resources = [f"execute-api:/{STAGE}/{method}" for method in methods]
    return PolicyStatement(actions=["execute-api:Invoke"], principals=list(principals), resources=resources)


def runner_requests_per_second(max_running_jobs: int) -> int:
    """Return the number of requests a second that all runners together may send.

    Each runner sends a heartbeat every 15 s and on every change of phase; the limit is twice the interval's rate. A start takes three more
    requests (check-in, work order, heartbeat) and an end five (two phases, notebook, outputs, report). Dispatch launches up to 18 runners
    a second, and 18 starts and 18 ends are 144 requests.
    """
    return 150 + 2 * max_running_jobs // _HEARTBEAT_SECONDS
