"""What owners set of projects and releases."""

import pytest

from registry.actors import Actor
from registry.creation import create_project
from registry.models import Project, Release, User
from registry.options import set_options, unyank, yank

pytestmark = pytest.mark.django_db

BOSS = Actor("boss")


@pytest.fixture
def project() -> Project:
    return create_project("sampleproject", owners=[User.objects.create_user("alice")], actor=BOSS)


def tags(project: Project) -> list[str]:
    return [event.tag for event in project.events.exclude(tag__startswith="project:role").order_by("pk")][1:]


def serial(project: Project) -> int:
    return Project.objects.get(pk=project.pk).serial


@pytest.mark.parametrize(
    ("before", "after", "tag"),
    [
        ("active", "archived", "project:archive:enter"),
        ("active", "quarantined", "project:quarantine:enter"),
        ("archived", "deprecated", "project:deprecate:enter"),
        ("archived", "active", "project:archive:exit"),
    ],
)
def test_a_status_change_is_an_event_and_changes_the_index_page(project: Project, before: str, after: str, tag: str):
    Project.objects.update(status=before)
    assert set_options(project, BOSS, status=after) == {"status": (before, after)}
    assert tags(project) == [tag]
    assert serial(project) == 1


def test_other_options_leave_the_index_page_alone(project: Project):
    set_options(project, BOSS, trusted_publishing_only=True, max_file_size=1000)
    assert tags(project) == ["project:trusted_publishing_only:change", "project:max_file_size:change"]
    assert serial(project) == 0
    assert set_options(project, BOSS, trusted_publishing_only=True, max_file_size=1000) == {}


def test_a_release_is_yanked_and_taken_back(project: Project):
    release = Release.objects.create(project=project, version="1.0")
    assert yank(release, "broken", BOSS)
    yanked_at = release.yanked_at
    assert not yank(release, "broken", BOSS)
    assert yank(release, "very broken", BOSS)
    release.refresh_from_db()
    assert (release.yanked_at, release.yanked_reason) == (yanked_at, "very broken")
    assert unyank(release, BOSS)
    assert not unyank(release, BOSS)
    release.refresh_from_db()
    assert (release.yanked_at, release.yanked_reason) == (None, "")
    assert tags(project) == ["project:release:yank", "project:release:yank", "project:release:unyank"]
    assert serial(project) == 3


def test_the_reason_of_a_yank_is_one_line_that_does_nothing_to_a_terminal(project: Project):
    release = Release.objects.create(project=project, version="1.0")
    assert yank(release, " breaks\n on\x1b[31m \u202eWindows\x7f\u2028", BOSS)
    release.refresh_from_db()
    assert release.yanked_reason == "breaks on [31m Windows"
    assert not yank(release, "breaks on [31m Windows", BOSS)
