"""The form that asks for a name to be typed before something goes for good."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class TypedName(forms.Form):
    """The name of what will go, typed by hand."""

    typed = forms.CharField(
        max_length=400, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, data: Any, *, what: str, name: str) -> None:
        super().__init__(data)
        self.name = name
        self.fields["typed"].label = f"The {what}, to be sure"
        self.fields["typed"].help_text = f"Type {name}."

    def clean_typed(self) -> str:
        """Exactly this name."""
        typed: str = self.cleaned_data["typed"]
        if typed != self.name:
            raise ValidationError(f"This is not {self.name}.")
        return typed
