"""Accounts: each test begins with no attempt counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from registry.models import User
from tests.registry.accounts.people import make_person


@pytest.fixture(autouse=True)
def no_attempts(db: None) -> Iterator[None]:
    """The limits of sign-ins count in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """A real hash takes a good part of a second, on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None, quick_passwords: None) -> User:
    """A person with a password and a verified address."""
    return make_person()
