"""All that the hub knows, shared by its three origins: repos, access, limits, stored bytes, time and
addresses.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from localhub.access import Access
from localhub.clock import Clock
from localhub.content import Content
from localhub.limits import RateLimits
from localhub.mirror import AuthCheck
from localhub.refusals import Wording
from localhub.repos import Repo
from localhub.signing import Signer
from localhub.xet import XetStore


@dataclass(slots=True)
class State:
    """`blobs` are the LFS files by sha256, as the content network stores them. `url_seconds` is how long a
    signed address lives, `xet_token_seconds` how long a CAS token does. `wording` is in place of the refusals' own
    words; `auth_check` whether that route is known.
    """

    clock: Clock
    access: Access
    limits: RateLimits
    signer: Signer
    xet: XetStore
    page_size: int
    url_seconds: int
    xet_token_seconds: int
    urls: dict[str, str] = field(default_factory=dict)
    repos: dict[str, Repo] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, Content] = field(default_factory=dict)
    wording: Wording = None
    auth_check: AuthCheck = "there"
    lock: threading.Lock = field(default_factory=threading.Lock)
