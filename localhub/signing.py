"""Signed addresses that expire, and short-lived tokens for the CAS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from secrets import token_bytes
from urllib.parse import urlencode

from localhub.clock import Clock


@dataclass(slots=True)
class Signer:
    clock: Clock
    key: bytes = field(default_factory=lambda: token_bytes(32))

    def query(self, path: str, seconds: int, **extra: str) -> str:
        """A query string that makes `path` readable for so many seconds. `extra` is signed, too."""
        fields = {**extra, "Expires": str(int(self.clock.now()) + seconds), "Key-Pair-Id": "K2LOCALHUB"}
        return urlencode({**fields, "Signature": self._mac(path, fields)})

    def accepts(self, path: str, query: dict[str, str]) -> bool:
        fields = {key: value for key, value in query.items() if key != "Signature"}
        given = query.get("Signature", "")
        if not hmac.compare_digest(given.encode(), self._mac(path, fields).encode()):
            return False
        return int(query["Expires"]) > self.clock.now()

    def token(self, seconds: int, **claims: str) -> tuple[str, int]:
        """An opaque token with its claims, and the Unix time at which it expires."""
        expires = int(self.clock.now()) + seconds
        body = base64.urlsafe_b64encode(json.dumps({**claims, "exp": expires}).encode()).decode()
        return f"xet_{body}.{self._mac(body, {})}", expires

    def claims(self, token: str) -> dict[str, str] | None:
        """The claims of a token of ours that has not expired."""
        body, _, mac = token.removeprefix("xet_").partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(body, {}).encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body))
        return {k: str(v) for k, v in claims.items()} if claims["exp"] > self.clock.now() else None

    def _mac(self, subject: str, fields: dict[str, str]) -> str:
        text = subject + "?" + urlencode(sorted(fields.items()))
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
