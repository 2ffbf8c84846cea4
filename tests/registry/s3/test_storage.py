"""Bytes in a bucket."""

import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig
from django.core.files.base import ContentFile

from registry.s3 import storage as s3_storage
from registry.s3.storage import BucketStorage
from registry.uploads import receiving
from tests.buckets import BucketServer, Line

Use = Callable[..., BucketStorage]
MIB = 1024 * 1024
NAME = "ab/cd/ef/a.whl"


def place(bucket: BucketStorage, content: bytes, name: str = NAME) -> None:
    with bucket.finished([content]) as unfinished:
        bucket.settle(name, unfinished)
        bucket.place(name, unfinished)


def read(bucket: BucketStorage, first: int = 0, last: int | None = None) -> bytes:
    window = bucket.window(NAME, first, last)
    content = b"".join(iter(lambda: window.read(65536), b""))
    assert len(content) == window.size
    window.close()
    return content


def test_a_file_comes_back_whole_and_in_parts(bucket: BucketStorage):
    place(bucket, b"0123456789")
    assert (bucket.exists(NAME), bucket.size(NAME)) == (True, 10)
    assert [read(bucket), read(bucket, 2, 5), read(bucket, 7), read(bucket, 0, 0)] == [
        b"0123456789",
        b"2345",
        b"789",
        b"0",
    ]


def test_a_file_lies_below_the_prefix(bucket: BucketStorage, bucket_server: BucketServer):
    place(bucket, b"x")
    assert bucket_server.keys(bucket.bucket) == [f"files/{NAME}"]


def test_the_same_bytes_again_are_harmless(bucket: BucketStorage):
    for _ in range(2):
        place(bucket, b"x")
    assert read(bucket) == b"x"


def test_an_unfinished_file_lies_in_the_temporary_folder_and_goes(bucket: BucketStorage, temporary: Path):
    with bucket.finished([b"some ", b"bytes"]) as unfinished:
        assert unfinished.parent == temporary
        assert unfinished.read_bytes() == b"some bytes"
        assert unfinished.stat().st_mode & 0o077 == 0
    assert not list(temporary.iterdir())


def test_what_is_deleted_is_gone_and_may_be_deleted_again(bucket: BucketStorage):
    place(bucket, b"x")
    for _ in range(2):
        bucket.delete(NAME)
        assert not bucket.exists(NAME)
    with pytest.raises(FileNotFoundError):
        bucket.window(NAME)
    with pytest.raises(FileNotFoundError):
        bucket.size(NAME)


def test_djangos_way_in_keeps_the_name(bucket: BucketStorage):
    assert bucket.save(NAME, ContentFile(b"x")) == NAME
    assert read(bucket) == b"x"


def test_of_uploads_that_died_only_our_own_old_ones_are_removed(bucket: BucketStorage, temporary: Path):
    other = temporary / "somebody-elses"
    other.touch()
    with bucket.begin() as fresh, bucket.begin() as stale:
        for path in (other, Path(stale.name)):
            os.utime(path, (0, 0))
        assert receiving.remove_stale() == 1
        assert set(temporary.iterdir()) == {other, Path(fresh.name)}
        Path(fresh.name).unlink()
        Path(stale.name).touch()


def test_a_large_file_is_sent_in_parts_and_read_without_holding_it(
    bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        s3_storage,
        "TRANSFER",
        TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, use_threads=False),
    )
    content = os.urandom(12 * MIB)
    place(bucket, content)
    assert "-3" in bucket.client.head_object(Bucket=bucket.bucket, Key=f"files/{NAME}")["ETag"]
    tracemalloc.start()
    try:
        window = bucket.window(NAME)
        length = sum(len(chunk) for chunk in iter(lambda: window.read(65536), b""))
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()
    assert length == 12 * MIB
    assert read(bucket, 5 * MIB - 2, 5 * MIB + 1) == content[5 * MIB - 2 : 5 * MIB + 2]


def test_of_a_large_file_only_the_range_is_fetched(bucket: BucketStorage, use: Use, line: Line):
    place(bucket, bytes(4 * MIB))
    far = use(bucket=bucket.bucket, prefix="files", endpoint_url=line.url)
    assert len(read(far, 100, 199)) == 100
    assert line.passed < 4096


def test_threads_share_a_connection_and_a_process_has_its_own(bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch):
    clients = [bucket.client]
    thread = threading.Thread(target=lambda: clients.append(bucket.client))
    thread.start()
    thread.join()
    assert clients[0] is clients[1]
    monkeypatch.setattr("os.getpid", lambda: 1)
    assert bucket.client is not clients[0]


def test_a_line_that_breaks_is_taken_up_where_it_broke(bucket: BucketStorage, use: Use, line: Line):
    content = os.urandom(MIB)
    place(bucket, content)
    far = use(bucket=bucket.bucket, prefix="files", endpoint_url=line.url)
    line.cut(300_000, 200_000)
    assert read(far) == content
    line.cut(300_000)
    assert read(far, 1000, 900_000) == content[1000:900_001]


def test_a_line_that_breaks_for_good_cuts_the_answer(
    bucket: BucketStorage, use: Use, line: Line, caplog: pytest.LogCaptureFixture
):
    place(bucket, bytes(MIB))
    far = use(bucket=bucket.bucket, prefix="files", endpoint_url=line.url)
    line.cut(300_000, 10, 10, 10)
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        read(far)
    assert time.monotonic() - began < 10
    assert "The bucket failed after" in caplog.text
    assert f"of {MIB} bytes" in caplog.text
