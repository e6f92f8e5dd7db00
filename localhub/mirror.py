"""Hubs that do not know `auth-check`: mirrors and self-made ones, each with the answer that its web server gives."""

from __future__ import annotations

import re
from typing import Literal, get_args

from localhub.content import Content
from localhub.messages import Response, json_answer

AuthCheck = Literal["there", "repo-not-found", "json", "html", "not-allowed"]

_PATH = re.compile(r"/api/(models|datasets|spaces)/.+/auth-check")
_NGINX = b"""<html>\r
<head><title>404 Not Found</title></head>\r
<body>\r
<center><h1>404 Not Found</h1></center>\r
<hr><center>nginx</center>\r
</body>\r
</html>\r
"""
_ANSWERS: dict[AuthCheck, Response] = {
    # olah takes it for the name of a repo: the Hub's own code, even for those with access
    "repo-not-found": json_answer({"error": "Repository not found"}, 404, (("X-Error-Code", "RepoNotFound"),)),
    "json": json_answer({"detail": "Not Found"}, 404),
    "html": Response(404, (("Content-Type", "text/html"), ("Server", "nginx")), Content.of(_NGINX)),
    "not-allowed": json_answer({"detail": "Method Not Allowed"}, 405, (("Allow", "POST"),)),
}


def checked(auth_check: AuthCheck) -> AuthCheck:
    if auth_check not in get_args(AuthCheck):
        raise ValueError(f"no such auth-check: {auth_check!r}; there are {', '.join(get_args(AuthCheck))}")
    return auth_check


def instead(auth_check: AuthCheck, path: str) -> Response | None:
    """The mirror's answer, if the path is an auth-check and the mirror has none."""
    return _ANSWERS.get(auth_check) if _PATH.fullmatch(path) else None
