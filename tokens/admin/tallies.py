"""What the dashboard adds up."""

from django.contrib import admin

from registry.admin.base import RecordAdmin
from tokens.models import Tally


@admin.register(Tally)
class TallyAdmin(RecordAdmin):
    """Counts of hours; nobody changes them."""

    list_display = ("hour", "what", "provider", "code", "count")
    list_filter = ("what", "provider", "hour")
