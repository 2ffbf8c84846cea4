"""``/manage/project/NAME/exchanges/``."""

import datetime

import pytest
from django.utils import timezone

from publishers.models import Publisher
from registry.models import Event, Project
from tests.factories import make_user
from tests.registry.uploads import making
from tests.tokens.pages.conftest import text_of
from tests.tokens.test_exchange import mint
from tokens.models import Exchange

LIST = "/manage/project/sampleproject/exchanges/"


def shown(gate, query="", name="alice", status=200):
    answer = gate.as_(name).get(f"{LIST}{query}")
    assert answer.status_code == status, answer.content
    return text_of(answer)


# -- who -----------------------------------------------------------------------------------------------------------


def test_a_stranger_signs_in_first(gate, client):
    answer = client.get(LIST)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={LIST}")


@pytest.mark.parametrize(("name", "status"), [("alice", 200), ("carol", 200), ("bob", 404)])
def test_who_has_a_role_sees_it(gate, name, status):
    shown(gate, name=name, status=status)


def test_nothing_is_changed_there(gate):
    assert gate.as_("alice").post(LIST).status_code == 405


# -- what ----------------------------------------------------------------------------------------------------------


def test_an_empty_list_teaches(gate):
    page = shown(gate)
    assert "No exchange yet" in page
    assert "uv publish --publish-url https://localhost:8443/legacy/ --trusted-publishing always" in page


def test_it_shows_granted_and_refused_ones_the_newest_first(gate):
    gate.narrow(environment="pypi")
    gate.exchange(environment="pypi")
    refused = gate.exchange(environment="staging")
    page = shown(gate)
    table = page[page.index("<tbody>") :]
    assert table.index("Refused") < table.index("Granted")
    assert f'href="{refused.pk}/"' in page
    assert "<code>environment</code> is <code>staging</code>, not <code>pypi</code>." in page
    assert "octo-org/sampleproject · release.yml · environment pypi" in page
    assert "invalid-publisher" in page


def test_it_says_how_often_a_token_was_sent_again(gate, client):
    token = gate.world.token()
    for _ in range(3):
        mint(client, token)
    assert "Sent again 2 times" in shown(gate)


def test_other_projects_exchanges_are_not_there(gate):
    gate.world.publisher.delete()
    gate.world.add(gate.world.create("another"))
    gate.exchange()
    assert "No exchange yet" in shown(gate)


def test_the_exchange_that_created_the_project_stands_in_its_list(gate, client):
    Publisher.objects.all().delete()
    gate.world.add("brand-new")
    token = mint(client, gate.world.token()).json()["token"]
    fields = making.form(making.wheel("brand-new"), "brand_new-1.0-py3-none-any.whl")
    assert client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    exchange = Exchange.objects.get()
    page = text_of(gate.as_("alice").get("/manage/project/brand-new/exchanges/"))
    assert f'href="{exchange.pk}/"' in page
    line = Event.objects.get(tag="project:oidc:exchange-granted")
    assert (line.project, line.time) == (Project.objects.get(name="brand-new"), exchange.created_at)


def test_one_that_is_no_longer_kept_is_still_listed(gate):
    gate.exchange()
    Exchange.objects.all().delete()
    page = shown(gate)
    assert "Granted" in page
    assert "No longer kept" in page


# -- filters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "granted", "refused"),
    [
        ("", 1, 1),
        ("?outcome=granted", 1, 0),
        ("?outcome=refused", 0, 1),
        ("?code=invalid-publisher", 0, 1),
        ("?code=invalid-pending-publisher", 0, 0),
        ("?code=invalid-token", 0, 0),
        ("?publisher=OWN", 1, 1),
        ("?publisher=987654321", 0, 0),
        ("?since=TODAY&until=TODAY", 1, 1),
        ("?since=TOMORROW", 0, 0),
        ("?until=YESTERDAY", 0, 0),
        ("?until=9999-12-31", 1, 1),
        ("?page=2", 0, 0),
        # What is wrong narrows nothing, and is said.
        ("?outcome=lost", 1, 1),
        ("?publisher=x", 1, 1),
        ("?publisher=99999999999999999999999", 1, 1),
        ("?publisher=%00", 1, 1),
        ("?since=yesterday", 1, 1),
        ("?since=0001-01-01&until=0000", 1, 1),
        ("?code=%00&page=-1", 1, 1),
    ],
)
def test_it_is_narrowed(gate, query, granted, refused):
    gate.narrow(environment="pypi")
    gate.exchange(environment="pypi")
    gate.exchange(environment="staging")
    today = timezone.now().date()
    words = {
        "OWN": str(gate.world.publisher.pk),
        "TODAY": str(today),
        "TOMORROW": str(today + datetime.timedelta(days=1)),
        "YESTERDAY": str(today - datetime.timedelta(days=1)),
    }
    for word, value in words.items():
        query = query.replace(word, value)
    page = shown(gate, query)
    chips = (page.count('class="chip good"'), page.count('class="chip bad"'))
    assert chips == (granted, refused)


def test_a_wrong_filter_is_said_beside_its_field(gate):
    gate.exchange()
    assert "Enter a valid date." in shown(gate, "?since=yesterday")


# -- many ----------------------------------------------------------------------------------------------------------


def test_long_lists_are_paged_and_cost_few_queries(gate, django_assert_max_num_queries):
    gate.narrow(environment="pypi")
    for _ in range(3):
        gate.exchange(environment="staging")
    original, line = Exchange.objects.all()[0], Event.objects.filter(tag="project:oidc:exchange-refused")[0]
    for number in range(30):
        copy = Exchange(
            **{
                field.attname: getattr(original, field.attname)
                for field in Exchange._meta.concrete_fields
                if field.name not in {"id", "identity_token_id"}
            },
            identity_token_id=str(number),
        )
        copy.save(force_insert=True)
        Event(tag=line.tag, project=line.project, actor_name=line.actor_name, details={"exchange": str(copy.pk)}).save()
    client = gate.as_("alice")
    with django_assert_max_num_queries(10):
        first = client.get(LIST)
    assert text_of(first).count('class="chip bad"') == 12
    assert len(first.content) < 25_000
    assert "?page=2" in text_of(first)
    assert text_of(client.get(f"{LIST}?page=3&outcome=refused")).count('class="chip bad"') == 9


def test_another_users_project_of_that_name_in_other_letters_is_the_same(gate):
    make_user("dave")
    assert gate.as_("alice").get("/manage/project/SampleProject/exchanges/")["Location"] == LIST
