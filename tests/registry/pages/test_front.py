"""The front page and its search."""

import pytest

from registry.models import Project
from tests.factories import make_file, make_project, make_release, make_sdist, make_user
from tests.registry.pages.reading import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("Sample.Project", make_user())


class TestFront:
    """The front page."""

    def test_it_says_how_to_point_tools_here(self, client, settings):
        settings.SITE_URL = "https://packages.example"
        page = text(client.get("/"))
        for address in (
            'url = "https://packages.example/simple/"',
            'publish-url = "https://packages.example/legacy/"',
            "uv then looks here first, and at PyPI",
            "pip config set global.index-url https://packages.example/simple/",
            "twine upload --repository-url https://packages.example/legacy/",
        ):
            assert address in page.replace("&quot;", '"')

    def test_an_empty_registry_says_what_to_do(self, client):
        assert "Nothing is published yet" in text(client.get("/"))

    def test_it_shows_the_newest_releases(self, client, project):
        make_file(project, "1.0", summary="Does <things>")
        make_sdist(project, "1.0")
        make_file(make_project("concealed", status=Project.Status.QUARANTINED))
        page = text(client.get("/"))
        assert page.count('<span class="version">1.0</span>') == 1
        assert "Does &lt;things&gt;" in page
        assert "concealed" not in page

    def test_one_project_does_not_crowd_out_the_others(self, client, project):
        make_file(make_project("other"))
        for number in range(12):
            make_file(project, f"{number}.0")
        page = text(client.get("/"))
        assert page.count('<a class="name"') == 2
        assert page.index('>Sample.Project</a> <span class="version">11.0<') < page.index(">other</a>")

    def test_it_costs_one_query(self, client, django_assert_num_queries):
        for number in range(12):
            make_file(make_project(f"tool-{number}"))
        with django_assert_num_queries(1):
            assert text(client.get("/")).count('class="version"') == 8


class TestSearch:
    """``/?q=``."""

    @pytest.mark.parametrize(
        "query", ["sample", "Sample.Project", "sample_project", "sample project", "PLE-PRO", "-project"]
    )
    def test_a_part_of_any_spelling_finds_it(self, client, project, query):
        make_file(project, "1.0", summary="Does things")
        make_file(project, "2.0rc1")
        page = text(client.get("/", {"q": query}))
        assert '<a class="name" href="/project/sample-project/">Sample.Project</a>' in page
        assert "Does things" in page

    @pytest.mark.parametrize("query", ["nothing", "%", "_", "<b>", "\x00", "sample\x00", "é", "\ud800", "a" * 5000])
    def test_what_finds_nothing_says_so(self, client, project, query):
        answer = client.get(
            "/?q=" + query if query == "%" else "/",
            {} if query == "%" else {"q": query.encode("utf-8", "surrogatepass")},
        )
        assert answer.status_code == 200
        assert "No project has this in its name or summary" in text(answer)
        assert "<b>" not in text(answer)

    @pytest.mark.parametrize("query", ["does", "THINGS quickly", "sample things", "quick"])
    def test_words_are_looked_for_in_the_summary_too(self, client, project, query):
        make_file(project, "1.0", summary="Does Things quickly")
        make_file(make_project("other"), "1.0", summary="Does nothing")
        page = text(client.get("/", {"q": query}))
        assert ">Sample.Project</a>" in page

    def test_every_word_must_be_there(self, client, project):
        make_file(project, "1.0", summary="Does things")
        assert "No project has this" in text(client.get("/?q=sample+nowhere"))

    def test_the_name_comes_first_then_beginnings_then_parts_then_summaries(self, client):
        for name, summary in (("aaa", "a tool"), ("my-tool", ""), ("tool-box", ""), ("tool", ""), ("other", "")):
            make_release(make_project(name), summary=summary)
        page = text(client.get("/?q=tool"))
        order = [page.index(f">{name}</a>") for name in ("tool", "tool-box", "my-tool", "aaa")]
        assert order == sorted(order)
        assert ">other</a>" not in page

    def test_a_long_list_has_pages(self, client, django_assert_num_queries):
        for number in range(60):
            make_release(make_project(f"tool-{number:02}"))
        with django_assert_num_queries(2):
            page = text(client.get("/?q=tool"))
        assert page.count('<a class="name"') == 25
        assert 'href="?q=tool&amp;page=2">Next</a>' in page
        assert text(client.get("/?q=tool&page=3")).count('<a class="name"') == 10

    def test_a_project_without_a_summary_is_found_by_its_name(self, client):
        make_project("plain")
        assert "no release yet" in text(client.get("/?q=plain"))
