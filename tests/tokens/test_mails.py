"""Every mail: who gets it, what it says, and what it must not say."""

import datetime
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.utils import timezone
from post_office.models import Email

from publishers import housekeeping, issuers, pending, registration, switches
from publishers.issuers import IssuerForm
from publishers.models import Publisher, SwitchedOff
from publishers.registration import Wanted
from registry import switches as whole
from registry.accounts import secondfactor
from registry.actors import Actor
from registry.creation import create_project
from registry.deletion import delete_user
from registry.invitations import invite
from registry.models import ProhibitedName, Role, User
from registry.options import set_options
from registry.roles import remove_role, set_role
from tests.factories import make_user
from tests.registry.uploads import making
from tests.tokens.conftest import FIELDS, World
from tests.tokens.test_exchange import mint
from tokens.creating import create_api_token
from tokens.models import ApiToken, UploadToken
from tokens.revoking import revoke_api_token, revoke_upload_token

TEMPLATES = Path(django_settings.BASE_DIR) / "templates" / "mails"
BASES = {"base", "owners", "user", "administrators"}
SITE = "https://localhost:8443"
PUBLISHING = f"{SITE}/manage/project/sampleproject/settings/publishing/"
BOSS = Actor("boss", address="192.0.2.9")
TRUSTED = ("Owner: octo-org", "Repository: sampleproject", "Workflow file: release.yml")


@dataclass
class Town(World):
    """A project with two owners and a maintainer, two superusers, one of whom is gone, and one who waits."""

    client: Any = None

    @classmethod
    def around(cls, world: World, client: Any) -> "Town":
        town = cls(world.local, world.issuer, world.owner, world.project, world.publisher, client)
        set_role(world.project, make_user("bob"), Role.Kind.OWNER, actor=BOSS)
        set_role(world.project, make_user("carol"), Role.Kind.MAINTAINER, actor=BOSS)
        set_role(world.project, make_user("gone", is_active=False), Role.Kind.OWNER, actor=BOSS)
        make_user("boss", is_superuser=True)
        make_user("former", is_superuser=True, is_active=False)
        make_user("dave")
        Email.objects.all().delete()
        return town

    def user(self, name: str) -> User:
        return User.objects.get(username=name)

    def waiting(self, name: str = "brand-new", **columns: Any) -> Publisher:
        return self.add(name, **{"added_by": self.user("dave"), **columns})

    def mint(self, **claims: Any) -> Any:
        members = {name: claims.pop(name) for name in ("projects",) if name in claims}
        return mint(self.client, self.token(**claims), **members)

    def upload(self, token: str, name: str = "sampleproject", version: str = "1.0") -> None:
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        fields = making.form(making.wheel(name, version), filename)
        answer = self.client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.content

    def api_token(self, **changes: Any) -> str:
        wanted: dict[str, Any] = {"name": "ci", "scopes": ["upload"], "actor": BOSS, **changes}
        return create_api_token(self.user("carol"), **wanted)


@pytest.fixture
def town(world: World, client: Any) -> Town:
    return Town.around(world, client)


def days_ago(days: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def keep() -> None:
    housekeeping.each_hour()


@dataclass(frozen=True)
class Case:
    """One thing that happens, and the mail that tells of it."""

    template: str
    do: Callable[[Town], object]
    to: str
    subject: str
    says: tuple[str, ...]
    never: tuple[str, ...] = ()


def change_environment(town: Town) -> None:
    registration.change(town.publisher, Wanted({**FIELDS, "environment": "pypi"}, label="main"), BOSS)


def accept_new_name(town: Town) -> None:
    names = {"owner": "octo-org", "repository": "renamed"}
    Publisher.objects.update(renamed_to=names)
    registration.accept_names(town.publisher, names, BOSS)


def leave_unused(town: Town) -> None:
    Publisher.objects.update(pins={}, unpinned_since=days_ago(31))
    keep()


def leave_pending_unused(town: Town) -> None:
    town.waiting(unpinned_since=days_ago(31))
    keep()


def use_pending(town: Town) -> None:
    town.waiting()
    town.upload(town.mint().json()["token"], "brand-new")


def prohibit(town: Town) -> None:
    town.waiting()
    name = ProhibitedName.objects.create(name="brand-new")
    pending.invalidate_prohibited(name, BOSS)


def wait_long(days: float) -> Callable[[Town], None]:
    def wait(town: Town) -> None:
        town.waiting(created_at=days_ago(days))
        keep()

    return wait


def change_issuer(town: Town) -> None:
    form = IssuerForm({**issuers.in_words(town.issuer), "max_token_age": 600}, instance=town.issuer)
    assert form.is_valid(), form.errors
    issuers.save(form, BOSS)


def refuse(town: Town) -> None:
    change_environment(town)
    Email.objects.all().delete()
    town.mint(environment="staging", run_id="42")


def refuse_other_ids(town: Town) -> None:
    change_environment(town)
    Email.objects.all().delete()
    town.mint(repository_id="4711", environment="staging")


def refuse_renamed(town: Town) -> None:
    ref = "octo-org/newname/.github/workflows/release.yml@refs/heads/main"
    town.mint(repository="octo-org/newname", workflow_ref=ref, job_workflow_ref=ref)


def refuse_waited_for(town: Town) -> None:
    town.waiting(values={"environment": "pypi"})
    town.waiting("other-name", values={"environment": "pypi"}, added_by=town.user("former"))
    town.mint(environment="staging", projects=["brand-new", "other-name"])


def refuse_invalid(town: Town) -> None:
    town.waiting()
    town.mint(aud="pypi")


def refuse_event(town: Town) -> None:
    town.mint(event_name="pull_request_target")


def refuse_off(town: Town) -> None:
    Publisher.objects.update(enabled=False)
    town.mint()


def use_api_token(town: Town) -> None:
    town.upload(town.api_token())


def revoke_api(town: Town) -> None:
    town.api_token()
    revoke_api_token(ApiToken.objects.get(), "found in a log", BOSS)


def revoke_upload(town: Town) -> None:
    town.mint()
    revoke_upload_token(UploadToken.objects.get(), "found in a log", BOSS)


def revoke_pending(town: Town) -> None:
    town.publisher.delete()
    town.waiting()
    town.mint()
    revoke_upload_token(UploadToken.objects.get(), "found in a log", BOSS)


def reset_second_factor(town: Town) -> None:
    dave = User.objects.get(username="dave")
    TOTP.activate(dave, "JBSWY3DPEHPK3PXP")
    secondfactor.reset(dave, BOSS)


CASES = [
    Case(
        "role-changed",
        lambda town: set_role(town.project, town.user("carol"), "owner", actor=BOSS),
        "alice bob",
        "sampleproject: role of carol changed",
        ("carol is now an owner of sampleproject (before: a maintainer).", "Changed by: boss, from 192.0.2.9"),
        ("You are",),
    ),
    Case(
        "role-changed",
        lambda town: set_role(town.project, town.user("carol"), "owner", actor=BOSS),
        "carol",
        "sampleproject: your role changed",
        ("You are now an owner of sampleproject", f"{SITE}/manage/project/sampleproject/collaboration/"),
    ),
    Case(
        "role-changed",
        lambda town: remove_role(town.project, town.user("bob"), actor=BOSS),
        "bob",
        "sampleproject: your role changed",
        ("You are no longer an owner of sampleproject.",),
    ),
    Case(
        "role-changed",
        lambda town: delete_user(town.user("bob"), BOSS),
        "alice",
        "sampleproject: role of bob changed",
        ("bob is no longer an owner of sampleproject.",),
    ),
    Case(
        "role-changed",
        lambda town: create_project("given", owners=[town.user("carol"), town.user("bob")], actor=BOSS),
        "carol bob",
        "given: your role changed",
        ("You are now an owner of given.",),
    ),
    Case(
        "invitation",
        lambda town: invite(town.project, "dave", "owner", by=town.owner, actor=BOSS),
        "dave",
        "sampleproject: you are invited",
        ("alice invites you to be an owner of sampleproject.", "Sign in as dave.", f"{SITE}/manage/invitation/"),
    ),
    Case(
        "invitation",
        lambda town: invite(town.project, "New@example.com", "maintainer", by=town.owner, actor=BOSS),
        "new",
        "sampleproject: you are invited",
        ("to be a maintainer", "Sign in with an account that has verified the address new@example.com."),
        ("your account",),
    ),
    Case(
        "trusted-publishing-only",
        lambda town: set_options(town.project, BOSS, trusted_publishing_only=True),
        "alice bob",
        "sampleproject: only trusted publishing uploads now",
        ("API tokens can no longer upload", f"{SITE}/manage/project/sampleproject/settings/"),
    ),
    Case(
        "publisher-added",
        lambda town: registration.add(town.project, town.issuer, Wanted({**FIELDS, "repository": "tool"}), BOSS),
        "alice bob",
        "sampleproject: trusted publisher added",
        ("Provider: GitHub Actions", "Repository: tool", "Added by: boss", PUBLISHING),
    ),
    Case(
        "publisher-changed",
        change_environment,
        "alice bob",
        "sampleproject: trusted publisher changed",
        ("  environment: none → pypi\n", "  label: none → main\n", *TRUSTED, PUBLISHING),
    ),
    Case(
        "publisher-removed",
        lambda town: registration.remove(town.publisher, BOSS),
        "alice bob",
        "sampleproject: trusted publisher removed",
        ("can no longer upload", *TRUSTED),
    ),
    Case(
        "publisher-ids-forgotten",
        lambda town: registration.clear_pins(town.publisher, BOSS),
        "alice bob",
        "sampleproject: recorded ids of a publisher cleared",
        ("repository_id: 74", "repository_owner_id: 65", PUBLISHING),
    ),
    Case(
        "publisher-renamed",
        accept_new_name,
        "alice bob",
        "sampleproject: new name of a publisher accepted",
        ("knew as octo-org/sampleproject is called octo-org/renamed now",),
    ),
    Case(
        "publisher-unused",
        leave_unused,
        "alice bob",
        "sampleproject: unused publisher switched off",
        ("not used within 30 days", *TRUSTED, PUBLISHING),
    ),
    Case(
        "pending-unused",
        leave_pending_unused,
        "dave",
        "Pending publisher for brand-new switched off",
        ("not used within 30 days", *TRUSTED),
    ),
    Case(
        "pending-used",
        use_pending,
        "dave",
        "Project brand-new created",
        ("created brand-new, which you own", *TRUSTED, f"{SITE}/project/brand-new/"),
    ),
    Case(
        "pending-expiring",
        wait_long(26),
        "dave",
        f"Pending publisher for brand-new expires on {timezone.now() + datetime.timedelta(days=4):%Y-%m-%d}",
        ("Nothing has been uploaded to brand-new yet.", *TRUSTED, f"{SITE}/manage/account/publishing/"),
    ),
    Case(
        "pending-expired",
        wait_long(31),
        "dave",
        "Pending publisher for brand-new expired",
        ("Nothing was uploaded to brand-new within 30 days", *TRUSTED),
    ),
    Case(
        "pending-invalidated",
        lambda town: (town.waiting("brand-nev"), create_project("brand-nev", owners=[town.user("bob")], actor=BOSS)),
        "dave",
        "Pending publisher for brand-nev is no longer valid",
        ("The name 'brand-nev' is taken.", *TRUSTED),
        ("bob",),
    ),
    Case(
        "pending-invalidated",
        prohibit,
        "dave",
        "Pending publisher for brand-new is no longer valid",
        ("The name 'brand-new' isn't allowed in this registry.",),
    ),
    Case(
        "issuer-changed",
        change_issuer,
        "boss",
        "",
        ("was changed", "max_token_age: 3600 → 600", "Done by: boss", f"{SITE}/admin/publishers/issuer/"),
    ),
    Case(
        "provider-switched",
        lambda town: switches.switch_off(SwitchedOff(provider="github", reason="an incident"), BOSS),
        "boss",
        "GitHub Actions switched off",
        ("Why: an incident", f"{SITE}/admin/publishers/switchedoff/"),
    ),
    Case(
        "switched",
        lambda town: whole.switch_off("uploads", "an incident", BOSS),
        "boss",
        "Uploads switched off",
        ("Why: an incident", f"{SITE}/admin/registry/switch/"),
    ),
    Case(
        "second-factor-reset",
        reset_second_factor,
        "dave",
        "your second factor was reset",
        ("the authenticator app", f"{SITE}/account/"),
    ),
    Case(
        "exchange-refused",
        refuse,
        "alice bob",
        "sampleproject: an upload token was refused",
        (
            "A job of octo-org/sampleproject asked",
            "The claim `environment` must be `pypi`; the token says `staging`.",
            "Asked from: 127.0.0.1",
            f"{SITE}/manage/project/sampleproject/exchanges/",
            PUBLISHING,
        ),
    ),
    Case(
        "exchange-refused",
        refuse_other_ids,
        "alice bob",
        "sampleproject: an upload token was refused",
        ("The claim `repository_id` is not the registered id.",),
        ("4711", "74", "staging", "must be `pypi`"),
    ),
    Case(
        "exchange-refused",
        refuse_renamed,
        "alice bob",
        "sampleproject: an upload token was refused",
        ("must be `sampleproject`; the token says `newname`", "The recorded ids agree: it was renamed."),
    ),
    Case(
        "exchange-refused",
        refuse_event,
        "alice bob",
        "sampleproject: an upload token was refused",
        ("the event `pull_request_target` started is not supported",),
    ),
    Case(
        "exchange-refused",
        refuse_off,
        "alice bob",
        "sampleproject: an upload token was refused",
        ("The publisher is switched off.",),
    ),
    Case(
        "pending-refused",
        refuse_waited_for,
        "dave",
        "Pending publisher for brand-new: an upload token was refused",
        (
            "A job of octo-org/sampleproject asked",
            "  The claim `environment` must be `pypi`; the token says `staging`.",
            "Asked from: 127.0.0.1",
            f"{SITE}/manage/account/publishing/",
        ),
        ("other-name", "an owner"),
    ),
    Case(
        "pending-refused",
        refuse_invalid,
        "dave",
        "Pending publisher for brand-new: an upload token was refused",
        ("The claim `aud` must be `localhost:8443`; the token says `pypi`.",),
    ),
    Case(
        "environment-used",
        lambda town: town.mint(environment="Release"),
        "alice bob",
        "sampleproject: publisher used from the environment Release",
        (*TRUSTED, f"{PUBLISHING}?constrain=", "&environment=Release"),
    ),
    Case(
        "api-token-used",
        use_api_token,
        "alice bob",
        "sampleproject: uploaded with an API token",
        ('sampleproject-1.0-py3-none-any.whl was uploaded with the API token "ci" of carol',),
        ("gth_api_",),
    ),
    Case(
        "api-token-revoked",
        revoke_api,
        "carol",
        "Your API token ci was revoked",
        ("Why: found in a log", "Revoked by: boss", f"{SITE}/manage/account/token/"),
        ("gth_api_",),
    ),
    Case(
        "upload-token-revoked",
        revoke_upload,
        "alice bob",
        "sampleproject: an upload token was revoked",
        ("Why: found in a log", f"{SITE}/manage/project/sampleproject/exchanges/"),
        ("gth_tp_",),
    ),
    Case(
        "pending-token-revoked",
        revoke_pending,
        "dave",
        "An upload token of your pending publisher was revoked",
        ("Why: found in a log",),
    ),
]


def named(case: Case) -> str:
    return f"{case.template}-{case.to.replace(' ', '-')}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_who_gets_a_mail_and_what_it_says(town: Town, case: Case):
    case.do(town)
    subject = f"[Gatehouse] {case.subject}"
    mails = [mail for mail in Email.objects.all() if mail.subject.startswith(subject)]
    assert sorted(address for mail in mails for address in mail.to) == sorted(
        f"{name}@example.com" for name in case.to.split()
    ), list(Email.objects.values_list("to", "subject"))
    for mail in mails:
        assert len(mail.to) == 1
        assert "\n" not in mail.subject
        for text in case.says:
            assert text in mail.message
        # An exchange's id, in an address, may hold any two digits.
        said = re.sub(r"/exchanges/[0-9a-f-]{36}/", "/exchanges/ID/", mail.message)
        for text in case.never:
            assert text not in said + mail.subject
        assert "{{" not in mail.message
        assert "\n\n\n" not in mail.message
        assert f"\n\nGatehouse, {SITE}\n" in mail.message or mail.message.endswith(f"\nGatehouse, {SITE}\n")


def test_every_mail_is_in_the_table():
    written = {path.stem for path in TEMPLATES.glob("*.txt")} - BASES
    assert {case.template for case in CASES} == written


def test_a_server_that_takes_no_mail_delays_no_answer(town: Town, settings: Any):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        settings.POST_OFFICE = {"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}}
        settings.EMAIL_BACKEND = "registry.outbox.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        change_environment(town)
        assert town.mint(environment="staging").status_code == 422
        assert town.mint(environment="pypi").status_code == 200
        with pytest.raises(BlockingIOError):
            silent.accept()  # nobody so much as knocked
    assert Email.objects.filter(subject__contains="refused").count() == 2


def test_a_mail_goes_back_with_what_it_tells_of(town: Town, monkeypatch: pytest.MonkeyPatch):
    def fail(*_args: Any, **_options: Any) -> None:
        raise OperationalError("the disk is full")

    with transaction.atomic():
        registration.remove(town.publisher, BOSS)
        assert Email.objects.count() == 2
        transaction.set_rollback(True)
    assert not Email.objects.exists()
    monkeypatch.setattr(Publisher, "delete", fail)
    with pytest.raises(OperationalError):
        registration.remove(town.publisher, BOSS)
    assert not Email.objects.exists()


def test_a_dry_run_of_apply_writes_no_mail(town: Town, tmp_path: Path):
    file = tmp_path / "registry.toml"
    file.write_text('[[project]]\nname = "sampleproject"\nowners = ["carol"]\n')
    call_command("apply", str(file), dry_run=True, stdout=StringIO())
    assert not Email.objects.exists()
    call_command("apply", str(file), stdout=StringIO())
    assert Email.objects.filter(to="carol@example.com").get().subject == "[Gatehouse] sampleproject: your role changed"
