import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.actors import Actor
from registry.inserting import insert_together
from registry.models import Event, Project, UsedFilename
from tests.factories import make_project

ACTOR = Actor("a test", address="2001:db8::1")


def lines(*projects):
    return [Event.line("a:tag", ACTOR, project=project, number=number) for number, project in enumerate(projects)]


@pytest.mark.django_db
def test_rows_of_several_tables_are_stored_whole():
    project = make_project()
    Event.objects.all().delete()
    name, moment = UsedFilename(filename="it's 100 % ünï.whl"), timezone.now()
    insert_together(
        name, *lines(project, None), Project(name="New.Name", normalized_name="new-name", created_at=moment)
    )
    assert UsedFilename.objects.get() == name
    assert list(Event.objects.order_by("id").values_list("project", "project_name", "details", "address")) == [
        (project.pk, "sampleproject", {"number": 0}, "2001:db8::1"),
        (None, "", {"number": 1}, "2001:db8::1"),
    ]
    assert Project.objects.get(normalized_name="new-name").created_at == moment


@pytest.mark.django_db
def test_postgresql_gets_one_statement_however_many_rows():
    with CaptureQueriesContext(connection) as captured:
        insert_together(UsedFilename(filename="a"), UsedFilename(filename="b"), *lines(None, None, None))
    assert len(captured) == (1 if connection.vendor == "postgresql" else 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_all_or_none_also_outside_a_transaction(position):
    UsedFilename.objects.create(filename="taken")
    rows = [*lines(None), Project(name="sample", normalized_name="sample")]
    rows.insert(position, UsedFilename(filename="taken"))
    with pytest.raises(IntegrityError):
        insert_together(*rows)
    assert not Event.objects.exists()
    assert not Project.objects.exists()
