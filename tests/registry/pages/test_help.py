"""The help pages: docs/ as they hold for this registry."""

import re

import pytest

from registry.pages import topics
from tests.registry.pages.reading import text

pytestmark = pytest.mark.django_db

ALL = [topic for shelf in topics.shelves().values() for topic in shelf]


def test_every_document_is_on_a_shelf_or_for_developers_only():
    there = {path.relative_to(topics.DOCS).with_suffix("").as_posix() for path in topics.DOCS.rglob("*.md")}
    shelved = [name for names in topics.SHELVES.values() for name in names]
    assert len(shelved) == len(set(shelved))
    assert there == {*shelved, *topics.FOR_DEVELOPERS}


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_page_is_this_registrys(client, topic, settings):
    settings.SITE_URL, settings.OIDC_AUDIENCE = "https://py.acme.example", "the-audience"
    answer = client.get(topic.url)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("<h1") == 1
    assert f"<h1>{topic.title}</h1>" in page
    assert "packages.example.com" not in page
    assert "Replace <code>" not in page
    for url in set(re.findall(r'href="(/help/[^"#]*)', page)):
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_its_anchors_lead_somewhere(client, topic):
    page = client.get(topic.url).content.decode()
    for url, anchor in set(re.findall(r'href="(/help/[^"#]*)?#([^"]+)"', page)):
        target = client.get(url).content.decode() if url else page
        assert f'id="{anchor}"' in target, (url, anchor)


def test_addresses_and_the_audience_are_filled_in(client, settings):
    settings.SITE_URL, settings.OIDC_AUDIENCE = "https://py.acme.example:8443", "the-audience"
    page = text(client.get("/help/publishing/"))
    assert "https://py.acme.example:8443/legacy/" in page
    assert "$TOKEN@py.acme.example:8443/simple/" in re.sub("<[^>]+>", "", page)
    assert "(<code>the-audience</code>)" in text(client.get("/help/providers-github/"))


def test_there_is_a_list(client):
    page = text(client.get("/help/"))
    assert '<a href="/help/providers-github/">GitHub Actions</a>' in page
    assert 'id="providers"' in page


@pytest.mark.parametrize("slug", ["architecture", "nothing", "providers", "publishing-md"])
def test_the_rest_is_no_help_page(client, slug):
    assert client.get(f"/help/{slug}/").status_code == 404


def test_every_page_leads_here(client):
    assert '<a href="/help/">Help</a>' in text(client.get("/"))


def test_a_busy_machine_shows_the_file(client, monkeypatch):
    from registry.descriptions import rendering

    def busy(*_args):
        raise rendering.NotNow

    monkeypatch.setattr("registry.pages.help_pages._rendered", busy)
    assert "<pre>" in text(client.get("/help/apply/"))


def test_a_closed_registry_asks_to_sign_in(client, settings):
    settings.ANONYMOUS_READ = False
    for path in ("/help/", "/help/publishing/"):
        assert client.get(path)["Location"] == f"/account/login/?next={path}"


def test_robots_are_told_what_to_read(client, settings):
    assert b"Allow: /project/" in client.get("/robots.txt").content
    settings.ANONYMOUS_READ = False
    assert b"Allow" not in client.get("/robots.txt").content.replace(b"Disallow", b"")
