"""Who does something: a person, a publisher, a command."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from registry.models import User


@dataclass(frozen=True)
class Actor:
    """Who did something, and from which address (None for a command)."""

    name: str
    user: "User | None" = None
    address: str | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "Actor":
        """The signed-in person behind a request."""
        from registry.models import User

        user = request.user if isinstance(request.user, User) else None
        return cls(name=user.username if user else "", user=user, address=request.META.get("REMOTE_ADDR") or None)
