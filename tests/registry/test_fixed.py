import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from registry.fixed import FixedQuery
from registry.models import Project, User
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def named(name):
    return Project.objects.filter(normalized_name=name, status="active").annotate(kind=Value("it's 100 %"))


NAMED = FixedQuery(1, named)


def test_it_gives_what_the_query_gives():
    make_project("Sample.Project")
    [found], [same] = NAMED("sample-project"), named("sample-project")
    assert found == same
    assert {name: value for name, value in vars(found).items() if name != "_state"} == {
        name: value for name, value in vars(same).items() if name != "_state"
    }
    assert not found._state.adding


def test_it_reads_anew_each_time():
    project = make_project()
    assert [found.serial for found in NAMED("sampleproject")] == [project.serial]
    project.bump_serial()
    assert [found.serial for found in NAMED("sampleproject")] == [project.serial + 1]
    assert NAMED("another") == []


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%s", "%(name)s", "\\", "$1", ""])
def test_a_value_is_never_a_part_of_the_sql(hostile):
    make_project()
    assert NAMED(hostile) == []


def test_values_come_in_any_order_and_more_than_once():
    same = FixedQuery(2, lambda first, second: Project.objects.filter(name=second, normalized_name=first))
    again = FixedQuery(1, lambda name: Project.objects.filter(name=name, normalized_name=name))
    make_project("Sample")
    assert [found.name for found in same("sample", "Sample")] == ["Sample"]
    assert same("Sample", "sample") == again("Sample") == []


def test_it_keeps_order_limit_and_fields():
    for name in ("a", "c", "b"):
        make_project(name)
    last = FixedQuery(1, lambda name: Project.objects.filter(name__gte=name).order_by("-name").only("name")[:2])
    found = last("a")
    assert [project.name for project in found] == ["c", "b"]
    assert found[0].get_deferred_fields() == {field.attname for field in Project._meta.concrete_fields} - {"id", "name"}


def test_sql_is_written_once():
    written = []

    def write(name):
        written.append(name)
        return User.objects.filter(username=name)

    query = FixedQuery(1, write)
    with CaptureQueriesContext(connection) as captured:
        query("alice")
        query("bob")
    assert len(written) == 1
    assert len(captured) == 2
