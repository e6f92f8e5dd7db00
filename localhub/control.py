"""The control route, `/_localhub/...`: what a rehearsal in another process or container changes while the hub
runs.

| route | body | does |
|---|---|---|
| `GET /_localhub/requests` | | all requests so far, as JSON |
| `DELETE /_localhub/requests` | | forgets them |
| `POST /_localhub/access` | `{"user", "repo", "state"}` | an account's standing with a repo |
| `POST /_localhub/tokens` | `{"token", "user", ...}` as for `LocalHub.add_token` | adds or replaces a token |
| `POST /_localhub/orgs` | `{"user", "orgs": {"acme": "read"}}` | an account's organisations, with its role in each |
| `POST /_localhub/policies` | `{"name", "words", "metadata"}` | a policy of an organisation or repo; null ends it |
| `POST /_localhub/repos` | `{"repo", "gated", "private", "disabled"}` | changes what is given |
| `POST /_localhub/faults` | `{"kind", "route", "times", "skip", ...}` | arms a fault |
| `DELETE /_localhub/faults` | | disarms all |
| `POST /_localhub/clock` | `{"advance"}` | moves the hub's clock on, in seconds |
| `POST /_localhub/rate-limit` | `{"bucket", "quota", "window", "retry_after"}` | sets a limit; quota null undoes it |
| `POST /_localhub/wording` | `{"words"}` | one sentence for all refusals; null: the Hub's own again |
| `POST /_localhub/auth-check` | `{"answer"}` | how a mirror without that route answers it; `there`: it has it |
| `POST /_localhub/reach` | `{"origin", "reach"}` | whether clients get to `cdn` or `cas` |

Answers are 204, or 400 with the reason. Nothing here is recorded, limited or touched by faults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from localhub.messages import Request, Response, json_answer, text

if TYPE_CHECKING:
    from localhub.hub import LocalHub

PREFIX = "/_localhub/"


def answer(hub: LocalHub, request: Request) -> Response:
    what = (request.method, request.path.removeprefix(PREFIX))
    if what == ("GET", "requests"):
        return json_answer([asdict(record) for record in hub.requests])
    if what == ("DELETE", "requests"):
        hub.clear_requests()
        return Response(204)
    if what == ("DELETE", "faults"):
        hub.clear_faults()
        return Response(204)
    setter = SETTERS.get(what[1])
    if what[0] != "POST" or setter is None:
        return text(404, "no such control route")
    try:
        setter(hub, request.json())
    except (KeyError, TypeError, ValueError) as error:
        return text(400, f"{type(error).__name__}: {error}")
    return Response(204)


def _set_access(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_access(given["user"], given["repo"], given["state"])


def _add_token(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.add_token(**given)


def _set_orgs(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_orgs(given["user"], dict(given["orgs"]))


def _set_policy(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_policy(given["name"], _words(given), metadata=given.get("metadata", False))


def _set_wording(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_wording(_words(given))


def _set_auth_check(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_auth_check(given["answer"])


def _set_reach(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_reach(given["origin"], given["reach"])


def _words(given: dict[str, Any]) -> str | None:
    words = given["words"]
    if not (words is None or isinstance(words, str)):
        raise TypeError(f"words are a text or null, not {words!r}")
    return words


def _set_repo(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.set_repo(given.pop("repo"), **given)


def _arm_fault(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.fault(given.pop("kind"), given.pop("route"), **given)


def _advance(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.advance(float(given["advance"]))


def _rate_limit(hub: LocalHub, given: dict[str, Any]) -> None:
    hub.rate_limit(**given)


SETTERS: dict[str, Callable[[LocalHub, dict[str, Any]], None]] = {
    "access": _set_access,
    "tokens": _add_token,
    "orgs": _set_orgs,
    "policies": _set_policy,
    "wording": _set_wording,
    "auth-check": _set_auth_check,
    "reach": _set_reach,
    "repos": _set_repo,
    "faults": _arm_fault,
    "clock": _advance,
    "rate-limit": _rate_limit,
}
