"""The WSGI application that the production server loads."""

import os

from django.core.wsgi import get_wsgi_application

from registry.startup import stop_on_wrong_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
stop_on_wrong_settings()
application = get_wsgi_application()
