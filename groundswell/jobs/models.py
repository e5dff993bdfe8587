"""The lease on each running job, and when each round was made last."""

from django.db import models


class Lease(models.Model):
    """Who may finish a job: the run that holds the newest token. Gone once the job has succeeded."""

    job_id = models.BigIntegerField(primary_key=True)
    task = models.TextField()  # the job's name
    token = models.UUIDField()
    taken_at = models.DateTimeField()
    stalls = models.IntegerField(default=0)  # how often a run of it died
    failures = models.IntegerField(default=0)  # how often a run of it raised
    parked_at = models.DateTimeField(null=True)  # given up until a person looks
    reason = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["parked_at"], condition=models.Q(parked_at__isnull=False), name="lease_parked")]

    def __str__(self) -> str:
        return f"{self.task} {self.job_id}"


class Round(models.Model):
    """When a job that is run again and again was queued last."""

    name = models.TextField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
