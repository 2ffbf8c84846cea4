"""PyPI's address of attestations."""

from django.urls import path

from tokens.attestations import views

urlpatterns = [
    path("<str:name>/<str:version>/<str:filename>/provenance", views.provenance, name="integrity"),
]
