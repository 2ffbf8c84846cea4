"""The administrators' pages: attributes, mostly. What they change goes through the same functions as everything."""

from django.conf import settings
from django.contrib import admin

from registry.admin import accounts, history, invitations, mails, people, projects, released, switchboard

__all__ = ["accounts", "history", "invitations", "mails", "people", "projects", "released", "switchboard"]

admin.site.site_header = settings.SITE_NAME
admin.site.site_title = f"{settings.SITE_NAME} admin"
admin.site.index_title = "Administration"
