"""One file: fetched by the client library into the staging area, proved, and put where the server looks.

What the library leaves open is closed here: it checks no hash, retries neither a 5xx nor a reset on the file itself,
and names what went wrong by five unrelated exception classes.
"""

from __future__ import annotations

import errno
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError, XetDownloadError
from tenacity import RetryCallState
from tenacity.stop import stop_base

from entrypoint import __version__
from entrypoint.cache import layout, proof
from entrypoint.hub.evidence import Refusal, from_exception
from entrypoint.hub.retry import patiently
from entrypoint.text import clean, human_duration
from entrypoint.transfer.wire import JobItem
from entrypoint.values import Evidence, RepoFile

ATTEMPTS = 8
XET_ATTEMPTS = 2
# Each costs the whole file again; what garbles it three times will do so for ever.
MISMATCH_LIMIT = 3
# The Hub has just answered: a host of files to which no connection can be made is most often blocked.
UNREACHED_LIMIT = 5
UNREACHED = frozenset({"dns", "connect", "timeout"})
# The library hands on 10 MiB at a time; with less, a slow link still shows a sign of life before it counts as stalled.
CHUNK_BYTES = 1 << 20
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Mismatch(Refusal):
    """What arrived is not what the Hub published. Passing: a proxy or a disk may have garbled it this once."""

    def __init__(self, file: RepoFile) -> None:
        super().__init__(Evidence(trouble="other", message=f"{file.path} arrived with another hash than published"))


class DiskFull(Exception):  # noqa: N818 - it is the fact that counts
    """The volume ran full, by the operating system's word or by that of xet's native code."""


class _stop_after(stop_base):  # noqa: N801 - tenacity's strategies are lower case
    """Ends the trying after `limit` faults of one kind, whatever came in between."""

    def __init__(self, limit: int, is_of_kind: Callable[[BaseException | None], bool]) -> None:
        self._limit = limit
        self._is_of_kind = is_of_kind
        self._seen = 0

    def __call__(self, retry_state: RetryCallState) -> bool:
        self._seen += self._is_of_kind(retry_state.outcome.exception() if retry_state.outcome else None)
        return self._seen >= self._limit


def _is_mismatch(error: BaseException | None) -> bool:
    return isinstance(error, Mismatch)


def _is_unreached(error: BaseException | None) -> bool:
    return isinstance(error, Refusal) and error.evidence.trouble in UNREACHED


class Reporter(Protocol):
    """What a fetch tells while it works. All of it may be called from several threads."""

    def bytes(self, count: int) -> None: ...
    def alive(self) -> None: ...
    def note(self, text: str, **fields: Any) -> None: ...


class Fetcher:
    """Fetches single files from one endpoint. `session.open_api` must have been called for it in this process."""

    def __init__(
        self, endpoint: str, token: str | None, report: Reporter, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._report = report
        self._sleep = sleep or self._sleep_audibly

    def fetch(self, item: JobItem, file: RepoFile) -> None:
        """Until the file is in place. Raises `Refusal` (permanent, or passing but too often), `DiskFull`, `OSError`."""
        if self._blob_is_here(item, file):
            layout.link_blob(item.need, item.commit, file, item.area)
            self._report.bytes(file.size)
            return
        for attempt in patiently(
            ATTEMPTS,
            max_pause=30.0,
            stop=_stop_after(MISMATCH_LIMIT, _is_mismatch) | _stop_after(UNREACHED_LIMIT, _is_unreached),
            sleep=self._sleep,
            before_sleep=partial(self._tell, file),
        ):
            with attempt:
                if attempt.retry_state.attempt_number > XET_ATTEMPTS:
                    self._leave_xet(file)
                self._once(item, file)

    def _once(self, item: JobItem, file: RepoFile) -> None:
        meter = _Meter(self._report)
        try:
            staged = self._download(item, file, meter)
            self._prove(staged, file)
            layout.put(staged, item.need, item.commit, file)
        except BaseException:
            meter.rewind()
            raise
        meter.settle(file.size)

    def _prove(self, staged: Path, file: RepoFile) -> None:
        if not proof.matches(staged, file, lambda _count: self._report.alive()):
            staged.unlink()
            raise Mismatch(file)

    def _download(self, item: JobItem, file: RepoFile, meter: _Meter) -> Path:
        url = huggingface_hub.hf_hub_url(item.need.repo, file.path, revision=item.commit, endpoint=self._endpoint)
        try:
            path = huggingface_hub.hf_hub_download(
                item.need.repo,
                file.path,
                revision=item.commit,
                local_dir=item.area / "files",
                cache_dir=item.area / "none",  # else a damaged file in the cache would be copied, not fetched
                endpoint=self._endpoint,
                token=self._token or False,
                tqdm_class=meter.bar_class(),
                library_name="model-entrypoint",
                library_version=__version__,
            )
        except Refusal:
            raise
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, LocalEntryNotFoundError, ValueError) as error:
            # ValueError: an address of the answer that is none
            raise Refusal(from_exception(error, url)) from error
        except (RuntimeError, XetDownloadError) as error:
            # hf_xet has one class for everything, and no errno in it
            if "os error 28" in str(error) or "os error 122" in str(error):
                raise DiskFull(clean(str(error))) from error
            raise Refusal(_fault(url, f"xet: {error}")) from error
        except OSError as error:
            if error.errno in DISK_FULL:
                raise DiskFull(clean(str(error))) from error
            if error.errno is not None:
                raise
            raise Refusal(_fault(url, str(error))) from error  # "Consistency check failed": a short body
        return Path(path)

    def _blob_is_here(self, item: JobItem, file: RepoFile) -> bool:
        """Whether another commit of the repo brought the same bytes already, or a kill came between blob and link."""
        if item.need.place.kind == "folder":
            return False
        try:
            return proof.matches(layout.blob_of(item.need, file), file, lambda _count: self._report.alive())
        except OSError:
            return False

    def _leave_xet(self, file: RepoFile) -> None:
        if file.xet_hash and not constants.HF_HUB_DISABLE_XET:
            constants.HF_HUB_DISABLE_XET = True
            self._report.note("xet keeps failing: going on over HTTP", file=file.path)

    def _tell(self, file: RepoFile, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        if isinstance(error, Refusal):
            said = error.evidence
            reason = f"{said.status} {said.message}".strip() if said.status else said.message or said.trouble
            if not said.elsewhere:  # then the host stands in the message
                reason = f"{_host(said.url)}{reason}"
            self._report.note(
                f"interrupted; asking again in {human_duration(pause)}",
                file=file.path,
                reason=reason,
                attempt=state.attempt_number,
            )

    def _sleep_audibly(self, seconds: float) -> None:
        """Sleeps, with a sign of life each second: a pause that the Hub asked for is no stall."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
            self._report.alive()


class _Meter:
    """Counts the bytes of one attempt at one file, so that they can be taken back when it fails."""

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._counted = 0

    def count(self, count: int) -> None:
        self._counted += count
        self._report.bytes(count)

    def rewind(self) -> None:
        self.count(-self._counted)

    def settle(self, size: int) -> None:
        """A small file may come without any sign in between; the sum is right in the end."""
        self.count(size - self._counted)

    def bar_class(self) -> type[Any]:
        """A class in the shape of tqdm, as `tqdm_class` asks for. xet shows two bars for one file, "downloading bytes"
        (as they travel, compressed) and "reconstructing file": only the second counts."""
        meter = self

        class Bar:
            def __init__(self, *_args: Any, desc: str = "", initial: int = 0, **_options: Any) -> None:
                self.counts = not (desc or "").lower().endswith("downloading bytes")
                self.n = initial
                self.total = _options.get("total")
                self.desc = desc

            def update(self, count: float | None = 1) -> None:
                if self.counts:
                    self.n += int(count or 0)
                    meter.count(int(count or 0))
                elif count:  # xet calls in regularly, also when nothing comes
                    meter._report.alive()

            def __enter__(self) -> Bar:
                return self

            def __exit__(self, *_error: object) -> None: ...

            def __getattr__(self, _name: str) -> Callable[..., None]:
                return lambda *_args, **_options: None

        return Bar


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f"{host}: " if host else ""


def _fault(url: str, message: str) -> Evidence:
    return Evidence(url=url, trouble="reset", message=clean(message, 200))
