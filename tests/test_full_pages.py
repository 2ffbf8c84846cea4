"""Every page when it is full: each list at its longest, with long names, is as light and as cheap as an empty one."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from publishers.models import Issuer
from tests import crowd
from tests.routes import path_of, routes
from tests.test_every_page import MOST_BYTES, MOST_QUERIES, own_bytes

pytestmark = pytest.mark.django_db

PROJECT = f"/manage/project/{crowd.PROJECT}/"
PUBLISHING = f"{PROJECT}settings/publishing/"
FURTHER = [
    "/?q=other",
    "/?q=other&page=2",
    "/manage/projects/?page=2",
    f"{PROJECT}collaboration/?page=2&invited=2",
    f"{PUBLISHING}?provider=gitlab",
    f"{PUBLISHING}?provider=generic",
    f"{PUBLISHING}?page=2",
    f"{PROJECT}exchanges/?outcome=refused&page=2",
    f"/project/{crowd.PROJECT}/?page=2&files=2",
    f"/project/{crowd.PROJECT}/2.0/",
]


def test_every_page_is_light_and_cheap_when_it_is_full(client: Client, settings: Any):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow by design
    town = crowd.fill()
    Issuer.objects.update(enabled=True)  # a tab for each provider
    client.force_login(town.alice)
    heavy, full = [], {}
    for path in [*(path_of(route, town.arguments) for route in routes()), *FURTHER]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        if answer.status_code != 200:
            continue
        weight = own_bytes(answer.content.decode())
        full[path] = weight
        heavy += [f"{path}: {len(queries)} queries"] if len(queries) > MOST_QUERIES else []
        heavy += [f"{path}: {weight} bytes"] if weight > MOST_BYTES else []
    assert not heavy, "\n".join(heavy)
    assert len(full) > 45
    # Were the lists not full, nothing would be weighed.
    assert sum(weight > 0.8 * MOST_BYTES for weight in full.values()) > 10
