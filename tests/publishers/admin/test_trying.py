"""A sample token of an issuer, explained to a superuser; nothing of it is kept."""

import pytest

from publishers.models import Publisher
from publishers.trying import try_token
from registry.models import Event
from tests.factories import make_project, make_user


@pytest.fixture
def token(issuer):
    return lambda **claims: issuer.sign(issuer.github_claims(), **claims)


@pytest.fixture
def page(client, db, trusted):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return f"/admin/publishers/issuer/{trusted.pk}/try/"


pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 6  # a JWT, of this issuer, with its key, its signature, right claims, read


def test_a_good_token_goes_all_the_way_and_names_its_publishers(client, page, trusted, token):
    values = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
    publisher = Publisher.objects.create(issuer=trusted, project=make_project("sampleproject"), values=values)
    events = Event.objects.count()
    answer = client.post(page, {"token": token()})
    text = answer.content.decode()
    assert "The issuer&#x27;s word is taken" in text or "The issuer's word is taken" in text
    assert f"/admin/publishers/publisher/{publisher.pk}/change/" in text
    assert "repository_owner_id" in text
    assert "no-store" in answer["Cache-Control"]
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("changes", "steps", "sentence"),
    [
        ({"iss": "https://other.example"}, 2, "not by"),
        ({"aud": "pypi"}, 5, "expected `localhost:8443`, got `pypi`"),
        ({"exp": 1}, 5, "exp"),
        ({"workflow_ref": None}, 6, "workflow_ref"),
    ],
)
def test_it_says_at_which_step_a_token_fails(page, trusted, token, changes, steps, sentence):
    trial = try_token(trusted, token(**changes))
    assert not trial.ok
    assert len(trial.steps) == steps
    assert sentence in trial.steps[-1].problem


def test_what_is_no_token_fails_at_once_and_shows_nothing(client, page, trusted, token):
    trial = try_token(trusted, "noise")
    assert [bool(step.problem) for step in trial.steps] == [True]
    signed, _, signature = token().rpartition(".")
    forged = try_token(trusted, f"{signed}.{'AB'[signature[0] == 'A']}{signature[1:]}")
    assert (len(forged.steps), forged.claims) == (4, {})


def test_the_token_itself_is_not_on_the_page(client, page, token):
    text = token()
    assert text not in client.post(page, {"token": text}).content.decode()


@pytest.mark.parametrize("text", ["", " ", "\0", "a.b.c", "x" * 100_000, "é" * 50])
def test_whatever_is_pasted_is_no_500(client, page, text):
    assert client.post(page, {"token": text}).status_code == 200


def test_only_superusers_may(client, page):
    client.force_login(make_user("helper", is_staff=True))
    assert client.get(page).status_code == 403


def test_the_keys_page_says_how_old_keys_are_and_how_many_publishers_hang_there(client, page, trusted, token):
    try_token(trusted, token())
    text = client.get(page.replace("/try/", "/keys/")).content.decode()
    assert "0 publishers" in text
    assert "0\xa0minutes" in text
