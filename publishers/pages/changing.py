"""Pages that change one publisher, or show the job that uses it."""

import json

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from publishers import adjusting, jobs, registration, renaming
from publishers.forms import PublisherForm
from publishers.models import Publisher
from publishers.pages import cards, offers
from publishers.pages.desk import Desk
from publishers.pages.drawn import Drawn
from publishers.registration import AlreadyRegistered
from registry.actors import Actor
from registry.manage.access import changing

asking = require_http_methods(["GET", "HEAD", "POST"])
GONE = "This publisher was removed meanwhile."


@asking
@changing
def edit(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """All fields; a link may say what they would be."""
    publisher = desk.find(pk)
    asked = offers.prefilled(publisher.issuer.kind, request.GET)
    names = renaming.told(publisher)
    if names and names.items() <= asked.items():
        # Editing the names would forget the ids; accepting them does not.
        return redirect(desk.url("names", publisher))
    data = request.POST if request.method == "POST" else None
    form = PublisherForm(publisher.issuer, data, publisher=publisher, look_up=True, initial=asked)
    checks = "check" in request.POST
    if data is None or not form.is_valid() or checks or form.save(Actor.of(request)) is None:
        return _edit_page(request, desk, publisher, form, checked=checks and not form.errors)
    messages.success(request, f"{form.kind.describe(form.wanted.values)} is saved.")
    missing = form.missing()
    if missing:
        messages.warning(request, missing)
    return redirect(desk.url())


@require_safe
def job(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """The job to copy."""
    publisher = desk.find(pk)
    shown = cards.card(desk, publisher)
    context = desk.context(card=shown, jobs=jobs.of(publisher), file=jobs.file_of(publisher))
    if publisher.issuer.expected_audience != settings.OIDC_AUDIENCE:
        context |= {"other_audience": publisher.issuer.expected_audience, "usual_audience": settings.OIDC_AUDIENCE}
    return render(request, "publishers/job.html", context)


@require_POST
@changing
def switch(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """Off, or on again."""
    publisher, on = desk.find(pk), request.POST.get("on") == "1"
    try:
        adjusting.switch(publisher, Actor.of(request), on=on)
    except Publisher.DoesNotExist:
        messages.error(request, GONE)
    else:
        messages.success(request, f"{publisher.description} is switched {'on' if on else 'off'}.")
    return redirect(desk.url())


@asking
@changing
def remove(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """After a page that says what it means."""
    publisher = desk.find(pk)
    if request.method == "POST":
        registration.remove(publisher, Actor.of(request))
        messages.success(request, f"Removed {publisher.description}.")
        return redirect(desk.url())
    others = desk.publishers.exclude(pk=pk).count()
    return _confirm(request, desk, publisher, "remove", "Remove publisher", others=others)


@asking
@changing
def forget(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """Clear the recorded ids, after a page that says what it means."""
    publisher = desk.find(pk)
    if request.method != "POST":
        return _confirm(request, desk, publisher, "forget", "Forget ids")
    try:
        registration.clear_pins(publisher, Actor.of(request))
    except Publisher.DoesNotExist:
        messages.error(request, GONE)
    else:
        messages.success(request, f"The ids of {publisher.place} are forgotten.")
    return redirect(desk.url())


@asking
@changing
def names(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """Accept the name under which the repository was seen."""
    publisher = desk.find(pk)
    if request.method == "POST":
        _accept(request, publisher)
        return redirect(desk.url())
    if not renaming.told(publisher):
        messages.warning(request, f"{publisher.place} was not seen under another name.")
        return redirect(desk.url())
    seen = json.dumps(publisher.renamed_to, sort_keys=True)
    return _confirm(request, desk, publisher, "names", "Accept the new name", seen=seen)


def _accept(request: HttpRequest, publisher: Publisher) -> None:
    now, told = renaming.of(publisher), renaming.told(publisher)
    agreed = told is not None and request.POST.get("seen") == json.dumps(told, sort_keys=True)
    try:
        accepted = agreed and registration.accept_names(publisher, told or {}, Actor.of(request))
    except (AlreadyRegistered, Publisher.DoesNotExist) as refused:
        messages.error(request, str(refused) if isinstance(refused, AlreadyRegistered) else GONE)
        return
    if accepted:
        messages.success(request, f"{publisher.place} is now known as {now}.")
    else:
        messages.error(request, "The name was not accepted: it changed meanwhile. Look at it again.")


def _edit_page(
    request: HttpRequest, desk: Desk, publisher: Publisher, form: PublisherForm, *, checked: bool
) -> HttpResponseBase:
    context = desk.context(
        card=cards.card(desk, publisher),
        drawn=Drawn(form, publisher.project_name),
        is_filled_in=not form.is_bound and bool(offers.prefilled(form.kind, request.GET)),
        checked=checked,
        missing=form.missing() if checked else "",
    )
    return render(request, "publishers/edit.html", context)


def _confirm(
    request: HttpRequest, desk: Desk, publisher: Publisher, what: str, action: str, **more: object
) -> HttpResponseBase:
    shown = cards.card(desk, publisher)
    context = desk.context(card=shown, form=Form(), back=desk.url(), action=action, **more)
    return render(request, f"publishers/{what}.html", context)
