"""People who register, change and remove publishers, at the registry and in the reference."""

import datetime
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from demo.issuer import LocalIssuer
from publishers import registration
from publishers.models import Issuer, Publisher
from publishers.registration import AlreadyRegistered, Wanted
from registry.actors import Actor
from registry.creation import create_project
from registry.models import ProhibitedName, Project, User
from tests.tokens.reference import Registry, Token, Trust
from tests.tokens.universe import (
    NAMES,
    STANDING,
    URLS,
    USERS,
    constraints,
    identities,
    ids,
    names,
    picked,
    pinnings,
    registered,
    trusted_job,
    urls,
    users,
    waited,
)

LONG_AGO = datetime.timedelta(days=31)


class People(RuleBasedStateMachine):
    """A machine that only changes things; ``_exchange`` is what a job does meanwhile."""

    signer: LocalIssuer

    @initialize(registered=registered)
    def begin(self, registered: list[Any]) -> None:
        """In the world that the test made, to which every run comes back."""
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.users = {name: User.objects.get(username=name) for name in USERS}
        self.issuers = {url: Issuer.objects.get(url=url) for url in URLS}
        self.reference = Registry(projects=set(STANDING))
        self.minted: list[dict[str, Any]] = []
        self.used: list[tuple[Token, str]] = []
        self.uploads = 0
        self.stored: set[tuple[str, str]] = set()
        for name, url, user, values, more, pinned in registered:
            (self._add if name in STANDING else self._wait)(name, url, user, {**values, **more}, pinned)

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # -- people ----------------------------------------------------------------------------------------------------

    @rule(name=names, user=users)
    def create(self, name: str, user: str) -> None:
        """Somebody creates a project, if the name is free."""
        free = self.reference.usable(Trust(0, "", name, "", pending=True, values={}))
        if not free:
            return
        create_project(name, owners=[self.users[user]], actor=Actor("test"))
        self.reference.taken_by(name)

    @precondition(lambda self: self.reference.projects)
    @rule(
        n=picked,
        url=urls,
        user=users,
        values=identities,
        more=constraints,
        pinned=pinnings,
    )
    def add(self, n: int, url: str, user: str, values: Any, more: Any, pinned: str) -> None:
        """Somebody registers a publisher, with ids that were looked up or none."""
        self._add(pick(sorted(self.reference.projects), n), url, user, {**values, **more}, pinned)

    def _add(self, name: str, url: str, user: str, values: dict[str, Any], pinned: str) -> None:
        trust = Trust(0, url, name, user, pending=False, values=values, pins=ids(values, pinned))
        wanted, actor = Wanted(values=trust.values, pins=trust.pins), Actor(user, self.users[user])
        self._register(
            trust, lambda: registration.add(Project.objects.get(name=name), self.issuers[url], wanted, actor)
        )

    @rule(
        name=waited,
        url=urls,
        user=users,
        values=identities,
        more=constraints,
        pinned=pinnings,
    )
    def wait(self, name: str, url: str, user: str, values: Any, more: Any, pinned: str) -> None:
        """Somebody waits for a project; the form would look at the name, and what it says may change."""
        self._wait(name, url, user, {**values, **more}, pinned)

    def _wait(self, name: str, url: str, user: str, values: dict[str, Any], pinned: str) -> None:
        waiting = [trust for trust in self.reference.publishers if trust.pending and trust.user == user]
        if len(waiting) >= 9:
            return
        self._forget_expired(name, user)
        trust = Trust(0, url, name, user, pending=True, values=values, pins=ids(values, pinned))
        wanted, actor = Wanted(values=trust.values, pins=trust.pins), Actor(user, self.users[user])
        self._register(
            trust, lambda: registration.add_pending(name, self.users[user], self.issuers[url], wanted, actor)
        )

    def _forget_expired(self, name: str, user: str) -> None:
        """Whoever waits anew for a name gives up what expired."""
        self.reference.publishers = [
            trust
            for trust in self.reference.publishers
            if not (trust.pending and trust.name == name and trust.user == user and self._waits_in_vain(trust))
        ]

    @staticmethod
    def _waits_in_vain(trust: Trust) -> bool:
        return Publisher.objects.get(pk=trust.pk).waits_until() <= timezone.now()

    def _register(self, trust: Trust, register: Any) -> None:
        if self.reference.same(trust):
            with pytest.raises(AlreadyRegistered):
                register()
            return
        trust.pk = register().pk
        self.reference.publishers.append(trust)

    def _remove(self, trust: Trust) -> None:
        registration.remove(Publisher.objects.get(pk=trust.pk), Actor("test"))
        self.reference.publishers.remove(trust)

    @precondition(lambda self: self.reference.publishers)
    @rule(n=picked, more=constraints, moves=st.booleans(), identity=identities)
    def edit(self, n: int, more: Any, moves: bool, identity: Any) -> None:
        """Other constraints, perhaps another workload."""
        trust = pick(self.reference.publishers, n)
        kept = {name: trust.values[name] for name in ("owner", "repository", "workflow_filename")}
        token = trusted_job(trust)
        self._exchange(token, None)
        self._change(trust, values={**(identity if moves else kept), **more})
        self._exchange(token, None)

    @precondition(lambda self: self.reference.publishers)
    @rule(
        n=picked, deed=st.sampled_from(["remove", "switch", "expire", "pin", "unpin", "grow_old", "accept_new_names"])
    )
    def meddle(self, n: int, deed: str) -> None:
        """Somebody does something to one of the publishers, between two runs of its job."""
        trust = pick(self.reference.publishers, n)
        token = trusted_job(trust)
        self._exchange(token, None)
        getattr(self, f"_{deed}")(trust)
        self._exchange(token, None)

    def _switch(self, trust: Trust) -> None:
        self._change(trust, enabled=not trust.enabled)

    def _expire(self, trust: Trust) -> None:
        self._change(trust, expired=not trust.expired)

    def _pin(self, trust: Trust) -> None:
        """An owner gives ids."""
        self._change(trust, pins={**trust.pins, **ids(trust.values, "both")})

    def _change(self, trust: Trust, **changes: Any) -> None:
        after = replace(trust, **changes)
        moved = after.place() != trust.place()
        if moved:
            after.pins, after.first_upload = changes.get("pins", {}), None
        wanted = Wanted(
            values=after.values,
            pins=after.pins,
            enabled=after.enabled,
            expires_at=timezone.now() - LONG_AGO if after.expired else None,
            label=f"label {trust.edition}",
        )
        publisher = Publisher.objects.get(pk=trust.pk)
        if self.reference.same(after):
            with pytest.raises(AlreadyRegistered):
                registration.change(publisher, wanted, Actor("test"))
            return
        registration.change(publisher, wanted, Actor("test"))
        if (moved or after.pins != trust.pins) and not (trust.pending and self._waits_in_vain(trust)):
            after.waited_too_long = False
        trusts = ("issuer", "pins", "enabled")
        same = all(getattr(after, name) == getattr(trust, name) for name in trusts)
        # An expiry that is set once more is another moment, hence another publisher.
        if not same or after.compared() != trust.compared() or after.expired or trust.expired:
            after.edition += 1
        self._replace(trust, after)

    def _replace(self, trust: Trust, after: Trust) -> None:
        self.reference.publishers[self.reference.publishers.index(trust)] = after

    def _unpin(self, trust: Trust) -> None:
        had = registration.clear_pins(Publisher.objects.get(pk=trust.pk), Actor("test"))
        assert had == bool(trust.pins)
        if had:
            trust.pins, trust.edition = {}, trust.edition + 1

    def _grow_old(self, trust: Trust) -> None:
        """A month passes for one of them that waits for its ids or for its project."""
        row = Publisher.objects.filter(pk=trust.pk)
        if not trust.pins:
            row.update(unpinned_since=timezone.now() - LONG_AGO)
        if trust.pending:
            row.update(created_at=timezone.now() - LONG_AGO)
        trust.waited_too_long = trust.waited_too_long or trust.pending or not trust.pins

    def _accept_new_names(self, trust: Trust) -> None:
        """An owner accepts what tokens with the same ids called the repository, if any did."""
        publisher = Publisher.objects.get(pk=trust.pk)
        if not publisher.renamed_to:
            return
        after = replace(trust, values={**trust.values, **publisher.renamed_to}, edition=trust.edition + 1)
        if self.reference.same(after):
            with pytest.raises(AlreadyRegistered):
                registration.accept_names(publisher, publisher.renamed_to, Actor("test"))
            return
        assert registration.accept_names(publisher, publisher.renamed_to, Actor("test"))
        self._replace(trust, after)

    @rule(deed=st.sampled_from(["prohibit", "deactivate", "switch_issuer"]))
    def govern(self, deed: str) -> None:
        """An administrator does, or undoes, something."""
        getattr(self, f"_{deed}")()

    def _prohibit(self) -> None:
        self.reference.prohibited ^= {NAMES[3]}
        if NAMES[3] in self.reference.prohibited:
            ProhibitedName.objects.create(name=NAMES[3])
        else:
            ProhibitedName.objects.filter(name=NAMES[3]).delete()

    def _deactivate(self) -> None:
        self.reference.inactive ^= {USERS[1]}
        User.objects.filter(username=USERS[1]).update(is_active=USERS[1] not in self.reference.inactive)

    def _switch_issuer(self) -> None:
        self.reference.issuers_off ^= {URLS[1]}
        Issuer.objects.filter(url=URLS[1]).update(enabled=URLS[1] not in self.reference.issuers_off)

    def _exchange(self, token: Token, wanted: set[str] | None) -> None:
        """A job checks and mints."""
        raise NotImplementedError


def pick(things: Any, n: int) -> Any:
    """The latest is 0."""
    return things[-1 - n % len(things)]
