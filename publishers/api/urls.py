"""The addresses of this floor's part of the API."""

from django.urls import path

from publishers.api import providers, views

urlpatterns = [
    path("projects/<str:name>/publishers/", views.TrustedPublishers.as_view(), name="api-publishers"),
    path("projects/<str:name>/publishers/<int:pk>/", views.TrustedPublisher.as_view(), name="api-publisher"),
    path("pending-publishers/", views.PendingPublishers.as_view(), name="api-pending-publishers"),
    path("pending-publishers/<int:pk>/", views.PendingPublisher.as_view(), name="api-pending-publisher"),
    path("providers/", providers.Providers.as_view(), name="api-providers"),
]
