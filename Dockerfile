# The registry as an image: one process, its data directories and nothing else.
# It never runs as root, never writes outside its volume and /tmp, and installs only what the hashed locks name.
#
#   docker build -t probity .
#   docker run --read-only --tmpfs /tmp -v probity:/var/lib/probity -p 8000:8000 --env-file production.env probity

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /srv/probity
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /opt/probity \
 && /opt/probity/bin/python -m pip install --require-hashes -r requirements-build.lock -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app/ app/
# Editable, so that app/ finds graphql/, policies/ and migrations/ beside itself as it does in a checkout.
# Nothing is installed in the running image, so what could install is taken out.
RUN /opt/probity/bin/python -m pip install --no-deps --no-build-isolation --no-index --editable . \
 && /opt/probity/bin/python -m pip uninstall --yes setuptools pip \
 && /opt/probity/bin/python -m compileall -q app

FROM python:3.11.14-slim-bookworm
RUN groupadd --system --gid 10001 probity \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/probity --shell /usr/sbin/nologin probity \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/probity
COPY --from=build /opt/probity /opt/probity
COPY --from=build /srv/probity /srv/probity
COPY graphql/ /srv/probity/graphql/
COPY policies/ /srv/probity/policies/
COPY migrations/ /srv/probity/migrations/
COPY mappings/ /srv/probity/mappings/
WORKDIR /srv/probity
ENV PATH=/opt/probity/bin:$PATH \
    PROBITY_HOME=/var/lib/probity \
    PROBITY_MODE=production \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME ["/var/lib/probity"]
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["probity"]
CMD ["serve", "--host", "0.0.0.0"]
