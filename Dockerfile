# One image for web and worker; compose.yaml says which runs what.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv
WORKDIR /srv/carryover

COPY .python-version requirements.lock ./
RUN uv venv /opt/venv && VIRTUAL_ENV=/opt/venv uv pip sync --require-hashes requirements.lock
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH

COPY pyproject.toml README.md app.py ./
COPY .streamlit .streamlit
COPY mmm_core mmm_core
COPY db db
COPY jobs jobs
COPY server server
COPY pages pages
COPY benchmarks benchmarks
RUN uv pip install --no-deps --editable .

RUN useradd --create-home --uid 10001 carryover && mkdir -p /var/lib/carryover && chown carryover /var/lib/carryover
USER carryover
ENV CARRYOVER_HOME=/var/lib/carryover
EXPOSE 8501
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8501"]
