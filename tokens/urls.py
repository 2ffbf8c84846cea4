"""The exchange's addresses; clients build them from the upload URL's host alone."""

from django.urls import path

from tokens import views

urlpatterns = [
    path("_/oidc/audience", views.Audience.as_view(), name="oidc-audience"),
    path("_/oidc/mint-token", views.MintToken.as_view(), name="oidc-mint-token"),
    path("_/oidc/github/mint-token", views.MintToken.as_view()),
    path("_/oidc/check", views.Check.as_view(), name="oidc-check"),
    path("_/oidc/burn-token", views.BurnToken.as_view(), name="oidc-burn-token"),
    path(".well-known/pytp", views.Discovery.as_view(), name="pytp-discovery"),
]
