"""The history in words: every tag that the code records has a line."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import wording
from registry.actors import Actor
from registry.models import Event
from registry.wording import Line

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
TAG = re.compile(
    r"(project|account|file|issuer|provider|prohibited-name|registry|retired-name)(:[a-z_{}-]+)+", re.ASCII
)
# Tags that are put together, and what they become.
PUT_TOGETHER = {
    "project:role:{}": ["add", "change", "remove", "invite", "revoke_invite", "decline_invite"],
    "account:role:{}": ["add", "change", "remove", "invite", "revoke_invite", "decline_invite"],
    "project:release:{}": ["yank", "unyank"],
    "project:{}:change": ["trusted_publishing_only", "max_file_size"],
    "project:{}:enter": ["archive", "quarantine", "deprecate"],
    "project:{}:exit": ["archive", "quarantine", "deprecate"],
    "account:email:{}": ["add", "primary:change", "verified"],
    "project:oidc:publisher-{}": ["changed", "removed", "renamed"],
    "account:oidc:pending-publisher-{}": ["added", "changed", "removed", "renamed", "expired"],
    "project:oidc:{}": ["upload-token-burnt", "upload-token-revoked"],
    "account:api_token:{}": ["added", "removed"],
    "project:api_token:{}": ["added", "removed"],
    "account:oidc:{}": ["upload-token-burnt", "upload-token-revoked"],
}
NO_TAGS = {"project_path:{}:", "account:code:{}:{}"}  # the latter is a key of the cache


def texts() -> Iterator[tuple[str, str]]:
    """The texts of the code; what is put into one is ``{}``."""
    for floor in ("registry", "publishers", "tokens"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            if path.name != "catalogue.py":
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield f"{path}:{node.lineno}", node.value
                    elif isinstance(node, ast.JoinedStr):
                        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                        yield f"{path}:{node.lineno}", "".join(str(part) for part in parts)


def tags() -> dict[str, str]:
    found = {text: where for where, text in texts() if TAG.fullmatch(text) and text not in NO_TAGS}
    found = {tag: where for tag, where in found.items() if not tag.endswith("-")}  # part of a longer text
    assert len(found) > 40
    return found


def test_every_tag_that_is_recorded_has_a_line():
    recorded = set()
    for tag, where in tags().items():
        assert "{}" not in tag or tag in PUT_TOGETHER, f"{where}: say in PUT_TOGETHER what {tag} becomes"
        recorded |= {tag.replace("{}", part) for part in PUT_TOGETHER.get(tag, [""])}
    assert recorded - wording.known().keys() == set()


def test_the_document_names_every_tag_once():
    """And in which words the history says it."""
    written = re.findall(
        r"^\| `([a-z_-]+:[a-z_:-]+)` \| (.+) \|$", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE
    )
    assert len(written) == len(dict(written))
    said = {tag: re.sub(r"{(\w+)}", r"*\1*", line.words) for tag, line in wording.known().items()}
    assert dict(written) == said


def test_no_two_floors_say_the_same_tag():
    from publishers import catalogue as publishers
    from registry import catalogue as registry
    from tokens import catalogue as tokens

    floors = [registry.LINES, publishers.LINES, tokens.LINES]
    assert sum(len(lines) for lines in floors) == len(wording.known())


@pytest.mark.parametrize("tag", sorted(wording.known()))
def test_a_line_is_short_and_ends_without_a_full_stop(tag: str):
    line = wording.known()[tag]
    assert line.words[0].isupper() or line.words[0] == "{"
    assert not line.words.endswith((".", "!"))
    named = [name for _, name, _, _ in string.Formatter().parse(line.words) if name is not None]
    assert all(name.isidentifier() for name in named)


def said(tag: str, **details: Any) -> tuple[str, list[str]]:
    event = Event.objects.record(tag, Actor("boss", address="192.0.2.9"), **details)
    (one,) = wording.said([event])
    assert (one.address, one.is_hidden) == ("192.0.2.9", False)
    return one.words, one.changes


@pytest.mark.parametrize(
    ("tag", "details", "words", "changes"),
    [
        ("project:release:yank", {"version": "1.0", "reason": ""}, "Yanked release 1.0", []),
        ("project:release:yank", {"version": "1", "reason": "Bad"}, "Yanked release 1", ["reason: Bad"]),
        (
            "project:role:change",
            {"username": "bob", "before": "maintainer", "after": "owner"},
            "Changed the role of bob",
            ["maintainer → owner"],
        ),
        (
            "project:role:add",
            {"username": "bob", "before": None, "after": "owner"},
            "Gave bob a role",
            ["none → owner"],
        ),
        (
            "project:oidc:publisher-changed",
            {
                "provider": "github",
                "before": {"label": "", "fields": {"environment": "", "owner": "o"}, "pins": {}},
                "after": {
                    "label": "x",
                    "fields": {"environment": "pypi", "owner": "o"},
                    "pins": {"repository_id": "1"},
                },
            },
            "Changed a trusted publisher",
            ["label: none → x", "environment: none → pypi", "repository_id: none → 1", "provider: github"],
        ),
        (
            "project:oidc:publisher-added",
            {"provider": "github", "fields": {"owner": "octo-org", "environment": ""}},
            "Added a trusted publisher",
            ["provider: github", "owner: octo-org"],
        ),
        ("project:release:add", {}, "Made release ?", []),
        ("file:add", {"filename": "{0.__class__}{x}"}, "Uploaded {0.__class__}{x}", []),
        ("file:add", {"filename": "x" * 999}, f"Uploaded {'x' * 200}…", []),
        ("never:heard-of{x}", {"x": 1}, "never:heard-of{x}", []),
    ],
)
def test_an_event_is_said(tag: str, details: dict[str, Any], words: str, changes: list[str]):
    assert said(tag, **details) == (words, changes)


def test_an_actor_who_is_not_told_is_not_said_nor_their_address():
    asked = []

    def nobody(events: Any) -> set[int]:
        asked.append(len(events))
        return set()

    wording.add({"test:tag": Line(wording.SETTINGS, "Words", told=nobody)})
    try:
        actor = Actor("boss", address="192.0.2.9")
        events = [Event.objects.record("test:tag", actor) for _ in range(3)]
        events.append(Event.objects.record("test:tag", Actor("a command")))
        lines = wording.said(events)
    finally:
        wording.known().pop("test:tag")  # type: ignore[attr-defined]
    assert [(line.actor, line.address, line.is_hidden) for line in lines] == [("a CI job", "", True)] * 4
    assert asked == [4]
