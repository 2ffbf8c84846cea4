"""``/manage/account/token/``: the list, creating, revoking."""

import datetime
import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from publishers.models import Issuer, Publisher
from registry.deletion import delete_project
from registry.models import Event, Project
from registry.options import set_options
from registry.roles import remove_role
from tests.factories import TESTER, make_project, make_user
from tests.tokens.pages.conftest import text_of
from tokens import secrets
from tokens.creating import create_api_token
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db

LIST = "/manage/account/token/"
ADD = f"{LIST}add/"


@pytest.fixture
def alice():
    return make_user("alice")


@pytest.fixture
def project(alice):
    return make_project("sampleproject", alice)


@pytest.fixture
def browser(alice):
    client = Client()
    client.force_login(alice)
    return client


def key_of(browser):
    return re.findall(r'name="key" value="([0-9a-f-]+)"', browser.get(ADD).content.decode())[0]


def form(browser, **changes):
    filled = {
        "name": "laptop",
        "scopes": ["upload"],
        "reach": "named",
        "projects": ["sampleproject"],
        "expiry": "30",
        "key": key_of(browser),
        **changes,
    }
    return {name: value for name, value in filled.items() if value is not None}


def secret_in(answer):
    return re.findall(r"gth_api_[0-9A-Za-z]{49}", answer.content.decode())[0]


# -- who -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIST, ADD, f"{LIST}1/revoke/"])
def test_a_stranger_signs_in_first(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={path}")


@pytest.mark.parametrize(
    ("method", "path"), [("get", ADD), ("post", ADD), ("get", "REVOKE"), ("post", "REVOKE")], ids=str
)
def test_a_change_needs_a_second_factor(browser, alice, settings, method, path):
    settings.REQUIRE_2FA = True
    create_api_token(alice, name="old", scopes=["read"], actor=TESTER)
    token = ApiToken.objects.get()
    answer = getattr(browser, method)(f"{LIST}{token.pk}/revoke/" if path == "REVOKE" else path)
    assert (answer.status_code, answer["Location"]) == (302, "/account/2fa/")
    assert ApiToken.objects.get().revoked_at is None


def test_the_list_alone_needs_none(browser, settings):
    settings.REQUIRE_2FA = True
    assert browser.get(LIST).status_code == 200


@pytest.mark.parametrize("token", ["OTHERS", "0", "99999999999999999999999"])
def test_another_users_token_is_not_there(browser, token):
    create_api_token(make_user("bob"), name="bobs", scopes=["read"], actor=TESTER)
    pk = str(ApiToken.objects.get().pk) if token == "OTHERS" else token
    assert browser.post(f"{LIST}{pk}/revoke/").status_code == 404
    assert ApiToken.objects.get().revoked_at is None
    assert "bobs" not in text_of(browser.get(LIST))


# -- creating ------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_in_the_answer_to_the_form(browser, project, caplog):
    answer = browser.post(ADD, form(browser))
    text = secret_in(answer)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    token = ApiToken.objects.get(digest=secrets.digest(text))
    assert (token.name, token.scopes, token.limited, list(token.projects.all())) == (
        "laptop",
        ["upload"],
        True,
        [project],
    )
    assert token.expires_at is not None
    assert abs(token.expires_at - timezone.now() - datetime.timedelta(days=30)) < datetime.timedelta(minutes=1)
    for told in (caplog.text, text_of(browser.get(LIST)), json.dumps(dict(browser.session)), str(browser.cookies)):
        assert text not in told
        assert secrets.digest(text) not in told


def test_it_leaves_its_events(browser, alice, project):
    answer = browser.post(ADD, form(browser))
    token = ApiToken.objects.get()
    added, shared = Event.objects.filter(tag__contains="api_token").order_by("tag")
    assert (added.tag, added.user, added.actor) == ("account:api_token:added", alice, alice)
    assert added.details["projects"] == ["sampleproject"]
    assert (shared.tag, shared.project) == ("project:api_token:added", project)
    assert shared.details == {"token": token.pk, "name": "laptop", "username": "alice", "scopes": ["upload"]}
    assert secret_in(answer) not in json.dumps([added.details, shared.details])


def test_a_form_that_is_sent_again_creates_no_second_token(browser, project):
    filled = form(browser)
    text = secret_in(browser.post(ADD, filled))
    again = browser.post(ADD, filled, follow=True)
    assert again.redirect_chain == [(LIST, 302)]
    assert "This form was sent before, and created the token “laptop”." in text_of(again)
    assert text not in text_of(again)
    assert ApiToken.objects.count() == 1
    assert browser.post(ADD, form(browser)).status_code == 200
    assert ApiToken.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_forms_at_the_same_moment_one_creates_the_token(browser, alice, project):
    filled, start = form(browser), Barrier(4)

    def send(_number):
        client = Client()
        client.cookies = browser.cookies
        start.wait()
        try:
            return client.post(ADD, filled).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [200, 302, 302, 302]
    assert ApiToken.objects.count() == 1
    assert Event.objects.filter(tag="account:api_token:added").count() == 1


def test_one_users_form_key_stops_nobody_else(browser, project):
    filled = form(browser)
    other = Client()
    other.force_login(make_user("bob"))
    other.post(ADD, {**filled, "reach": "all", "projects": []})
    assert browser.post(ADD, filled).status_code == 200
    assert ApiToken.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a" * 101}, "at most 100 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"name": "a\x1bb"}, "Control characters are not allowed."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "everything is not one of the available choices"),
        ({"reach": "some"}, "some is not one of the available choices"),
        ({"reach": "all"}, "You named projects. Take only those, or name none."),
        ({"projects": []}, "Name at least one project."),
        ({"projects": ["of-bob"]}, "of-bob is not one of the available choices"),
        ({"projects": ["\x00"]}, "is not one of the available choices"),
        ({"expiry": "never", "scopes": ["manage"]}, "A token that manages expires within 90 days."),
        ({"expiry": "365", "scopes": ["manage"]}, "expires after 1 to 90 days, not after 365."),
        ({"expiry": "1000000000"}, "1000000000 is not one of the available choices"),
        ({"key": "x"}, "This form is not whole. Open it anew."),
        ({"key": None}, "This form is not whole. Open it anew."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(browser, project, changes, sentence):
    make_project("of-bob", make_user("bob"))
    answer = browser.post(ADD, form(browser, **changes))
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    if "name" not in changes:
        assert 'value="laptop"' in text_of(answer)
    assert not ApiToken.objects.exists()


def test_all_projects_are_warned_of(browser, project):
    page = text_of(browser.post(ADD, form(browser, reach="all", projects=[])))
    assert "It may publish all your projects, and create new ones." in page
    token = ApiToken.objects.get()
    assert (token.limited, token.projects.count()) == (False, 0)
    assert "all your projects" in text_of(browser.get(LIST))


def test_who_has_a_trusted_publisher_is_told_that_it_does_without(browser, project):
    assert "has a trusted publisher" not in text_of(browser.get(ADD))
    Publisher.objects.create(
        issuer=Issuer.objects.get(provider="github"),
        project=project,
        values={"owner": "o", "repository": "r", "workflow_filename": "w.yml"},
    )
    assert "sampleproject has a trusted publisher: a CI job publishes there" in text_of(browser.get(ADD))
    assert "its CI job publishes without this token" in text_of(browser.post(ADD, form(browser)))
    assert "without this token" not in text_of(browser.post(ADD, form(browser, scopes=["download"])))


def test_a_project_that_takes_no_api_token_says_so(browser, project):
    set_options(project, TESTER, trusted_publishing_only=True)
    assert "sampleproject (takes uploads by trusted publishing only)" in text_of(browser.get(ADD))
    assert "this token cannot upload there" in text_of(browser.post(ADD, form(browser)))


def test_many_projects_are_named_in_a_text(browser, alice, django_assert_max_num_queries):
    for number in range(70):
        make_project(f"tool-{number}", alice)
    with django_assert_max_num_queries(10):
        answer = browser.get(ADD)
    assert len(answer.content) < 20_000
    wrong = browser.post(ADD, form(browser, projects="Tool_1, nothing"))
    assert "You have no project nothing." in text_of(wrong)
    assert "Tool_1, nothing" in text_of(wrong)
    browser.post(ADD, form(browser, projects="Tool_1, tool-2\ntool.2"))
    assert {one.name for one in ApiToken.objects.get().projects.all()} == {"tool-1", "tool-2"}


# -- the list ------------------------------------------------------------------------------------------------------


def test_an_empty_list_teaches(browser):
    page = text_of(browser.get(LIST))
    assert "Try trusted publishing first" in page
    assert f'href="{ADD}"' in page


def test_it_says_of_each_what_it_opens_and_how_it_is(browser, alice, project):
    for name, columns in {
        "live-one": {"last_used_at": timezone.now() - datetime.timedelta(days=3)},
        "expired-one": {"expires_at": timezone.now() - datetime.timedelta(days=1)},
    }.items():
        create_api_token(alice, name=name, scopes=["upload", "read"], projects=[project], actor=TESTER)
        ApiToken.objects.filter(name=name).update(**columns)
    page = text_of(browser.get(LIST))
    assert page.index("live-one") < page.index("expired-one")
    for text in ("3 days ago", "Expired", "Live", ">upload<", ">read<", 'href="/project/sampleproject/"'):
        assert text in page
    assert page.count("/revoke/") == 1


def test_a_limited_token_whose_project_is_gone_says_so(browser, alice, project):
    create_api_token(alice, name="left", scopes=["upload"], projects=[project], actor=TESTER)
    project.delete()
    assert "no project any more" in text_of(browser.get(LIST))


def test_a_long_list_is_paged_and_costs_few_queries(browser, alice, project, django_assert_max_num_queries):
    for number in range(60):
        create_api_token(alice, name=f"token-{number}", scopes=["upload"], projects=[project], actor=TESTER)
    with django_assert_max_num_queries(10):
        answer = browser.get(LIST)
    assert len(answer.content) < 20_000
    assert "?page=2" in text_of(answer)
    assert "token-0<" in text_of(browser.get(f"{LIST}?page=5"))


# -- revoking ------------------------------------------------------------------------------------------------------


def test_a_token_is_revoked_after_a_page_that_says_what_ends(browser, alice, project):
    text = create_api_token(alice, name="old", scopes=["upload"], projects=[project], actor=TESTER)
    token, header = ApiToken.objects.get(), {"Authorization": f"Bearer {text}"}
    path = f"{LIST}{token.pk}/revoke/"
    page = text_of(browser.get(path))
    assert "This token opens upload of 1 project, and was never used." in page
    assert ApiToken.objects.get().is_live()
    answer = browser.post(path, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "The token “old” was revoked." in text_of(answer)
    assert "revoked by its user" in text_of(answer)
    assert Client().post("/legacy/", {}, headers=header).status_code == 403
    assert "was revoked already" in text_of(browser.post(path, follow=True))
    removed = Event.objects.get(tag="account:api_token:removed")
    assert (removed.user, removed.actor) == (alice, alice)
    assert Event.objects.get(tag="project:api_token:removed").project == project
    assert not Email.objects.filter(subject__contains="revoked").exists()


def test_who_lost_the_role_cannot_have_a_token_for_it(browser, alice, project):
    make_project("another", alice)
    project.roles.create(user=make_user("bob"), role="owner")
    filled = form(browser)
    remove_role(project, alice, actor=TESTER)
    assert "sampleproject is not one of the available choices" in text_of(browser.post(ADD, filled))
    assert Project.objects.filter(name="sampleproject").exists()


@pytest.mark.django_db(transaction=True)
def test_a_project_that_is_deleted_meanwhile_gets_no_token(browser, alice, project, monkeypatch):
    """Only the end of the transaction tells: constraints are looked at then."""
    make_project("another", alice)
    filled, new = form(browser), secrets.new

    def late(kind):
        delete_project(project, TESTER)
        return new(kind)

    monkeypatch.setattr(secrets, "new", late)
    answer = browser.post(ADD, filled)
    assert answer.status_code == 200
    assert "has no role in the project" in text_of(answer)
    assert not ApiToken.objects.exists()
