"""What one start says, and in which order, where no process is needed to see it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from entrypoint import gate
from entrypoint.deadline import Deadline
from entrypoint.hub.evidence import Refusal
from entrypoint.needs import deployment
from entrypoint.needs.deployment import Deployment
from entrypoint.settings import Token
from entrypoint.start import Start
from entrypoint.status.state import State
from entrypoint.values import Evidence
from entrypoint.voice import Voice
from localhub import LocalHub


def test_a_token_of_privategpts_settings_is_a_known_secret_before_anything_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = Token("a-mirror-s-own-form", "PrivateGPT")
    monkeypatch.setattr(deployment, "find", lambda *_: Deployment((), token=token))
    done: list[object] = []
    start = SimpleNamespace(
        settings=SimpleNamespace(token=None),
        take=done.append,
        voice=SimpleNamespace(deployment=lambda _wanted: done.append("said")),
    )

    gate.find_needs(cast(Start, start), ())

    assert done == [token, "said"]


def test_a_token_that_comes_later_is_found_though_a_file_of_another_setting_is_gone(tmp_path: Path) -> None:
    secret, bundle = tmp_path / "secret", tmp_path / "ca.pem"
    secret.write_text("hf_" + "a" * 34)
    with LocalHub() as hub:
        bundle.write_bytes(hub.ca_file.read_bytes())
    environ = {"HOME": str(tmp_path), "HF_TOKEN_FILE": str(secret), "SSL_CERT_FILE": str(bundle)}
    start = Start(environ, writes_state=False)
    bundle.unlink()

    secret.write_text("hf_" + "b" * 34)

    assert start.token_now() == Token("hf_" + "b" * 34, f"HF_TOKEN_FILE ({secret})")


@pytest.mark.parametrize(
    ("evidence", "seconds", "line", "fields"),
    [
        (Evidence(status=503), 3.0, "the Hub answered 503; asking again in 3 s", {}),
        (
            Evidence(status=429, message="Slow down"),
            0.02,
            "the Hub answered 429; asking again at once",
            {"reason": "Slow down"},
        ),
        (
            Evidence(trouble="dns", message="?"),
            1.0,
            "no answer from the Hub yet; asking again in 1 s",
            {"reason": "dns ?"},
        ),
    ],
)
def test_a_pause_tells_an_answer_from_none(
    evidence: Evidence, seconds: float, line: str, fields: dict[str, Any]
) -> None:
    told: list[object] = []
    voice = Voice(State(None), "json", (), Deadline(0, 0), "en")
    voice.__dict__["log"] = SimpleNamespace(info=lambda text, **more: told.append((text, more)))
    outcome = SimpleNamespace(exception=lambda: Refusal(evidence))

    voice.pause(cast(Any, SimpleNamespace(outcome=outcome, next_action=SimpleNamespace(sleep=seconds))))

    assert told == [(line, fields)]
