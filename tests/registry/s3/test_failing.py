"""What clients and administrators are told when the bucket fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from registry import deletion
from registry.actors import Actor
from registry.models import File
from registry.s3 import connecting
from registry.s3.storage import BucketStorage
from tests.buckets import BucketServer, Line
from tests.factories import make_file, make_project
from tests.registry.s3.conftest import no_row_is_left
from tests.registry.uploads import making
from tests.server import free_port

pytestmark = pytest.mark.django_db

Use = Callable[..., BucketStorage]
WHEEL = "sampleproject-1.0-py3-none-any.whl"


@pytest.fixture
def gone(use: Use, temporary: Path) -> BucketStorage:
    """A server that is not there."""
    return use(bucket="files", endpoint_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def missing(use: Use, temporary: Path, bucket_server: BucketServer) -> BucketStorage:
    """A server without the bucket."""
    return use(bucket="nothing-of-the-kind", endpoint_url=bucket_server.url)


@pytest.fixture
def silent(use: Use, temporary: Path, monkeypatch: pytest.MonkeyPatch, line: Line) -> BucketStorage:
    """A server that takes connections and does not answer."""
    monkeypatch.setattr(connecting, "READ_SECONDS", 0.2)
    line.hold()
    return use(bucket="files", endpoint_url=line.url)


@pytest.fixture(params=["gone", "missing", "silent"])
def failing(request: pytest.FixtureRequest) -> BucketStorage:
    """Each of them."""
    storage: BucketStorage = request.getfixturevalue(request.param)
    return storage


@pytest.fixture
def stored(bucket: BucketStorage) -> File:
    """A file in a bucket that works; the test then uses another one."""
    return make_file(make_project())


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_an_upload_is_503_and_leaves_nothing(
    client: Client, token: str, failing: BucketStorage, temporary: Path, accept: str
):
    response = making.upload(client, token, making.form(making.wheel(), WHEEL), accept=accept)
    told = "The registry could not store the file now. Nothing was stored. Try again."
    assert (response.status_code, response.reason_phrase) == (503, told)
    assert told in response.content.decode()
    assert "127.0.0.1" not in response.content.decode()
    assert no_row_is_left()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(("suffix", "headers"), [("", {}), (".metadata", {}), ("", {"Range": "bytes=0-3"})])
def test_a_download_is_503_which_pip_tries_again(
    client: Client, stored: File, failing: BucketStorage, suffix: str, headers: dict[str, str], caplog: Any
):
    response = client.get(f"/files/{stored.path}{suffix}", headers=headers)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "2", "no-store")
    assert "The registry cannot reach its files now. Try again." in response.content.decode()
    assert "127.0.0.1" not in response.content.decode()
    assert f"The storage does not give {stored.path}{suffix}: " in caplog.text
    assert "Traceback" not in caplog.text


def test_a_head_is_503_too(client: Client, stored: File, missing: BucketStorage):
    assert client.head(f"/files/{stored.path}").status_code == 503


def test_who_has_the_file_does_not_need_the_bucket(client: Client, stored: File, gone: BucketStorage):
    assert client.get(f"/files/{stored.path}", headers={"If-None-Match": f'"{stored.sha256}"'}).status_code == 304


def test_a_deletion_is_done_and_the_bytes_are_named_in_the_log(
    stored: File, gone: BucketStorage, caplog: Any, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        assert deletion.delete_file(stored, Actor("boss"))
    assert not File.objects.exists()
    for name in (stored.path, f"{stored.path}.metadata"):
        assert f"The storage keeps the bytes of {name}, which was deleted: " in caplog.text


def test_it_is_not_ready(client: Client, missing: BucketStorage, caplog: Any):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["storage"])


def test_a_server_that_is_gone_is_told_in_a_line(gone: BucketStorage):
    with pytest.raises(ImproperlyConfigured) as wrong:
        gone.reach()
    told = f"FILES_URL: the bucket 'files' cannot be used: Could not connect to the endpoint URL: \"{gone.endpoint_url}"
    assert str(wrong.value).startswith(told)
    assert "\n" not in str(wrong.value)


def test_a_bucket_that_is_missing_is_told_in_a_line(missing: BucketStorage):
    with pytest.raises(ImproperlyConfigured) as wrong:
        missing.reach()
    assert str(wrong.value) == f"FILES_URL: {missing.endpoint_url} has no bucket 'nothing-of-the-kind'"


def test_check_deploy_tells_it_too(missing: BucketStorage):
    [wrong] = [found for found in run_checks(tags=["files"], include_deployment_checks=True) if found.is_serious()]
    assert (wrong.id, wrong.msg) == (
        "gatehouse.E013",
        f"FILES_URL: {missing.endpoint_url} has no bucket 'nothing-of-the-kind'",
    )
    assert not run_checks(tags=["files"])


def test_without_credentials_that_is_what_is_told_until_there_are_some(
    use: Use, bucket_server: BucketServer, monkeypatch: pytest.MonkeyPatch
):
    name = bucket_server.make_bucket()
    storage = use(bucket=name, endpoint_url=f"http://localhost:{bucket_server.port}")
    with monkeypatch.context() as without:
        without.delenv("AWS_ACCESS_KEY_ID")
        without.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(ImproperlyConfigured, match="There are no credentials: set AWS_ACCESS_KEY_ID"):
            storage.reach()
    storage.reach()


def test_a_bucket_that_is_there_is_reached(bucket: BucketStorage):
    bucket.reach()
