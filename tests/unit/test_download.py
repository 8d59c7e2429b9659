"""Downloads, against a server of our own on 127.0.0.1."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.data import download, fruit
from core.data.download import RemoteFile, fetch_files
from core.messages import UserError

PORTAL = b"<html>Welcome to our network. Please log in.</html>"
CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `content` under every path. `ranges` says whether it can go on in the middle, `cut` where it breaks off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ranges, self.cut, self.status = CONTENT, True, 0, 200
        self.go = threading.Event()  # nothing is answered before
        self.go.set()
        self.asked: list[tuple[str, str | None]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet: a client that gave up waiting closes its connection."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append((self.path, wanted))
        server.go.wait(30)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start and start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cut] if server.cut else body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.bin"


def part(target: Path) -> Path:
    return target.with_name("file.bin.part")


def bring(server: Server, target: Path, md5: str = MD5) -> list[float]:
    """Download into `target`. Returns the shares that were reported."""
    shares: list[float] = []
    fetch_files(
        "Thing",
        [RemoteFile(f"{server.url}/x", target, md5)],
        len(CONTENT),
        lambda what, share: shares.append(share),
    )
    return shares


def test_a_download_reports_its_progress_and_moves_into_place_last(server: Server, target: Path) -> None:
    shares = bring(server, target)
    assert target.read_bytes() == CONTENT and not part(target).exists()
    assert len(shares) > 3 and shares == sorted(shares) and shares[-1] == 1.0


def test_what_is_there_is_not_fetched_again(server: Server, target: Path) -> None:
    bring(server, target)
    assert bring(server, target) == [] and len(server.asked) == 1


def test_a_broken_connection_keeps_what_came_and_the_next_attempt_goes_on(
    server: Server, target: Path
) -> None:
    server.cut = 3 * 65536
    with pytest.raises(UserError, match="broke off after 196,608 of 512,000 bytes"):
        bring(server, target)
    assert part(target).stat().st_size == server.cut and not target.exists()
    server.cut = 0
    shares = bring(server, target)
    assert server.asked[-1] == ("/x", "bytes=196608-")
    assert target.read_bytes() == CONTENT
    assert shares[0] > 196_608 / len(CONTENT) and shares[-1] == 1.0


def test_a_server_that_cannot_go_on_in_the_middle_sends_everything(server: Server, target: Path) -> None:
    target.parent.mkdir()
    part(target).write_bytes(b"old " * 100)
    server.ranges = False
    bring(server, target)
    assert target.read_bytes() == CONTENT


def test_killed_between_the_last_byte_and_the_move(server: Server, target: Path) -> None:
    target.parent.mkdir()
    part(target).write_bytes(CONTENT)
    bring(server, target)
    assert target.read_bytes() == CONTENT and server.asked == [], "nothing is fetched twice"


def test_a_part_that_is_longer_than_the_file_is_thrown_away(server: Server, target: Path) -> None:
    target.parent.mkdir()
    part(target).write_bytes(CONTENT + b"more")
    bring(server, target)
    assert target.read_bytes() == CONTENT


def test_two_who_ask_at_once_share_one_download(
    server: Server, target: Path, wait_until: Callable[..., None]
) -> None:
    target.parent.mkdir()
    part(target).write_bytes(CONTENT[:1000])
    server.go.clear()
    source = RemoteFile(f"{server.url}/x", target, MD5)
    first = threading.Thread(target=bring, args=(server, target))
    second = threading.Thread(
        target=fetch_files, args=("Thing", [source], len(CONTENT), lambda *_: server.go.set())
    )
    first.start()
    wait_until(lambda: server.asked, what="the first to ask")
    second.start()  # what it tells while it waits lets the first go on
    for thread in (first, second):
        thread.join(30)
    assert target.read_bytes() == CONTENT and len(server.asked) == 1 and not part(target).exists()


def test_another_md5_sum_is_refused_and_leaves_nothing(server: Server, target: Path) -> None:
    with pytest.raises(UserError, match="checksum mismatch"):
        bring(server, target, md5="0" * 32)
    assert not target.exists() and not part(target).exists()


def test_a_cut_file_without_a_known_md5_sum_is_not_taken_for_whole(server: Server, target: Path) -> None:
    server.cut = 1000
    with pytest.raises(UserError, match="broke off"):
        bring(server, target, md5="")
    assert not target.exists()


def said_by(url: str, target: Path) -> str:
    with pytest.raises(UserError) as caught:
        fetch_files("Thing", [RemoteFile(url, target)], len(CONTENT))
    said = str(caught.value)
    assert (
        said.startswith("Thing could not be downloaded from ") and url in said and str(target.parent) in said
    )
    return said


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_names_the_url_and_the_folder(server: Server, target: Path, status: int) -> None:
    server.status = status
    assert f"HTTP {status} " in said_by(f"{server.url}/x", target)


def test_a_server_that_never_responds(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_READ_TIMEOUT", 0.2)
    server.go.clear()
    assert "the server did not respond in time" in said_by(f"{server.url}/x", target)
    server.go.set()


def test_an_unreachable_server_is_one_sentence_with_url_and_folder(target: Path) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    assert "refused" in said_by(f"http://127.0.0.1:{port}/x", target)


def test_a_server_that_speaks_something_else(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as s:

        def answer() -> None:
            client, _ = s.accept()
            with client:
                client.recv(1000)
                client.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        said_by(f"http://127.0.0.1:{s.getsockname()[1]}/x", target)
        thread.join()


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said_by(f"{server.url}/x", tmp_path / "file" / "folder" / "x.bin")


def test_mnist_downloads_its_four_files_into_torchvisions_layout(
    server: Server, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.data import mnist

    monkeypatch.setattr(mnist, "URL", f"{server.url}/mnist/")
    monkeypatch.setattr(mnist, "_MD5", dict.fromkeys(mnist._MD5, MD5))
    raw = mnist.download(own_world / "downloads")
    assert sorted(path for path, _ in server.asked) == sorted(
        f"/mnist/{name}.gz" for name in mnist._FILES.values()
    )
    assert raw == own_world / "downloads" / "MNIST" / "raw" and mnist.find(own_world / "downloads") == raw


def test_the_beginning_of_a_sha256_sum_is_checked(server: Server, target: Path) -> None:
    begin = hashlib.sha256(CONTENT).hexdigest()[:8]
    fetch_files("Thing", [RemoteFile(f"{server.url}/x", target, sha256=begin)], len(CONTENT))
    assert target.read_bytes() == CONTENT
    target.unlink()
    with pytest.raises(UserError, match="checksum mismatch"):
        fetch_files("Thing", [RemoteFile(f"{server.url}/x", target, sha256="0" * 8)], len(CONTENT))
    assert not target.exists()


def fruit_zip(*folders: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for folder in folders:
            archive.writestr(f"apple2orange/{folder}/1.jpg", b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PORTAL,
        fruit_zip("trainA", "trainB", "testA"),
        b"PK\x05\x06" + bytes(18),
        b"PK\x05\x06" + b"\xff" * 16 + bytes(2),
    ],
    ids=["html", "three", "empty", "damaged"],
)
def test_a_file_without_known_sums_is_looked_at_before_it_is_kept(
    server: Server, own_world: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(fruit, "URL", f"{server.url}/apple2orange.zip")
    server.content = content
    root = own_world / "downloads"
    with pytest.raises(UserError) as caught:
        fruit.download(root)
    said = str(caught.value)
    assert (
        fruit.URL in said
        and "the downloaded file is not a zip with the folders testA, testB, trainA, trainB" in said
        and str(root) in said
    )
    assert fruit.find(root) is None and [p.name for p in root.iterdir() if not p.name.startswith(".")] == []

    server.content = fruit_zip("trainA", "trainB", "testA", "testB")
    assert fruit.download(root).read_bytes() == server.content and server.asked[-1][1] is None
