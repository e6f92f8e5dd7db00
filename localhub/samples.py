"""Answers that people got from the live Hub (tests/data/hub-answers.json), made playable again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_REPO = re.compile(r"model ([\w.-]+/[\w.-]+) ")


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer as reported. `status` 0: no HTTP answer, but an error on the client's side."""

    id: str
    kind: str
    status: int
    code: str
    message: str
    route: str
    reported_headers: tuple[tuple[str, str], ...] = ()

    @property
    def is_refusal(self) -> bool:
        """Whether this is an error answer that the Hub gave in words of its own."""
        return self.status >= 400 and bool(self.message)

    @property
    def repo(self) -> str:
        """The repo that the message names, if it names one."""
        match = _REPO.search(self.message)
        return match[1] if match else ""

    def answer(self, api: bool) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, laid out as the Hub does: JSON under /api, plain text on resolve."""
        text = self.message
        if text.startswith('{"error":'):
            text = json.loads(text)["error"]
        headers = {
            "Content-Type": "application/json; charset=utf-8" if api else "text/plain; charset=utf-8",
            "X-Powered-By": "huggingface-moon",
            "X-Request-Id": "Root=1-6a28fe94-485a78235e62236262ffd67b",
            "X-Error-Message": text,
        }
        if self.code:
            headers["X-Error-Code"] = self.code
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="Authentication required", charset="UTF-8"'
        if self.reported_headers:
            headers = dict(self.reported_headers)
        return self.status, headers, json.dumps({"error": text}).encode() if api else text.encode()


def load_samples(file: Path) -> list[Sample]:
    """All samples of a file in the layout of hub-answers.json."""
    return [
        Sample(
            id=entry["id"],
            kind=entry["kind"],
            status=entry["status"] or 0,
            code=entry["x_error_code"] or "",
            message=entry["message"] or "",
            route=entry["route"],
            reported_headers=tuple(entry.get("headers", {}).items()),
        )
        for entry in json.loads(file.read_text(encoding="utf-8"))
    ]
