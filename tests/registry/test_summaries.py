"""A project's summary is its latest release's."""

from importlib import import_module

import pytest
from django.apps import apps

from registry import deletion, options, summaries
from registry.models import Project, Release
from tests.factories import TESTER, make_project, make_release

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    make_release(project, "1.0", summary="old")
    make_release(project, "2.0", summary="New Things")
    return project


def summary() -> str:
    return Project.objects.get().summary


def test_the_latest_counts(project):
    assert summary() == "New Things"
    make_release(project, "1.5", summary="older")
    make_release(project, "3.0rc1", summary="not yet")
    assert summary() == "New Things"
    assert Project.objects.get().search_text == "sampleproject new things"


def test_a_yank_and_a_deletion_change_it(project):
    release = Release.objects.get(version="2.0")
    options.yank(release, "", TESTER)
    assert summary() == "old"
    options.unyank(release, TESTER)
    assert summary() == "New Things"
    deletion.delete_release(release, TESTER)
    assert summary() == "old"
    deletion.delete_release(Release.objects.get(), TESTER)
    assert summary() == ""


def test_a_longer_one_is_cut(project):
    make_release(project, "3.0", summary="x" * 600)
    assert len(summary()) == 512


def test_no_summary_is_an_empty_one(project):
    make_release(project, "3.0")
    assert summary() == ""
    assert summaries.of_releases([]) == {}


def test_the_migration_copies_those_that_stand(project):
    make_project("empty")
    make_release(make_project("other"), "1.0", summary="Other things")
    Project.objects.update(summary="")
    import_module("registry.migrations.0003_summaries_and_rendered_descriptions").copy_summaries(apps, None)
    said = dict(Project.objects.values_list("normalized_name", "summary"))
    assert said == {"empty": "", "other": "Other things", "sampleproject": "New Things"}
