"""An administrator, and the records of one upload by a workflow, as the registry itself makes them."""

from dataclasses import dataclass

import pytest
from django.test import Client

from registry.models import User
from tests.factories import make_user
from tests.tokens.conftest import World
from tests.tokens.test_exchange import mint
from tests.tokens.test_strangers import upload
from tokens.models import Exchange, Provenance, UploadToken

COMMIT = "f8e1dc1267d4a0fe0c13c0f4e8ce9f3e5f9a0b3d"
RUN = "9876543210"


@pytest.fixture
def boss(transactional_db: None, client: Client) -> User:
    """A superuser, signed in."""
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


@dataclass
class Story:
    """An identity token, the upload token that it became, and the file that came by it."""

    world: World
    identity_token: str
    text: str
    exchange: Exchange
    token: UploadToken
    provenance: Provenance


@pytest.fixture
def story(world: World) -> Story:
    """A workflow published version 1.0 of sampleproject."""
    stranger = Client(REMOTE_ADDR="198.51.100.7")
    identity_token = world.token(sha=COMMIT, run_id=RUN)
    text = mint(stranger, identity_token).json()["token"]
    assert upload(stranger, text, "sampleproject").status_code == 200
    return Story(
        world, identity_token, text, Exchange.objects.get(), UploadToken.objects.get(), Provenance.objects.get()
    )
