"""One file from a Hub that fails in every way: healed by asking again where that helps, else refused at once.

All through the real client library, against a hub on loopback; only the pauses are not waited for.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants

from entrypoint import __version__
from entrypoint.cache import layout
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.session import open_api
from entrypoint.hub.verdicts import Bearer, judge
from entrypoint.transfer import fetch
from entrypoint.transfer.fetch import Fetcher, Mismatch
from entrypoint.values import Need, RepoFile
from localhub import LocalHub
from tests.transfer.conftest import TOKEN, WEIGHTS, blobs, file_requests, job_item, visible

LARGE = "model.safetensors"


@dataclass
class Report:
    total: int = 0
    counts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    signs: int = 0

    def bytes(self, count: int) -> None:
        self.total += count
        self.counts.append(count)

    def alive(self) -> None:
        self.signs += 1

    def note(self, text: str, **fields: Any) -> None:
        self.notes.append(" ".join((text, *map(str, fields.values()))))


@dataclass
class Scene:
    """A hub, a need, and one call that fetches a file of it."""

    hub: LocalHub
    need: Need
    report: Report
    pauses: list[float]
    token: str | None = None

    def fetch(self, path: str = LARGE) -> None:
        open_api(self.hub.url, self.token)
        item = job_item(self.hub, self.need)
        (file,) = (file for file in item.files if file.path == path)
        Fetcher(self.hub.url, self.token, self.report, self.pauses.append).fetch(item, file)

    @property
    def place(self) -> Path:
        return self.need.place.path


@pytest.fixture
def scene(hub: LocalHub, need: Need, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("SSL_CERT_FILE", str(hub.ca_file))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", fetch.CHUNK_BYTES)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the library's own pauses
    return Scene(hub, need, Report(), [])


@pytest.mark.parametrize("path", [LARGE, "config.json", "sub/tokenizer.json"])
def test_a_file_comes_whole_and_the_hubs_own_client_finds_it_offline(scene: Scene, path: str) -> None:
    scene.fetch(path)

    found = huggingface_hub.hf_hub_download(
        "acme/tiny",
        path,
        revision=job_item(scene.hub, scene.need).commit,
        cache_dir=scene.place,
        local_files_only=True,
    )
    assert Path(found).read_bytes() == visible(scene.place)[path]
    assert scene.pauses == []
    assert scene.report.total == len(Path(found).read_bytes())


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        *((("status"), {"status": status}) for status in (500, 502, 503, 504)),
        ("reset", {}),
        ("reset", {"after": 1_500_000}),
        ("cut", {"after": 0}),
        ("cut", {"after": 1_500_000}),
        ("corrupt", {"offset": 1_234_567}),
    ],
    ids=str,
)
def test_what_passes_is_healed_by_asking_again(scene: Scene, kind: str, parameters: dict[str, Any]) -> None:
    fault = scene.hub.fault(kind, "cdn", **parameters)

    scene.fetch()

    assert fault.hits == 1
    assert len(file_requests(scene.hub, LARGE)) >= 2, "it was really asked again"
    assert visible(scene.place) == {LARGE: WEIGHTS}
    assert scene.report.total == len(WEIGHTS), "bytes that did not count were taken back"


def test_an_interruption_is_told_with_its_reason_and_when_it_goes_on(scene: Scene) -> None:
    scene.hub.fault("status", "cdn", status=503, headers={"X-Error-Message": "Overloaded", "Retry-After": "4"})

    scene.fetch()

    assert scene.report.notes == [f"interrupted; asking again in 5 s {LARGE} localhost: 503 Overloaded 1"]


@pytest.mark.parametrize("length", [1_000_000, 2_999_999])
def test_a_body_shorter_than_the_listing_says_is_not_taken(scene: Scene, length: int) -> None:
    fault = scene.hub.answer("GET /repos/", 200, {"Content-Length": str(length)}, WEIGHTS[:length], times=1)

    scene.fetch()

    assert fault.hits == 1
    assert visible(scene.place) == {LARGE: WEIGHTS}


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {"RateLimit": '"resolvers";r=0;t=7'}], ids=str)
def test_a_rate_limit_is_waited_for_as_long_as_the_hub_says(scene: Scene, headers: dict[str, str]) -> None:
    scene.hub.fault("status", "HEAD /acme/tiny/resolve/", status=429, headers=headers)

    scene.fetch()

    assert scene.pauses == [8.0]
    assert visible(scene.place) == {LARGE: WEIGHTS}


def test_an_hour_of_rate_limit_is_not_waited_for_but_told(scene: Scene) -> None:
    scene.hub.fault("status", "HEAD /acme/tiny/resolve/", times=None, status=429, headers={"Retry-After": "3600"})

    with pytest.raises(Refusal) as caught:
        scene.fetch()

    assert scene.pauses == []
    assert caught.value.evidence.retry_after == 3600
    assert judge(caught.value.evidence, Bearer(token_set=False)) == "rate-limited"


def addresses_asked_for(hub: LocalHub) -> int:
    return len([r for r in hub.requests if r.method == "HEAD" and "/resolve/" in r.path])


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_the_hub_is_asked_for_a_fresh_address_when_the_content_network_refuses(scene: Scene, status: int) -> None:
    scene.hub.fault("status", "cdn", status=status)

    scene.fetch()

    assert visible(scene.place) == {LARGE: WEIGHTS}
    assert addresses_asked_for(scene.hub) == 2


def test_an_address_that_expires_in_the_middle_is_replaced(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.hub.fault("cut", "cdn", after=1_500_000)
    monkeypatch.setattr("time.sleep", lambda _seconds: scene.hub.advance(4000))  # the library's pause before it resumes

    scene.fetch()

    assert [r.status for r in scene.hub.requests if r.origin == "cdn"][1:] == [403, 200]
    assert visible(scene.place) == {LARGE: WEIGHTS}


def test_a_content_network_that_keeps_refusing_is_a_fault_that_names_it_and_no_refusal_by_the_hub(scene: Scene) -> None:
    scene.hub.fault("status", "cdn", times=None, status=403, body="<Error><Code>AccessDenied</Code></Error>")

    with pytest.raises(Refusal) as caught:
        scene.fetch()

    assert addresses_asked_for(scene.hub) == fetch.ATTEMPTS
    assert judge(caught.value.evidence, Bearer(token_set=False)) == "hub-error"
    assert caught.value.evidence.url.startswith(scene.hub.cdn_url)
    assert "from localhost: " in caught.value.evidence.message


@pytest.mark.parametrize(("reach", "trouble"), [("refused", "connect"), ("unknown", "dns")])
def test_a_content_network_to_which_nobody_can_connect_is_given_up_soon_and_named(
    scene: Scene, reach: Any, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: pytest.fail("the library waits by itself"))
    scene.hub.set_reach("cdn", reach)

    with pytest.raises(Refusal) as caught:
        scene.fetch()

    assert addresses_asked_for(scene.hub) == fetch.UNREACHED_LIMIT
    assert sum(scene.pauses) < 20
    assert caught.value.evidence.trouble == trouble
    assert caught.value.evidence.url.startswith("https://localhost" if reach == "refused" else "https://cdn.localhub.")


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_permanent_refusal_is_not_asked_again(scene: Scene, status: int) -> None:
    scene.hub.fault("status", "/acme/tiny/resolve/", times=None, status=status, headers={"X-Error-Message": "No."})

    with pytest.raises(Refusal) as caught:
        scene.fetch()

    assert (caught.value.evidence.status, caught.value.evidence.message) == (status, "No.")
    assert len([r for r in scene.hub.requests if "/resolve/" in r.path]) == 1
    assert scene.pauses == []


def test_a_hub_that_keeps_failing_is_given_up_with_its_own_words(scene: Scene) -> None:
    fault = scene.hub.fault(
        "status", "/acme/tiny/resolve/", times=None, status=503, headers={"X-Error-Message": "Overloaded"}
    )

    with pytest.raises(Refusal) as caught:
        scene.fetch()

    assert (caught.value.evidence.status, caught.value.evidence.message) == (503, "Overloaded")
    assert fault.hits == fetch.ATTEMPTS
    assert len(scene.pauses) == fetch.ATTEMPTS - 1
    assert all(0 <= pause <= 30 for pause in scene.pauses)
    assert len(set(scene.pauses)) > 1, "the pauses are jittered"
    assert scene.report.total == 0


@pytest.mark.parametrize("path", [LARGE, "config.json"])
def test_bytes_that_stay_wrong_are_never_seen_by_the_server(scene: Scene, path: str) -> None:
    scene.hub.fault("corrupt", "cdn|^GET", times=None, offset=1)
    scene.hub.fault("corrupt", "cdn", times=None, offset=1)

    with pytest.raises(Mismatch, match=f"{path} arrived with another hash than published"):
        scene.fetch(path)

    assert visible(scene.place) == {}
    assert blobs(scene.place) == []
    assert len(scene.pauses) == fetch.MISMATCH_LIMIT - 1, "each costs the whole file again"
    assert scene.report.total == 0


def test_an_html_page_of_a_portal_is_not_taken_for_a_file(scene: Scene) -> None:
    scene.hub.fault("html", "cdn", times=None)

    with pytest.raises(Refusal):
        scene.fetch()

    assert visible(scene.place) == {}


def test_a_token_goes_to_the_hub_and_to_nobody_else(scene: Scene) -> None:
    scene.hub.add_token(TOKEN, user="alice")
    scene.token = TOKEN

    scene.fetch()

    assert scene.hub.leaks == []
    assert {r.origin for r in scene.hub.requests if "authorization" in r.headers} == {"hub"}
    assert any(r.origin == "cdn" for r in scene.hub.requests)


def test_the_hub_learns_which_program_and_version_fetches(scene: Scene) -> None:
    scene.fetch()
    agents = {request.headers["user-agent"] for request in scene.hub.requests if request.origin == "hub"}
    assert all(agent.startswith(f"model-entrypoint/{__version__};") for agent in agents), agents


def test_a_blob_that_another_commit_brought_is_proved_and_linked_not_fetched(scene: Scene) -> None:
    scene.fetch()
    scene.hub.update_repo("acme/tiny", {"config.json": b'{"new": 1}'})
    scene.hub.clear_requests()
    scene.report.total = 0

    scene.fetch()

    assert scene.hub.requests == []
    item = job_item(scene.hub, scene.need)
    assert layout.path_of(scene.need, item.commit, item.files[1]).read_bytes() == WEIGHTS
    assert scene.report.total == len(WEIGHTS)


def test_a_damaged_blob_is_fetched_again(scene: Scene) -> None:
    scene.fetch()
    (blob,) = blobs(scene.place)
    blob.write_bytes(WEIGHTS[:-1] + b"!")

    scene.fetch()

    assert visible(scene.place) == {LARGE: WEIGHTS}


def test_a_file_for_a_plain_folder_lies_there_under_its_name(scene: Scene, tmp_path: Path) -> None:
    scene.need = replace(scene.need, place=replace(scene.need.place, kind="folder", path=tmp_path / "models"))

    scene.fetch("sub/tokenizer.json")

    assert (tmp_path / "models/sub/tokenizer.json").read_bytes() == b'{"a": 1}'
    assert not list((tmp_path / "models").glob("models--*"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    "make", [lambda code: OSError(code, "full"), lambda code: RuntimeError(f"x (os error {code})")]
)
def test_a_full_disk_is_told_as_one_and_not_tried_again(
    scene: Scene, code: int, make: Callable[[int], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any, **_options: Any) -> None:
        raise make(code)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", full)

    with pytest.raises(fetch.DiskFull):
        scene.fetch()
    assert scene.pauses == []


def test_a_disk_that_fails_otherwise_says_how(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_options: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", broken)

    with pytest.raises(OSError, match="Input/output error"):
        scene.fetch()


def test_xet_that_keeps_failing_is_left_for_http(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    scene.hub.add_repo("acme/xet", {LARGE: WEIGHTS}, xet={LARGE})
    scene.need = replace(scene.need, repo="acme/xet")
    real = huggingface_hub.hf_hub_download

    def without_cas(*arguments: Any, **options: Any) -> str:
        if not constants.HF_HUB_DISABLE_XET:
            raise RuntimeError("Task error: File reconstruction error: CAS Client Error")
        return str(real(*arguments, **options))

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", without_cas)

    scene.fetch()

    assert visible(scene.place) == {LARGE: WEIGHTS}
    assert len(scene.pauses) == fetch.XET_ATTEMPTS
    assert any("going on over HTTP" in note for note in scene.report.notes)
    assert {r.origin for r in scene.hub.requests} == {"hub", "cdn"}


def test_a_pause_that_the_hub_asked_for_gives_signs_of_life(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    report = Report()

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(fetch.time, "sleep", sleep)  # type: ignore[attr-defined]
    monkeypatch.setattr(fetch.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]

    Fetcher(hub.url, None, report)._sleep_audibly(61.5)

    assert now[0] == pytest.approx(161.5)
    assert report.signs >= 61


def test_the_bar_counts_files_as_they_grow_and_not_xets_traffic() -> None:
    report = Report()
    make = fetch._Meter(report).bar_class()
    traffic, file = make(desc="x: downloading bytes", total=10), make(desc="x: reconstructing file", total=10)

    for count in (0, 3, 4):
        traffic.update(count)
    file.update(5)
    file.update(None)
    with file as same:
        same.set_description("whatever the library calls")

    assert report.counts == [5, 0]
    assert report.signs == 2, "a call that brings nothing is no sign of life"


def test_the_library_may_hand_on_a_whole_small_file_without_a_word(scene: Scene) -> None:
    meter = fetch._Meter(scene.report)
    meter.settle(12)

    assert scene.report.total == 12


def test_the_name_of_a_file_never_decides_what_is_right(scene: Scene) -> None:
    item = job_item(scene.hub, scene.need)
    wrong = RepoFile(LARGE, len(WEIGHTS), "b" * 40, sha256="0" * 64)
    open_api(scene.hub.url, None)

    with pytest.raises(Mismatch):
        Fetcher(scene.hub.url, None, scene.report, scene.pauses.append).fetch(item, wrong)
    assert visible(scene.place) == {}
