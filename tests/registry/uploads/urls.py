from django.urls import path
from registry.uploads import views

urlpatterns = [path("legacy/", views.upload), path("legacy", views.add_slash)]
