# check=error=true
FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /venv
COPY requirements.lock /tmp/requirements.lock
# Only ready-made files, each checked against its hash: no compiler is needed, here or later.
RUN /venv/bin/pip install --no-deps --require-hashes --only-binary :all: -r /tmp/requirements.lock


FROM python:3.13-slim-bookworm AS app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CLINIC_DATA_DIR=/data
RUN groupadd --system --gid 10001 clinic \
 && useradd --system --uid 10001 --gid clinic --home-dir /data --shell /usr/sbin/nologin clinic \
 && install --directory --owner=clinic --group=clinic /data \
 && install --directory --owner=clinic --group=clinic --mode=0700 /data/imports
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY clinic/ clinic/
COPY settings_app/ settings_app/
COPY patients/ patients/
COPY sms/ sms/
COPY templates/ templates/
COPY docs/guide/ docs/guide/
COPY locale/ locale/
# The key signs nothing here, and its folder is not kept: collectstatic only has to read the settings.
RUN SECRET_KEY=only-while-building CLINIC_DATA_DIR=/tmp/building python manage.py collectstatic --no-input \
 && rm -rf /tmp/building

USER 10001:10001
VOLUME /data
EXPOSE 8000
# Asks as a browser would, by the first name in ALLOWED_HOSTS: any other Host is refused.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; host = os.environ.get('ALLOWED_HOSTS', '').split(',')[0].strip('.* ') or '127.0.0.1'; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=4)"]
CMD ["gunicorn", "clinic.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
