"""What becomes of a refused model that has a fallback: other needs, and variables by which the server learns of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from entrypoint import settings
from entrypoint.cache import layout, receipts
from entrypoint.failures import Failure
from entrypoint.needs import deployment, fallbacks
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.fallbacks import Taken
from entrypoint.values import EXIT_CODES, Need, Place, Verdict
from tests.cache.conftest import COMMIT, item, large
from tests.needs.fake_privategpt import MODEL_1, FakePrivateGPT, settings_of

MODULE = ("python", "-m", "private_gpt")
DOCKER_WEIGHTS = {
    "llm_hf_repo_id": "${PGPT_HF_REPO_ID:gated/GGUF}",
    "llm_hf_model_file": "${PGPT_HF_MODEL_FILE:gated.Q4.gguf}",
}
DOCKER_EMBEDDING = {"embedding_hf_model_name": "${PGPT_EMBEDDING_HF_MODEL_NAME:gated/embed}"}


@dataclass
class Scene:
    """A server in `cwd`, a cache, and the environment's variables."""

    folder: Path
    gpt: FakePrivateGPT | None = None

    def settings(self, **environ: str) -> settings.Settings:
        base = self.gpt.environ if self.gpt else {}
        home = self.folder / "home"
        return settings.read(base | environ, stderr_is_terminal=False, home=home, root=self.folder)

    @property
    def cwd(self) -> Path:
        return self.gpt.root if self.gpt else self.folder

    def found(self, **environ: str) -> Deployment:
        return deployment.find(self.settings(**environ), MODULE, self.cwd)

    def refused(self, *repos: str, name: str = "terms-not-accepted", **environ: str) -> Taken | None:
        """What is taken once the Hub has refused these models of the deployment."""
        return self.refused_after(self.found(**environ), *repos, name=name, **environ)

    def refused_after(
        self, wanted: Deployment, *repos: str, name: str = "terms-not-accepted", **environ: str
    ) -> Taken | None:
        verdicts = [Verdict(need, name) for need in wanted.needs if need.repo in repos]
        assert {verdict.need.repo for verdict in verdicts} == set(repos)
        return fallbacks.take(wanted, self.settings(**environ), MODULE, self.cwd, verdicts)

    def unreachable(self, *repos: str, **environ: str) -> Taken | None:
        wanted = self.found(**environ)
        verdicts = [Verdict(need, "hub-unreachable") for need in wanted.needs if need.repo in repos]
        return fallbacks.in_place(wanted, self.settings(**environ), MODULE, self.cwd, verdicts)


@pytest.fixture
def server(tmp_path: Path) -> Scene:
    """One whose models are listed by hand."""
    return Scene(tmp_path)


@pytest.fixture
def privategpt(tmp_path: Path) -> Callable[..., Scene]:
    gpt = FakePrivateGPT(tmp_path / "app")

    def holding(version: Any, **changes: Any) -> Scene:
        gpt.holds(settings_of(version, **changes))
        return Scene(tmp_path, gpt)

    return holding


def done(taken: Taken | None) -> Taken:
    """Of one that was taken."""
    assert taken is not None
    assert taken.replaced
    return taken


def not_done(taken: Taken | None) -> str:
    """Why it was not taken; the deployment is as it was."""
    assert taken is not None
    assert taken.replaced == ()
    assert taken.deployment.overrides == {}
    (notice,) = taken.notices
    assert notice.name == "fallback-not-usable"
    return notice.text


def names(taken: Taken) -> list[str]:
    return [notice.name for notice in taken.notices]


def fetched(need: Need) -> None:
    """The model of `need` lies in place, with a receipt."""
    content = b"GGUF" + need.repo.encode()
    file = large(need.patterns[0] if need.patterns else "model.safetensors", content)
    need.place.path.mkdir(parents=True, exist_ok=True)
    staged = need.place.path / "staged"
    staged.write_bytes(content)
    layout.put(staged, need, COMMIT, file)
    receipts.write(item(need, file))


# Which refusals


def test_a_fallback_is_for_refusals_of_the_model_and_not_for_passing_troubles() -> None:
    assert set(EXIT_CODES) - fallbacks.ELIGIBLE == {
        "granted",
        "file-not-found",
        "rate-limited",
        "hub-error",
        "hub-unreachable",
        "tls-untrusted",
        "proxy-refused",
        "not-a-hub",
    }
    assert set(EXIT_CODES) >= fallbacks.ELIGIBLE


@pytest.mark.parametrize("name", ["hub-unreachable", "rate-limited", "file-not-found", "not-a-hub"])
def test_a_trouble_that_is_no_refusal_takes_none(server: Scene, name: str) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    assert server.refused("gated/repo", name=name, **environ) is None


def test_without_a_fallback_the_refusal_stands(server: Scene) -> None:
    assert server.refused("gated/repo", ENTRYPOINT_MODELS="gated/repo") is None
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "other/repo=open/repo"}
    assert server.refused("gated/repo", **environ) is None


# Models listed by hand


def test_a_listed_model_is_replaced_in_its_place(server: Scene) -> None:
    environ = {
        "ENTRYPOINT_MODELS": "first/model gated/repo@v2 last/model",
        "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo",
    }
    taken = done(server.refused("gated/repo", **environ))
    first, last = (need for need in server.found(**environ).needs if need.repo != "gated/repo")
    stand_in = Need("open/repo", first.place, "ENTRYPOINT_FALLBACKS")
    assert taken.deployment.needs == (first, stand_in, last)
    ((verdict, need),) = taken.replaced
    assert (verdict.need.repo, need) == ("gated/repo", stand_in)


def test_the_server_learns_of_it_by_a_variable(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    taken = done(server.refused("gated/repo", name="review-pending", **environ))
    assert taken.deployment.overrides == {"ENTRYPOINT_FALLBACKS_TAKEN": "gated/repo=open/repo"}
    assert taken.notices == ()


@pytest.mark.parametrize(
    ("fallback", "patterns"),
    [("open/repo", ("*.gguf",)), ("open/repo:*Q8*", ("*Q8*",)), ("open/repo@v1:*Q8*", ("*Q8*",))],
)
def test_patterns_of_its_own_come_before_those_of_the_refused(
    server: Scene, fallback: str, patterns: tuple[str, ...]
) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo:*.gguf", "ENTRYPOINT_FALLBACKS": f"gated/repo={fallback}"}
    (need,) = done(server.refused("gated/repo", **environ)).deployment.needs
    assert need.patterns == patterns
    assert need.revision == ("v1" if "@" in fallback else "main")


def test_an_optional_model_stays_optional(server: Scene) -> None:
    environ = {"ENTRYPOINT_OPTIONAL_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    (need,) = done(server.refused("gated/repo", **environ)).deployment.needs
    assert (need.source, need.required) == ("ENTRYPOINT_FALLBACKS", False)


def test_a_model_that_is_needed_anyway_is_needed_once(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo open/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    taken = done(server.refused("gated/repo", **environ))
    assert [need.repo for need in taken.deployment.needs] == ["open/repo"]


def test_two_entries_that_become_the_same_are_one(server: Scene) -> None:
    environ = {
        "ENTRYPOINT_MODELS": "gated/repo gated/repo:*.gguf",
        "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo:*Q8*",
    }
    taken = done(server.refused("gated/repo", **environ))
    assert [(need.repo, need.patterns) for need in taken.deployment.needs] == [("open/repo", ("*Q8*",))]
    assert len(taken.replaced) == 2
    assert taken.deployment.overrides == {"ENTRYPOINT_FALLBACKS_TAKEN": "gated/repo=open/repo"}


def test_a_second_refusal_adds_to_the_first(server: Scene) -> None:
    environ = {
        "ENTRYPOINT_MODELS": "gated/one gated/two",
        "ENTRYPOINT_FALLBACKS": "gated/one=open/one gated/two=open/two",
    }
    first = done(server.refused("gated/one", **environ))
    second = done(server.refused_after(first.deployment, "gated/two", **environ))
    assert [need.repo for need in second.deployment.needs] == ["open/one", "open/two"]
    assert second.deployment.overrides == {"ENTRYPOINT_FALLBACKS_TAKEN": "gated/one=open/one gated/two=open/two"}
    assert [verdict.need.repo for verdict, _ in second.replaced] == ["gated/two"]


def test_a_fallback_that_is_refused_itself_has_none(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    first = done(server.refused("gated/repo", **environ))
    assert server.refused_after(first.deployment, "open/repo", **environ) is None


# PrivateGPT


def test_privategpt_is_told_by_the_variables_that_its_settings_read(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=DOCKER_WEIGHTS)
    environ = {"ENTRYPOINT_FALLBACKS": "gated/GGUF=open/GGUF@v1:open.Q8.gguf"}
    taken = done(scene.refused("gated/GGUF", **environ))
    assert taken.deployment.overrides == {
        "PGPT_HF_REPO_ID": "open/GGUF",
        "PGPT_HF_MODEL_FILE": "open.Q8.gguf",
        "ENTRYPOINT_FALLBACKS_TAKEN": "gated/GGUF=open/GGUF",
    }
    (before,) = scene.found(**environ).needs
    assert taken.deployment.needs == (replace(before, repo="open/GGUF", revision="v1", patterns=("open.Q8.gguf",)),)
    assert names(taken) == []


def test_its_needs_are_those_that_it_has_with_the_fallback(privategpt: Callable[..., Scene]) -> None:
    file = "${PGPT_HF_MODEL_FILE:gated.Q4.gguf}"
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=DOCKER_WEIGHTS | {"llm_hf_model_file": file})
    environ = {"ENTRYPOINT_FALLBACKS": "gated/GGUF=open/GGUF:q-00001-of-00003.gguf"}
    (need,) = done(scene.refused("gated/GGUF", **environ)).deployment.needs
    assert need.patterns == tuple(f"q-0000{number}-of-00003.gguf" for number in (1, 2, 3))


def test_a_variable_that_names_the_refused_model_is_set_anew(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    environ = {"PGPT_EMBEDDING_HF_MODEL_NAME": "other/gated", "ENTRYPOINT_FALLBACKS": "other/gated=open/embed"}
    taken = done(scene.refused("other/gated", **environ))
    assert taken.deployment.overrides["PGPT_EMBEDDING_HF_MODEL_NAME"] == "open/embed"


def test_another_embedding_is_told_to_need_the_documents_again(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    taken = done(scene.refused("gated/embed", ENTRYPOINT_FALLBACKS="gated/embed=open/embed"))
    assert names(taken) == ["fallback-embedding"]
    assert "Ingest the documents again" in taken.notices[0].text
    (need,) = taken.deployment.needs
    assert (need.repo, need.use, need.auto_map) == ("open/embed", "embedding", True)
    assert taken.deployment.environment["HF_MODULES_CACHE"].endswith("models/cache/modules")


def test_patterns_of_the_list_come_before_its_own_for_an_embedding(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    environ = {"ENTRYPOINT_FALLBACKS": "gated/embed=open/embed:*.safetensors,*.json"}
    (need,) = done(scene.refused("gated/embed", **environ)).deployment.needs
    assert need.patterns == ("*.safetensors", "*.json")


def test_two_of_its_models_are_replaced_together_and_one_after_the_other(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt(
        "0.6",
        llm={"mode": "llamacpp"},
        llamacpp=DOCKER_WEIGHTS,
        embedding={"mode": "huggingface"},
        huggingface=DOCKER_EMBEDDING,
    )
    environ = {
        "ENTRYPOINT_OPTIONAL_MODELS": "by/hand",
        "ENTRYPOINT_FALLBACKS": "gated/GGUF=open/GGUF@v1:open.gguf gated/embed=open/embed:*.json",
    }
    together = done(scene.refused("gated/GGUF", "gated/embed", **environ))
    first = done(scene.refused("gated/GGUF", **environ))
    second = done(scene.refused_after(first.deployment, "gated/embed", **environ))
    assert second.deployment == together.deployment
    needs = [(need.repo, need.revision, need.patterns) for need in together.deployment.needs]
    assert needs == [
        ("open/GGUF", "v1", ("open.gguf",)),
        ("open/embed", "main", ("*.json",)),
        ("by/hand", "main", ()),
    ]
    assert together.deployment.overrides == {
        "PGPT_HF_REPO_ID": "open/GGUF",
        "PGPT_HF_MODEL_FILE": "open.gguf",
        "PGPT_EMBEDDING_HF_MODEL_NAME": "open/embed",
        "ENTRYPOINT_FALLBACKS_TAKEN": "gated/GGUF=open/GGUF gated/embed=open/embed",
    }


def test_a_profile_that_does_not_read_the_variable_is_told_with_the_line_that_would(
    privategpt: Callable[..., Scene],
) -> None:
    scene = privategpt(
        "0.6", llm={"mode": "llamacpp"}, llamacpp={"llm_hf_repo_id": "gated/GGUF", "llm_hf_model_file": "g.gguf"}
    )
    environ = {"PGPT_PROFILES": "local", "ENTRYPOINT_FALLBACKS": "gated/GGUF=open/GGUF:open.gguf"}
    text = not_done(scene.refused("gated/GGUF", **environ))
    assert "does not read PGPT_HF_REPO_ID with PGPT_PROFILES=local; settings-docker.yaml does" in text
    assert "set llamacpp.llm_hf_repo_id to ${PGPT_HF_REPO_ID:gated/GGUF} and llamacpp.llm_hf_model_file to " in text


def test_a_profile_that_reads_the_repo_but_not_the_file_does_not_do(privategpt: Callable[..., Scene]) -> None:
    half = DOCKER_WEIGHTS | {"llm_hf_model_file": "gated.Q4.gguf"}
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=half)
    not_done(scene.refused("gated/GGUF", ENTRYPOINT_FALLBACKS="gated/GGUF=open/GGUF:open.gguf"))


def test_a_tokenizer_that_no_variable_names_cannot_be_replaced(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.5", llm={"tokenizer": "gated/tok"})
    environ = {"PGPT_PROFILES": "docker", "ENTRYPOINT_FALLBACKS": "gated/tok=open/tok"}
    text = not_done(scene.refused("gated/tok", **environ))
    assert "No variable that is set decides about its llm.tokenizer with PGPT_PROFILES=docker" in text
    assert text.endswith("Write open/tok there in PrivateGPT's settings.")


def test_a_profile_of_ones_own_may_read_any_variable(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.5", llm={"tokenizer": "${MY_TOKENIZER:}"})
    environ = {
        "MY_TOKENIZER": "gated/tok",
        "OTHER": "x",
        "ENTRYPOINT_MODEL_REPO": "gated/tok",  # of an outer start: it is no setting of PrivateGPT
        "ENTRYPOINT_FALLBACKS": "gated/tok=open/tok",
    }
    taken = done(scene.refused("gated/tok", **environ))
    assert taken.deployment.overrides == {
        "MY_TOKENIZER": "open/tok",
        "ENTRYPOINT_FALLBACKS_TAKEN": "gated/tok=open/tok",
    }
    (before,) = scene.found(**environ).needs
    assert taken.deployment.needs == (replace(before, repo="open/tok"),)


def test_all_models_of_1_x_that_share_a_tokenizer_are_told(privategpt: Callable[..., Scene]) -> None:
    models = [
        MODEL_1 | {"name": name, "tokenizer": f"${{PGPT_MODELS_{name.upper()}_TOKENIZER:}}", "tokenizer_mode": "chat"}
        for name in ("m1", "m2")
    ]
    scene = privategpt("1", models=models, llm={"default_model": "m2"})
    both = {f"PGPT_MODELS_{name}_TOKENIZER": "gated/tok" for name in ("M1", "M2")}
    environ = both | {"ENTRYPOINT_FALLBACKS": "gated/tok=open/tok"}
    taken = done(scene.refused("gated/tok", **environ))
    assert [(need.repo, need.required) for need in taken.deployment.needs] == [("open/tok", True)]
    assert {**taken.deployment.overrides, **dict.fromkeys(both, "open/tok")} == taken.deployment.overrides


def test_where_one_model_of_1_x_keeps_the_refused_tokenizer_the_refusal_stands(
    privategpt: Callable[..., Scene],
) -> None:
    models = [
        MODEL_1 | {"name": "m1", "tokenizer": "${PGPT_MODELS_M1_TOKENIZER:}"},
        MODEL_1 | {"name": "m2", "tokenizer": "gated/tok"},
    ]
    scene = privategpt("1", models=models)
    environ = {"PGPT_MODELS_M1_TOKENIZER": "gated/tok", "ENTRYPOINT_FALLBACKS": "gated/tok=open/tok"}
    assert "models[m1].tokenizer" in not_done(scene.refused("gated/tok", **environ))


def test_settings_that_do_not_load_with_the_fallback_are_told_in_privategpts_words(
    privategpt: Callable[..., Scene],
) -> None:
    scene = privategpt("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    assert scene.gpt is not None
    values = settings_of("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    scene.gpt.holds(values, before='if "PGPT_EMBEDDING_HF_MODEL_NAME" in os.environ: raise ValueError("not that one")')
    text = not_done(scene.refused("gated/embed", ENTRYPOINT_FALLBACKS="gated/embed=open/embed"))
    assert text.endswith("its settings do not load: ValueError: not that one")


def test_the_repo_of_a_models_code_cannot_be_replaced(server: Scene, tmp_path: Path) -> None:
    code = Need("gated/code", Place("hub-cache", tmp_path), "x", use="code", asker="PrivateGPT")
    read = server.settings(ENTRYPOINT_FALLBACKS="gated/code=open/code")
    taken = fallbacks.take(Deployment((code,)), read, MODULE, tmp_path, [Verdict(code, "token-missing")])
    assert "config.json of another model" in not_done(taken)


# A list that cannot help is told at every start


def test_a_mistake_in_the_list_ends_the_start_before_anything_is_refused(server: Scene) -> None:
    with pytest.raises(Failure) as caught:
        server.found(ENTRYPOINT_MODELS="a/b", ENTRYPOINT_FALLBACKS="a/b:c/d")
    assert (caught.value.name, caught.value.exit_code) == ("bad-fallback", 78)


def test_a_fallback_that_nobody_asks_for_is_a_notice(server: Scene) -> None:
    found = server.found(ENTRYPOINT_MODELS="gated/repo", ENTRYPOINT_FALLBACKS="gated/rpeo=open/repo")
    assert [notice.name for notice in found.notices] == ["fallback-for-nothing"]
    fine = server.found(ENTRYPOINT_MODELS="gated/repo", ENTRYPOINT_FALLBACKS="gated/repo=open/repo@v1:*.json")
    assert fine.notices == ()


@pytest.mark.parametrize("fallback", ["open/GGUF", "open/GGUF:*.gguf", "open/GGUF:a.gguf,b.gguf"])
def test_weights_without_the_one_file_that_privategpt_opens_are_a_notice(
    privategpt: Callable[..., Scene], fallback: str
) -> None:
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=DOCKER_WEIGHTS)
    environ = {"ENTRYPOINT_FALLBACKS": f"gated/GGUF={fallback}"}
    (notice,) = scene.found(**environ).notices
    assert notice.name == "fallback-not-usable"
    assert "must name: gated/GGUF=open/GGUF:<file>.gguf" in notice.text
    assert not_done(scene.refused("gated/GGUF", **environ)) == notice.text


def test_another_branch_than_privategpt_reads_is_a_notice(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", embedding={"mode": "huggingface"}, huggingface=DOCKER_EMBEDDING)
    environ = {"ENTRYPOINT_FALLBACKS": "gated/embed=open/embed@v2"}
    (notice,) = scene.found(**environ).notices
    assert "reads the branch main of a model, not v2" in notice.text
    assert not_done(scene.refused("gated/embed", **environ)) == notice.text


def test_nothing_is_said_where_privategpts_settings_do_not_load(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6")
    assert scene.gpt is not None
    scene.gpt.holds(settings_of("0.6"), before='raise ValueError("broken")')
    found = scene.found(ENTRYPOINT_FALLBACKS="gated/repo=open/repo")
    assert found.trouble
    assert found.notices == ()


# What an earlier start has fetched


def test_without_the_hub_a_fallback_that_lies_in_place_is_taken(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    assert server.unreachable("gated/repo", **environ) is None
    (need,) = done(server.refused("gated/repo", **environ)).deployment.needs
    fetched(need)
    taken = done(server.unreachable("gated/repo", **environ))
    assert taken.deployment.needs == (need,)
    assert [(verdict.name, need.repo) for verdict, need in taken.replaced] == [("hub-unreachable", "open/repo")]


def test_one_that_was_only_touched_since_is_proved_and_taken(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    (need,) = done(server.refused("gated/repo", **environ)).deployment.needs
    fetched(need)
    receipt = receipts.read(need)
    assert receipt is not None
    os.utime(layout.path_of(need, COMMIT, receipt.files[0]), ns=(0, 1))
    done(server.unreachable("gated/repo", **environ))


def test_one_that_is_damaged_is_not(server: Scene) -> None:
    environ = {"ENTRYPOINT_MODELS": "gated/repo", "ENTRYPOINT_FALLBACKS": "gated/repo=open/repo"}
    (need,) = done(server.refused("gated/repo", **environ)).deployment.needs
    fetched(need)
    receipt = receipts.read(need)
    assert receipt is not None
    layout.path_of(need, COMMIT, receipt.files[0]).resolve().write_bytes(b"GGUFdamaged!!!")
    assert server.unreachable("gated/repo", **environ) is None


def test_privategpts_is_found_again_where_it_was_fetched(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=DOCKER_WEIGHTS)
    environ = {"ENTRYPOINT_FALLBACKS": "gated/GGUF=open/GGUF@v1:open.gguf"}
    first = done(scene.refused("gated/GGUF", **environ))
    assert scene.unreachable("gated/GGUF", **environ) is None
    fetched(first.deployment.needs[0])
    again = done(scene.unreachable("gated/GGUF", **environ))
    assert again.deployment == first.deployment
    assert names(again) == []


def test_a_file_that_was_put_there_by_hand_is_used_as_it_is(privategpt: Callable[..., Scene]) -> None:
    scene = privategpt("0.6", llm={"mode": "llamacpp"}, llamacpp=DOCKER_WEIGHTS)
    models = scene.cwd / "models"
    models.mkdir()
    (models / "open.gguf").write_bytes(b"GGUF")
    taken = done(scene.refused("gated/GGUF", ENTRYPOINT_FALLBACKS="gated/GGUF=open/GGUF:open.gguf"))
    assert (taken.deployment.needs, [need.repo for need in taken.deployment.in_place]) == ((), ["open/GGUF"])
    assert names(taken) == ["put-by-hand"]
    assert f"open.gguf lies in {models} without a receipt" in taken.notices[0].text
