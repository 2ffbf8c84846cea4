"""The process that renders: what it makes of good texts, and that bad ones stop nothing but it."""

import subprocess
import time

import pytest

from registry.descriptions import rendering
from registry.descriptions.rendering import rendered


@pytest.mark.parametrize(
    ("text", "content_type", "part"),
    [
        ("# A\n\n*b* ~~c~~", "text/markdown", "<del>c</del>"),
        ("*b* ~~c~~", "text/markdown; charset=UTF-8; variant=CommonMark", "~~c~~"),
        ("*b*", "text/markdown; charset=UTF-8; variant=nonsense", "<em>b</em>"),
        ("Title\n=====\n\n`a <https://e.example>`_", "text/x-rst", 'href="https://e.example"'),
        ("**b**", "", "<strong>b</strong>"),
        ("```python\nimport os\n```", "text/markdown", '<span class="kn">import</span>'),
        ("é ☃ \U0001f600", "text/markdown; charset=utf-8", "é ☃ \U0001f600"),
    ],
)
def test_what_it_makes(text, content_type, part):
    assert part in rendered(text, content_type)


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("plain <b>", "text/plain"),
        ("`broken <rst", "text/x-rst"),
        ("`broken <rst", ""),
        ("x", "image/png"),
        ("x", "nonsense"),
        ("half \ud800", "text/markdown"),
        (".. include:: /etc/passwd", "text/x-rst"),
        (".. raw:: html\n\n   <b>x</b>", "text/x-rst"),
        ("x" * (rendering.MAX_TEXT + 1), "text/markdown"),
    ],
)
def test_what_is_shown_as_text(text, content_type):
    assert rendered(text, content_type) == ""


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,alert)",
        "<style>body{}</style><p style='position:fixed'>x</p>",
        "<iframe src='https://e.example'></iframe><form action=/account/logout/><button>x</button></form>",
        '<p title="><img src=x onerror=alert(1)>">x</p>',
        '![<img src=x onerror=alert(1)>]("><script>)',
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
    ],
)
def test_nothing_in_it_acts(text):
    html = rendered(text, "text/markdown").lower()
    for forbidden in ("<script", "<img", "<style", "<iframe", "<form", "<button", " style=", "javascript:", "data:"):
        assert forbidden not in html
    assert "onerror" not in html.replace("&lt;img src=x onerror=alert(1)&gt;", "")


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        (">" * 300_000, "text/markdown"),
        ("".join("  " * depth + "- a\n\n" for depth in range(400)), "text/x-rst"),
        ("*a* `b <http://c.example>`_ \n\n" * 12_000, "text/x-rst"),
    ],
    ids=["quotes", "nested", "long"],
)
def test_hostile_texts_end_in_time(text, content_type, caplog):
    began = time.monotonic()
    try:
        html = rendered(text, content_type)
    except rendering.NotNow:
        html = ""
    assert time.monotonic() - began < rendering.SECONDS + 2
    assert len(html) < 3_000_000


def test_only_so_many_run_at_once(monkeypatch):
    monkeypatch.setattr(rendering._RUNNING, "acquire", lambda blocking: False)
    with pytest.raises(rendering.NotNow):
        rendered("a", "text/markdown")


def test_the_process_knows_no_secret(monkeypatch):
    given = {}

    def run(command, **options):
        given.update(options)
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(rendering.NotNow):
        rendered("a", "text/markdown")
    assert given["env"] == {}
