"""An administrator at the admin's pages."""

import pytest
from django.test import Client

from registry.models import User
from tests.factories import make_user


@pytest.fixture
def boss(client: Client) -> User:
    """A superuser, signed in."""
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss
