"""What the tests of this folder have in common: a daemon with a status page, and who reads it."""

import base64
import json
import pathlib
import re
import ssl
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "security"))
from door import SecurityTest, until  # noqa: E402  (beside this folder)

PATIENCE_S = 10
ADDRESS = re.compile(r"metrics and the status page at (https?://[^/]+)/")


def page_of(daemon):
    """Where the daemon serves its page."""
    return until(lambda: ADDRESS.search(daemon.log()), "the page is served", PATIENCE_S)[1]


def get(url, token=None, password=None, cafile=None, headers=None):
    """(status, headers, text)"""
    request = urllib.request.Request(url, headers=headers or {})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if password:
        coded = base64.b64encode(f"anybody:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {coded}")
    context = ssl.create_default_context(cafile=cafile) if cafile else None
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=context) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()
    except (ConnectionError, urllib.error.URLError, TimeoutError):
        return None, None, ""


def get_json(url, **how):
    status, _, text = get(url, **how)
    return status, json.loads(text)


class WatchedTest(SecurityTest):
    def watch(self, *settings):
        """A daemon with a page: the daemon, a channel to it, and the page's address."""
        daemon, channel = self.serve("metrics.listen=127.0.0.1:0", *settings)
        return daemon, channel, page_of(daemon)
