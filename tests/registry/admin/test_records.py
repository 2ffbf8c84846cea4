"""The history in the admin: searched by exact names, and exported."""

from typing import Any

import pytest
from django.db.models import Q
from django.test import Client

from registry.actors import Actor
from registry.admin import searching
from registry.models import Event, User
from tests.factories import make_project

EVENTS = "/admin/registry/event/"


def listed(client: Client, page: str, **query: Any) -> int:
    """How many rows a list shows."""
    answer = client.get(page, query)
    assert answer.status_code == 200, (page, query)
    return int(answer.context["cl"].result_count)


@pytest.mark.django_db
def test_events_are_searched_by_project_user_actor_tag_and_address(client: Client, boss: User):
    project = make_project("Sample.Project", boss)
    Event.objects.all().delete()
    actor = Actor("somebody", address="2001:db8::1")
    Event.objects.record("project:yank", actor, project=project)
    Event.objects.record("account:role:add", Actor("other"), user=boss)
    for text in ("sample-project", "Sample.Project", "somebody", "project:yank", "2001:db8::1", "boss"):
        assert listed(client, EVENTS, q=text) == 1, text
    assert listed(client, EVENTS, q="sample") == 0
    assert listed(client, EVENTS) == 2


@pytest.mark.django_db
def test_of_several_meanings_only_those_are_asked_for_that_there_are():
    Event.objects.record("project:yank", Actor("somebody"))
    tag, actor, nobody = Q(tag="project:yank"), Q(actor_name="somebody"), Q(username="nobody")
    assert searching.either(Event, [nobody, actor]) == actor
    assert searching.either(Event, [tag, nobody, actor]) == tag | actor
    assert searching.either(Event, [nobody, Q(username="else")]) is None
    assert searching.either(Event, [nobody]) == nobody


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("0198c6a2-7e1f-7abc-8def-0123456789ab", {"id", "word"}),
        ("12345", {"number", "word"}),
        ("1234567", {"number", "commit", "word"}),
        ("f8e1dc1", {"commit", "word"}),
        ("0" * 64, {"commit", "hash", "word"}),
        ("192.0.2.1", {"address", "word"}),
        ("2001:db8::1", {"address", "place", "word"}),
        ("octo-org/sampleproject", {"place", "word"}),
        ("a@example.com", {"place", "word"}),
        ("sampleproject", {"word"}),
    ],
)
def test_a_text_is_told_by_its_form(text: str, kinds: set[str]):
    assert searching.kinds_of(text) == kinds
