"""What the admin asks before a provider's own fields: at which issuer, and for which project."""

from typing import Any

from django import forms

from publishers.models import Issuer
from registry.models import Project, User
from registry.names import MAX_NAME_LENGTH


class PlaceForm(forms.Form):
    """The first step of adding a publisher. A project that does not exist needs the user who will own it."""

    issuer = forms.ModelChoiceField(Issuer.objects.all())
    project_name = forms.CharField(max_length=MAX_NAME_LENGTH, label="Project", help_text="The name of the project.")
    username = forms.CharField(
        max_length=150,
        required=False,
        label="Waiting user",
        help_text="Only if there is no such project yet: who will own it once the first upload has created it.",
    )

    place: dict[str, Any]

    def clean(self) -> None:
        """A project that exists, or somebody who waits for it."""
        super().clean()
        if self.errors:
            return
        name, username = self.cleaned_data["project_name"], self.cleaned_data["username"]
        project = Project.objects.named(name).first()
        if project is None and not username:
            self.add_error("username", f"There is no project {name}. Name the user who waits for it.")
        elif project is not None and username:
            self.add_error("username", f"The project {project.name} exists; nobody waits for it.")
        else:
            self._settle(project, username)

    def _settle(self, project: Project | None, username: str) -> None:
        issuer = self.cleaned_data["issuer"]
        if project is not None:
            self.place = {"issuer": issuer, "project": project}
            return
        user = User.objects.filter(username=username).first()
        if user is None:
            self.add_error("username", f"There is no user {username}.")
        self.place = {"issuer": issuer, "user": user}
