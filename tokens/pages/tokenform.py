"""The form that creates an API token."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_variables

from publishers.letters import has_control
from publishers.models import Publisher
from publishers.words import WordsField
from registry.actors import Actor
from registry.models import Project, User
from registry.names import is_valid, normalize
from tokens.creating import MANAGE_DAYS, TokenRefused, create_api_token
from tokens.models import ApiToken

# More projects than these are named in a text.
MAX_BOXES = 60
MAX_NAMED = 5  # projects of which something is told
NEVER = "never"
EXPIRIES = [("7", "in 7 days"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), (NEVER, "never")]
OPENS = {
    ApiToken.Scope.UPLOAD: "add files to the projects below",
    ApiToken.Scope.DOWNLOAD: "read the index and files, where that needs a sign-in",
    ApiToken.Scope.READ: "see exchanges, events and provenance, by REST",
    ApiToken.Scope.MANAGE: f"change publishers and settings, by REST; expires within {MANAGE_DAYS} days",
}
SCOPES = [(scope.value, format_html("<span><code>{}</code> {}</span>", scope, OPENS[scope])) for scope in OPENS]
ALL, NAMED = "all", "named"
REACHES = [(NAMED, "Only the projects that I name"), (ALL, "All my projects, and those to come")]


class NamedProjects(forms.MultipleChoiceField):
    """Asked for by the form, where the projects are to be named; not by itself."""

    widget = forms.CheckboxSelectMultiple

    def validate(self, value: Any) -> None:
        """None may do."""
        if value:
            super().validate(value)


class TokenForm(forms.Form):
    """A token for ``user``. The key is the form's own: sent again, the form creates no second token."""

    name = forms.CharField(max_length=100, help_text="Where you will use it, such as laptop or nightly-build.")
    scopes = forms.MultipleChoiceField(
        choices=SCOPES, widget=forms.CheckboxSelectMultiple, help_text="What it opens. Take no more than you need."
    )
    reach = forms.ChoiceField(
        choices=REACHES,
        widget=forms.RadioSelect,
        initial=NAMED,
        label="Which projects",
        help_text="A token for all of them that uploads may publish each of them, and create new ones in your name.",
    )
    expiry = forms.ChoiceField(choices=EXPIRIES, initial="30", label="Expires")
    key = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["name", "scopes", "reach", "projects", "expiry", "key"]

    def __init__(self, user: User, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key": uuid4()})
        self.user = user
        self.own = {one.normalized_name: one for one in Project.objects.uploadable_by(user)}
        self.trusting = trusting(self.own.values())
        self.fields["projects"] = self._projects_field()
        self.order_fields(self.field_order)

    @property
    def covered(self) -> list[Project]:
        """The projects that the valid form's token may be used on now."""
        return self.cleaned_data["projects"] or list(self.own.values())

    @property
    def is_limited(self) -> bool:
        """Whether the valid form's token is good for named projects only."""
        return bool(self.cleaned_data["reach"] == NAMED)

    @property
    def uploads(self) -> bool:
        """Whether the valid form's token is for uploads."""
        return ApiToken.Scope.UPLOAD in self.cleaned_data["scopes"]

    @property
    def needless(self) -> list[Project]:
        """The projects that a CI job can publish to without the token; few of them, if there are many."""
        return [one for one in self.covered if self.uploads and one in self.trusting][:MAX_NAMED]

    @property
    def closed(self) -> list[Project]:
        """The projects that take no upload by API token."""
        return [one for one in self.covered if self.uploads and one.trusted_publishing_only][:MAX_NAMED]

    def clean_name(self) -> str:
        """One line, as it stands in mails."""
        name: str = self.cleaned_data["name"]
        if has_control(name):
            raise forms.ValidationError("Control characters are not allowed.")
        return name

    def clean_projects(self) -> list[Project]:
        """Those of the user, by any spelling of their names."""
        names = self.cleaned_data["projects"]
        unknown = [name for name in names if not is_valid(name) or normalize(name) not in self.own]
        if unknown:
            raise forms.ValidationError(f"You have no project {unknown[0]}.")
        return [self.own[normalize(name)] for name in names]

    def clean(self) -> None:
        """Fields that contradict each other."""
        super().clean()
        said = self.cleaned_data
        if "key" in self.errors:
            self.add_error(None, "This form is not whole. Open it anew.")
        if said.get("reach") == ALL and said.get("projects"):
            self.add_error("reach", "You named projects. Take only those, or name none.")
        if said.get("reach") == NAMED and said.get("projects") == []:
            self.add_error("projects", "Name at least one project.")
        if ApiToken.Scope.MANAGE in said.get("scopes", []) and said.get("expiry") == NEVER:
            self.add_error("expiry", f"A token that manages expires within {MANAGE_DAYS} days.")

    @sensitive_variables()
    def save(self, actor: Actor) -> str | None:
        """Create the token and return its text; None, with an error in the form, if it cannot be had.

        Raises SentBefore.
        """
        said = self.cleaned_data
        days = None if said["expiry"] == NEVER else int(said["expiry"])
        try:
            return create_api_token(
                self.user,
                name=said["name"],
                scopes=said["scopes"],
                projects=said["projects"] if self.is_limited else None,
                days=days,
                actor=actor,
                form_key=said["key"],
            )
        except TokenRefused as refused:
            field = {"days": "expiry"}.get(refused.what, refused.what)
            self.add_error(field or None, str(refused))
            return None

    def _projects_field(self) -> forms.Field:
        if len(self.own) > MAX_BOXES:
            hint = "Names with commas between them."
            return WordsField(required=False, widget=forms.Textarea({"rows": 3}), help_text=hint)
        choices = [(name, self._described(one)) for name, one in self.own.items()]
        return NamedProjects(
            choices=choices, help_text="" if choices else "You have none yet. The first upload of a name creates it."
        )

    def _described(self, project: Project) -> str:
        if project.trusted_publishing_only:
            return f"{project.name} (takes uploads by trusted publishing only)"
        return f"{project.name} (has a trusted publisher)" if project in self.trusting else project.name


def trusting(projects: Sequence[Project] | Any) -> set[Project]:
    """Those of ``projects`` to which a CI job can publish without a stored token."""
    named = {project.pk: project for project in projects}
    trusted = Publisher.objects.filter(project__in=named, enabled=True).values_list("project", flat=True)
    return {named[pk] for pk in trusted.distinct().order_by()}
