import django.db.models.deletion
from django.db import migrations, models
from django.db.models.fields.json import KT
from django.db.models.functions import Concat, Lower

from registry import versions

BATCH = 500


def copy_summaries(apps, schema_editor):
    """Give the projects that stand their latest release's summary."""
    Project, Release = apps.get_model("registry", "Project"), apps.get_model("registry", "Release")
    keys = list(Project.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        projects = Project.objects.in_bulk(keys[start : start + BATCH])
        releases = {}
        for release in Release.objects.filter(project__in=projects).only("project_id", "version", "yanked_at"):
            releases.setdefault(release.project_id, []).append(release)
        latest = {versions.latest(those).pk: key for key, those in releases.items()}
        for pk, summary in Release.objects.filter(pk__in=latest).values_list("pk", KT("metadata__summary")):
            projects[latest[pk]].summary = (summary or "")[:512]
        Project.objects.bulk_update(projects.values(), ["summary"])


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0002_events_have_each_index_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="RenderedDescription",
            fields=[
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rendered_description",
                        serialize=False,
                        to="registry.release",
                    ),
                ),
                ("digest", models.CharField(help_text="Of the text, and of how it was rendered.", max_length=64)),
                ("html", models.TextField(help_text="Empty: only the text itself can be shown.")),
            ],
        ),
        migrations.AddField(
            model_name="project",
            name="summary",
            field=models.CharField(blank=True, editable=False, help_text="The latest release's.", max_length=512),
        ),
        migrations.AddField(
            model_name="project",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=Concat("normalized_name", models.Value(" "), Lower("summary")),
                output_field=models.TextField(),
            ),
        ),
        migrations.RunPython(copy_summaries, migrations.RunPython.noop),
    ]
