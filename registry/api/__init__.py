"""REST: ``/api/v1/``. Each floor has its own part; what all of them share is here."""
