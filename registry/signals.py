"""What the registry tells the floors above, inside the transaction that makes it true."""

from django.dispatch import Signal

# name: of a project that is about to be created, if nobody else takes it first.
project_creating = Signal()

# project: Project; credential: what the upload came with, or None when a person or a command created the project.
project_created = Signal()

# file: File; credential: UploadCredential; actor: Actor; provenance: the document of PEP 740, or None without one.
file_uploaded = Signal()

# name: ProhibitedName; actor: Actor. Also of one that was changed.
name_prohibited = Signal()

# user: User; actor: Actor. The user's row is about to go.
user_removed = Signal()

# No arguments: sent by the mail worker about once an hour, outside any transaction, and perhaps by another at once.
hour_passed = Signal()
