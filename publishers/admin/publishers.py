"""Publishers, trusted and pending."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from publishers import attention, registration, renaming
from publishers.admin.byissuer import ByIssuer
from publishers.admin.places import PlaceForm
from publishers.forms import PublisherForm
from publishers.models import Publisher
from publishers.places import known_identities
from publishers.registration import AlreadyRegistered
from registry.actors import Actor
from registry.admin.base import DeletesOneByOne
from registry.admin.paging import CappedPaginator
from registry.names import normalize


@dataclass(frozen=True)
class NewName:
    """A publisher whose repository was seen under another name."""

    pk: int
    project: str
    was: str
    now: str
    seen: str  # what is accepted, exactly

    @classmethod
    def of(cls, publisher: Publisher) -> "NewName":
        """What the page shows of a renamed publisher."""
        seen = json.dumps(publisher.renamed_to, sort_keys=True)
        return cls(publisher.pk, publisher.project_name, publisher.place, renaming.of(publisher), seen)


class Pending(admin.SimpleListFilter):
    """Trusted, pending, or pending until the name was lost."""

    title = "kind"
    parameter_name = "pending"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """All kinds."""
        return [("0", "trusted"), ("1", "pending"), ("2", "invalidated")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """One of them."""
        of_kind = KINDS.get(self.value() or "")
        return queryset.filter(of_kind) if of_kind is not None else queryset


KINDS = {
    "0": Q(project__isnull=False),
    "1": Q(project__isnull=True, invalidated_at__isnull=True),
    "2": Q(invalidated_at__isnull=False),
}


class Attention(admin.SimpleListFilter):
    """What the dashboard counts."""

    title = "what to look at"
    parameter_name = "attention"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Its lists."""
        return [(name, words) for name, (words, _rows) in ATTENTION.items()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """One of them."""
        words_and_rows = ATTENTION.get(self.value() or "")
        return queryset.filter(pk__in=words_and_rows[1]().order_by().values("pk")) if words_and_rows else queryset


ATTENTION: dict[str, tuple[str, Callable[[], "QuerySet[Publisher]"]]] = {
    "unnarrowed": ("nothing narrows it", attention.unnarrowed),
    "unused": ("not used for 90 days", attention.unused),
    "expiring": ("pending, expires soon", attention.expiring),
}


@admin.register(Publisher)
class PublisherAdmin(DeletesOneByOne):
    """Trusted and pending publishers, added and changed with the maintainers' form.

    First the issuer and the project are chosen, then the provider's own fields are drawn. The form may ask the
    provider's API for ids, so it is validated before any transaction begins: Django's own view would be inside one.
    """

    list_display = (
        "description",
        "project_name",
        "kind",
        "issuer",
        "label",
        "enabled",
        "expires_at",
        "added_by",
        "renamed",
    )
    list_filter = (Pending, "enabled", Attention, ("issuer", ByIssuer))
    list_select_related = ("issuer", "project", "added_by")
    search_fields = ("=normalized_name", "=label", "=added_by__username")
    search_help_text = "A repository at any provider, the exact name of a project, a label, or who added it"
    paginator = CappedPaginator
    show_full_result_count = False
    raw_id_fields = ("project", "added_by")
    actions = ("forget_ids", "accept_names")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Publisher], search_term: str
    ) -> tuple[QuerySet[Publisher], bool]:
        """By exact names, and by the repository."""
        text = search_term.strip()
        if not text:
            return queryset, False
        named = Q(normalized_name=normalize(text)) | Q(label=text) | Q(added_by__username=text)
        return queryset.filter(named | Q(identity__in=known_identities(text))), False

    @admin.display(description="kind")
    def kind(self, publisher: Publisher) -> str:
        """Trusted, pending, or pending until the name was lost."""
        if publisher.invalidated_at is not None:
            return f"invalidated on {publisher.invalidated_at:%Y-%m-%d}"
        return "pending" if publisher.is_pending else "trusted"

    @admin.action(description="Forget the recorded ids of selected publishers", permissions=["change"])
    def forget_ids(self, request: HttpRequest, queryset: QuerySet[Publisher]) -> None:
        """The next granted exchange records them anew. One that was removed meanwhile has none."""
        for publisher in queryset.filter(invalidated_at=None).select_related("issuer", "project", "added_by"):
            with suppress(Publisher.DoesNotExist):
                registration.clear_pins(publisher, Actor.of(request))

    @admin.display(description="renamed to")
    def renamed(self, publisher: Publisher) -> str:
        """What a token with the same ids called it."""
        return renaming.of(publisher)

    @admin.action(description="Accept the new names of selected publishers", permissions=["change"])
    def accept_names(self, request: HttpRequest, queryset: QuerySet[Publisher]) -> HttpResponse | None:
        """Show from what to what, and change the names that were seen there."""
        renamed = list(
            queryset.filter(renamed_to__isnull=False, invalidated_at=None).select_related(
                "issuer", "project", "added_by"
            )
        )
        if not renamed:
            self.message_user(request, "None of these was seen under another name.", messages.WARNING)
            return None
        if "accept" not in request.POST:
            return self._names_page(request, [NewName.of(publisher) for publisher in renamed])
        for publisher in renamed:
            self._accept_name(request, publisher)
        return None

    def _names_page(self, request: HttpRequest, lines: list[NewName]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Accept new names",
            "opts": self.opts,
            "lines": lines,
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/publishers/publisher/accept_names.html", context)

    def _accept_name(self, request: HttpRequest, publisher: Publisher) -> None:
        try:
            names = publisher.renamed_to or {}
            seen = NewName.of(publisher).seen == request.POST.get(f"seen_{publisher.pk}")
            accepted = seen and registration.accept_names(publisher, names, Actor.of(request))
        except AlreadyRegistered as refused:
            self.message_user(request, str(refused), messages.ERROR)
        except Publisher.DoesNotExist:
            self.message_user(request, f"{publisher} was removed meanwhile.", messages.ERROR)
        else:
            said = "is accepted" if accepted else "was not accepted: it changed meanwhile. Look again"
            level = messages.SUCCESS if accepted else messages.ERROR
            self.message_user(request, f"The new name {renaming.of(publisher)} {said}.", level)

    def has_change_permission(self, request: HttpRequest, obj: Publisher | None = None) -> bool:
        """Not of one that lost its name: nothing makes it work again."""
        return super().has_change_permission(request, obj) and (obj is None or obj.invalidated_at is None)

    def delete_model(self, request: HttpRequest, obj: Publisher) -> None:
        """With an event."""
        registration.remove(obj, Actor.of(request))

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add or change a publisher."""
        publisher = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id and publisher is None:
            raise Http404("There is no such publisher.")
        self._check_permission(request, publisher)
        if publisher is not None:
            return self._form_view(request, _form_of(request, publisher=publisher), publisher)
        place = PlaceForm(request.GET if "issuer" in request.GET else None)
        if not place.is_valid():
            return self._page(request, place, None, first_step=True)
        return self._form_view(request, _form_of(request, **place.place), None)

    def _check_permission(self, request: HttpRequest, publisher: Publisher | None) -> None:
        if publisher is None:
            allowed = self.has_add_permission(request)
        elif request.method == "POST":
            allowed = self.has_change_permission(request, publisher)
        else:
            allowed = self.has_view_or_change_permission(request, publisher)
        if not allowed:
            raise PermissionDenied

    def _form_view(self, request: HttpRequest, form: PublisherForm, publisher: Publisher | None) -> Any:
        if request.method != "POST" or not form.is_valid():
            return self._page(request, form, publisher)
        saved = form.save(Actor.of(request))
        if saved is None:
            return self._page(request, form, publisher)
        message = self.construct_change_message(request, form, None, publisher is None)  # type: ignore[arg-type]
        if publisher is None:
            self.log_addition(request, saved, message)
            return self.response_add(request, saved)
        self.log_change(request, saved, message)
        return self.response_change(request, saved)

    def _page(
        self, request: HttpRequest, form: forms.Form, publisher: Publisher | None, *, first_step: bool = False
    ) -> HttpResponse:
        add = publisher is None
        if not add and not self.has_change_permission(request, publisher):
            for field in form.fields.values():
                field.disabled = True
        drawn = helpers.AdminForm(form, [(None, {"fields": [*form.fields]})], {}, (), self)  # type: ignore[arg-type]
        context = {
            **self.admin_site.each_context(request),
            "title": "Add a publisher" if add else "Change the publisher",
            "subtitle": _subtitle(publisher),
            "adminform": drawn,
            "first_step": first_step,
            "publisher_form": None if first_step else form,
            "object_id": str(publisher.pk) if publisher else None,
            "original": publisher,
            "media": self.media + drawn.media,
            "inline_admin_formsets": [],
            "errors": helpers.AdminErrorList(form, []),  # type: ignore[arg-type]
            "preserved_filters": self.get_preserved_filters(request),
            "is_popup": False,
            "to_field": None,
            "show_save_and_add_another": False,
            "show_save_and_continue": not add,
        }
        return self.render_change_form(request, context, add=add, change=not add, obj=publisher)


def _subtitle(publisher: Publisher | None) -> str | None:
    ended = publisher.why_dead() if publisher is not None and publisher.invalidated_at is not None else None
    return f"{publisher}. {ended}" if ended else str(publisher) if publisher is not None else None


def _form_of(request: HttpRequest, **place: Any) -> PublisherForm:
    issuer = place.pop("issuer", None) or place["publisher"].issuer
    data = request.POST if request.method == "POST" else None
    prefill = {name: value for name, value in request.GET.items() if name not in {"issuer", "project_name"}}
    if "user" in place:
        prefill["project_name"] = request.GET.get("project_name", "")
    return PublisherForm(issuer, data, look_up=True, initial=prefill, **place)
