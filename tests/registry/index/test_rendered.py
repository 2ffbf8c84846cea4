import threading

import pytest
from django.utils import timezone

from registry.index.rendered import Rendered
from registry.models import File, Project
from tests.factories import make_file, make_project


def test_a_page_is_rendered_once():
    rendered, calls = Rendered(100), []

    def render():
        calls.append(1)
        return "ünï"

    assert [rendered.page("a", render), rendered.page("a", render)] == ["ünï".encode()] * 2
    assert len(calls) == 1


def test_pages_that_were_not_asked_for_lately_make_room():
    rendered = Rendered(40)
    for of in ("a", "b", "c", "d"):
        rendered.page(of, lambda: "x" * 10)
    rendered.page("a", lambda: "not again")
    rendered.page("e", lambda: "x" * 10)
    assert list(rendered.pages) == ["c", "d", "a", "e"]
    assert rendered.size == 40


def test_a_page_that_would_push_out_many_is_not_kept():
    rendered = Rendered(40)
    assert rendered.page("a", lambda: "x" * 11) == b"x" * 11
    assert not rendered.pages
    assert rendered.size == 0


def test_many_threads_count_right():
    rendered = Rendered(200)

    def ask(first):
        for number in range(300):
            rendered.page((number + first) % 60, lambda: "x" * 10)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rendered.size == sum(map(len, rendered.pages.values())) <= 200


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["html", "json"])
def test_an_index_page_costs_one_query_once_it_was_rendered(client, form, django_assert_num_queries):
    file = make_file(make_project())
    accept = {"html": "text/html", "json": "application/vnd.pypi.simple.v1+json"}[form]
    headers = {"accept": accept, "X-Request-ID": "the-same-id"}
    first = client.get("/simple/sampleproject/", headers=headers)
    with django_assert_num_queries(1):
        again = client.get("/simple/sampleproject/", headers=headers)
    assert file.filename in again.text
    assert (again.content, again.headers) == (first.content, first.headers)


@pytest.mark.django_db
def test_a_project_made_anew_under_the_same_key_has_its_own_page(client):
    """As after a backup was restored: the same key and serial, and other files."""
    file = make_file(make_project())
    assert file.filename in client.get("/simple/sampleproject/").text
    File.objects.all().delete()
    Project.objects.update(created_at=timezone.now())
    assert file.filename not in client.get("/simple/sampleproject/").text
