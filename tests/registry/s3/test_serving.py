"""A registry whose files lie in a bucket, as its clients see it: nothing else than with files on disk."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from registry import deletion
from registry.actors import Actor
from registry.models import File
from registry.s3.storage import BucketStorage
from registry.signals import file_uploaded
from registry.uploads.errors import UploadRefused
from tests.buckets import BucketServer
from tests.registry.index import test_files
from tests.registry.index.test_files import file, project  # noqa: F401
from tests.registry.s3.conftest import no_row_is_left
from tests.registry.uploads import making, test_storing
from tests.registry.uploads.test_storing import threads_token  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"


class TestWhole(test_files.TestWhole):
    """What is true of files on disk."""


class TestRanges(test_files.TestRanges):
    """What is true of files on disk."""


def test_a_row_without_its_bytes_is_404(client: Client, file: File, bucket: BucketStorage):  # noqa: F811
    bucket.delete(file.path)
    assert [test_files.get(client, file, **headers).status_code for headers in ({}, {"Range": "bytes=0-1"})] == [
        404
    ] * 2


class TestAtOnce(test_storing.TestAtOnce):
    """What is true of files on disk."""


def test_an_upload_is_downloaded_and_deleted(
    client: Client,
    token: str,
    bucket: BucketStorage,
    bucket_server: BucketServer,
    temporary: Path,
    django_capture_on_commit_callbacks: Any,
):
    content = making.wheel()
    assert making.upload(client, token, making.form(content, WHEEL)).status_code == 200
    stored = File.objects.get()
    assert bucket_server.keys(bucket.bucket) == [f"files/{stored.path}", f"files/{stored.path}.metadata"]
    assert not list(temporary.iterdir())

    whole = test_files.get(client, stored)
    assert (whole.status_code, test_files.body(whole), whole["ETag"]) == (200, content, f'"{stored.sha256}"')
    beside = test_files.body(test_files.get(client, stored, ".metadata"))
    assert hashlib.sha256(beside).hexdigest() == stored.metadata_sha256

    with django_capture_on_commit_callbacks(execute=True):
        assert deletion.delete_file(stored, Actor("boss"))
    assert bucket_server.keys(bucket.bucket) == []
    assert test_files.get(client, stored).status_code == 404
    again = making.upload(client, token, making.form(content, WHEEL))
    assert (again.status_code, bucket_server.keys(bucket.bucket)) == (400, [])


def test_the_same_file_again_is_not_even_sent(
    client: Client, token: str, bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch
):
    assert making.upload(client, token, making.form(making.sdist(), SDIST)).status_code == 200
    monkeypatch.setattr(BucketStorage, "settle", lambda *_: pytest.fail("it was sent"))
    assert making.upload(client, token, making.form(making.sdist(), SDIST)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(UploadRefused("Not today."), 400), (OperationalError("database is locked"), 503)]
)
def test_what_fails_in_the_transaction_leaves_no_row_and_does_not_hinder_the_next(
    client: Client, token: str, bucket_server: BucketServer, bucket: BucketStorage, error: Exception, status: int
):
    def refuse(**_kwargs: Any) -> None:
        raise error

    file_uploaded.connect(refuse)
    try:
        assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == status
    finally:
        file_uploaded.disconnect(refuse)
    assert no_row_is_left()
    # A bucket cannot know whether another upload of the same bytes is about to list them.
    assert len(bucket_server.keys(bucket.bucket)) == 2
    assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == 200


def test_the_bytes_are_in_the_bucket_before_there_is_a_row(
    client: Client, token: str, bucket_server: BucketServer, bucket: BucketStorage
):
    seen: list[list[str]] = []

    def look(**_kwargs: Any) -> None:
        seen.append(bucket_server.keys(bucket.bucket))

    file_uploaded.connect(look)
    try:
        making.upload(client, token, making.form(making.wheel(), WHEEL))
    finally:
        file_uploaded.disconnect(look)
    path = File.objects.get().path
    assert seen == [[f"files/{path}", f"files/{path}.metadata"]]


def test_it_is_ready_and_a_probe_leaves_nothing(client: Client, bucket_server: BucketServer, bucket: BucketStorage):
    assert client.get("/readyz").json() == {"status": "ok"}
    assert bucket_server.keys(bucket.bucket) == []
