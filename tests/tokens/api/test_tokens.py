"""API tokens over REST: seen and revoked, never made, never with their text."""

import datetime

import pytest
from django.utils import timezone
from post_office.models import Email

from registry.models import Event
from tests.factories import TESTER, make_project, make_user
from tests.registry.api.asking import asker, refused
from tokens.creating import create_api_token
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_user("alice")


@pytest.fixture
def ask(alice):
    return asker(alice, "manage")


def test_tokens_are_listed_without_a_secret(ask, alice):
    project = make_project("Sample.Project", alice)
    text = create_api_token(alice, name="ci", scopes=["upload"], projects=[project], days=5, actor=TESTER)
    create_api_token(make_user("bob"), name="bobs", scopes=["read"], actor=TESTER)
    answer = ask("GET", "tokens/")
    assert text not in answer.content.decode()
    assert ApiToken.objects.get(name="ci").digest not in answer.content.decode()
    newest, own = answer.json()["results"]
    assert (newest["name"], newest["scopes"], newest["projects"]) == ("ci", ["upload"], ["sample-project"])
    assert (newest["live"], newest["last_used_at"], newest["revoked_at"]) == (True, None, None)
    assert (own["scopes"], own["projects"]) == (["manage"], None)
    assert own["last_used_at"]


def test_a_token_is_revoked_once(ask, alice):
    create_api_token(alice, name="ci", scopes=["upload"], actor=TESTER)
    token = ApiToken.objects.get(name="ci")
    assert ask("DELETE", f"tokens/{token.pk}/").status_code == 204
    assert ask("DELETE", f"tokens/{token.pk}/").status_code == 204
    token.refresh_from_db()
    assert not token.is_live()
    document = ask.get(f"tokens/{token.pk}/")
    assert (document["live"], document["revoked_reason"]) == (False, "Revoked by its user, over the API.")
    event = Event.objects.get(tag="account:api_token:removed")
    assert (event.actor, event.address, event.details["name"]) == (alice, "127.0.0.1", "ci")
    assert not Email.objects.exists()


def test_a_token_can_end_itself(ask, alice):
    own = ApiToken.objects.get()
    assert ask("DELETE", f"tokens/{own.pk}/").status_code == 204
    refused(ask("GET", "tokens/"), 401)


def test_an_expired_token_is_not_live(ask, alice):
    create_api_token(alice, name="old", scopes=["read"], actor=TESTER)
    ApiToken.objects.filter(name="old").update(expires_at=timezone.now() - datetime.timedelta(days=1))
    assert [one["live"] for one in ask.get("tokens/")["results"]] == [False, True]


def test_somebody_elses_token_is_not_there(ask):
    create_api_token(make_user("bob"), name="bobs", scopes=["read"], actor=TESTER)
    refused(ask("DELETE", f"tokens/{ApiToken.objects.get(name='bobs').pk}/"), 404)


def test_a_thousand_tokens_take_few_queries(ask, alice, django_assert_max_num_queries):
    project = make_project("sampleproject", alice)
    made = ApiToken.objects.bulk_create([ApiToken(digest=n, user=alice, name="t", limited=True) for n in range(1000)])
    ApiToken.projects.through.objects.bulk_create(
        [ApiToken.projects.through(apitoken=token, project=project) for token in made]
    )
    ask.get("tokens/")
    with django_assert_max_num_queries(4):
        assert len(ask.get("tokens/?page_size=100")["results"]) == 100
