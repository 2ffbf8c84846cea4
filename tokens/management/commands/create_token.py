"""``manage.py create_token``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.actors import Actor
from registry.models import Project, User
from tokens import secrets
from tokens.creating import TokenRefused, create_api_token
from tokens.models import ApiToken

NAME = "create_token"


class Command(BaseCommand):
    """Creates an API token and prints it once: standard output gets the token alone, so that it can be piped."""

    help = "Create an API token for USER and print it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, what for, where and how long."""
        scopes = ",".join(ApiToken.Scope.values)
        parser.add_argument("user", metavar="USER", help="username")
        parser.add_argument(
            "--scope", required=True, action="append", metavar=scopes, help="one or several, with commas between them"
        )
        parser.add_argument("--project", nargs="+", action="extend", metavar="NAME", help="limit it to these projects")
        parser.add_argument("--days", type=int, metavar="N", help="expire after N days (manage: 90, and at most that)")

    def handle(self, *_args: Any, user: str, scope: list[str], days: int | None, **options: Any) -> None:
        """Create and print the token, or say why not."""
        owner = User.objects.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no user '{user}'.")
        scopes = list(dict.fromkeys(word.strip() for word in ",".join(scope).split(",") if word.strip()))
        projects = _projects(options["project"])
        try:
            text = create_api_token(owner, name=NAME, scopes=scopes, projects=projects, days=days, actor=Actor(NAME))
        except TokenRefused as refused:
            raise CommandError(str(refused)) from refused
        expires = ApiToken.objects.get(digest=secrets.digest(text)).expires_at
        end = f"expires on {expires:%Y-%m-%d}" if expires else "never expires"
        self.stderr.write(
            f"An API token of {owner.username} for {', '.join(scopes)}: it {end}, and is not shown again."
        )
        self.stdout.write(text)


def _projects(names: list[str] | None) -> list[Project] | None:
    if names is None:
        return None
    projects = {}
    for name in names:
        project = Project.objects.named(name).first()
        if project is None:
            raise CommandError(f"There is no project '{name}'.")
        projects[project.pk] = project
    return list(projects.values())
