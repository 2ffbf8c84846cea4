"""The town when it is full: every list at its longest, with the longest names that people have been seen to give."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from demo.issuer import LocalIssuer
from publishers import matching
from publishers.models import Issuer, Publisher
from publishers.providers.github import GitHub
from publishers.providers.rules import MAX_RULES
from registry import names, summaries
from registry.invitations import MOST_WAITING
from registry.models import Event, File, Invitation, Project, Release, Role, User
from tests.registry.accounts.passkeys import give_passkey
from tests.registry.accounts.people import give_app, make_person
from tokens.models import ApiToken, Exchange, Provenance
from tokens.redemption import as_record

MANY = 60  # rows of each list: more than any page shows
BOXES = 60  # projects of one person, each with a box in the form of a token
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
REASON = "It loses rows when two processes write to one file at the same moment, and nobody is told. " * 5
SUMMARY = "Reads, checks and writes tables of measurements in thirty formats, without loading them as a whole. " * 4


def long(name: str, number: int = 0, length: int = 100) -> str:
    """A name of ``length`` characters that no other number has."""
    end = f"-{number}"
    return f"{name}-".ljust(length - len(end), "x") + end


METADATA = {
    "summary": SUMMARY[:500],
    "description": "Tables of measurements. " * 20,
    "description_content_type": "text/plain",
    "requires_python": ">=3.11",
    "author_email": "Ada Example <ada@example.com>",
    "keywords": [f"word{number}" for number in range(10)],
    "classifiers": [f"Programming Language :: Python :: 3.{minor}" for minor in range(5, 20)],
    "project_urls": {name: f"https://example.com/{name}/" for name in ("Docs", "Source", "Changes", "Issues")},
}
PROJECT = long("project")
OWNER, REPOSITORY = long("owner", length=39), long("repository")
WORKFLOW, ENVIRONMENT = f"{long('release', length=60)}.yml", long("environment", length=60)
FILES = f"/manage/project/{PROJECT}/releases/1.0/"


@dataclass
class Crowded:
    """Who owns the project, and what ``tests.routes`` fills its routes with."""

    alice: User
    arguments: dict[str, dict[str, Any]]


def fill() -> Crowded:
    """Fill every list of one person and one project; the person owns the project."""
    alice = make_person("alice")
    project = Project(name=PROJECT)
    others = [Project(name=long("other", number)) for number in range(BOXES + 9)]
    for one in (project, *others):
        one.normalized_name, one.ultranormalized_name = one.name, names.ultranormalize(one.name)
        one.summary, one.status = SUMMARY[:500], Project.Status.DEPRECATED
    Project.objects.bulk_create([project, *others])
    Role.objects.bulk_create(Role(project=one, user=alice, role="owner") for one in (project, *others))
    _people(project, alice, others)
    for number, one in enumerate([project, *others]):
        _releases(one, MANY if number == 0 else 3)
    publishers = _publishers(project, alice)
    _files(project.releases.get(version="1.0"), publishers[0], runs=MANY)
    _files(project.releases.get(version="2.0"), publishers[0], runs=1)
    _exchanges(project, publishers)
    _tokens(alice, [project, *others])
    passkey = _sign_ins(alice)
    summaries.keep(project)
    return Crowded(alice, {**_arguments(project, publishers), "account/2fa/webauthn/keys/": {"pk": passkey.pk}})


def _arguments(project: Project, publishers: list[Publisher]) -> dict[str, dict[str, Any]]:
    wheel = File.objects.filter(release__version="1.0").latest("pk")
    named = {"name": PROJECT, "version": "1.0", "filename": wheel.filename, "form": "csv"}
    people = "manage/project/<str:name>/collaboration/"
    return {
        "project/": named,
        "help/": {"slug": "publishing"},
        "manage/": {**named, "pk": _with_rules(project).pk, "exchange": Exchange.objects.latest("created_at").pk},
        f"{people}invitation/": {"pk": project.invitations.earliest("pk").pk},
        f"{people}role/": {"pk": project.roles.latest("pk").pk},
        "manage/account/publishing/": {"pk": publishers[1].pk},
        "manage/account/token/": {"token": ApiToken.objects.earliest("pk").pk},
        "manage/invitation/": {"pk": Invitation.objects.filter(user__isnull=False).earliest("pk").pk},
    }


def _with_rules(project: Project) -> Publisher:
    """The publisher of the longest form."""
    issuer = Issuer.objects.create(
        url="https://issuer.example.com", provider="generic", name="Own", identity_claims=["repository", "workflow"]
    )
    rules = [{"claim": claim, "equals": long("value")} for claim in ("repository", "workflow")]
    rules += [{"claim": long("claim", number), "glob": long("*", number)} for number in range(MAX_RULES - 2)]
    return Publisher.objects.create(issuer=issuer, project=project, values={"claims": rules})


def _people(project: Project, alice: User, others: list[Project]) -> None:
    people = User.objects.bulk_create(
        User(username=long("person", number), email=f"{number}@example.com") for number in range(MANY)
    )
    Role.objects.bulk_create(Role(project=project, user=user, role="owner") for user in people)
    addresses = [f"{long('guest', number, 64)}@mail.example.com" for number in range(MOST_WAITING)]
    Invitation.objects.bulk_create(
        Invitation(project=project, role="maintainer", email=email, invited_by=people[0]) for email in addresses
    )
    for other in others[BOXES - 1 :]:
        Role.objects.filter(project=other).delete()
        Role.objects.create(project=other, user=people[0], role="owner")
        Invitation.objects.create(project=other, role="maintainer", user=alice, invited_by=people[0])


def _releases(project: Project, count: int) -> None:
    Release.objects.bulk_create(
        Release(
            project=project,
            version=f"{number}.0",
            metadata={"name": project.name, "version": f"{number}.0", **METADATA},
            yanked_at=timezone.now() if count > 3 and number > 1 else None,
            yanked_reason=REASON[:500],
        )
        for number in range(1, count + 1)
    )


def _publishers(project: Project, alice: User) -> list[Publisher]:
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    return [
        Publisher.objects.create(
            issuer=issuer,
            **place,
            values={
                "owner": OWNER,
                "repository": REPOSITORY,
                "workflow_filename": WORKFLOW,
                "environment": long("environment", number, 60),
                "ref": "refs/tags/v*",
                "event_names": ["push", "release", "workflow_dispatch"],
                "protected_ref_only": True,
            },
            pins={"repository_owner_id": "123456789", "repository_id": "987654321"},
            label=long("label", number),
            added_by=alice,
            expires_at=timezone.now() + datetime.timedelta(days=30),
        )
        for number in range(MANY)
        for place in [{"project": project}] + [{"project_name": long("waits", number)}] * (number < 10)
    ]


def _files(release: Release, publisher: Publisher, *, runs: int) -> None:
    """Wheels for many platforms, by that many runs of one workflow."""
    stem = PROJECT.replace("-", "_")
    files = File.objects.bulk_create(
        File(
            release=release,
            filename=f"{stem}-{release.version}-cp3{number}-cp3{number}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            packagetype="bdist_wheel",
            python_version=f"cp3{number}",
            size=10_000_000 + number,
            sha256=f"{number:064x}",
            blake2_256=f"{number:064x}",
            attested=True,
        )
        for number in range(MANY)
    )
    Provenance.objects.bulk_create(
        Provenance(
            file=file,
            filename=file.filename,
            sha256=file.sha256,
            project_name=release.project.normalized_name,
            version=release.version,
            uploader=str(publisher)[:300],
            claims={**_claims(), "run_id": str(30433642 + number % runs)},
            publisher={
                "id": publisher.pk,
                "provider": "github",
                "issuer": publisher.issuer.url,
                "description": publisher.description,
                "fields": publisher.values,
            },
        )
        for number, file in enumerate(files)
    )


def _claims(**changes: str) -> dict[str, Any]:
    said = {"owner": OWNER, "repository": REPOSITORY, "workflow": WORKFLOW, "environment": ENVIRONMENT, **changes}
    return LocalIssuer.github_claims(None, **said)  # type: ignore[arg-type]  # it looks at nothing of its own


def _exchanges(project: Project, publishers: list[Publisher]) -> None:
    """Refusals of all publishers at once, as a job in another environment gets them."""
    issuer, claims = publishers[0].issuer, _claims(environment=long("another", length=60))
    own = [publisher for publisher in publishers if publisher.project_id][:20]
    checks = [as_record(matching.hold(publisher, issuer.kind.read(claims))) for publisher in own]
    exchanges = Exchange.objects.bulk_create(
        Exchange(
            outcome="refused",
            code="invalid-publisher",
            issuer=issuer,
            issuer_url=issuer.url,
            provider="github",
            identity=own[0].identity,
            identity_token_id=f"{number:064x}",
            claims=claims,
            checks=checks,
            address="2001:db8:1234:5678:90ab:cdef:1234:5678",
            user_agent=AGENT,
            replays=3,
        )
        for number in range(MANY)
    )
    Event.objects.bulk_create(
        Event(
            tag="project:oidc:exchange-refused",
            project=project,
            project_name=project.normalized_name,
            actor_name=f"GitHub Actions: {OWNER}/{REPOSITORY}",
            address="2001:db8:1234:5678:90ab:cdef:1234:5678",
            details={
                "exchange": str(exchange.pk),
                "publisher": own[0].pk,
                "code": "invalid-publisher",
                "provider": "github",
            },
        )
        for exchange in exchanges
    )


def _tokens(alice: User, projects: Iterable[Project]) -> None:
    tokens = ApiToken.objects.bulk_create(
        ApiToken(
            digest=f"{number:064x}",
            user=alice,
            username=alice.username,
            name=long("token", number),
            scopes=["upload", "download", "read", "manage"],
            limited=True,
            expires_at=timezone.now() + datetime.timedelta(days=30),
            last_used_at=timezone.now(),
        )
        for number in range(MANY)
    )
    for token in tokens:
        token.projects.set(projects)
    Event.objects.bulk_create(
        Event(
            tag="account:api_token:added",
            user=alice,
            username=alice.username,
            actor=alice,
            actor_name=alice.username,
            address="2001:db8:1234:5678:90ab:cdef:1234:5678",
            details={"name": token.name, "scopes": token.scopes, "projects": [long("other", 1), long("other", 2)]},
        )
        for token in tokens
    )


def _sign_ins(alice: User) -> Authenticator:
    give_app(alice)
    later = timezone.now() + datetime.timedelta(days=1)
    keys = [f"{number:032}" for number in range(MANY)]
    Session.objects.bulk_create(Session(session_key=key, session_data="", expire_date=later) for key in keys)
    UserSession.objects.bulk_create(
        UserSession(user=alice, session_key=key, ip="2001:db8:1234:5678:90ab:cdef:1234:5678", user_agent=AGENT)
        for key in keys
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=alice, email=f"{long('address', number, 64)}@mail.example.com", verified=False)
        for number in range(9)
    )
    passkeys = [give_passkey(alice, long("passkey", number)) for number in range(10)]
    return passkeys[0]
