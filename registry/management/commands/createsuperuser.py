"""``manage.py createsuperuser``."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from registry.accounts import given
from registry.actors import Actor
from registry.models import User

NAME = "createsuperuser"


class Command(createsuperuser.Command):
    """Django's; the mail address counts as verified."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the superuser, then give them the address that they have: no stranger is a superuser."""
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True, emailaddress=None).exclude(email=""):
            if not given.is_anothers(user.email, user):
                given.give(user, user.email, Actor(NAME))
