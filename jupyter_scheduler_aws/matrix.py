"""Sweeps of parameters: one job for each combination of values, as one group."""

import ast
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_scheduler_aws.api.request_fields import job_fields
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ParameterError
from jupyter_scheduler_aws.groups import group_tag
from jupyter_scheduler_aws.parameters.values import ParameterText, encode_parameters
from jupyter_scheduler_aws.transfers.callbacks import Progress, ignore_progress
from jupyter_scheduler_aws.transfers.upload import upload_request

if TYPE_CHECKING:
    from jupyter_scheduler_aws.snapshots.pack import Snapshot

__all__ = ["MatrixRequest", "combinations", "parse_values", "prepare_matrix"]

_RANGE: Final = re.compile(r"(-?\d+)\.\.(-?\d+)")
_MAX_VALUES: Final = 10_000
"""So that a range such as 1..10**12 is refused before it is built."""


def parse_values(text: str) -> list[str]:
    """Return the values of one parameter of a matrix, as texts.

    Parameters
    ----------
    text
        `eu,us`, or a range of whole numbers with both ends such as `2024..2026`, or a Python list such as `["a,b", 2.5]`, whose items can
        contain commas.

    Raises
    ------
    ParameterError
        If there is no value, or there are too many.
    """
    if match := _RANGE.fullmatch(text.strip()):
        first, last = int(match[1]), int(match[2])
        if last < first or last - first >= _MAX_VALUES:
            raise ParameterError(f"The range {text} is empty, or has more than {_MAX_VALUES:,} values.")
        return [str(number) for number in range(first, last + 1)]
    values = _items(text) if text.lstrip().startswith("[") else [part.strip() for part in text.split(",")]
    if not values or "" in values:
        raise ParameterError(f"{text!r} has an empty value. Write values like eu,us or 2024..2026 or ['a,b', 'c'].")
    return values


def combinations(values: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return each combination of values, in the order of a nested loop: the last parameter changes fastest."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


@dataclass(frozen=True, kw_only=True)
class MatrixRequest:
    """A request for one job of a matrix."""

    parameters: Mapping[str, str]
    """The values of this combination, as texts."""
    request: Mapping[str, Any]

    def create(self, client: Client) -> str:
        """Create the job, and return its id. If the group has a job for this combination, that one's.

        Raises
        ------
        SchedulerApiError
            If the service refuses the job.
        """
        return client.create_job(self.request)


def prepare_matrix(
    client: Client,
    notebook: str | Path,
    chosen: Sequence[Mapping[str, str]],
    *,
    group: str,
    folder: bool = False,
    on_packed: "Callable[[Snapshot], None] | None" = None,
    on_progress: Progress = ignore_progress,
    **options: Any,
) -> Iterator[MatrixRequest]:
    """Upload a notebook once, and yield the requests for its jobs.

    Parameters
    ----------
    client, notebook, folder, on_packed, on_progress
        As for `Client.submit`.
    chosen
        The combinations.
    group
        The name of the group. For a week, a combination that the group has a job for creates no second one.
    **options
        As for `Client.submit`. `parameters` are common to all jobs.

    Raises
    ------
    SnapshotError, UploadError
        As for `Client.submit`.
    ParameterError
        If the notebook's language does not have a parameter's name, or a value is not valid text.
    """
    tags = [*(options.pop("tags", None) or ()), group_tag(group)]
    fields = {"parameters": {}} | job_fields(**options, tags=tags)
    common = fields["parameters"]
    encoded = [encode_parameters({name: ParameterText(text) for name, text in each.items()}) for each in chosen]
    request = upload_request(
        client,
        Path(notebook),
        fields | {"parameters": {**common, **encoded[0]}},
        folder=folder,
        on_packed=on_packed,
        on_progress=on_progress,
    )
    for texts, parameters in zip(chosen, encoded, strict=True):
        own = {"parameters": {**common, **parameters}, "idempotency_token": _token(group, parameters)}
        yield MatrixRequest(parameters=texts, request=request | own)


def _token(group: str, parameters: Mapping[str, str]) -> str:
    combination = repr(sorted(parameters.items())).encode()
    return f"group {group} {hashlib.sha256(combination).hexdigest()}"


def _items(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ParameterError(f"{text!r} is not a Python list. Write values like ['a,b', 2.5].") from None
    return list(encode_parameters({f"v{number}": item for number, item in enumerate(found)}).values())
