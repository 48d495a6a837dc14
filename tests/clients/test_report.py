"""`crmesh report` in a real Chromium without a connection: every picture is drawn, and it prints."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from kit.testing.program import run_program
from tests.clients.conftest import Running
from tests.clients.pages import run

BROWSER = (
    "chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir=profile"
    " --host-resolver-rules='MAP * ~NOTFOUND'"
)
PROBE = """<script>window.addEventListener("load", () => {
  const drawn = [...document.images].filter(image => image.naturalWidth > 100 && image.alt.length > 20).length;
  const wide = document.documentElement.scrollWidth > window.innerWidth;
  document.title = `drawn ${drawn} of ${document.images.length}, ${wide ? "too wide" : "fits"}`;
});</script>"""


def test_the_page_is_drawn_and_printed_without_a_connection(running: Running, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    about = ("--as", "admin", "--locale", "zh-CN", "--period", f"{datetime.now(UTC).year}")
    done = run_program("report", "--url", running.url, "--out", str(out), *about)
    assert done.returncode == 0, done.stderr
    pictures = out.read_text().count("<img ")
    assert pictures >= 1
    # the page itself lets no script run: the probe's copy does
    probed = re.sub(r"<meta http-equiv[^>]*>", "", out.read_text()).replace("</head>", PROBE + "</head>")
    (tmp_path / "probed.html").write_text(probed)
    seen = run(f"{BROWSER} --window-size=1000,1200 --dump-dom probed.html 2>/dev/null", tmp_path)
    assert f"<title>drawn {pictures} of {pictures}, fits</title>" in seen
    run(f"{BROWSER} --print-to-pdf=report.pdf --no-pdf-header-footer report.html 2>/dev/null", tmp_path)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
