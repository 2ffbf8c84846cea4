"""How forms are drawn on our pages: label above, hint and errors below (``templates/forms/``)."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """FORM_RENDERER."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
