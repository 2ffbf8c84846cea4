"""A person's own pending publishers."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from publishers import pending, registration
from publishers.models import Issuer, Publisher
from publishers.registration import Wanted
from registry.actors import Actor
from registry.models import Event, Project, User
from tests.factories import make_project, make_user
from tests.publishers.pages.conftest import FIELDS, PENDING, form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]


def page(client: Client, path: str = PENDING) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_stranger_is_sent_to_sign_in(client: Client, waiting: Publisher):
    client.logout()
    for below in ("", f"{waiting.pk}/", f"{waiting.pk}/job/", f"{waiting.pk}/remove/"):
        assert client.get(PENDING + below).url.startswith("/account/login/")  # type: ignore[attr-defined]


def test_another_persons_is_not_found(client: Client, waiting: Publisher):
    client.force_login(make_user("bob"))
    assert "brand-new" not in page(client)
    for below in ("", "job/", "remove/", "switch/", "forget/", "names/"):
        assert client.post(f"{PENDING}{waiting.pk}/{below}").status_code in {404, 405}
        assert client.get(f"{PENDING}{waiting.pk}/{below}").status_code in {404, 405}
    assert Publisher.objects.exists()


def test_an_empty_page_teaches(client: Client):
    said = page(client)
    assert "No project of yours waits for its first upload" in said
    assert "0 of 10" in said


def test_one_is_added_with_its_projects_name(client: Client, github: Issuer, alice: User):
    answer = client.post(PENDING, form(github, project_name="Brand.New"))
    publisher = Publisher.objects.get()
    assert answer.url == f"{PENDING}{publisher.pk}/job/"  # type: ignore[attr-defined]
    assert (publisher.project_name, publisher.normalized_name, publisher.added_by) == ("Brand.New", "brand-new", alice)
    assert Event.objects.get(tag="account:oidc:pending-publisher-added").user == alice
    assert "It publishes Brand.New" in page(client, answer.url)  # type: ignore[attr-defined]


def test_several_names_may_wait_for_one_identity(client: Client, github: Issuer):
    for name in ("one", "two", "three"):
        assert client.post(PENDING, form(github, project_name=name)).status_code == 302
    assert "3 of 10" in page(client)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "This field is required."),
        ("-x-", "not a valid"),
        ("taken", "taken"),
        ("a\x00b", "Null characters are not allowed."),
        ("x" * 300, "at most"),
    ],
)
def test_a_name_that_cannot_be_had_comes_back(client: Client, github: Issuer, name: str, sentence: str):
    make_project("taken", make_user("bob"))
    answer = client.post(PENDING, form(github, project_name=name))
    assert answer.status_code == 200
    assert 'class="field wrong"' in answer.content.decode()
    assert not Publisher.objects.exists()


def test_the_same_twice_and_one_too_many_are_told(client: Client, github: Issuer, waiting: Publisher, settings):
    settings.PENDING_PUBLISHERS_PER_USER = 1
    said = client.post(PENDING, form(github, project_name="Brand_New")).content.decode()
    assert "is registered already" in said
    said = client.post(PENDING, form(github, project_name="other")).content.decode()
    assert "at most 1 pending publishers" in said
    assert Publisher.objects.count() == 1


def test_a_link_fills_in_the_projects_name_too(client: Client):
    said = page(client, f"{PENDING}?provider=github&project_name=brand-new&owner=octo-org")
    assert 'name="project_name" value="brand-new"' in said
    assert 'name="owner" value="octo-org"' in said


def test_a_card_says_how_long_it_waits(client: Client, waiting: Publisher):
    said = page(client)
    assert f"{waiting.waits_until():%Y-%m-%d}</time>, 4 weeks, 1 day from now" in said.replace("\xa0", " ")
    Publisher.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    said = page(client)
    assert "The pending publisher expired on" in said
    assert "0 of 10" in said


def test_it_is_edited_switched_and_removed(client: Client, waiting: Publisher):
    path = f"{PENDING}{waiting.pk}/"
    data = {**FIELDS, "enabled": "on", "based_on": registration.state(waiting), "environment": "pypi"}
    assert client.post(path, data).url == PENDING  # type: ignore[attr-defined]
    assert client.post(f"{path}switch/", {"on": "0"}).url == PENDING  # type: ignore[attr-defined]
    waiting.refresh_from_db()
    assert (waiting.values["environment"], waiting.enabled) == ("pypi", False)
    assert "will no longer create brand-new" in page(client, f"{path}remove/")
    client.post(f"{path}remove/")
    tags = Event.objects.filter(tag__startswith="account:oidc").order_by("pk").values_list("tag", flat=True)
    assert [tag.rpartition("-")[2] for tag in tags] == ["added", "changed", "changed", "removed"]


def test_what_became_of_a_name_is_told(client: Client, waiting: Publisher):
    make_project("brand-new", make_user("bob"))
    said = page(client)
    assert "What became of earlier ones" in said
    assert "<b>brand-new</b> was removed" in said


def test_one_that_became_a_project_is_told(client: Client, waiting: Publisher, project: Project):
    pending.reify(waiting, project, Actor("GitHub"))
    said = page(client)
    assert "<b>sampleproject</b> became the project’s publisher by the first upload" in said
    assert client.get(f"{PENDING}{waiting.pk}/").status_code == 404


def test_a_long_list_asks_few_questions(
    client: Client, github: Issuer, alice: User, django_assert_max_num_queries, settings
):
    settings.PENDING_PUBLISHERS_PER_USER = 100
    for number in range(30):
        registration.add_pending(f"name{number}x", alice, github, Wanted(FIELDS), Actor("alice", alice))
    with django_assert_max_num_queries(10):
        said = page(client)
    assert said.count('class="card publisher"') == 5
    assert "30 of 100" in said
