"""People around a project: an owner, a maintainer, and somebody who has nothing to do with it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from registry.models import Event, Project, Role, User
from registry.roles import set_role
from tests.factories import TESTER, make_project, make_user

ADDRESS = "127.0.0.1"


@pytest.fixture
def alice() -> User:
    """The owner."""
    return make_user("alice")


@pytest.fixture
def bob() -> User:
    """The maintainer."""
    return make_user("bob")


@pytest.fixture
def carol() -> User:
    """Nobody's."""
    return make_user("carol")


@pytest.fixture
def project(alice: User, bob: User, carol: User) -> Project:
    """What they look after."""
    project = make_project("Sample.Project", alice)
    set_role(project, bob, Role.Kind.MAINTAINER, actor=TESTER, tell=False)
    return project


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    """The client, as some person's browser."""

    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def owner(signed_in: Callable[[User], Client], alice: User, project: Project) -> Client:
    """The owner's browser."""
    return signed_in(alice)


@pytest.fixture
def maintainer(signed_in: Callable[[User], Client], bob: User, project: Project) -> Client:
    """The maintainer's browser."""
    return signed_in(bob)


def by_alice(**conditions: Any) -> list[Event]:
    """What the history says that alice did, oldest first; each from her address."""
    events = list(Event.objects.filter(actor__username="alice", **conditions).order_by("pk"))
    assert all(event.address == ADDRESS for event in events)
    return events


def said(answer: Any) -> str:
    """The sentences that the next page begins with."""
    return " ".join(str(message) for message in answer.context["messages"])
