"""Hours that are over are counted once; the dashboard adds them up."""

import datetime

import pytest
from django.utils import timezone

from publishers import uses
from publishers.models import Issuer, Publisher
from tests.factories import make_user
from tokens import dashboard, tallies
from tokens.models import ApiToken, Exchange, Provenance, Tally

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(minute=30, second=0, microsecond=0)


def at(**ago):
    return NOW - datetime.timedelta(**ago)


def exchange(when, outcome="granted", **columns):
    number = Exchange.objects.count()
    return Exchange.objects.create(
        created_at=when,
        outcome=outcome,
        provider=columns.pop("provider", "github"),
        issuer_url="https://issuer.example",
        identity="[]",
        identity_token_id=str(number),
        **columns,
    )


def upload(when):
    return Provenance.objects.create(filename=f"{Provenance.objects.count()}.whl", uploaded_at=when)


def rows():
    return set(Tally.objects.values_list("hour", "what", "provider", "code", "count"))


def hour(**ago):
    return at(**ago).replace(minute=0)


def test_hours_that_are_over_are_counted_by_outcome_provider_and_code():
    for _ in range(3):
        exchange(at(hours=5))
    exchange(at(hours=5), "refused", code="invalid-publisher", provider="gitlab")
    exchange(at(hours=26))
    upload(at(hours=5))
    assert tallies.roll_up() == 4
    assert rows() == {
        (hour(hours=5), "granted", "github", "", 3),
        (hour(hours=5), "refused", "gitlab", "invalid-publisher", 1),
        (hour(hours=26), "granted", "github", "", 1),
        (hour(hours=5), "uploaded", "", "", 1),
    }


def test_an_hour_that_goes_on_is_left_for_later():
    exchange(timezone.now())
    assert tallies.roll_up() == 0


def test_what_was_counted_is_not_counted_again_and_what_is_new_is():
    exchange(at(hours=8))
    tallies.roll_up()
    exchange(at(hours=4))
    tallies.roll_up()
    tallies.roll_up()
    assert sum(Tally.objects.values_list("count", flat=True)) == 2


def test_counts_outlive_the_exchanges():
    exchange(at(hours=8))
    tallies.roll_up()
    Exchange.objects.all().delete()
    tallies.roll_up()
    assert dashboard.overview().days[-1 if at(hours=8).date() == timezone.now().date() else -2].granted == 1


def test_two_workers_that_count_at_once_store_each_hour_once():
    exchange(at(hours=8))
    found = list(tallies.counts(hour(hours=8), hour(hours=7)))
    tallies.roll_up()
    Tally.objects.bulk_create(
        [Tally(hour=at, what=what, provider=by, code=code, count=n) for at, what, by, code, n in found],
        ignore_conflicts=True,
    )
    assert Tally.objects.count() == 1


def test_a_registry_without_exchanges_has_nothing_to_count():
    assert tallies.roll_up() == 0
    assert tallies.counted_until() is None
    assert not dashboard.overview().is_behind


def test_last_uses_of_publishers_are_written_down(world):
    other = world.add(world.create("another"))
    exchange(at(hours=6), checks=[{"publisher": world.publisher.pk}])
    exchange(at(hours=9), checks=[{"publisher": world.publisher.pk}, {"publisher": other.pk}])
    exchange(at(hours=3), "refused", checks=[{"publisher": other.pk}])
    tallies.roll_up()
    assert Publisher.objects.get(pk=world.publisher.pk).last_used_at == hour(hours=6)
    assert Publisher.objects.get(pk=other.pk).last_used_at == hour(hours=9)
    assert Publisher.objects.get(pk=world.publisher.pk).generation == world.publisher.generation


def test_last_uses_of_an_issuers_keys_are_written_down_by_the_hour_and_asked_for_before(world):
    issuer = world.issuer
    [known] = issuer.keys
    columns = {"issuer": issuer, "key_id": known}
    exchange(at(hours=9), **columns)
    exchange(at(hours=6), "refused", **columns)
    exchange(at(hours=6), issuer=issuer, key_id="long gone")
    tallies.roll_up()
    issuer.refresh_from_db()
    assert issuer.key_uses == {known: at(hours=6).isoformat()}
    assert uses.key_uses(issuer) == {known: at(hours=6)}
    latest = exchange(timezone.now(), **columns)  # its hour is not over
    assert uses.key_uses(issuer) == {known: latest.created_at}
    assert not Issuer.objects.exclude(pk=issuer.pk).exclude(key_uses={}).exists()


def test_uses_of_keys_never_go_back(world):
    issuer = world.issuer
    [known] = issuer.keys
    for hours in (3, 5):
        uses.note_key_uses(issuer.pk, {known: at(hours=hours)})
    issuer.refresh_from_db()
    assert uses.key_uses(issuer) == {known: at(hours=3)}
    uses.note_key_uses(0, {known: at(hours=1)})  # an issuer that was removed meanwhile


def test_the_overview_adds_up_days_providers_and_codes():
    exchange(at(days=2))
    exchange(at(days=2), "refused", code="invalid-publisher")
    tallies.roll_up()
    exchange(timezone.now(), provider="gitlab")  # its hour is not over
    overview = dashboard.overview()
    assert len(overview.days) == 30
    (day,) = (day for day in overview.days if day.date == at(days=2).date())
    assert (day.granted, day.refused) == (1, 1)
    assert overview.days[-1].granted == 1
    assert {share.name: share.total for share in overview.providers} == {"github": 2, "gitlab": 1}
    assert [(share.name, share.total) for share in overview.codes] == [("invalid-publisher", 1)]


def test_it_says_so_when_nobody_counts():
    exchange(at(days=2))
    assert dashboard.overview().is_behind
    tallies.roll_up()
    exchange(timezone.now())
    assert not dashboard.overview().is_behind, "two days without an exchange are no failure"
    exchange(at(hours=9))
    assert dashboard.overview().is_behind


def test_what_wants_to_be_looked_at_is_counted_and_can_be_listed(world, client):
    admin = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(admin)
    long_ago = at(days=100)
    world.publisher.values = {**world.publisher.values, "environment": "pypi"}
    world.publisher.save()
    loose = world.add(world.create("loose"))
    old = world.add(world.create("old"), values={"ref": "refs/tags/v*"})
    Publisher.objects.filter(pk=old.pk).update(created_at=long_ago, last_used_at=long_ago)
    waiting = world.add("waiting", values={"environment": "pypi"})
    Publisher.objects.filter(pk=waiting.pk).update(created_at=at(days=28))
    ApiToken.objects.create(digest="x", username="alice", name="old laptop", publishers_told_at=NOW)
    found = {concern.words: concern for concern in dashboard.concerns(admin)}
    assert {words: concern.shown for words, concern in found.items()} == {
        "publishers that nothing narrows": "1",
        "publishers not used for 90 days": "1",
        "pending publishers that expire soon": "1",
        "API tokens that upload to projects with trusted publishers": "1",
    }
    for concern, row in zip(found.values(), (loose, old, waiting), strict=False):
        page = client.get(concern.url)
        assert [publisher.pk for publisher in page.context["cl"].result_list] == [row.pk]
    assert "old laptop" in client.get([*found.values()][-1].url).content.decode()


def test_the_front_page_shows_it_and_leads_to_the_lists(world, client):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    exchange(at(days=2))
    exchange(at(days=2), "refused", code="invalid-publisher")
    tallies.roll_up()
    world.issuer.refresh_error = "did not answer"
    world.issuer.save()
    page = client.get("/admin/")
    text = page.content.decode()
    assert f"{at(days=2):%Y-%m-%d}: 1 granted, 1 refused" in text
    assert "did not answer" in text
    day = next(day for day in dashboard.overview().days if day.granted)
    assert client.get(day.exchanges_url()).context["cl"].result_count == 2
    assert client.get(dashboard.overview().codes[0].url).context["cl"].result_count == 1
    assert client.get(day.uploads_url()).status_code == 200


def test_staff_see_only_what_they_may(client, world):
    client.force_login(make_user("helper", is_staff=True))
    text = client.get("/admin/").content.decode()
    assert "Exchanges in" not in text
    assert "nothing narrows" not in text


def test_the_front_page_asks_the_database_as_often_with_much_as_with_little(
    world, client, django_assert_max_num_queries
):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    for number in range(40):
        exchange(at(hours=number * 3), provider=["github", "gitlab"][number % 2])
    tallies.roll_up()
    with django_assert_max_num_queries(14):
        client.get("/admin/")
