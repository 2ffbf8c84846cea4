"""Finding what a reader asks for by name: there, or a 404 that says nothing else."""

from django.http import Http404

from registry import names
from registry.fixed import FixedQuery
from registry.models import File, FileQuerySet, Project
from registry.reading import Reader

# With each request for an index page: it says whether the page has changed.
_NAMED = FixedQuery(1, lambda name: Project.objects.filter(normalized_name=name))


def normal_name(name: str) -> str:
    """The normal form of a name in an address. Raises Http404 for what cannot be a name (NUL included)."""
    if not names.is_valid(name):
        raise Http404("This is not a project's name.")
    return names.normalize(name)


def project_for(reader: Reader, name: str) -> Project:
    """The project called ``name``. Raises Http404, also when it is hidden from the reader."""
    project = next(iter(_NAMED(normal_name(name))), None)
    if project is None or not reader.may_download(project):
        raise Http404(f"There is no project called {name}.")
    return project


def served_files(project: Project) -> FileQuerySet:
    """The files that the project serves, with their releases but for the metadata; none in quarantine (PEP 792)."""
    if project.status == Project.Status.QUARANTINED:
        return File.objects.none()
    return File.objects.listed(project).defer("release__metadata")
