from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import settings
from entrypoint.failures import Failure
from tests.settings.conftest import Read, Refusal, names, said


def test_an_empty_environment_gives_the_defaults_of_the_contract(read: Read, home: Path) -> None:
    found = read()
    assert found.token is None
    assert found.endpoint == "https://huggingface.co"
    assert (found.models, found.optional_models) == ("", "")
    assert (found.stall_seconds, found.deadline_seconds) == (60.0, 0.0)
    assert (found.offline, found.server_offline, found.server_token) == (False, False, "keep")
    assert (found.lang, found.log) == ("en", "json")
    assert found.notices == ()
    assert dict(found.environ) == {}


def test_log_lines_are_for_people_on_a_terminal_and_for_programs_elsewhere(home: Path) -> None:
    assert settings.read({}, stderr_is_terminal=True, home=home).log == "console"
    assert settings.read({}, stderr_is_terminal=False, home=home).log == "json"
    assert settings.read({"ENTRYPOINT_LOG": "json"}, stderr_is_terminal=True, home=home).log == "json"
    assert settings.read({"ENTRYPOINT_LOG": "Console"}, stderr_is_terminal=False, home=home).log == "console"


def test_what_is_set_is_taken(read: Read) -> None:
    found = read(
        ENTRYPOINT_MODELS="org/a\norg/b@v1:*.gguf",
        ENTRYPOINT_OPTIONAL_MODELS="org/c",
        ENTRYPOINT_STALL_SECONDS="2.5",
        ENTRYPOINT_DEADLINE_SECONDS="7200",
        ENTRYPOINT_SERVER_OFFLINE="yes",
        ENTRYPOINT_SERVER_TOKEN="drop",
    )
    assert found.models == "org/a\norg/b@v1:*.gguf"
    assert found.optional_models == "org/c"
    assert (found.stall_seconds, found.deadline_seconds) == (2.5, 7200.0)
    assert (found.server_offline, found.server_token) == (True, "drop")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ENTRYPOINT_STALL_SECONDS", "0", "greater than 0"),
        ("ENTRYPOINT_STALL_SECONDS", "90s", "a number of seconds"),
        ("ENTRYPOINT_STALL_SECONDS", "nan", "a number of seconds"),
        ("ENTRYPOINT_STALL_SECONDS", "inf", "a number of seconds"),
        ("ENTRYPOINT_STALL_SECONDS", "1e999", "a number of seconds"),
        ("ENTRYPOINT_STALL_SECONDS", "\u0663", "a number of seconds"),
        ("ENTRYPOINT_DEADLINE_SECONDS", "-1", "from 0"),
        ("ENTRYPOINT_SERVER_OFFLINE", "maybe", "1 or on or yes or true or 0"),
        ("ENTRYPOINT_SERVER_TOKEN", "hide", "keep or drop"),
        ("ENTRYPOINT_LOG", "xml", "console or json"),
        ("PORT", "http", "a port number"),
        ("PORT", "0", "a port number"),
        ("PORT", "65536", "a port number"),
        ("ENTRYPOINT_HEALTH_URL", "127.0.0.1/health", "http://127.0.0.1:8080/health"),
        ("ENTRYPOINT_HEALTH_URL", "https://127.0.0.1:8443/health", "only http works"),
        ("ENTRYPOINT_HEALTH_URL", "http://127.0.0.1:$NAME/health", "only http works"),
        ("ENTRYPOINT_HEALTH_URL", "http://127.0.0.1:" + "9" * 5000, "only http works"),
        ("ENTRYPOINT_STATE_DIR", "~/st", "an absolute path"),
        ("ENTRYPOINT_STATE_DIR", "$HOME/st", "an absolute path"),
        ("ENTRYPOINT_STATE_DIR", "st", "an absolute path"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", "2.5", "a whole number of seconds"),
        ("HF_HUB_ETAG_TIMEOUT", "-3", "a whole number of seconds"),
        ("HF_HUB_ETAG_TIMEOUT", "ten", "a whole number of seconds"),
    ],
)
def test_an_impossible_value_is_refused_with_what_is_allowed(
    refusal: Refusal, name: str, value: str, allowed: str
) -> None:
    failure = refusal(**{name: value})
    assert failure.name == "setting-invalid"
    assert failure.what.startswith(f"{name} is '{value[:40]}")
    assert allowed in failure.why
    assert name in failure.todo[0]


def test_a_servers_odd_port_is_no_concern_where_the_health_url_does_not_use_it(read: Read) -> None:
    assert read(PORT="tcp://10.0.0.1:80", ENTRYPOINT_HEALTH_URL="http://127.0.0.1:9000/ready").notices == ()


def test_the_health_url_may_name_the_port(read: Read, refusal: Refusal) -> None:
    assert read(PORT="81", ENTRYPOINT_HEALTH_URL="http://[::1]:${PORT}/h").notices == ()
    assert "PORT is 'x'" in refusal(PORT="x", ENTRYPOINT_HEALTH_URL="http://[::1]:${PORT}/h").what


def test_a_token_in_the_wrong_variable_is_not_shown(refusal: Refusal) -> None:
    token = "hf_" + "aBcDeFgH" * 4
    for name in ("ENTRYPOINT_STALL_SECONDS", "HF_ENDPOINT", "ENTRYPOINT_LOG", "PORT"):
        assert token not in said(refusal(**{name: token}))


def test_a_wrong_value_is_cleaned_before_it_is_shown(refusal: Refusal) -> None:
    failure = refusal(ENTRYPOINT_LOG="\x1b[31mred\x1b[0m\nline")
    assert failure.what == "ENTRYPOINT_LOG is 'red line', which is not allowed."


@pytest.mark.parametrize(
    "name",
    [
        *("HF_TOKEN", "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_DOWNLOAD_TIMEOUT", "HF_XET_CACHE"),
        *("HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PORT"),
        *("PGPT_HUGGINGFACE_TOKEN", "ENTRYPOINT_MODELS", "ENTRYPOINT_UNHEARD_OF", "XDG_CACHE_HOME"),
    ],
)
@pytest.mark.parametrize("blank", ["", "  ", "\r"])
def test_a_blank_variable_is_an_unset_one_also_for_the_server(read: Read, name: str, blank: str) -> None:
    found = read(**{name: blank, "OTHER": ""})
    assert dict(found.environ) == {"OTHER": ""}
    assert found.notices == ()
    assert found == read(OTHER="")


def test_quotes_and_carriage_returns_around_values_are_removed_for_the_server_too(read: Read) -> None:
    found = read(HF_HOME='"/data"\r', ENTRYPOINT_STALL_SECONDS="'5'")
    assert found.hub_cache == Path("/data/hub")
    assert found.environ["HF_HOME"] == "/data"
    assert found.stall_seconds == 5.0
    assert names(found) == ["setting-tidied", "setting-tidied"]


@pytest.mark.parametrize("quoted", ['"{}"', " '{}'\r", "{}\r\n"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "http://proxy:3128") for name in ("HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "http_proxy")),
        *(("ALL_PROXY", "http://proxy:1080"), ("all_proxy", "proxy:1"), ("NO_PROXY", ".corp,::1"), ("no_proxy", "*")),
        *(
            ("HF_HUB_ETAG_TIMEOUT", "7"),
            ("HF_HUB_DISABLE_XET", "1"),
            ("HF_TOKEN_PATH", "/t"),
            ("HF_TOKEN", "hf_abcdefgh"),
        ),
    ],
)
def test_whatever_the_hub_client_reads_comes_to_it_without_quotes(
    read: Read, name: str, value: str, quoted: str
) -> None:
    assert read(**{name: quoted.format(value)}).environ[name] == value


def test_a_quoted_blank_in_lower_case_still_takes_a_proxy_out_of_force(read: Read) -> None:
    found = read(https_proxy='""', HTTPS_PROXY="http://proxy:3128")
    assert found.environ["https_proxy"] == ""


def test_variables_of_others_pass_through_untouched(read: Read) -> None:
    environ = {"PGPT_PROFILES": '"docker"', "PATH": "/bin", "EMPTY": "", "http_proxy": ""}
    assert dict(read(**environ).environ) == environ


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        ("https://hf-mirror.com/", "https://hf-mirror.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://host/artifactory/api/huggingfaceml/hf///", "https://host/artifactory/api/huggingfaceml/hf"),
        ("http://[::1]:99", "http://[::1]:99"),
    ],
)
def test_the_endpoint_is_taken_without_its_last_slash(read: Read, endpoint: str, taken: str) -> None:
    found = read(HF_ENDPOINT=endpoint)
    assert found.endpoint == taken
    assert found.environ["HF_ENDPOINT"] == taken


@pytest.mark.parametrize(
    "endpoint",
    ["ftp://host", "https://", "https://ho st", "https://host:99999", "http://[::1", "https://höst", "/path"],
)
def test_an_endpoint_that_is_no_web_address_is_refused(refusal: Refusal, endpoint: str) -> None:
    failure = refusal(HF_ENDPOINT=endpoint)
    assert failure.name == "setting-invalid"
    assert "HF_ENDPOINT" in failure.what


def test_an_endpoint_without_a_scheme_is_refused_with_the_whole_address(refusal: Refusal) -> None:
    assert refusal(HF_ENDPOINT="hf-mirror.com").todo == ("set HF_ENDPOINT=https://hf-mirror.com",)


def test_an_endpoint_with_a_query_is_refused(refusal: Refusal) -> None:
    assert refusal(HF_ENDPOINT="https://host/?a=b").name == "setting-invalid"


def test_credentials_in_the_endpoint_are_refused_without_being_shown(refusal: Refusal) -> None:
    failure = refusal(HF_ENDPOINT="https://alice:s3cr3t@mirror.example/hf")
    assert failure.name == "endpoint-with-credentials"
    assert "https://***@mirror.example/hf" in failure.what
    assert "s3cr3t" not in said(failure)
    assert "alice" not in said(failure)


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("http://olah:8090", ["endpoint-not-encrypted"]),
        ("http://127.0.0.1:8090", []),
        ("http://localhost", []),
        ("http://[::1]:1", []),
        ("https://olah", []),
    ],
)
def test_a_token_sent_without_encryption_is_told(read: Read, endpoint: str, told: list[str]) -> None:
    assert names(read(HF_ENDPOINT=endpoint, HF_TOKEN="abcdefgh")) == told
    assert names(read(HF_ENDPOINT=endpoint)) == []


@pytest.mark.parametrize(
    ("hub", "transformers", "offline"),
    [
        ("1", "", True),
        ("TRUE", "", True),
        ("yes", "", True),
        ("On", "", True),
        ("0", "", False),
        ("", "1", True),
        ("0", "1", False),  # the client asks TRANSFORMERS_OFFLINE only where the other is blank
    ],
)
def test_offline_is_decided_by_the_hub_clients_own_rule(read: Read, hub: str, transformers: str, offline: bool) -> None:
    found = read(HF_HUB_OFFLINE=hub, TRANSFORMERS_OFFLINE=transformers)
    assert found.offline is offline
    assert found.notices == ()


def test_a_word_that_the_hub_client_takes_for_no_is_told(read: Read) -> None:
    found = read(HF_HUB_OFFLINE="enabled")
    assert found.offline is False
    assert names(found) == ["setting-unclear"]


def test_a_misspelled_setting_is_told_with_the_nearest_name(read: Read) -> None:
    found = read(ENTRYPOINT_MODEL="org/name")
    assert names(found) == ["setting-unknown"]
    assert found.notices[0].text.endswith("was ENTRYPOINT_MODELS meant?")


def test_what_an_outer_start_gave_is_no_misspelling(read: Read) -> None:
    found = read(
        ENTRYPOINT_MODEL_PATH="/models/model.gguf",
        ENTRYPOINT_MODEL_REPO="open/repo",
        ENTRYPOINT_FALLBACKS_TAKEN="gated/repo=open/repo",
    )
    assert found.notices == ()
    assert found.environ["ENTRYPOINT_MODEL_PATH"] == "/models/model.gguf"


def test_a_setting_of_a_later_version_is_told_without_a_guess(read: Read) -> None:
    found = read(ENTRYPOINT_ENDPOINTS="https://mirror.example", ENTRYPOINT_STATUS_PORT="8080")
    assert names(found) == ["setting-unknown"] * 2
    assert not [notice.text for notice in found.notices if "meant" in notice.text]


def test_a_later_setting_that_asks_for_what_is_done_anyway_is_not_told(read: Read) -> None:
    assert read(ENTRYPOINT_STATUS_PORT="0").notices == ()


@pytest.mark.parametrize(
    ("environ", "lang", "told"),
    [
        ({}, "en", []),
        ({"ENTRYPOINT_LANG": "en_GB.UTF-8"}, "en", []),
        ({"ENTRYPOINT_LANG": "zh"}, "zh", []),
        ({"ENTRYPOINT_LANG": "zh-CN", "LANG": "en_US.UTF-8"}, "zh", []),
        ({"LANG": "zh_CN.UTF-8"}, "zh", []),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en", []),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh", []),
        ({"ENTRYPOINT_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en", []),
        ({"ENTRYPOINT_LANG": "fr"}, "en", ["language-unknown"]),
        ({"ENTRYPOINT_LANG": "fr", "LANG": "zh_CN.UTF-8"}, "en", ["language-unknown"]),
        ({"LANG": "fr_FR.UTF-8"}, "en", []),
    ],
)
def test_messages_are_in_the_language_asked_for_and_only_one_asked_for_by_our_name_is_missed(
    read: Read, environ: dict[str, str], lang: str, told: list[str]
) -> None:
    found = read(**environ)
    assert found.lang == lang
    assert names(found) == told


@pytest.mark.parametrize(("value", "meant"), [("", "exit"), ("exit", "exit"), ("wait", "wait"), (" Wait ", "wait")])
def test_what_follows_a_refusal_is_one_of_two_words(read: Read, value: str, meant: str) -> None:
    assert read(ENTRYPOINT_ON_REFUSAL=value).on_refusal == meant


def test_a_third_word_for_what_follows_a_refusal_is_an_error(read: Read) -> None:
    with pytest.raises(Failure, match="setting-invalid"):
        read(ENTRYPOINT_ON_REFUSAL="retry")


def test_a_list_of_fallbacks_may_be_a_block_of_lines(read: Read) -> None:
    found = read(ENTRYPOINT_FALLBACKS="a/b=c/d\ne/f=g/h\n")
    assert found.fallbacks.split() == ["a/b=c/d", "e/f=g/h"]
    assert found.notices == ()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://bob:s3cr3t@proxy:99999", "http://***@proxy:99999"),
        ("bob:s3cr3t@proxy:port", "***@proxy:port"),
        ("http://bob:s3cr3t/x@proxy:3128", "http://***@proxy:3128"),  # a bare "/" ends the host
        ("http://:3128", "http://:3128"),
        ("http://", "http://"),
        ("ftp://proxy:3128", "ftp://proxy:3128"),
        ("socks5h://proxy:1080", "socks5h://proxy:1080"),
        ("http://proxy 3128", "http://proxy 3128"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_what_cannot_be_a_proxy_is_refused_without_its_password(
    refusal: Refusal, name: str, value: str, shown: str
) -> None:
    failure = refusal(**{name: value})
    assert failure.name == "setting-invalid"
    assert failure.what == f"{name} is {shown!r}, which cannot be a proxy."
    assert "s3cr3t" not in said(failure)


@pytest.mark.parametrize("value", ["proxy", "proxy:3128", "bob:pa%2Fss@proxy:3128", "http://[::1]:3128/", "https://p"])
def test_what_can_be_a_proxy_is_taken(read: Read, value: str) -> None:
    assert read(HTTPS_PROXY=value).environ["HTTPS_PROXY"] == value


def test_the_environment_given_is_left_as_it_was(home: Path) -> None:
    given = {"HF_HOME": "", "HF_TOKEN": '"hf_abcdefghijk"', "TRANSFORMERS_CACHE": "/t"}
    before = dict(given)
    settings.read(given, stderr_is_terminal=False, home=home)
    assert given == before
