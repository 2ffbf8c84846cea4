"""Django's PostgreSQL, as a database engine of our own (see ``base``, where Django looks for it)."""
