"""The token as it is found later, while everything else may have gone wrong since."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import settings
from entrypoint.failures import Failure

TOKEN = "hf_" + "n" * 34


def test_a_token_that_was_put_into_its_file_is_found_though_another_setting_is_wrong_by_now(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(TOKEN)
    environ = {"HF_TOKEN_FILE": str(secret), "SSL_CERT_FILE": str(tmp_path / "gone.pem")}

    with pytest.raises(Failure, match="ca-file-missing"):
        settings.read(environ, stderr_is_terminal=False, home=tmp_path, root=tmp_path)
    found = settings.token_now(environ, any_form=False, home=tmp_path, root=tmp_path)

    assert found is not None
    assert (found.value, found.in_file) == (TOKEN, True)


def test_a_token_of_a_variable_is_no_file_that_may_change(tmp_path: Path) -> None:
    found = settings.token_now({"HF_TOKEN": TOKEN}, any_form=False, home=tmp_path, root=tmp_path)
    assert found is not None
    assert not found.in_file
