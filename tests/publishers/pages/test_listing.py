"""The page that lists a project's publishers."""

import datetime
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.utils import timezone

from publishers import registration
from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.registration import Wanted
from registry.actors import Actor
from registry.models import Event, Project, Role, User
from tests.factories import make_user
from tests.publishers.pages.conftest import FIELDS, PAGE
from tokens.models import Exchange

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("below", ["", "{pk}/", "{pk}/job/", "{pk}/remove/", "{pk}/forget/", "{pk}/names/"])
def test_only_owners_open_it(client: Client, publisher: Publisher, project: Project, below: str):
    path = PAGE + below.format(pk=publisher.pk)
    client.logout()
    assert client.get(path).url.startswith("/account/login/")  # type: ignore[attr-defined]
    client.force_login(bob := make_user("bob"))
    assert client.get(path).status_code == 404
    Role.objects.create(project=project, user=bob, role=Role.Kind.MAINTAINER)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("pk", [0, 999, 2**63, 10**30])
@pytest.mark.parametrize("below", ["", "job/", "remove/", "forget/", "names/"])
@pytest.mark.usefixtures("publisher")
def test_a_publisher_that_is_not_there_is_not_found(client: Client, pk: int, below: str):
    assert client.get(f"{PAGE}{pk}/{below}").status_code == 404


def test_another_projects_publisher_is_not_found(client: Client, publisher: Publisher, waiting: Publisher):
    assert client.get(f"{PAGE}{waiting.pk}/").status_code == 404
    assert client.get(f"/manage/account/publishing/{publisher.pk}/").status_code == 404


@pytest.mark.usefixtures("project")
def test_an_empty_page_teaches(client: Client):
    assert "No CI job may publish sampleproject yet" in text_of(client)


def test_a_card_says_what_is_trusted(client: Client, publisher: Publisher, github: Issuer, alice: User):
    said = text_of(client)
    assert "octo-org/sampleproject · release.yml" in said
    assert "Nothing narrows it" in said
    assert "Owner id <code>65</code>" in said
    assert "Added by alice" in said
    assert "never used" in said
    narrowed = {**FIELDS, "environment": "pypi", "ref": "refs/tags/v*", "hosted_runner_only": True}
    registration.change(publisher, Wanted(narrowed, label="main"), Actor("alice", alice))
    said = text_of(client, f"{PAGE}?publisher={publisher.pk}")
    cards = said[: said.index('id="add"')]
    assert "Nothing narrows it" not in cards
    assert "environment pypi" in cards
    assert "Ref: <code>refs/tags/v*</code>" in cards
    assert "GitHub-hosted runners only" in cards
    assert "<b>main</b>" in cards


def test_a_card_and_the_tabs_name_the_provider_by_an_icon_and_a_word(
    client: Client, publisher: Publisher, project: Project, alice: User
):
    gitlab = Issuer.objects.get(url="https://gitlab.com")
    values = {"namespace": "group", "project": "tool", "workflow_filepath": ".gitlab-ci.yml"}
    registration.add(project, gitlab, Wanted(values), Actor("alice", alice))
    said = text_of(client)
    cards, form = said[: said.index('id="add"')], said[said.index('id="add"') :]
    for icon, word in (("github", "GitHub Actions"), ("gitlab", "GitLab CI/CD")):
        beside = f'<svg class="icon" aria-hidden="true"> <use href="#icon-brands/{icon}" /> </svg> {word}'
        assert beside in cards
        assert beside in form
        assert said.count(f'id="icon-brands/{icon}"') == 1
    assert "brands/github" not in text_of(client, f"{PAGE}{publisher.pk}/remove/")
    assert 'class="icon brand"' in text_of(client, f"{PAGE}{publisher.pk}/")


def test_a_publisher_without_ids_says_until_when_it_must_be_used(
    client: Client, project: Project, github: Issuer, alice: User
):
    registration.add(project, github, Wanted(FIELDS), Actor("alice", alice))
    until = timezone.now() + datetime.timedelta(days=30)
    assert f"{until:%Y-%m-%d}</time>, the publisher is switched off" in text_of(client)


@pytest.mark.usefixtures("publisher")
def test_what_is_switched_off_is_said(client: Client, github: Issuer):
    SwitchedOff.objects.create(provider="github")
    assert "An administrator switched GitHub Actions off" in text_of(client)
    SwitchedOff.objects.all().delete()
    Issuer.objects.filter(pk=github.pk).update(enabled=False)
    assert f"An administrator switched the issuer {github.url} off" in text_of(client)


def test_a_publisher_that_is_off_or_expired_says_so(client: Client, publisher: Publisher):
    Publisher.objects.update(enabled=False)
    assert "Switch on" in text_of(client)
    Publisher.objects.update(enabled=True, expires_at=timezone.now() - datetime.timedelta(days=1))
    assert "The publisher expired on" in text_of(client)


def use(publisher: Publisher) -> Exchange:
    claims = {"repository": "octo-org/sampleproject", "run_id": "77"}
    exchange = Exchange.objects.create(
        outcome="granted", issuer=publisher.issuer, issuer_url=publisher.issuer.url, claims=claims
    )
    Event.objects.record(
        "project:oidc:exchange-granted",
        Actor("GitHub"),
        project=publisher.project,
        exchange=str(exchange.pk),
        publisher=publisher.pk,
    )
    return exchange


def test_the_last_use_links_to_its_run(client: Client, publisher: Publisher):
    use(publisher)
    use(publisher)
    said = text_of(client)
    assert said.count("https://github.com/octo-org/sampleproject/actions/runs/77") == 1
    assert "never used" not in said


def test_where_strangers_register_the_run_is_told_after_the_first_upload(
    client: Client, publisher: Publisher, settings
):
    settings.SIGNUP_OPEN = True
    use(publisher)
    assert "actions/runs" not in text_of(client)
    Publisher.objects.update(first_upload_at=timezone.now())
    assert "actions/runs" in text_of(client)


def test_the_time_of_a_use_outlives_its_exchange(client: Client, publisher: Publisher):
    use(publisher).delete()
    said = text_of(client)
    assert "last used" in said
    assert "actions/runs" not in said


def test_a_link_shows_one_publisher(
    client: Client, publisher: Publisher, project: Project, github: Issuer, alice: User
):
    other = {**FIELDS, "environment": "other"}
    registration.add(project, github, Wanted(other), Actor("alice", alice))
    said = text_of(client, f"{PAGE}?publisher={publisher.pk}")
    assert said.count('class="card publisher"') == 1
    for wrong in ("0", "x", "²", "-1", "9" * 40, "%00"):
        assert "This publisher is not here" in text_of(client, f"{PAGE}?publisher={wrong}")


def test_a_long_list_asks_few_questions(
    client: Client, project: Project, github: Issuer, alice: User, django_assert_max_num_queries, settings
):
    settings.REQUIRE_2FA = True
    for number in range(45):
        wanted = Wanted({**FIELDS, "environment": f"e{number}"})
        use(registration.add(project, github, wanted, Actor("alice", alice)))
    with django_assert_max_num_queries(10):
        answer = client.get(PAGE)
    assert answer.content.count(b'class="card publisher"') == 5
    assert len(answer.content) < 25_000
    assert client.get(f"{PAGE}?page=9").content.count(b'class="card publisher"') == 5


@pytest.mark.usefixtures("publisher")
def test_a_card_leads_to_its_refusals(client: Client, publisher: Publisher):
    link = f"../../exchanges/?outcome=refused&publisher={publisher.pk}"
    assert f'href="{link}"' in text_of(client)
    assert client.get(urljoin(PAGE, link)).status_code == 200
