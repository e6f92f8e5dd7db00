"""What supervisor and worker say to each other survives the way, and says no secret aloud."""

from __future__ import annotations

from pathlib import Path

from entrypoint.transfer import wire
from entrypoint.transfer.wire import Job, JobItem
from entrypoint.values import Evidence, Need, Place, RepoFile
from tests.transfer.conftest import TOKEN

NEED = Need(
    "acme/tiny", Place("folder", Path("/models")), "llm.tokenizer", "v1", ("*.json",), False, "PrivateGPT", "code", True
)
FILE = RepoFile("sub/fïle\n.json", 3, "b" * 40, "c" * 64, "d" * 64)
JOB = Job("https://localhost", TOKEN, (JobItem(NEED, "e" * 40, (FILE,), Path("/models/.model-entrypoint/x")),), 4)


def test_a_job_arrives_as_it_was_sent_in_one_line() -> None:
    line = wire.encode(JOB)

    assert wire.decode(line) == JOB
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_job_that_is_shown_shows_no_token() -> None:
    assert TOKEN not in f"{JOB!r} {JOB}"


def test_evidence_arrives_as_it_was_sent() -> None:
    sent = Evidence(
        url="https://localhost/x", status=403, code="GatedRepo", message="No.", from_hub=True, retry_after=1.5
    )
    fields = {name: getattr(sent, name) for name in Evidence.__slots__}

    assert wire.evidence(fields) == sent
