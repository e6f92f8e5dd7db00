from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from entrypoint import settings
from entrypoint.failures import Failure
from entrypoint.settings import TOKEN_NAMES
from tests.settings.conftest import Read, Refusal, names, said

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"
OTHER = "hf_" + "ZyXwVuTsRqPoNmLkJiHgFeDcBaZyXwVuTs"
MIRROR = "https://mirror.example"


def token_of(found: settings.Settings) -> tuple[str, str]:
    assert found.token is not None
    return found.token.value, found.token.source


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", TOKEN_NAMES)
def test_a_token_is_found_under_every_name_that_users_have_met(read: Read, name: str) -> None:
    assert token_of(read(**{name: TOKEN})) == (TOKEN, name)


@pytest.mark.parametrize("name", TOKEN_NAMES)
def test_a_token_is_found_in_a_file_named_by_each_file_form(read: Read, tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "secret", TOKEN + "\n")
    found = read(**{f"{name}_FILE": str(file)})
    assert token_of(found) == (TOKEN, f"{name}_FILE ({file})")
    assert found.notices == ()  # a line end is how a file ends


def test_names_are_asked_in_the_order_of_the_contract(read: Read, tmp_path: Path) -> None:
    assert TOKEN_NAMES == (
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HUGGINGFACE_HUB_TOKEN",
        "HUGGINGFACE_TOKEN",
        "HUGGINGFACEHUB_API_TOKEN",
        "PGPT_HUGGINGFACE_TOKEN",
    )
    environ = {name: f"{TOKEN}{index}" for index, name in enumerate(TOKEN_NAMES)}
    for index, name in enumerate(TOKEN_NAMES):
        assert token_of(read(**environ)) == (f"{TOKEN}{index}", name)
        del environ[name]


def test_the_file_form_has_the_rank_of_its_name(read: Read, tmp_path: Path) -> None:
    file = write(tmp_path / "secret", TOKEN)
    assert token_of(read(HF_TOKEN_FILE=str(file), HUGGINGFACE_TOKEN=OTHER))[0] == TOKEN
    assert token_of(read(HUGGINGFACE_TOKEN_FILE=str(file), HF_TOKEN=OTHER))[0] == OTHER


def test_files_in_the_usual_places_come_last_and_in_order(read: Read, tmp_path: Path, home: Path, root: Path) -> None:
    own = write(home / ".cache/huggingface/token", TOKEN + "own")
    assert token_of(read()) == (TOKEN + "own", str(own))
    write(root / "run/secrets/hf_token", TOKEN + "secret\r\n")
    assert token_of(read()) == (TOKEN + "secret", "/run/secrets/hf_token")
    moved = write(tmp_path / "moved", TOKEN + "moved")
    assert token_of(read(HF_TOKEN_PATH=str(moved))) == (TOKEN + "moved", f"HF_TOKEN_PATH ({moved})")
    assert token_of(read(HF_TOKEN_PATH=str(moved), PGPT_HUGGINGFACE_TOKEN=TOKEN))[0] == TOKEN


def test_the_hubs_own_file_is_the_one_in_hf_home(read: Read, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/token", TOKEN)
    assert token_of(read(HF_HOME=str(tmp_path / "elsewhere")))[0] == TOKEN


def test_without_a_token_there_is_none_and_nothing_to_say(read: Read) -> None:
    found = read()
    assert found.token is None
    assert found.notices == ()


@pytest.mark.parametrize("blank", ["", " ", "\r\n", '""', "' '"])
def test_a_blank_is_no_token_and_does_not_hide_the_next_name(read: Read, blank: str) -> None:
    found = read(HF_TOKEN=blank, HUGGINGFACE_TOKEN=TOKEN)
    assert token_of(found) == (TOKEN, "HUGGINGFACE_TOKEN")
    assert "HF_TOKEN" not in found.environ


def test_a_name_and_its_file_form_together_are_refused(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(HF_TOKEN=TOKEN, HF_TOKEN_FILE=str(write(tmp_path / "secret", TOKEN)))
    assert failure.name == "token-set-twice"
    assert "HF_TOKEN and HF_TOKEN_FILE" in failure.what


def test_a_blank_name_beside_its_file_form_is_no_conflict(read: Read, tmp_path: Path) -> None:
    # compose: HF_TOKEN: ${HF_TOKEN:-}
    file = write(tmp_path / "secret", TOKEN)
    assert token_of(read(HF_TOKEN="", HF_TOKEN_FILE=str(file)))[0] == TOKEN


def test_different_tokens_under_several_names_are_told_with_the_one_used(read: Read) -> None:
    found = read(HF_TOKEN=TOKEN, HUGGINGFACE_TOKEN=OTHER, PGPT_HUGGINGFACE_TOKEN=TOKEN)
    assert token_of(found)[0] == TOKEN
    (notice,) = found.notices
    assert notice.name == "token-ambiguous"
    assert notice.text == "HF_TOKEN and HUGGINGFACE_TOKEN hold different tokens; HF_TOKEN is used."


def test_the_same_token_under_several_names_is_nothing_to_talk_about(read: Read) -> None:
    assert read(HF_TOKEN=TOKEN, PGPT_HUGGINGFACE_TOKEN=TOKEN).notices == ()


@pytest.mark.parametrize(
    "raw",
    [
        f'"{TOKEN}"',
        f"'{TOKEN}'",
        f"“{TOKEN}”",
        f" {TOKEN} ",
        f"{TOKEN}\r",
        f"\ufeff{TOKEN}",
        f"\u200b{TOKEN}\u00a0",
        f"Bearer {TOKEN}",
        f'"Bearer {TOKEN}"',
        f"bearer '{TOKEN}' ",
    ],
)
def test_what_surrounds_a_token_is_removed_with_a_notice(read: Read, raw: str) -> None:
    found = read(HUGGINGFACE_TOKEN=raw)
    assert token_of(found)[0] == TOKEN
    assert names(found) == ["token-tidied"]
    assert "HUGGINGFACE_TOKEN" in found.notices[0].text
    assert found.environ["HUGGINGFACE_TOKEN"] == TOKEN


@pytest.mark.parametrize("content", [f'\ufeff"{TOKEN}"\r\n', f" {TOKEN}\n", f"{TOKEN}\n\n"])
def test_surroundings_in_a_file_are_told_with_the_file(read: Read, tmp_path: Path, content: str) -> None:
    file = write(tmp_path / "secret", content)
    found = read(HF_TOKEN_FILE=str(file))
    assert token_of(found)[0] == TOKEN
    assert names(found) == ["token-tidied"]
    assert str(file) in found.notices[0].text


@pytest.mark.parametrize(
    "value",
    [
        "your_token_here",
        "YOUR_HF_TOKEN",
        "hf_your_token_here",
        "hf_yourtoken",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxx",
        "hf_XXX...",
        "hf_...",
        "hf_",
        "xxx",
        "<token>",
        "<your huggingface token>",
        "[your-token]",
        "{{ hf_token }}",
        "changeme",
        "change-me!",
        "replace_with_your_token",
        "HF_TOKEN",
        "$HF_TOKEN",
        "${HF_TOKEN}",
        "${HF_TOKEN:-}",
        "$(cat token)",
        "%HF_TOKEN%",
        "None",
        "null",
        "insert-your-huggingface-api-key-here",
    ],
)
def test_a_placeholder_is_refused_before_any_request(refusal: Refusal, value: str) -> None:
    failure = refusal(HF_TOKEN=value)
    assert failure.name == "token-placeholder"
    assert "HF_TOKEN" in failure.what
    assert "https://huggingface.co/settings/tokens" in said(failure)


@pytest.mark.parametrize("value", ["<token>", "${MIRROR_TOKEN}", "your_token_here", "changeme"])
def test_a_placeholder_for_a_mirror_is_one_too(refusal: Refusal, value: str) -> None:
    assert refusal(HF_TOKEN=value, HF_ENDPOINT=MIRROR).name == "token-placeholder"


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        ("hf_abc def", "blanks or line breaks inside"),
        (f"{TOKEN}\n{OTHER}", "blanks or line breaks inside"),
        ("hf_abcdéf", "not ASCII"),
        ("hf_abc\x07def", "control characters"),
        ("hf_abc\x1b[31mdef", "control characters"),
        ("hf_" + "a" * 9000, "9003 characters long"),
        (f"HF_TOKEN={TOKEN}", 'begins with "HF_TOKEN="'),
        (f"export HUGGINGFACE_TOKEN={TOKEN}", 'begins with "HUGGINGFACE_TOKEN="'),
        (f'"{TOKEN}', "no token of the Hub has"),
        (f"{TOKEN};", "no token of the Hub has"),
    ],
)
def test_a_token_of_impossible_form_is_refused_without_being_shown(refusal: Refusal, value: str, trouble: str) -> None:
    failure = refusal(HUGGING_FACE_HUB_TOKEN=value)
    assert failure.name == "token-malformed"
    assert trouble in failure.what
    assert "HUGGING_FACE_HUB_TOKEN" in failure.what
    assert value not in said(failure)


@pytest.mark.parametrize("value", [TOKEN, "api_org_abcdefghijkl", "hf_jwt_eyJh.bGci-Oi_J9" + "x" * 3000, "hf_t"])
def test_forms_of_hub_tokens_old_and_new_are_accepted(read: Read, value: str) -> None:
    found = read(HF_TOKEN=value)
    assert token_of(found)[0] == value
    assert found.notices == ()


def test_another_services_token_is_used_but_told(read: Read) -> None:
    found = read(HF_TOKEN="sk-proj-abcdefghijklmnop")
    assert token_of(found)[0] == "sk-proj-abcdefghijklmnop"
    assert names(found) == ["token-form-unusual"]
    assert "sk-proj" not in found.notices[0].text


@pytest.mark.parametrize("value", ["s3cr3t!{}", "token", "AKCp8;x", '"half', "none"])
def test_a_mirrors_token_may_have_any_printable_form(read: Read, value: str) -> None:
    found = read(HF_TOKEN=value, HF_ENDPOINT=MIRROR)
    assert token_of(found)[0] == value
    assert found.notices == ()


def test_a_mirrors_token_still_has_to_fit_into_a_header(refusal: Refusal) -> None:
    assert refusal(HF_TOKEN="pässword", HF_ENDPOINT=MIRROR).name == "token-malformed"


def test_a_missing_token_file_is_named_with_its_variable_and_a_remedy(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(HF_TOKEN_FILE=str(tmp_path / "nowhere"))
    assert failure.name == "token-file-unreadable"
    assert f"{tmp_path}/nowhere, which HF_TOKEN_FILE names, does not exist" in failure.what
    assert failure.todo[0].startswith("mount the file")
    assert failure.todo[1] == "or put the token itself into HF_TOKEN"


@pytest.mark.parametrize("name", ["HF_TOKEN_FILE", "HUGGINGFACE_TOKEN_FILE", "HF_TOKEN_PATH"])
@pytest.mark.parametrize("token", [TOKEN, "s3cr3t-of-a-mirror"])
def test_a_token_in_the_place_of_its_files_path_is_not_shown(refusal: Refusal, name: str, token: str) -> None:
    failure = refusal(**{name: token, "HF_ENDPOINT": MIRROR})
    assert failure.name == "token-file-unreadable"
    assert failure.what.startswith(f"{name} names no file")
    assert token not in everything(failure)
    assert "set HF_TOKEN" in failure.todo[1]


def test_a_token_file_in_the_working_directory_needs_no_slash(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "secret", TOKEN)
    monkeypatch.chdir(tmp_path)
    assert token_of(read(HF_TOKEN_FILE="secret")) == (TOKEN, f"HF_TOKEN_FILE ({tmp_path}/secret)")


def test_a_token_file_of_another_user_is_named_with_the_uid_that_may_not_read_it(
    refusal: Refusal, tmp_path: Path, as_nobody: int
) -> None:
    folder = Path("/tmp") / f"token-of-another-{os.getpid()}"
    write(folder / "secret", TOKEN)
    (folder / "secret").chmod(0)
    try:
        failure = refusal(HF_TOKEN_FILE=str(folder / "secret"))
    finally:
        (folder / "secret").unlink()
        folder.rmdir()
    assert failure.name == "token-file-unreadable"
    assert f"uid {as_nobody}" in failure.what
    assert "mode 0000" in failure.what
    assert f"chown {as_nobody}:" in failure.todo[0]


def test_a_directory_in_a_token_files_place_is_explained_as_dockers(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(HF_TOKEN_FILE=str(tmp_path))
    assert failure.name == "token-file-unreadable"
    assert "is a directory" in failure.what
    assert "Docker makes a directory" in failure.todo[0]


def test_a_fifo_is_refused_instead_of_waited_for(refusal: Refusal, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "not a regular file" in refusal(HF_TOKEN_FILE=str(tmp_path / "fifo")).what


def test_a_token_file_in_utf_16_is_refused_with_the_way_to_write_it(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(HF_TOKEN_FILE=str(write(tmp_path / "secret", TOKEN.encode("utf-16"))))
    assert failure.name == "token-file-unreadable"
    assert "not UTF-8" in failure.what
    assert "PowerShell" in failure.todo[0]


def test_a_token_file_far_too_large_is_refused(refusal: Refusal, tmp_path: Path) -> None:
    assert "larger than 64 KiB" in refusal(HF_TOKEN_FILE=str(write(tmp_path / "weights", b"x" * 70_000))).what
    assert "larger than 64 KiB" in refusal(HF_TOKEN_FILE="/dev/zero").what


def test_a_blank_token_file_is_no_token_and_told(read: Read, tmp_path: Path) -> None:
    found = read(HF_TOKEN_FILE=str(write(tmp_path / "secret", " \n")))
    assert found.token is None
    assert names(found) == ["token-file-blank"]


def test_an_absent_hf_token_path_is_told_and_no_error(read: Read, tmp_path: Path) -> None:
    found = read(HF_TOKEN_PATH=str(tmp_path / "nowhere"))
    assert found.token is None
    assert names(found) == ["token-file-absent"]


def test_dev_null_as_the_hubs_token_file_means_no_token(read: Read, home: Path) -> None:
    write(home / ".cache/huggingface/token", TOKEN)
    found = read(HF_TOKEN_PATH="/dev/null")
    assert found.token is None
    assert found.notices == ()


def test_a_broken_secret_is_an_error(refusal: Refusal, root: Path) -> None:
    (root / "run/secrets/hf_token").mkdir(parents=True)
    failure = refusal()
    assert failure.name == "token-file-unreadable"
    assert "is a directory" in failure.what


def test_a_broken_file_in_the_hubs_home_is_only_told(read: Read, home: Path) -> None:
    # It may belong to another user of a shared cache.
    (home / ".cache/huggingface/token").mkdir(parents=True)
    found = read()
    assert found.token is None
    assert names(found) == ["token-file-unreadable"]
    assert "Going on without it" in found.notices[0].text


def test_neither_repr_nor_str_nor_format_shows_a_token(read: Read) -> None:
    found = read(HF_TOKEN=TOKEN)
    for shown in (repr(found), str(found), repr(found.token), str(found.token), f"{found.token}", f"{found}"):
        assert TOKEN not in shown
    assert repr(found.token) == "Token(source='HF_TOKEN')"


def everything(error: BaseException | None) -> str:
    """An exception and its chain, as a traceback with all attributes would show it."""
    shown = "".join(traceback.format_exception(error)) if error else ""
    while error:
        shown += repr(error) + repr(vars(error)) + repr(error.args) + repr(getattr(error, "object", ""))
        error = error.__cause__ or error.__context__
    return shown


SECRETISH = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=12, max_size=60).filter(
    lambda text: len(text.strip()) >= 12
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=SECRETISH, mirror=st.booleans(), in_file=st.booleans())
def test_no_token_shows_in_any_failure_or_notice(tmp_path: Path, body: str, mirror: bool, in_file: bool) -> None:
    marked = f"Zq7{body}"  # so that it can't be a part of our own words
    environ = {"HF_ENDPOINT": MIRROR} if mirror else {}
    if in_file:
        environ["HF_TOKEN_FILE"] = str(write(tmp_path / "secret", marked.encode("utf-16" if mirror else "utf-8")))
    else:
        environ["HF_TOKEN"] = marked
    environ["HUGGINGFACE_TOKEN"] = marked + "2"
    try:
        found = settings.read(environ, stderr_is_terminal=False, home=tmp_path, root=tmp_path)
        shown = repr(found)
    except Failure as failure:
        shown = everything(failure)
    assert "Zq7" not in shown
    assert "Z\\x00q" not in shown
