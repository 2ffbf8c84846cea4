"""Switches of the whole registry: what they refuse, what goes on, who is told."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from registry import switches
from registry.actors import Actor
from registry.models import Event, Project, Switch, User
from tests.factories import make_project, make_user
from tests.registry.uploads import making
from tests.tokens.test_exchange import lives, mint
from tests.tokens.test_strangers import upload
from tokens.creating import create_api_token
from tokens.models import ApiToken, Exchange

SWITCHES = "/admin/registry/switch/"


@pytest.fixture
def boss(transactional_db: None, client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def send(client: Client, key: str, to: str, panel: str = "registry", reason: str = "") -> int:
    return client.post(SWITCHES, {"panel": panel, "key": key, "to": to, "reason": reason}).status_code


@pytest.mark.parametrize("what", Switch.What.values)
def test_a_superuser_switches_with_a_reason_an_event_and_a_mail_to_all_superusers(client, boss, what):
    make_user("other", is_superuser=True)
    assert send(client, what, "off", reason="an incident") == 302
    switch = Switch.objects.get()
    assert (switch.what, switch.by, switch.reason) == (what, "boss", "an incident")
    page = client.get(SWITCHES).content.decode()
    assert "by boss" in page
    assert "an incident" in page
    assert send(client, what, "off") == 302
    assert Event.objects.get(tag="registry:switched-off").details == {"what": what, "reason": "an incident"}
    assert sorted(mail.to[0] for mail in Email.objects.all()) == ["boss@example.com", "other@example.com"]
    assert send(client, what, "on") == 302
    assert send(client, what, "on") == 302
    assert Event.objects.filter(tag="registry:switched-on").count() == 1
    assert not Switch.objects.exists()


@pytest.mark.parametrize("panel", ["providers", "issuers"])
def test_providers_and_issuers_are_switched_on_the_same_page(client, world, panel):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    key = "github" if panel == "providers" else str(world.issuer.pk)
    for _ in range(2):
        assert send(client, key, "off", panel, "breached") == 302
    assert mint(Client(), world.token()).json()["errors"][0]["code"] == "not-enabled"
    page = client.get(SWITCHES).content.decode()
    assert "by boss" in page
    assert "breached" in page
    for _ in range(2):
        assert send(client, key, "on", panel) == 302
    assert mint(Client(), world.token()).status_code == 200
    what = "provider" if panel == "providers" else "issuer"
    assert Event.objects.filter(tag__in=[f"{what}:switched-off", f"{what}:switched-on"]).count() == 2


@pytest.mark.parametrize(
    "said", [{}, {"panel": "x"}, {"panel": "registry", "key": "x"}, {"panel": "issuers", "key": "0"}]
)
def test_a_switch_that_is_none_is_not_found(client, boss, said):
    assert client.post(SWITCHES, {"to": "off", **said}).status_code == 404


def test_nobody_else_switches(client, boss):
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(content_type__model="switch"))
    client.force_login(helper)
    assert client.get(SWITCHES).status_code == 403
    assert send(client, "uploads", "off") == 403
    assert not Switch.objects.exists()


def off(what: str, reason: str = "") -> None:
    assert switches.switch_off(what, reason, Actor("test"))


def test_while_uploads_are_off_exchanges_go_on(client, world):
    off("uploads", "Back at noon.")
    text = mint(client, world.token()).json()["token"]
    refused = upload(client, text, "sampleproject")
    sentence = "Uploads are switched off in this registry for the moment. Back at noon."
    assert (refused.status_code, refused.reason_phrase) == (403, sentence)
    asked = {"Authorization": f"Bearer {text}", "Accept": "application/json"}
    fields = making.form(making.wheel("sampleproject"), "sampleproject-1.0-py3-none-any.whl")
    answer = client.post("/legacy/", fields, headers=asked).json()
    assert answer == {
        "message": sentence,
        "code": f"403 {sentence}",
        "errors": [{"code": "uploads-off", "description": sentence}],
    }
    switches.switch_on("uploads", Actor("test"))
    assert upload(client, text, "sampleproject").status_code == 200


def test_while_new_projects_are_off_others_take_files(client, world):
    world.add("brand-new")
    off("new-projects")
    text = mint(client, world.token()).json()["token"]
    refused = upload(client, text, "brand-new")
    assert (refused.status_code, b"New projects are switched off" in refused.content) == (403, True)
    assert upload(client, text, "sampleproject").status_code == 200
    assert not Project.objects.filter(name="brand-new").exists()
    switches.switch_on("new-projects", Actor("test"))
    assert upload(client, text, "brand-new").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["sign-ups", "writing"])
def test_while_sign_ups_are_off_nobody_registers(client, what):
    said = {
        "username": "mallory",
        "email": "m@example.com",
        "password1": "long-and-dull-9",
        "password2": "long-and-dull-9",
    }
    off(what)
    for answer in (client.get(reverse("account_signup")), client.post(reverse("account_signup"), said)):
        assert answer.status_code == (503 if what == "writing" else 403)
    assert not User.objects.filter(username="mallory").exists()


class TestReadOnly:
    """Everything that writes is off."""

    @pytest.fixture(autouse=True)
    def read_only(self, world):
        self.text = mint(Client(), world.token()).json()["token"]
        off("writing", "We move house.")

    def test_exchanges_are_told_to_come_back(self, client, world):
        answer = mint(client, world.token())
        assert (answer.status_code, answer["Retry-After"]) == (503, "300")
        assert answer.json()["errors"][0]["code"] == "read-only"
        assert answer.json()["message"]

    def test_a_check_says_that_an_exchange_would_be_refused_now(self, client, world):
        token = world.token()
        before = Exchange.objects.count()
        answer = mint(client, token, "/_/oidc/check")
        assert answer.status_code == 200
        said = answer.json()
        assert (said["would_mint"], said["projects"]) == (False, [])
        assert said["errors"] == mint(client, token).json()["errors"]
        assert [publisher["project"] for publisher in said["publishers"]] == ["sampleproject"]
        assert all(check["ok"] for check in said["publishers"][0]["checks"])
        assert Exchange.objects.count() == before
        switches.switch_on("writing", Actor("test"))
        assert mint(client, token, "/_/oidc/check").json()["would_mint"]

    def test_a_check_says_what_else_is_wrong(self, client, world):
        for token, code in (
            (world.token(workflow_ref=None), "invalid-token"),
            (world.token(event_name="workflow_run"), "invalid-publisher"),
        ):
            errors = mint(client, token, "/_/oidc/check").json()["errors"]
            assert [error["code"] for error in errors] == ["read-only", code]

    def test_uploads_are_refused_and_what_waits_can_be_tried_again(self, client, world):
        assert upload(client, self.text, "sampleproject").status_code == 403
        switches.switch_on("writing", Actor("test"))
        assert upload(client, self.text, "sampleproject").status_code == 200

    def test_burning_goes_on(self, client):
        body = json.dumps({"token": self.text})
        assert client.post("/_/oidc/burn-token", body, content_type="application/json").status_code == 202
        assert not lives(self.text)

    def test_people_revoke_their_own_tokens_still(self, client, world):
        alice = world.owner
        text, _ = (
            create_api_token(alice, name=name, scopes=["manage"], actor=Actor("test")) for name in ("tool", "laptop")
        )
        tool, laptop = ApiToken.objects.order_by("pk")
        client.force_login(alice)
        assert client.post(f"/manage/account/token/{laptop.pk}/revoke/").status_code == 302
        api, said = f"/api/v1/tokens/{tool.pk}/", {"Authorization": f"Bearer {text}"}
        assert client.patch(api, headers=said).status_code == 405
        assert Client().delete(api, headers=said).status_code == 204
        assert not ApiToken.objects.filter(revoked_at=None).exists()
        assert client.post("/manage/account/token/add/").status_code == 503

    def test_reading_goes_on(self, client, world):
        for path in ("/", "/simple/", "/simple/sampleproject/", "/project/sampleproject/", "/healthz"):
            assert client.get(path).status_code == 200, path
        assert mint(client, world.token(), "/_/oidc/check").status_code == 200

    def test_forms_are_refused_to_everybody(self, client, world):
        boss = make_user("boss", is_staff=True, is_superuser=True)
        client.force_login(boss)
        said = {"name": "another", "owners": "alice", "status": "active"}
        answer = client.post("/admin/registry/project/add/", said)
        assert (answer.status_code, answer["Retry-After"]) == (503, "300")
        assert b"We move house." in answer.content
        assert not Project.objects.filter(name="another").exists()
        machine = client.post("/admin/registry/project/add/", said, headers={"Accept": "application/json"})
        sentence = f"{Switch.SENTENCES['writing']} We move house."
        wanted = {"message": sentence, "errors": [{"code": "read-only", "description": sentence}], "code": "read-only"}
        assert machine.json() == {**wanted, "request_id": machine["X-Request-ID"]}

    @pytest.mark.parametrize("page", ["/account/login/"])
    def test_who_is_out_signs_in_and_switches_it_on(self, page):
        make_user("boss", "open-sesame-1", is_staff=True, is_superuser=True)
        client = Client()
        name = "username" if page.startswith("/admin") else "login"
        client.post(page, {name: "boss", "password": "open-sesame-1"})
        assert client.get(SWITCHES).status_code == 200
        assert send(client, "writing", "on") == 302
        assert not Switch.objects.exists()
        assert client.post("/account/logout/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/project/sampleproject/", "/admin/"])
def test_people_who_are_signed_in_read_it_on_every_page(client, path):
    boss = make_user("boss", is_staff=True, is_superuser=True)
    make_project("sampleproject", boss)
    off("uploads", "Back at noon.")
    client.force_login(boss)
    page = client.get(path).content.decode()
    assert "Uploads are switched off in this registry for the moment." in page
    assert "Back at noon." in page


@pytest.mark.django_db
def test_commands_and_administrators_create_projects_while_new_ones_are_off(client):
    boss = make_user("boss", is_staff=True, is_superuser=True)
    off("new-projects")
    client.force_login(boss)
    said = {"name": "another", "owners": "boss", "status": "active"}
    assert client.post("/admin/registry/project/add/", said).status_code == 302
    assert Project.objects.filter(name="another").exists()
