"""Follow redirects, but only those that are safe, and without a look at the pages that come with them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from lnpatch.downloads.address import hide_password

_logger = logging.getLogger(__name__)


#: How many redirects are followed, one after another.
MAX_REDIRECTS = 10


class RedirectRefusedError(Exception):
    """A redirect is not followed; the text says why."""


@contextmanager
def open_response(client: httpx.Client, request: httpx.Request) -> Iterator[httpx.Response]:
    """Send a request, and give the first answer that is no redirect; its body has not been read.

    httpx follows redirects itself, but reads the body of each to its end, which there may not be.

    Raises:
        RedirectRefusedError: there are too many redirects, or one that :func:`refuse_redirect` refuses.
        httpx.HTTPError, httpx.InvalidURL: as httpx does.
    """
    for _ in range(MAX_REDIRECTS + 1):
        _logger.debug("%s %s", request.method, hide_password(str(request.url)))
        response = client.send(request, stream=True)
        try:
            if response.next_request is None:
                yield response
                return
            request = response.next_request
        finally:
            response.close()
    raise RedirectRefusedError(f"more than {MAX_REDIRECTS} redirects")


def refuse_redirect(response: httpx.Response) -> None:
    """Refuse an answer that redirects to where no file of the network is, or where a secret would get out.

    It is a hook of httpx, called before a redirect's request is made: with it goes the password of the same server only.

    Raises:
        RedirectRefusedError: with the reason.
    """
    if not response.has_redirect_location:
        return
    try:
        place = response.url.join(response.headers["Location"])
    except (httpx.InvalidURL, ValueError) as error:
        raise RedirectRefusedError("a redirect to what is no address") from error
    # without its query, which may be a key to what is there
    shown = f"{place.scheme}://{place.host}{place.path}"[:200]
    if place.scheme not in ("http", "https"):
        raise RedirectRefusedError(f"a redirect to {shown}, which is neither http nor https")
    if place.userinfo:
        raise RedirectRefusedError(f"a redirect to {shown} with a name and a password of the server's choice")
    if (response.url.scheme, place.scheme) == ("https", "http"):
        raise RedirectRefusedError(f"a redirect from https to {shown}, where anybody on the way can change the file")
