"""Fetching official files: short connect timeout, progress, resumed where they broke off, checked against their checksums, moved into
place last."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from core.data import ProgressCallback
from core.messages import Message, N_, UserError

CONNECT_TIMEOUT = 5.0  # seconds
_CHUNK_BYTES = 1 << 16
_POLL_SECONDS = 0.5  # seconds between two looks at what another process has brought


@dataclass(frozen=True)
class RemoteFile:
    """One file: where it comes from, where it goes, its MD5 sum, the beginning of its SHA-256 sum (empty: not known). `wrong` looks at
    what has come of a file whose sums nobody knows, and says what it is not."""

    url: str
    path: Path
    md5: str = ""
    sha256: str = ""
    wrong: Callable[[Path], Message | None] | None = None

    def is_complete(self, part: Path) -> bool:
        """Whether `part` is there and has the sums that are known."""
        if not part.exists():
            return False
        return all(
            _checksum(part, kind).startswith(known)
            for kind, known in (("md5", self.md5), ("sha256", self.sha256))
            if known
        )


class _UnexpectedFileError(OSError):
    """What came is not what was wanted."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def fetch_files(
    title: str, sources: list[RemoteFile], total_bytes: int, progress: ProgressCallback | None = None
) -> None:
    """Bring all `sources` that are not there yet. Raises UserError naming the URL that failed, why, and the folder to fill."""
    done = 0
    for source in sources:
        if source.path.exists():
            done += source.path.stat().st_size
        else:
            done = _fetch_file(title, source, done, total_bytes, progress)


def _fetch_file(
    title: str, source: RemoteFile, done: int, total_bytes: int, progress: ProgressCallback | None
) -> int:
    """Bring one file. Returns `done` plus its bytes, of which earlier attempts, or another process, may have brought some."""
    part = source.path.with_name(source.path.name + ".part")

    def tell(bytes_here: int) -> None:
        if progress:
            progress(
                Message(N_("Downloading {title}"), {"title": title}),
                min(1.0, (done + bytes_here) / total_bytes),
            )

    try:
        source.path.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive_download(part, tell):
            if not source.path.exists():
                _download_file(source, part, tell)
        return done + source.path.stat().st_size
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(
            N_(
                "{title} could not be downloaded from {url}: {reason}. Place the file in {folder} "
                "manually, or try again later."
            ),
            title=title,
            url=source.url,
            reason=reason if isinstance(reason, Message) else str(reason),
            folder=str(source.path.parent),
        ) from error


@contextmanager
def _exclusive_download(part: Path, tell: Callable[[int], None]) -> Iterator[None]:
    """Nobody else writes `part` meanwhile. Who waits for it tells how far the other has come."""
    lock = FileLock(part.with_name(f".{part.name}.lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
        except Timeout:
            with suppress(FileNotFoundError):
                tell(part.stat().st_size)
    try:
        yield
    finally:
        lock.release()


def _download_file(source: RemoteFile, part: Path, tell: Callable[[int], None]) -> None:
    """Bring what `part` lacks, and move it into place. Raises OSError where it is not what was announced."""
    if not ((source.md5 or source.sha256) and source.is_complete(part)):
        _stream_to_file(source.url, part, tell)
    wrong = source.wrong(part) if source.wrong else None
    if not source.is_complete(part):
        wrong = Message(N_("checksum mismatch"))
    if wrong:
        part.unlink()
        raise _UnexpectedFileError(wrong)
    os.replace(part, source.path)


def _stream_to_file(url: str, part: Path, tell: Callable[[int], None]) -> None:
    """Bring `url` into `part`, from where that ends already. Raises OSError where the connection breaks off; `part` then keeps
    what has come."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        part.unlink()  # longer than the file is: of no use
        return _stream_to_file(url, part, tell)
    with answer:
        have = have if answer.status == 206 else 0
        whole = int(answer.headers.get("Content-Length") or -1)
        come = 0
        with part.open("ab" if have else "wb") as f:
            while block := answer.read(_CHUNK_BYTES):
                f.write(block)
                come += len(block)
                tell(have + come)
        if come < whole:
            raise OSError(f"the connection broke off after {have + come:,} of {have + whole:,} bytes")


def _checksum(path: Path, kind: str) -> str:
    with path.open("rb") as f:  # block by block: some are larger than the memory of a small machine
        return hashlib.file_digest(f, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
