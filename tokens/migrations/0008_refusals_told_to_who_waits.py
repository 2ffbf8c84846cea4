import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('publishers', '0006_the_use_of_keys'),
        ('registry', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('tokens', '0007_narrow_exchanges'),
    ]

    operations = [
        migrations.AddField(
            model_name='refusalnotice',
            name='user',
            field=models.ForeignKey(help_text='Who waits for a project.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='refusal_notices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='refusalnotice',
            name='project',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='refusal_notices', to='registry.project'),
        ),
        migrations.AddConstraint(
            model_name='refusalnotice',
            constraint=models.UniqueConstraint(fields=('user', 'issuer', 'identity'), name='one_notice_per_workload_waited_for'),
        ),
        migrations.AddConstraint(
            model_name='refusalnotice',
            constraint=models.CheckConstraint(condition=models.Q(('project__isnull', True), ('user__isnull', True), _connector='XOR'), name='notice_to_owners_or_to_who_waits'),
        ),
    ]
