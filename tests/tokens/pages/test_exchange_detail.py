"""``/manage/project/NAME/exchanges/ID/``: what a project is told, and what strangers' registries keep from it."""

import pytest
from django.utils import timezone
from post_office.models import Email

from publishers.models import Publisher
from tests.registry.uploads import making
from tests.tokens.pages.conftest import text_of
from tests.tokens.test_exchange import mint
from tokens.models import Exchange


def path_of(exchange, project="sampleproject"):
    return f"/manage/project/{project}/exchanges/{exchange.pk}/"


def shown(gate, exchange, name="alice"):
    answer = gate.as_(name).get(path_of(exchange))
    assert answer.status_code == 200, answer.content
    return text_of(answer)


@pytest.mark.parametrize(("name", "status"), [("alice", 200), ("carol", 200), ("bob", 404)])
def test_who_has_a_role_sees_it(gate, name, status):
    assert gate.as_(name).get(path_of(gate.exchange())).status_code == status


def test_a_stranger_signs_in_first(gate, client):
    assert client.get(path_of(gate.exchange())).status_code == 302


@pytest.mark.parametrize("wrong", ["not-an-id", "0" * 36, "239ec3a0-ae18-4994-81cc-6e77fc5642f3"])
def test_what_is_not_there_is_a_404(gate, wrong):
    assert gate.as_("alice").get(f"/manage/project/sampleproject/exchanges/{wrong}/").status_code == 404


def test_another_projects_exchange_is_a_404(gate):
    gate.world.create("another")
    exchange = gate.exchange()
    assert gate.as_("alice").get(path_of(exchange, "another")).status_code == 404


def test_a_refusal_shows_what_differed_first_and_what_to_change(gate):
    gate.narrow(environment="pypi")
    page = shown(gate, gate.exchange(environment="staging"))
    assert "An upload token was refused" in page
    assert "This token comes from environment <code>staging</code> (claim <code>environment</code>)." in page
    table = page[page.index("<tbody>") :]
    assert table.index("<code>environment</code>") < table.index("<code>repository_owner</code>")
    assert "differs" in table
    assert "agrees" in table
    for text in ("refs/heads/main", "127.0.0.1"):
        assert text in page


def test_a_granted_one_shows_what_was_uploaded_with_it(gate, client):
    token = mint(client, gate.world.token()).json()["token"]
    filename = "sampleproject-1.0-py3-none-any.whl"
    form = making.form(making.wheel("sampleproject"), filename)
    assert client.post("/legacy/", form, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    page = shown(gate, Exchange.objects.get())
    assert "An upload token was granted" in page
    assert f'<a href="/project/sampleproject/1.0/">{filename}</a>' in page
    assert "Trusts this token" in page
    assert token not in page


def test_the_mail_of_a_refusal_leads_there(gate):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="staging")
    mail = Email.objects.get(subject__contains="refused")
    assert f"https://localhost:8443{path_of(exchange)}" in mail.message


def test_what_is_said_is_escaped(gate):
    gate.narrow(environment="pypi")
    page = shown(gate, gate.exchange(environment="<b>`x`</b>"))
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_a_page_costs_few_queries(gate, django_assert_max_num_queries):
    for number in range(30):
        gate.world.add(gate.world.project, values={"environment": f"env-{number}"})
    gate.narrow(environment="pypi")
    exchange, client = gate.exchange(environment="staging"), gate.as_("alice")
    with django_assert_max_num_queries(10):
        client.get(path_of(exchange))


@pytest.mark.parametrize(
    ("signup_open", "uploaded", "another", "values", "context"),
    [
        (False, False, False, True, True),
        (False, False, True, False, True),
        (True, False, False, False, False),
        (True, True, False, True, True),
        (True, True, True, False, False),
    ],
    ids=["closed", "closed, other ids", "open", "open, uploaded", "open, uploaded, other ids"],
)
def test_what_is_shown_where_strangers_may_register(gate, settings, signup_open, uploaded, another, values, context):
    settings.SIGNUP_OPEN = signup_open
    gate.narrow(environment="pypi")
    Publisher.objects.update(first_upload_at=timezone.now() if uploaded else None)
    ids = {"repository_id": "4711"} if another else {}
    workflow = "octo-org/sampleproject/.github/workflows/release.yml@refs/heads/side"
    refs = {"ref": "refs/heads/side", "workflow_ref": workflow, "job_workflow_ref": workflow}
    page = shown(gate, gate.exchange(environment="staging-area", **refs, **ids))
    assert ("staging-area" in page) is values
    assert ("refs/heads/side" in page) is context
    assert ("127.0.0.1" in page) is context
    assert ("Strangers may register here" in page) is not context
    assert "4711" not in page
    assert ("<code>pypi</code>" in page) is not another
    assert ("is not the registered id" in page) is another


def test_other_projects_and_their_publishers_are_not_named(gate):
    gate.world.add(gate.world.create("hush-hush"), values={"environment": "theirs"})
    gate.narrow(environment="pypi")
    page = shown(gate, gate.exchange(environment="staging"))
    assert "hush-hush" not in page
    assert "theirs" not in page


def test_one_that_failed_for_others_sake_says_so(gate, client):
    gate.world.create("hush-hush")
    mint(client, gate.world.token(), projects=["sampleproject", "hush-hush"])
    page = shown(gate, Exchange.objects.get())
    assert "The job asked for other projects too" in page
    assert "hush-hush" not in page


@pytest.mark.parametrize("signup_open", [False, True])
def test_a_forbidden_event_is_named_only_in_context(gate, settings, signup_open):
    settings.SIGNUP_OPEN = signup_open
    page = shown(gate, gate.exchange(event_name="pull_request_target"))
    assert ("pull_request_target" in page) is not signup_open
    assert ("Jobs that were started in this way never get one" in page) is signup_open


def test_a_publisher_that_is_gone_is_still_shown_without_fixes(gate):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="staging")
    gate.world.publisher.delete()
    page = shown(gate, exchange)
    assert "Removed since" in page
    assert "If the job is yours" not in page


def test_an_issuer_that_is_gone_or_reads_otherwise_breaks_nothing(gate):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="staging")
    Exchange.objects.update(claims={})
    assert "expects <code>environment</code> to be <code>pypi</code>; the token says" in shown(gate, exchange)
    Exchange.objects.update(issuer=None, checks=[{**exchange.checks[0], "fields": {"odd": 1}}])
    assert "staging" in shown(gate, exchange)
