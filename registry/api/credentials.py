"""What the API asks of whatever authenticated a request (``request.auth``)."""

from typing import Protocol

from registry.actors import Actor
from registry.models import ProjectQuerySet, User

READ, MANAGE = "read", "manage"


class ApiCredential(Protocol):
    """An API token, or somebody who is signed in."""

    @property
    def limited(self) -> bool:
        """Whether it is for some projects only."""

    def opens(self, scope: str) -> bool:
        """Whether it has that scope. One that opens neither ``read`` nor ``manage`` need have nothing else."""

    def among(self, projects: ProjectQuerySet) -> ProjectQuerySet:
        """Those of ``projects`` that it is not limited from."""

    def actor(self, address: str | None) -> Actor:
        """Whom the history names."""


class SignedIn:
    """A person in a session, who may do all that the person may do."""

    limited = False

    def __init__(self, user: User) -> None:
        self.user = user

    def opens(self, scope: str) -> bool:
        """Everything that the API is made of."""
        return scope in {READ, MANAGE}

    def among(self, projects: ProjectQuerySet) -> ProjectQuerySet:
        """All."""
        return projects

    def actor(self, address: str | None) -> Actor:
        """The person."""
        return Actor(self.user.username, self.user, address)
