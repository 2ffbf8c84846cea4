"""The form of a publisher, drawn from what its provider declares."""

import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from demo.issuer import LocalIssuer, send
from publishers.forms import OWN_FIELDS, PublisherForm, form_field, with_defaults
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from publishers.providers.github import GitHub
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, ProhibitedName, Project, User
from tests.issuers import answering

pytestmark = pytest.mark.django_db

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
ALICE = Actor("alice")


@pytest.fixture
def api(issuer: LocalIssuer, authority_file: str) -> LocalIssuer:
    """GitHub's API on this machine: it knows ``octo-org``, and has enough of questions about ``later``."""
    issuer.documents["/users/octo-org"] = {"login": "octo-org", "id": 65}
    issuer.faults["/users/later"] = answering(403, b'{"message": "API rate limit exceeded"}')
    Issuer.objects.filter(url=GitHub.default_issuer).update(api_url=issuer.url, ca_file=authority_file)
    return issuer


@pytest.fixture
def github(api: LocalIssuer) -> Issuer:
    return Issuer.objects.get(url=GitHub.default_issuer)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def project(alice: User) -> Project:
    return create_project("sampleproject", owners=[alice], actor=ALICE)


def form_of(github: Issuer, place: Project | User | Publisher, /, look_up: bool = False, **data: Any) -> PublisherForm:
    kind = {Project: "project", User: "user", Publisher: "publisher"}[type(place)]
    complete = with_defaults(github.kind, FIELDS | data)
    return PublisherForm(github, complete, look_up=look_up, **{kind: place})  # type: ignore[arg-type]


def added(form: PublisherForm) -> Publisher:
    assert form.is_valid(), form.errors
    publisher = form.save(ALICE)
    assert publisher is not None, form.errors
    return publisher


def test_a_publisher_is_stored_as_it_was_typed_without_white_space(github: Issuer, project: Project):
    form = form_of(
        github, project, owner="  Octo-Org ", environment=" ", event_names="push, release push", label="main"
    )
    publisher = added(form)
    assert publisher.values == FIELDS | {"owner": "Octo-Org", "event_names": ["push", "release"]}
    assert (publisher.label, publisher.enabled, publisher.expires_at) == ("main", True, None)


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"owner": ""}, "owner", "Owner is required."),
        ({"owner": "octo org"}, "owner", "An owner's name holds"),
        ({"repository": "octo-org/sample"}, "repository", "leave its owner out"),
        ({"workflow_filename": ".github/workflows/release.yml"}, "workflow_filename", "without its folder"),
        ({"workflow_filename": "release.txt"}, "workflow_filename", "ends in .yml or .yaml"),
        ({"environment": "py\x01pi"}, "environment", "control characters"),
        ({"environment": "x" * 256}, "environment", "at most 255 characters"),
        ({"ref": "main"}, "ref", "A ref begins with"),
        ({"ref": "*"}, "ref", "must begin with literal text"),
        ({"version_tag": "v"}, "version_tag", "exactly once"),
        ({"reusable_workflow": "octo-org/x/.github/workflows/a.yml"}, "reusable_workflow", "Write OWNER/REPO"),
        ({"event_names": [1]}, "event_names", "Write words"),
        ({"event_names": ["pu\x00sh"]}, "event_names", "control characters"),
        ({"event_names": [f"e{number}" for number in range(101)]}, "event_names", "At most 100"),
        ({"label": "a\x07b"}, "label", "Control characters"),
        ({"label": "x" * 101}, "label", "at most 100"),
        ({"expires_at": "soon"}, "expires_at", "valid date"),
        ({"repository_id": "7\x074"}, "repository_id", "Control characters"),
    ],
)
def test_wrong_values_are_refused_in_the_providers_words(
    github: Issuer, project: Project, data: dict[str, Any], field: str, sentence: str
):
    form = form_of(github, project, **data)
    assert not form.is_valid()
    assert sentence in str(form.errors.as_data()[field])


def test_machines_may_give_lists_flags_and_dates(github: Issuer, project: Project):
    expires = datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
    form = form_of(
        github, project, event_names=["push"], hosted_runner_only=True, protected_ref_only=False, expires_at=expires
    )
    publisher = added(form)
    assert publisher.values == FIELDS | {"event_names": ["push"], "hosted_runner_only": True}
    assert publisher.expires_at == expires


@pytest.mark.parametrize("again", [{}, {"owner": "OCTO-ORG"}, {"label": "other"}, {"event_names": []}])
def test_the_same_publisher_twice_on_a_project_is_refused_naming_the_one_that_stands(
    github: Issuer, project: Project, again: dict[str, Any]
):
    added(form_of(github, project, label="main"))
    form = form_of(github, project, **again)
    assert form.non_field_errors() == ["This publisher is registered already: 'main'."]


def test_a_publisher_without_a_label_is_named_by_its_description(github: Issuer, project: Project):
    added(form_of(github, project))
    form = form_of(github, project)
    assert form.non_field_errors() == ["This publisher is registered already: octo-org/sampleproject · release.yml."]


def test_the_same_publisher_on_another_project_and_another_environment_are_fine(
    github: Issuer, project: Project, alice: User
):
    added(form_of(github, project))
    added(form_of(github, project, environment="pypi"))
    added(form_of(github, create_project("another", owners=[alice], actor=ALICE)))


def test_who_loses_the_race_gets_the_forms_error(github: Issuer, project: Project):
    slow = form_of(github, project)
    assert slow.is_valid()
    added(form_of(github, project, label="quick"))
    assert slow.save(ALICE) is None
    assert slow.non_field_errors() == ["This publisher is registered already: 'quick'."]
    assert Publisher.objects.count() == 1
    assert Event.objects.filter(tag="project:oidc:publisher-added").count() == 1


def test_a_publisher_that_was_removed_meanwhile_cannot_be_changed(github: Issuer, project: Project):
    publisher = added(form_of(github, project))
    form = form_of(github, publisher, label="new")
    assert form.is_valid()
    Publisher.objects.all().delete()
    assert form.save(ALICE) is None
    assert form.non_field_errors() == ["This publisher was removed meanwhile."]


def test_changing_one_into_another_is_refused(github: Issuer, project: Project):
    added(form_of(github, project, label="main"))
    other = added(form_of(github, project, environment="pypi"))
    form = form_of(github, other)
    assert form.non_field_errors() == ["This publisher is registered already: 'main'."]
    assert form_of(github, other, environment="pypi").is_valid()


# -- pending publishers ------------------------------------------------------------


def test_a_pending_publisher_waits_for_its_name(github: Issuer, alice: User):
    publisher = added(form_of(github, alice, project_name="Brand.New"))
    assert (publisher.project, publisher.normalized_name, publisher.added_by) == (None, "brand-new", alice)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "required"),
        ("-x-", "not a valid project name"),
        ("SampleProject", "is taken"),
        ("samp1eproject", "too similar"),
        ("json", "isn't allowed"),
        ("forbidden", "isn't allowed"),
        ("x" * 201, "at most 200"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_name_that_no_project_could_get_is_refused(github: Issuer, alice: User, name: str, sentence: str):
    ProhibitedName.objects.create(name="forbidden")
    form = form_of(github, alice, project_name=name)
    assert not form.is_valid()
    assert sentence in form.errors["project_name"][0]


def test_a_user_waits_for_a_limited_number_of_names(github: Issuer, alice: User, settings: LazySettings):
    settings.PENDING_PUBLISHERS_PER_USER = 2
    added(form_of(github, alice, project_name="one"))
    slow = form_of(github, alice, project_name="three")
    assert slow.is_valid()
    added(form_of(github, alice, project_name="two"))
    assert "at most 2 pending publishers" in form_of(github, alice, project_name="three").non_field_errors()[0]
    assert slow.save(ALICE) is None
    assert "at most 2 pending publishers" in slow.non_field_errors()[0]
    added(form_of(github, User.objects.create_user("bob"), project_name="three"))


def test_the_same_pending_publisher_twice_is_refused_until_it_expires(github: Issuer, alice: User):
    publisher = added(form_of(github, alice, project_name="brand-new", label="first"))
    again = form_of(github, alice, project_name="Brand_New")
    assert again.non_field_errors() == ["This publisher is registered already: 'first'."]
    added(form_of(github, User.objects.create_user("bob"), project_name="brand-new"))

    long_ago = timezone.now() - datetime.timedelta(days=31)
    Publisher.objects.filter(pk=publisher.pk).update(created_at=long_ago)
    new = added(form_of(github, alice, project_name="brand-new"))
    assert not Publisher.objects.filter(pk=publisher.pk).exists()
    assert new.waits_until() > timezone.now()
    assert Event.objects.filter(tag="account:oidc:pending-publisher-expired", user=alice).count() == 1


def test_a_pending_publisher_may_be_narrowed(github: Issuer, alice: User):
    publisher = added(form_of(github, alice, project_name="brand-new"))
    added(form_of(github, publisher, environment="pypi"))
    publisher.refresh_from_db()
    assert publisher.values["environment"] == "pypi"
    assert publisher.project_name == "brand-new"


# -- ids ------------------------------------------------------------


def test_ids_are_looked_up_when_asked(
    github: Issuer, project: Project, api: LocalIssuer, monkeypatch: pytest.MonkeyPatch
):
    seen = []

    def octo_org(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        send(handler, 200, {"id": 65})

    api.faults["/users/octo-org"] = octo_org
    monkeypatch.setenv("GITHUB_API_TOKEN", "a-token")
    Issuer.objects.update(api_token_env="GITHUB_API_TOKEN")
    github.refresh_from_db()
    assert added(form_of(github, project, look_up=True)).pins == {"repository_owner_id": "65"}
    assert seen == ["Bearer a-token"]


def test_ids_are_not_looked_up_otherwise(github: Issuer, project: Project, api: LocalIssuer):
    publisher = added(form_of(github, project))
    assert publisher.pins == {}
    assert publisher.unpinned_since is not None
    Issuer.objects.update(api_url="")
    github.refresh_from_db()
    added(form_of(github, project, look_up=True, environment="pypi"))
    form_of(github, project, look_up=True, owner="bad owner").is_valid()
    assert api.requests == []


def test_an_unknown_owner_is_an_error_of_its_field(github: Issuer, project: Project):
    form = form_of(github, project, look_up=True, owner="nobody")
    assert form.errors["owner"] == ["GitHub knows no user or organization nobody."]


def test_an_api_that_fails_offers_to_pin_at_first_use(github: Issuer, project: Project):
    form = form_of(github, project, look_up=True, owner="later")
    assert "pin_at_first_use" not in form.fields
    assert form.non_field_errors() == [
        "GitHub's API answered with status 403. Try again, or choose “pin at first use instead”."
    ]
    assert "pin_at_first_use" in form.fields
    publisher = added(form_of(github, project, look_up=True, owner="later", pin_at_first_use="on"))
    assert publisher.unpinned_since is not None


def test_ids_may_be_given(github: Issuer, project: Project):
    publisher = added(form_of(github, project, repository_owner_id=" 65", repository_id="74"))
    assert publisher.pins == {"repository_owner_id": "65", "repository_id": "74"}
    assert publisher.unpinned_since is None


def test_a_given_id_that_the_api_contradicts_is_refused(github: Issuer, project: Project):
    form = form_of(github, project, look_up=True, repository_owner_id="66")
    assert form.errors["repository_owner_id"] == ["The provider's API says that this id is 65."]


def test_changing_a_constraint_keeps_the_ids_and_moving_forgets_them(
    github: Issuer, project: Project, api: LocalIssuer
):
    publisher = added(form_of(github, project, repository_owner_id="65", repository_id="74"))
    added(form_of(github, publisher, look_up=True, environment="pypi"))
    assert publisher.pins == {"repository_owner_id": "65", "repository_id": "74"}
    assert api.requests == []
    added(form_of(github, publisher, look_up=True, repository="elsewhere"))
    assert publisher.pins == {"repository_owner_id": "65"}
    added(form_of(github, publisher, repository="third"))
    assert publisher.pins == {}
    assert publisher.unpinned_since is not None


# -- drawing ------------------------------------------------------------


@pytest.mark.parametrize("kind", PROVIDERS.values(), ids=PROVIDERS)
def test_no_provider_declares_a_field_of_the_forms_own(kind: Any):
    declared = [part.name for part in kind.fields + kind.pins]
    assert not set(declared) & set(OWN_FIELDS)


@pytest.mark.parametrize("kind", PROVIDERS.values(), ids=PROVIDERS)
def test_every_declared_field_is_drawn(kind: Any):
    for part in kind.fields:
        field = form_field(part)
        assert (field.label, field.required) == (part.label, part.required)


def test_a_form_may_be_prefilled_and_shows_what_stands(github: Issuer, project: Project):
    empty = PublisherForm(github, project=project, initial={"owner": "octo-org"})
    assert 'value="octo-org"' in str(empty["owner"])
    publisher = added(form_of(github, project, event_names=["push", "release"], repository_id="74"))
    form = PublisherForm(github, publisher=publisher)
    assert 'value="push, release"' in str(form["event_names"])
    assert "Pinned to 74" in form.fields["repository_id"].help_text
    assert "project_name" not in form.fields
