# docker build -t manabi-lab . && docker run -p 8501:8501 -v manabi:/var/lib/manabi manabi-lab
# Real data, read-only: add  -v /path/to/data:/data:ro -e MANABI_DATA=/data
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 manabi \
 && mkdir -p /var/lib/manabi && chown manabi /var/lib/manabi
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .

ENV MANABI_DOWNLOADS=/var/lib/manabi/data \
    MANABI_RUNS=/var/lib/manabi/runs \
    MANABI_CACHE=/var/lib/manabi/cache \
    MANABI_HANDWRITING=/var/lib/manabi/handwriting \
    PYTHONUNBUFFERED=1
USER manabi
VOLUME /var/lib/manabi
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
