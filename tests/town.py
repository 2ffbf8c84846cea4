"""One row of everything that pages show, and the people around it."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from demo.issuer import LocalIssuer
from registry import invitations
from registry.actors import Actor
from registry.models import File, Role, User
from registry.options import yank
from registry.roles import set_role
from tests.factories import make_file, make_project, make_sdist
from tests.registry.accounts.people import give_app, make_person
from tests.tokens.conftest import World, make_world
from tokens.creating import create_api_token
from tokens.models import ApiToken, Exchange

MINT = "/_/oidc/mint-token"


@dataclass
class Town:
    """Alice owns ``sampleproject``, bob maintains it, carol owns another project, dave has none, erin is staff."""

    world: World
    people: dict[str, User]
    arguments: dict[str, dict[str, Any]]


def make_town(local: LocalIssuer, authority_file: str) -> Town:
    """Rows as people and jobs leave them."""
    world = make_world(local, authority_file)
    world.owner.set_password("open-sesame-1")
    world.owner.save()
    people = {"alice": world.owner, **{name: make_person(name) for name in ("bob", "carol", "dave")}}
    people["erin"] = make_person("erin", is_staff=True)
    people["boss"] = make_person("boss", is_staff=True, is_superuser=True)
    project, actor = world.project, Actor("alice", people["alice"], "192.0.2.9")
    set_role(project, people["bob"], Role.Kind.MAINTAINER, actor=actor)
    other = make_project("otherproject", people["carol"])
    for version in ("1.0", "1.1", "2.0"):
        file = make_file(project, version, summary="A sample of a project", description="# Title\n\n* one\n* two\n")
        make_sdist(project, version)
    File.objects.filter(pk=file.pk).update(attested=True)
    yank(project.releases.get(version="1.0"), "broken on Windows", actor)
    pending = world.add("brand-new")
    _exchange(world.token())
    _exchange(world.token(environment="other", workflow_ref=_other_workflow(world)))
    invited = invitations.invite(project, "dave", Role.Kind.OWNER, by=people["alice"], actor=actor)
    to_alice = invitations.invite(other, "alice", Role.Kind.OWNER, by=people["carol"], actor=actor)
    create_api_token(people["alice"], name="laptop", scopes=["upload"], actor=actor)
    give_app(people["alice"])
    role = project.roles.get(user=people["bob"])
    named = {"name": "sampleproject", "version": "1.1", "filename": file.filename.replace("2.0", "1.1"), "form": "csv"}
    return Town(
        world,
        people,
        {
            "project/": named,
            "help/": {"slug": "publishing"},
            "manage/": {**named, "pk": world.publisher.pk, "exchange": Exchange.objects.latest("created_at").pk},
            "manage/project/<str:name>/collaboration/invitation/": {"pk": invited.pk},
            "manage/project/<str:name>/collaboration/role/": {"pk": role.pk},
            "manage/account/publishing/": {"pk": pending.pk},
            "manage/account/token/": {"token": ApiToken.objects.get().pk},
            "manage/invitation/": {"pk": to_alice.pk},
            "account/2fa/webauthn/keys/": {"pk": 1},
        },
    )


def _exchange(token: str) -> None:
    Client().post(MINT, json.dumps({"token": token}), content_type="application/json")


def _other_workflow(world: World) -> str:
    claims = world.local.github_claims()
    return str(claims["workflow_ref"]).replace("release.yml", "ci.yml")
