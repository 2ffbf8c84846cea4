"""How far the deletion of what outlived its retention has come."""

from django.db import models


class Cleared(models.Model):
    """Rows of a table up to a time, of which those that are still there stay for good (``registry.clearing``).

    It holds while there are as many of them: after an import or a restore all are looked at again. Whoever makes more
    rows deletable than before must delete these marks, in a migration.
    """

    table = models.CharField(max_length=100, help_text="The model's label.")
    until = models.DateTimeField()
    count = models.PositiveBigIntegerField(help_text="Of the rows up to then that stay.")

    class Meta:
        ordering = ["table"]
        verbose_name_plural = "cleared"
        constraints = [models.UniqueConstraint(fields=["table"], name="one_mark_for_each_table")]

    def __str__(self) -> str:
        return f"{self.table} until {self.until:%Y-%m-%d %H:%M}"
