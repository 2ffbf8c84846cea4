"""The page of a project."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from registry.descriptions import rendering
from registry.models import Project, Release, RenderedDescription, Role, User
from tests.factories import make_file, make_project, make_release, make_user
from tests.registry.pages.reading import text
from tokens.models import Provenance

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("Sample.Project", make_user())


class TestProject:
    """``/project/NAME/``."""

    def test_it_shows_the_latest_release_with_its_files(self, client, project, settings):
        make_file(project, "1.0")
        file = make_file(
            project,
            "1.1",
            summary="Does things",
            requires_python=">=3.11",
            license_expression="MIT",
            description="Hi <b>",
        )
        page = text(client.get("/project/sample-project/"))
        for part in (
            "Does things",
            "&gt;=3.11",
            "MIT",
            "Hi &lt;b&gt;",
            file.sha256,
            f'href="{settings.SITE_URL}/files/{file.path}"',
            f"uv pip install --index-url {settings.SITE_URL}/simple/ sample-project==1.1",
            'href="/project/sample-project/1.0/"',
            "alice",
        ):
            assert part in page, part

    def test_an_older_release_has_its_own_address(self, client, project):
        make_file(project, "1.0")
        make_file(project, "1.1")
        page = text(client.get("/project/sample-project/1.0.0/"))
        assert "sample_project-1.0-py3-none-any.whl" in page
        assert "sample_project-1.1-py3-none-any.whl" not in page
        assert "A newer release is available" in page

    def test_a_project_without_releases_teaches(self, client, project):
        assert "No release yet" in text(client.get("/project/sample-project/"))

    def test_a_yanked_release_says_why(self, client, project):
        make_file(project)
        Release.objects.update(yanked_at=timezone.now(), yanked_reason="it breaks")
        assert "it breaks" in text(client.get("/project/sample-project/"))

    @pytest.mark.parametrize("status", ["archived", "deprecated", "quarantined"])
    def test_a_status_is_said(self, client, project, status):
        file = make_file(project)
        Project.objects.update(status=status)
        page = text(client.get("/project/sample-project/"))
        assert status.title() in page
        assert (file.sha256 in page) is (status != "quarantined")

    def test_only_web_addresses_become_links(self, client, project):
        urls = {
            "Good": "https://good.example/",
            "Bad": "javascript:alert(1)",
            "Odd": "https://[",
            "Data": "data:text/html,x",
        }
        make_release(project, "1.0", project_urls=urls, home_page="http://home.example/", download_url="UNKNOWN")
        page = text(client.get("/project/sample-project/"))
        assert 'href="https://good.example/"' in page
        assert 'href="http://home.example/"' in page
        assert "javascript:" not in page
        assert "data:text" not in page

    @pytest.mark.parametrize(
        "path", ["unknown/", "%00/", "sample-project/9/", "sample-project/%00/", "sample-project/what/"]
    )
    def test_what_is_not_there_is_404(self, client, project, path):
        make_release(project)
        assert client.get(f"/project/{path}").status_code == 404

    @pytest.mark.parametrize(
        ("path", "location"), [("Sample.Project/", "sample-project/"), ("Sample_Project/1.0/", "sample-project/1.0/")]
    )
    def test_other_spellings_lead_to_the_normal_name(self, client, project, path, location):
        assert client.get(f"/project/{path}")["Location"] == f"/project/{location}"

    def test_it_costs_five_queries_however_much_there_is(self, client, project, django_assert_num_queries):
        for number in range(20):
            make_file(project, f"{number}.0")
        for tag in ("cp311-cp311-win32", "cp312-cp312-win32"):
            make_file(project, "19.0", tag=tag)
        Role.objects.create(project=project, user=make_user("bob"), role=Role.Kind.MAINTAINER)
        with django_assert_num_queries(5):
            page = text(client.get("/project/sample-project/"))
        assert "8 older" in page


GITHUB = {
    "provider": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "description": "octo-org/sampleproject · release.yml",
    "fields": {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"},
}
CLAIMS = {
    "repository": "octo-org/sampleproject",
    "run_id": "4711",
    "sha": "c0ffee" * 6,
    "ref": "refs/tags/v1.0",
    "actor": "<octocat>",
}


def published(file, **columns):
    return Provenance.objects.create(
        file=file,
        filename=file.filename,
        sha256=file.sha256,
        project_name="sample-project",
        version="1.0",
        **{"uploader": "GitHub Actions: octo-org/sampleproject", "publisher": GITHUB, "claims": CLAIMS, **columns},
    )


class TestProvenance:
    """Where a file came from."""

    @pytest.fixture
    def file(self, project):
        return make_file(project)

    def test_everybody_reads_repository_workflow_commit_and_run(self, client, file):
        published(file)
        page = text(client.get("/project/sample-project/"))
        for part in (
            '<svg class="icon" aria-hidden="true"> <use href="#icon-brands/github" /> </svg> GitHub Actions</span>',
            '<symbol id="icon-brands/github"',
            '<a href="https://github.com/octo-org/sampleproject" rel="nofollow noopener">octo-org/sampleproject</a>',
            "release.yml",
            "refs/tags/v1.0",
            f'href="https://github.com/octo-org/sampleproject/commit/{CLAIMS["sha"]}"',
            'href="https://github.com/octo-org/sampleproject/actions/runs/4711"',
        ):
            assert part in page, part

    def test_other_claims_are_for_administrators(self, client, file):
        published(file)
        client.force_login(make_user("bob"))
        assert "octocat" not in text(client.get("/project/sample-project/"))
        client.force_login(make_user("carol", is_staff=True))
        assert "&lt;octocat&gt;" in text(client.get("/project/sample-project/"))

    def test_a_persons_token_is_said(self, client, file):
        published(file, publisher={}, claims={}, uploader="alice-the-uploader")
        page = text(client.get("/project/sample-project/"))
        assert "alice-the-uploader" in page
        assert "Trusted publisher" not in page

    def test_a_file_without_one_is_shown_too(self, client, file):
        assert 'class="provenance"' not in text(client.get("/project/sample-project/"))

    def test_files_of_one_run_are_shown_together(self, client, project, file):
        others = [make_file(project, tag=f"cp3{number}-cp3{number}-win32") for number in range(10, 20)]
        for one in (file, *others[:-1]):
            published(one)
        published(others[-1], claims={**CLAIMS, "run_id": "4712"})
        page = text(client.get("/project/sample-project/"))
        assert page.count('class="provenance"') == 1
        assert "1 more file<" in page
        rest = text(client.get("/project/sample-project/?files=2"))
        assert rest.count('class="provenance"') == 2
        assert all((one.sha256 in page) != (one.sha256 in rest) for one in others)

    def test_more_of_them_are_shown_if_all_are_of_one_run(self, client, project, file):
        others = [make_file(project, tag=f"cp3{number}-cp3{number}-win32") for number in range(10, 24)]
        for one in (file, *others):
            published(one)
        page = text(client.get("/project/sample-project/"))
        assert "10 more files" in page
        assert all(one.sha256 in page for one in others)
        assert "files=2" not in page


class TestVerifiedDetails:
    """Links below the repository that uploaded the files."""

    URLS = {
        "Source": "https://github.com/Octo-Org/sampleproject",
        "Issues": "https://github.com/octo-org/sampleproject/issues",
        "Pages": "https://octo-org.github.io/sampleproject/",
        "Other": "https://github.com/octo-org/other",
    }

    def test_they_are_told_apart(self, client, project, settings):
        here = f"{settings.SITE_URL}/project/sample-project/"
        published(make_file(project, project_urls={**self.URLS, "Here": here}))
        verified, unverified = text(client.get("/project/sample-project/")).split('id="unverified"')
        for label in ("Source", "Issues", "Pages", "Here"):
            assert f">{label}</a>" in verified
            assert f">{label}</a>" not in unverified
        assert ">Other</a>" in unverified

    def test_a_persons_token_verifies_nothing(self, client, project):
        published(make_file(project, project_urls=self.URLS), publisher={}, claims={}, uploader="alice")
        verified, unverified = text(client.get("/project/sample-project/")).split('id="unverified"')
        assert ">Source</a>" not in verified
        assert ">Source</a>" in unverified


class TestDescription:
    """Rendered once, then kept."""

    MARKDOWN = {"description": "# Hello\n\n*world*", "description_content_type": "text/markdown"}

    def test_it_is_rendered_below_the_pages_own_headings(self, client, project):
        make_release(project, **self.MARKDOWN)
        page = text(client.get("/project/sample-project/"))
        assert '<h3 id="user-content-hello">Hello</h3>' in page
        assert "<em>world</em>" in page
        assert page.count("<h1") == 1

    def test_it_is_rendered_once(self, client, project, monkeypatch):
        make_release(project, **self.MARKDOWN)
        first = text(client.get("/project/sample-project/"))
        monkeypatch.setattr("registry.descriptions.rendering._run", None)
        assert text(client.get("/project/sample-project/")) == first

    def test_a_busy_machine_shows_the_text(self, client, project, monkeypatch):
        make_release(project, **self.MARKDOWN)

        def busy(*_args, **_kwargs):
            raise rendering.NotNow

        monkeypatch.setattr("registry.descriptions.rendering.rendered", busy)
        assert '<pre class="description"># Hello *world*</pre>' in text(client.get("/project/sample-project/"))
        assert not RenderedDescription.objects.exists()

    def test_it_goes_with_its_release(self, client, project):
        release = make_release(project, **self.MARKDOWN)
        client.get("/project/sample-project/")
        release.delete()
        assert not RenderedDescription.objects.exists()


class TestMarks:
    """What stands beside a version."""

    def test_a_pre_release_is_marked(self, client, project):
        make_release(project, "1.0")
        make_release(project, "2.0rc1")
        page = text(client.get("/project/sample-project/2.0rc1/"))
        assert page.count(">Pre-release<") == 2
        assert "The latest release is <a href=" in page
        assert "A newer release" not in page

    def test_people_with_a_role_find_the_way_to_manage_it(self, client, project, monkeypatch):
        make_release(project)
        monkeypatch.setattr("registry.pages.project.reverse", lambda name, kwargs: f"/manage/{kwargs['name']}/")
        client.force_login(make_user("bob"))
        assert "Manage this project" not in text(client.get("/project/sample-project/"))
        client.force_login(User.objects.get(username="alice"))
        assert 'href="/manage/sample-project/"' in text(client.get("/project/sample-project/"))

    def test_a_thousand_releases_have_pages(self, client, project):
        rows = [Release(project=project, version=f"1.{n}", metadata={}) for n in range(1000)]
        Release.objects.bulk_create(rows)
        answer = client.get("/project/sample-project/")
        assert "8 older" in text(answer)
        assert len(answer.content) < 15_000
        assert ">1.970</a>" in text(client.get("/project/sample-project/?page=2"))


def test_a_page_with_everything_is_light(client, project):
    metadata: dict[str, Any] = {
        "summary": "Does things",
        "requires_python": ">=3.11",
        "author_email": "Ada Example <ada@example.com>",
        "keywords": ["one", "two"],
        "classifiers": [f"Programming Language :: Python :: 3.{minor}" for minor in range(8, 15)],
        "project_urls": TestVerifiedDetails.URLS,
        "description": "# Hello\n\n" + "Some *text* with `code`.\n\n" * 100,
        "description_content_type": "text/markdown",
    }
    for number in range(20):
        make_file(project, f"{number}.0", **metadata)
    for tag in ("cp311-cp311-win32", "cp312-cp312-win32", "cp313-cp313-win32"):
        published(make_file(project, "19.0", tag=tag))
    page = client.get("/project/sample-project/")
    ours = ("gatehouse.css", "gatehouse.js", "texts.css", "releases.css")
    weight = len(page.content) + sum((settings.BASE_DIR / "static" / name).stat().st_size for name in ours)
    assert weight < 50_000
    assert "Ada Example &lt;ada@example.com&gt;" in text(page)
