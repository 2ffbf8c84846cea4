"""What ``apply`` does to the database."""

import datetime
import json
from io import StringIO
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from demo.signing import SigningKey
from publishers.models import Issuer, Publisher
from publishers.pending import reify
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, Project, User
from registry.roles import set_role
from tests.publishers.applying.conftest import Apply

pytestmark = pytest.mark.django_db

FILE = """
[[issuer]]
url = "https://ghe.example.com"
provider = "github"
name = "Our server"

[[user]]
username = "alice"
email = "Alice@example.com"
password_env = "ALICE_PASSWORD"

[[user]]
username = "bob"
email = "bob@example.com"
staff = true
superuser = true

[[project]]
name = "SampleProject"
owners = ["alice"]
maintainers = ["bob"]
trusted_publishing_only = true

[[project.publisher]]
provider = "github"
label = "main"
expires = 2031-01-01
owner = "octo-org"
repository = "sampleproject"
workflow_filename = "release.yml"
environment = "pypi"
repository_owner_id = "65"
event_names = ["push", "release"]
hosted_runner_only = true

[[project.publisher]]
provider = "github"
issuer = "https://ghe.example.com"
enabled = false
owner = "octo-org"
repository = "sampleproject"
workflow_filename = "release.yml"

[[pending_publisher]]
project_name = "brand-new"
user = "alice"
provider = "github"
owner = "octo-org"
repository = "brand-new"
workflow_filename = "release.yml"
"""
CHANGES = """\
add issuer https://ghe.example.com (GitHub Actions)
add user alice
change user alice: verified address alice@example.com
add user bob
change user bob: verified address bob@example.com
add project SampleProject, owned by alice
change project SampleProject: bob becomes maintainer
add publisher of SampleProject: GitHub Actions: octo-org/sampleproject · release.yml · environment pypi
add publisher of SampleProject: GitHub Actions: octo-org/sampleproject · release.yml
add pending publisher of alice for brand-new: GitHub Actions: octo-org/brand-new · release.yml
"""
NOTHING = "nothing to change\n"
USERS_AND_PROJECT = """
[[user]]
username = "alice"
email = "alice@example.com"

[[project]]
name = "sampleproject"
owners = ["alice"]
"""
PUBLISHER = """
[[project.publisher]]
provider = "github"
owner = "octo-org"
repository = "sampleproject"
workflow_filename = "release.yml"
"""
PENDING = """
[[pending_publisher]]
project_name = "brand-new"
user = "alice"
provider = "github"
owner = "octo-org"
repository = "brand-new"
workflow_filename = "release.yml"
"""


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    monkeypatch.setenv("ALICE_PASSWORD", "correct horse")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow by design


def test_a_whole_file_on_an_empty_registry(apply: Apply):
    assert apply(FILE) == CHANGES
    assert apply(FILE) == NOTHING

    alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
    assert alice.check_password("correct horse")
    assert not bob.has_usable_password()
    assert (alice.is_staff, bob.is_staff, bob.is_superuser) == (False, True, True)
    assert EmailAddress.objects.filter(user=alice, email="alice@example.com", verified=True, primary=True).exists()

    project = Project.objects.get(normalized_name="sampleproject")
    assert project.trusted_publishing_only
    assert dict(project.roles.values_list("user__username", "role")) == {"alice": "owner", "bob": "maintainer"}

    first, second = Publisher.objects.filter(project=project)
    assert first.values == {
        "owner": "octo-org",
        "repository": "sampleproject",
        "workflow_filename": "release.yml",
        "environment": "pypi",
        "event_names": ["push", "release"],
        "hosted_runner_only": True,
    }
    assert (first.label, first.enabled, first.pins) == ("main", True, {"repository_owner_id": "65"})
    assert first.expires_at == datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
    assert (second.issuer.url, second.enabled, second.label) == ("https://ghe.example.com", False, "")
    assert Publisher.objects.pending().get().added_by == alice


def test_every_change_is_an_event_of_apply(apply: Apply):
    apply(FILE)
    assert set(Event.objects.values_list("actor_name", flat=True)) == {"apply"}
    assert set(Event.objects.values_list("tag", flat=True)) == {
        "issuer:added",
        "account:create",
        "account:email:add",
        "project:create",
        "project:role:add",
        "account:role:add",
        "project:oidc:publisher-added",
        "account:oidc:pending-publisher-added",
    }


def test_a_dry_run_prints_the_same_and_changes_nothing(apply: Apply):
    assert apply(FILE, "--dry-run") == CHANGES
    assert not User.objects.exists()
    assert not Event.objects.exists()
    assert apply(FILE) == CHANGES
    assert apply(FILE, "--dry-run") == NOTHING


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('name = "Our server"', 'name = "Server"', "change issuer https://ghe.example.com: name: Our server → Server"),
        ("staff = true", "staff = false", "change user bob: is_staff: yes → no"),
        (
            "publishing_only = true",
            "publishing_only = false",
            "change project SampleProject: trusted_publishing_only: yes → no",
        ),
        ("bob@", "robert@", "change user bob: verified address robert@example.com"),
        ('["alice"]\nmaintainers = ["bob"]', '["bob", "alice"]', "change project SampleProject: bob becomes owner"),
        ("2031-01-01", "2031-01-02", "expires_at: 2031-01-01T00:00:00+00:00 → 2031-01-02T00:00:00+00:00"),
        ('label = "main"', 'label = "other"', "label: main → other"),
        ('environment = "pypi"', 'environment = "live"', "environment: pypi → live"),
        ('environment = "pypi"', "", "environment: pypi → none"),
        ('["push", "release"]', '["push"]', "event_names: push, release → push"),
        ("hosted_runner_only = true", "", "hosted_runner_only: yes → none"),
        ('owner_id = "65"', 'owner_id = "66"', "repository_owner_id: 65 → 66"),
        ("enabled = false", "enabled = true", "enabled: no → yes"),
        ('repository = "brand-new"', 'repository = "brand-new"\nref = "refs/tags/v*"', "ref: none → refs/tags/v*"),
        # What a file does not say stays.
        ('name = "Our server"', "", None),
        ("staff = true", "", None),
        ("trusted_publishing_only = true", "", None),
        ('label = "main"', "", None),
        ("enabled = false", "", None),
        ("expires = 2031-01-01", "", None),
        ('repository_owner_id = "65"', "", None),
        ('maintainers = ["bob"]', "", None),
        # Nor do spellings that mean the same.
        ("2031-01-01", "2031-01-01T00:00:00", None),
        ("2031-01-01", "2031-01-01T01:00:00+01:00", None),
        ('name = "SampleProject"', 'name = "sampleproject"', None),
        ('"ALICE_PASSWORD"', '"NOT_SET"', None),
    ],
)
def test_what_differs_is_changed_and_nothing_else(apply: Apply, before: str, after: str, line: str | None):
    apply(FILE)
    changed = FILE.replace(before, after)
    assert changed != FILE
    said = apply(changed)
    if line is None:
        assert said == NOTHING
    else:
        assert said.count("\n") == 1
        assert line in said
    assert apply(changed) == NOTHING
    assert Publisher.objects.count() == 3


def test_a_publisher_with_another_environment_and_no_label_is_another_publisher(apply: Apply):
    base = USERS_AND_PROJECT + PUBLISHER
    apply(base)
    assert apply(base + 'environment = "pypi"').startswith("add publisher")
    assert Publisher.objects.count() == 2
    assert apply(base + 'environment = "pypi"', "--prune").startswith("remove publisher")


def test_publishers_that_differ_in_constraints_only_keep_their_places(apply: Apply):
    tags, main = PUBLISHER + 'ref = "refs/tags/*"\n', PUBLISHER + 'ref = "refs/heads/main"\n'
    apply(USERS_AND_PROJECT + tags + main)
    said = apply(USERS_AND_PROJECT + main + tags.replace("*", "v*"))
    assert said.count("\n") == 1
    assert "ref: refs/tags/* → refs/tags/v*" in said


def test_learned_ids_are_kept_and_moving_forgets_them(apply: Apply):
    text = USERS_AND_PROJECT + PUBLISHER + 'label = "main"\n'
    apply(text)
    Publisher.objects.update(pins={"repository_owner_id": "65", "repository_id": "74"}, unpinned_since=None)
    assert apply(text + 'environment = "pypi"').count("\n") == 1
    assert Publisher.objects.get().pins == {"repository_owner_id": "65", "repository_id": "74"}
    apply(text.replace('repository = "sampleproject"', 'repository = "moved"'))
    assert Publisher.objects.get().pins == {}


def test_passwords_of_users_that_stand_are_left_alone(apply: Apply):
    User.objects.create_user("alice", "alice@example.com", "their own")
    apply(FILE)
    assert User.objects.get(username="alice").check_password("their own")


def test_an_address_that_stands_is_verified(apply: Apply):
    alice = User.objects.create_user("alice", "old@example.com")
    EmailAddress.objects.create(user=alice, email="old@example.com", primary=True, verified=True)
    EmailAddress.objects.create(user=alice, email="alice@example.com", primary=False, verified=False)
    assert "change user alice: verified address alice@example.com\n" in apply(USERS_AND_PROJECT)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert EmailAddress.objects.get_primary(alice).email == "alice@example.com"
    assert EmailAddress.objects.filter(user=alice).count() == 2


def test_the_name_of_a_standing_project_is_found_in_any_spelling(apply: Apply):
    alice = User.objects.create_user("alice", "alice@example.com")
    create_project("Sample_Project", owners=[alice], actor=Actor("test"))
    said = apply(USERS_AND_PROJECT.replace("sampleproject", "sample.project"))
    assert "project" not in said.replace("sampleproject", "")
    assert Project.objects.count() == 1


# -- prune ------------------------------------------------------------


def test_without_prune_nothing_is_removed(apply: Apply):
    apply(FILE)
    assert apply(USERS_AND_PROJECT) == NOTHING
    assert Publisher.objects.count() == 3


def test_prune_removes_what_the_file_omits_of_named_projects(apply: Apply):
    apply(FILE + PENDING.replace("brand-new", "another"))
    bob = User.objects.get(username="bob")
    other = create_project("other", owners=[bob], actor=Actor("test"))
    said = apply(USERS_AND_PROJECT + PENDING.replace('repository = "brand-new"', 'repository = "moved"'), "--prune")
    assert said == (
        "remove maintainer bob from project SampleProject\n"
        "remove publisher of SampleProject: GitHub Actions: octo-org/sampleproject · release.yml · environment pypi\n"
        "remove publisher of SampleProject: GitHub Actions: octo-org/sampleproject · release.yml\n"
        "add pending publisher of alice for brand-new: GitHub Actions: octo-org/moved · release.yml\n"
        "remove pending publisher of alice for brand-new: GitHub Actions: octo-org/brand-new · release.yml\n"
    )
    assert list(other.owners()) == [bob]
    assert {publisher.normalized_name for publisher in Publisher.objects.all()} == {"brand-new", "another"}
    assert Event.objects.filter(tag="project:oidc:publisher-removed", actor_name="apply").count() == 2


def test_a_project_changes_hands_and_is_never_without_an_owner(apply: Apply):
    apply(FILE)
    said = apply(FILE.replace('owners = ["alice"]\nmaintainers = ["bob"]', 'owners = ["bob"]'), "--prune")
    assert said == ("change project SampleProject: bob becomes owner\nremove owner alice from project SampleProject\n")


# -- pending publishers ------------------------------------------------------------


@pytest.mark.parametrize("afterwards", ["untouched", "changed", "removed"])
def test_a_pending_publisher_that_became_its_project_is_done(apply: Apply, afterwards: str):
    text = USERS_AND_PROJECT + PENDING
    apply(text)
    publisher = Publisher.objects.get()
    assert publisher.added_by is not None

    class Credential:
        def credited_publisher_id(self, name: str) -> int:
            return publisher.pk

    project = create_project("brand-new", owners=[publisher.added_by], actor=Actor("CI"), credential=Credential())
    reify(publisher, project, Actor("CI"))
    if afterwards == "changed":
        publisher.values["workflow_filename"] = "other.yml"
        publisher.save()
    elif afterwards == "removed":
        publisher.delete()
    assert apply(text) == NOTHING
    assert apply(text, "--prune") == NOTHING


def test_a_pending_publisher_whose_name_somebody_else_took_is_an_error(apply: Apply):
    apply(USERS_AND_PROJECT + PENDING)
    create_project("brand-new", owners=[User.objects.create_user("eve")], actor=Actor("test"))
    with pytest.raises(SystemExit):
        apply(USERS_AND_PROJECT + PENDING)


def test_a_pending_publisher_that_expired_waits_anew(apply: Apply):
    apply(USERS_AND_PROJECT + PENDING)
    Publisher.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    assert apply(USERS_AND_PROJECT + PENDING).startswith("add pending publisher")
    assert Publisher.objects.get().waits_until() > timezone.now()


# -- issuers ------------------------------------------------------------


def test_pasted_keys_come_from_a_file_beside_the_file(apply: Apply, tmp_path: Path):
    key = SigningKey.new()
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key.jwk(kid="one")]}))
    text = FILE.replace('name = "Our server"', 'jwks_file = "keys.json"')
    assert "paste the keys of issuer https://ghe.example.com: one\n" in apply(text)
    issuer = Issuer.objects.get(url="https://ghe.example.com")
    assert (list(issuer.keys), issuer.keys_pasted) == (["one"], True)
    assert apply(text) == NOTHING
    assert Event.objects.filter(tag="issuer:keys-pasted").count() == 1


def test_changing_an_issuer_keeps_its_keys(apply: Apply):
    apply(FILE)
    stored = {"one": {"jwk": {}, "first_seen": ""}}
    Issuer.objects.update(keys=stored)
    apply(FILE.replace("Our server", "Server"))
    assert Issuer.objects.get(url="https://ghe.example.com").keys == stored


def test_an_issuers_provider_never_changes(apply: Apply, monkeypatch: pytest.MonkeyPatch):
    apply(FILE)
    Issuer.objects.filter(url="https://ghe.example.com").update(provider="gone")
    with pytest.raises(SystemExit):
        apply(FILE)


def test_a_default_issuer_may_be_switched_off(apply: Apply):
    url = "https://token.actions.githubusercontent.com"
    text = f'[[issuer]]\nurl = "{url}"\nprovider = "github"\nenabled = false'
    assert apply(text) == f"change issuer {url}: enabled: yes → no\n"


def test_an_owner_whom_the_file_calls_a_maintainer_becomes_one(apply: Apply):
    apply(FILE)
    project = Project.objects.get()
    set_role(project, User.objects.get(username="bob"), "owner", actor=Actor("test"))
    assert apply(FILE) == "change project SampleProject: bob becomes maintainer\n"


def test_two_users_may_swap_their_addresses(tmp_path: Path):
    def bring(alice: str, bob: str) -> str:
        users = [
            f'[[user]]\nusername = "{name}"\nemail = "{email}@example.com"\n'
            for name, email in (("alice", alice), ("bob", bob))
        ]
        (tmp_path / "swap.toml").write_text("".join(users))
        out = StringIO()
        call_command("apply", str(tmp_path / "swap.toml"), stdout=out)
        return out.getvalue()

    bring("one", "two")
    bring("two", "one")
    verified = EmailAddress.objects.filter(verified=True).values_list("user__username", "email")
    assert set(verified) == {("alice", "two@example.com"), ("bob", "one@example.com")}
    assert "nothing to change" in bring("two", "one")
    bring("three", "two")
    assert set(EmailAddress.objects.filter(user__username="bob", primary=True).values_list("email", flat=True)) == {
        "two@example.com"
    }
