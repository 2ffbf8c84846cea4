"""Pages that change one publisher: edit, switch, forget ids, accept a name, narrow, remove."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from post_office.models import Email

from publishers import registration
from publishers.models import Issuer, Publisher
from publishers.registration import Wanted
from registry import addresses
from registry.actors import Actor
from registry.models import Event, Project, User
from tests.publishers.pages.conftest import FIELDS, PAGE

pytestmark = pytest.mark.django_db


def at(publisher: Publisher, below: str = "") -> str:
    return f"{PAGE}{publisher.pk}/{below}"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def told(client: Client, path: str, **data: Any) -> str:
    """What the page says to which a form that was sent leads."""
    answer = client.post(path, data, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    return " ".join(answer.content.decode().split())


def last_event() -> Event:
    return Event.objects.filter(tag__contains="publisher").latest("pk")


def edited(publisher: Publisher, **changes: Any) -> dict[str, Any]:
    """What the browser sends of the form of ``publisher``."""
    return {**FIELDS, "enabled": "on", "based_on": registration.state(publisher), **changes}


# -- edit ------------------------------------------------------------


def test_all_fields_are_changed_with_an_event_and_a_mail(client: Client, publisher: Publisher):
    said = page(client, at(publisher))
    assert 'name="workflow_filename" value="release.yml"' in said
    told(client, at(publisher), **edited(publisher, environment="pypi", label="main", expires_at="2031-01-01"))
    publisher.refresh_from_db()
    assert publisher.values == {**FIELDS, "environment": "pypi"}
    assert (publisher.label, publisher.expires_at.year) == ("main", 2031)  # type: ignore[union-attr]
    assert publisher.pins == {"repository_owner_id": "65"}
    assert last_event().tag == "project:oidc:publisher-changed"
    assert last_event().details["before"]["label"] == ""
    assert Email.objects.filter(subject__contains="publisher changed").count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"owner": ""}, "Owner is required."),
        ({"ref": "main"}, "A ref begins with"),
        ({"expires_at": "soon"}, "valid date"),
        ({"based_on": "other"}, "Somebody else changed this publisher meanwhile."),
    ],
)
def test_bad_input_comes_back(client: Client, publisher: Publisher, changes: dict[str, str], sentence: str):
    answer = client.post(at(publisher), edited(publisher, **changes))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Event.objects.filter(tag="project:oidc:publisher-changed").exists()


def test_of_two_owners_who_edit_at_once_the_second_is_told(client: Client, publisher: Publisher, alice: User):
    sent = edited(publisher, environment="one")
    registration.change(publisher, Wanted({**FIELDS, "environment": "two"}), Actor("bob"))
    answer = client.post(at(publisher), sent)
    assert "Somebody else changed this publisher meanwhile." in answer.content.decode()
    assert Publisher.objects.get().values["environment"] == "two"


def test_ids_that_an_exchange_recorded_meanwhile_are_no_change_of_somebody_else(client: Client, publisher: Publisher):
    sent = edited(publisher, environment="one")
    Publisher.objects.update(pins={"repository_owner_id": "65", "repository_id": "74"})
    told(client, at(publisher), **sent)
    assert Publisher.objects.get().pins == {"repository_owner_id": "65", "repository_id": "74"}


def test_a_publisher_that_is_removed_meanwhile_is_told(client: Client, publisher: Publisher, monkeypatch):
    def removed(*_arguments: Any) -> None:
        raise Publisher.DoesNotExist

    monkeypatch.setattr(registration, "locked", removed)
    assert "was removed meanwhile" in client.post(at(publisher), edited(publisher, label="x")).content.decode()
    for below, data in (("switch/", {"on": "0"}), ("forget/", {}), ("constrain/", {"environment": "pypi"})):
        assert "was removed meanwhile" in told(client, at(publisher, below), **data)


def test_what_becomes_the_same_as_another_names_it(
    client: Client, publisher: Publisher, project: Project, github: Issuer, alice: User
):
    other = {**FIELDS, "environment": "pypi"}
    registration.add(project, github, Wanted(other, label="other"), Actor("alice", alice))
    said = client.post(at(publisher), edited(publisher, environment="PyPI")).content.decode()
    assert "This publisher is registered already: &#x27;other&#x27;." in said


def test_a_link_says_what_would_be_changed(client: Client, publisher: Publisher):
    Publisher.objects.update(values={**FIELDS, "environment": "pypi", "protected_ref_only": True}, enabled=False)
    said = page(client, at(publisher) + "?environment=&enabled=on&ref=refs/tags/v*&expires_at=")
    assert "Some of these values come from a link" in said
    assert 'name="ref" value="refs/tags/v*"' in said
    assert 'id="id_enabled" checked' in said
    assert 'id="id_protected_ref_only" checked' in said
    assert 'value="pypi"' not in said
    assert Publisher.objects.get().values["environment"] == "pypi"


def test_a_check_changes_nothing(client: Client, publisher: Publisher):
    said = client.post(at(publisher), edited(publisher, environment="x", check="1")).content.decode()
    assert "Nothing is saved yet" in said
    assert Publisher.objects.get().values == FIELDS


@pytest.mark.parametrize("below", ["", "switch/", "remove/", "forget/", "names/", "constrain/"])
def test_every_change_needs_a_second_factor(client: Client, publisher: Publisher, below: str, settings):
    settings.REQUIRE_2FA = True
    before = Publisher.objects.values().get()
    assert client.post(at(publisher, below), edited(publisher, environment="x")).status_code == 302
    assert Publisher.objects.values().get() == before


@pytest.mark.parametrize("below", ["switch/", "constrain/"])
def test_opening_the_address_of_a_button_changes_nothing(client: Client, publisher: Publisher, below: str):
    assert client.get(at(publisher, below)).status_code == 405


# -- the switch ------------------------------------------------------------


def test_a_publisher_is_switched_off_and_on(client: Client, publisher: Publisher):
    generation = publisher.generation
    told(client, at(publisher, "switch/"), on="0")
    publisher.refresh_from_db()
    assert (publisher.enabled, publisher.generation) == (False, generation + 1)
    assert last_event().details["after"]["enabled"] is False
    told(client, at(publisher, "switch/"), on="0")
    assert Event.objects.filter(tag="project:oidc:publisher-changed").count() == 1
    told(client, at(publisher, "switch/"), on="1")
    publisher.refresh_from_db()
    assert publisher.enabled
    assert Email.objects.filter(subject__contains="publisher changed").count() == 2


def test_switched_on_again_it_has_its_time_anew(client: Client, publisher: Publisher):
    Publisher.objects.update(pins={}, unpinned_since="2020-01-01T00:00Z", enabled=False)
    told(client, at(publisher, "switch/"), on="1")
    assert Publisher.objects.get().why_dead() is None


# -- ids ------------------------------------------------------------


def test_ids_are_forgotten_after_a_question(client: Client, publisher: Publisher):
    said = page(client, at(publisher, "forget/"))
    assert "Owner id" in said
    assert Publisher.objects.get().pins
    told(client, at(publisher, "forget/"))
    assert Publisher.objects.get().pins == {}
    assert Email.objects.filter(subject__contains="ids").count() == 1


# -- names ------------------------------------------------------------


NEW = {"owner": "octo-org", "repository": "newname"}


def rename(publisher: Publisher, names: dict[str, str]) -> None:
    Publisher.objects.filter(pk=publisher.pk).update(
        renamed_to=names, pins={"repository_owner_id": "65", "repository_id": "74"}
    )


def seen_on(client: Client, publisher: Publisher) -> str:
    return str(client.get(at(publisher, "names/")).context["seen"])


def test_a_new_name_is_accepted(client: Client, publisher: Publisher):
    rename(publisher, NEW)
    assert f'href="{publisher.pk}/names/"' in page(client, PAGE)
    said = page(client, at(publisher, "names/"))
    assert "octo-org/sampleproject" in said
    assert "octo-org/newname" in said
    told(client, at(publisher, "names/"), seen=seen_on(client, publisher))
    publisher.refresh_from_db()
    assert publisher.values == {**FIELDS, **NEW}
    assert publisher.pins == {"repository_owner_id": "65", "repository_id": "74"}
    assert last_event().tag == "project:oidc:publisher-renamed"


def test_another_name_than_the_one_that_was_seen_is_not_accepted(client: Client, publisher: Publisher):
    rename(publisher, NEW)
    seen = seen_on(client, publisher)
    rename(publisher, {**NEW, "repository": "third"})
    for stale in (seen, "", "null", "nonsense"):
        assert "it changed meanwhile" in told(client, at(publisher, "names/"), seen=stale)
    assert Publisher.objects.get().values == FIELDS


def test_without_a_new_name_there_is_nothing_to_accept(client: Client, publisher: Publisher):
    answer = client.get(at(publisher, "names/"), follow=True)
    assert "was not seen under another name" in answer.content.decode()
    assert "it changed meanwhile" in told(client, at(publisher, "names/"), seen="null")


def test_a_link_that_would_edit_the_name_leads_to_the_form_that_accepts_it(client: Client, publisher: Publisher):
    rename(publisher, NEW)
    answer = client.get(f"{at(publisher)}?{urlencode(NEW)}")
    assert answer.url == at(publisher, "names/")  # type: ignore[attr-defined]


def test_a_new_name_that_is_registered_already_is_told(
    client: Client, publisher: Publisher, project: Project, github: Issuer, alice: User
):
    rename(publisher, NEW)
    registration.add(project, github, Wanted({**FIELDS, **NEW}), Actor("alice", alice))
    assert "is registered already" in told(client, at(publisher, "names/"), seen=seen_on(client, publisher))


# -- narrowing ------------------------------------------------------------


def link(publisher: Publisher, environment: str = "pypi") -> str:
    assert publisher.project is not None
    return addresses.constrain(publisher.project, publisher.pk, environment).removeprefix("https://localhost:8443")


def test_a_mails_link_changes_nothing_and_its_form_narrows(client: Client, publisher: Publisher):
    said = page(client, link(publisher))
    assert 'name="environment" value="pypi"' in said
    assert Publisher.objects.get().values == FIELDS
    assert "from the environment pypi only" in told(client, at(publisher, "constrain/"), environment="pypi")
    publisher.refresh_from_db()
    assert publisher.values == {**FIELDS, "environment": "pypi"}
    assert last_event().tag == "project:oidc:publisher-changed"
    assert Email.objects.filter(subject__contains="publisher changed").count() == 1


def test_an_environment_that_is_named_already_stays(client: Client, publisher: Publisher):
    told(client, at(publisher, "constrain/"), environment="pypi")
    assert "names the environment pypi already" in page(client, link(publisher, "other"))
    assert "Nothing was changed" in told(client, at(publisher, "constrain/"), environment="other")
    assert Publisher.objects.get().values["environment"] == "pypi"


@pytest.mark.parametrize("environment", ["", " ", "a\x01b", "x" * 256])
def test_a_wrong_environment_comes_back(client: Client, publisher: Publisher, environment: str):
    assert client.get(link(publisher, environment)).status_code == 200
    answer = client.post(at(publisher, "constrain/"), {"environment": environment})
    assert answer.status_code == 200
    assert 'class="errors"' in answer.content.decode()
    assert Publisher.objects.get().values == FIELDS


@pytest.mark.parametrize("pk", ["", "x", "²", "0", "9" * 30])
@pytest.mark.usefixtures("publisher")
def test_a_link_to_no_publisher_is_not_found(client: Client, pk: str):
    assert client.get(f"{PAGE}?{urlencode({'constrain': pk})}").status_code == 404


def test_a_provider_without_environments_cannot_be_narrowed_so(client: Client, project: Project, alice: User):
    issuer = Issuer.objects.create(url="https://k8s.example.com", provider="generic", identity_claims=["sub"])
    other = registration.add(project, issuer, Wanted({"sub": "x"}), Actor("alice", alice))
    assert client.get(link(other)).status_code == 404
    assert client.post(at(other, "constrain/"), {"environment": "x"}).status_code == 404


def test_the_same_publisher_with_that_environment_is_named(
    client: Client, publisher: Publisher, project: Project, github: Issuer, alice: User
):
    registration.add(project, github, Wanted({**FIELDS, "environment": "pypi"}), Actor("alice", alice))
    assert "is registered already" in told(client, at(publisher, "constrain/"), environment="pypi")


# -- removal ------------------------------------------------------------


def test_a_publisher_is_removed_after_a_question(client: Client, publisher: Publisher):
    assert "only publisher" in page(client, at(publisher, "remove/"))
    assert Publisher.objects.exists()
    told(client, at(publisher, "remove/"))
    assert not Publisher.objects.exists()
    assert last_event().tag == "project:oidc:publisher-removed"
    assert Email.objects.filter(subject__contains="removed").count() == 1
    assert client.post(at(publisher, "remove/")).status_code == 404


def test_the_question_counts_the_others(
    client: Client, publisher: Publisher, project: Project, github: Issuer, alice: User
):
    registration.add(project, github, Wanted({**FIELDS, "environment": "pypi"}), Actor("alice", alice))
    assert "1 other publisher of the project stays." in page(client, at(publisher, "remove/"))
    registration.add(project, github, Wanted({**FIELDS, "environment": "x"}), Actor("alice", alice))
    assert "2 other publishers of the project stay." in page(client, at(publisher, "remove/"))
