"""What each mail speaks of in its previews: the least that its template asks for.

What floors above know is played by plain objects with the same names.
"""

import datetime
from dataclasses import dataclass
from types import SimpleNamespace as Thing
from typing import Any

from django.conf import settings

from registry import addresses
from registry.actors import Actor
from registry.models import Project, User


@dataclass(frozen=True)
class Switch:
    """A provider that is switched off; it is called as the provider is."""

    name: str
    reason: str

    def __str__(self) -> str:
        return self.name


NOW = datetime.datetime(2026, 9, 14, 8, 30, tzinfo=datetime.UTC)
PROJECT = Project(name="sampleproject", normalized_name="sampleproject")
WAITING = Thing(project_name="brand-new", place="octo-org/brand-new")
PUBLISHER = Thing(pk=7, place="octo-org/sampleproject", project_name="")
ALICE, BOB = User(pk=1, username="alice", email="alice@example.com"), User(pk=2, username="bob")
ACTOR = Actor("alice", address="192.0.2.9")
ISSUER = Thing(url="https://token.actions.githubusercontent.com", kind=Thing(label="GitHub Actions"))
TRUSTS = [
    "Provider: GitHub Actions (https://token.actions.githubusercontent.com)",
    "Owner: octo-org",
    "Repository: sampleproject",
    "Workflow file: release.yml",
    "Environment: pypi",
]
TOKEN = Thing(name="ci", username="bob", scopes=["upload", "read"], created_at=NOW, last_used_at=NOW)
REASONS = [
    Thing(
        publisher="octo-org/sampleproject",
        lines=[
            "The claim `workflow_ref` must be `release.yml`; the token says `ci.yml`.",
            "The claim `environment` must be `pypi`; the token has none.",
        ],
    )
]

_OWNERS: dict[str, Any] = {
    "project": PROJECT,
    "publisher": PUBLISHER,
    "actor": ACTOR,
    "trusts": TRUSTS,
    "publishing": addresses.publishing(PROJECT),
}
_PENDING: dict[str, Any] = {"publisher": WAITING, "trusts": TRUSTS, "pending": addresses.pending_publishers()}
_REVOKED: dict[str, Any] = {"token": TOKEN, "reason": "found in a log", "actor": ACTOR}
_REFUSED: dict[str, Any] = {
    "exchange": Thing(created_at=NOW, address="192.0.2.40"),
    "place": PUBLISHER.place,
    "forbidden": None,
    "in_context": True,
    "run": "https://github.com/octo-org/sampleproject/actions/runs/1234567890",
    "commit": "https://github.com/octo-org/sampleproject/commit/9f2c1d7e5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d",
}
_SETTINGS: dict[str, Any] = {"project": PROJECT, "actor": ACTOR, "settings": addresses.project_settings(PROJECT)}

SAMPLES: dict[str, dict[str, Any]] = {
    "api-token-revoked": {**_REVOKED, "tokens": addresses.api_tokens()},
    "api-token-used": {**_SETTINGS, "token": TOKEN, "file": Thing(filename="sampleproject-1.0-py3-none-any.whl")},
    "environment-used": {
        **_OWNERS,
        "environment": "release",
        "constrain": addresses.constrain(PROJECT, PUBLISHER.pk, "release"),
    },
    "exchange-refused": {
        **_OWNERS,
        **_REFUSED,
        "reasons": REASONS,
        "exchanges": addresses.exchanges(PROJECT),
        "details": f"{addresses.exchanges(PROJECT)}01a21113-b11d-702e-ad17-1b9da83cd3f8/",
    },
    "invitation": {
        "project": PROJECT,
        "invitation": Thing(invited_by=ALICE, email="bob@example.com"),
        "became": "a maintainer",
        "days": 7,
        "page": f"{settings.SITE_URL}/manage/invitation/7/",
    },
    "issuer-changed": {
        "issuer": ISSUER,
        "what": "was changed",
        "changes": ["max_token_age: 3600 → 600", "algorithms: RS256 → RS256, ES256"],
        "actor": ACTOR,
    },
    "pending-expired": {**_PENDING, "days": 30},
    "pending-expiring": {**_PENDING, "until": NOW},
    "pending-invalidated": {**_PENDING, "reason": "The name 'brand-new' is taken."},
    "pending-refused": {**_PENDING, **_REFUSED, "reasons": [Thing(publisher="brand-new", lines=REASONS[0].lines)]},
    "pending-token-revoked": {**_PENDING, **_REVOKED},
    "pending-unused": _PENDING,
    "pending-used": {**_PENDING, "project": PROJECT, "page": addresses.page_of(PROJECT)},
    "provider-switched": {"switch": Switch("GitHub Actions", "an incident"), "on": False, "actor": ACTOR},
    "publisher-added": _OWNERS,
    "publisher-changed": {**_OWNERS, "changes": ["environment: none → pypi", "label: none → main"]},
    "publisher-ids-forgotten": {**_OWNERS, "pins": ["repository_id: 74", "repository_owner_id: 65"]},
    "publisher-removed": _OWNERS,
    "publisher-renamed": {**_OWNERS, "was": "octo-org/oldname"},
    "publisher-unused": _OWNERS,
    "role-changed": {
        "project": PROJECT,
        "user": BOB,
        "was": "a maintainer",
        "became": "an owner",
        "actor": ACTOR,
        "collaboration": addresses.collaboration(PROJECT),
    },
    "second-factor-reset": {"actor": ACTOR, "methods": "a passkey", "account": addresses.account()},
    "switched": {"switch": Switch("uploads", "an incident"), "on": False, "actor": ACTOR},
    "trusted-publishing-only": {**_SETTINGS, "on": True},
    "upload-token-revoked": {**_OWNERS, **_REVOKED, "exchanges": addresses.exchanges(PROJECT)},
}

# What django-allauth's mails speak of, all of them together.
SIGN_IN: dict[str, Any] = {
    "user": ALICE,
    "username": ALICE.username,
    "email": ALICE.email,
    "from_email": "old@example.com",
    "to_email": ALICE.email,
    "deleted_email": "old@example.com",
    "activate_url": f"{settings.SITE_URL}/account/confirm-email/KEY/",
    "password_reset_url": f"{settings.SITE_URL}/account/password/reset/key/1-KEY/",
    "signup_url": f"{settings.SITE_URL}/account/signup/",
    "code": "J4K-M7P",
    "key": "KEY",
    "ip": ACTOR.address,
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0",
    "timestamp": NOW,
    "current_site": Thing(name=settings.SITE_NAME, domain=settings.SITE_HOST),
}
