"""The production server: gunicorn's threads, with a front that slow clients cannot block.

``python -m registry.serve`` starts it. Why this server: ``docs/server.md``.
"""
