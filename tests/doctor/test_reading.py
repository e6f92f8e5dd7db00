"""Settings that are wrong, read as far as they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.doctor import reading
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.reading import Reading, read

TOKEN = "hf_" + "a" * 34


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run" / "secrets").mkdir(parents=True)
    return tmp_path


def reading_of(environ: dict[str, str], home: Path) -> Reading:
    return read({"HOME": str(home), **environ}, stderr_is_terminal=False, root=home)


def test_sound_settings_are_read_once_and_whole(home: Path) -> None:
    found = reading_of({"HF_TOKEN": TOKEN}, home)

    assert found.failures == ()
    assert found.settings is not None
    assert found.settings.token is not None
    (finding,) = reading.findings(found, ENGLISH)
    assert finding.status == "ok"


def test_all_that_is_wrong_is_told_and_the_rest_is_kept(home: Path) -> None:
    wrong = {"ENTRYPOINT_STALL_SECONDS": "x", "HF_TOKEN": "your_token", "SSL_CERT_FILE": "/none", "ENTRYPOINT_LOG": "?"}
    found = reading_of({**wrong, "HF_ENDPOINT": "https://mirror"}, home)

    assert sorted(failure.name for failure in found.failures) == [
        "ca-file-missing",
        "setting-invalid",
        "setting-invalid",
        "token-placeholder",
    ]
    assert found.settings is not None
    assert found.settings.endpoint == "https://mirror"
    assert found.settings.token is None


def test_a_secret_that_is_no_token_does_not_keep_the_rest_from_being_read(home: Path) -> None:
    (home / "run" / "secrets" / "hf_token").write_text("<your token>")

    found = reading_of({}, home)

    assert [failure.name for failure in found.failures] == ["token-placeholder"]
    assert found.settings is not None


def test_a_variable_and_its_file_together_are_both_left_out(home: Path) -> None:
    found = reading_of({"HF_TOKEN": TOKEN, "HF_TOKEN_FILE": "/x"}, home)

    assert [failure.name for failure in found.failures] == ["token-set-twice"]
    assert found.settings is not None


def test_each_notice_is_a_warning(home: Path) -> None:
    (finding,) = reading.findings(reading_of({"ENTRYPOINT_MODELLS": "x"}, home), ENGLISH)

    assert (finding.status, finding.facts) == ("warning", {"notice": "setting-unknown"})


def test_without_a_look_into_hf_home_the_cache_stays_where_it_is(home: Path) -> None:
    environ = {"HOME": str(home), "HF_HOME": str(home / "hf")}
    (home / "hf").mkdir()
    (home / "hf" / "token").write_text(TOKEN)

    moved = reading.read_elsewhere(environ, stderr_is_terminal=False).settings

    assert moved is not None
    assert moved.hub_cache == home / "hf" / "hub"
    assert moved.token is None
