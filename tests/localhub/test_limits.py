"""Rate limits as the Hub tells them on every answer, and what happens when a quota is used up."""

from __future__ import annotations

import re

import pytest

from localhub import LocalHub
from tests.localhub.conftest import Client, ask, cdn_address

API = "/api/models/acme/tiny"
FILE = "/acme/tiny/resolve/main/config.json"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        (API, '"fixed window";"api";q=500;w=300'),
        ("/api/whoami-v2", '"fixed window";"api";q=500;w=300'),
        (FILE, '"fixed window";"resolvers";q=3000;w=300'),
        ("/", '"fixed window";"pages";q=100;w=300'),
        ("/api/nothing", '"fixed window";"api";q=500;w=300'),
    ],
)
def test_every_answer_tells_its_bucket(hub: LocalHub, path: str, policy: str) -> None:
    answer = ask(hub, "GET", path)
    assert answer.headers["ratelimit-policy"] == policy
    assert re.fullmatch(r'"(api|resolvers|pages)";r=\d+;t=300', answer.headers["ratelimit"])


def test_a_used_up_quota_is_429_until_the_window_ends(hub: LocalHub) -> None:
    hub.rate_limit("api", quota=2, window=60)
    answers = [ask(hub, "GET", API) for _ in range(4)]
    assert [a.status for a in answers] == [200, 200, 429, 429]
    assert [a.headers["ratelimit"].split(";")[1] for a in answers] == ["r=1", "r=0", "r=0", "r=0"]
    assert not {"x-error-code", "retry-after"} & set(answers[2].headers)
    assert ask(hub, "GET", FILE).status == 307
    hub.advance(61)
    assert ask(hub, "GET", API).status == 200


def test_retry_after_is_sent_only_when_asked_for(hub: LocalHub) -> None:
    hub.rate_limit("resolvers", quota=0, retry_after=9)
    answer = ask(hub, "HEAD", FILE)
    assert (answer.status, answer.headers["retry-after"]) == (429, "9")


def test_accounts_have_quotas_of_their_own(hub: LocalHub) -> None:
    hub.add_token("hf_alice", user="alice")
    hub.rate_limit("api", quota=1)
    assert [ask(hub, "GET", API, token).status for token in ("", "hf_alice", "", "hf_alice")] == [200, 200, 429, 429]


def test_whoami_can_have_a_stricter_limit(hub: LocalHub) -> None:
    hub.add_token("hf_alice", user="alice")
    hub.rate_limit("whoami", quota=1)
    assert [ask(hub, "GET", "/api/whoami-v2", "hf_alice").status for _ in range(2)] == [200, 429]
    assert ask(hub, "GET", API, "hf_alice").status == 200


def test_the_cached_copy_of_a_file_costs_nothing_more(hub: LocalHub) -> None:
    hub.rate_limit("resolvers", quota=1)
    location = ask(hub, "GET", FILE).headers["location"]
    assert [ask(hub, "GET", location).status for _ in range(3)] == [200, 200, 200]


def test_the_content_network_has_no_limit(hub: LocalHub) -> None:
    assert "ratelimit" not in ask(hub, "HEAD", cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")).headers


def test_the_client_understands_the_limit(hub: LocalHub, client: Client) -> None:
    hub.rate_limit("api", quota=0)
    code = """
import json, huggingface_hub as h
try:
    h.HfApi().model_info("acme/tiny")
except Exception as error:
    print(json.dumps([type(error).__name__, error.response.status_code, str(error)]))
"""
    kind, status, text = client.run(code)
    assert (kind, status) == ("HfHubHTTPError", 429)
    assert "'api' rate limit" in text
