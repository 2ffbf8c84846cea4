"""A project's exchanges: the list, and one of them with what differed and what could be changed."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.manage.access import Place, project_page
from registry.pages.paging import page_of
from tokens import listing
from tokens.pages.detail import detail_of
from tokens.pages.filters import ExchangeFilter

# So many publishers can be chosen from.
MAX_PUBLISHERS = 30
PAGE = 12
HELD = 8  # publishers on a page of what was compared


@require_safe
@project_page
def exchanges(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Granted and refused ones, the newest first."""
    form = ExchangeFilter(request.GET, listing.publishers_of(place.project, MAX_PUBLISHERS))
    page = page_of(listing.of_project(place.project, **form.wanted), request, PAGE)
    rows = listing.listed(place.project, page.rows)
    context = {"place": place, "tab": "manage-exchanges", "form": form, "page": page, "rows": rows}
    return render(request, "tokens/exchanges.html", context)


@require_safe
@project_page
def exchange(request: HttpRequest, place: Place, exchange: UUID) -> HttpResponseBase:
    """One of them, as this project sees it; another project's is not there."""
    detail = detail_of(place, exchange)
    if detail is None:
        raise Http404("Your project has no such exchange, or it is no longer kept.")
    page = page_of(detail.held, request, HELD)
    context = {"place": place, "tab": "manage-exchanges", "detail": detail, "page": page}
    return render(request, "tokens/exchange.html", context)
