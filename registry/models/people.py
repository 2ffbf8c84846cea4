"""People and what they may do in projects."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from registry.models.events import Event


class User(AbstractUser):
    """A person. Mail addresses and their verification are django-allauth's ``EmailAddress``."""

    roles: "RelatedManager[Role]"
    events: "RelatedManager[Event]"

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="one_user_per_username_in_any_case",
                violation_error_message="A user with that username already exists.",
            )
        ]


# With their articles, as sentences say them.
SPOKEN: dict[str | None, str] = {"owner": "an owner", "maintainer": "a maintainer"}


class Role(models.Model):
    """What a user may do in a project."""

    class Kind(models.TextChoices):
        """An owner manages; a maintainer uploads and reads."""

        OWNER = "owner"
        MAINTAINER = "maintainer"

    project = models.ForeignKey("registry.Project", models.CASCADE, related_name="roles")
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_user_and_project")]

    def __str__(self) -> str:
        return f"{self.user.username}, {self.role} of {self.project.name}"

    @property
    def spoken(self) -> str:
        """What somebody is by it: ``an owner``."""
        return SPOKEN[self.role]
