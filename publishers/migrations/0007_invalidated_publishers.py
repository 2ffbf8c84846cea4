from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('registry', '0001_initial'),
        ('publishers', '0006_the_use_of_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='publisher',
            name='invalidated_at',
            field=models.DateTimeField(editable=False, help_text='When the name that it waited for was lost: it works no more.', null=True),
        ),
        migrations.RemoveConstraint(
            model_name='publisher',
            name='same_pending_publisher_once_per_user',
        ),
        migrations.AddConstraint(
            model_name='publisher',
            constraint=models.UniqueConstraint(condition=models.Q(('invalidated_at__isnull', True), ('project__isnull', True)), fields=('added_by', 'normalized_name', 'fingerprint'), name='same_pending_publisher_once_per_user'),
        ),
        migrations.AddConstraint(
            model_name='publisher',
            constraint=models.CheckConstraint(condition=models.Q(('project__isnull', True), ('invalidated_at__isnull', True), _connector='OR'), name='invalidated_publisher_has_no_project'),
        ),
    ]
