# Built in two stages: the compilers and caches of the first never reach the second.
FROM python:3.13-slim-bookworm AS build
WORKDIR /service
COPY requirements.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 APP_VAR_DIR=/service/var
WORKDIR /service
COPY --from=build /opt/venv /opt/venv
COPY alembic.ini ./
COPY alembic ./alembic
COPY app ./app
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin service \
    && mkdir var && chown service:service var
USER 10001:10001
VOLUME /service/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
# Run `migrate` and `seed` once before: docker run … migrate && docker run … seed
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
