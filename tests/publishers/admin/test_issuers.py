"""Issuers in the admin: superusers only, every change an event, keys on a page of their own."""

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from post_office.models import Email

from demo.signing import SigningKey
from publishers import keys
from publishers.issuers import IssuerForm
from publishers.models import Issuer, Publisher
from publishers.presets import PRESETS
from publishers.providers.github import GitHub
from registry.models import Event, User
from tests.factories import make_project, make_user

FORM = {
    "url": "https://ghe.example.com",
    "provider": "github",
    "name": "Our server",
    "enabled": "on",
    "algorithms": ["RS256"],
    "api_url": "https://ghe.example.com/api/v3",
}


def tags() -> list[str]:
    return list(Event.objects.filter(actor_name="boss").order_by("pk").values_list("tag", flat=True))


def make_issuer(**columns: Any) -> Issuer:
    return Issuer.objects.create(url="https://ghe.example.com", provider="github", **columns)


def keys_page(issuer: Issuer) -> str:
    return f"/admin/publishers/issuer/{issuer.pk}/keys/"


def change_page(issuer: Issuer) -> str:
    return f"/admin/publishers/issuer/{issuer.pk}/change/"


@pytest.mark.django_db
def test_an_issuer_is_added_with_what_its_provider_knows(client: Client, boss: User):
    assert client.post("/admin/publishers/issuer/add/", FORM).status_code == 302
    issuer = Issuer.objects.get(url="https://ghe.example.com")
    assert (issuer.max_token_age, issuer.reuse, issuer.algorithms) == (3600, "once", ["RS256"])
    assert tags() == ["issuer:added"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://ghe.example.com"}, "must begin with https://"),
        ({"url": "http://127.0.0.1:1"}, "must begin with https://"),
        ({"url": "https://ghe.example.com?x=1"}, "without a query"),
        ({"url": "https://[oops"}, "This is not an address."),
        ({"url": GitHub.default_issuer}, "already exists"),
        ({"url": ""}, "This field is required."),
        ({"provider": "gitlub"}, "Select a valid choice"),
        ({"algorithms": ["HS256"]}, "Select a valid choice"),
        ({"audience": "sigstore"}, "is the audience of another service"),
        ({"max_token_age": "10"}, "greater than or equal to 60"),
        ({"reuse": "always"}, "Select a valid choice"),
        ({"api_token_env": "ghp_x-y"}, "Write the name of an environment variable."),
        ({"ca_file": "/no/such/file"}, "There is no such file"),
    ],
)
def test_a_wrong_issuer_is_refused(client: Client, boss: User, changes: dict[str, Any], sentence: str):
    count = Issuer.objects.count()
    assert sentence in client.post("/admin/publishers/issuer/add/", {**FORM, **changes}).content.decode()
    assert Issuer.objects.count() == count


@pytest.mark.django_db
def test_http_to_this_machine_may_be_allowed(client: Client, boss: User):
    said = {**FORM, "url": "http://127.0.0.1:1", "allow_http_loopback": "on", "api_url": ""}
    assert client.post("/admin/publishers/issuer/add/", said).status_code == 302


@pytest.mark.django_db
def test_url_and_provider_never_change_and_the_keys_are_not_touched(client: Client, boss: User):
    issuer = make_issuer()
    client.get(change_page(issuer))
    stored = {"one": {"jwk": SigningKey.new().jwk(kid="one"), "first_seen": ""}}
    Issuer.objects.filter(pk=issuer.pk).update(keys=stored)
    said = {**FORM, "url": "https://evil.example.com", "name": "New name"}
    assert client.post(change_page(issuer), said).status_code == 302
    issuer.refresh_from_db()
    assert (issuer.url, issuer.name, issuer.keys) == ("https://ghe.example.com", "New name", stored)
    event = Event.objects.get(tag="issuer:changed")
    assert (event.details["before"]["name"], event.details["after"]["name"]) == ("", "New name")


@pytest.mark.django_db
def test_a_used_issuer_is_not_deleted(client: Client, boss: User):
    issuer = make_issuer()
    values = {"owner": "o", "repository": "r", "workflow_filename": "w.yml"}
    publisher = Publisher.objects.create(issuer=issuer, project=make_project("x", boss), values=values)
    page = f"/admin/publishers/issuer/{issuer.pk}/delete/"
    assert "protected" in client.post(page, {"post": "yes"}).content.decode()
    said = {"action": "delete_selected", "_selected_action": [str(issuer.pk)], "post": "yes"}
    client.post("/admin/publishers/issuer/", said)
    assert Issuer.objects.filter(pk=issuer.pk).exists()
    publisher.delete()
    assert client.post(page, {"post": "yes"}).status_code == 302
    assert not Issuer.objects.filter(pk=issuer.pk).exists()
    assert tags() == ["issuer:removed"]


@pytest.mark.django_db
def test_only_superusers_change_issuers(client: Client):
    helper, issuer = make_user("helper", is_staff=True), make_issuer()
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="publishers"))
    client.force_login(helper)
    assert client.get(change_page(issuer)).status_code == 200
    assert client.post(change_page(issuer), FORM).status_code == 403
    assert client.post("/admin/publishers/issuer/add/", FORM).status_code == 403
    assert client.post(f"/admin/publishers/issuer/{issuer.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(keys_page(issuer)).status_code == 403
    assert client.post(keys_page(issuer), {"what": "unpaste"}).status_code == 403


@pytest.mark.django_db
def test_keys_are_pasted_shown_dropped_and_forgotten(client: Client, boss: User):
    issuer = make_issuer()
    document = {"keys": [SigningKey.new().jwk(kid="one"), SigningKey.new("ES256").jwk(kid="two")]}
    answer = client.post(keys_page(issuer), {"what": "paste", "document": json.dumps(document)}, follow=True)
    page = answer.content.decode()
    assert "RSA, 2048 bits" in page
    assert "EC, P-256" in page
    client.post(keys_page(issuer), {"what": "drop", "key": "one", "sure": "yes"})
    issuer.refresh_from_db()
    assert list(issuer.keys) == ["two"]
    client.post(keys_page(issuer), {"what": "unpaste"})
    issuer.refresh_from_db()
    assert (issuer.keys, issuer.keys_pasted) == ({}, False)
    assert tags() == ["issuer:keys-pasted", "issuer:key-dropped", "issuer:keys-unpasted"]


@pytest.fixture
def with_keys() -> Issuer:
    """An issuer with two fetched keys."""
    issuer = make_issuer()
    keys.paste(issuer, {"keys": [SigningKey.new().jwk(kid="one"), SigningKey.new("ES256").jwk(kid="two")]})
    Issuer.objects.update(keys_pasted=False)
    return issuer


def asked(client: Client, issuer: Issuer, **more: str) -> str:
    """What the administrator reads who drops a key."""
    answer = client.post(keys_page(issuer), {"what": "drop", "key": "one", **more}, follow=True)
    return html.unescape(" ".join(answer.content.decode().split()))


@pytest.mark.django_db
def test_a_key_is_dropped_only_when_asked_twice(client: Client, boss: User, with_keys: Issuer):
    values = {"owner": "o", "repository": "r", "workflow_filename": "w.yml"}
    for name in ("x", "y"):
        Publisher.objects.create(issuer=with_keys, project=make_project(name, boss), values=values)
    mails = Email.objects.count()
    page = asked(client, with_keys)
    assert "2 publishers hang off this issuer" in page
    assert "The next exchange with a key that is not known here fetches the keys anew" in page
    assert "RSA, 2048 bits" in page
    with_keys.refresh_from_db()
    assert sorted(with_keys.keys) == ["one", "two"]
    assert (tags(), Email.objects.count()) == ([], mails)
    assert "Done." in asked(client, with_keys, sure="yes")
    with_keys.refresh_from_db()
    assert sorted(with_keys.keys) == ["two"]
    assert (tags(), Email.objects.count()) == (["issuer:key-dropped"], mails + 1)


@pytest.mark.django_db
def test_of_pasted_keys_and_the_last_one_it_says_what_follows(client: Client, boss: User, with_keys: Issuer):
    keys.drop(with_keys, "two")
    assert "It is the only one" in asked(client, with_keys)
    Issuer.objects.update(keys_pasted=True)
    page = asked(client, with_keys)
    assert "pasted, and pasted keys are never fetched" in page
    assert "anew" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("more", [{}, {"sure": "yes"}])
def test_a_key_that_is_not_there_is_not_dropped(client: Client, boss: User, with_keys: Issuer, more: dict[str, str]):
    keys.drop(with_keys, "one")
    assert "The issuer has no such key" in asked(client, with_keys, **more)
    assert tags() == []


@pytest.mark.django_db
@pytest.mark.parametrize("document", ["", "nonsense", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AA"}]}'])
def test_what_is_no_key_set_changes_nothing(client: Client, boss: User, document: str):
    answer = client.post(keys_page(make_issuer()), {"what": "paste", "document": document}, follow=True)
    assert "Nothing was changed: " in answer.content.decode()
    assert tags() == []


@pytest.mark.django_db(transaction=True)
def test_keys_are_fetched_now(client: Client, boss: User, trusted: Issuer):
    assert "Done." in client.post(keys_page(trusted), {"what": "refresh"}, follow=True).content.decode()
    trusted.refresh_from_db()
    assert trusted.keys
    assert tags() == ["issuer:keys-refreshed"]


@pytest.mark.django_db(transaction=True)
def test_a_fetch_that_fails_is_said(client: Client, boss: User):
    issuer = Issuer.objects.create(url="http://127.0.0.1:1", provider="github", allow_http_loopback=True)
    answer = client.post(keys_page(issuer), {"what": "refresh"}, follow=True)
    assert "cannot be reached" in answer.content.decode()
    assert tags() == []


# -- the generic provider ------------------------------------------------------------

ADD = "/admin/publishers/issuer/add/"
GENERIC = {
    "url": "https://git.example.com/api/actions",
    "provider": "generic",
    "enabled": "on",
    "algorithms": ["RS256"],
    "identity_claims": "repository, workflow",
}


def value_of(page: str, name: str) -> str:
    """What an input of the page holds."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found is not None, name
    value = re.search(r'value="([^"]*)"', found[0])
    return html.unescape(value[1]) if value else ""


@pytest.mark.django_db
def test_the_add_page_offers_the_presets(client: Client, boss: User):
    page = client.get(ADD).content.decode()
    for preset in PRESETS.values():
        assert f'<a href="?preset={preset.name}"' in page
        assert preset.advice not in page or not preset.advice
    assert value_of(page, "identity_claims") == ""
    issuer = make_issuer()
    assert "?preset=" not in client.get(change_page(issuer)).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_the_form_which_only_lacks_its_url(client: Client, boss: User, name: str):
    preset = PRESETS[name]
    page = client.get(ADD, {"preset": name}).content.decode()
    shown = html.unescape(page)
    assert preset.url in shown
    assert preset.audience in shown
    assert preset.advice in shown
    assert preset.page in shown
    said = {field: value_of(page, field) for field in ("name", "identity_claims", "pinned_claims", "max_token_age")}
    assert said["identity_claims"] == ", ".join(preset.identity_claims)
    assert '<option value="generic" selected>' in page
    assert f'<option value="{preset.reuse}" selected>' in page
    answer = client.post(ADD, {**GENERIC, **said, "reuse": preset.reuse, "url": f"https://{name}.example.com"})
    assert answer.status_code == 302
    issuer = Issuer.objects.get(provider="generic")
    assert (tuple(issuer.identity_claims), tuple(issuer.pinned_claims)) == (
        preset.identity_claims,
        preset.pinned_claims,
    )
    assert (issuer.reuse, issuer.max_token_age) == (preset.reuse, preset.max_token_age)


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["?preset=nosuch", "?preset=", "?preset=<script>", "?name=x&preset=jenkins&preset=y"])
def test_an_unknown_preset_is_none(client: Client, boss: User, query: str):
    answer = client.get(ADD + query)
    assert answer.status_code == 200
    assert "Prefilled for" not in answer.content.decode()


@pytest.mark.django_db
def test_an_issuer_without_an_identity_claim_is_refused(client: Client, boss: User):
    page = client.post(ADD, {**GENERIC, "identity_claims": ""}).content.decode()
    assert "Name at least one claim that says which workload it is" in page
    assert not Issuer.objects.filter(provider="generic").exists()


@pytest.mark.django_db
def test_claims_that_publishers_are_known_by_stay(client: Client, boss: User, monkeypatch: pytest.MonkeyPatch):
    assert client.post(ADD, GENERIC).status_code == 302
    issuer = Issuer.objects.get(provider="generic")
    values = {"repository": "acme/tool", "workflow": "release.yml"}
    Publisher.objects.create(issuer=issuer, project=make_project("x", boss), values=values)
    said = {**GENERIC, "identity_claims": "sub"}
    assert "these cannot change any more" in client.post(change_page(issuer), said).content.decode()
    # The first publisher comes between the check and the lock.
    monkeypatch.setattr(IssuerForm, "_check_unused", lambda form, identity: None)
    answer = client.post(change_page(issuer), said, follow=True)
    assert "these cannot change any more" in answer.content.decode()
    issuer.refresh_from_db()
    assert issuer.identity_claims == ["repository", "workflow"]
    assert tags() == ["issuer:added"]
    assert client.post(change_page(issuer), {**GENERIC, "pinned_claims": "repository_id"}).status_code == 302
