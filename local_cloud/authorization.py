"""Patch MiniStack's authorization: every call is signed and evaluated against the policies of its caller.

MiniStack does this when `AUTH=true`. This module changes what differs from AWS: the permissions of some calls
(`authorization_rules.py`), the root user, and TLS. It records every evaluation, so that tests can compare the permissions
that functions use with those that they have.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from local_cloud.access_keys import AccessKey
from local_cloud.addresses import HOST
from local_cloud.authorization_rules import Request, Requirement, authorized_action, requirements
from local_cloud.emulator_compatibility import require
from local_cloud.permission_record import PermissionRecord

__all__ = ["EmulatedAuthorization"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.app": {
        "_enforce_execute_api": ("api_id", "stage", "method", "execute_path"),
        "pin_request_origin": ("source_ip", "secure_transport"),
    },
    "ministack.core.iam_actions": {
        "access_denied_response": ("service", "action", "principal_arn", "request_id"),
        "extract_iam_action": ("service", "method", "path", "headers", "body", "query_params"),
        "extract_resource_arn": ("service", "method", "path", "headers", "body", "query_params", "region"),
        "request_tag_context": ("service", "iam_action", "body", "params"),
    },
    "ministack.core.iam_evaluator": {
        "EvalContext": None,
        "_is_root_key": ("access_key_id",),
        "_gather_role_policies": ("role_name", "account_id"),
        "enforce": ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
        "evaluate": ("ctx", "policies"),
        "_conditions_met": ("conditions", "ctx"),
        "_service_principal_matches": ("principal", "service"),
        "is_root_access_key": ("access_key_id",),
        "pin_request_origin": ("source_ip", "secure_transport"),
    },
    "ministack.services.apigateway_v1": {"stages_for_api": ("api_id",)},
    "ministack.services.ecs": {"_resolve_td_key": ("ref",), "_task_defs": None},
    "ministack.services.iam": {"_roles": None},
    "ministack.services.sts": {"is_root_access_key": ("access_key_id",)},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_Headers = Mapping[str, str]

_needed_by_request: ContextVar[tuple[Requirement, ...]] = ContextVar("needed_by_request", default=())
_refused: ContextVar[Requirement | None] = ContextVar("refused", default=None)
_evaluated: ContextVar[Any] = ContextVar("evaluated", default=None)


class EmulatedAuthorization:
    """MiniStack's evaluation of permissions.

    Parameters
    ----------
    root_key
        The only credentials with all permissions.
    record
        Receives every evaluation.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, root_key: AccessKey, record: PermissionRecord) -> None:
        modules = require(_REQUIRED)
        self._app: Any = modules["ministack.app"]
        self._actions: Any = modules["ministack.core.iam_actions"]
        self._evaluator: Any = modules["ministack.core.iam_evaluator"]
        self._gateway: Any = modules["ministack.services.apigateway_v1"]
        self._definitions = _TaskDefinitions(modules["ministack.services.ecs"])
        self._iam: Any = modules["ministack.services.iam"]
        self._sts: Any = modules["ministack.services.sts"]
        self._root_key = root_key
        self._record = record

    def patch(self) -> None:
        """Replace what differs from AWS; call this before the first request."""
        self._evaluator.is_root_access_key = self._sts.is_root_access_key = self._is_root
        # MiniStack verifies every signature except those of root keys.
        self._evaluator._is_root_key = lambda _key_id: False
        self._app.pin_request_origin = self._assuming_tls(self._app.pin_request_origin)
        self._app._enforce_execute_api = self._on_existing_stages(self._app._enforce_execute_api)
        self._evaluator.evaluate = self._keeping_context(self._evaluator.evaluate)
        self._evaluator.enforce = self._enforcing_all(self._evaluator.enforce)
        self._actions.extract_iam_action = self._with_policy_names(self._actions.extract_iam_action)
        self._actions.extract_resource_arn = self._with_requirements(self._actions.extract_resource_arn)
        self._actions.request_tag_context = self._with_service_keys(self._actions.request_tag_context)
        self._actions.access_denied_response = self._naming_refused_permission(self._actions.access_denied_response)

    def allows_service(self, role_arn: str, action: str, resource: str, *, service: str, source_arn: str) -> bool:
        """Check whether a service may assume a role for one of its resources, and the role allows an action.

        Parameters
        ----------
        service
            The principal of the service, such as `scheduler.amazonaws.com`.
        source_arn
            The resource that the service acts for: the condition key `aws:SourceArn`.
        """
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        role = self._iam._roles.get_scoped(account, None, name)
        if role is None:
            return False
        keys = {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
        assume = self._context(service, account, "sts:AssumeRole", role_arn, keys)
        act = self._context(f"arn:aws:sts::{account}:assumed-role/{name}/{service}", account, action, resource, {})
        trusted = self._trusts(role["AssumeRolePolicyDocument"], service, assume)
        policies = self._evaluator._gather_role_policies(name, account)
        allowed = trusted and self._evaluator.evaluate(act, policies).decision == "Allow"
        self._record.add(act.principal_arn, action, resource, allowed=allowed)
        return bool(allowed)

    def assume_tls(self) -> None:
        """Treat the calls of this thread inside the emulator as sent over TLS, like requests."""
        self._evaluator.pin_request_origin(HOST, True)

    def _trusts(self, policy: str | Mapping[str, Any], service: str, context: Any) -> bool:
        """Check whether a trust policy allows a service to assume its role; MiniStack evaluates only those for accounts and roles."""
        document = json.loads(policy) if isinstance(policy, str) else policy
        statements = document.get("Statement", [])
        return any(
            statement.get("Effect") == "Allow"
            and self._evaluator._service_principal_matches(statement.get("Principal"), service)
            and self._evaluator._conditions_met(statement.get("Condition", {}), context)
            for statement in (statements if isinstance(statements, list) else [statements])
        )

    def _is_root(self, key_id: str) -> bool:
        """Check for the root key. No key stands for an unsigned request to S3, which S3 refuses unless its form is signed."""
        return key_id in ("", self._root_key.key_id)

    def _context(self, principal: str, account: str, action: str, resource: str, keys: Mapping[str, str]) -> Any:
        return self._evaluator.EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=resource,
            region=resource.split(":")[3],
            secure_transport=True,
            service_context=dict(keys),
        )

    def _assuming_tls(self, pin: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
        """Treat every request as sent over TLS (`aws:SecureTransport`): nobody can intercept loopback."""

        def pin_with_tls(source_ip: str, _secure_transport: bool) -> None:  # noqa: FBT001  MiniStack's own signature
            _needed_by_request.set(())
            _refused.set(None)
            pin(source_ip, True)

        return pin_with_tls

    @staticmethod
    def _with_policy_names(extract: Callable[..., str | None]) -> Callable[..., str | None]:
        def extract_named(*request: Any) -> str | None:
            action = extract(*request)
            return None if action is None else authorized_action(action)

        return extract_named

    def _on_existing_stages(self, enforce: Callable[..., Any]) -> Callable[..., Any]:
        """Evaluate calls of existing stages only; for any other API Gateway responds `Forbidden` to everybody."""

        def enforce_on_existing(api_id: str, stage: str, *rest: Any, **named: Any) -> Any:
            return enforce(api_id, stage, *rest, **named) if stage in self._gateway.stages_for_api(api_id) else None

        return enforce_on_existing

    def _with_requirements(self, extract: Callable[..., str]) -> Callable[..., str]:
        def extract_required(service: str, method: str, path: str, headers: _Headers, body: bytes, *rest: Any) -> str:
            query, region, account = rest
            request = Request(
                service=service,
                method=method,
                path=path,
                target=headers.get("x-amz-target", "").rpartition(".")[2],
                body=body,
                query=query,
                region=region,
                account=account,
            )
            needed = requirements(request, self._definitions)
            _needed_by_request.set(needed)
            return needed[0].resource if needed else extract(service, method, path, headers, body, *rest)

        return extract_required

    def _with_service_keys(self, tags: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def with_service_keys(service: str, action: str, body: bytes, params: Mapping[str, Any]) -> dict[str, Any]:
            needed = _needed_by_request.get()
            return {**tags(service, action, body, params), **(needed[0].context if needed else {})}

        return with_service_keys

    def _keeping_context(self, evaluate: Callable[..., Any]) -> Callable[..., Any]:
        def evaluate_and_keep(context: Any, *policies: Any) -> Any:
            _evaluated.set(context)
            return evaluate(context, *policies)

        return evaluate_and_keep

    def _enforcing_all(self, enforce: Callable[..., Any]) -> Callable[..., Any]:
        """Evaluate all permissions that a call needs, not only the one for its action, and record each result."""

        def enforce_one(key_id: str, action: str, service: str, region: str, **named: Any) -> Any:
            _evaluated.set(None)
            denied = enforce(key_id, action, service, region, **named)
            if (context := _evaluated.get()) is not None:  # None for the root user and for invalid credentials
                self._record.add(context.principal_arn, action, context.resource_arn, allowed=denied is None)
            return denied

        def enforce_all(key_id: str, action: str, service: str, region: str, *resource: Any, **named: Any) -> Any:
            if resource:
                named["resource_arn"] = resource[0]
            needed = _needed_by_request.get()
            if needed and needed[0].action == action and not named.get("service_context"):
                named["service_context"] = dict(needed[0].context)  # SES's calls come without
            denied = enforce_one(key_id, action, service, region, **named)
            if denied is not None or not needed or needed[0].action != action:
                return denied
            for other in needed[1:]:
                denied = enforce_one(
                    key_id,
                    other.action,
                    service,
                    region,
                    resource_arn=other.resource,
                    service_context=dict(other.context),
                )
                if denied is not None:
                    _refused.set(other)
                    return denied
            return None

        return enforce_all

    def _naming_refused_permission(self, respond: Callable[..., Any]) -> Callable[..., Any]:
        def respond_naming(service: str, action: str, principal_arn: str, request_id: str, **named: Any) -> Any:
            if (refused := _refused.get()) is not None:
                action, named["resource_arn"] = refused.action, refused.resource
            return respond(service, action, principal_arn, request_id, **named)

        return respond_naming


class _TaskDefinitions:
    """MiniStack's task definitions."""

    def __init__(self, ecs: Any) -> None:
        self._ecs = ecs

    def newest_revision(self, definition: str) -> str:
        return str(self._ecs._resolve_td_key(definition))

    def roles(self, definition: str) -> tuple[str, ...]:
        found = self._ecs._task_defs.get(definition) or {}
        return tuple(found[name] for name in ("taskRoleArn", "executionRoleArn") if found.get(name))
