"""Finding projects by words of their names and summaries.

A look at every row, and no index: on PostgreSQL one for parts of words would need an extension that not every
administrator may create, and the rows are short.
"""

from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.db.models.functions import Length

from registry import names
from registry.models import Project

MAX_WORDS = 6


def matching(query: str) -> QuerySet[Project]:
    """The projects that have every word in the name or the summary: the one of that name first, then beginnings."""
    words = _words(query)
    if not words:
        return Project.objects.none()
    wanted = names.normalize("-".join(words)).strip("-")
    found = Project.objects.all()
    for word in words:
        found = found.filter(_holds(word))
    return found.order_by(_closeness(wanted), Length("normalized_name"), "normalized_name")


def _words(query: str) -> list[str]:
    """None for what no database can look for: NUL, other control characters, half of a surrogate pair."""
    return query.lower().split()[:MAX_WORDS] if query.isprintable() else []


def _holds(word: str) -> Q:
    """As it is; or as names have it: ``sample_project`` is ``sample-project`` there."""
    said, part = Q(search_text__contains=word), names.normalize(word)
    return said if part == word or not names.is_valid(part.strip("-")) else said | Q(search_text__contains=part)


def _closeness(wanted: str) -> Case:
    return Case(
        When(normalized_name=wanted, then=0),
        When(normalized_name__startswith=wanted, then=1),
        When(normalized_name__contains=wanted, then=2),
        default=3,
        output_field=IntegerField(),
    )
