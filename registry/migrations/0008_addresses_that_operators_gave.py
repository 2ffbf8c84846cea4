from django.db import migrations
from django.db.models import Exists, OuterRef


def verify(apps, schema_editor):
    """Who has an address without a row of django-allauth's has it from an operator: signing up makes the row too."""
    EmailAddress = apps.get_model("account", "EmailAddress")
    known = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=OuterRef("email"))
    users = apps.get_model("registry", "User").objects.exclude(email="").exclude(Exists(known))
    for user in users.order_by("pk").iterator():
        email = user.email.lower()
        if not EmailAddress.objects.filter(email=email, verified=True).exists():
            primary = not EmailAddress.objects.filter(user=user, primary=True).exists()
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=primary)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0007_what_pypis_json_tells_of_a_file'),
        ('account', '0009_emailaddress_unique_primary_email'),
    ]

    operations = [migrations.RunPython(verify, migrations.RunPython.noop, elidable=True)]
