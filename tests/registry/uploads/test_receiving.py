"""Receiving: the file on its way to the disk, and what is left when something goes wrong."""

import hashlib
import io
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory

from registry.storage import contents
from registry.uploads import draining, receiving
from registry.uploads.draining import Body
from registry.uploads.errors import LengthRequired, TornUpload, UploadRefused
from registry.uploads.receiving import received
from tests.registry.uploads import making

MIB = 1024 * 1024
HEAD = (
    b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nsampleproject\r\n'
    b'--x\r\nContent-Disposition: form-data; name="content"; filename="a.whl"\r\n\r\n'
)
TAIL = b"\r\n--x--\r\n"


class Zeros(io.RawIOBase):
    """A body of a given number of zeros between a head and a tail, made as it is read."""

    def __init__(self, zeros: int) -> None:
        self.parts: list[Any] = [io.BytesIO(HEAD), zeros, io.BytesIO(TAIL)]
        self.length = len(HEAD) + zeros + len(TAIL)

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        while self.parts:
            part = self.parts[0]
            data = bytes(min(size, part)) if isinstance(part, int) else part.read(size)
            if data:
                if isinstance(part, int):
                    self.parts[0] = part - len(data)
                return data
            self.parts.pop(0)
        return b""


def request(stream: Any, length: int | None, **environ: Any) -> WSGIRequest:
    made = RequestFactory().generic("POST", "/legacy/").environ
    made |= {"wsgi.input": stream, "CONTENT_TYPE": "multipart/form-data; boundary=x", **environ}
    return WSGIRequest(made if length is None else {**made, "CONTENT_LENGTH": str(length)})


def receive(stream: Any, length: int | None, **environ: Any) -> receiving.Upload:
    asked = request(stream, length, **environ)
    with received(asked, Body(asked)) as upload:
        return upload


def incoming() -> list[Path]:
    return list(contents.incoming.iterdir())


def test_the_file_is_hashed_on_its_way():
    stream = Zeros(MIB + 1)
    asked = request(stream, stream.length)
    with received(asked, Body(asked)) as upload:
        assert upload.file is not None
        assert (upload.file.filename, upload.file.size) == ("a.whl", MIB + 1)
        content = upload.file.path.read_bytes()
        assert content == bytes(MIB + 1)
        assert upload.file.digests == {
            "sha256": hashlib.sha256(content).hexdigest(),
            "blake2_256": hashlib.blake2b(content, digest_size=32).hexdigest(),
            "md5": hashlib.md5(content).hexdigest(),
        }
        assert upload.fields["name"] == "sampleproject"
        assert incoming() == [upload.file.path]
    assert incoming() == []


def test_a_hundred_mebibytes_need_little_memory():
    receive(Zeros(MIB), Zeros(MIB).length)
    tracemalloc.start()
    try:
        receive(Zeros(99 * MIB), Zeros(99 * MIB).length)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.django_db
def test_too_large_a_file_is_read_but_not_kept(settings):
    settings.MAX_FILE_SIZE = MIB
    stream = Zeros(2 * MIB)
    asked = request(stream, stream.length)
    body = Body(asked)
    with pytest.raises(UploadRefused, match=r"^File too large. Limit is 1 MiB.$"), received(asked, body):
        pass
    assert body.left == 0
    assert incoming() == []


@pytest.mark.django_db
@pytest.mark.parametrize("cut", [1, len(TAIL), len(TAIL) + 1, MIB, MIB + len(TAIL) + 50])
def test_a_torn_upload_leaves_nothing(cut: int):
    body = HEAD + bytes(MIB) + TAIL
    with pytest.raises(TornUpload):
        receive(io.BytesIO(body[:-cut]), len(body))
    assert incoming() == []


@pytest.mark.parametrize("error", [ConnectionResetError, TimeoutError])
def test_a_client_that_goes_away_leaves_nothing(error: type[OSError]):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            if not data:
                raise error
            return data

    with pytest.raises(TornUpload):
        receive(Broken(HEAD + bytes(MIB)), len(HEAD) + 2 * MIB)
    assert incoming() == []


@pytest.mark.parametrize("body", [b"", b"--x", b"--x--", b"\r\n" * 100, b"--x\r\n" * 1000, b"--x\r\n\r\n\r\n--x--"])
def test_a_form_without_fields_is_an_upload_without_a_file(body: bytes):
    if not body:
        assert receive(io.BytesIO(), 0).file is None
    else:
        assert receive(io.BytesIO(body), len(body)).file is None


@pytest.mark.parametrize("environ", [{}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_must_say_its_length(environ: dict[str, str]):
    with pytest.raises(LengthRequired):
        receive(io.BytesIO(), None, **environ)


def test_other_pages_take_no_files(client: Client, db: None):
    asked = RequestFactory().post("/admin/", {"content": making.sent(b"x" * 1000, "a.whl")})
    assert len(asked.FILES) == 0
    assert incoming() == []


class TestDraining:
    def test_the_rest_is_read(self):
        stream = io.BytesIO(bytes(MIB))
        Body(request(stream, MIB)).drain()
        assert stream.tell() == MIB

    def test_but_not_more_than_an_upload_may_have(self, settings):
        settings.MAX_FILE_SIZE = 1000
        stream = Zeros(100 * MIB)
        Body(request(stream, stream.length)).drain()
        read = 100 * MIB - stream.parts[0]
        assert 0 < read <= 1000 + draining.FORM_ALLOWANCE

    def test_nor_for_longer_than_it_may_last(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(draining, "DRAIN_SECONDS", -1)
        stream = io.BytesIO(bytes(MIB))
        Body(request(stream, MIB)).drain()
        assert stream.tell() == 0

    def test_a_chunked_body_is_read_where_the_server_knows_its_end(self):
        stream = io.BytesIO(bytes(MIB))
        chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
        Body(request(stream, None, **chunked)).drain()
        assert stream.tell() == 0
        Body(request(stream, None, **chunked, **{"wsgi.input_terminated": True})).drain()
        assert stream.tell() == MIB

    def test_a_client_that_is_gone_does_no_harm(self):
        Body(request(io.BytesIO(b"half"), 8)).drain()


def test_stale_files_are_removed(tmp_path: Path):
    with contents.begin() as fresh, contents.begin() as stale:
        os.utime(stale.name, (0, 0))
        assert receiving.remove_stale() == 1
        assert incoming() == [Path(fresh.name)]
