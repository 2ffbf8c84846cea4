"""The form behind a mail's link: it constrains a publisher to the environment that it was used from."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from publishers import adjusting
from publishers.forms import form_field
from publishers.models import Publisher
from publishers.pages import cards
from publishers.pages.desk import Desk
from publishers.registration import AlreadyRegistered
from registry.actors import Actor
from registry.manage.access import changing

ENVIRONMENT = "environment"


def ask(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Say what will be narrowed; nothing is changed by opening it."""
    pk = request.GET.get("constrain", "")
    publisher = desk.find(int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0)
    return _page(request, desk, publisher, _form(publisher, {ENVIRONMENT: request.GET.get(ENVIRONMENT, "")}))


@require_POST
@changing
def constrain(request: HttpRequest, desk: Desk, pk: int) -> HttpResponseBase:
    """Narrow the publisher."""
    publisher = desk.find(pk)
    form = _form(publisher, request.POST)
    if not form.is_valid():
        return _page(request, desk, publisher, form)
    environment = form.cleaned_data[ENVIRONMENT]
    try:
        narrowed = adjusting.narrow(publisher, {ENVIRONMENT: environment}, Actor.of(request))
    except (AlreadyRegistered, Publisher.DoesNotExist) as refused:
        messages.error(request, str(refused) or "This publisher was removed meanwhile.")
        return redirect(desk.url())
    if narrowed:
        messages.success(request, f"{publisher.place} publishes from the environment {environment} only.")
    else:
        messages.warning(request, "Nothing was changed: this publisher names an environment already.")
    return redirect(desk.url())


def _form(publisher: Publisher, data: object) -> forms.Form:
    """The provider's own field, which is required here. Raises Http404 where there is none."""
    part = next((part for part in publisher.issuer.kind.fields if part.name == ENVIRONMENT), None)
    if part is None:
        raise Http404("Publishers of this provider name no environment.")
    form = forms.Form(data)  # type: ignore[arg-type]
    form.fields[ENVIRONMENT] = form_field(part)
    form.fields[ENVIRONMENT].required = True
    return form


def _page(request: HttpRequest, desk: Desk, publisher: Publisher, form: forms.Form) -> HttpResponseBase:
    named = publisher.values.get(ENVIRONMENT)
    context = desk.context(card=cards.card(desk, publisher), form=form, back=desk.url(), named=named)
    return render(request, "publishers/constrain.html", context | {"action": desk.url("constrain", publisher)})
