"""The outbox: mails that wait, were sent or were given up. They are read, and tried again; nothing else changes."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from post_office.models import Attachment, Email, EmailTemplate, Log

from registry import outbox
from registry.admin.base import RecordAdmin, pretty

# Their own pages change mails, and what is known of them, and bring inline styles; templates in the database and
# attachments are not used. A mail's page shows its log.
admin.site.unregister([Attachment, Email, EmailTemplate, Log])


@admin.register(Email)
class MailAdmin(RecordAdmin):
    """One mail to one person."""

    change_form_template = "admin/change_form.html"  # not the app's own, which offers to send again what was sent
    list_display = ("subject", "to", "status", "created", "scheduled_time", "number_of_retries")
    list_filter = ("status", "created")
    search_fields = ("to", "subject", "=message_id")
    ordering = ("-created", "-pk")
    fields = (
        "to",
        "subject",
        "status",
        "created",
        "scheduled_time",
        "number_of_retries",
        "last_updated",
        "message_id",
        "text",
        "failures",
    )
    actions = ("try_again",)

    @admin.display(description="text")
    def text(self, mail: Any) -> SafeString:
        """The mail as text."""
        return format_html("<pre>{}</pre>", mail.message)

    @admin.display(description="failed attempts")
    def failures(self, mail: Any) -> SafeString:
        """What the server said each time."""
        attempts = mail.logs.order_by("date")
        return pretty([f"{log.date:%Y-%m-%d %H:%M} {log.exception_type}: {log.message}" for log in attempts])

    def has_try_permission(self, request: HttpRequest) -> bool:
        """Whoever may change mails in Django's sense."""
        return bool(request.user.has_perm("post_office.change_email"))

    @admin.action(description="Try selected mails again, if they were given up", permissions=["try"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """One more attempt for each."""
        self.message_user(request, f"{outbox.try_again(queryset)} will be tried again.", messages.SUCCESS)
