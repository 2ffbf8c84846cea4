"""Storing a file: who may, where it goes, and all that becomes true with it, in one transaction."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from packaging.utils import canonicalize_version

from registry import summaries, switches
from registry.actors import Actor
from registry.creation import NameRefused, check_name, create_project
from registry.models import Event, File, Project, Release, UsedFilename
from registry.signals import file_uploaded
from registry.storage import contents
from registry.uploads import distributions, filenames, forms, receiving
from registry.uploads.credentials import UploadCredential
from registry.uploads.distributions import Inspected
from registry.uploads.errors import NotAllowed, TryAgain, UploadRefused, shown
from registry.uploads.forms import UploadForm
from registry.uploads.receiving import ReceivedFile, Upload

logger = logging.getLogger(__name__)

_CLOSED = {Project.Status.ARCHIVED: "archived", Project.Status.QUARANTINED: "quarantined"}


@dataclass(frozen=True)
class _Upload:
    """A whole upload, found good, and who sends it."""

    form: UploadForm
    file: ReceivedFile
    inspected: Inspected
    metadata_path: Path
    address: str | None
    is_first: bool  # there was no such project before the transaction
    provenance: dict[str, Any] | None  # PEP 740, of verified attestations

    def row(self) -> File:
        """The file's row, not yet in a release and not saved."""
        form, file, inspected = self.form, self.file, self.inspected
        return File(
            filename=file.filename,
            packagetype=form.filetype,
            python_version=form.pyversion,
            requires_python=inspected.requires_python,
            size=file.size,
            sha256=file.sha256,
            blake2_256=file.digests["blake2_256"],
            md5=file.digests["md5"],
            comment=form.comment,
            metadata_sha256=inspected.metadata_sha256 if form.filetype == File.PackageType.WHEEL else "",
            attested=self.provenance is not None,
        )

    def places(self) -> dict[str, Path]:
        """Where in the storage which bytes go. The file comes last: the metadata must be beside it."""
        row = self.row()
        beside = {f"{row.path}.metadata": self.metadata_path} if row.metadata_sha256 else {}
        return {**beside, row.path: self.file.path}


def accept(upload: Upload, credential: UploadCredential, address: str | None) -> None:
    """Store an upload, or raise UploadRefused; the same file again changes nothing.

    What is slow (verifying attestations, reading the archive, bringing bytes to the disk or to the bucket) is done
    before the transaction.
    """
    form = forms.read(upload.fields)
    if upload.file is None:
        raise UploadRefused("Upload payload does not have a file.")
    project = _permitted(form, credential)
    filenames.check(upload.file.filename, form.filetype, form.name, form.metadata.version)
    _check_size(upload.file, project)
    form.check_digests(upload.file)
    if _is_stored(upload.file):
        return
    provenance = _attested(form, upload.file, credential)
    inspected = distributions.inspect(upload.file, form)
    with contents.finished([inspected.metadata_file]) as metadata_path:
        whole = _Upload(form, upload.file, inspected, metadata_path, address, project is None, provenance)
        for name, source in whole.places().items():
            contents.settle(name, source)
        _store(whole, credential)


def _permitted(form: UploadForm, credential: UploadCredential) -> Project | None:
    """The project, if there is one, as far as can be told before the transaction: most refusals come from here."""
    project = Project.objects.named(form.name).first()
    try:
        if project is None:
            project = _check_new(form, credential)
        if project is not None:
            _check_open(project, form, credential)
    except NameRefused as refused:
        raise UploadRefused(str(refused)) from refused
    return project


def _check_new(form: UploadForm, credential: UploadCredential) -> Project | None:
    """The project, if another upload has created it since it was looked for; raises NameRefused if none may."""
    switches.check(switches.NEW_PROJECTS)
    try:
        check_name(form.name, credential.owners_of_new(form.name, form.version))
    except NameRefused:
        project = Project.objects.named(form.name).first()
        if project is None:
            raise
        return project
    return None


def _check_open(project: Project, form: UploadForm, credential: UploadCredential) -> None:
    credential.check_upload(project, form.version)
    status = Project.Status(project.status)
    if status in _CLOSED:
        raise NotAllowed(f"The project '{project.name}' is {_CLOSED[status]}: it takes no new files.")


def _check_size(file: ReceivedFile, project: Project | None) -> None:
    own = project.max_file_size if project is not None else None
    limit: int = settings.MAX_FILE_SIZE if own is None else own
    if file.size > limit:
        raise receiving.too_large(limit, project)


def _is_stored(file: ReceivedFile) -> bool:
    """Whether these very bytes are there under this name. Raises UploadRefused if other ones are, or were."""
    # In this order: both come with one commit, and what is seen of it first must not be the name alone.
    was_used = UsedFilename.objects.filter(filename=file.filename).exists()
    stored = File.objects.filter(filename=file.filename).first()
    if stored is not None and stored.sha256 != file.sha256:
        raise UploadRefused(
            f"File already exists ({shown(file.filename, 250)}, with blake2_256 hash "
            f"'{file.digests['blake2_256']}'). A file never changes: use a different version or build number."
        )
    if stored is None and was_used:
        raise UploadRefused(
            "This filename was previously used by a file that has since been deleted. Use a different version."
        )
    return stored is not None


def _attested(form: UploadForm, file: ReceivedFile, credential: UploadCredential) -> dict[str, Any] | None:
    """The file's provenance document; None without attestations."""
    if not form.unverified_attestations:
        return None
    return credential.attested(form.name, file.filename, file.sha256, form.unverified_attestations)


def _store(upload: _Upload, credential: UploadCredential) -> None:
    try:
        with transaction.atomic():
            _store_locked(upload, credential)
    except NameRefused as refused:
        raise UploadRefused(str(refused)) from refused
    except (IntegrityError, OperationalError) as collision:
        logger.warning("An upload collided with another one, or the database is busy", exc_info=True)
        raise TryAgain from collision


def _store_locked(upload: _Upload, credential: UploadCredential) -> None:
    """Inside the transaction. The project's row lock makes two uploads to one project take turns."""
    form, file = upload.form, upload.file
    credential = credential.locked(form.name)
    try:
        project, credential = _project(form, credential, upload.address)
    except NotAllowed:
        if upload.is_first:
            check_name(form.name)  # it was free a moment ago: say that somebody else was faster
        raise
    _check_size(file, project)
    if _is_stored(file):
        return
    actor = credential.actor(upload.address)
    release, events = _release(project, upload, actor)
    if events:
        summaries.keep(project)
    row = _add_file(release, upload)
    events.append(
        Event.line(
            "file:add",
            actor,
            project=project,
            filename=row.filename,
            version=release.version,
            sha256=row.sha256,
            size=row.size,
        )
    )
    Event.objects.bulk_create(events)
    project.bump_serial()
    file_uploaded.send(sender=File, file=row, credential=credential, actor=actor, provenance=upload.provenance)
    _place(upload)


def _project(form: UploadForm, credential: UploadCredential, address: str | None) -> tuple[Project, UploadCredential]:
    """The project, locked or new, and the credential as it is after the wait for the lock."""
    project = _locked_project(form.name)
    if project is None:
        owners = credential.owners_of_new(form.name, form.version)
        try:
            actor = credential.actor(address)
            return create_project(form.name, owners=owners, actor=actor, credential=credential), credential
        except NameRefused:
            # Another upload may have created it meanwhile: then it is an upload to an existing project.
            project, credential = _locked_project(form.name), credential.locked(form.name)
            if project is None:
                raise
    _check_open(project, form, credential)
    return project, credential


def _locked_project(name: str) -> Project | None:
    return Project.objects.named(name).select_for_update(no_key=True).first()


def _release(project: Project, upload: _Upload, actor: Actor) -> tuple[Release, list[Event]]:
    """The release of the version, and the event of its creation if it is new.

    ``1.0`` and ``1.0.0`` are one version (PEP 440), hence one release.
    """
    version = upload.form.version
    release = _existing_release(project, version)
    if release is None:
        release = Release.objects.create(project=project, version=version, metadata=dict(upload.inspected.raw))
        return release, [Event.line("project:release:add", actor, project=project, version=version)]
    is_sdist = upload.form.filetype == File.PackageType.SDIST
    if is_sdist and release.files.filter(packagetype=File.PackageType.SDIST).exists():
        raise UploadRefused("Only one sdist may be uploaded per release.")
    return release, []


def _existing_release(project: Project, version: str) -> Release | None:
    exact = project.releases.filter(version=version).first()
    if exact is not None:
        return exact
    canonical = canonicalize_version(version)
    known = project.releases.values_list("version", flat=True)
    same = next((other for other in known if canonicalize_version(other) == canonical), None)
    return project.releases.filter(version=same).first() if same is not None else None


def _add_file(release: Release, upload: _Upload) -> File:
    row = upload.row()
    UsedFilename.objects.create(filename=row.filename)
    row.release = release
    row.save(force_insert=True)
    return row


def _place(upload: _Upload) -> None:
    """Let the bytes lie in their place, as the last step: after it only the commit can fail.

    Bytes that no row speaks of are not listed, and do not hinder the next upload of the same file.
    """
    for name, source in upload.places().items():
        contents.place(name, source)
