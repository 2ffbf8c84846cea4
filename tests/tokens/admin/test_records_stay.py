"""No way through the admin adds, changes or deletes a record, whoever tries: each would work where it is allowed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.forms import MultiWidget
from django.test import Client

from publishers.models import Issuer, Publisher
from registry.admin.base import RecordAdmin
from registry.models import Event, File, Project, Release, User
from tests.factories import make_user
from tests.registry.accounts.test_administration import addresses
from tests.tokens.admin.conftest import Story
from tests.tokens.test_exchange import mint
from tokens.models import ApiToken, Exchange, Provenance, Tally, UploadToken

# An upload token's row is also the redemption of its identity token.
RECORDS: list[type[Model]] = [Event, Exchange, UploadToken, ApiToken, Provenance, Tally]
PARENTS: list[type[Model]] = [User, Project, Publisher, Issuer, Release, File]
Attempt = tuple[str, dict[str, Any]]


@pytest.fixture
def told(story: Story) -> Story:
    """With a row of each record: a refused exchange, an API token, counted hours."""
    mint(Client(), story.world.token(repository_id="75"))
    alice = story.world.owner
    token = ApiToken.objects.create(digest="x", user=alice, username="alice", name="ci", scopes=["upload"])
    token.projects.add(story.world.project)
    Tally.objects.create(hour=token.created_at, what="granted", count=1)
    return story


def _superuser() -> User:
    return make_user("root", is_staff=True, is_superuser=True)


def _with_every_permission() -> User:
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.all())
    return helper


@pytest.fixture(params=[_superuser, _with_every_permission], ids=["a superuser", "staff with every permission"])
def somebody(request: pytest.FixtureRequest, transactional_db: None, client: Client) -> Client:
    """Whoever may do most."""
    client.force_login(request.param())
    return client


def everything() -> dict[str, list[dict[str, object]]]:
    """All audit records with all that they say: what they point to may go, and shows nothing but that."""
    kept = {}
    for model in RECORDS:
        names = [field.attname for field in model._meta.concrete_fields if not field.is_relation]
        kept[model.__name__] = list(model._default_manager.order_by("pk").values(*names))
    return kept


def page_of(model: type[Model], *rest: object) -> str:
    return "/".join(["/admin", model._meta.app_label, str(model._meta.model_name), *map(str, rest), ""])


def attempts(model: type[Model]) -> Iterator[Attempt]:
    """Every form that Django's admin knows of a model, sent as if it were offered."""
    said = {field.attname: "7" for field in model._meta.concrete_fields}
    related = {field.name: ["1"] for field in model._meta.many_to_many}
    changelist, keys = page_of(model), [str(row.pk) for row in model._default_manager.all()]
    for query in ("", "?_popup=1", "?_popup=1&_to_field=id", "?_changelist_filters=q"):
        yield f"{page_of(model, 'add')}{query}", {**said, **related, "_save": "Save"}
    for key in keys:
        for button in ("_save", "_continue", "_addanother", "_saveasnew", "_popup"):
            yield page_of(model, key, "change"), {**said, **related, button: "1"}
        yield f"{page_of(model, key, 'delete')}?_popup=1", {"post": "yes", "_popup": "1"}
        yield page_of(model, key, "history"), {**said, "post": "yes"}
        yield page_of(model, key), {**said, "post": "yes"}
    for action in {name for its in admin.site._registry.values() for name in _actions(its)} - {"revoke_selected"}:
        for more in ({}, {"index": "0"}, {"select_across": "1"}):
            yield changelist, {"action": action, "_selected_action": keys, "post": "yes", **more}
    edited = {"form-TOTAL_FORMS": str(len(keys)), "form-INITIAL_FORMS": str(len(keys)), "_save": "Save"}
    for number, key in enumerate(keys):
        edited |= {f"form-{number}-{name}": "7" for name in said} | {f"form-{number}-{model._meta.pk.name}": key}
    yield changelist, edited
    for path in addresses():
        if path == page_of(model, "export"):
            yield path, {**said, "post": "yes"}


def _actions(its: Any) -> set[str]:
    return {"delete_selected", *(action if isinstance(action, str) else action.__name__ for action in its.actions)}


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_no_form_of_a_records_own_pages_does_anything(somebody: Client, told: Story, model: type[Model]):
    assert model._default_manager.exists()
    before = everything()
    answers = {somebody.post(path, sent).status_code for path, sent in attempts(model)}
    assert everything() == before
    # Refused, or a page that only reads; redirects are an action that the list does not have, or /1/ to /1/change/.
    assert answers <= {200, 302, 403, 404, 405}
    assert 403 in answers
    its = admin.site._registry[model]
    assert isinstance(its, RecordAdmin)
    assert not its.list_editable


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_the_same_forms_would_delete_where_that_is_allowed(
    somebody: Client, told: Story, model: type[Model], monkeypatch: pytest.MonkeyPatch
):
    for what in ("add", "change", "delete"):
        monkeypatch.setattr(RecordAdmin, f"has_{what}_permission", lambda *_args, **_kwargs: True)
    somebody.raise_request_exception = False
    before = everything()
    for path, sent in attempts(model):
        somebody.post(path, sent)
    name = model.__name__
    assert [row for row in everything()[name] if row in before[name]] == []


def relations(parent: type[Model]) -> Iterator[tuple[type[Model], str, str]]:
    """Which records hang on a parent: the record, the column, and the prefix that a formset of them would have."""
    for relation in parent._meta.related_objects:
        if relation.related_model in RECORDS:
            prefix = (relation.get_accessor_name() or "").replace("+", "")
            yield relation.related_model, relation.field.name, prefix


def inline(parent: Model) -> dict[str, Any]:
    """Formsets of all records of a parent, which change the first row, delete the others, and add one."""
    sent: dict[str, Any] = {}
    for model, _column, prefix in relations(type(parent)):
        keys = [str(row.pk) for row in model._default_manager.all()]
        sent |= {f"{prefix}-TOTAL_FORMS": str(len(keys) + 1), f"{prefix}-INITIAL_FORMS": str(len(keys))}
        for number, key in enumerate([*keys, ""]):
            sent |= {f"{prefix}-{number}-{field.name}": "7" for field in model._meta.concrete_fields}
            sent |= {f"{prefix}-{number}-id": key, f"{prefix}-{number}-DELETE": "on" if number else ""}
    return sent


def filled(page: Any) -> dict[str, Any]:
    """What a browser would send of a page's form as it stands."""
    sent: dict[str, Any] = {}
    formsets = [one.formset for one in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form, *(formset.management_form for formset in formsets)]
    for form in [*forms, *(form for formset in formsets for form in formset.forms)]:
        for bound in form:
            value, widget = bound.value(), bound.field.widget
            if isinstance(widget, MultiWidget):
                parts = widget.decompress(value) or []
                sent |= {f"{bound.html_name}_{n}": str(part) for n, part in enumerate(parts) if part is not None}
            elif value is not None and value is not False:
                sent[bound.html_name] = value
    return sent


@pytest.mark.parametrize("parent", PARENTS, ids=lambda model: model.__name__)
def test_no_formset_at_a_parent_does_anything(somebody: Client, told: Story, parent: type[Model]):
    rows = {
        User: told.world.owner,
        Project: told.world.project,
        Publisher: told.world.publisher,
        Issuer: told.world.issuer,
    }
    row: Any = rows.get(parent) or parent._default_manager.first()
    before, path = everything(), page_of(parent, row.pk, "change")
    answer = somebody.post(path, {**filled(somebody.get(path)), **inline(row), "_save": "Save"})
    may = parent is not File and (parent is not Issuer or User.objects.filter(username="root").exists())
    assert answer.status_code == (302 if may else 403), answer.context["errors"]
    stays(before, {"Event"} if may else set())
    assert not {one.model for one in admin.site._registry[parent].inlines} & {*RECORDS}


def stays(before: dict[str, list[dict[str, object]]], more: set[str]) -> None:
    """All records of before are there and say the same; there are further ones in ``more`` only."""
    for name, rows in everything().items():
        assert [row for row in rows if row in before[name]] == before[name], name
        assert name in more or len(rows) == len(before[name]), name


@pytest.mark.parametrize("way", ["page", "list", "popup"])
def test_deleting_all_that_records_speak_of_in_the_admin_removes_none(somebody: Client, told: Story, way: str):
    before = everything()
    for parent in (File, Release, Publisher, Project, Issuer):
        for row in parent._default_manager.filter(**({"pk": told.world.issuer.pk} if parent is Issuer else {})):
            _delete(somebody, row, way)
    _delete(somebody, told.world.owner, way)
    assert not Publisher.objects.exists()
    assert not Project.objects.exists()
    assert not User.objects.filter(username="alice").exists()
    stays(before, {"Event"})


def _delete(client: Client, row: Model, way: str) -> None:
    if way == "list":
        sent = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        client.post(page_of(type(row)), sent)
    else:
        popup = {"_popup": "1"} if way == "popup" else {}
        client.post(page_of(type(row), row.pk, "delete"), {"post": "yes", **popup})


@pytest.mark.parametrize("model", [ApiToken, UploadToken], ids=lambda model: model.__name__)
def test_revoking_writes_when_and_why_and_nothing_else(somebody: Client, told: Story, model: type[Model]):
    row: Any = model._default_manager.get()
    before = model._default_manager.values().get()
    said = {field.attname: "7" for field in model._meta.concrete_fields}
    chosen = {"action": "revoke_selected", "_selected_action": [str(row.pk)], "sure": "1", "reason": "seen in a log"}
    assert somebody.post(page_of(model), {**said, **chosen}).status_code == 302
    after = model._default_manager.values().get()
    assert {name for name in after if after[name] != before[name]} == {"revoked_at", "revoked_reason"}
