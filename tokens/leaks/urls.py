"""The address for reports of leaked tokens."""

from django.urls import path

from tokens.leaks import views

urlpatterns = [path("disclose-token", views.disclose, name="disclose-token")]
