"""The page that lists publishers and adds one."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from publishers import registration
from publishers.forms import PublisherForm
from publishers.models import Issuer, Publisher
from publishers.pages import cards, narrowing, offers
from publishers.pages.desk import Desk
from publishers.pages.drawn import Drawn
from publishers.pages.offers import Offer
from registry.actors import Actor
from registry.manage.access import changing
from registry.models import Event
from registry.pages.paging import Page, page_of

SIZE = 5
# The exchanges of the project, seen from its publishers.
EXCHANGES = "../../exchanges/"
# What is told of pending publishers that are no longer there.
BECAME = {
    "account:oidc:pending-publisher-reified": "became the project’s publisher by the first upload",
    "account:oidc:pending-publisher-expired": "waited in vain and expired",
    "account:oidc:pending-publisher-invalidated": "was removed",
}
MOST_TOLD = 5


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The publishers, and the form to add one; with ``?constrain=`` the form that narrows one."""
    if request.method == "POST":
        return _add(request, desk)
    if "constrain" in request.GET:
        return narrowing.ask(request, desk)
    offer = offers.asked(request.GET)
    form = _form(desk, offer.chosen, initial=offer.initial) if offer.chosen else None
    return _page(request, desk, offer, form)


@changing
def _add(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    offer = offers.posted(request.POST)
    form = _form(desk, offer.chosen, request.POST, look_up=not offer.problem) if offer.chosen else None
    if form is None or offer.problem or not form.is_valid():
        return _page(request, desk, offer, form)
    if "check" in request.POST:
        return _page(request, desk, offer, form, checked=True)
    saved = form.save(Actor.of(request))
    if saved is None:
        return _page(request, desk, offer, form)
    messages.success(request, f"Added {saved.description}.")
    missing = form.missing()
    if missing:
        messages.warning(request, missing)
    return redirect(desk.url("job", saved))


def _form(desk: Desk, issuer: Issuer, data: object = None, **more: object) -> PublisherForm:
    place = {"project": desk.project} if desk.project else {"user": desk.user}
    return PublisherForm(issuer, data, **place, **more)  # type: ignore[arg-type]


def _page(
    request: HttpRequest,
    desk: Desk,
    offer: Offer,
    form: PublisherForm | None,
    *,
    checked: bool = False,
) -> HttpResponseBase:
    shown = _shown(request, desk)
    context = desk.context(
        page=shown,
        cards=cards.cards(desk, shown.rows),
        only="publisher" in request.GET,
        offer=offer,
        icons=[*(row.issuer.kind.icon for row in shown.rows), *(tab.icon for tab in offer.tabs)],
        drawn=Drawn(form, desk.project.name if desk.project else "") if form else None,
        problem=offer.problem,
        checked=checked,
        missing=form.missing() if form and checked else "",
        **_besides(desk),
    )
    return render(request, "publishers/publishing.html", context)


def _shown(request: HttpRequest, desk: Desk) -> "Page[Publisher]":
    rows = desk.publishers
    asked = request.GET.get("publisher", "")
    if asked:
        rows = rows.filter(pk=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 19 else rows.none()
    return page_of(rows, request, SIZE)


def _besides(desk: Desk) -> dict[str, object]:
    if desk.project is not None:
        return {"exchanges": EXCHANGES}
    events = Event.objects.filter(user=desk.user, tag__in=BECAME)[:MOST_TOLD]
    return {
        "waiting": registration.pending_count(desk.user),
        "limit": settings.PENDING_PUBLISHERS_PER_USER,
        "became": [(event, BECAME[event.tag]) for event in events],
    }
