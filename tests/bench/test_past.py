"""What ``make bench ARGS=audit`` fills a database with, and that it looks at pages that there are."""

import datetime
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.db.models import Count, F, Sum
from django.test import Client
from django.utils import timezone

from bench import looks, past
from publishers.models import Issuer
from registry.models import Event
from tests.factories import make_project, make_user
from tests.machine import needs_postgresql
from tokens.models import ApiToken, Exchange, Provenance, Tally, UploadToken

COUNT = 1_000
GRANTED, REFUSED = "project:oidc:exchange-granted", "project:oidc:exchange-refused"


def indexes() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [list(past.TABLES)])
        return dict(cursor.fetchall())


@pytest.fixture
def filling(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A connection of its own to a registry that has written one row of each kind."""
    issuer = Issuer.objects.get(provider="github")
    said = {
        "issuer": issuer,
        "issuer_url": issuer.url,
        "provider": "github",
        "identity": '["octo-org","sampleproject"]',
    }
    now, checks = timezone.now(), [{"project": "sampleproject", "publisher": 1, "checks": []}]
    granted = Exchange.objects.create(outcome="granted", checks=checks, claims={"ref": "refs/heads/main"}, **said)
    Exchange.objects.create(outcome="refused", code="invalid-publisher", checks=checks, **said)
    token = UploadToken.objects.create(
        exchange=granted, digest="0", issuer_url=issuer.url, redeemed_until=now, expires_at=now
    )
    Provenance.objects.create(filename="x.whl", exchange=granted, upload_token=token, claims=granted.claims)
    for tag in (GRANTED, REFUSED):
        Event.objects.create(tag=tag, details={"exchange": str(granted.pk), "publisher": 1})
    ApiToken.objects.create(digest="0", username="alice", name="laptop", user=make_user("alice"))
    make_project()
    parameters = connection.get_connection_params()
    with psycopg.connect(
        autocommit=True,
        **{key: parameters[key] for key in ("dbname", "user", "host", "port", "password") if key in parameters},
    ) as own:
        yield own


def answered(client: Client, path: looks.Path) -> int:
    return (client.get(path) if isinstance(path, str) else client.post(*path)).status_code


@needs_postgresql
def test_a_past_is_whole_and_its_pages_open(filling: psycopg.Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(past, "CHUNK", 400)
    before = indexes()
    past.fill(filling, COUNT, 50, lambda _text: None)
    assert indexes() == before

    made = Exchange.objects.filter(commit__gt="")
    assert dict(made.values_list("outcome").annotate(Count("pk"))) == {"granted": 800, "refused": 200}
    assert set(made.values_list("provider", flat=True)) == {"github", "gitlab", "google"}
    assert not made.exclude(issuer__provider=F("provider")).exists()
    assert all(key.version == 7 for key in made.values_list("pk", flat=True))
    assert [*made.order_by("created_at")] == [*made.order_by("pk")]
    first, last = made.earliest("created_at"), made.latest("created_at")
    assert last.created_at - first.created_at > datetime.timedelta(days=99)

    came = Provenance.objects.filter(upload_token__exchange=F("exchange"), exchange__outcome="granted")
    assert came.count() == 200 + 1
    unused = UploadToken.objects.filter(provenance=None)
    assert unused.count() == 60
    assert unused.earliest("created_at").created_at > timezone.now() - datetime.timedelta(days=10, hours=3)
    assert Event.objects.filter(
        tag=GRANTED, details__exchange=str(made.filter(outcome="granted").latest("pk").pk)
    ).get()
    assert Event.objects.filter(tag=REFUSED).count() == 200 + 1
    settled = timezone.now().replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=1)
    counted = Tally.objects.filter(hour__lt=settled).exclude(what="uploaded").aggregate(Sum("count"))["count__sum"]
    assert counted == Exchange.objects.filter(created_at__lt=settled).count()

    monkeypatch.setattr(looks, "TIMES", 1)
    administrator = Client()
    administrator.force_login(make_user("admin", is_staff=True, is_superuser=True))
    asked = [path for _, _, paths in looks.looks(filling) for path in paths]
    assert len(asked) > 80
    wrong = [path for path in asked if answered(administrator, path) != 200]
    assert [path for path in wrong if "?p=50" not in path] == []  # there are not so many pages here
