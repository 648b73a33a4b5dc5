"""How the processes log: one JSON object a line, or plain lines while developing. Never a number, never a text."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as one line: `at` (UTC), `level`, `logger`, `message`, what came in `extra`, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def logging_config(*, debug: bool) -> dict[str, Any]:
    """The `LOGGING` setting."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "clinic.logging.JsonFormatter"},
            "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain" if debug else "json"}
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Twilio's client logs the query of a list request, and with it the phone number, at INFO.
            "twilio": {"level": "WARNING"},
            "aiohttp.access": {"level": "WARNING"},
            # It names who failed to log in, and from where.
            "axes": {"level": "ERROR"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
