"""The registry and a slow, obvious reference agree, whatever people and jobs do in whatever order."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from demo.issuer import LocalIssuer
from demo.signing import SigningKey
from publishers import keys, matching
from publishers.models import Issuer, Publisher
from registry.actors import Actor
from registry.creation import create_project
from registry.fixed import FixedQuery
from registry.models import User
from tests.factories import wheel
from tests.registry.uploads import making
from tests.tokens.people import People, pick
from tests.tokens.reference import Token, Trust, version_of
from tests.tokens.universe import (
    NAMES,
    STANDING,
    URLS,
    USERS,
    identified,
    jobs,
    names,
    picked,
    tokens,
    trusted_job,
    versions,
    wishes,
)
from tokens.authentication import find
from tokens.credentials import UploadTokenCredential
from tokens.models import UploadToken

MAX_PROJECTS = 2  # instead of 100, so that it is reached


class Model(People):
    """Every step is done at the registry and in the reference; what they say must be the same."""

    # -- jobs ------------------------------------------------------------------------------------------------------

    @rule(token=tokens, wanted=wishes)
    def exchange(self, token: Token, wanted: set[str] | None) -> None:
        """Any job checks and mints."""
        self._exchange(identified(token), wanted)

    @precondition(lambda self: self.reference.publishers)
    @rule(jobs=st.lists(jobs, min_size=1, max_size=3))
    def run_jobs(self, jobs: list[Any]) -> None:
        """Jobs that a publisher trusts, but perhaps for one thing, which is as in another job; they may upload."""
        for n, spoilt, wanted, version in jobs:
            token, granted = trusted_job(pick(self.reference.publishers, n)), len(self.minted)
            self._exchange(replace(token, **spoilt), wanted)
            if version and len(self.minted) > granted:
                self._upload(self.minted[-1], pick(sorted(self.minted[-1]["grants"]), n), version)

    def _exchange(self, token: Token, wanted: set[str] | None) -> None:
        text = self.signer.sign(token.claims(), iss=token.issuer)
        expected = self.reference.code(token, wanted)
        checked, minted = self._post("check", text, wanted), self._post("mint-token", text, wanted)
        self._compare_names(token, wanted, checked, minted)
        assert codes(minted) == ([expected] if expected else [])
        assert codes(checked) == codes(minted)
        if expected:
            return
        self.used.append((token, text))
        self._compare_grants(token, wanted, minted)
        assert checked["projects"] == minted["projects"]

    def _post(self, path: str, text: str, wanted: set[str] | None) -> dict[str, Any]:
        body = {"token": text, **({} if wanted is None else {"projects": sorted(wanted)})}
        response = Client().post(f"/_/oidc/{path}", json.dumps(body), content_type="application/json")
        document: dict[str, Any] = response.json()
        return document

    def _compare_names(self, token: Token, wanted: set[str] | None, *answers: dict[str, Any]) -> None:
        """No project is named but those that this job may hear of, and those that it named itself."""
        told = json.dumps(answers)
        named = {name for name in NAMES if name in told}
        assert named <= self.reference.may_be_named(token) | (wanted or set())
        for shown in answers[0].get("publishers", []):
            assert shown["fields"] == {} or shown["project"] in self.reference.may_be_named(token)

    def _compare_grants(self, token: Token, wanted: set[str] | None, minted: dict[str, Any]) -> None:
        credited = self.reference.credited(token, wanted)
        covered = set(minted["projects"])
        assert covered <= set(credited)
        assert len(covered) == min(len(credited), MAX_PROJECTS)
        self._check_who_was_left_out(token, covered, set(credited) - covered)
        row = UploadToken.objects.latest("pk")
        grants = {grant["project"]: grant for grant in row.grants}
        assert {name: grant["publisher"] for name, grant in grants.items()} == {
            name: credited[name].pk for name in covered
        }
        assert {name: grant["version"] for name, grant in grants.items()} == {
            name: version_of(credited[name], token) for name in covered
        }
        for name in covered:
            self._learn(credited[name], token)
        self.minted.append(
            {
                "text": minted["token"],
                "issuer": token.issuer,
                "grants": {
                    name: (credited[name].pk, credited[name].edition, grants[name]["version"]) for name in covered
                },
            }
        )

    def _check_who_was_left_out(self, token: Token, covered: set[str], left_out: set[str]) -> None:
        """Those that were uploaded to first come first."""

        def first(name: str) -> int:
            uploads = [
                trust.first_upload
                for trust in self.reference.matching(token)
                if trust.name == name and trust.first_upload is not None
            ]
            return min(uploads, default=10**6)

        assert not left_out or max(map(first, covered)) <= min(map(first, left_out))

    @staticmethod
    def _learn(trust: Trust, token: Token) -> None:
        said = {"repository_owner_id": token.owner_id, "repository_id": token.repository_id}
        trust.pins = {**{name: value for name, value in said.items() if value}, **trust.pins}

    @precondition(lambda self: self.used)
    @rule(n=picked, wanted=wishes)
    def replay(self, n: int, wanted: set[str] | None) -> None:
        token, text = pick(self.used, n)
        off = token.issuer in self.reference.issuers_off
        expected = "not-enabled" if off else "invalid-reuse-token"
        assert codes(self._post("mint-token", text, wanted)) == [expected]
        assert codes(self._post("check", text, wanted))[0] == expected

    @precondition(lambda self: self.minted)
    @rule(n=picked, name=names, version=versions)
    def upload_later(self, n: int, name: str, version: str) -> None:
        """With a token of any age, to any name."""
        self._upload(pick(self.minted, n), name, version)

    def _upload(self, minted: dict[str, Any], name: str, version: str) -> None:
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        fields = making.form(wheel(name, version), filename)
        response = Client().post("/legacy/", fields, headers={"Authorization": f"Bearer {minted['text']}"})
        assert response.status_code == self._expected_upload(minted, name, version), response.content
        if response.status_code == 200 and (name, version) not in self.stored:
            self._count_upload(self._live(minted)[name], name, version)

    def _live(self, minted: dict[str, Any]) -> dict[str, Trust]:
        """The publishers by which a token still opens something."""
        if minted["issuer"] in self.reference.issuers_off:
            return {}
        by_pk = {trust.pk: trust for trust in self.reference.publishers}
        return {
            name: by_pk[pk]
            for name, (pk, edition, _version) in minted["grants"].items()
            if pk in by_pk and by_pk[pk].edition == edition and by_pk[pk].alive()
        }

    def _expected_upload(self, minted: dict[str, Any], name: str, version: str) -> int:
        live = self._live(minted)
        if not live:
            return 403
        trust = live.get(name)
        exists = name in self.reference.projects
        if trust is None:
            return 403 if exists else 400
        if not exists and trust.user in self.reference.inactive:
            return 400
        if minted["grants"][name][2] not in (None, version):
            return 403
        return 200 if exists or self.reference.usable(trust) else 400

    def _count_upload(self, trust: Trust, name: str, version: str) -> None:
        self.stored.add((name, version))
        if trust.pending:
            trust.pending = False
            self.reference.taken_by(name)
        if trust.first_upload is None:
            self.uploads += 1
            trust.first_upload = self.uploads

    @invariant()
    def the_same_tokens_live(self) -> None:
        for minted in getattr(self, "minted", [])[-2:]:
            credential = find(minted["text"])
            lives = {name: trust.pk for name, trust in self._live(minted).items()}
            opened = credential.publishers if isinstance(credential, UploadTokenCredential) else {}
            assert {name: row.pk for name, row in opened.items()} == lives

    @invariant()
    def the_same_publishers_stand(self) -> None:
        """With the same ids; and only tokens with all ids of a publisher gave it a new name."""
        if not hasattr(self, "reference"):
            return
        rows = Publisher.objects.standing().values_list("pk", "normalized_name", "project", "pins", "renamed_to")
        stand = {pk: (name, project is None, pins) for pk, name, project, pins, _renamed in rows}
        assert stand == {trust.pk: (trust.name, trust.pending, trust.pins) for trust in self.reference.publishers}
        assert all(len(pins) == 2 for _pk, _name, _project, pins, renamed in rows if renamed)


def codes(document: dict[str, Any]) -> list[str]:
    return [error["code"] for error in document.get("errors", [])]


@pytest.mark.django_db
def test_the_fast_matcher_and_the_slow_one_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_PROJECTS", MAX_PROJECTS)
    standing = matching._STANDING  # it may be written already, and must not stay as it is written meanwhile
    monkeypatch.setattr(matching, "_STANDING", FixedQuery(standing.values, standing.write))
    owners = [User.objects.create_user(name) for name in USERS]
    for name in STANDING:
        create_project(name, owners=owners, actor=Actor("test"))
    with LocalIssuer(key=SigningKey.new("EdDSA")) as Model.signer:
        for url in URLS:
            keys.paste(Issuer.objects.create(url=url, provider="github", algorithms=["EdDSA"]), Model.signer.key_set())
        run_state_machine_as_test(
            Model,
            settings=settings(
                max_examples=6,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
