"""How PostgreSQL keeps exchanges: what must be read, logged and deleted is compressed, and nothing lies elsewhere."""

import pytest
from django.db import connection

from tests.machine import needs_postgresql
from tests.tokens.conftest import World
from tests.tokens.test_exchange import mint
from tokens.models import Exchange

pytestmark = [needs_postgresql, pytest.mark.django_db]


def test_claims_and_checks_lie_compressed_in_the_row(client, world: World):
    assert mint(client, world.token()).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_column_compression(claims), pg_column_compression(checks),"
            " pg_relation_size(reltoastrelid) FROM tokens_exchange, pg_class WHERE oid = 'tokens_exchange'::regclass"
        )
        claims, checks, elsewhere = cursor.fetchone()
    assert claims
    assert checks
    assert elsewhere == 0
    assert Exchange.objects.get().checks[0]["checks"]
