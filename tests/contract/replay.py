"""The recorded requests of the stock front end, which can be replayed to any server.

What the recording does not fix is fixed here: a job that has been seen new is awaited before the next request, so that no
answer depends on how far it has come. The recording's schedule of every minute is replaced, for its minute could come or
not come during the replay; the deployed stack's own tests are about jobs that a schedule makes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.contract.notebooks import SLOW
from tests.contract.sides import NOTHING, Request
from tests.docs.documents import ROOT

__all__ = ["Exchange", "recorded_exchanges"]

_RECORDING: Final = ROOT / "tests" / "data" / "frontend_requests.json"
_EVERY_MINUTE: Final = "* * * * *"
_ONCE_A_YEAR: Final = "59 23 31 12 *"


@dataclass(frozen=True)
class Exchange:
    """A request, and the state that jobs must have reached before it is sent."""

    request: Request
    running: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    """Labels of jobs."""
    is_download: bool = False


@dataclass
class _Reader:
    labels: dict[str, str] = field(default_factory=dict)
    """By recorded id."""
    going: dict[str, str] = field(default_factory=dict)
    """The states that jobs still have to reach: `running` or `ended`, by label."""

    def read(self, entry: Mapping[str, Any]) -> Exchange:
        path = self._with_labels(entry["url"].removeprefix("/scheduler") + entry["cache_buster"])
        body = NOTHING if entry["request_body"] is None else self._body(entry["request_body"])
        request = Request(entry["step"], entry["method"], path, body, self._created(entry))
        awaited = {} if self._shows_new(entry) or request.creates in self.going else self._await()
        running, ended = (
            tuple(label for label, how in awaited.items() if how == each) for each in ("running", "ended")
        )
        if entry["method"] == "PATCH" and (entry["request_body"] or {}).get("status") == "STOPPED":
            self.going[re.findall("<(.*?)>", path)[0]] = "ended"
        return Exchange(request, running, ended, "/download_files" in path)

    def _created(self, entry: Mapping[str, Any]) -> str:
        if entry["method"] != "POST" or entry["status"] != 200:
            return ""
        [(kind, recorded)] = entry["response_body"].items()
        noun = "job" if kind == "job_id" else "definition"
        label = f"{noun} {sum(each.startswith(noun) for each in self.labels.values()) + 1}"
        self.labels[recorded] = label
        if noun == "job":
            self.going[label] = "running" if entry["request_body"].get("input_uri") == SLOW else "ended"
        return label

    def _shows_new(self, entry: Mapping[str, Any]) -> bool:
        """Whether the recording shows a job that has not started."""
        rows = (entry["response_body"] or {}).get("jobs", []) if isinstance(entry["response_body"], dict) else []
        new = {self.labels.get(row["job_id"]) for row in rows if row["status"] == "STOPPED" and "start_time" not in row}
        return bool(self.going) and set(self.going) <= new

    def _await(self) -> dict[str, str]:
        awaited, self.going = self.going, {}
        return awaited

    def _with_labels(self, text: str) -> str:
        for recorded, label in self.labels.items():
            text = text.replace(recorded, f"<{label}>")
        return text

    def _body(self, body: Any) -> Any:
        return json.loads(json.dumps(body).replace(_EVERY_MINUTE, _ONCE_A_YEAR))


def recorded_exchanges() -> Iterator[Exchange]:
    """Read the recording."""
    reader = _Reader()
    for entry in json.loads(_RECORDING.read_text(encoding="utf-8"))["requests"]:
        yield reader.read(entry)
