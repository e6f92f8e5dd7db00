"""The Hub's rate limits: fixed windows per caller, told in `RateLimit` and `RateLimit-Policy` on every
answer.

Quotas of five minutes as documented for 2026: anonymous callers 500 API calls, 3000 file resolutions and 100
pages, signed-in ones 1000, 5000 and 200.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Literal

from localhub.clock import Clock
from localhub.messages import Headers, Response, json_answer, text

Bucket = Literal["api", "resolvers", "pages", "whoami"]

_ANONYMOUS = {"api": 500, "resolvers": 3000, "pages": 100}
_SIGNED_IN = {"api": 1000, "resolvers": 5000, "pages": 200}
_WINDOW = 300


@dataclass(frozen=True, slots=True)
class Policy:
    quota: int
    window: int = _WINDOW
    retry_after: int | str | None = None


@dataclass(slots=True)
class RateLimits:
    """`whoami` has a bucket of its own only if a policy was set for it; else it counts as `api`."""

    clock: Clock
    policies: dict[str, Policy] = field(default_factory=dict)
    used: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, bucket: Bucket, policy: Policy | None) -> None:
        """None is the documented policy again."""
        with self.lock:
            self.policies.pop(bucket, None)
            if policy is not None:
                self.policies[bucket] = policy
            self.used = {key: value for key, value in self.used.items() if key[0] != bucket}

    def take(self, bucket: str, caller: str, signed_in: bool, cost: int = 1) -> tuple[Headers, Response | None]:
        """The headers for this answer, and the refusal if the caller's quota is used up."""
        with self.lock:
            if bucket == "whoami" and bucket not in self.policies:
                bucket = "api"
            policy = self.policies.get(bucket) or Policy((_SIGNED_IN if signed_in else _ANONYMOUS)[bucket])
            now = self.clock.now()
            ends, used = self.used.get((bucket, caller), (now + policy.window, 0))
            if now >= ends:
                ends, used = now + policy.window, 0
            refused = cost > 0 and used >= policy.quota
            used += 0 if refused else cost
            self.used[bucket, caller] = (ends, used)
        left = max(0, policy.quota - used)
        headers = (
            ("RateLimit", f'"{bucket}";r={left};t={math.ceil(ends - now)}'),
            ("RateLimit-Policy", f'"fixed window";"{bucket}";q={policy.quota};w={policy.window}'),
        )
        if not refused:
            return headers, None
        extra = () if policy.retry_after is None else (("Retry-After", str(policy.retry_after)),)
        if bucket == "resolvers":
            return headers, text(429, "Too Many Requests", extra)
        return headers, json_answer({"error": "Too Many Requests"}, 429, extra)
