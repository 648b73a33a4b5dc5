"""Says in one sentence whether PostgreSQL and Redis answer, and makes the checks' database if it is missing.

Reads DATABASE_URL and CELERY_BROKER_URL; exit code 1 if one of them does not answer.
"""

import os
import sys
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql


def main() -> None:
    database, broker = os.environ["DATABASE_URL"], os.environ["CELERY_BROKER_URL"]
    parts = urlsplit(database)
    name = parts.path.removeprefix("/")
    try:
        # The database `postgres` is always there, also before ours is.
        with psycopg.connect(
            parts._replace(path="/postgres").geturl(), connect_timeout=5, autocommit=True
        ) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            version = server.info.server_version // 10000
    except psycopg.Error as error:
        sys.exit(f"PostgreSQL does not answer at {parts.hostname}:{parts.port or 5432}: start it ({error}).")
    try:
        redis.Redis.from_url(broker, socket_timeout=5, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        sys.exit(f"Redis does not answer at {urlsplit(broker).hostname}: start it ({error}).")
    sys.stdout.write(f"PostgreSQL {version} and Redis answer.\n")


if __name__ == "__main__":
    main()
