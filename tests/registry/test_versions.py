"""The order of releases."""

import pytest
from django.utils import timezone

from registry import versions
from registry.models import Release


def release(version, *, yanked=False):
    return Release(version=version, yanked_at=timezone.now() if yanked else None)


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ([], None),
        ([release("1.9"), release("1.10")], "1.10"),
        ([release("1.0"), release("2.0b1")], "1.0"),
        ([release("2.0a1"), release("2.0b1")], "2.0b1"),
        ([release("1.0"), release("2.0", yanked=True)], "1.0"),
        ([release("1.0a1"), release("2.0", yanked=True)], "1.0a1"),
        ([release("1.0", yanked=True)], "1.0"),
        ([release("1!0.1"), release("9.0")], "1!0.1"),
        ([release("1.0"), release("what")], "1.0"),
    ],
)
def test_the_latest_release_is_stable_and_not_yanked_if_one_is(releases, expected):
    found = versions.latest(releases)
    assert (found and found.version) == expected


@pytest.mark.parametrize(
    ("version", "found"), [("1.0", True), ("1.0.0", True), ("v1", True), ("1.0.1", False), ("what", False)]
)
def test_a_release_is_found_by_any_spelling_of_its_version(version, found):
    assert (versions.find([release("1.0"), release("what")], version) is not None) is found
