"""django-allauth's own admin pages are taken away: they show secrets, and change what only its flows may change."""

from allauth.account import admin as account
from allauth.mfa import admin as mfa
from allauth.socialaccount import admin as socialaccount
from allauth.usersessions import admin as usersessions
from django.contrib import admin

for _page in [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"account", "mfa", "socialaccount", "usersessions"}
]:
    admin.site.unregister(_page)

__all__ = ["account", "mfa", "socialaccount", "usersessions"]
