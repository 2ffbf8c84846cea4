"""How often one person may ask (API_RATE)."""

import pytest

from registry.rates import Rate
from tests.factories import make_project, make_user
from tests.registry.api.asking import asker, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(settings):
    """Somebody whom no earlier test counted."""
    settings.API_RATE = Rate(20, 60)
    return make_user("alice", id=987_654_321)


def test_what_is_too_much_is_a_429_until_it_may_be_asked_again(alice):
    one, other = asker(alice, "read"), asker(alice, "read")
    for number in range(20):
        (one if number % 2 else other).get("projects/")
    for asks in (one, other):
        answer = asks("GET", "projects/")
        refused(answer, 429)
        assert 0 < int(answer["Retry-After"]) <= 70
    asker(make_user("bob"), "read").get("projects/")


def test_of_changes_it_is_a_tenth(settings):
    settings.API_RATE = Rate(20, 60)
    carol = make_user("carol", id=987_654_322)
    make_project("sampleproject", carol)
    ask = asker(carol, "manage")
    answers = [ask("PATCH", "projects/sampleproject/", {}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    ask.get("projects/")
