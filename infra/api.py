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
from infra.nag_acknowledgments import explain
from infra.routes import Route
from infra.settings import ApiSection

__all__ = ["STAGE", "Api", "runner_rate"]

STAGE: Final = "v1"
"""Name of the stage: the first part of every path."""

_HEARTBEAT_SECONDS: Final = 15
"""How often a runner beats [s] (docs/runner-protocol.md)."""

_LOGGING_LEVEL: Final = MethodLoggingLevel.ERROR
"""Only why the gateway could not serve a request."""

_UNFILLED: Final = (2500, 1250)
"""Rate and burst of the stage's throttle for each method of the runners: what the whole account may take where AWS gives it least (API Gateway Developer
Guide, "Amazon API Gateway quotas"). AWS does not say whether requests without a valid API key take from a method's bucket. If they do,
nobody can empty this one without emptying the account's. What runners get is in their usage plan."""

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
"""What is logged of a request: nothing of its query, headers or body, where secrets may be."""


_FINDINGS: Final[Mapping[str, str]] = {
    "APIG2": "The service checks every field of a request itself, and says what is wrong with it in words that a person can use.",
    "APIG3": "Requests are signed by known people and throttled; a web ACL costs more a month than the rest of an idle stack."
    " Operators attach one to the stage where they must.",
    "APIG4": "Routes under /runs are called by containers, which have no AWS identity on purpose: each proves itself by two factors, then"
    " by a session token that the service checks. Preflight requests are never signed.",
    "COG4": "People are known by IAM, as everywhere else in their account; there is no second directory of users.",
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]": "The account's role for"
    " logs of API Gateway, as AWS defines it; it belongs to the account's whole region, not to this API.",
}
"""Findings of cdk-nag about the API that are meant to be so."""


class Api(Construct):
    """The REST API, its stage `v1`, its logs, and its throttles.

    Parameters
    ----------
    function
        Answers every request.
    routes
        What the service declares.
    settings
        The section `[api]`.
    max_running_jobs
        Most runners at one time; their throttle follows from it.
    runner_api_key
        Value of the API key that runners send. It proves nothing: it keeps strangers out of the runners' usage plan.
    log_groups
        Makes the log groups.
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
            # Other APIs of the region may have come to rely on the role, so it stays when the stack goes.
            cloud_watch_role_removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.account_log_role else None
            ),
            min_compression_size=Size.kibibytes(1),
            deploy_options=self._stage_options(runner_routes),
        )
        self._add_methods(routes, function)
        self._add_usage_plan(runner_api_key, runner_rate(max_running_jobs))
        add_gateway_responses(self.rest_api)
        self._keep_execution_logs_short(log_groups)
        self.rest_api.node.try_remove_child(
            "Endpoint"
        )  # CDK's own output of the URL; the stack writes its outputs itself
        self._explain()

    @property
    def url(self) -> str:
        """The stage's URL, without a slash at the end."""
        stack = Stack.of(self)
        return f"https://{self.rest_api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}/{STAGE}"

    def invoke_scheduler(self) -> PolicyStatement:
        """Name what a user must be allowed: the routes under /scheduler, and no other."""
        return PolicyStatement(
            sid="UseTheScheduler",
            actions=["execute-api:Invoke"],
            resources=[self.rest_api.arn_for_execute_api("*", "/scheduler/*", STAGE)],
        )

    def _stage_options(self, runner_routes: Sequence[Route]) -> StageOptions:
        # A method with settings of its own inherits none of the stage's (API Gateway, MethodSetting), so these name all of them.
        of_runners = MethodDeploymentOptions(
            logging_level=_LOGGING_LEVEL,
            data_trace_enabled=False,
            metrics_enabled=False,
            throttling_rate_limit=_UNFILLED[0],
            throttling_burst_limit=_UNFILLED[1],
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
        # One permission for the whole API: one for each method would outgrow the 20 KB of a function's policy.
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
        """Give runners a bucket of their own; the gateway refuses whoever comes without their key before it calls the function."""
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

    def _explain(self) -> None:
        for finding, reason in _FINDINGS.items():
            explain(self, finding, reason)

    def _keep_execution_logs_short(self, log_groups: LogGroups) -> None:
        """Make the group that API Gateway would make by itself, and keep for ever."""
        group = log_groups.make(
            self,
            "ExecutionLog",
            name=Fn.join("", ["API-Gateway-Execution-Logs_", self.rest_api.rest_api_id, "/", STAGE]),
        )
        self.rest_api.deployment_stage.node.add_dependency(group)


def _resource_policy(accounts: Sequence[str]) -> PolicyDocument:
    """Admit callers of other accounts whose own policies admit them, too.

    For a caller of another account API Gateway wants both: the caller's policy and the API's resource policy. A resource policy
    also decides alone about methods without authorization, so it leaves those open that are meant to be: the runners' routes and
    preflight requests (API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow").
    Callers of the stack's own account need nothing but their own policy, as without a resource policy.
    """
    return PolicyDocument(
        statements=[
            _allow_invoke([AccountPrincipal(account) for account in accounts], "*/scheduler/*"),
            _allow_invoke([AnyPrincipal()], "*/runs/*", "OPTIONS/scheduler/*"),
        ]
    )


def _allow_invoke(principals: Sequence[IPrincipal], *methods: str) -> PolicyStatement:
    # The short form, which API Gateway completes: the API's own ARN is not known before the API is made.
    resources = [f"execute-api:/{STAGE}/{method}" for method in methods]
    return PolicyStatement(actions=["execute-api:Invoke"], principals=list(principals), resources=resources)


def runner_rate(max_running_jobs: int) -> int:
    """Count the requests a second that all runners together may make.

    Heartbeats come every 15 s from each runner, and on every change of phase: twice that. A start takes three more (check-in, work order,
    heartbeat), an end five (two phases, notebook, outputs, report); 18 of each a second, as fast as dispatch launches, are 144.
    """
    return 150 + 2 * max_running_jobs // _HEARTBEAT_SECONDS
