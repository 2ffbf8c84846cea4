"""Settings that are wrong together, or too weak to be served with."""

from pathlib import Path
from typing import Any

import pytest

from registry.checks import wrong_settings
from tests.sigstore.instance import Sigstore


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"SECRET_KEY": "0123456789abcdef" * 2}, []),
        ({"SECRET_KEY": "0123456789abcdef" * 2, "DEBUG": True}, []),
        ({"SECRET_KEY": "0123456789abcdefghijklmnopqrstu"}, ["gatehouse.E012"]),
        ({"SECRET_KEY": "x" * 60}, ["gatehouse.E012"]),
        ({"SECRET_KEY": "abcd" * 20}, ["gatehouse.E012"]),
        ({"SECRET_KEY": "x", "DEBUG": True}, []),
        ({"ALLOWED_HOSTS": ["packages.example.com", ".example.com"]}, []),
        ({"ALLOWED_HOSTS": ["packages.example.com", "*"]}, ["gatehouse.W002"]),
        ({"ALLOWED_HOSTS": ["*"], "DEBUG": True}, []),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_with_it(settings: Any, changes: dict[str, Any], found: list[str]):
    for name, value in changes.items():
        setattr(settings, name, value)
    told = wrong_settings()
    assert [message.id for message in told] == found
    assert not [message for message in told if settings.SECRET_KEY in message.msg and len(settings.SECRET_KEY) > 1]


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", "{}", '{"tlogs": []}', "[" * 9_999])
def test_a_trusted_root_must_be_one(settings: Any, tmp_path: Path, text: str | None):
    path = tmp_path / "trusted_root.json"
    if text is not None:
        path.write_text(text)
    settings.SIGSTORE_TRUSTED_ROOT = str(path)
    assert [message.id for message in wrong_settings()] == ["gatehouse.E014"]


def test_a_trusted_root_is_taken(settings: Any, tmp_path: Path):
    settings.SIGSTORE_TRUSTED_ROOT = Sigstore().write_trusted_root(tmp_path / "trusted_root.json")
    assert wrong_settings() == []
