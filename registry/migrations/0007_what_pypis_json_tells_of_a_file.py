from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0006_switches_and_indexes_of_the_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='file',
            name='md5',
            field=models.CharField(blank=True, default='', editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='file',
            name='comment',
            field=models.CharField(blank=True, default='', help_text="The upload's, as in twine's --comment.", max_length=2000),
            preserve_default=False,
        ),
    ]
