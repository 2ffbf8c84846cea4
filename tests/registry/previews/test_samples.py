"""Each mail has a sample, and each sample makes a good mail, as text and as HTML."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from django.template.backends.django import DjangoTemplates

from registry import mails
from registry.mailhtml import html
from registry.previews.samples import ALICE, SAMPLES
from tests.markup import Markup

TEMPLATES = Path(settings.BASE_DIR) / "templates" / "mails"
BASES = {"base", "owners", "user", "administrators"}
SITE = "https://localhost:8443"
HOSTILE = "<b>&amp;\"'</b><script src=https://evil.example/x.js></script>"


def test_every_mail_has_a_sample():
    assert set(SAMPLES) == {path.stem for path in TEMPLATES.glob("*.txt")} - BASES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_all_that_its_mail_asks_for(name: str, monkeypatch: pytest.MonkeyPatch):
    options = {"autoescape": False, "string_if_invalid": "MISSING"}
    strict = DjangoTemplates({"NAME": "strict", "DIRS": [TEMPLATES.parent], "APP_DIRS": False, "OPTIONS": options})
    monkeypatch.setattr(engines["text"], "get_template", strict.get_template)
    message = mails.made(name, ALICE, SAMPLES[name])
    assert "MISSING" not in f"{message.subject} {message.body}"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_html_says_what_the_text_says(name: str):
    message = mails.made(name, ALICE, SAMPLES[name])
    page = Markup(html(message.subject, str(message.body)))
    read = "\n".join(page.lines)
    for line in str(message.body).splitlines():
        words, _, url = line.strip().partition(f": {SITE}/")
        assert words in read
        assert not url or f"{SITE}/{url}" in page.links
    assert page.lines[1] == message.subject.removeprefix("[Gatehouse] ")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_html_has_one_button_and_leads_nowhere_else(name: str):
    message = mails.made(name, ALICE, SAMPLES[name])
    page = Markup(html(message.subject, str(message.body)))
    assert [tag for tag, attributes in page.elements if attributes.get("class") == "button"] == ["a"]
    assert "Open the page" not in page.words
    assert all(link == SITE or link.startswith(f"{SITE}/") for link in page.links)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_html_loads_nothing(name: str):
    message = mails.made(name, ALICE, SAMPLES[name])
    text = html(message.subject, str(message.body))
    tags = {tag for tag, _ in Markup(text).elements}
    assert tags.isdisjoint({"img", "link", "script", "iframe", "form", "object", "video", "table", "svg"})
    assert not re.search(r"url\(|@import|@font-face|\ssrc=|\sstyle=|\son\w+=", text)
    assert len(text) < 10_000


def made_hostile(value: Any) -> Any:
    """Every text of a sample with a stranger's markup in it, but for addresses of this registry and dates."""
    if isinstance(value, str):
        return value if value.startswith(SITE) else f"{value} {HOSTILE}"
    if isinstance(value, list):
        return [made_hostile(one) for one in value]
    if type(value).__name__ in {"SimpleNamespace"}:
        return type(value)(**{name: made_hostile(one) for name, one in vars(value).items()})
    return value


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_that_strangers_named_becomes_markup(name: str):
    message = mails.made(name, ALICE, {key: made_hostile(value) for key, value in SAMPLES[name].items()})
    page = Markup(html(message.subject, str(message.body)))
    assert {tag for tag, _ in page.elements}.isdisjoint({"b", "script"})
    assert all(link == SITE or link.startswith(f"{SITE}/") for link in page.links)
    assert "".join(page.lines).count("<script") >= str(message.body).count("<script")
