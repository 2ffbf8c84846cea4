"""What is said before something is deleted: in numbers, and by whose leave."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from publishers.models import Issuer, Publisher
from registry.models import Project, User
from tests.factories import make_file, make_project, make_user

pytestmark = pytest.mark.django_db
FIELDS = {"owner": "octo-org", "workflow_filename": "release.yml"}


@pytest.fixture
def project() -> Project:
    """With a release, a file, and 25 publishers."""
    project = make_project("sampleproject", make_user("alice"))
    make_file(project)
    issuer = Issuer.objects.get(provider="github")
    for number in range(25):
        Publisher.objects.create(issuer=issuer, project=project, values={**FIELDS, "repository": f"r{number}"})
    return project


def test_a_page_names_the_row_and_counts_what_goes_with_it(client: Client, boss: User, project: Project):
    page = client.get(f"/admin/registry/project/{project.pk}/delete/")
    counts = {str(kind): number for kind, number in page.context["model_count"]}
    assert counts == {"projects": 1, "roles": 1, "releases": 1, "files": 1, "publishers": 25}
    assert page.context["deleted_objects"] == [
        f'<a href="/admin/registry/project/{project.pk}/change/">sampleproject</a>'
    ]


def test_of_many_rows_some_are_named(client: Client, boss: User, project: Project):
    chosen = [str(key) for key in Publisher.objects.values_list("pk", flat=True)]
    sent = {"action": "delete_selected", "_selected_action": chosen}
    page = client.post("/admin/publishers/publisher/", sent).content.decode()
    assert page.count("GitHub Actions: octo-org/r") == 20
    assert "and 5 more" in page
    client.post("/admin/publishers/publisher/", {**sent, "post": "yes"})
    assert not Publisher.objects.exists()


def test_what_stands_in_the_way_is_named(client: Client, boss: User, project: Project):
    issuer = Issuer.objects.get(provider="github")
    page = client.get(f"/admin/publishers/issuer/{issuer.pk}/delete/").content.decode()
    assert "publisher: GitHub Actions: octo-org/r0" in page
    assert "and 5 more" in page
    client.post(f"/admin/publishers/issuer/{issuer.pk}/delete/", {"post": "yes"})
    assert Issuer.objects.filter(pk=issuer.pk).exists()


def test_who_may_not_delete_what_goes_along_deletes_nothing(client: Client, project: Project):
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["delete_project", "view_project"]))
    client.force_login(helper)
    page = f"/admin/registry/project/{project.pk}/delete/"
    assert set(client.get(page).context["perms_lacking"]) == {"release", "file", "publisher"}
    assert client.post(page, {"post": "yes"}).status_code == 403
    assert Project.objects.exists()
