"""A synthesized stack, read as plain data."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Synthesized", "as_list", "flat", "run_app", "synthesize"]

ROOT = Path(__file__).parents[2]


def as_list(value: Any) -> list[Any]:
    """CloudFormation and IAM write a list of one as its element."""
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """Write references in angle brackets, so that they compare as text."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flat(part) for part in parts)
        case _:
            return str(value)


@dataclass(frozen=True)
class Synthesized:
    """What one synth wrote."""

    folder: Path

    @cached_property
    def template(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "Scheduler.template.json").read_text()))

    @cached_property
    def findings(self) -> list[str]:
        """Every finding of the validation, errors and warnings alike, with where it was found."""
        report = self.folder / "validation-report.json"
        if not report.exists():
            return []
        return [
            f"{violation['ruleName']} at {construct['constructPath']}"
            for plugin in json.loads(report.read_text())["pluginReports"]
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        ]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str, prefix: str = "") -> dict[str, Any]:
        """Properties of the one resource of a type whose logical id starts so."""
        found = [properties for name, properties in self.all(kind).items() if name.startswith(prefix)]
        assert len(found) == 1, f"{len(found)} resources of {kind} start with {prefix!r}"
        return found[0]

    def id_of(self, kind: str, prefix: str) -> str:
        """Logical id of the one resource of a type that starts so."""
        (found,) = [name for name in self.all(kind) if name.startswith(prefix)]
        return found

    def function(self, name: str) -> dict[str, Any]:
        """Properties of a function, by its role in the design."""
        return self.one("AWS::Lambda::Function", f"Functions{name}Function")

    def may(self, name: str) -> set[tuple[str, str, str]]:
        """Everything that a function's role may do: action, resource, and condition (or an empty text)."""
        policy = self.one("AWS::IAM::Policy", f"Functions{name}RoleDefaultPolicy")
        return {
            (action, flat(resource), json.dumps(statement.get("Condition", ""), sort_keys=True).strip('"'))
            for statement in policy["PolicyDocument"]["Statement"]
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }


def run_app(folder: Path, context: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the CDK app as the command line does: feature flags from cdk.json, and neither credentials nor Docker."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment |= {
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**flags, **context}),
        "CDK_DOCKER": "there-is-no-docker",
    }
    command = [sys.executable, "-m", "infra.main"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def synthesize(folder: Path, context: Mapping[str, str]) -> Synthesized:
    """Run the app, which must succeed."""
    done = run_app(folder, context)
    assert done.returncode == 0, done.stderr
    return Synthesized(folder)
