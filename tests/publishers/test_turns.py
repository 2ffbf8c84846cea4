"""Who comes first among publishers at one place."""

import datetime

import pytest

from publishers.models import Issuer, Publisher
from publishers.turns import in_turn
from registry.models import User
from tests.tokens.conftest import FIELDS

UPLOADED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

# Who added them, in the order of their rows; in capitals those that uploaded.
ORDERS = [
    ("", ""),
    ("a", "a"),
    ("aaab", "abaa"),
    ("aaabbc", "abcaba"),
    ("aaaB", "Baaa"),
    ("aaBBbc", "BBabca"),
    ("ABAab", "ABAab"),
    ("aab--", "ab-a-"),  # nobody: applied from a file, or the person is gone
]


def row(letter: str) -> Publisher:
    added_by = None if letter == "-" else ord(letter.lower())
    return Publisher(added_by_id=added_by, first_upload_at=UPLOADED if letter.isupper() else None, label=letter)


@pytest.mark.parametrize(("stand", "come"), ORDERS)
def test_those_that_uploaded_come_first_and_the_others_take_turns(stand, come):
    rows = [row(letter) for letter in stand]
    assert "".join(publisher.label for publisher in in_turn(rows, lambda publisher: publisher)) == come


@pytest.mark.django_db
@pytest.mark.parametrize(("stand", "come"), ORDERS)
def test_the_database_says_the_same(stand, come):
    issuer = Issuer.objects.get(url="https://token.actions.githubusercontent.com")
    users = {letter: User.objects.create_user(f"user-{letter}") for letter in "abc"}
    for number, letter in enumerate(stand):
        Publisher.objects.create(
            issuer=issuer,
            project_name=f"waiting-{number}",
            values=dict(FIELDS),
            added_by=users.get(letter.lower()),
            first_upload_at=UPLOADED + datetime.timedelta(seconds=number) if letter.isupper() else None,
            label=letter,
        )
    at_place = Publisher.objects.at(issuer, issuer.kind.identity(FIELDS))
    assert "".join(publisher.label for publisher in at_place.in_turn()) == come
