"""A thousand rows of everything, made at once: what pages must not ask the database about one by one."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone
from post_office.models import STATUS, Email, Log

from demo.signing import SigningKey
from publishers import keys
from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.providers.github import GitHub
from registry.models import (
    Event,
    File,
    Invitation,
    ProhibitedName,
    Project,
    Release,
    RetiredName,
    Role,
    Switch,
    UsedFilename,
    User,
)
from tests.factories import make_user
from tokens.models import ApiToken, Exchange, Provenance, RefusalNotice, Tally, UploadToken

ROWS = 1_000
# So many hang on one row: enough that one question for each of them would be seen.
HERE = 100
PLACE = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
RENAMED = {"owner": "octo-org", "repository": "renamed"}


@dataclass
class Crowd:
    """The superuser who looks, and the row of each model behind which a thousand of others hang."""

    boss: User
    rows: dict[type[Model], Any]


def make_crowd() -> Crowd:
    """ROWS of each model; HERE of them hang on one project, one user, one token, and all publishers on one issuer."""
    boss = make_user("boss", is_staff=True, is_superuser=True)
    users = _create(User, ({"username": f"user{n}", "email": f"user{n}@example.com"} for n in range(ROWS)))
    groups = _create(Group, ({"name": f"group {n}"} for n in range(ROWS)))
    projects = _create(Project, ({**_named(f"project-{n}"), "name": f"project-{n}"} for n in range(ROWS)))
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    crowd = Crowd(boss, {User: users[0], Group: groups[0], Project: projects[0], Issuer: issuer})
    _people(crowd, users, groups, projects)
    _releases(crowd, projects)
    _publishers(crowd, users, projects)
    _tokens(crowd, users, projects)
    _rest(crowd)
    return crowd


def _create(model: type[Any], columns: Iterable[dict[str, Any]]) -> list[Any]:
    return list(model._default_manager.bulk_create([model(**values) for values in columns]))


def _named(name: str) -> dict[str, str]:
    return {"normalized_name": name, "ultranormalized_name": name}


def _people(crowd: Crowd, users: list[User], groups: list[Group], projects: list[Project]) -> None:
    [first, *others], [home, *elsewhere] = users, projects
    rows = [{"project": home, "user": user, "role": "owner"} for user in users[:HERE]]
    rows += [{"project": project, "user": first, "role": "owner"} for project in elsewhere[:HERE]]
    rows += [{"project": project, "user": users[1], "role": "owner"} for project in elsewhere]
    _create(Role, rows)
    _create(EmailAddress, ({"user": first, "email": f"first{n}@example.com"} for n in range(HERE)))
    through = User.groups.through
    _create(through, ({"user": first, "group": group} for group in groups[:HERE]))
    _create(through, ({"user": user, "group": groups[0]} for user in others))
    invited = ({"project": home, "role": "owner", "user": user, "invited_by": first} for user in users)
    crowd.rows[Invitation] = _create(Invitation, invited)[0]
    changed = {"user": crowd.boss, "content_type": ContentType.objects.get_for_model(Project), "action_flag": CHANGE}
    _create(LogEntry, ({**changed, "object_id": str(home.pk), "object_repr": f"{n}"} for n in range(ROWS)))


def _releases(crowd: Crowd, projects: list[Project]) -> None:
    metadata = {"metadata_version": "2.1", "name": "project-0", "version": "1.0", "description": "x" * 1_000}
    homes = [projects[0] if n < HERE else project for n, project in enumerate(projects)]
    columns = ({"project": home, "version": f"{n}", "metadata": metadata} for n, home in enumerate(homes))
    releases = _create(Release, columns)
    sdist = {"packagetype": "sdist", "python_version": "source", "size": 1}
    described = [{**sdist, "release": releases[0] if n < HERE else release} for n, release in enumerate(releases)]
    names = [f"project_0-0-{n}.tar.gz" for n in range(ROWS)]
    digests = [f"{n:064x}" for n in range(ROWS)]
    hashed = [
        {"filename": name, "sha256": hash_, "blake2_256": hash_} for name, hash_ in zip(names, digests, strict=True)
    ]
    crowd.rows[Release], crowd.rows[File] = (
        releases[0],
        _create(File, ({**columns, **file} for columns, file in zip(described, hashed, strict=True)))[0],
    )
    _create(UsedFilename, ({"filename": name} for name in names))
    crowd.rows[UsedFilename] = UsedFilename.objects.get(pk=names[0])


def _publishers(crowd: Crowd, users: list[User], projects: list[Project]) -> None:
    issuer = crowd.rows[Issuer]
    more = [{"url": f"https://ghe{n}.example.com", "provider": "github", "name": f"GHE {n}"} for n in range(ROWS)]
    _create(Issuer, more)
    keys.paste(issuer, {"keys": [SigningKey.new("ES256").jwk(kid="one")]})
    shared = {"issuer": issuer, "values": PLACE, "identity": issuer.kind.identity(PLACE), "renamed_to": RENAMED}
    # One place trusted by a thousand projects, one project that trusts a thousand places, a thousand who wait for it.
    rows = [
        {**shared, "project": project, **_of(project.name), "fingerprint": f"a{n}", "added_by": users[0]}
        for n, project in enumerate(projects)
    ]
    for n, user in enumerate(users):
        values = {**PLACE, "repository": f"other{n}"}
        other = {"issuer": issuer, "values": values, "identity": issuer.kind.identity(values), "fingerprint": f"b{n}"}
        rows.append({**other, "project": projects[0], **_of(projects[0].name), "added_by": user})
        rows.append({**shared, **_of("project-0"), "fingerprint": f"c{n}", "added_by": user})
    crowd.rows[Publisher] = _create(Publisher, rows)[0]
    crowd.rows[SwitchedOff] = _create(SwitchedOff, ({"provider": f"provider-{n}"} for n in range(ROWS)))[0]


def _of(name: str) -> dict[str, str]:
    return {"project_name": name, **_named(name)}


def _tokens(crowd: Crowd, users: list[User], projects: list[Project]) -> None:
    issuer, now = crowd.rows[Issuer], timezone.now()
    publisher, names = crowd.rows[Publisher], [project.name for project in projects]
    said = {"issuer": issuer, "issuer_url": issuer.url, "provider": "github", "identity": publisher.identity}
    said |= {"address": "192.0.2.1", "commit": "f" * 40, "run": "12345"}
    many = {
        "projects": names,
        "checks": [{"project": name, "publisher": publisher.pk + n} for n, name in enumerate(names)],
    }
    granted = [
        {**said, "outcome": "granted", "identity_token_id": f"{n}", **(many if n == 0 else {})} for n in range(ROWS)
    ]
    exchanges = _create(Exchange, granted)
    refused = {**said, "outcome": "refused", "code": "invalid-publisher"}
    _create(Exchange, ({**refused, "identity_token_id": f"r{n}"} for n in range(ROWS)))
    grants = [
        {"project": name, "publisher": publisher.pk + n, "generation": 0, "version": None}
        for n, name in enumerate(names)
    ]
    tokens = _create(
        UploadToken,
        (
            {
                "digest": f"{n}",
                "exchange": exchange,
                "issuer": issuer,
                "issuer_url": issuer.url,
                "redeemed_until": now,
                "expires_at": now + datetime.timedelta(hours=1),
                "grants": grants if n == 0 else grants[:1],
            }
            for n, exchange in enumerate(exchanges)
        ),
    )
    mine = {"user": users[0], "username": users[0].username, "scopes": ["upload"], "limited": True}
    apis = _create(ApiToken, ({**mine, "digest": f"{n}", "name": f"token {n}"} for n in range(ROWS)))
    _create(ApiToken.projects.through, ({"apitoken": apis[0], "project": project} for project in projects))
    came = {"exchange": exchanges[0], "upload_token": tokens[0], "api_token": apis[0], "address": "192.0.2.1"}
    came |= {"project_name": "project-0", "uploader": str(publisher), "publisher": {"id": publisher.pk}}
    files = File.objects.order_by("pk")
    provenance = _create(
        Provenance, ({**came, "file": file, "filename": file.filename, "sha256": file.sha256} for file in files)
    )
    notices = ({"project": project, "issuer": issuer, "identity": "[]", "told_at": now} for project in projects)
    crowd.rows |= {Exchange: exchanges[0], UploadToken: tokens[0], ApiToken: apis[0], Provenance: provenance[0]}
    crowd.rows[RefusalNotice] = _create(RefusalNotice, notices)[0]


def _rest(crowd: Crowd) -> None:
    home, first, now = crowd.rows[Project], crowd.rows[User], timezone.now()
    line = {"project": home, "project_name": home.name, "user": first, "username": first.username, "actor": first}
    told = [
        {"tag": "project:oidc:exchange-granted", "details": {"exchange": str(crowd.rows[Exchange].pk)}},
        {"tag": "project:role:add", "details": {"username": first.username, "after": "owner"}},
        {"tag": "project:oidc:publisher-removed", "details": {"publisher": 1, "fields": PLACE, "issuer": "https://x"}},
    ]
    address = {"address": "192.0.2.1"}
    crowd.rows[Event] = _create(Event, ({**line, **address, **told[n % len(told)]} for n in range(ROWS)))[0]
    _create(Event, ({**line, "tag": "issuer:switched-off", "details": {"issuer": "x"}} for _ in range(ROWS)))
    removed = {**line, "tag": told[2]["tag"]}
    details = [{"publisher": n, "fields": PLACE, "issuer": crowd.rows[Issuer].url} for n in range(10**6, 10**6 + ROWS)]
    _create(Event, ({**removed, "details": values} for values in details))
    crowd.rows[ProhibitedName] = _create(
        ProhibitedName, ({"name": f"no-{n}", "ultranormalized_name": f"no-{n}"} for n in range(ROWS))
    )[0]
    retired = _create(RetiredName, ({"normalized_name": f"retired-{n}"} for n in range(ROWS)))[0]
    owners = ({"retiredname": retired, "user": user} for user in User.objects.all()[:HERE])
    _create(RetiredName.last_owners.through, owners)
    mail = {
        "from_email": "a@example.com",
        "to": "b@example.com",
        "subject": "S",
        "message": "M",
        "status": STATUS.queued,
    }
    mails = _create(Email, (mail for _ in range(ROWS)))
    logs = _create(Log, ({"email": mails[0], "status": STATUS.failed, "message": f"{n}"} for n in range(ROWS)))
    hour = datetime.timedelta(hours=1)
    tallies = _create(Tally, ({"hour": now - n * hour, "what": "granted", "count": n} for n in range(ROWS)))
    # There are as many switches as things to switch.
    crowd.rows[Switch] = Switch.objects.create(what=Switch.What.SIGN_UPS)
    crowd.rows |= {RetiredName: retired, Email: mails[0], Log: logs[0], Tally: tallies[0]}
