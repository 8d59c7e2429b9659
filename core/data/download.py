"""Download files: with progress, resumed after an interruption, verified by checksum, moved into place last."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from filelock import FileLock, Timeout

from core.data.registry import ProgressCallback
from core.messages import Message, N_, UserError

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT = 5.0  # seconds
_READ_TIMEOUT = 30.0  # seconds without a byte
_CHUNK_BYTES = 1 << 16
_POLL_SECONDS = 0.5  # seconds between reports on the download of another process
_RANGE_NOT_SATISFIABLE = 416
_OK = 200


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    Attributes:
        url: where it comes from.
        path: where it is saved.
        md5: MD5 checksum, or "" if unknown.
        sha256: the beginning of the SHA-256 checksum, or "" if unknown.
        find_problem: returns what is wrong with a downloaded file, or None; for files without a known checksum.
    """

    url: str
    path: Path
    md5: str = ""
    sha256: str = ""
    find_problem: Callable[[Path], Message | None] | None = None

    def is_complete(self, part: Path) -> bool:
        """Whether `part` exists and has the known checksums."""
        import pooch

        return part.exists() and all(
            pooch.file_hash(part, algorithm).startswith(known)
            for algorithm, known in (("md5", self.md5), ("sha256", self.sha256))
            if known
        )


class _DownloadError(OSError):
    """A download that failed for `reason`."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def fetch_files(
    title: str, sources: list[RemoteFile], total_bytes: int, progress: ProgressCallback | None = None
) -> None:
    """Download all `sources` that do not exist yet.

    Args:
        title: what is downloaded, for messages.
        sources: the files.
        total_bytes: size of all files together, for the progress.
        progress: called after every chunk.

    Raises:
        UserError: if a download fails; the message names URL, reason and folder. A part that arrived is kept, and the next
            call continues from there.
    """
    done = 0
    for source in sources:
        if source.path.exists():
            done += source.path.stat().st_size
        else:
            done = _fetch_file(title, source, done, total_bytes, progress)


def _fetch_file(
    title: str, source: RemoteFile, done: int, total_bytes: int, progress: ProgressCallback | None
) -> int:
    """Download one file after `done` bytes of others. Returns `done` plus its size."""
    part = source.path.with_name(source.path.name + ".part")

    def report(num_bytes: int) -> None:
        if progress:
            fraction = min(1.0, (done + num_bytes) / total_bytes)
            progress(Message(N_("Downloading {title}"), {"title": title}), fraction)

    try:
        source.path.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive_download(part, report):
            if not source.path.exists():
                _download_file(source, part, report)
        return done + source.path.stat().st_size
    except (OSError, ValueError) as error:
        raise UserError(
            N_(
                "{title} could not be downloaded from {url}: {reason}. Place the file in {folder} "
                "manually, or try again later."
            ),
            title=title,
            url=source.url,
            reason=_failure_reason(error),
            folder=str(source.path.parent),
        ) from error


@contextmanager
def _exclusive_download(part: Path, report: Callable[[int], None]) -> Iterator[None]:
    """Lock `part` against other processes. While another one downloads it, report its progress."""
    lock = FileLock(part.with_name(f".{part.name}.lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
        except Timeout:
            with suppress(FileNotFoundError):
                report(part.stat().st_size)
    try:
        yield
    finally:
        lock.release()


def _download_file(source: RemoteFile, part: Path, report: Callable[[int], None]) -> None:
    """Download what `part` lacks, verify it and move it into place. Raises OSError on failure."""
    if not ((source.md5 or source.sha256) and source.is_complete(part)):
        _stream_to_file(source.url, part, report)
    problem = source.find_problem(part) if source.find_problem else None
    if not source.is_complete(part):
        problem = Message(N_("checksum mismatch"))
    if problem:
        part.unlink()
        raise _DownloadError(problem)
    os.replace(part, source.path)


def _stream_to_file(url: str, part: Path, report: Callable[[int], None]) -> None:
    """Append to `part` what it lacks of `url`. Raises OSError if the connection fails; what arrived is kept."""
    import pooch
    import requests

    with part.open("ab") as f:
        bar = _ProgressBar(f, report)
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={bar.start}-"} if bar.start else {})}
        download = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=_CHUNK_BYTES,
            timeout=(CONNECT_TIMEOUT, _READ_TIMEOUT),
            headers=headers,
            hooks={"response": bar.start_over_unless_resumed},
        )
        try:
            download(url, f, None)
            return
        except requests.HTTPError as error:
            if error.response.status_code != _RANGE_NOT_SATISFIABLE or not bar.start:
                raise
        except requests.exceptions.ChunkedEncodingError as error:
            values = {"have": f"{f.tell():,}", "total": f"{bar.start + bar.total:,}"}
            raise _DownloadError(
                Message(N_("the connection broke off after {have} of {total} bytes"), values)
            ) from error
    part.unlink()  # longer than the file on the server
    _stream_to_file(url, part, report)


class _ProgressBar:
    """The progress bar that pooch drives, reporting the size of `file` instead of drawing.

    Pooch sets `total` to the number of bytes to come, and calls `update` after every chunk.
    """

    def __init__(self, file: BinaryIO, report: Callable[[int], None]) -> None:
        self.file, self.report = file, report
        self.start = file.tell()  # bytes that earlier attempts left
        self.total = 0

    def start_over_unless_resumed(
        self, response: requests.Response, *_args: object, **_kwargs: object
    ) -> None:
        """Hook: empty the file if the server sends all of it, not only the rest."""
        if response.status_code == _OK:
            self.file.seek(0)
            self.file.truncate()
            self.start = 0

    def update(self, num_bytes: int) -> None:
        """Report the size of the file. `num_bytes` is not used: pooch passes the chunk size, even for the last chunk."""
        self.report(self.file.tell())

    def reset(self) -> None:
        """Required by pooch."""

    def close(self) -> None:
        """Required by pooch."""


def _failure_reason(error: BaseException) -> Message | str:
    """A short reason: that of the operating system, the HTTP status, or else the error's own text."""
    if isinstance(error, _DownloadError):
        return error.reason
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return Message(N_("the server did not respond in time"))
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error)
