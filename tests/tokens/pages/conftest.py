"""A project with a publisher, whose exchanges and people the pages are about."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from publishers import registration
from publishers.registration import Wanted
from registry.actors import Actor
from registry.models import Role, User
from registry.roles import set_role
from tests.factories import make_user
from tests.tokens.conftest import FIELDS, World
from tests.tokens.test_exchange import mint
from tokens.models import Exchange

ACTOR = Actor("test")


@dataclass
class Gate:
    """The world of an exchange, with a browser of each of its people."""

    world: World
    client: Client

    def as_(self, name: str) -> Client:
        """A browser in which somebody is signed in."""
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client

    def exchange(self, **claims: Any) -> Exchange:
        """A job asks for a token; the record of it."""
        mint(self.client, self.world.token(**claims))
        return Exchange.objects.latest("created_at")

    def narrow(self, **fields: Any) -> None:
        """Let the publisher want more."""
        registration.change(self.world.publisher, Wanted({**FIELDS, **fields}), ACTOR)
        self.world.publisher.refresh_from_db()


@pytest.fixture
def gate(world: World, client: Client) -> Gate:
    """Alice owns the project, carol maintains it, bob has nothing to do with it."""
    make_user("bob")
    set_role(world.project, make_user("carol"), Role.Kind.MAINTAINER, actor=ACTOR)
    return Gate(world, client)


def text_of(answer: Any) -> str:
    """A page on one line."""
    return " ".join(answer.content.decode().split())
