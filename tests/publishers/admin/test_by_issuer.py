"""The filter by issuer of the admin's lists, when there are many issuers."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from publishers.admin.byissuer import MOST
from publishers.models import Issuer, Publisher
from registry.models import User
from tests.factories import make_project

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("boss")]
LISTS = ["/admin/publishers/publisher/", "/admin/tokens/exchange/", "/admin/tokens/uploadtoken/"]
VALUES = {"owner": "o", "repository": "r", "workflow_filename": "w.yml"}


@pytest.fixture
def issuers() -> list[Issuer]:
    """More than a page wants to show; the last is used."""
    rows = [Issuer(url=f"https://ghe{n:03}.example.com", provider="github", name=f"Server {n:03}") for n in range(60)]
    Issuer.objects.bulk_create(rows)
    return list(Issuer.objects.filter(url__startswith="https://ghe").order_by("url"))


def opened(client: Client, path: str, **query: Any) -> tuple[str, list[str], list[str]]:
    """The page, what the filter offers, and what of that is chosen."""
    answer = client.get(path, query)
    assert answer.status_code == 200
    page = html.unescape(" ".join(answer.content.decode().split()))
    filtered = page[page.index("By issuer</summary>") :].partition("</ul>")[0]
    return page, re.findall(r"<a href[^>]*>([^<]*)</a>", filtered), re.findall(r'selected"> <a[^>]*>([^<]*)<', filtered)


@pytest.mark.parametrize("path", LISTS)
def test_it_offers_a_few_and_first_those_that_are_used(client: Client, issuers: list[Issuer], path: str, boss: User):
    Publisher.objects.create(issuer=issuers[-1], project=make_project("x", boss), values=VALUES)
    page, offered, chosen = opened(client, path)
    assert offered[:2] == ["All", "Server 059"]
    assert len([one for one in offered if one not in {"All", "-"}]) == MOST
    assert "There are more." in page
    assert chosen == ["All"]


@pytest.mark.parametrize("path", LISTS)
def test_a_search_offers_others_and_lists_the_same(client: Client, issuers: list[Issuer], path: str, boss: User):
    publisher = Publisher.objects.create(issuer=issuers[0], project=make_project("x", boss), values=VALUES)
    page, offered, _ = opened(client, path, issuer_named="server 04", q="")
    assert offered[1:][:10] == [f"Server 04{n}" for n in range(10)]
    assert 'value="server 04"' in page
    assert "There are more." not in page
    if "publisher" in path:
        assert f"/publisher/{publisher.pk}/change/" in page
    for odd in ("no such", "%_", "x" * 5000, "<script>"):
        _, offered, _ = opened(client, path, issuer_named=odd)
        assert [one for one in offered if one not in {"All", "-"}] == []
    assert client.get(path, {"issuer_named": "\0"}).status_code == 400


@pytest.mark.parametrize("path", LISTS)
def test_the_chosen_one_is_always_there(client: Client, issuers: list[Issuer], path: str):
    for more in ({}, {"issuer_named": "no such"}):
        page, offered, chosen = opened(client, path, issuer__id__exact=issuers[44].pk, **more)
        assert chosen == ["Server 044"]
        assert offered[1] == "Server 044"
    assert f'name="issuer__id__exact" value="{issuers[44].pk}"' in page


@pytest.mark.parametrize("path", LISTS)
def test_a_few_issuers_need_no_search(client: Client, path: str):
    page, offered, _ = opened(client, path)
    assert "GitHub" in " ".join(offered) or "https://token.actions.githubusercontent.com" in offered
    assert "issuer_named" not in page


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("odd", ["x", "-1", "9" * 30, "1,2", ""])
def test_what_is_no_issuer_is_no_500(client: Client, path: str, odd: str):
    assert client.get(path, {"issuer__id__exact": odd}, follow=True).status_code == 200
