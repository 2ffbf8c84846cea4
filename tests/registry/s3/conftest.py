"""What the tests of buckets share: alice, who may upload, and a registry whose files lie in a bucket."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages

from registry.models import File, Project, UsedFilename, User
from registry.s3 import connecting
from registry.s3.storage import BucketStorage
from tests.buckets import BucketServer, Line
from tests.registry.uploads import making


@pytest.fixture
def alice(db: None) -> User:
    """A person."""
    return User.objects.create_user("alice")


@pytest.fixture
def token(alice: User) -> str:
    """Alice's API token for uploads to all her projects."""
    return making.api_token(alice)


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is gone is found gone at once."""
    monkeypatch.setattr(connecting, "ATTEMPTS", 1)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A TMPDIR of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def use(settings) -> Callable[..., BucketStorage]:
    """Let the registry's files lie in some bucket."""

    def used(**options: str) -> BucketStorage:
        default = {"BACKEND": "registry.s3.storage.BucketStorage", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": default}
        storage = storages["default"]
        assert isinstance(storage, BucketStorage)
        return storage

    return used


@pytest.fixture
def bucket(bucket_server: BucketServer, use: Callable[..., BucketStorage], temporary: Path) -> BucketStorage:
    """A fresh bucket, in use."""
    return use(bucket=bucket_server.make_bucket(), prefix="files", endpoint_url=bucket_server.url)


@pytest.fixture
def line(bucket_server: BucketServer) -> Iterator[Line]:
    """A line to the S3 server."""
    line = Line(bucket_server.port)
    yield line
    line.close()


def no_row_is_left() -> bool:
    """Whether an upload that failed left nothing in the database."""
    return not any(model.objects.exists() for model in (File, Project, UsedFilename))
