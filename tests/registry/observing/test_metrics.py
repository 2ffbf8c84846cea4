"""``/metrics``: who may read it, and what it says."""

import re

import pytest
from django.core.mail import EmailMessage

from registry import outbox
from registry.observing import metrics
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def samples(client) -> dict[str, float]:
    """Each line of ``/metrics``, by its name with labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_machine_itself_may_read_it_in_prometheus_format(client):
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer["Cache-Control"] == "no-store"
    assert "# TYPE gatehouse_requests_total counter" in answer.content.decode()


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "2001:db8::1", ""])
def test_other_addresses_may_not(client, address):
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 403
    assert "METRICS_ALLOWED" in answer.content.decode()
    assert b"gatehouse_" not in answer.content


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_an_unknown_proxy_passes_on_does_not_come_from_its_address(client, header):
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_behind_a_trusted_proxy_the_clients_address_counts(settings):
    settings.TRUSTED_PROXIES, settings.METRICS_ALLOWED = ["127.0.0.1"], ["10.1.0.0/16"]
    from django.test import Client

    client = Client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3, 203.0.113.9"}).status_code == 403


def test_it_is_read_only_and_speaks_to_any_host_name(client):
    assert client.post("/metrics").status_code == 405
    assert client.get("/metrics", headers={"Host": "10.0.0.7:9090"}).status_code == 200


def test_requests_count_by_route_not_by_path(client):
    make_project("sampleproject")
    name = 'gatehouse_requests_total{method="GET",route="project/<str:name>/",status="200"}'
    before = samples(client).get(name, 0)
    for _ in range(3):
        client.get("/project/sampleproject/")
    after = samples(client)
    assert after[name] - before == 3
    assert after['gatehouse_request_seconds_count{route="project/<str:name>/"}'] >= 3


def test_paths_and_methods_that_anybody_makes_up_make_no_new_series(client):
    client.get("/nowhere")
    client.generic("BREW", "/nowhere")
    before = set(samples(client))
    for number in range(20):
        client.get(f"/nowhere/{number}")
        client.generic(f"BREW{number}", "/nowhere")
    assert set(samples(client)) == before


def test_uploads_count_by_status(client):
    name = 'gatehouse_uploads_total{status="403"}'
    before = samples(client).get(name, 0)
    client.post("/legacy/", {":action": "file_upload"})
    assert samples(client)[name] - before == 1


def test_the_outbox_says_how_many_mails_wait(client):
    outbox.put([EmailMessage("Hello", "text", to=["alice@example.com"])] * 3)
    assert samples(client)["gatehouse_mails_waiting"] == 3.0
    assert samples(client)["gatehouse_mails_late_seconds"] >= 0


def test_a_database_that_is_away_leaves_the_counts_readable(client, monkeypatch, caplog):
    def away():
        yield from map(int, ["the database is away"])

    monkeypatch.setattr(metrics, "_readings", [away])
    assert "gatehouse_requests_total" in client.get("/metrics").content.decode()
    assert "the database is away" in caplog.text


def test_no_name_or_label_holds_what_a_client_sent(client):
    client.get("/simple/sesame-project/?token=gth_api_sesame")
    assert not re.search("sesame", client.get("/metrics").content.decode())
