"""What happened before the pictures are taken, as rows: it runs within the registry, by ``manage.py shell``."""

import datetime

from django.utils import timezone

from registry.actors import Actor
from registry.models import Project, User
from tokens.creating import create_api_token
from tokens.models import Tally

DAYS = 30
WEEKEND = 5  # Saturday's number


def happen(project: str) -> None:
    """API tokens of alice's and a month of counts; prints the token that may upload everything."""
    _count()
    alice = User.objects.get(username="alice")
    actor = Actor("alice", alice)
    projects = list(Project.objects.filter(normalized_name=project))
    create_api_token(alice, name="build server, reads only", scopes=["download"], days=365, actor=actor)
    create_api_token(alice, name="audit script", scopes=["read"], projects=projects, days=30, actor=actor)
    print(create_api_token(alice, name="laptop", scopes=["upload"], days=90, actor=actor))


def _count() -> None:
    last = timezone.now().replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=1)
    hours = [last - datetime.timedelta(days=back) for back in range(DAYS)]
    Tally.objects.bulk_create(tally for hour in hours for tally in _of_day(hour) if tally.count)


def _of_day(hour: datetime.datetime) -> list[Tally]:
    busy = 1 if hour.weekday() >= WEEKEND else 6 + hour.day * 7 % 9
    github, granted, refused = "github", Tally.What.GRANTED, Tally.What.REFUSED
    return [
        Tally(hour=hour, what=granted, provider=github, count=busy),
        Tally(hour=hour, what=granted, provider="gitlab", count=1 + busy // 3),
        Tally(hour=hour, what=refused, provider=github, code="invalid-publisher", count=hour.day % 3),
        Tally(hour=hour, what=refused, provider=github, code="invalid-reuse-token", count=hour.day % 2),
        Tally(hour=hour, what=Tally.What.UPLOADED, count=2 * busy),
    ]
