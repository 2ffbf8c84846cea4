"""The addresses of the previews, below ``/dev/mails/``; ``registry.urls`` has them while DEBUG is on."""

from django.urls import path

from registry.previews import views

urlpatterns = [
    path("", views.mails_listed, name="preview-mails"),
    path("<path:name>/<str:scheme>.html", views.mail_as_html, name="preview-mail-html"),
    path("<path:name>/", views.mail, name="preview-mail"),
]
