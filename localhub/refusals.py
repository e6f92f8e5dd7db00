"""The Hub's refusals, word for word as people posted them from the live Hub (tests/data/hub-answers.json), and the way
to word all of them differently: the Hub has changed its sentences before, and a client must outlive the next change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from localhub.content import Content
from localhub.messages import Response

Wording = Callable[[str], str] | str | None
"""The sentence that stands in place of a refusal's own: made from it, or one for all; None leaves them as they are."""


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    message: str
    code: str = ""


INVALID_CREDENTIALS = Refusal(401, "Invalid credentials in Authorization header")
INVALID_USERNAME = Refusal(401, "Invalid username or password.")
REPO_NOT_FOUND = Refusal(404, "Repository not found", "RepoNotFound")
DISABLED = Refusal(403, "Access to this resource is disabled.")
LACKS_GATED_SCOPE = Refusal(
    403,
    "Please enable access to public gated repositories in your fine-grained token settings to view this repository.",
)
ENTRY_NOT_FOUND = Refusal(404, "Entry not found", "EntryNotFound")
REVISION_NOT_FOUND = Refusal(404, "Revision not found", "RevisionNotFound")
NO_PAGE = Refusal(404, "Sorry, we can't find the page you are looking for.")
BAD_REQUEST = Refusal(400, "Bad Request")

_GATED_ANONYMOUS = (
    "Access to model {id} is restricted. You must have access to it and be authenticated to access it. Please log in."
)
_GATED: dict[str, str] = {
    "none": "Access to model {id} is restricted and you are not in the authorized list. "
    "Visit https://huggingface.co/{id} to ask for access.",
    "pending": "Your request to access model {id} is awaiting a review from the repo authors.",
    "rejected": "Your request to access model {id} has been rejected by the repo's authors.",
    "reset": "Your request to access model {id} has been reset by the repo's authors. "
    "Visit https://huggingface.co/{id} to submit a new request.",
}


def expired(token_name: str) -> Refusal:
    return Refusal(401, f'User Access Token "{token_name}" is expired')


def gated(repo_id: str, standing: str) -> Refusal:
    """What the gate says to an account; `standing` "" is an anonymous caller."""
    if not standing:
        return Refusal(401, _GATED_ANONYMOUS.format(id=repo_id), "GatedRepo")
    return Refusal(403, _GATED[standing].format(id=repo_id), "GatedRepo")


def reworded(response: Response, wording: Wording) -> Response:
    """The refusal in other words, in its header and its body alike; status, code and all else as they were."""
    if wording is None or response.status < 400:
        return response
    content = response.content.read().decode()
    is_json = (response.header("content-type") or "").startswith("application/json")
    was = json.loads(content)["error"] if is_json else content
    said = wording if isinstance(wording, str) else wording(was)
    in_header = " ".join(said.splitlines())
    headers = tuple((name, in_header if name == "X-Error-Message" else value) for name, value in response.headers)
    body = json.dumps({"error": said}, separators=(",", ":"), ensure_ascii=False) if is_json else said
    return replace(response, headers=headers, content=Content.of(body))
