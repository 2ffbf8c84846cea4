"""An administrator's four questions, from the admin's front page to the answer, in a handful of clicks.

A real browser at a production server; what was done is looked at where it counts: at the upload and mint endpoints.
"""

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page
from post_office.models import Email

from demo.issuer import LocalIssuer
from publishers import keys, registration, switches
from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_user
from registry.models import Event
from registry.roles import remove_role, set_role
from tests.factories import make_project, make_user
from tests.issuers import trust as trust_issuer
from tests.live.conftest import Job, job, job_at, trust  # noqa: F401  fixtures
from tests.machine import needs_chromium
from tests.registry.uploads import making
from tests.stopwatch import Stopwatch
from tests.tokens.test_providers import sample_of
from tests.tokens.test_rights import at  # noqa: F401  a fixture
from tokens.creating import create_api_token
from tokens.models import ApiToken, UploadToken

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

# What each question may take: clicks, sent forms and pastes, beginning at the front page.
LEAKED, WHO, TRUSTING, BREACHED = 4, 1, 2, 5
ACTOR = Actor("test")
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


@pytest.fixture
def boss(job: Job, page: Page) -> Iterator[Stopwatch]:  # noqa: F811
    """A superuser at the admin's front page, signed in; no page that is seen may complain in the console."""
    client, said = Client(), list[str]()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": job.server.url}])
    page.set_default_timeout(10_000)
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.goto(f"{job.server.url}/admin/")
    yield Stopwatch(page)
    assert said == []


def upload(job: Job, token: str, version: str) -> int:  # noqa: F811
    """The status that an upload of that version is answered with."""
    filename = f"sampleproject-{version}-py3-none-any.whl"
    return job.upload(making.wheel("sampleproject", version), filename, token, version=version).status_code


def upload_token(job: Job) -> str:  # noqa: F811
    """One of a job of the trusted workflow."""
    return job.mint()


def api_token(job: Job) -> str:  # noqa: F811
    """One of alice's."""
    return create_api_token(job.world.owner, name="laptop", scopes=["upload"], actor=ACTOR)


@pytest.mark.parametrize(
    ("token_of", "what", "model", "tag"),
    [
        (upload_token, "It uploads to sampleproject until", UploadToken, "project:oidc:upload-token-revoked"),
        (api_token, "“laptop” of alice opens upload for all projects", ApiToken, "account:api_token:removed"),
    ],
    ids=["upload token", "API token"],
)
def test_this_token_leaked(job: Job, boss: Stopwatch, token_of: Any, what: str, model: Any, tag: str):  # noqa: F811
    text = token_of(job)
    assert upload(job, text, "1.0") == 200
    boss.paste("Find what you have", text)
    boss.press("Find")
    boss.sees(what, "sampleproject-1.0-py3-none-any.whl")
    assert text not in boss.page.content()
    assert text not in boss.page.url
    boss.follow("Revoke it")
    boss.type("Reason", "Seen in a build log")
    boss.press("Revoke")
    boss.sees("1 revoked.")
    assert boss.count <= LEAKED, boss.taken

    assert upload(job, text, "1.1") == 403
    assert model.objects.get().revoked_reason == "Seen in a build log"
    line = Event.objects.filter(tag=tag).first()
    assert line is not None
    assert (line.actor_name, line.details["reason"]) == ("boss", "Seen in a build log")
    [mail] = Email.objects.filter(message__contains="Seen in a build log")
    assert mail.to == ["alice@example.com"]


def test_who_could_publish_it_in_march(job: Job, boss: Stopwatch, at: Any):  # noqa: F811
    world, bob, carol = job.world, make_user("bob"), make_user("carol")
    at(1, set_role, world.project, bob, "maintainer", actor=ACTOR)
    issuer = Issuer.objects.get(url="https://gitlab.com")
    wanted = Wanted({"namespace": "my-group", "project": "my-project", "workflow_filepath": ".gitlab-ci.yml"})
    gone = at(3, registration.add, world.project, issuer, wanted, ACTOR)
    at(4, create_api_token, bob, name="old laptop", scopes=["upload"], actor=ACTOR)
    ApiToken.objects.update(created_at=datetime.datetime(2026, 3, 4, tzinfo=datetime.UTC))
    at(10, remove_role, world.project, bob, actor=ACTOR)
    at(11, delete_user, bob, ACTOR)
    at(20, registration.remove, gone, ACTOR)
    set_role(world.project, carol, "owner", actor=ACTOR)  # long after March

    boss.type("Who could publish", "SampleProject")
    boss.type("from", "2026-03-01")
    boss.type("to", "2026-03-31")
    boss.press("Show")
    boss.sees("my-group/my-project")
    spans = {"alice": ["2026-03-01 00:00", "–"], "bob (gone)": ["2026-03-01 00:00", "2026-03-10 00:00"]}
    spans |= {"my-group/my-project": ["2026-03-03 00:00", "2026-03-20 00:00"]}
    spans |= {"old laptop of bob": ["2026-03-04 00:00", "2026-03-10 00:00"]}
    for who, span in spans.items():
        [row] = boss.row(who).all()
        assert row.get_by_role("cell").all_inner_texts()[2:4] == span, who
    boss.never_sees("carol")
    boss.never_sees("octo-org")  # trusted since, not then
    assert boss.count <= WHO, boss.taken


@pytest.mark.parametrize(
    "text",
    ["octo-org/sampleproject", "Octo-Org/SamplePROJECT", "https://github.com/OCTO-org/sampleproject/actions/runs/7"],
)
def test_which_projects_trust_this_repository(job: Job, boss: Stopwatch, text: str):  # noqa: F811
    world = job.world
    world.add(make_project("another", world.owner))
    world.add("not-yet-there")
    world.add(make_project("elsewhere", world.owner), values={"repository": "other"})
    boss.paste("Find what you have", text)
    boss.press("Find")
    boss.sees("Publishers that trust this place, of 3 projects")
    for name in ("sampleproject", "another", "not-yet-there"):
        assert boss.row(f" of {name}").count() == 1
    boss.never_sees("elsewhere")
    assert boss.count <= TRUSTING, boss.taken


@pytest.fixture
def gitlab(job: Job, authority: Any, authority_file: str) -> Iterator[Any]:  # noqa: F811
    """A GitLab of the company's, whose pipeline publishes sampleproject too; mints an upload token of it."""
    with LocalIssuer(authority, key=job.world.local.key, audience=job.server.audience) as local:
        row = trust_issuer(local, ca_file=authority_file, provider="gitlab", max_token_age=24 * 3600)
        keys.refresh(row)
        claims, fields = sample_of("gitlab", local)
        Publisher.objects.create(issuer=row, project=job.world.project, values=fields)
        yield lambda: job.post("/_/oidc/mint-token", {"token": local.sign(claims, jti=str(uuid.uuid4()))})


def test_gitlab_was_breached_stop_it(job: Job, boss: Stopwatch, gitlab: Any):  # noqa: F811
    before, since, ours = gitlab().json()["token"], gitlab().json()["token"], job.mint()
    UploadToken.objects.filter(pk=UploadToken.objects.earliest("pk").pk).update(
        created_at=timezone.now() - datetime.timedelta(hours=3)
    )
    assert upload(job, since, "1.0") == 200
    boss.follow("switch off")
    boss.type("Why GitLab CI/CD is switched off", "GitLab was breached")
    boss.press("Switch off: GitLab CI/CD")
    # Already: nothing of GitLab's opens anything, and nothing new is given.
    assert [upload(job, token, "1.1") for token in (before, since)] == [403, 403]
    assert gitlab().json()["errors"][0]["code"] == "not-enabled"
    assert upload(job, ours, "1.1") == 200

    boss.follow("Revoke what came from GitLab CI/CD")
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    boss.type("Since", f"{hour_ago:%Y-%m-%dT%H:%M}")
    boss.press("Count them")
    boss.sees("1 live upload token and 0 live API tokens")
    assert not UploadToken.objects.filter(revoked_at__isnull=False).exists()
    boss.press("Revoke them")
    boss.sees("1 token was revoked.")
    assert boss.count <= BREACHED, boss.taken

    # For good: switched on again, what came since then stays dead, and what came before lives again.
    switches.switch_on(SwitchedOff.objects.get(), ACTOR)
    assert [upload(job, token, "1.2") for token in (since, before)] == [403, 200]
    assert UploadToken.objects.get(revoked_at__isnull=False).revoked_reason == "GitLab was breached"
    assert Event.objects.filter(tag="registry:tokens:revoked", actor_name="boss").count() == 1
    assert Email.objects.filter(subject__contains="switched off").exists()
