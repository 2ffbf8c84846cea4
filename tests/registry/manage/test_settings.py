"""What owners set of a project, and its end."""

import pytest
from django.test import Client
from post_office.models import Email

from publishers.models import Issuer, Publisher
from registry.deletion import delete_project
from registry.manage import settings
from registry.models import Project, RetiredName, User
from registry.options import InQuarantine, set_as_owner
from tests.factories import TESTER, make_file
from tests.registry.manage.conftest import by_alice, said

pytestmark = pytest.mark.django_db

PAGE = "/manage/project/sample-project/settings/"
DELETE = f"{PAGE}delete/"


def test_options_are_saved_with_events_and_a_mail(owner: Client, project: Project):
    Email.objects.all().delete()
    answer = owner.post(PAGE, {"trusted_publishing_only": "on", "status": "deprecated"}, follow=True)
    assert said(answer) == "The settings are saved."
    project.refresh_from_db()
    assert (project.trusted_publishing_only, project.status) == (True, "deprecated")
    assert {event.tag for event in by_alice()} == {
        "project:trusted_publishing_only:change",
        "project:deprecate:enter",
    }
    assert [mail.to for mail in Email.objects.all()] == [["alice@example.com"]]


def test_what_does_not_change_leaves_no_event(owner: Client):
    assert owner.post(PAGE, {"status": "active"}).status_code == 302
    assert by_alice() == []


@pytest.mark.parametrize("status", ["quarantined", "", "free", "\0"])
def test_an_unknown_status_comes_back_with_a_sentence(owner: Client, project: Project, status: str):
    answer = owner.post(PAGE, {"trusted_publishing_only": "on", "status": status})
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["status"])
    project.refresh_from_db()
    assert (project.trusted_publishing_only, project.status) == (False, "active")


def test_a_quarantine_is_shown_and_stays(owner: Client, project: Project):
    Project.objects.update(status="quarantined")
    page = owner.get(PAGE).content.decode()
    assert "Only an administrator ends it." in page
    assert 'name="status"' not in page
    owner.post(PAGE, {"trusted_publishing_only": "on", "status": "active"})
    project.refresh_from_db()
    assert (project.trusted_publishing_only, project.status) == (True, "quarantined")
    assert owner.get(DELETE).status_code == owner.post(DELETE, {"typed": project.name}).status_code == 403


def test_a_quarantine_that_began_a_moment_ago_is_not_ended(project: Project):
    Project.objects.update(status="quarantined")
    with pytest.raises(InQuarantine):
        set_as_owner(project, TESTER, status="active")


def test_a_project_that_is_deleted_meanwhile_is_not_there(owner: Client, project: Project, monkeypatch):
    def late(*args, **wanted):
        delete_project(project, TESTER)
        return set_as_owner(*args, **wanted)

    monkeypatch.setattr(settings, "set_as_owner", late)
    answer = owner.post(PAGE, {"status": "archived"})
    assert answer.status_code == 404
    assert b"was deleted meanwhile" in answer.content


def test_a_project_is_deleted_when_its_name_is_typed(owner: Client, project: Project, alice: User):
    make_file(project, "1.0")
    make_file(project, "1.1")
    values = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
    Publisher.objects.create(issuer=Issuer.objects.get(provider="github"), project=project, values=values)
    page = " ".join(owner.get(DELETE).content.decode().split())
    assert "2 releases with 2 files (" in page
    assert "1 trusted publisher and the roles of 2 people will go" in page
    assert "The project's name stays with its last owners" in page
    answer = owner.post(DELETE, {"typed": "sample-project"})
    assert answer.context["form"].errors["typed"] == ["This is not Sample.Project."]
    answer = owner.post(DELETE, {"typed": "Sample.Project"}, follow=True)
    assert (said(answer), answer.redirect_chain[-1][0]) == ("Sample.Project is deleted.", "/manage/projects/")
    assert not Project.objects.exists()
    assert list(RetiredName.objects.get().last_owners.all()) == [alice]
    assert by_alice(tag="project:remove")[0].project_name == "sample-project"
    assert owner.post(DELETE, {"typed": "Sample.Project"}).status_code == 404
