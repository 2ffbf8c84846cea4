"""People's accounts: signing in and what makes it safe. Most of it is django-allauth's."""
