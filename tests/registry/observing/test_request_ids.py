"""One id for each request, in its answer, its log lines and its error page."""

import io
import json
import logging

import pytest
from django.urls import path

from registry.observing import request_ids
from registry.observing.logs import JsonFormatter
from tests.factories import make_project
from tokens import secrets

GIVEN = "4bf92f3577b34da6"


def fails(request):
    """A view that breaks."""
    raise RuntimeError("it broke")


urlpatterns = [path("fails", fails)]
handler500 = "registry.pages.errors.server_error"


def test_every_answer_has_an_id_of_its_own(client):
    first, second = (client.get("/healthz")["X-Request-ID"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_a_proxy_may_give_the_id(client):
    assert client.get("/healthz", headers={"X-Request-ID": GIVEN})["X-Request-ID"] == GIVEN


@pytest.mark.parametrize(
    "given",
    [
        "short",
        "x" * 65,
        'a"quote-in-it',
        "a line\nbreak",
        "ünicode-letters",
        pytest.param(secrets.new("api"), id="a-token"),  # no two processes would name it alike
    ],
)
def test_what_is_no_id_is_not_repeated(client, given):
    assert len(client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_error_pages_say_it_to_people_and_to_programs(client):
    page = client.get("/nowhere", headers={"X-Request-ID": GIVEN})
    assert f"<code>{GIVEN}</code>" in page.content.decode()
    answer = client.get("/nowhere", headers={"X-Request-ID": GIVEN, "Accept": "application/json"})
    assert answer.json()["request_id"] == GIVEN


@pytest.mark.urls("tests.registry.observing.test_request_ids")
def test_the_log_of_a_request_that_failed_has_it_too(client, caplog):
    client.raise_request_exception = False
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger("django.request").addHandler(handler)
    try:
        answer = client.get("/fails", headers={"X-Request-ID": GIVEN, "Accept": "application/json"})
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert answer.status_code == 500
    assert answer.json()["request_id"] == GIVEN
    line = json.loads(stream.getvalue())
    assert (line["request_id"], line["level"]) == (GIVEN, "ERROR")
    assert "it broke" in line["exception"]


def test_outside_a_request_there_is_none():
    assert request_ids.current() == ""
    record = logging.LogRecord("somewhere", logging.INFO, __file__, 1, "a %s", ("word",), None)
    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "a word"
    assert "request_id" not in line


@pytest.mark.django_db
def test_pages_carry_it(client):
    make_project("sampleproject")
    assert client.get("/project/sampleproject/")["X-Request-ID"]
