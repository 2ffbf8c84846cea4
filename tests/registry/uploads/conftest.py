"""What the tests of uploads share: alice, who may upload, and a storage of her own."""

from pathlib import Path

import pytest
from django.core.files.storage import storages

from registry.models import User
from registry.storage import ContentStorage, contents
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
def files(settings, tmp_path: Path) -> Path:
    """An empty folder for files."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "registry.storage.ContentStorage", "OPTIONS": {"location": tmp_path / "files"}},
    }
    assert isinstance(storages["default"], ContentStorage)
    assert contents.incoming.is_dir()
    return tmp_path / "files"
