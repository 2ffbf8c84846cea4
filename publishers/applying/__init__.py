"""Bringing the database to what a file says: ``manage.py apply``.

``tables`` reads the file and knows its form, ``keys`` what a key may hold; ``people``, ``trust`` and ``workloads``
bring the database to it, and ``run`` does that in one transaction.
"""
