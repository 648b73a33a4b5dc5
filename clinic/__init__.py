"""The project: settings, URLs, Celery application and the ground floor (`clinic.lib`)."""

from clinic.celery import app as celery_app

__all__ = ["celery_app"]
