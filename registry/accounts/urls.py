"""The addresses of accounts: ours, and django-allauth's."""

from django.urls import include, path

from registry.accounts import pages
from registry.accounts.signon import views as signon

urlpatterns = [
    path("", pages.overview, name="account_overview"),
    path("sessions/", pages.sessions, name="usersessions_list"),
    path("sso/login/", signon.begin, name="sso_login"),
    path("sso/login/callback/", signon.callback, name="sso_callback"),
    path("sso/confirm/", signon.confirm, name="sso_confirm"),
    path("", include("allauth.urls")),
]
