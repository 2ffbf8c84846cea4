"""Adding a publisher by the page: at which issuer, what links and addresses fill in, what is checked and told."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from post_office.models import Email

from publishers import registration
from publishers.forms import PublisherForm
from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_project
from registry.models import Event, Project, User
from tests.publishers.pages.conftest import FIELDS, PAGE, form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("project")]


UNSURE = "does not tell where the name of the branch or tag ends"


def page(client: Client, **query: Any) -> str:
    answer = client.get(f"{PAGE}?{urlencode(query)}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def self_managed() -> Issuer:
    return Issuer.objects.create(url="https://git.example.com/lab", provider="gitlab", name="Our GitLab")


@pytest.fixture
def forgejo() -> Issuer:
    claims = {"identity_claims": ["repository", "workflow"], "pinned_claims": ["repository_id"]}
    return Issuer.objects.create(url="https://ci.example.com", provider="generic", name="Forgejo Actions", **claims)


# -- which issuer ------------------------------------------------------------


def test_only_providers_that_are_on_are_offered(client: Client):
    said = page(client)
    assert "GitHub Actions</a>" in said
    assert "GitLab CI/CD</a>" in said
    assert "Buildkite</a>" not in said
    SwitchedOff.objects.create(provider="github")
    said = page(client)
    assert "GitHub Actions</a>" not in said
    assert 'name="workflow_filepath"' in said


def test_where_everything_is_off_that_is_said(client: Client):
    SwitchedOff.objects.create(provider="*")
    assert "No provider is switched on here" in page(client)


def test_an_issuer_is_chosen_where_a_provider_has_several(client: Client, self_managed: Issuer):
    said = page(client, provider="gitlab")
    assert "Our GitLab</a>" in said
    assert 'name="issuer_url" value="https://gitlab.com"' in said
    for url in (self_managed.url, f"{self_managed.url}/"):
        assert 'name="issuer_url" value="https://git.example.com/lab"' in page(client, issuer_url=url)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"provider": "nowhere"}, "The provider that the link names is not switched on here"),
        ({"provider": "buildkite"}, "The provider that the link names is not switched on here"),
        ({"provider": "gitlab", "issuer_url": "https://x.example"}, "The issuer that the link names is not"),
        ({"issuer_url": "\x00"}, "The issuer that the link names is not"),
    ],
)
def test_a_link_to_what_is_not_there_is_told(client: Client, query: dict[str, str], sentence: str):
    said = page(client, **query)
    assert sentence in said
    assert 'name="issuer_url"' in said


# -- what is filled in ------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        (
            {"provider": "github", "owner": "octo-org", "repository": "x", "workflow_filename": "a.yml"},
            {"owner": "octo-org", "repository": "x", "workflow_filename": "a.yml"},
        ),
        (
            {"environment": "pypi", "event_names": "push, release"},
            {"environment": "pypi", "event_names": "push, release"},
        ),
        (
            {"provider": "gitlab", "namespace": "a/b", "project": "c"},
            {"namespace": "a/b", "workflow_filepath": ".gitlab-ci.yml"},
        ),
        ({"label": "main", "repository_id": "74"}, {"label": "main", "repository_id": "74"}),
        ({"owner": "\x00<script>"}, {"owner": "\x00&lt;script&gt;"}),
        ({"ref": "x" * 5000}, {"ref": "x" * 5000}),
    ],
)
def test_a_link_fills_in_pypis_names(client: Client, query: dict[str, str], filled: dict[str, str]):
    said = page(client, **query)
    for name, value in filled.items():
        assert f'name="{name}" value="{value}"' in said
    assert "These values come from a link" in said
    assert not Publisher.objects.exists()


def test_a_link_fills_in_flags_and_rules(client: Client, forgejo: Issuer):
    assert 'id="id_protected_ref_only" checked' in page(client, protected_ref_only="on")
    assert 'id="id_protected_ref_only" checked' not in page(client, protected_ref_only="")
    rule = {"claims-0-claim": "ref", "claims-0-how": "glob", "claims-0-text": "refs/tags/v*"}
    said = page(client, provider="generic", repository="acme/tool", **rule)
    assert 'value="refs/tags/v*"' in said
    assert 'value="acme/tool"' in said
    for odd in ({"claims": "x"}, {"claims-0-how": "nonsense", "claims-0-text": "x"}, {"claims-9999-claim": "x"}):
        page(client, provider="generic", **odd)


def test_a_page_without_a_query_speaks_of_no_link(client: Client):
    assert "come from" not in page(client)
    assert "come from" not in page(client, provider="gitlab")


@pytest.mark.parametrize(
    ("address", "filled"),
    [
        ("https://github.com/octo-org/sampleproject", {"owner": "octo-org", "repository": "sampleproject"}),
        ("github.com/octo-org/sampleproject/", {"owner": "octo-org", "repository": "sampleproject"}),
        ("git@github.com:octo-org/sampleproject.git", {"owner": "octo-org", "repository": "sampleproject"}),
        ("ssh://git@github.com:22/octo-org/x.git", {"owner": "octo-org", "repository": "x"}),
        (
            "https://github.com/o/r/blob/feature/one/.github/workflows/release.yml#L3",
            {"owner": "o", "repository": "r", "workflow_filename": "release.yml"},
        ),
        ("https://github.com/o/r/actions/workflows/release.yml?query=x", {"workflow_filename": "release.yml"}),
        ("https://gitlab.com/acme/tools/deep/thing.git", {"namespace": "acme/tools/deep", "project": "thing"}),
        (
            "https://gitlab.com/acme/thing/-/blob/main/ci/release.yml",
            {"namespace": "acme", "project": "thing", "workflow_filepath": "ci/release.yml"},
        ),
        ("https://git.example.com/lab/a/b/c/-/pipelines", {"namespace": "a/b", "project": "c"}),
        ("git@gitlab.com:acme/tools/thing.git", {"namespace": "acme/tools", "project": "thing"}),
        ("https://buildkite.com/acme-inc/app/builds/4", {"organization_slug": "acme-inc", "pipeline_slug": "app"}),
        ("https://app.circleci.com/pipelines/github/acme/tool", {"vcs_origin": "github.com/acme/tool"}),
        ("https://platform.activestate.com/acme/tool", {"organization": "acme", "project": "tool"}),
        ("https://ghe.example.com/o/r", {"owner": "o", "repository": "r"}),
        ("www.github.com/o/r", {"owner": "o", "repository": "r"}),
        (" <https://github.com/o/r> ", {"owner": "o", "repository": "r"}),
        ("https://github.com/o/r/edit/main/.github/workflows/release.yml", {"workflow_filename": "release.yml"}),
        ("https://github.com/o/r/actions/runs/4711/job/5", {"owner": "o", "repository": "r", "workflow_filename": ""}),
        (
            "https://raw.githubusercontent.com/o/r/main/.github/workflows/release.yml",
            {"owner": "o", "repository": "r", "workflow_filename": "release.yml"},
        ),
        (
            "https://raw.githubusercontent.com/o/r/refs/heads/feature/one/.github/workflows/release.yml?token=x",
            {"owner": "o", "repository": "r", "workflow_filename": "release.yml"},
        ),
        (
            "https://github.com/o/r/raw/.github/workflows/x/.github/workflows/release.yml",
            {"owner": "o", "repository": "r", "workflow_filename": "release.yml"},
        ),
        ("https://github.com/o/r/blob/main/.github/workflows/scripts/x.yml", {"workflow_filename": ""}),
        ("https://github.com/o/r/actions/workflows/release.yml/badge.svg", {"workflow_filename": "release.yml"}),
        ("git@github.com:/octo-org/sampleproject.git", {"owner": "octo-org", "repository": "sampleproject"}),
        ("git+ssh://git@github.com:22/octo-org/x.git", {"owner": "octo-org", "repository": "x"}),
        ("https://gitlab.com/acme/tools/thing/-/pipelines/7", {"namespace": "acme/tools", "project": "thing"}),
        ("https://gitlab.com/acme/tools/thing/-/jobs/7/raw", {"namespace": "acme/tools", "project": "thing"}),
        (
            "https://gitlab.com/acme/thing/-/raw/0123456789abcdef0123456789abcdef01234567/ci/release.yml",
            {"namespace": "acme", "project": "thing", "workflow_filepath": "ci/release.yml"},
        ),
        (
            "https://gitlab.com/acme/thing/blob/master/ci/release.yml",
            {"namespace": "acme", "project": "thing", "workflow_filepath": "ci/release.yml"},
        ),
        (
            "https://gitlab.com/acme/thing/-/blob/feature/.gitlab-ci.yml",
            {"namespace": "acme", "project": "thing", "workflow_filepath": ".gitlab-ci.yml"},
        ),
    ],
)
def test_a_pasted_address_fills_in_the_fields(
    client: Client, self_managed: Issuer, address: str, filled: dict[str, str]
):
    Issuer.objects.update(enabled=True)
    Issuer.objects.create(url="https://ghe.example.com/_services/token", provider="github")
    said = page(client, address=address)
    for name, value in filled.items():
        assert (f'name="{name}" value="{value}"' in said) if value else (f'name="{name}" value=' not in said)
    assert "These values come from the address" in said
    assert UNSURE not in said


@pytest.mark.parametrize(
    ("below", "file"),
    [
        ("feature/x/path/.gitlab-ci.yml", ".gitlab-ci.yml"),
        ("release/2.0/.gitlab-ci.yml", ".gitlab-ci.yml"),
        ("feature/x/ci/release.yml", "x/ci/release.yml"),
    ],
)
def test_what_an_address_leaves_open_is_said(client: Client, below: str, file: str):
    said = page(client, address=f"https://gitlab.com/acme/thing/-/blob/{below}")
    assert f'name="workflow_filepath" value="{file}"' in said
    assert UNSURE in said


@pytest.mark.parametrize(
    ("provider", "place", "filled"),
    [
        ("", "octo-org/sampleproject", {"owner": "octo-org", "repository": "sampleproject"}),
        ("github", " octo-org/sampleproject/ ", {"owner": "octo-org", "repository": "sampleproject"}),
        ("gitlab", "acme/thing.git", {"namespace": "acme", "project": "thing"}),
        ("gitlab", "acme/tools/thing", {"namespace": "acme/tools", "project": "thing"}),
        ("buildkite", "acme-inc/app", {"organization_slug": "acme-inc", "pipeline_slug": "app"}),
        ("activestate", "acme/tool", {"organization": "acme", "project": "tool"}),
    ],
)
def test_a_bare_name_is_one_of_the_tabs_provider(client: Client, provider: str, place: str, filled: dict[str, str]):
    Issuer.objects.update(enabled=True)
    said = page(client, address=place, **({"provider": provider} if provider else {}))
    for name, value in filled.items():
        assert f'name="{name}" value="{value}"' in said


def test_a_bare_name_stays_at_the_issuer_of_the_tab(client: Client, self_managed: Issuer):
    said = page(client, address="acme/thing", provider="gitlab", issuer_url=self_managed.url)
    assert f'name="issuer_url" value="{self_managed.url}"' in said
    assert 'name="namespace" value="acme"' in said


@pytest.mark.parametrize(
    ("provider", "place"),
    [("github", "a/b/c"), ("circleci", "acme/tool"), ("google", "acme/tool"), ("github", "a b/c")],
)
def test_a_bare_name_that_the_tabs_provider_does_not_have_fills_in_nothing(client: Client, provider: str, place: str):
    Issuer.objects.update(enabled=True)
    said = page(client, address=place, provider=provider)
    assert "No service that is switched on here has such an address" in said


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "https://",
        "https://github.com/",
        "https://github.com/octo-org",
        "https://gitlab.com/acme",
        "https://gitlab.com/-/-",
        "https://gitlab.com/a/b/-",
        "https://github.com/orgs/octo-org/repositories",
        "https://gitlab.com/groups/acme/-/settings",
        "https://example.com/a/b",
        "https://buildkite.com/acme",
        "http://[::1",
        "https://github.com:99999999/a/b",
        "https://github.com/a%00b/c",
        "x" * 5000,
        "\x00",
        "::",
        "javascript:alert(1)",
    ],
)
def test_other_addresses_fill_in_nothing(client: Client, address: str):
    said = page(client, address=address)
    assert "No service that is switched on here has such an address" in said or "gitlab.com/a/b" in address


def test_an_address_of_a_provider_that_is_off_says_which(client: Client):
    said = page(client, address="https://buildkite.com/acme/app")
    assert "This is an address of Buildkite, which is switched off here" in said


def test_an_address_that_cannot_be_read_leaves_the_provider(client: Client, self_managed: Issuer):
    said = page(client, address="nonsense", provider="gitlab", issuer_url=self_managed.url)
    assert f'value="{self_managed.url}"' in said.partition('<form method="post"')[2]
    assert f'name="issuer_url" value="{self_managed.url}"' in said.partition("id_address")[0]


# -- adding ------------------------------------------------------------


def test_a_publisher_is_added_with_an_event_and_a_mail(client: Client, github: Issuer, alice: User, api: list[bool]):
    answer = client.post(PAGE, form(github, environment="pypi", label="main"), follow=True)
    publisher = Publisher.objects.get()
    assert answer.redirect_chain == [(f"{PAGE}{publisher.pk}/job/", 302)]
    assert publisher.values == {**FIELDS, "environment": "pypi"}
    assert (publisher.label, publisher.added_by, publisher.pins) == ("main", alice, {"repository_owner_id": "65"})
    event = Event.objects.get(tag="project:oidc:publisher-added")
    assert (event.actor, event.address) == (alice, "127.0.0.1")
    (told,) = Email.objects.filter(subject__contains="publisher")
    assert told.to == ["alice@example.com"]
    assert "Added octo-org/sampleproject · release.yml · environment pypi." in answer.content.decode()
    assert len(api) == 2


@pytest.mark.django_db(transaction=True)
def test_the_providers_api_is_never_asked_in_a_transaction(client: Client, github: Issuer, api: list[bool]):
    client.post(PAGE, form(github, check="1"))
    client.post(PAGE, form(github))
    assert api == [False] * 4


def test_a_workflow_that_cannot_be_found_is_a_warning(client: Client, github: Issuer):
    answer = client.post(PAGE, form(github, workflow_filename="none.yml"), follow=True)
    assert "GitHub shows no such file." in answer.content.decode()
    assert Publisher.objects.count() == 1


def test_a_check_adds_nothing(client: Client, github: Issuer):
    said = client.post(PAGE, form(github, workflow_filename="none.yml", check="1")).content.decode()
    assert "Nothing is saved yet" in said
    assert "GitHub shows no such file." in said
    assert 'value="octo-org"' in said
    assert not Publisher.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"owner": ""}, "Owner is required."),
        ({"owner": "nobody"}, "GitHub knows no user or organization nobody."),
        ({"owner": "later"}, "Pin at first use instead"),
        ({"repository": "octo-org/sample"}, "leave its owner out"),
        ({"ref": "main"}, "A ref begins with"),
        ({"environment": "a\x00b"}, "Null characters are not allowed."),
        ({"environment": "x" * 300}, "at most 255 characters"),
        ({"expires_at": "soon"}, "valid date"),
        ({"issuer_url": "https://nowhere.example"}, "This issuer is switched off."),
        ({"issuer_url": "\x00"}, "This issuer is switched off."),
    ],
)
def test_bad_input_comes_back_with_a_sentence(client: Client, github: Issuer, changes: dict[str, str], sentence: str):
    answer = client.post(PAGE, form(github, **changes))
    assert answer.status_code == 200
    assert sentence.replace("'", "&#x27;") in answer.content.decode()
    assert not Publisher.objects.exists()


def test_what_is_folded_opens_where_an_error_is(client: Client, github: Issuer):
    said = client.post(PAGE, form(github, ref="main")).content.decode()
    assert '<details class="group" open>' in " ".join(said.split())


def test_an_issuer_that_was_switched_off_meanwhile_keeps_what_was_typed(client: Client, github: Issuer):
    Issuer.objects.update(enabled=False)
    said = client.post(PAGE, form(github)).content.decode()
    assert "This issuer is switched off." in said
    assert 'value="octo-org"' in said
    assert not Publisher.objects.exists()


@pytest.mark.usefixtures("publisher")
def test_the_same_twice_names_the_one_that_stands(client: Client, github: Issuer):
    said = client.post(PAGE, form(github)).content.decode()
    assert "This publisher is registered already: octo-org/sampleproject · release.yml." in said
    assert Publisher.objects.count() == 1


def test_who_is_overtaken_is_told_the_same(client: Client, github: Issuer, project: Project, alice: User, monkeypatch):
    registration.add(project, github, Wanted(FIELDS), Actor("alice", alice))
    monkeypatch.setattr("publishers.forms.PublisherForm._check_not_registered", lambda _form: None)
    said = client.post(PAGE, form(github)).content.decode()
    assert "This publisher is registered already" in said
    assert Publisher.objects.count() == 1


def test_a_generic_publisher_is_added(client: Client, forgejo: Issuer):
    rules = {"claims-0-claim": "ref", "claims-0-how": "glob", "claims-0-text": "refs/tags/v*"}
    data = {"issuer_url": forgejo.url, "enabled": "on", "repository": "acme/tool", "workflow": "release.yml", **rules}
    said = client.post(PAGE, {**data, "check": "1"}).content.decode()
    assert "where " in said
    client.post(PAGE, data)
    assert Publisher.objects.get().values["claims"] == [{"claim": "ref", "glob": "refs/tags/v*"}]


def test_a_change_needs_a_second_factor(client: Client, github: Issuer, settings):
    settings.REQUIRE_2FA = True
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, form(github)).status_code == 302
    assert not Publisher.objects.exists()


# -- the sentence ------------------------------------------------------------


ANY_JOB = "sampleproject will trust any job of the workflow"


def sentence_of(said: str) -> str:
    found = re.search(r'<p class="sentence">(.*?)</p>', said, re.DOTALL)
    assert found is not None
    shown = re.sub(r"<span[^>]*hidden>.*?</span>", "", " ".join(found[1].split()))
    return re.sub(r"<[^>]*>", "", shown).strip()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "sampleproject will trust any job of the workflow … in …/…."),
        (
            {**FIELDS, "environment": "pypi", "hosted_runner_only": "on", "event_names": "push"},
            (
                f"{ANY_JOB} release.yml in octo-org/sampleproject, in the environment pypi, started by push, on a "
                "runner that GitHub hosts."
            ),
        ),
        (
            {"provider": "gitlab", "namespace": "a/b", "project": "c", "ref": "refs/tags/v*"},
            "sampleproject will trust any job of the pipeline file .gitlab-ci.yml in a/b/c, from refs/tags/v*.",
        ),
        (
            {"provider": "circleci", "org_id": "o", "project_id": "p", "vcs_origin": "*"},
            "sampleproject will trust any job of the project p of the organization o.",
        ),
        (
            {"provider": "google", "email": "a@b.example"},
            "sampleproject will trust whatever runs as the service account a@b.example.",
        ),
        (
            {"provider": "buildkite", "organization_slug": "o", "pipeline_slug": "p", "tag": "v*"},
            "sampleproject will trust any build of the pipeline o/p, of the tag v*.",
        ),
        (
            {"provider": "activestate", "organization": "o", "project": "p", "actor": "a"},
            "sampleproject will trust any build of o/p that a starts.",
        ),
        (
            {"provider": "generic", "repository": "acme/tool", "claims-0-claim": "ref", "claims-0-text": "x"},
            "sampleproject will trust any job whose repository is acme/tool and workflow is …, where ref x.",
        ),
    ],
)
@pytest.mark.usefixtures("forgejo")
def test_one_sentence_says_what_will_be_trusted(client: Client, query: dict[str, str], sentence: str):
    Issuer.objects.update(enabled=True)
    assert sentence_of(page(client, **query)) == sentence


@pytest.mark.django_db(transaction=True)
def test_a_project_that_is_deleted_meanwhile_gets_none(client: Client, github: Issuer, project: Project, monkeypatch):
    """Only the end of the transaction tells: constraints are looked at then."""
    monkeypatch.setattr(PublisherForm, "_look_up_pins", lambda _form: delete_project(project, Actor("bob")))
    said = client.post(PAGE, form(github)).content.decode()
    assert "This project was deleted meanwhile." in said
    assert not Publisher.objects.exists()
